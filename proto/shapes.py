#!/usr/bin/python3
"""shapes.py DESCRIPTORS FILE [--check]: writes FILE, the wire form of some messages as a table.

FILE is proto/c/bodies_shapes.c (events) or proto/c/wire_shapes.c (what is around them). DESCRIPTORS
is the FileDescriptorSet that the build leaves beside the generated code. With --check nothing is
written; the exit code is 1 if FILE is not what would be.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import sys
import textwrap

from google.protobuf import descriptor_pb2

PACKAGE = ".kentongan.v1."
# File: (what it holds, its header, {root message: the function that gives its shape}).
FILES = {
    "bodies_shapes.c": ("the wire form of every message that can stand in an event", "bodies.h",
                        {"Event": "kt_body_event_shape", "PersonalBlock": "kt_body_personal_shape"}),
    "wire_shapes.c": ("the wire form of what stands around events", "wire_shapes.h",
                      {"Sent": "wire_sent_shape", "Personal": "wire_personal_shape",
                       "ToBroker": "wire_to_broker_shape", "FromBroker": "wire_from_broker_shape"}),
}
FIELD = descriptor_pb2.FieldDescriptorProto
FORMS = {FIELD.TYPE_STRING: "T", FIELD.TYPE_BYTES: "B", FIELD.TYPE_MESSAGE: "M",
         FIELD.TYPE_DOUBLE: "E", FIELD.TYPE_FIXED64: "E", FIELD.TYPE_SFIXED64: "E",
         FIELD.TYPE_FLOAT: "F", FIELD.TYPE_FIXED32: "F", FIELD.TYPE_SFIXED32: "F"}
HEAD = """\
/* {name} - {what}.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Written by proto/shapes.py from the schemas; do not edit.
 */
#include "proto/c/{header}"

/* clang-format off */
enum form {{
    V = KT_BODY_VARINT, F = KT_BODY_FIXED32, E = KT_BODY_FIXED64,
    T = KT_BODY_TEXT, B = KT_BODY_BLOB, M = KT_BODY_MESSAGE
}};

"""
FOOT = """
const struct kt_body_shape *{function}(void)
{{
    return &{variable};
}}
"""


def messages_of(descriptors):
    """Full name -> message, nested ones included."""
    found = {}
    queue = [("." + file.package + ".", message) for file in descriptors.file
             for message in file.message_type]
    while queue:
        scope, message = queue.pop()
        found[scope + message.name] = message
        queue += [(scope + message.name + ".", nested) for nested in message.nested_type]
    return found


def reachable(messages, roots):
    """Names of all messages that the roots contain, each after those that it contains."""
    order = []

    def visit(name):
        for field in messages[name].field:
            if field.type == FIELD.TYPE_MESSAGE:
                visit(field.type_name)
        if name not in order:
            order.append(name)

    for root in roots:
        visit(PACKAGE + root)
    return order


def short(name):
    return name.rsplit(".", 1)[1]


def variable(name):
    """The C variable of a message: ".kentongan.v1.PersonalBlock" -> "personal_block"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", short(name)).lower()


def field_row(field):
    form = FORMS.get(field.type, "V")
    shape = "&" + variable(field.type_name) if form == "M" else "0"
    repeated = int(field.label == FIELD.LABEL_REPEATED)
    return f'{{{field.number}, {form}, {repeated}, "{field.json_name}", {shape}}}'


def shape_text(name, message):
    if not message.field:
        return f'static const struct kt_body_shape {variable(name)} = {{"{short(name)}", 0, 0}};\n'
    rows = [field_row(field) for field in sorted(message.field, key=lambda field: field.number)]
    glued = ", ".join(row.replace(" ", "\0") for row in rows)
    lines = textwrap.wrap(glued, width=93, break_long_words=False, break_on_hyphens=False)
    body = "\n".join("    " + line.replace("\0", " ") for line in lines)
    return (f'static const struct kt_body_shape {variable(name)} = {{"{short(name)}", '
            f"{len(rows)},\n    (const struct kt_body_field[]){{\n{body}}}}};\n")


def main():
    descriptors = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as file:
        descriptors.ParseFromString(file.read())
    messages = messages_of(descriptors)
    path = sys.argv[2]
    name = os.path.basename(path)
    what, header, roots = FILES[name]
    text = (HEAD.format(name=name, what=what, header=header)
            + "".join(shape_text(found, messages[found]) for found in reachable(messages, roots))
            + "".join(FOOT.format(function=function, variable=variable(PACKAGE + root))
                      for root, function in roots.items()))
    if sys.argv[3:4] != ["--check"]:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    with open(path, encoding="utf-8") as file:
        if file.read() == text:
            return 0
    print(f"{path} is not what shapes.py writes: run it again", file=sys.stderr)
    return 1


sys.exit(main())
