/* pub_tell.c - receipts as lines, for programs and for people.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients/cli/pub.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_EVERY_MS = 500 };

/* Who sends what stays behind. */
static const char sender[] = "this process, then the next one of the profile";

static json_t *receipt_json(const struct receipt_slot *slot)
{
    const struct kt_receipt *receipt = &slot->receipt;
    json_t *line = json_object();
    if (receipt->id[0] != '\0') {
        (void)json_object_set_new(line, "id", json_string(receipt->id));
    }
    if (receipt->state == KT_STORED) {
        json_t *rest = json_pack("{s:s, s:I, s:b}", "state", "STORED", "seq",
                                 (json_int_t)receipt->seq, "duplicate", receipt->is_duplicate);
        (void)json_object_update_new(line, rest);
    } else if (receipt->state == KT_SPOOLED) {
        (void)json_object_update_new(line,
                                     json_pack("{s:s, s:s}", "state", "SPOOLED", "sender", sender));
    } else {
        json_t *rest =
            json_pack("{s:s, s:s, s:s, s:s, s:b, s:I}", "state", "REFUSED", "code", receipt->code,
                      "field", receipt->field, "reason", receipt->text, "retryable",
                      receipt->is_retryable, "line", (json_int_t)slot->line);
        (void)json_object_update_new(line, rest);
    }
    return line;
}

static void put_json(struct pub *pub, const struct receipt_slot *slot)
{
    json_t *line = receipt_json(slot);
    char *text = json_dumps(line, JSON_COMPACT);
    if (text == NULL) {
        abort();
    }
    sink_put(&pub->sink, text, strlen(text));
    sink_put(&pub->sink, "\n", 1);
    free(text);
    json_decref(line);
}

static void put_text(struct pub *pub, const struct receipt_slot *slot)
{
    const struct say *say = pub->say;
    const struct kt_receipt *receipt = &slot->receipt;
    char text[512], reason[KT_TEXT_BYTES + 32];
    int length = 0;
    if (receipt->state == KT_STORED) {
        length = snprintf(
            text, sizeof text, "%s%-8s%s %" PRIu64 "  %s%s\n", say_colour(say, "32"), "STORED",
            say_colour(say, "0"), receipt->seq, receipt->id,
            receipt->is_duplicate ? say_text(say, "  (was there before)", "  (sudah ada)") : "");
    } else if (receipt->state == KT_SPOOLED) {
        length = snprintf(text, sizeof text, "%s%-8s%s %s\n", say_colour(say, "33"), "SPOOLED",
                          say_colour(say, "0"), receipt->id);
    } else {
        length = snprintf(text, sizeof text, "%s%-8s%s %s  %s %" PRIu64 "\n", say_colour(say, "31"),
                          "REFUSED", say_colour(say, "0"), receipt->code,
                          say_text(say, "line", "baris"), slot->line);
        (void)snprintf(reason, sizeof reason, "%s %" PRIu64 ": %s", say_text(say, "line", "baris"),
                       slot->line, receipt->text);
        say_refusal(say, receipt->code, receipt->field, reason);
    }
    sink_put(&pub->sink, text, (size_t)length);
}

static bool is_spooled_enough(const struct pub *pub)
{
    return pub->is_spooled_enough || pub->is_stopped || pub->has_given_up;
}

void pub_tell_receipts(struct pub *pub, uint64_t now_ms)
{
    const struct receipt_slot *slot;
    pub->has_given_up = pub->has_given_up && !pub->session.is_connected;
    while ((slot = receipts_pop(&pub->receipts, is_spooled_enough(pub), now_ms)) != NULL) {
        const struct kt_receipt *receipt = &slot->receipt;
        if (receipt->state == KT_SPOOLED && slot->deadline_ms <= now_ms) {
            pub->has_given_up = !pub->session.is_connected;
        }
        pub->stored += receipt->state == KT_STORED;
        pub->spooled += receipt->state == KT_SPOOLED;
        pub->late += receipt->state == KT_REFUSED && receipt->is_retryable;
        pub->refused += receipt->state == KT_REFUSED && !receipt->is_retryable;
        if (pub->say->is_json) {
            put_json(pub, slot);
        } else {
            put_text(pub, slot);
        }
    }
}

void pub_tell_progress(struct pub *pub, uint64_t now_ms)
{
    const struct say *say = pub->say;
    if (!say->is_terminal || isatty(STDOUT_FILENO) ||
        now_ms - pub->progress_ms < PROGRESS_EVERY_MS) {
        return;
    }
    pub->progress_ms = now_ms;
    (void)fprintf(stderr,
                  say_text(say,
                           "\r%" PRIu64 " lines, %" PRIu64 " stored, %" PRIu64 " spooled, %" PRIu64
                           " refused \033[K",
                           "\r%" PRIu64 " baris, %" PRIu64 " tersimpan, %" PRIu64
                           " menunggu, %" PRIu64 " ditolak \033[K"),
                  pub->line, pub->stored, pub->spooled, pub->refused);
}

void pub_tell_end(struct pub *pub, const struct kt_report *report)
{
    const struct say *say = pub->say;
    if (pub->progress_ms > 0) {
        (void)fprintf(stderr, "\r\033[K");
    }
    if (report->spooled > 0) {
        say_note(say,
                 say_text(say,
                          "%" PRIu64 " event(s) wait in %s; the next kentong of this profile sends "
                          "them, or: kentong outbox drain",
                          "%" PRIu64 " peristiwa menunggu di %s; kentong berikutnya dengan profil "
                          "ini mengirimnya, atau: kentong outbox drain"),
                 report->spooled, report->outbox);
    }
    if (say->is_verbose || (pub->was_interrupted && !say->is_json)) {
        say_note(say,
                 say_text(say, "%" PRIu64 " stored, %" PRIu64 " spooled, %" PRIu64 " refused",
                          "%" PRIu64 " tersimpan, %" PRIu64 " menunggu, %" PRIu64 " ditolak"),
                 pub->stored, pub->spooled, pub->refused + pub->late);
    }
}
