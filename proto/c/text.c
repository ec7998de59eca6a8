/* text.c - UTF-8 as RFC 3629 has it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/c/text.h"

static const uint64_t every_low_bit = UINT64_C(0x0101010101010101);
static const uint64_t every_high_bit = UINT64_C(0x8080808080808080);

/* Eight bytes at a time while all are ASCII and none is NUL: nearly every text is only that. */
static size_t text_skip_plain(struct bytes text)
{
    size_t at = 0;
    while (text.length - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text.data + at, sizeof word);
        /* The difference has a high bit where a byte is 0; beyond such a byte it may err. */
        if (((word | (word - every_low_bit)) & every_high_bit) != 0) {
            break;
        }
        at += sizeof word;
    }
    return at;
}

/* How many bytes the character that `lead` begins has, and what its second byte may be; 0: none.
 * The narrower second bytes keep out overlong forms, surrogates and what lies above U+10FFFF. */
static size_t text_lead(uint8_t lead, uint8_t *second_min, uint8_t *second_max)
{
    *second_min = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *second_max = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80) {
        return lead != 0 ? 1 : 0;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

bool text_is_valid(struct bytes text)
{
    size_t at = text_skip_plain(text);
    while (at < text.length) {
        uint8_t second_min, second_max;
        size_t length = text_lead(text.data[at], &second_min, &second_max);
        if (length == 0 || length > text.length - at) {
            return false;
        }
        if (length > 1 && (text.data[at + 1] < second_min || text.data[at + 1] > second_max)) {
            return false;
        }
        for (size_t index = 2; index < length; index++) {
            if ((text.data[at + index] & 0xC0) != 0x80) {
                return false;
            }
        }
        at += length;
    }
    return true;
}
