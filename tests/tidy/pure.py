#!/usr/bin/python3
"""pure.py LIBRARY [LIBRARIES BELOW...]: a pure library takes memory and strings from outside.

Follows the undefined names of LIBRARY's objects into the objects below that define them, as the
linker would, and names every object that takes anything else: a clock, a file, a socket, chance.
"""
import re
import subprocess
import sys

ALLOWED = re.compile(
    r"""_GLOBAL_OFFSET_TABLE_ | abort | __assert_fail | __stack_chk_fail
      | malloc | calloc | realloc | free | aligned_alloc
      | (__)?(memcpy|memmove|memset)(_chk)? | memcmp | memchr | memrchr | memmem | bcmp
      | explicit_bzero
      | (__)?(strcpy|strncpy|stpcpy|strcat|strncat)(_chk)?
      | strlen | strnlen | strcmp | strncmp | strchr | strrchr | strstr
      | strspn | strcspn | strpbrk""",
    re.X)


def read_objects(library):
    """{object: (names that it defines, names that it takes)} of one archive."""
    lines = subprocess.run(["nm", "-A", library], check=True, text=True, capture_output=True).stdout
    objects = {}
    for line in lines.splitlines():
        where, _, symbol = line.rpartition(":")
        *_, kind, name = symbol.split()
        defined, taken = objects.setdefault(where, (set(), set()))
        if kind in "Uwv":
            taken.add(name)
        elif kind.isupper():
            defined.add(name)
    return objects


def main():
    objects, definer = {}, {}
    for library in sys.argv[1:]:
        objects.update(read_objects(library))
    for where, (defined, _) in objects.items():
        definer.update((name, where) for name in defined)
    queue = list(read_objects(sys.argv[1]))
    seen, faults = set(queue), []
    if not queue:
        faults.append(f"{sys.argv[1]} holds no object")
    while queue:
        where = queue.pop()
        for name in sorted(objects[where][1]):
            below = definer.get(name)
            if below is None and not ALLOWED.fullmatch(name):
                faults.append(f"{where} takes {name}")
            elif below is not None and below not in seen:
                seen.add(below)
                queue.append(below)
    print("\n".join(faults) or f"{len(seen)} objects, pure")
    return 1 if faults else 0


sys.exit(main())
