#!/usr/bin/python3
"""descriptors.py DESCRIPTORS: the schemas keep the rules that four languages and a pre-scan need.

DESCRIPTORS is the FileDescriptorSet of all schemas, with comments. What holds for every file: see
check_message; what holds for events only, whose comments name their sources: see check_event_field.
"""
# SPDX-License-Identifier: Apache-2.0
import re
import sys

from google.protobuf import descriptor_pb2

PACKAGE = "kentongan.v1"
DEPTH_MAX = 8
TIMESTAMP = ".google.protobuf.Timestamp"
ROOTS = ("Event", "PersonalBlock", "ToBroker", "FromBroker", "Batch", "PublishBatch")
WIRE_FILES = ("kentongan/v1/record.proto", "kentongan/v1/wire.proto")
CHOICES = ("Event.body", "Custom.payload")
FIELD = descriptor_pb2.FieldDescriptorProto

ENVELOPE = {1: "id", 2: "topic", 3: "mode", 4: "occurred_at", 5: "utc_offset_minutes",
            6: "incident_id", 7: "priority", 8: "expires_at", 9: "confidentiality", 10: "source",
            12: "replay_of", 13: "editions", 14: "personal"}
BODIES = ("report incident participation dispatch ack handover resource_request resource_answer "
          "command_transfer escalation observation incident_link planned_event closing_report unit "
          "facility service asset presence spm_progress alert custom").split()
ENVELOPE.update(enumerate(BODIES, 32))

# Where a fact may come from; "Kentongan" is the project's own.
SOURCES = set("""\
APCO 111|APCO 116|BPBD|Bontang|CAP|Cilegon SOP|DE|DETIK|Depok|EIDO|EMSI|H3|HAVE|HUB
HUB RC-EDA|HUB RC-REF|HUB RS-DR|HUB RS-ERROR|HUB RS-RR|HUB RS-SR|Kediri|Kemendagri|Kentongan|Kepmendagri 364.1-306/2020
NERIS|NIEM|PU 25/2008|Palangka Raya 112|Permendagri 101/2018|Permendagri 114/2018
Permendagri 121/2018|Permendagri 16/2023|Permendagri 59/2021|Permenkominfo 10/2016|RFC 3339|RM
SITREP|SOP Sarolangun|TSO|UCRI2|UICDS|UU 27/2022|X-Road""".replace("\n", "|").split("|"))

KEYWORDS = set("""\
alignas alignof and asm assert async auto await base bitand bitor bool boolean break byte case catch
char class compl concept const continue def default del delete do double elif else enum except
exec explicit export extends extern final finally float for friend from global goto if implements
import in inline instanceof int interface is lambda long mutable namespace native new not null
operator or package pass print private protected public raise register requires restrict return
short signed sizeof static strictfp struct super switch synchronized template this throw throws
transient true false try typedef typeid typename union unsigned using virtual void volatile while
with xor yield descriptor serialized_size unknown_fields""".split())
PERSONS = re.compile(r"(^|_)(phones?|nik|national_id|e?mail|birth\w*|person_name|caller_name)$")
WIRE_KEYWORDS_ALLOWED = {"from"}  # protoc renames it where a language minds


def walk(scope, messages, path):
    """(full name, message, its path in the file's comments), nested ones included."""
    for index, message in enumerate(messages):
        own = path + (index,)
        yield f"{scope}.{message.name}", message, own
        yield from walk(f"{scope}.{message.name}", message.nested_type, own + (3,))


class Schema:
    def __init__(self, descriptors):
        self.files = [file for file in descriptors.file if file.package == PACKAGE]
        self.messages = {}
        for file in descriptors.file:
            for name, message, _ in walk("." + file.package, file.message_type, (4,)):
                self.messages[name] = message
        self.wire_names = {name for file in self.files if file.name in WIRE_FILES
                           for name, _, _ in walk("." + PACKAGE, file.message_type, (4,))}
        self.faults = []

    def fault(self, where, what):
        self.faults.append(f"{where.removeprefix('.' + PACKAGE + '.')}: {what}")

    def check(self):
        for file in self.files:
            comments = {tuple(spot.path): " ".join(
                (spot.leading_comments + " " + spot.trailing_comments).split())
                for spot in file.source_code_info.location}
            self.check_file(file)
            is_event = file.name not in WIRE_FILES
            for name, message, path in walk("." + PACKAGE, file.message_type, (4,)):
                self.check_message(name, message)
                if is_event:
                    self.check_comments(name, message, path, comments)
                    for field in message.field:
                        self.check_event_field(name, field, file.name)
        self.check_envelope()
        for root in ROOTS:
            self.check_depth(f".{PACKAGE}.{root}")
        return self.faults

    def check_file(self, file):
        if file.syntax != "proto3":
            self.fault(file.name, "is not proto3")
        if file.enum_type or file.extension or file.service:
            self.fault(file.name, "has an enum outside a message, an extension or a service")

    def check_message(self, name, message):
        if message.options.map_entry:
            self.fault(name, "is a map")
        if message.enum_type:
            self.check_enum(name, message)
        for index, oneof in enumerate(message.oneof_decl):
            members = [field.name for field in message.field
                       if field.HasField("oneof_index") and field.oneof_index == index]
            self.check_oneof(name, oneof.name, members)
        names = {field.name for field in message.field}
        for field in message.field:
            self.check_field(f"{name}.{field.name}", field, names)

    def check_enum(self, name, message):
        if message.field or len(message.enum_type) != 1 or message.enum_type[0].name != "Value":
            self.fault(name, "an enum is `message X { enum Value { ... } }` and nothing else")
        for enum in message.enum_type:
            if enum.value[0].name != "UNSPECIFIED" or enum.value[0].number != 0:
                self.fault(name, "does not begin with UNSPECIFIED = 0")
            if enum.options.allow_alias:
                self.fault(name, "gives one number two names")
            for value in enum.value:
                if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", value.name):
                    self.fault(name, f"{value.name} is not in capitals")

    def check_oneof(self, name, oneof, members):
        short = name.rsplit(".", 1)[1]
        if len(members) == 1 and oneof != f"has_{members[0]}" and self.is_event(name):
            self.fault(name, f"oneof {oneof} of one field should be has_{members[0]}")
        elif len(members) > 1 and oneof.startswith("has_"):
            self.fault(name, f"oneof {oneof} has {len(members)} members, presence needs one")
        if oneof in members or f"{oneof}_case" in members:
            self.fault(name, f"oneof {oneof} and a field have one name in C")
        if len(members) > 1 and self.is_event(name) and f"{short}.{oneof}" not in CHOICES:
            self.fault(name, f"oneof {oneof} is no choice that this test knows")

    def is_event(self, name):
        return name not in self.wire_names

    def check_field(self, where, field, names):
        if field.proto3_optional:
            self.fault(where, "is optional: protoc-c 1.4.1 refuses it")
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*", field.name):
            self.fault(where, "has no plain name in lower case")
        head, *tail = field.name.split("_")
        if field.json_name != head + "".join(word.capitalize() for word in tail):
            self.fault(where, f"sets json_name {field.json_name}")
        if field.name in KEYWORDS - (set() if self.is_event(where.rsplit(".", 1)[0])
                                     else WIRE_KEYWORDS_ALLOWED):
            self.fault(where, "is a word that a language or protobuf-c keeps for itself")
        if field.label == FIELD.LABEL_REPEATED:
            for other in (f"n_{field.name}", f"{field.name}_count", f"{field.name}_list"):
                if other in names:
                    self.fault(where, f"collides with {other} in generated code")
        if field.type == FIELD.TYPE_GROUP:
            self.fault(where, "is a group")
        if re.search(r"(^at|_at|_time|_until)$", field.name) and field.type_name != TIMESTAMP:
            self.fault(where, "is a time and no Timestamp")

    def check_event_field(self, name, field, file):
        where = f"{name}.{field.name}"
        if file != "kentongan/v1/personal.proto" and field.name != "desk_phone" and \
                PERSONS.search(field.name):
            self.fault(where, "tells of a person outside the personal block")
        if field.type == FIELD.TYPE_ENUM and not field.type_name.endswith(".Value"):
            self.fault(where, "is an enum without a message around it")

    def check_comments(self, name, message, path, comments):
        text = comments.get(path, "")
        if not text:
            self.fault(name, "has no comment")
        if message.enum_type:
            self.check_sources(name, text)
        for e, enum in enumerate(message.enum_type):
            for v, value in enumerate(enum.value):
                if value.number and not comments.get(path + (4, e, 2, v)):
                    self.fault(f"{name}.{value.name}", "has no comment")
        for index, field in enumerate(message.field):
            self.check_sources(f"{name}.{field.name}", comments.get(path + (2, index), ""))

    def check_sources(self, where, text):
        found = re.search(r"\S.* \[([^\]]+)\]$", text)
        if not found:
            self.fault(where, "has no comment that ends with its sources in brackets")
            return
        for source in found.group(1).split(", "):
            if source not in SOURCES:
                self.fault(where, f"names the unknown source {source}")

    def check_envelope(self):
        event = self.messages[f".{PACKAGE}.Event"]
        numbers = {field.number: field.name for field in event.field}
        if numbers != ENVELOPE:
            odd = sorted(set(numbers.items()) ^ set(ENVELOPE.items()))
            self.fault(".Event", f"differs from the numbers that the pre-scan reads: {odd}")
        for field in event.field:
            if field.HasField("oneof_index"):
                self.check_body(field.type_name, self.messages[field.type_name])

    def check_body(self, name, message):
        fields = {field.number: field for field in message.field}
        one, two, three = fields.get(1), fields.get(2), fields.get(3)
        if one and (one.name, one.type_name) != ("category", f".{PACKAGE}.Category.Value"):
            self.fault(name, "field 1 is not `Category.Value category`")
        if two and (two.type, two.label) != (FIELD.TYPE_STRING, FIELD.LABEL_OPTIONAL):
            self.fault(name, "field 2 is not the one string that names its thing")
        if three and (three.name, three.type) != ("removed", FIELD.TYPE_BOOL):
            self.fault(name, "field 3 is not `bool removed`")
        for number, field in fields.items():
            if number > 3 and field.name in ("category", "removed"):
                self.fault(name, f"{field.name} is field {number}")

    def check_depth(self, root):
        """How deep `root` nests, itself counted; a circle is deeper than there are messages."""
        level, depth = {root}, 0
        while level and depth <= len(self.messages):
            depth += 1
            level = {field.type_name for name in level for field in self.messages[name].field
                     if field.type == FIELD.TYPE_MESSAGE}
        if depth > len(self.messages):
            self.fault(root, "contains itself")
        elif depth > DEPTH_MAX:
            self.fault(root, f"nests {depth} deep, more than {DEPTH_MAX}")
        return depth


def main():
    descriptors = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as file:
        descriptors.ParseFromString(file.read())
    schema = Schema(descriptors)
    faults = schema.check()
    fields = sum(len(message.field) for message in schema.messages.values())
    print("\n".join(faults) or f"{len(schema.messages)} messages, {fields} fields, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
