#!/usr/bin/python3
"""floors.py ROOT: every quoted include of the tree against floors.txt.

No include climbs to a higher floor, no two modules include each other in a circle (x.c and x.h are
one module), and no organ of a pure room includes another organ.
"""
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<(kentong/[^>]+)>)', re.M)
PUBLIC = "clients/c/include"


def read_floors(path):
    rooms, organs = {}, {}
    for line in open(path, encoding="utf-8"):
        name, colon, words = line.split("#")[0].partition(":")
        if not colon:
            continue
        kind, _, room = name.strip().rpartition(" ")
        if kind:
            organs.setdefault(room, {})[kind] = words.split()
        else:
            rooms[room] = words.split()
    return rooms, organs


def sources(root):
    for top in ("proto", "broker", "clients", "tests", "bench"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def resolve(root, source, quoted, angled):
    """The path that an include means, as the compiler finds it; None when there is none."""
    if (quoted or "").endswith(".pb-c.h"):
        return "generated"
    folders = [PUBLIC] if angled else [os.path.dirname(source), "", PUBLIC]
    for folder in folders:
        path = os.path.normpath(os.path.join(folder, quoted or angled))
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def room_of(path, rooms):
    if path == "generated":
        return path
    return max((room for room in rooms if path.startswith(room)), key=len, default=None)


def module_of(path):
    return os.path.splitext(path)[0]


def is_part(name, whole):
    return name == whole or name.startswith(whole + "_")


def organ_fault(source, target, room, rules):
    """Why a pure room's module may not include another of the same room; None when it may."""
    words, composers = rules["vocabulary"], rules["composer"]
    mine, theirs = (os.path.relpath(module_of(path), room) for path in (source, target))
    if mine == theirs or theirs in words or any(is_part(mine, one) for one in composers):
        return None
    if mine in words:
        return "a word of the vocabulary includes what is not one"
    if any(is_part(theirs, one) for one in composers):
        return "an organ includes its composer"
    if is_part(mine, theirs) or is_part(theirs, mine) or mine.split("_")[0] == theirs.split("_")[0]:
        return None
    return "an organ includes another organ"


def fault(source, target, rooms, organs):
    here, there = room_of(source, rooms), room_of(target, rooms)
    if here is None:
        return "lives in no room of floors.txt"
    if here != there and "*" not in rooms[here] and there not in rooms[here]:
        return f"room {here} may not include room {there}"
    if here == there and here in organs:
        return organ_fault(source, target, here, organs[here])
    return None


def find_circle(graph):
    """One circle of modules as a list, or None: a walk in depth with its own stack."""
    colour = {}
    for start in graph:
        stack = [(start, iter(sorted(graph[start])))] if start not in colour else []
        colour.setdefault(start, "open")
        while stack:
            module, successors = stack[-1]
            follower = next(successors, None)
            if follower is None:
                colour[module] = "closed"
                stack.pop()
            elif colour.get(follower) == "open":
                path = [name for name, _ in stack]
                return path[path.index(follower):] + [follower]
            elif follower not in colour:
                colour[follower] = "open"
                stack.append((follower, iter(sorted(graph.get(follower, ())))))
    return None


def main():
    root = sys.argv[1]
    rooms, organs = read_floors(os.path.join(os.path.dirname(__file__), "floors.txt"))
    faults, graph = [], {}
    for source in sorted(sources(root)):
        text = open(os.path.join(root, source), encoding="utf-8").read()
        for quoted, angled in INCLUDE.findall(text):
            target = resolve(root, source, quoted, angled)
            why = fault(source, target, rooms, organs) if target else "no such file"
            if why:
                faults.append(f"{source}: includes {quoted or angled}: {why}")
            elif target != "generated" and module_of(source) != module_of(target):
                graph.setdefault(module_of(source), set()).add(module_of(target))
    circle = find_circle(graph)
    if circle:
        faults.append("a circle of includes: " + " > ".join(circle))
    print("\n".join(faults) or f"{len(graph)} modules, no fault")
    return 1 if faults else 0


sys.exit(main())
