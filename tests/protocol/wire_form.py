"""wire_form.py - protobuf bytes written by hand, right and wrong: what no runtime would write."""
# SPDX-License-Identifier: Apache-2.0
VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = 0, 1, 2, 3, 4, 5


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def tag(number, kind):
    return varint(number << 3 | kind)


def field(number, value):
    """A field of an integer (as a varint), or of bytes."""
    if isinstance(value, int):
        return tag(number, VARINT) + varint(value)
    return tag(number, BYTES) + varint(len(value)) + value
