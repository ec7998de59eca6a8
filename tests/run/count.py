#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what a run stored, delivered, lost and duplicated. Shares no code with what it judges.

usage: count.py RUN

RUN holds what the run left behind:
  export.jsonl         `kentong log export`: the log itself, one event a line
  receipts/*.jsonl     what `kentong pub --json` printed
  followers/NAME.jsonl what `kentong sub --json` printed, all runs of one cursor after each other
  followers/NAME.json  what that follower should have got: {"subscribe": [filters], "personal": [filters],
                       "modes": [...], "after": N (only higher sequences), "through": N (none higher)}

Ends with one line «run: N stored, N delivered, 0 lost, 0 duplicated»; exit 1 when anything is lost,
duplicated, out of order, leaked or unaccounted for.
"""
import json
import pathlib
import sys


def lines(path):
    """Whole lines only: what a killed process was writing when it died counts for nothing."""
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if line.strip() and line.endswith("\n"):
                try:
                    yield number, json.loads(line)
                except ValueError as error:
                    raise SystemExit(f"{path}:{number}: {error}")


def matches(filter_, topic):
    """MQTT 3.1.1 section 4.7, with the rule that a leading wildcard does not see `$`."""
    wanted, levels = filter_.split("/"), topic.split("/")
    if levels[0].startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


class Count:
    def __init__(self):
        self.stored = self.delivered = self.lost = self.duplicated = 0
        self.faults = []

    def fault(self, text):
        self.faults.append(text)


def read_log(path, count):
    """The log by sequence: gapless from 1, each (source, id) once."""
    log, seen = {}, {}
    for number, event in lines(path):
        seq = event["seq"]
        if seq != len(log) + 1:
            count.fault(f"export line {number}: sequence {seq} where {len(log) + 1} belongs")
        key = (event["source"], event["id"])
        if key in seen:
            count.duplicated += 1
            count.fault(f"{key[1]} of {key[0]} is stored twice: {seen[key]} and {seq}")
        seen[key] = seq
        log[seq] = event
    count.stored = len(log)
    return log


def check_receipts(folder, log, count):
    """Whoever was told STORED finds the event under that very sequence."""
    for path in sorted(folder.glob("*.jsonl")):
        for number, receipt in lines(path):
            if receipt.get("state") != "STORED":
                continue
            event = log.get(receipt["seq"])
            if event is None or event["id"] != receipt["id"]:
                count.lost += 1
                count.fault(f"{path.name}:{number}: {receipt['id']} was STORED as {receipt['seq']}, "
                            "the log has something else there")


def check_personal(place, event, stored, terms, count):
    """Persons are seen by whom they are meant for, and by nobody else."""
    may_see = any(matches(filter_, event["topic"]) for filter_ in terms.get("personal", []))
    if "personal" in event and not may_see:
        count.fault(f"{place}: {event['seq']} shows persons to who may not see them")
    if may_see and stored.get("personal") != event.get("personal"):
        count.fault(f"{place}: {event['seq']} came without its persons")


def check_follower(path, log, count):
    """Exactly what it may see, once, in sequence."""
    terms = json.loads(path.with_suffix(".json").read_text())
    modes = terms.get("modes", ["ACTUAL"])
    last_wanted = terms.get("through", len(log))
    wanted = [seq for seq, event in log.items()
              if terms.get("after", 0) < seq <= last_wanted
              and event.get("mode", "ACTUAL") in modes
              and any(matches(filter_, event["topic"]) for filter_ in terms["subscribe"])]
    allowed, got, last = set(wanted), set(), 0
    for number, event in lines(path):
        seq = event["seq"]
        if seq in got:
            count.duplicated += 1
            count.fault(f"{path.name}:{number}: {seq} was delivered twice")
            continue
        if seq <= last:
            count.fault(f"{path.name}:{number}: {seq} came after {last}")
        if seq in log and event["id"] != log[seq]["id"]:
            count.fault(f"{path.name}:{number}: {seq} is another event than in the log")
        check_personal(f"{path.name}:{number}", event, log.get(seq, {}), terms, count)
        if seq not in allowed and seq <= last_wanted:
            count.fault(f"{path.name}:{number}: {seq} ({event['topic']}) should not be seen here")
        got.add(seq)
        last = max(last, seq)
        count.delivered += 1
    missing = [seq for seq in wanted if seq not in got]
    count.lost += len(missing)
    for seq in missing[:5]:
        count.fault(f"{path.name}: {seq} ({log[seq]['topic']}) never came")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    run, count = pathlib.Path(sys.argv[1]), Count()
    log = read_log(run / "export.jsonl", count)
    check_receipts(run / "receipts", log, count)
    followers = sorted((run / "followers").glob("*.jsonl"))
    for path in followers:
        check_follower(path, log, count)
    if not log or not followers:
        count.fault("nothing to count")
    for text in count.faults[:20]:
        print(f"count: {text}", file=sys.stderr)
    print(f"run: {count.stored} stored, {count.delivered} delivered, {count.lost} lost, "
          f"{count.duplicated} duplicated")
    return 1 if count.faults or count.lost or count.duplicated else 0


if __name__ == "__main__":
    sys.exit(main())
