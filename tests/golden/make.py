#!/usr/bin/python3
"""make.py DESCRIPTORS [--check]: the golden events: what JSON means in bytes, and bytes in JSON.

v1/NAME.json is canonical JSON of one event, as by google.protobuf.json_format; v1/NAME.hex its
wire form without the personal block, which never is inside an event; v1/NAME.personal.hex that
block. Those named full-KIND set every field of a body and are written by this program; the other
JSON is written by people. Without --check all that it writes is written anew. With it, nothing is
written, and the exit code is 1 if anything differs: JSON to bytes, bytes to JSON, a kind without an
event, a stray file.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import sys
import textwrap

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "v1")
PACKAGE = "kentongan.v1."
COLUMNS = 96

# What must always be accepted, as an agency types it: the door adds id, mode and source.
CONTRACT = """{"topic":"62/71/incident/fire","incidentId":"PKY-2025-0001",
    "occurredAt":"2025-12-10T08:15:00+07:00","report":{"channel":"CALL_112",
    "category":"FIRE_STRUCTURE","summary":"Rumah terbakar di Jl. Tilung"}}"""


class Schema:
    """Classes of the messages, made from the descriptor set."""

    def __init__(self, path):
        descriptors = descriptor_pb2.FileDescriptorSet()
        with open(path, "rb") as file:
            descriptors.ParseFromString(file.read())
        self.pool = descriptor_pool.DescriptorPool()
        for proto in descriptors.file:
            self.pool.Add(proto)
        factory = message_factory.MessageFactory(self.pool)
        self.event = factory.GetPrototype(self.pool.FindMessageTypeByName(PACKAGE + "Event"))
        self.personal = factory.GetPrototype(
            self.pool.FindMessageTypeByName(PACKAGE + "PersonalBlock"))

    def bodies(self):
        return self.event.DESCRIPTOR.oneofs_by_name["body"].fields

    def bytes_of(self, text):
        """The wire form of the event in JSON `text`, and of its personal block or None."""
        event = json_format.Parse(text, self.event(), descriptor_pool=self.pool)
        block = None
        if event.HasField("personal"):
            block = event.personal.SerializeToString(deterministic=True)
            event.ClearField("personal")
        return event.SerializeToString(deterministic=True), block

    def json_of(self, event_bytes, block):
        """The JSON value of an event's bytes and of the block beside it."""
        event = self.event.FromString(event_bytes)
        if block is not None:
            event.personal.CopyFrom(self.personal.FromString(block))
        return json_format.MessageToDict(event, descriptor_pool=self.pool)


def fill(message, counter):
    """Sets every field of `message` to a value of its own that is not its zero."""
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and message.WhichOneof(field.containing_oneof.name):
            continue
        times = 2 if field.label == field.LABEL_REPEATED else 1
        for _ in range(times):
            fill_field(message, field, counter)


def fill_field(message, field, counter):
    counter[0] += 1
    is_repeated = field.label == field.LABEL_REPEATED
    if field.type == field.TYPE_MESSAGE:
        own = getattr(message, field.name)
        own = own.add() if is_repeated else own
        if field.message_type.full_name == "google.protobuf.Timestamp":
            own.FromSeconds(1_765_000_000 + counter[0])
            return
        fill(own, counter)
        return
    value = fill_value(field, counter[0])
    if is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def fill_value(field, number):
    if field.type == field.TYPE_ENUM:
        values = field.enum_type.values
        return values[1 + number % (len(values) - 1)].number
    if field.type == field.TYPE_STRING:
        return f"{field.name} {number} \u00e9\u20ac\U0001f525 \"\\/\n"
    if field.type == field.TYPE_BYTES:
        return bytes((number & 255, 0, 255))
    if field.type == field.TYPE_BOOL:
        return True
    if field.type == field.TYPE_DOUBLE:
        return -number / 8
    if field.type in (field.TYPE_INT64, field.TYPE_SINT64):
        return -(1 << 60) - number
    if field.type == field.TYPE_UINT64:
        return (1 << 63) + number
    return -number if field.type in (field.TYPE_INT32, field.TYPE_SINT32) else number


def full_event(schema, body):
    """JSON of an event in which every field of `body` is set."""
    event = schema.event(
        id=f"0193b0c8-00{body.number:02x}-7c4a-8a52-00000000f011", topic="63/72/full", mode=1,
        utc_offset_minutes=480, incident_id="FULL-1", priority=10, confidentiality=3,
        source="golden")
    event.occurred_at.FromNanoseconds(1_765_000_000_123_000_000)
    counter = [body.number * 1000]
    for name in ("expires_at", "replay_of", "editions", "personal"):
        fill_field(event, event.DESCRIPTOR.fields_by_name[name], counter)
    fill_field(event, body, counter)
    return json_format.MessageToJson(event, indent=1, ensure_ascii=False,
                                     descriptor_pool=schema.pool) + "\n"


def hex_text(wire):
    return "\n".join(textwrap.wrap(wire.hex(), COLUMNS)) + "\n"


def golden_files(schema):
    """File name -> text of all that this program writes, and the kinds that people wrote of."""
    files = {f"full-{body.json_name}.json": full_event(schema, body) for body in schema.bodies()}
    kinds = set()
    for name in sorted(os.listdir(HERE)):
        if name.endswith(".json") and not name.startswith("full-"):
            with open(os.path.join(HERE, name), encoding="utf-8") as file:
                files[name] = file.read()
            kinds |= set(json.loads(files[name]))
    for name, text in list(files.items()):
        event_bytes, block = schema.bytes_of(text)
        files[name.replace(".json", ".hex")] = hex_text(event_bytes)
        if block is not None:
            files[name.replace(".json", ".personal.hex")] = hex_text(block)
    return files, kinds


def contract_faults(schema):
    """The contract's least event says what report-minimal says, but for what the door adds."""
    least = schema.json_of(*schema.bytes_of(CONTRACT))
    with open(os.path.join(HERE, "report-minimal.json"), encoding="utf-8") as file:
        whole = json.load(file)
    for name in ("id", "mode", "source", "utcOffsetMinutes"):
        del whole[name]
    if least != whole:
        yield "the least event of the contract is read as another"


def faults_of(schema, files, kinds):
    yield from contract_faults(schema)
    for body in schema.bodies():
        if body.json_name not in kinds:
            yield f"no event of kind {body.json_name} is written by a person"
    for name in sorted(set(os.listdir(HERE)) | set(files)):
        path = os.path.join(HERE, name)
        if name not in files or not os.path.exists(path):
            yield f"{name}: stray, or not there: run make.py"
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text != files[name]:
            yield f"{name}: is not what make.py writes"
        if name.endswith(".json"):
            yield from round_trip_faults(schema, name, text)


def round_trip_faults(schema, name, text):
    """The bytes as they are on disk must say what the JSON says, every value included."""
    stem = os.path.join(HERE, name.removesuffix(".json"))
    with open(stem + ".hex", encoding="ascii") as file:
        event_bytes = bytes.fromhex(file.read())
    block = None
    if os.path.exists(stem + ".personal.hex"):
        with open(stem + ".personal.hex", encoding="ascii") as file:
            block = bytes.fromhex(file.read())
    said, meant = schema.json_of(event_bytes, block), json.loads(text)
    if said != meant:
        odd = sorted(key for key in set(said) | set(meant) if said.get(key) != meant.get(key))
        yield f"{name}: bytes and JSON differ in {', '.join(odd)}"


def main():
    schema = Schema(sys.argv[1])
    files, kinds = golden_files(schema)
    if sys.argv[2:] == ["--check"]:
        faults = list(faults_of(schema, files, kinds))
        print("\n".join(faults) or f"{len(files)} golden files, no fault")
        return 1 if faults else 0
    for name, text in files.items():
        if name.endswith(".hex") or name.startswith("full-"):
            with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
                file.write(text)
    return 0


sys.exit(main())
