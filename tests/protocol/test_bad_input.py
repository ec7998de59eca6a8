#!/usr/bin/python3
"""test_bad_input.py - whatever comes over the wire is refused with its code, and disturbs nobody.

Beside every test an agency publishes and follows without a pause; after each it has lost nothing.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import time
import unittest

from rig import Beside, PERSONS, kc, record_pb2, sealed, unit_event, wire_pb2
from wire_form import BYTES, FIXED32, FIXED64, GROUP, GROUP_END, VARINT, field, tag, varint

TOP = 2**64 - 1
EVENT_BYTES, BATCH_BYTES, ITEMS = 65536, 1048576, 4096
# Fields of Event, UnitStatus, Sent and PublishItem that are spoiled here.
ID, TOPIC, MODE, OCCURRED, INCIDENT, PRIORITY, EDITIONS, UNIT, CUSTOM = 1, 2, 3, 4, 6, 7, 13, 46, 53
UNIT_NOTE, UNIT_MILESTONES = 27, 26
EVENT, SIGNATURE, PRODUCER, NUMBER, AFTER, SENT_AT = 1, 3, 4, 5, 6, 7
SENT, PERSONAL = 1, 2
BAD_TEXTS = [("overlong", b"\xc0\xaf"), ("a surrogate", b"\xed\xa0\x80"), ("cut", b"\xe2\x82"),
             ("above the last", b"\xf4\x90\x80\x80"), ("a lone byte", b"\x80")]


class Frames(Beside):
    def setUp(self):
        super().setUp()
        self.sender, self.lane = self.publisher()

    def answer(self, *frames, client=None):
        """The one answer to these frames; then the session still answers a ping."""
        client = client or self.sender
        client.send_frames(list(frames))
        got = client.receive_frames(5)
        self.assertIsNotNone(got, "no answer")
        self.assertEqual(len(got), 1)
        client.ping()
        return wire_pb2.FromBroker.FromString(got[0])

    def assert_error(self, answer, code, path="", request=0):
        self.assertEqual(answer.WhichOneof("body"), "error", answer)
        refusal = answer.error.refusal
        self.assertEqual((answer.request, refusal.code, refusal.field), (request, code, path),
                         refusal.reason)
        self.assertTrue(refusal.reason)
        self.assertFalse(refusal.retryable)

    def test_frames_that_are_no_message(self):
        ping = wire_pb2.ToBroker(request=7, ping=wire_pb2.Ping()).SerializeToString()
        publish = wire_pb2.ToBroker(request=7, publish=wire_pb2.Publish()).SerializeToString()
        cases = [
            ("an empty frame", [b""], "BAD_FRAME", "", 0),
            ("two empty frames", [b"", b""], "BAD_FRAME", "", 0),
            ("an empty frame before", [b"", ping], "BAD_FRAME", "", 0),
            ("an empty frame behind", [ping, b""], "BAD_FRAME", "", 7),
            ("an empty batch", [publish, b""], "FIELD_REQUIRED", "items", 7),
            ("a second frame too many", [ping, b"x"], "BAD_FRAME", "", 7),
            ("a publish without a batch", [publish], "BAD_FRAME", "", 7),
            ("three frames", [ping, b"x", b"y"], "BAD_FRAME", "", 0),
            ("ten thousand frames", [ping] * 10000, "BAD_FRAME", "", 0),
            ("no body", [field(1, 7)], "BAD_FRAME", "", 7),
            ("no request number", [wire_pb2.ToBroker(ping=wire_pb2.Ping()).SerializeToString()],
             "FIELD_REQUIRED", "request", 0),
            ("a first frame too large", [field(1, 7) + field(2, field(3, b"x" * EVENT_BYTES))],
             "TOO_LARGE", "", 0),
        ]
        for name, frames, *wanted in cases:
            with self.subTest(name):
                self.assert_error(self.answer(*frames), *wanted)

    def test_control_bytes(self):
        follow = field(1, 1) + field(3, b"62/71/#")
        cases = [
            ("garbage", b"\xff" * 64, "MALFORMED", ""),
            ("text", b"GET / HTTP/1.1\r\n\r\n", "MALFORMED", ""),
            ("a cut length", tag(10, BYTES) + b"\x05", "MALFORMED", ""),
            ("a group", tag(10, GROUP) + tag(10, GROUP_END), "MALFORMED", ""),
            ("field number 0", tag(0, VARINT) + b"\x01", "MALFORMED", ""),
            ("an integer over 64 bits", tag(1, VARINT) + b"\xff" * 10 + b"\x01", "MALFORMED", ""),
            ("another wire type", field(1, b"7"), "MALFORMED", "request"),
            ("a reserved field", field(1, 7) + field(9, b""), "VERSION", ""),
            ("a field of tomorrow", field(1, 7) + field(10, b"") + field(13, 1), "VERSION", ""),
            ("one within", field(1, 7) + field(10, field(1, 1)), "VERSION", "ping"),
            ("one deeper", field(1, 7) + field(4, follow + field(4, field(7, 1))), "VERSION",
             "from"),
            ("a field twice", field(1, 7) + field(1, 8) + field(10, b""), "DUPLICATE_FIELD",
             "request"),
            ("a NUL in a name", field(1, 7) + field(4, follow + field(2, b"a\0b")),
             "NUL_IN_TEXT", "cursor"),
            ("bad UTF-8 in a filter", field(1, 7) + field(4, follow + field(3, b"62/\xff")),
             "UTF8_INVALID", "filters"),
            ("too many fields", field(1, 7) + field(4, field(6, b"") * 1100), "TOO_MANY", "follow"),
        ]
        for name, first, code, path in cases:
            with self.subTest(name):
                self.assert_error(self.answer(first), code, path)

    def test_garbage_before_hello(self):
        for name, frame in (("garbage", b"\xff" * 64), ("nothing", b""), ("a hello of no version",
                            field(1, 7) + field(2, b""))):
            with self.subTest(name):
                connection = kc.Connection(self.site.profiles["damkar"])
                self.addCleanup(connection.close)
                connection.send_frames([frame])
                answer = wire_pb2.FromBroker.FromString(connection.receive_frames(5)[0])
                code = {"garbage": "MALFORMED", "nothing": "BAD_FRAME"}.get(name, "FIELD_INVALID")
                self.assertEqual(answer.error.refusal.code, code)

    def test_random_bytes(self):
        for length in list(range(1, 200)) + [1000, 20000]:
            self.sender.send_frames([os.urandom(length)])
        answers = 0
        while (got := self.sender.receive_frames(0.3)) is not None:
            answer = wire_pb2.FromBroker.FromString(got[0])
            self.assertEqual(answer.WhichOneof("body"), "error")
            answers += 1
        self.assertGreater(answers, 190)  # a few may be a credit or an unfollow of nothing
        self.sender.ping()

    def test_numbers_at_their_edges(self):
        head = self.sender.ping()
        follow = self.sender.follow(["62/71/none"], cursor="edges")
        cases = [
            ("credit", "pong", wire_pb2.Credit(follow=follow.name, events=TOP), "FIELD_INVALID"),
            ("credit", "pong", wire_pb2.Credit(follow=follow.name, bytes=2**48 + 1),
             "FIELD_INVALID"),
            ("ack", "acked", wire_pb2.Ack(follow=follow.name, through=TOP), "FIELD_INVALID"),
            ("ack", "acked", wire_pb2.Ack(follow=TOP, through=1), "FOLLOW_UNKNOWN"),
            ("ack", "acked", wire_pb2.Ack(), "FOLLOW_UNKNOWN"),
            ("query", "answer", wire_pb2.Query(seq=TOP), "NOT_FOUND"),
            ("query", "answer", wire_pb2.Query(), "FIELD_REQUIRED"),
        ]
        for body, expected, message, code in cases:
            with self.subTest(message):
                self.refused(code, None, self.sender.call, expected, **{body: message})
        for name, start in (("seq", wire_pb2.From(seq=TOP)), ("age", wire_pb2.From(age_ms=TOP)),
                            ("time", wire_pb2.From(time={"seconds": 2**62})),
                            ("nanos", wire_pb2.From(time={"seconds": 1, "nanos": -1}))):
            with self.subTest(name):
                self.refused("FROM_INVALID", None, self.sender.follow, ["62/71/none"], start)
        whole = self.sender.follow(["62/71/none"], wire_pb2.From(last=TOP), through=TOP,
                                   credit_events=2**48, credit_bytes=2**48)
        self.assertEqual(whole.following.first, whole.following.head + 1)  # nothing matches
        self.refused("FIELD_INVALID", "follow.creditEvents", self.sender.follow, ["62/71/none"],
                     credit_events=2**48 + 1)
        self.refused("FROM_INVALID", "through", self.sender.follow, ["62/71/#"], replay=True,
                     through=TOP)
        top = self.sender.call("following", follow=wire_pb2.Follow(
            follow=TOP, filters=["62/71/none"], credit_events=1, credit_bytes=1))[0]
        self.assertEqual(top.follow, TOP)
        self.assertGreaterEqual(self.sender.ping(), head)

    def test_a_frame_beyond_the_limit_cuts_only_its_sender(self):
        """libzmq does not take it in: the connection ends, and the next one is a new one."""
        self.sender.send_frames([b"x" * (3 << 20)])
        time.sleep(0.2)
        self.refused("NO_SESSION", None, self.sender.ping)

    def test_a_flood_of_refused_messages(self):
        frames = [b"\xff" * 1000] * 2
        for _ in range(2000):
            self.sender.send_frames(frames)
        self.client().ping()


class Events(Beside):
    """Every refusal of an event or of what it is sent in, through the wire."""

    def setUp(self):
        super().setUp()
        self.sender, self.lane = self.publisher()
        self.number = self.mark = 0

    def event(self):
        return unit_event(self.root + "/unit")

    def base(self, *without):
        """The bytes of a good event, without these fields."""
        event = self.event()
        for name in without:
            event.ClearField(name)
        return event.SerializeToString()

    def sent(self, event, **fields):
        self.number += 1
        sent = record_pb2.Sent(event=event, **{"producer": self.lane.identity,
                                               "number": self.number, "after": self.mark,
                                               **fields})
        sent.sent_at.GetCurrentTime()
        return sent.SerializeToString()

    def publish_bytes(self, item, *more):
        """The receipts of a publish of items as bytes."""
        batch = b"".join(field(1, each) for each in (item,) + more)
        request = self.sender.send(batch, publish=wire_pb2.Publish())
        receipts = []
        while len(receipts) < 1 + len(more):
            receipts += self.sender.wait(request, "receipts")[0].receipts
        self.mark = max([self.mark] + [each.number for each in receipts if each.stored.seq])
        return receipts

    def judged(self, sent):
        """(code, field) of the refusal of a Sent, or ("", "")."""
        (receipt,) = self.publish_bytes(field(SENT, sent))
        self.assertEqual(receipt.refused.code == "", receipt.HasField("stored"), receipt)
        return receipt.refused.code, receipt.refused.field

    def assert_judged(self, cases):
        """Rows of name, event bytes, code, field."""
        for name, event, *wanted in cases:
            with self.subTest(name):
                self.assertEqual(self.judged(self.sent(event)), tuple(wanted))

    def test_bytes_that_are_no_event(self):
        good = self.base()
        self.assert_judged([
            ("nothing", b"", "FIELD_REQUIRED", "id"),
            ("garbage", b"\xff" * 40, "MALFORMED", ""),
            ("a cut event", good[:-1], "MALFORMED", ""),
            ("a cut body", good[:-len(field(UNIT, field(2, b"DMK-01")))]
             + field(UNIT, tag(2, BYTES) + b"\x09x"), "MALFORMED", "unit"),
            ("an id as a number", field(ID, 5) + self.base("id"), "MALFORMED", "id"),
            ("a time as a fixed", tag(OCCURRED, FIXED64) + b"\0" * 8 + self.base("occurred_at"),
             "MALFORMED", "occurredAt"),
            ("a mode as fixed", tag(MODE, FIXED32) + b"\1\0\0\0" + self.base("mode"),
             "MALFORMED", "mode"),
            ("a group", good + tag(20, GROUP) + tag(20, GROUP_END), "MALFORMED", ""),
            ("wire type 7", good + tag(20, 7), "MALFORMED", ""),
            ("field number 0", good + tag(0, VARINT) + b"\1", "MALFORMED", ""),
            ("a length of 2^64-1", good + tag(20, BYTES) + varint(TOP), "MALFORMED", ""),
        ])

    def test_fields_of_another_version(self):
        good = self.base()
        body = field(UNIT, field(2, b"DMK-01") + field(99, b"besok"))
        time_more = field(OCCURRED, field(1, 1) + field(3, 1))
        self.assert_judged([
            ("a reserved one", good + field(11, b"x"), "VERSION", ""),
            ("a new one of the envelope", good + field(31, 1), "VERSION", ""),
            ("a new body", self.base("unit") + field(54, b""), "VERSION", ""),
            ("a far one", good + field(100000, 1), "VERSION", ""),
            ("one in a time", self.base("occurred_at") + time_more, "VERSION", "occurredAt"),
            ("one in editions", good + field(EDITIONS, field(9, 1)), "VERSION", "editions"),
            ("one in a body is let pass", self.base("unit") + body, "", ""),
        ])

    def test_what_is_not_known_in_a_body_comes_through(self):
        follow = self.sender.follow([self.root + "/#"])
        event = self.base("unit") + field(UNIT, field(2, b"DMK-01") + field(4, 77)
                                          + field(99, b"besok"))
        self.assertEqual(self.judged(self.sent(event)), ("", ""))
        self.assertEqual(follow.take().record.sent.event, event)

    def test_what_stands_twice(self):
        good = self.event()
        again = good.id.encode()
        self.assert_judged([
            ("the id", self.base() + field(ID, again), "DUPLICATE_FIELD", "id"),
            ("the topic", self.base() + field(TOPIC, b"62/71/x"), "DUPLICATE_FIELD", "topic"),
            ("the mode", self.base() + field(MODE, 2), "DUPLICATE_FIELD", "mode"),
            ("the body", self.base() + field(UNIT, b""), "DUPLICATE_FIELD", "unit"),
            ("two bodies", self.base() + field(CUSTOM, b""), "BODY_REQUIRED", ""),
        ])

    def test_texts(self):
        rows = []
        for name, text in BAD_TEXTS + [("a NUL", b"x\0y")]:
            code = "NUL_IN_TEXT" if name == "a NUL" else "UTF8_INVALID"
            rows += [
                (name + " in the topic", self.base("topic") + field(TOPIC, b"62/71/" + text),
                 code, "topic"),
                (name + " in the incident", self.base() + field(INCIDENT, text), code,
                 "incidentId"),
                (name + " in a body", self.base("unit") + field(UNIT, field(UNIT_NOTE, text)),
                 code, "note"),
            ]
        self.assert_judged(rows)

    def test_topics(self):
        cases = ["62//71", "/62/71", "62/71/", "62/71/+", "62/71/#", "+", "62/71/a+b", "62/71/a#",
                 "$site/x", "/".join("6" * 17), "6" * 256, "/"]
        self.assert_judged([(topic[:20], self.base("topic") + field(TOPIC, topic.encode()),
                             "TOPIC_INVALID", "topic") for topic in cases])
        self.assert_judged([
            ("a foreign one", self.base("topic") + field(TOPIC, b"63/72/unit"), "RIGHTS", "topic"),
            ("a dollar within", self.base("topic") + field(TOPIC, b"62/71/$x"), "", ""),
            ("16 levels", self.base("topic") + field(TOPIC, b"62/71/" + b"/".join([b"a"] * 14)),
             "", ""),
            ("255 bytes", self.base("topic") + field(TOPIC, b"62/71/" + b"a" * 249), "", ""),
        ])

    def test_numbers_out_of_range(self):
        def when(seconds, nanos=0):
            return field(OCCURRED, field(1, seconds % 2**64) + field(2, nanos % 2**64))
        timeless, another = self.base("occurred_at"), self.base("occurred_at")
        self.assert_judged([
            ("priority 2^32+1", self.base() + field(PRIORITY, 2**32 + 1), "FIELD_INVALID",
             "priority"),
            ("priority 2^64-1", self.base() + field(PRIORITY, TOP), "FIELD_INVALID", "priority"),
            ("mode 2^32+1", self.base("mode") + field(MODE, 2**32 + 1), "MODE_INVALID", "mode"),
            ("mode -1", self.base("mode") + field(MODE, TOP), "MODE_INVALID", "mode"),
            ("the year 10000", timeless + when(253402300800), "FIELD_INVALID", "occurredAt"),
            ("the year 0", timeless + when(-62135596801), "FIELD_INVALID", "occurredAt"),
            ("nanos below 0", timeless + when(1, -1), "FIELD_INVALID", "occurredAt"),
            ("nanos of a second", timeless + when(1, 10**9), "FIELD_INVALID", "occurredAt"),
            ("the first moment", timeless + when(-62135596800), "", ""),
            ("the last one", another + when(253402300799, 999999999), "", ""),
        ])

    def test_sizes(self):
        def padded(total):
            event = self.base("unit")
            note = b"x" * (total - len(event) - 10)
            return event + field(UNIT, field(UNIT_NOTE, note))
        body = self.base("unit") + field(UNIT, field(UNIT_MILESTONES, b"") * 4100)
        self.assert_judged([
            ("the largest", padded(EVENT_BYTES), "", ""),
            ("one byte more", padded(EVENT_BYTES + 1), "TOO_LARGE", ""),
            ("too many fields", body, "TOO_MANY", "unit"),
        ])
        self.assertEqual(len(padded(EVENT_BYTES)), EVENT_BYTES)

    def test_what_it_is_sent_in(self):
        good = self.sent(self.base())
        cases = [
            ("number 0", self.sent(self.base(), number=0), "FIELD_REQUIRED", "number"),
            ("after = number", self.sent(self.base(), number=5, after=5), "FIELD_INVALID", "after"),
            ("after 2^64-1", self.sent(self.base(), number=5, after=TOP), "FIELD_INVALID", "after"),
            ("a producer of 15 bytes", self.sent(self.base(), producer=b"p" * 15),
             "FIELD_INVALID", "producer"),
            ("no producer", self.sent(self.base(), producer=b""), "FIELD_INVALID", "producer"),
            ("a signature", self.sent(self.base(), signature=b"s" * 64), "SIGNATURE_UNSUPPORTED",
             "signature"),
            ("a field of tomorrow", good + field(8, 1), "VERSION", ""),
            ("the number twice", good + field(NUMBER, 9), "DUPLICATE_FIELD", "number"),
            ("the event twice", good + field(EVENT, self.base()), "DUPLICATE_FIELD", "event"),
            ("no event", self.sent(b""), "FIELD_REQUIRED", "id"),
            ("a number as bytes", good[:0] + field(NUMBER, b"\1"), "MALFORMED", "number"),
            ("nanos below 0", self.sent_at(field(2, TOP)), "FIELD_INVALID", "sentAt"),
            ("nothing", b"", "FIELD_INVALID", "producer"),
            ("garbage", b"\xff" * 9, "MALFORMED", ""),
        ]
        for name, sent, *wanted in cases:
            with self.subTest(name):
                self.assertEqual(self.judged(sent), tuple(wanted))

    def sent_at(self, stamp):
        self.number += 1
        return field(EVENT, self.base()) + field(PRODUCER, self.lane.identity) \
            + field(NUMBER, self.number) + field(SENT_AT, stamp)

    def test_what_cannot_be_read_is_answered_as_far_as_it_can(self):
        receipts = self.publish_bytes(field(SENT, b"\xff"), field(SENT, self.sent(self.base())))
        self.assertEqual([(each.producer, each.number, each.refused.code) for each in receipts],
                         [(bytes(16), 0, "MALFORMED"), (self.lane.identity, self.number, "")])

    def test_the_highest_number(self):
        self.assertEqual(self.judged(self.sent(self.base(), number=TOP)), ("", ""))
        one = record_pb2.PublishItem(sent=record_pb2.Sent(
            event=self.base(), producer=self.lane.identity, number=TOP, after=TOP - 1))
        (receipt,) = self.sender.publish_items([one])
        self.assertEqual(receipt.number_reused.mark, TOP)
        self.client(producers=[self.lane])
        self.assertEqual(self.lane.mark, TOP)

    def test_items_and_batches(self):
        good = field(SENT, self.sent(self.base()))
        items = [
            ("a field of tomorrow", good + field(3, b""), "VERSION", ""),
            ("two events", good + good, "DUPLICATE_FIELD", "sent"),
            ("another wire type", field(SENT, 5), "MALFORMED", "sent"),
            ("an empty item", b"", "FIELD_INVALID", "producer"),
        ]
        for name, item, *wanted in items:
            with self.subTest(name):
                (receipt,) = self.publish_bytes(item)
                self.assertEqual([receipt.refused.code, receipt.refused.field], wanted)
        batches = [
            ("nothing", b"", "FIELD_REQUIRED", "items"),
            ("garbage", b"\xff" * 30, "MALFORMED", ""),
            ("another field", field(2, b""), "MALFORMED", "items"),
            ("another wire type", field(1, 1), "MALFORMED", "items"),
            ("garbage behind", field(1, good) + b"\xff", "MALFORMED", ""),
            ("too many items", field(1, b"") * (ITEMS + 1), "TOO_MANY", "items"),
            ("too many bytes", field(1, b"x" * BATCH_BYTES), "TOO_LARGE", "items"),
        ]
        for name, batch, code, path in batches:
            with self.subTest(name):
                request = self.sender.send(batch, publish=wire_pb2.Publish())
                self.refused(code, path, self.sender.wait, request, "receipts")
        self.assertEqual(self.judged(self.sent(self.base())), ("", ""))

    def test_personal(self):
        event, personal = sealed(self.sender, self.root + "/unit", PERSONS)
        salt, block = field(2, personal.salt), field(3, personal.block)
        cases = [
            ("a sequence", field(1, 5) + salt + block, "FIELD_INVALID", "personal"),
            ("erased", salt + block + field(4, b"x"), "FIELD_INVALID", "personal"),
            ("a short salt", field(2, b"s" * 15) + block, "FIELD_INVALID", "personal"),
            ("no salt", block, "FIELD_INVALID", "personal"),
            ("no block", salt, "FIELD_REQUIRED", "personal"),
            ("a field of tomorrow", salt + block + field(5, 1), "VERSION", ""),
            ("a salt twice", salt + salt + block, "DUPLICATE_FIELD", "salt"),
            ("a block of garbage", salt + field(3, b"\xff" * 9), "MALFORMED", ""),
            ("a NUL in it", salt + field(3, field(3, b"a\0b")), "NUL_IN_TEXT", "purpose"),
            ("too large", salt + field(3, field(3, b"x" * EVENT_BYTES)), "TOO_LARGE", "personal"),
        ]
        digest = kc.personal_digest(personal)
        for name, beside, *wanted in cases:
            with self.subTest(name):
                item = field(SENT, self.sent(event, personal_digest=digest))
                (receipt,) = self.publish_bytes(item + field(PERSONAL, beside))
                self.assertEqual([receipt.refused.code, receipt.refused.field], wanted)


if __name__ == "__main__":
    unittest.main()
