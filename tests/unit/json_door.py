#!/usr/bin/python3
"""json_door.py DOOR DESCRIPTORS: the JSON door against Python's, on random events of every body.

SPDX-License-Identifier: Apache-2.0
"""
import json
import random
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor

ROUNDS_A_BODY = 40
WORDS = ["Rumah terbakar", "Jl. Tilung \"V\"", "a\\b", "tab\there", "\u00e9\u4e2d\U0001f525", "x" * 300]


def load(path):
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as stream:
        files.ParseFromString(stream.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return factory.GetPrototype(pool.FindMessageTypeByName("kentongan.v1.Event"))


def number(chance, low, high):
    return chance.choice([low, high, 0, 1, chance.randint(low, high)])


def real(chance):
    return chance.choice([0.1, -1.5, 1e300, 5e-324, 3.0, -2.2136, chance.uniform(-180, 180),
                          float("inf")])


def scalar(chance, field):
    kinds = FieldDescriptor
    if field.type in (kinds.TYPE_DOUBLE, kinds.TYPE_FLOAT):
        return real(chance)
    if field.type in (kinds.TYPE_INT32, kinds.TYPE_SINT32):
        return number(chance, -2**31, 2**31 - 1)
    if field.type in (kinds.TYPE_INT64, kinds.TYPE_SINT64):
        return number(chance, -2**63, 2**63 - 1)
    if field.type == kinds.TYPE_UINT32:
        return number(chance, 0, 2**32 - 1)
    if field.type == kinds.TYPE_UINT64:
        return number(chance, 0, 2**64 - 1)
    if field.type == kinds.TYPE_BOOL:
        return chance.random() < 0.5
    if field.type == kinds.TYPE_ENUM:
        if chance.random() < 0.05:
            return 9999  # a word of a later version
        return chance.choice(field.enum_type.values).number
    if field.type == kinds.TYPE_STRING:
        return chance.choice(WORDS)
    return bytes(chance.randrange(256) for _ in range(chance.randrange(9)))


def fill(chance, message, share, only=None):
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        message.seconds = chance.choice([0, -62135596800, 253402300799,
                                         chance.randint(0, 2**31)])
        message.nanos = chance.choice([0, 5, 5000, 5000000, 999999999])
        return
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof is not None and oneof.name == "body":
            if field.name != only:
                continue
        elif chance.random() > share:
            continue
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if field.label == FieldDescriptor.LABEL_REPEATED:
                for _ in range(chance.randrange(3)):
                    fill(chance, getattr(message, field.name).add(), share * 0.7)
            else:
                getattr(message, field.name).SetInParent()
                fill(chance, getattr(message, field.name), share * 0.7)
        elif field.label == FieldDescriptor.LABEL_REPEATED:
            getattr(message, field.name).extend(
                scalar(chance, field) for _ in range(chance.randrange(4)))
        else:
            setattr(message, field.name, scalar(chance, field))


def main():
    door = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(line):
        door.stdin.write(line + "\n")
        door.stdin.flush()
        return door.stdout.readline().rstrip("\n")

    event_class = load(sys.argv[2])
    chance = random.Random(20251210)
    bodies = [field.name for field in event_class.DESCRIPTOR.oneofs_by_name["body"].fields]
    done = 0
    for body in bodies:
        for round_number in range(ROUNDS_A_BODY):
            event = event_class()
            fill(chance, event, chance.choice([0.2, 0.6, 1.0]), body)
            ours = ask("print " + event.SerializeToString().hex())
            theirs = json_format.MessageToDict(event)
            if json.loads(ours) != json.loads(json.dumps(theirs)):
                sys.exit(f"printed otherwise: {body} {round_number}\n{ours}\n{json.dumps(theirs)}")
            back = event_class()
            answer = ask("read " + json.dumps(theirs, ensure_ascii=chance.random() < 0.5))
            try:
                back.ParseFromString(bytes.fromhex(answer))
            except ValueError:
                sys.exit(f"not read: {body} {round_number}: {answer}\n{json.dumps(theirs)}")
            if back != event:
                sys.exit(f"read otherwise: {body} {round_number}\n{back}\n{event}")
            done += 1
    door.stdin.close()
    if door.wait() != 0:
        sys.exit("the door failed")
    print(f"{done} events of {len(bodies)} bodies, both ways")
    if done < 500:
        sys.exit("too few")


main()
