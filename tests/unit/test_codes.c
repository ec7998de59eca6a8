/* test_codes.c - every code can be found, and says something in both languages.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/codes.h"

#include "tests/unit/check.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_found_by_its_name),
        cmocka_unit_test(a_stranger_is_not_found),
        cmocka_unit_test(names_are_upper_case_words),
        cmocka_unit_test(meanings_and_remedies_are_sentences),
        cmocka_unit_test(what_nothing_can_save_is_never_retryable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
