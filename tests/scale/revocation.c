/* revocation.c - one agency's key is taken back among 2,000 sessions with 50 follows each, and then
 * the broker is killed: who is not concerned notices nothing but a pause.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One story in three parts, told in order. usage: revocation KENTONGD KENTONG [SESSIONS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/scale/crowd.h"
#include "tests/support/site_process.h"
#include "tests/unit/check.h"

enum { AGENCIES = 10, SESSIONS = 2000, REVOKED = 0, EVENTS_SECOND = 4 };

static const double SERVED_SECONDS = 120, REST_SECONDS = 60;

/* A machine on which this program is never kept waiting for longer can be asked for a second. */
static const double QUIET_SECONDS = 0.1;

struct story {
    struct site_process site;
    struct crowd crowd;
    uint32_t sessions;
    uint32_t loyal, revoked; /* the sessions that publish */
    double published_s;
};

static struct story story;

static const char *profile_of(uint32_t agency, char path[SITE_PATH_BYTES])
{
    snprintf(path, SITE_PATH_BYTES, "%s/dinas-%u.agency", story.site.root, agency);
    return path;
}

/* ---- time goes by ---- */

/* Each of the two publishes so many events a second, without waiting for the other. */
static void publish_when_due(void)
{
    double now_s = site_seconds();
    if (now_s - story.published_s < 1.0 / EVENTS_SECOND) {
        return;
    }
    story.published_s = now_s;
    (void)crowd_publish(&story.crowd, story.loyal);
    if (story.crowd.sessions[story.revoked].cut_s == 0) {
        (void)crowd_publish(&story.crowd, story.revoked);
    }
}

static void turn_for(double seconds)
{
    double until_s = site_seconds() + seconds;
    while (site_seconds() < until_s) {
        publish_when_due();
        crowd_turn(&story.crowd);
    }
}

/* Nothing is published any more, and everybody has it all. How long that took. */
static double come_to_rest(int except)
{
    const struct crowd_session *loyal = &story.crowd.sessions[story.loyal];
    double begun_s = site_seconds();
    while (loyal->stored < loyal->published ||
           !crowd_is_covered(&story.crowd, except, story.crowd.head)) {
        assert_true(site_seconds() - begun_s < REST_SECONDS);
        crowd_turn(&story.crowd);
    }
    return site_seconds() - begun_s;
}

static double wait_until_served(int except)
{
    double begun_s = site_seconds();
    while (!crowd_is_served(&story.crowd, except)) {
        assert_true(site_seconds() - begun_s < SERVED_SECONDS);
        crowd_turn(&story.crowd);
    }
    return site_seconds() - begun_s;
}

/* ---- the parts ---- */

static void two_thousand_sessions_are_served(void **state)
{
    (void)state;
    char path[SITE_PATH_BYTES];
    for (uint32_t i = 0; i < story.sessions; i++) {
        uint32_t agency = i % AGENCIES;
        (void)crowd_add(&story.crowd, agency, profile_of(agency, path), true, agency == REVOKED);
    }
    story.loyal = crowd_add(&story.crowd, 1, profile_of(1, path), false, false);
    story.revoked = crowd_add(&story.crowd, REVOKED, profile_of(REVOKED, path), false, true);
    print_message("%u sessions with %u follows each: served after %.1f s\n", story.sessions,
                  CROWD_FOLLOWS, wait_until_served(-1));
    crowd_forget_cuts(&story.crowd);
    turn_for(3);
    print_message("at rest after %.1f s\n", come_to_rest(-1));
    assert_int_equal(crowd_count_wrong(&story.crowd, -1, story.crowd.head), 0);
    assert_true(story.crowd.sessions[story.revoked].stored > 0);
}

/* The moment at which `kentong agency revoke` has returned. */
static double revoke_key(void)
{
    int status = 0;
    const char *const arguments[] = {story.site.tool,      "agency", "revoke", "dinas-0", "--site",
                                     story.site.directory, NULL};
    pid_t tool = site_process_spawn(arguments);
    pid_t ended = 0;
    while ((ended = waitpid(tool, &status, WNOHANG)) == 0) {
        publish_when_due();
        crowd_turn(&story.crowd);
    }
    assert_int_equal(ended, tool);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return site_seconds();
}

static double wait_for_cuts(double revoked_s)
{
    double last_s = revoked_s;
    for (uint32_t i = 0; i < story.crowd.count; i++) {
        const struct crowd_session *session = &story.crowd.sessions[i];
        while (session->agency == REVOKED && session->cut_s == 0) {
            assert_true(site_seconds() - revoked_s < 10);
            publish_when_due();
            crowd_turn(&story.crowd);
        }
        last_s = session->agency == REVOKED && session->cut_s > last_s ? session->cut_s : last_s;
    }
    return last_s - revoked_s;
}

/* Publishes once more and waits for its sequence: a border that lies behind the return. */
static uint64_t mark_border(void)
{
    const struct crowd_session *loyal = &story.crowd.sessions[story.loyal];
    while (!crowd_publish(&story.crowd, story.loyal)) {
        crowd_turn(&story.crowd);
    }
    uint64_t number = loyal->published;
    while (loyal->stored < number) {
        crowd_turn(&story.crowd);
    }
    return loyal->stored_seq;
}

static void a_revoked_key_ends_and_others_notice_nothing(void **state)
{
    (void)state;
    struct crowd_session *revoked = &story.crowd.sessions[story.revoked];
    turn_for(1);
    double asked_s = site_seconds();
    story.crowd.longest_turn_s = 0;
    double revoked_s = revoke_key();
    uint64_t said = revoked->published; /* what is said from here on must not be stored */
    double cut_s = wait_for_cuts(revoked_s);
    bool is_quiet = story.crowd.longest_turn_s < QUIET_SECONDS;
    uint64_t border = mark_border();
    turn_for(3);
    print_message("revoked in %.0f ms; the last connection was cut %.0f ms after%s\n",
                  (revoked_s - asked_s) * 1000, cut_s * 1000,
                  is_quiet ? "" : " (this machine is busy)");
    assert_true(cut_s <= 1.0 || !is_quiet);
    double rest_s = come_to_rest(REVOKED);
    print_message("the others have everything after %.1f s; %" PRIu64 " events, %" PRIu64
                  " deliveries\n",
                  rest_s, story.crowd.head, story.crowd.records);
    assert_true(revoked->stored <= said);
    assert_true(story.crowd.source_newest[REVOKED] < border);
    for (uint32_t i = 0; i < story.crowd.count; i++) {
        const struct crowd_session *session = &story.crowd.sessions[i];
        assert_true(session->agency != REVOKED || session->newest < border);
        assert_true(session->agency != REVOKED || !session->was_let_in);
        assert_true(session->agency == REVOKED || !session->is_refused);
    }
    assert_int_equal(crowd_count_wrong(&story.crowd, REVOKED, story.crowd.head), 0);
}

static void after_kill_nine_everybody_is_served_again(void **state)
{
    (void)state;
    turn_for(1);
    site_process_kill(&story.site);
    double ready_s = site_process_start(&story.site);
    crowd_reconnect(&story.crowd, REVOKED);
    double served_s = wait_until_served(REVOKED);
    print_message("ready after %.0f ms; all sessions and follows resumed %.1f s later\n",
                  ready_s * 1000, served_s);
    assert_true(ready_s < 2.0);
    /* What was under way when it died is said again: same numbers, same events. */
    struct crowd_session *loyal = &story.crowd.sessions[story.loyal];
    loyal->published = loyal->stored;
    turn_for(3);
    (void)come_to_rest(REVOKED);
    assert_int_equal(crowd_count_wrong(&story.crowd, REVOKED, story.crowd.head), 0);
}

int main(int count, char **arguments)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_thousand_sessions_are_served),
        cmocka_unit_test(a_revoked_key_ends_and_others_notice_nothing),
        cmocka_unit_test(after_kill_nine_everybody_is_served_again),
    };
    struct rlimit files;
    char name[16];
    const char *base = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    if (count < 3 || getrlimit(RLIMIT_NOFILE, &files) != 0) {
        fputs("usage: revocation KENTONGD KENTONG [SESSIONS]\n", stderr);
        return 2;
    }
    story.sessions = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : SESSIONS;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < 5 * (uint64_t)story.sessions) {
        fprintf(stderr, "skipped: %lu open files are too few\n", (unsigned long)files.rlim_cur);
        return 77;
    }
    site_process_make(&story.site, arguments[1], arguments[2], base, "");
    for (uint32_t agency = 0; agency < AGENCIES; agency++) {
        snprintf(name, sizeof name, "dinas-%u", agency);
        site_process_enrol(&story.site, name, "62/#", "62/#", NULL);
    }
    (void)site_process_start(&story.site);
    crowd_init(&story.crowd, story.sessions + 2);
    int failures = cmocka_run_group_tests_name("revocation", tests, NULL, NULL);
    crowd_deinit(&story.crowd);
    site_process_stop(&story.site);
    site_process_remove(&story.site);
    return failures;
}
