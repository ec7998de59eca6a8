#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says what one agency says, when it says it: its lines of a file of events, at the pace of the whole.

usage: feed.py FILE SOURCE RATE     RATE: lines of the whole file a second; 0: as fast as they are read

The pace belongs to the whole file, so that several agencies fed at once talk in the file's order as
people would: roughly.
"""
import json
import sys
import time


def main():
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    path, source, rate = sys.argv[1], sys.argv[2], float(sys.argv[3])
    began = time.monotonic()
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if json.loads(line)["source"] != source:
                continue
            if rate:
                time.sleep(max(0.0, began + number / rate - time.monotonic()))
            try:
                sys.stdout.write(line)
                sys.stdout.flush()
            except BrokenPipeError:
                sys.stderr.close()
                return


if __name__ == "__main__":
    main()
