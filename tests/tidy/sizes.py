#!/usr/bin/python3
"""sizes.py ROOT: functions and files keep the sizes of the house.

A file has at most 500 lines, a line 100 columns; a function at most 60, unless the line before it
says /* flat switch */.
Over the product's functions of four lines and more, the median is at most 12 and the 90th
percentile at most 40 (asked only once there are enough of them to speak of a median).
"""
import os
import subprocess
import sys

FILE_MAX, COLUMN_MAX, FUNCTION_MAX, MEDIAN_MAX, P90_MAX = 500, 100, 60, 12, 40
COUNTED_LINES_MIN, FUNCTIONS_MIN = 4, 30
MARK = "/* flat switch */"


def sources(root, tops):
    for top in tops:
        for folder, _, names in os.walk(os.path.join(root, top)):
            yield from (os.path.join(folder, name) for name in names if name.endswith((".c", ".h")))


def functions(paths):
    """(path, name, first line, number of lines) of every function."""
    tags = subprocess.run(
        ["ctags", "-x", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--sort=no",
         "--_xformat=%n %{end} %N %F", "-L", "-"],
        input="\n".join(paths), check=True, text=True, capture_output=True).stdout
    for tag in tags.splitlines():
        first, last, name, path = tag.split(" ", 3)
        yield path, name, int(first), int(last) - int(first) + 1


def main():
    root = sys.argv[1]
    product = sorted(sources(root, ("proto", "broker", "clients")))
    every = product + sorted(sources(root, ("tests", "bench")))
    lines = {path: open(path, encoding="utf-8").read().splitlines() for path in every}
    faults = [f"{os.path.relpath(path, root)}: {len(text)} lines, more than {FILE_MAX}"
              for path, text in lines.items() if len(text) > FILE_MAX]
    for path, text in lines.items():
        faults += [f"{os.path.relpath(path, root)}:{number}: "
                   f"{len(line)} columns, more than {COLUMN_MAX}"
                   for number, line in enumerate(text, 1) if len(line) > COLUMN_MAX]
    counted = []
    for path, name, first, size in functions(every):
        is_marked = first > 1 and lines[path][first - 2].strip() == MARK
        if size > FUNCTION_MAX and not is_marked:
            faults.append(f"{os.path.relpath(path, root)}:{first}: {name} has {size} lines, "
                          f"more than {FUNCTION_MAX}")
        if size >= COUNTED_LINES_MIN and path in product:
            counted.append(size)
    counted.sort()
    if len(counted) >= FUNCTIONS_MIN:
        median, p90 = counted[len(counted) // 2], counted[len(counted) * 9 // 10]
        print(f"{len(counted)} functions: median {median}, p90 {p90}, longest {counted[-1]} lines")
        if median > MEDIAN_MAX or p90 > P90_MAX:
            faults.append(f"median {median} (at most {MEDIAN_MAX}), p90 {p90} (at most {P90_MAX})")
    print("\n".join(faults) or f"{len(every)} files, no fault")
    return 1 if faults else 0


sys.exit(main())
