#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the San Francisco fire department's published calls for service into typed events.

usage: sf_calls.py CSV > events.jsonl

Each call becomes a `report` of the call centre, each time stamp of each unit a `unit` status of the
department, in the order of the file within one time. Ids follow from call, unit and stamp, so that
converting twice gives the same events. The file's times are local without an offset; the offset is
that of US Pacific time on the day.
"""
import csv
import datetime
import json
import sys
import uuid

SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:kentongan:test:sf-fire-calls")
STAMPS = [("Dispatch DtTm", "DISPATCHED"), ("Response DtTm", "EN_ROUTE"), ("On Scene DtTm", "ON_SCENE"),
          ("Transport DtTm", "TRANSPORTING"), ("Hospital DtTm", "AT_DESTINATION"), ("Available DtTm", "CLEARED")]
# call type as written: (category, topic family)
TYPES = {"Medical Incident": ("MEDICAL", "medical"), "Structure Fire": ("FIRE_STRUCTURE", "fire"),
         "Alarms": ("FIRE_OTHER", "fire"), "Traffic Collision": ("TRAFFIC_CRASH", "traffic"),
         "Outside Fire": ("FIRE_VEGETATION", "fire"), "Vehicle Fire": ("FIRE_VEHICLE", "fire"),
         "Elevator / Escalator Rescue": ("RESCUE_LOCKED_IN", "rescue"), "Water Rescue": ("RESCUE_WATER", "rescue"),
         "Confined Space / Structure Collapse": ("RESCUE_PERSON", "rescue"),
         "Gas Leak (Natural and LP Gases)": ("GAS_LEAK", "hazmat"), "Fuel Spill": ("HAZMAT", "hazmat"),
         "HazMat": ("HAZMAT", "hazmat"), "Electrical Hazard": ("UTILITY_HAZARD", "hazmat")}
UNIT_TYPES = {"ENGINE": "PUMPER", "TRUCK": "LADDER", "MEDIC": "AMBULANCE", "PRIVATE": "AMBULANCE",
              "CHIEF": "COMMAND", "RESCUE CAPTAIN": "COMMAND", "RESCUE SQUAD": "RESCUE"}


def first_sunday(year, month, nth):
    day = datetime.datetime(year, month, 1, 2)
    return day + datetime.timedelta(days=(6 - day.weekday()) % 7 + 7 * (nth - 1))


def moment(text):
    local = datetime.datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p")
    summer = first_sunday(local.year, 3, 2) <= local < first_sunday(local.year, 11, 1)
    return local.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-7 if summer else -8)))


def place(row):
    quarter = next(row[name] for name in row if name.startswith("Neighbor"))  # editions spell it differently
    found = {"role": "INCIDENT", "address": row["Address"], "landmark": quarter}
    try:
        latitude, longitude = (float(part) for part in row["Location"].strip("()").split(","))
        found["position"] = {"latitude": latitude, "longitude": longitude, "precision": "STREET"}
    except ValueError:
        pass  # a few rows have no point
    return found


def event(row, what, at, topic, source, **body):
    return at, {"id": str(uuid.uuid5(SPACE, f"{row['RowID']} {what}")), "topic": topic, "source": source,
                "occurredAt": at.isoformat(), "incidentId": f"SF-{row['Incident Number']}", **body}


def report(row):
    category, family = TYPES.get(row["Call Type"], ("OTHER", "other"))
    text = f"{row['Call Type']}: {row['Address']}"
    final = row["Final Priority"] == "3"
    return event(row, "report", moment(row["Received DtTm"]), f"sf/{row['Battalion']}/incident/{family}", "sf-911",
                 priority=8 if final else 4,
                 report={"category": category, "channel": "CALL_112", "summary": text, "location": place(row),
                         "ownCategory": {"code": row["Call Type Group"], "text": row["Call Type"]},
                         "reportNumber": row["Call Number"]})


def unit(row, column, activity):
    at = moment(row[column])
    return event(row, activity, at, f"sf/{row['Battalion']}/status/unit", "sf-fire", unit={
        "unitId": row["Unit ID"], "activity": activity, "unitKind": UNIT_TYPES.get(row["Unit Type"], "OTHER"),
        "ownKind": {"code": row["Unit Type"]}, "homeAgency": "sf-fire", "since": at.isoformat()})


def events(rows):
    calls = set()
    for row in rows:
        if row["Call Number"] not in calls:
            calls.add(row["Call Number"])
            yield report(row)
        for column, activity in STAMPS:
            if row[column]:
                yield unit(row, column, activity)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with open(sys.argv[1], encoding="utf-8", newline="") as source:
        for _, line in sorted(events(csv.DictReader(source)), key=lambda entry: entry[0]):
            json.dump(line, sys.stdout, ensure_ascii=False, separators=(",", ":"))
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
