/* status.c - the outcomes in words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "broker/base/status.h"

#include <assert.h>
#include <stddef.h>

const char *status_text(enum status status)
{
    static const char *const texts[] = {
        [STATUS_OK] = "fine",
        [STATUS_NOT_FOUND] = "nothing there",
        [STATUS_CONFLICT] = "the tail is not the one named",
        [STATUS_FULL] = "no room",
        [STATUS_CORRUPT] = "the bytes are not what was written",
        [STATUS_UNKNOWN] = "the outcome is not known",
        [STATUS_VERSION] = "a format of another version",
        [STATUS_INVALID] = "bad input",
        [STATUS_DENIED] = "the system refused access",
        [STATUS_BUSY] = "busy",
        [STATUS_IO] = "the system reported an error",
        [STATUS_MEMORY] = "no memory",
        [STATUS_CLOSED] = "the other side is gone",
    };

    assert(status >= 0 && (size_t)status < sizeof texts / sizeof *texts);
    return texts[status];
}
