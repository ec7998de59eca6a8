#!/usr/bin/python3
"""differential.py DESCRIPTORS SAY GOLDEN [SEED [COUNT]]: the scan against a stock protobuf runtime.

Spoils the golden events in COUNT ways and asks both what they are. What the scan accepts, the
runtime must read, with the very facts that the scan took from it; what the scan refuses, it must
refuse for a reason that holds in what the runtime read. Golden events themselves are accepted,
but for the broker's own.
"""
# SPDX-License-Identifier: Apache-2.0
import collections
import os
import pathlib
import random
import subprocess
import sys
import uuid

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

SEED, COUNT = 1, 20000
FIRST_BODY = 32
KNOWN_FIRST = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14)


def event_class(path):
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(path).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName("kentongan.v1.Event"))


def golden_events(folder):
    return [bytes.fromhex("".join(path.read_text().split()))
            for path in sorted(pathlib.Path(folder).glob("*.hex"))
            if ".personal" not in path.name]


def spoil(chance, events):
    """One golden event, spoilt: mostly field by field, so that it stays well formed."""
    if chance.random() < 0.3:
        return spoil_bytes(chance, events)
    text = chance.choice(events)
    for _ in range(chance.randint(1, 2)):
        text = spoil_fields(chance, text, 0)
    return text


def split(text):
    """The fields of a message as (tag, content or None, whole element)."""
    fields, at = [], 0
    while at < len(text):
        start = at
        tag, at = read_varint(text, at)
        content = None
        if tag & 7 == 0:
            _, at = read_varint(text, at)
        elif tag & 7 == 2:
            length, at = read_varint(text, at)
            content = text[at:at + length]
            at += length
        else:
            at += 8 if tag & 7 == 1 else 4
        fields.append((tag, content, text[start:at]))
    return fields


def is_message(content):
    try:
        return content is not None and len(content) > 1 and all(
            whole and tag >> 3 < 200 and tag & 7 in (0, 1, 2, 5)
            for tag, _, whole in split(content))
    except IndexError:
        return False


def spoil_fields(chance, text, depth):
    """Changes one field of a message, or of a message in it."""
    fields = split(text)
    if not fields:
        return small_field(chance)
    index = chance.randrange(len(fields))
    tag, content, whole = fields[index]
    kind = chance.randrange(6)
    if depth < 3 and chance.random() < 0.5 and is_message(content):
        inner = spoil_fields(chance, content, depth + 1)
        whole = varint(tag) + varint(len(inner)) + inner
    elif kind == 0:
        whole = b""
    elif kind == 1:
        whole = whole + small_field(chance)
    elif kind == 2 and content is not None:
        at = chance.randrange(len(content) + 1)
        inner = content[:at] + chance.choice((b"x", b"\0", b"\xc3", b"\xc3\xa9", b"/", b"$"))
        inner += content[at + chance.randrange(2):]
        whole = varint(tag) + varint(len(inner)) + inner
    elif kind == 3 and tag & 7 == 0:
        whole = varint(tag) + varint(chance.choice((0, 1, 3, 5, 10, 11, 99, 2**31, 2**64 - 1)))
    elif kind == 4:
        other = chance.randrange(len(fields))
        fields[other], (_, _, whole) = (tag, content, whole), fields[other]
    else:
        whole = whole + whole
    fields[index] = (tag, content, whole)
    return b"".join(whole for _, _, whole in fields)


def read_varint(text, at):
    value = shift = 0
    while True:
        value |= (text[at] & 0x7f) << shift
        shift += 7
        at += 1
        if text[at - 1] < 0x80:
            return value, at


def spoil_bytes(chance, events):
    """One golden event with bytes changed, cut, put in."""
    text = bytearray(chance.choice(events))
    for _ in range(chance.randint(1, 3)):
        at, kind = chance.randrange(len(text) + 1), chance.randrange(7)
        if kind == 0 and at < len(text):
            text[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(text):
            text[at] = chance.choice((0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12))
        elif kind == 2:
            del text[at:at + chance.randint(1, 4)]
        elif kind == 3:
            text[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
        elif kind == 4:
            text += chance.choice(events)[:chance.randrange(40)]
        elif kind == 5:
            text += small_field(chance)
        else:
            text = bytearray(small_field(chance)) + text
    return bytes(text)


def small_field(chance):
    """A well-formed field of any number that the envelope knows, or one that it does not."""
    number = chance.choice(KNOWN_FIRST + (11, 31, 54, 100, FIRST_BODY, 46, 53))
    if chance.random() < 0.5:
        value = chance.choice((0, 1, 4, 5, 10, 11, 2**32 + 1, 2**64 - 1))
        return varint(number << 3) + varint(value)
    text = chance.choice((b"", b"a", b"a/b", b"\xff", b"a\0b", b"\x08\x01", b"+/a", b"x" * 65,
                          b"0193a5c4-7b1e-7f00-8a9b-0123456789ab"))
    return varint(number << 3 | 2) + varint(len(text)) + text


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def ms(time):
    return time.seconds * 1000 + time.nanos // 1000000


def facts_of(event):
    """The line that prescan_say must have said of an event that it accepts."""
    body = getattr(event, event.WhichOneof("body"))
    fields = body.DESCRIPTOR.fields_by_number

    def first(number, absent):
        return getattr(body, fields[number].name) if number in fields else absent

    category = first(1, 0)
    texts = (uuid.UUID(event.id).bytes, event.topic.encode(), event.source.encode(),
             event.incident_id.encode(), first(2, "").encode())
    numbers = (ms(event.occurred_at), ms(event.expires_at) if event.HasField("expires_at") else 0,
               category if 0 <= category <= 0xffff else 0, event.mode,
               event.DESCRIPTOR.fields_by_name[event.WhichOneof("body")].number, event.priority,
               int(first(3, False)))
    return " ".join(["-"] + ["x" + text.hex() for text in texts] + [str(n) for n in numbers])


def is_uuid(text):
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def is_sane(time):
    return -62135596800 <= time.seconds <= 253402300799 and 0 <= time.nanos <= 999999999


def texts_of(read):
    for field, value in read.ListFields():
        values = value if field.label == field.LABEL_REPEATED else [value]
        if field.type == field.TYPE_STRING:
            yield from values
        elif field.type == field.TYPE_MESSAGE:
            for inner in values:
                yield from texts_of(inner)


def has_wide(text):
    """Whether a number of the envelope has more bits than its type: a decoder cuts it, the scan
    refuses it."""
    return any(tag & 7 == 0 and read_varint(whole, len(varint(tag)))[0] >= 2**32
               or tag in (4 << 3 | 2, 8 << 3 | 2) and has_wide(content)
               for tag, content, whole in split(text))


# What must be true of an event, as the stock runtime read it, for the scan to say so. A refusal
# that speaks of the bytes (the same field twice, a wire type, a text in a field that was given
# twice) cannot be seen any more in what was read.
HOLDS = {
    "FIELD_REQUIRED": lambda e: not (e.id and e.topic and e.incident_id
                                     and e.HasField("occurred_at")),
    "FIELD_INVALID": lambda e: (not is_uuid(e.id) or not is_sane(e.occurred_at)
                                or not is_sane(e.expires_at) or e.priority > 10
                                or abs(e.utc_offset_minutes) > 1080),
    "FIELD_TOO_LONG": lambda e: any(len(t.encode()) > 64 for t in texts_of(e)),
    "TOPIC_INVALID": lambda e: (any(c in e.topic for c in "+#\0") or e.topic.startswith("$")
                                or not all(e.topic.split("/")) or e.topic.count("/") > 15
                                or len(e.topic.encode()) > 255),
    "MODE_INVALID": lambda e: not 1 <= e.mode <= 4,
    "PERSONAL_INLINE": lambda e: e.HasField("personal"),
    "NUL_IN_TEXT": lambda e: True,
}
OF_BYTES = {"MALFORMED", "UTF8_INVALID", "DUPLICATE_FIELD", "VERSION", "BODY_REQUIRED", "TOO_MANY"}


def fault_of(said, text, event_type):
    """What is wrong with what was said of `text`; None: nothing."""
    try:
        event = event_type.FromString(text)
    except message.DecodeError:
        return None if said in OF_BYTES or said == "NUL_IN_TEXT" else "the runtime refuses it"
    if said.startswith("-"):
        expected = facts_of(event)
        return None if said == expected else f"expected {expected}"
    if said in OF_BYTES:
        return None
    if HOLDS[said](event) or (said in ("FIELD_INVALID", "MODE_INVALID") and has_wide(text)):
        return None
    return "that does not hold"


def main():
    path, say, folder = sys.argv[1:4]
    seed, count = [int(text) for text in sys.argv[4:]] + [SEED, COUNT][len(sys.argv) - 4:]
    chance, event_type, events = random.Random(seed), event_class(path), golden_events(folder)
    texts = events + [spoil(chance, events) for _ in range(count)]
    told = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    run = subprocess.run([say], input=told, check=True, stdout=subprocess.PIPE)
    lines = run.stdout.decode().split("\n")
    assert len(lines) == len(texts) + 1, "a line is missing"
    faults, codes, errors = 0, collections.Counter(), os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the runtime tells of every bad text
    for index, (text, said) in enumerate(zip(texts, lines)):
        fault = fault_of(said, text, event_type)
        if index < len(events) and not said.startswith("-"):
            fault = None if b"$site/" in text else "a golden event is refused"
        codes[said.split()[0]] += 1
        if fault is not None:
            faults += 1
            print(f"seed {seed}, {text.hex()}\n  said {said}\n  {fault}")
    os.dup2(errors, 2)
    print(", ".join(f"{code} {number}" for code, number in codes.most_common()))
    is_wide = len(codes) > 10 and codes["-"] > count // 20
    return 0 if faults == 0 and is_wide else 1


sys.exit(main())
