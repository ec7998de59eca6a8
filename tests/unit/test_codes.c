/* test_codes.c - every code can be found, and says something in both languages.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/codes.h"

#include <stdio.h>

#include "tests/unit/check.h"

enum { PAGE_BYTES_MAX = 64 * 1024 };

static void every_code_is_found_by_its_name(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct code *code = code_at(0); code != NULL; code = code_at(++count)) {
        assert_ptr_equal(code_find(bytes_of_text(code->name)), code);
    }
    assert_true(count > 50);
    assert_null(code_at(count + 1));
}

static void a_stranger_is_not_found(void **state)
{
    (void)state;
    assert_null(code_find(bytes_of_text("CONFLICTS")));
    assert_null(code_find(bytes_of_text("conflict")));
    assert_null(code_find(bytes_of(NULL, 0)));
}

static void names_are_upper_case_words(void **state)
{
    (void)state;
    for (size_t index = 0; code_at(index) != NULL; index++) {
        const char *name = code_at(index)->name;
        assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), strlen(name));
        assert_in_range(strlen(name), 3, 32);
    }
}

static void assert_sentence(const char *text)
{
    size_t length = strlen(text);
    assert_in_range(length, 10, 100);
    assert_int_equal(text[length - 1], '.');
}

static void meanings_and_remedies_are_sentences(void **state)
{
    (void)state;
    for (size_t index = 0; code_at(index) != NULL; index++) {
        const struct code *code = code_at(index);
        assert_sentence(code->meaning);
        assert_sentence(code->meaning_id);
        assert_sentence(code->remedy);
        assert_sentence(code->remedy_id);
        assert_string_not_equal(code->meaning, code->meaning_id);
        assert_string_not_equal(code->remedy, code->remedy_id);
    }
}

static void what_nothing_can_save_is_never_retryable(void **state)
{
    (void)state;
    static const char *const definitive[] = {"RIGHTS", "CONFLICT", "UTF8_INVALID", "TOO_LARGE"};
    static const char *const retryable[] = {"BUSY", "STORE_FULL", "UNREACHABLE"};
    for (size_t index = 0; index < COUNT_OF(definitive); index++) {
        const struct code *code = code_find(bytes_of_text(definitive[index]));
        assert_non_null(code);
        assert_int_equal(code->class, CODE_DEFINITIVE);
    }
    for (size_t index = 0; index < COUNT_OF(retryable); index++) {
        const struct code *code = code_find(bytes_of_text(retryable[index]));
        assert_non_null(code);
        assert_int_equal(code->class, CODE_RETRYABLE);
    }
}

/* The page of the protocol lists the codes in this order, each with the mark of its class. */
static void the_protocol_page_lists_them(void **state)
{
    (void)state;
    static const char *const marks[] = {[CODE_DEFINITIVE] = "",
                                        [CODE_RETRYABLE] = " (r)",
                                        [CODE_PROTOCOL] = " (p)",
                                        [CODE_FATAL] = " (f)"};
    static char page[PAGE_BYTES_MAX];
    char path[4096], entry[64] = "the heading";
    const char *source = getenv("KENTONGAN_SOURCE");
    snprintf(path, sizeof path, "%s/proto/README.md", source == NULL ? "." : source);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_in_range(fread(page, 1, sizeof page - 1, file), 1, sizeof page - 2);
    fclose(file);
    const char *at = strstr(page, "## 9. Codes");
    for (size_t index = 0; at != NULL && code_at(index) != NULL; index++) {
        snprintf(entry, sizeof entry, "`%s`%s%s", code_at(index)->name,
                 marks[code_at(index)->class], code_at(index + 1) != NULL ? " ·" : "\n");
        at = strstr(at, entry);
    }
    if (at == NULL) {
        fail_msg("%s is not in its place on the page", entry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_found_by_its_name),
        cmocka_unit_test(a_stranger_is_not_found),
        cmocka_unit_test(names_are_upper_case_words),
        cmocka_unit_test(meanings_and_remedies_are_sentences),
        cmocka_unit_test(what_nothing_can_save_is_never_retryable),
        cmocka_unit_test(the_protocol_page_lists_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
