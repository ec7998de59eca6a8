/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/allocation_guard.h"

static void *volatile block;

static void call_malloc(void)
{
    block = malloc(8);
}

static void call_calloc(void)
{
    block = calloc(1, 8);
}

static void call_realloc(void)
{
    block = realloc(block, 16);
}

static void call_aligned_alloc(void)
{
    block = aligned_alloc(64, 64);
}

static void call_strdup(void)
{
    const char *volatile text = "text";
    block = strdup(text);
}

static void call_strndup(void)
{
    const char *volatile text = "text";
    block = strndup(text, 2);
}

static void call_free(void)
{
    free(block);
    block = NULL;
}

static void call_memcpy(void)
{
    char copy[8];
    memcpy(copy, block, sizeof copy);
}

struct row {
    const char *name;
    void (*call)(void);
    int signal; /* 0: ends well */
};

/* Runs the row's call under the guard in a process of its own. */
static void test_guard(void **state)
{
    const struct row *row = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka's handler would report the abort as its own failure */
        close(STDERR_FILENO);
        block = malloc(8);
        allocation_guard_forbid();
        row->call();
        allocation_guard_allow();
        free(block);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), row->signal);
}

int main(void)
{
    static struct row rows[] = {
        {"malloc is caught",             call_malloc,        SIGABRT},
        {"calloc is caught",             call_calloc,        SIGABRT},
        {"realloc is caught",            call_realloc,       SIGABRT},
        {"aligned_alloc is caught",      call_aligned_alloc, SIGABRT},
        {"strdup is caught",             call_strdup,        SIGABRT},
        {"strndup is caught",            call_strndup,       SIGABRT},
        {"free is caught",               call_free,          SIGABRT},
        {"what takes no memory may run", call_memcpy,        0      },
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct CMUnitTest tests[ROWS];
    for (size_t index = 0; index < ROWS; index++)
        tests[index] = (struct CMUnitTest){rows[index].name, test_guard, NULL, NULL, &rows[index]};
    return _cmocka_run_group_tests("allocation guard", tests, ROWS, NULL, NULL);
}
