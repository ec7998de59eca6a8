#!/usr/bin/python3
"""catalogue.py DESCRIPTORS [--check FILE]: writes docs/events.md, the catalogue of all bodies.

Fields, numbers, types and meanings come from the comments of the schemas, what a kind demands from
proto/c/bodies.c. With --check the exit code is 1 if FILE is not what would be written.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import sys

from google.protobuf import descriptor_pb2

PACKAGE = ".kentongan.v1."
HERE = os.path.dirname(os.path.abspath(__file__))
FIELD = descriptor_pb2.FieldDescriptorProto
SCALARS = {FIELD.TYPE_STRING: "text", FIELD.TYPE_BYTES: "base64", FIELD.TYPE_BOOL: "true or false",
           FIELD.TYPE_DOUBLE: "number", FIELD.TYPE_INT64: "whole number, as text",
           FIELD.TYPE_UINT64: "whole number, as text", FIELD.TYPE_SINT64: "whole number, as text",
           FIELD.TYPE_UINT32: "whole number", FIELD.TYPE_SINT32: "whole number"}
BODY_ROW = re.compile(r'\{(\d+), +"(\w+)", +KT_BODY_(\w+), +(true|false), +(true|false), +'
                      r"KT_BODY_KEY_(\w+), +(true|false) *\}")
KEYS = {"NONE": "none", "ENTITY": "field 2", "INCIDENT": "`incidentId`"}

HEAD = """\
# Events: the catalogue of bodies

<!-- Written by proto/catalogue.py from the schemas in proto/kentongan/v1; do not edit. -->

An *event* is one JSON object, or the protobuf message `kentongan.v1.Event`: an envelope and exactly one
body. This page lists all bodies, then the words that they share. `tests/golden/v1` holds events of every
kind, in JSON and in bytes.

How to read it:

- Names are those of JSON. On the wire the number counts.
- Lists take `[]`; a *time* is RFC 3339 with an offset, as `2025-12-10T08:15:00+07:00`; a code is one of the names
  in its table. `UNSPECIFIED` is never sent: leave the field out.
- **Nothing is required but what says so.** A breach in the envelope is refused; what a body calls required is a
  promise between agencies. Absent means that nothing was said. Where it matters, *unknown*
  and *none* can be stated: they are answers.
- The common code travels beside the agency's own (`ownCategory`, `ownState` …): nobody has to change internal codes.
- Persons are in `personal` and nowhere else: bodies count them, or speak of them by key (`P1`).
- In brackets stands where a field comes from; the list of sources is at the end. [Kentongan] is our own.

The least event that is always accepted from an agency with the right to the topic:

```json
{"topic": "62/71/incident/fire", "incidentId": "PKY-2025-0001", "occurredAt": "2025-12-10T08:15:00+07:00",
 "report": {"channel": "CALL_112", "category": "FIRE_STRUCTURE", "summary": "Rumah terbakar di Jl. Tilung"}}
```

## How whole a report is

A report is never refused for being thin. The broker judges it once, when it is stored, and lists what is missing as
names of its JSON. A stated `UNKNOWN` counts as filled in, an absent field does not.

| level | has | so |
|---|---|---|
| `RAW` | something came in | call back |
| `LOCATABLE` | `category`; and `location` with a position, or with a region code and an address or landmark; the time is `occurredAt`, the source `channel` | may be dispatched |
| `WHOLE` | also `callback` (yes, or why not); `casualties` and `hazards` stated, if only `UNKNOWN`; `verification` | *utuh* |
| `PROFILED` | also the `details` that go with the category | nothing to ask |

## The twenty-two bodies

*State*: the newest event is kept by mode, topic, kind and this key, for those who join late; `removed` deletes it.

"""

SOURCES = (
    ("APCO 111, APCO 116", "APCO ANS 1.111.2 (dispositions), ANS 1.116.2 (unit states)"),
    ("BPBD", "what a regional disaster agency asks of a first report"),
    ("Bontang", "practice of the fire and rescue service of Bontang"),
    ("CAP", "OASIS Common Alerting Protocol 1.2"),
    ("Cilegon SOP", "procedure of the 112 centre of Cilegon"),
    ("DE, RM, HAVE, SITREP", "OASIS EDXL: distribution, resources, hospitals, situation reports"),
    ("DETIK", "what Indonesian fire services ask callers for, as published by detik.com"),
    ("Depok", "what delays its fire engines, as told by the city of Depok"),
    ("EIDO", "NENA STA-021.1, Emergency Incident Data Object 1.0, and its registries"),
    ("EMSI, TSO", "ISO/TR 22351:2015 and CWA 15931"),
    ("H3", "Uber's hexagonal grid"),
    ("HUB …", "Hub Santé, France: RC-EDA, RC-REF, RS-DR, RS-RR, RS-SR, RS-ERROR"),
    ("Kediri", "a written report of Satpol PP Kediri"),
    ("Kemendagri", "Kepmendagri 300.2.2-2430/2025: region codes; population papers"),
    ("Kepmendagri 364.1-306/2020", "guideline on volunteer fire fighters"),
    ("NERIS", "the US National Emergency Response Information System"),
    ("NIEM, UICDS, X-Road",
     "US information exchange model, incident cores, the Estonian exchange layer"),
    ("PU 25/2008", "Indonesian fire protection masterplan rule: the five stages of response"),
    ("Palangka Raya 112", "kinds of call that the 112 centre of Palangka Raya handles"),
    ("Permendagri 101, 114, 121/2018; 59/2021; 16/2023",
     "minimum standards on disaster, fire, public order; their reporting; procedures of Satpol PP"),
    ("Permenkominfo 10/2016", "the number 112 and its national monitoring"),
    ("RFC 3339", "times on the internet"),
    ("SOP Sarolangun", "the five procedures of Satpol PP Sarolangun, SK Bupati 272 and 273/2024"),
    ("UCRI2", "control room interface of German public safety"),
    ("UU 27/2022", "the Indonesian law on personal data"),
)


class Schema:
    def __init__(self, descriptors):
        self.messages, self.comments = {}, {}
        for file in descriptors.file:
            if "." + file.package + "." != PACKAGE:
                continue
            texts = {tuple(spot.path): " ".join((spot.leading_comments + " " +
                                                 spot.trailing_comments).split())
                     for spot in file.source_code_info.location}
            for index, message in enumerate(file.message_type):
                self.messages[message.name] = message
                self.comments[message.name] = {path[2:]: text for path, text in texts.items()
                                               if path[:2] == (4, index)}
        self.told = []  # messages that something links to, in order
        self.anchors = {field.type_name.removeprefix(PACKAGE): field.json_name
                        for field in self.messages["Event"].field if field.HasField("oneof_index")}

    def is_enum(self, name):
        return bool(self.messages[name].enum_type)

    def type_text(self, field):
        text = SCALARS.get(field.type)
        if field.type == FIELD.TYPE_MESSAGE and not field.type_name.startswith(PACKAGE):
            text = "time"
        elif text is None:
            name = field.type_name.removeprefix(PACKAGE).removesuffix(".Value")
            if name not in self.told:
                self.told.append(name)
            text = f"[{name}](#{self.anchors.get(name, name).lower()})"
        return text + " []" if field.label == FIELD.LABEL_REPEATED else text

    def table(self, name):
        message, comments = self.messages[name], self.comments[name]
        rows = ["| | field | is | meaning |", "|---:|---|---|---|"]
        rows += [f"| {field.number} | `{field.json_name}` | {self.type_text(field)} "
                 f"| {cell(comments[(2, index)])} |" for index, field in enumerate(message.field)]
        return "\n".join(rows)

    def enum_table(self, name):
        comments = self.comments[name]
        values = [(value, comments[(4, 0, 2, index)])
                  for index, value in enumerate(self.messages[name].enum_type[0].value)
                  if value.number]
        if all(" | " in text for _, text in values):
            return crosswalk(values)
        rows = ["| | code | meaning |", "|---:|---|---|"]
        rows += [f"| {value.number} | `{value.name}` | {cell(text)} |" for value, text in values]
        return "\n".join(rows)

    def section(self, name):
        text = self.enum_table(name) if self.is_enum(name) else self.table(name)
        return f"### {name}\n\n{self.comments[name][()]}\n\n{text}\n\n"


def cell(text):
    return text.replace("|", "\\|")


def crosswalk(values):
    """The table of categories: each comment is CAP | EMSI | EIDO | lead | SPM."""
    rows = ["| | code | CAP | EMSI | EIDO, APCO | leads by default | SPM |",
            "|---:|---|---|---|---|---|---|"]
    for value, text in values:
        note, cap, rest = text.rpartition("CAP ")
        cells = [part.strip() for part in (cap + rest).split("|")]
        cells = [re.sub("^(CAP|EMSI|EIDO) ", "", part) for part in cells]
        name = f"`{value.name}`" + (f" ({note.strip().rstrip('.').lower()})" if note else "")
        rows.append(f"| {value.number} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def kinds():
    """Number -> (kind, family, whether it needs an incident, key) from the table in C."""
    with open(os.path.join(HERE, "c", "bodies.c"), encoding="utf-8") as file:
        rows = BODY_ROW.findall(file.read())
    return {int(number): (kind, family.lower(), needs == "true", key)
            for number, kind, family, needs, _, key, _ in rows}


def overview(bodies):
    rows = ["| | body | family | `incidentId` | state by |", "|---:|---|---|---|---|"]
    rows += [f"| {number} | [`{kind}`](#{kind.lower()}) | {family} "
             f"| {'required' if needs else 'optional'} | {KEYS[key]} |"
             for number, (kind, family, needs, key) in sorted(bodies.items())]
    return "\n".join(rows) + "\n\n"


def page(schema):
    bodies = kinds()
    event = schema.messages["Event"]
    of_body = {field.number: field.type_name.removeprefix(PACKAGE) for field in event.field
               if field.HasField("oneof_index")}
    if set(bodies) != set(of_body):
        raise SystemExit("bodies.c and event.proto list different bodies")
    text = HEAD + overview(bodies)
    text += "## The envelope\n\n" + schema.section("Event")
    text += "## Bodies\n\n"
    for number, name in sorted(of_body.items()):
        kind = bodies[number][0]
        text += (f"### `{kind}`\n\nMessage `{name}`. {schema.comments[name][()]}\n\n"
                 f"{schema.table(name)}\n\n")
    text += "## Shared words\n\n"
    done = set(of_body.values()) | {"Event"}
    while left := [name for name in schema.told if name not in done]:
        text += schema.section(left[0])
        done.add(left[0])
    rows = "\n".join(f"| {key} | {meaning} |" for key, meaning in SOURCES)
    return text + f"## Sources\n\n| key | is |\n|---|---|\n{rows}\n"


def main():
    descriptors = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as file:
        descriptors.ParseFromString(file.read())
    text = page(Schema(descriptors))
    if sys.argv[2:3] != ["--check"]:
        sys.stdout.write(text)
        return 0
    with open(sys.argv[3], encoding="utf-8") as file:
        if file.read() == text:
            return 0
    print(f"{sys.argv[3]} is not what catalogue.py writes: run it again", file=sys.stderr)
    return 1


sys.exit(main())
