/* test_text.c - what is UTF-8 and what only looks like it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/text.h"

#include "tests/unit/check.h"

static const struct text_row {
    const char *name;
    const char *text;
    bool is_valid;
} text_rows[] = {
    {"ASCII",                     "Rumah terbakar di Jl. Tilung", true },
    {"the end of two bytes",      "\xdf\xbf",                     true },
    {"the start of two bytes",    "\xc2\x80",                     true },
    {"the start of three bytes",  "\xe0\xa0\x80",                 true },
    {"before the surrogates",     "\xed\x9f\xbf",                 true },
    {"after the surrogates",      "\xee\x80\x80",                 true },
    {"the start of four bytes",   "\xf0\x90\x80\x80",             true },
    {"the last character",        "\xf4\x8f\xbf\xbf",             true },
    {"eight plain, then more",
     "12345678\xe2\x82\xac"
     "12345678",                                                  true },
    {"a lone tail",               "\x80",                         false},
    {"an overlong slash",         "\xc0\xaf",                     false},
    {"an overlong three",         "\xe0\x9f\xbf",                 false},
    {"an overlong four",          "\xf0\x8f\xbf\xbf",             false},
    {"the first surrogate",       "\xed\xa0\x80",                 false},
    {"beyond the last character", "\xf4\x90\x80\x80",             false},
    {"a lead of five",            "\xf8\x88\x80\x80\x80",         false},
    {"cut in two bytes",          "a\xc3",                        false},
    {"cut in four bytes",         "a\xf0\x9f\x98",                false},
    {"a bad third byte",          "\xe2\x82\x28",                 false},
    {"bad after eight plain",     "12345678\xff",                 false},
    {"bad within eight",
     "1234\xff"
     "67812345678",                                               false},
};

static void text_is_judged(void **state)
{
    const struct text_row *row = *state;
    assert_int_equal(text_is_valid(bytes_of_text(row->text)), row->is_valid);
}

static void a_nul_anywhere_is_seen(void **state)
{
    (void)state;
    for (size_t length = 1; length <= 20; length++) {
        for (size_t at = 0; at < length; at++) {
            char text[20];
            memset(text, 'a', sizeof text);
            assert_true(text_is_valid(bytes_of(text, length)));
            text[at] = 0;
            assert_false(text_is_valid(bytes_of(text, length)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_nul_anywhere_is_seen)};
    return CHECK_ROWS(text_rows, text_is_judged) + cmocka_run_group_tests(tests, NULL, NULL);
}
