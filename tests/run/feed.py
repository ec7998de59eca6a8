#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says what one agency says, when it says it: its lines of a file of events, at the pace of the whole.

usage: feed.py FILE SOURCE RATE [START]
       RATE: lines of the whole file a second; 0: as fast as they are read
       START: when the first line is due, in seconds since 1970; now when absent

The pace belongs to the whole file, so that several agencies fed at once talk in the file's order as
people would: roughly.
"""
import json
import sys
import time


def main():
    if len(sys.argv) not in (4, 5):
        raise SystemExit(__doc__)
    path, source, rate = sys.argv[1], sys.argv[2], float(sys.argv[3])
    began = float(sys.argv[4]) if len(sys.argv) == 5 else time.time()
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if json.loads(line)["source"] != source:
                continue
            if rate:
                time.sleep(max(0.0, began + number / rate - time.time()))
            try:
                sys.stdout.write(line)
                sys.stdout.flush()
            except BrokenPipeError:
                sys.stderr.close()
                return


if __name__ == "__main__":
    main()
