/* options.c - one pass over the arguments.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/options.h"

#include <stdio.h>
#include <string.h>

#include "clients/cli/moment.h"

/* One option as it was typed. */
struct typed {
    const char *name; /* with its dashes, for messages */
    const struct option *option;
    char *value; /* NULL: not given with it */
};

static const struct option *find_long(const struct option *options, const char *name, size_t length)
{
    for (; options->name != NULL; options++) {
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0) {
            return options;
        }
    }
    return NULL;
}

static const struct option *find_letter(const struct option *options, char letter)
{
    while (options->name != NULL && options->letter != letter) {
        options++;
    }
    return options->name == NULL ? NULL : options;
}

/* "--name", "--name=value", "-n" or "-nvalue". */
static struct typed typed_of(const struct option *options, char *argument)
{
    struct typed typed = {.name = argument};
    if (argument[1] == '-') {
        char *equals = strchr(argument, '=');
        size_t length = equals == NULL ? strlen(argument + 2) : (size_t)(equals - argument - 2);
        typed.option = find_long(options, argument + 2, length);
        typed.value = equals == NULL ? NULL : equals + 1;
    } else {
        typed.option = find_letter(options, argument[1]);
        typed.value = argument[2] == '\0' ? NULL : argument + 2;
    }
    return typed;
}

static bool list_add(const struct say *say, struct option_list *list, char *value)
{
    for (char *item = strtok_r(value, ",", &value); item != NULL;
         item = strtok_r(NULL, ",", &value)) {
        if (list->count == OPTION_LIST_MAX) {
            say_wrong_use(say, say_text(say, "more than %d values", "lebih dari %d nilai"),
                          OPTION_LIST_MAX);
            return false;
        }
        list->items[list->count++] = item;
    }
    return true;
}

static bool refuse_value(const struct say *say, const struct typed *typed, const char *expected)
{
    say_wrong_use(say, say_text(say, "%s: '%s' is not %s", "%s: '%s' bukan %s"), typed->name,
                  typed->value, expected);
    return false;
}

static bool take_text(const struct say *say, const struct typed *typed)
{
    const char **target = typed->option->target;
    if (*target != NULL) {
        say_wrong_use(say, say_text(say, "%s is given twice", "%s diberikan dua kali"),
                      typed->name);
        return false;
    }
    *target = typed->value;
    return true;
}

static bool take_value(const struct say *say, const struct typed *typed)
{
    void *target = typed->option->target;
    switch (typed->option->kind) {
    case OPTION_FLAG:
        *(bool *)target = true;
        return true;
    case OPTION_TEXT:
        return take_text(say, typed);
    case OPTION_LIST:
        return list_add(say, target, typed->value);
    case OPTION_NUMBER:
        return moment_read_number(typed->value, target) ||
               refuse_value(say, typed, say_text(say, "a number", "angka"));
    case OPTION_DURATION:
        return moment_read_duration(typed->value, target) ||
               refuse_value(say, typed,
                            say_text(say, "a duration such as 10s, 15m, 2h",
                                     "lama waktu seperti 10s, 15m, 2h"));
    case OPTION_LANGUAGE:
        return say_read_language(typed->value, target) ||
               refuse_value(say, typed, say_text(say, "a language (en, id)", "bahasa (en, id)"));
    }
    return false;
}

/* Whether the option and its value, which may be the argument after it, were taken. */
static bool option_take(const struct say *say, const struct option *options, char **arguments,
                        int count, int *place)
{
    struct typed typed = typed_of(options, arguments[*place]);
    if (typed.option == NULL) {
        say_wrong_use(say, say_text(say, "there is no option %s", "tidak ada opsi %s"), typed.name);
        return false;
    }
    bool is_flag = typed.option->kind == OPTION_FLAG;
    if (is_flag && typed.value != NULL) {
        say_wrong_use(say, say_text(say, "%s takes no value", "%s tanpa nilai"), typed.name);
        return false;
    }
    if (!is_flag && typed.value == NULL) {
        if (*place + 1 == count) {
            say_wrong_use(say, say_text(say, "%s needs a value", "%s perlu nilai"), typed.name);
            return false;
        }
        typed.value = arguments[++*place];
    }
    return take_value(say, &typed);
}

int options_read(const struct say *say, const struct option *options, char **arguments, int count,
                 bool stops_at_word)
{
    int words = 0;
    bool is_ended = false;
    for (int place = 0; place < count; place++) {
        char *argument = arguments[place];
        if (is_ended || argument[0] != '-' || argument[1] == '\0') {
            is_ended = is_ended || stops_at_word;
            arguments[words++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            is_ended = true;
        } else if (!option_take(say, options, arguments, count, &place)) {
            return -1;
        }
    }
    return words;
}

void options_print(const struct say *say, const struct option *options)
{
    for (; options->name != NULL; options++) {
        char left[64];
        char letter[8] = "    ";
        if (options->letter != '\0') {
            (void)snprintf(letter, sizeof letter, "-%c, ", options->letter);
        }
        (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, options->name,
                       options->value == NULL ? "" : " ",
                       options->value == NULL ? "" : options->value);
        (void)printf("  %-28s %s\n", left, say_text(say, options->help, options->help_id));
    }
}
