#!/usr/bin/python3
"""test_protocol.py - what proto/README.md promises of sessions and publishing, from the outside."""
# SPDX-License-Identifier: Apache-2.0
import time
import unittest

from rig import Case, Mode, PERSONS, kc, record_pb2, sealed, unit_event, wire_pb2
from kentongan.v1 import category_pb2, personal_pb2


def item(producer, number, after, event, **sent):
    """A PublishItem as it is, right or wrong."""
    sent = record_pb2.Sent(event=event, producer=producer.identity, number=number, after=after,
                           **sent)
    sent.sent_at.GetCurrentTime()
    return record_pb2.PublishItem(sent=sent)


class Sessions(Case):
    agencies = {"damkar": {"publish": ["62/71/#"], "subscribe": ["62/71/#"]}}

    def test_welcome_says_who_and_where(self):
        welcome = self.client().welcome
        self.assertEqual((welcome.version, welcome.agency, welcome.site),
                         (1, "damkar", "Kota Uji"))
        self.assertEqual(len(welcome.log.uuid), 16)
        self.assertEqual(welcome.log.incarnation, 1)
        self.assertEqual(welcome.limits, wire_pb2.Limits(
            event_bytes=65536, batch_bytes=1048576, window_events=512, follows=1000, filters=64))
        self.assertEqual(welcome.heartbeat_ms, 5000)
        self.assertLess(abs(welcome.now.ToSeconds() - time.time()), 2)

    def test_a_version_in_common_is_taken(self):
        self.assertEqual(self.client(versions=(1, 7)).welcome.version, 1)
        refused = self.refused("VERSION", None, self.client, versions=(2, 7))
        self.assertEqual(refused.error.ours, 1)

    def test_a_refused_second_hello_ends_the_session(self):
        client = self.client()
        self.refused("VERSION", None, client.hello, (), (5, 5))
        self.refused("NO_SESSION", None, client.ping)

    def test_versions_count_from_one(self):
        self.refused("FIELD_INVALID", "hello.versionMax", self.client, versions=(0, 1))
        self.refused("FIELD_INVALID", "hello.versionMax", self.client, versions=(2, 1))

    def test_nothing_goes_before_hello(self):
        connection = kc.Connection(self.site.profiles["damkar"])
        self.addCleanup(connection.close)
        ping = wire_pb2.ToBroker(request=5, ping=wire_pb2.Ping())
        connection.send_frames([ping.SerializeToString()])
        (answer,) = connection.receive_frames(5)
        answer = wire_pb2.FromBroker.FromString(answer)
        self.assertEqual((answer.request, answer.error.refusal.code), (5, "NO_SESSION"))

    def test_ping_tells_the_head(self):
        client, _ = self.publisher()
        (seq,) = self.publish(client, "a")
        self.assertEqual(client.ping(), seq)

    def test_bye_ends_the_session(self):
        client = self.client()
        client.send(bye=wire_pb2.Bye())
        self.refused("NO_SESSION", None, client.ping)

    def test_hello_again_begins_anew(self):
        client, producer = self.publisher()
        follow = client.follow([self.root + "/#"])
        client.hello([producer], (1, 1))
        self.refused("FOLLOW_UNKNOWN", None, follow.ack, 1)
        self.publish(client, "a")

    def test_producers_of_a_session_are_bounded(self):
        self.refused("TOO_MANY", "hello.producers", self.client,
                     producers=[kc.Producer() for _ in range(9)])
        self.client(producers=[kc.Producer() for _ in range(8)])
        self.refused("FIELD_INVALID", "hello.producers", self.client,
                     producers=[kc.Producer(b"short")])

    def test_a_restarted_broker_knows_no_session(self):
        client, producer = self.publisher()
        self.publish(client, "a", "b")
        self.site.restart()
        self.refused("NO_SESSION", None, client.ping)
        again = self.client(producers=[producer])
        self.assertEqual(producer.mark, 2)
        self.assertEqual(again.welcome.log, client.welcome.log)

    def test_a_draining_broker_says_bye(self):
        client = self.client()
        try:
            self.site.broker.terminate()
            with self.assertRaisesRegex(kc.Lost, "drains"):
                for _ in range(50):
                    client.step(0.1)
            self.assertEqual(self.site.broker.wait(10), 0)
        finally:
            self.site.kill()
            self.site.start()


class Limits(Case):
    """A site with narrow limits: what is beyond them is answered with a code, and is not lost."""

    agencies = {name: {"publish": ["62/71/#"], "subscribe": ["62/71/#"]}
                for name in ("damkar", "dinkes", "polisi", "bpbd")}
    settings = {"heartbeat_ms": 300}
    limits = {"silence_ms": 1000, "window_events": 16, "pending_events": 32, "sessions_agency": 4,
              "follows_session": 2, "cursors_agency": 2, "producers_agency": 3,
              "event_bytes": 1024, "batch_bytes": 69632}

    def test_silence_ends_a_session_and_a_heartbeat_keeps_it(self):
        silent, alive = self.client("bpbd"), self.client("bpbd")
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            alive.step(0.1)
        alive.ping()
        self.refused("NO_SESSION", None, silent.ping)

    def test_busy_is_waited_out_in_order(self):
        """The broker takes 16 at a time; the client sends 48, whatever it was told of a window."""
        client, producer = self.publisher()
        pendings = [producer.add(unit_event(self.root + "/x").SerializeToString())
                    for _ in range(48)]
        items = [pending.item for pending in pendings]
        for number, one in enumerate(items, 1):
            one.sent.after = number - 1
        outcomes = [receipt.WhichOneof("outcome") + receipt.refused.code
                    for batch in range(0, 48, 12)
                    for receipt in client.publish_items(items[batch:batch + 12])]
        self.assertEqual(set(outcomes), {"stored"})
        burst = [item(producer, 49 + index, 48 + index, self.bytes()) for index in range(20)]
        outcomes = client.publish_items(burst)
        busy = [receipt for receipt in outcomes if receipt.HasField("refused")]
        self.assertEqual([each.stored.seq > 0 for each in outcomes], [True] * 16 + [False] * 4)
        self.assertEqual({each.refused.code for each in busy}, {"BUSY"})
        self.assertTrue(all(each.refused.retryable and each.refused.retry_after_ms for each in busy))
        again = client.publish_items(burst[16:])
        self.assertTrue(all(each.stored.seq and not each.stored.duplicate for each in again))

    def bytes(self):
        return unit_event(self.root + "/x").SerializeToString()

    def test_the_client_keeps_to_what_welcome_says(self):
        client, producer = self.publisher()
        self.assertEqual(client.welcome.limits, wire_pb2.Limits(
            event_bytes=1024, batch_bytes=69632, window_events=16, follows=2, filters=64))
        pendings = [producer.add(self.bytes()) for _ in range(100)]
        producer.flush(client)
        seqs = [pending.outcome.seq for pending in pendings]
        self.assertEqual(seqs, list(range(seqs[0], seqs[0] + 100)))

    def test_sizes(self):
        client, producer = self.publisher()
        large = unit_event(self.root + "/x")
        large.unit.note = "x" * 1000
        one = item(producer, 1, 0, large.SerializeToString())
        self.assertEqual(client.publish_items([one])[0].refused.code, "TOO_LARGE")
        large.unit.note = "x" * 700
        many = [item(producer, 1 + index, index, large.SerializeToString()) for index in range(86)]
        batch = record_pb2.PublishBatch(items=many).SerializeToString()
        self.assertTrue(69632 < len(batch) < 69632 + 4096, len(batch))
        self.refused("TOO_LARGE", "items", client.publish_items, many)
        client.ping()
        self.refused("NO_SESSION", None, client.publish_items, many + many)  # cut by its frame

    def test_sessions_of_an_agency(self):
        """One too many waits in the handshake until another one ends."""
        clients = [self.client("polisi") for _ in range(4)]
        fifth = kc.Connection(self.site.profiles["polisi"])
        self.addCleanup(fifth.close)
        with self.assertRaises(TimeoutError):
            fifth.send_frames([b"x"], wait_s=0.3)
        clients[0].send(bye=wire_pb2.Bye())
        clients[0].close(linger_ms=500)
        fifth.send_frames([b"x"], wait_s=5)

    def test_follows_and_cursors(self):
        client = self.client()
        follows = [client.follow(["62/71/#"]) for _ in range(2)]
        self.refused("FOLLOW_LIMIT", None, client.follow, ["62/71/#"])
        for name, follow in zip("ab", follows):
            follow.unfollow()
            client.follow(["62/71/#"], cursor=name).unfollow()
        self.refused("CURSOR_LIMIT", "cursor", client.follow, ["62/71/#"], cursor="c")

    def test_producers_of_an_agency(self):
        receipts = []
        for _ in range(4):
            client, producer = self.publisher("dinkes")
            receipts += client.publish_items([item(producer, 1, 0, self.bytes())])
            client.close()
        self.assertEqual(receipts[-1].refused.code, "PRODUCER_LIMIT")
        self.assertTrue(receipts[-1].refused.retryable)


class Publishing(Case):
    agencies = {"damkar": {"publish": ["62/71/#"], "subscribe": ["62/71/#"],
                           "replay": ["62/71/#"]},
                "dinkes": {"publish": ["62/71/#"], "subscribe": ["62/71/#"]}}

    def setUp(self):
        super().setUp()
        self.sender, self.producer = self.publisher()

    def event(self, topic="unit", **fields):
        return unit_event(f"{self.root}/{topic}", **fields).SerializeToString()

    def receipt(self, *numbers, event=None, client=None, **sent):
        """The receipt of one event under `numbers`: number, after."""
        one = item(self.producer, *numbers, self.event() if event is None else event, **sent)
        return (client or self.sender).publish_items([one])[0]

    def assert_mark(self, receipt, outcome, mark):
        self.assertEqual(receipt.WhichOneof("outcome"), outcome, receipt)
        self.assertEqual(getattr(receipt, outcome).mark, mark)

    def assert_refused(self, receipt, code, field):
        self.assertEqual(receipt.WhichOneof("outcome"), "refused", receipt)
        self.assertEqual((receipt.refused.code, receipt.refused.field), (code, field))
        self.assertFalse(receipt.refused.retryable)
        self.assertTrue(receipt.refused.reason)

    def test_stored_under_the_next_sequence(self):
        first, second, third = self.publish(self.sender, "a", "b", "c")
        self.assertEqual([second - first, third - second], [1, 1])
        self.assertEqual(self.sender.ping(), third)

    def test_a_resend_is_a_duplicate_with_its_first_sequence(self):
        event = self.event()
        stored = self.receipt(1, 0, event=event).stored
        self.assertFalse(stored.duplicate)
        for _ in range(3):
            again = self.receipt(1, 0, event=event).stored
            self.assertEqual((again.seq, again.duplicate), (stored.seq, True))

    def test_a_resend_in_the_same_publish(self):
        event = self.event()
        batch = record_pb2.PublishBatch(items=[item(self.producer, 1, 0, event)] * 2)
        request = self.sender.send(batch.SerializeToString(), publish=wire_pb2.Publish())
        receipts = []
        while len(receipts) < 2:
            receipts += self.sender.wait(request, "receipts")[0].receipts
        self.assertEqual([each.stored.duplicate for each in receipts], [False, True])
        self.assertEqual(receipts[0].stored.seq, receipts[1].stored.seq)

    def test_an_id_of_another_producer_is_a_duplicate(self):
        event = self.event()
        stored = self.receipt(1, 0, event=event).stored
        other, lane = self.publisher()
        again = other.publish_items([item(lane, 1, 0, event)])[0].stored
        self.assertEqual((again.seq, again.duplicate), (stored.seq, True))
        following = other.publish_items([item(lane, 2, 1, self.event())])[0]
        self.assertFalse(following.stored.duplicate, "the duplicate counts for `after`")

    def test_an_id_is_its_agencys_own(self):
        event = self.event()
        stored = self.receipt(1, 0, event=event).stored
        other, lane = self.publisher("dinkes")
        theirs = other.publish_items([item(lane, 1, 0, event)])[0].stored
        self.assertFalse(theirs.duplicate)
        self.assertNotEqual(theirs.seq, stored.seq)

    def test_an_id_with_other_bytes_is_a_conflict(self):
        event = unit_event(self.root + "/unit")
        self.receipt(1, 0, event=event.SerializeToString())
        event.unit.note = "lain"
        self.assert_refused(self.receipt(2, 1, event=event.SerializeToString()), "CONFLICT", "id")
        self.assertTrue(self.receipt(3, 1).HasField("stored"), "2 is spent and does not count")

    def test_a_gap_names_the_mark(self):
        self.assert_mark(self.receipt(2, 1), "gap", 0)
        self.assertTrue(self.receipt(2, 0).HasField("stored"))
        self.assert_mark(self.receipt(9, 8), "gap", 2)
        self.assert_mark(self.receipt(9, 0), "gap", 2)

    def test_a_number_is_not_used_twice(self):
        self.receipt(1, 0)
        self.receipt(2, 1)
        self.assert_mark(self.receipt(1, 0), "number_reused", 2)
        self.assert_mark(self.receipt(2, 1), "number_reused", 2)

    def test_a_number_below_the_mark_is_not_stored(self):
        self.receipt(7, 0)
        self.assert_mark(self.receipt(3, 0), "number_skipped", 7)

    def test_the_pages_example_of_a_refused_number(self):
        event = self.event()
        foreign = unit_event("63/72/unit").SerializeToString()
        numbers = [item(self.producer, 1, 0, event), item(self.producer, 2, 1, foreign),
                   item(self.producer, 3, 2, self.event())]
        stored, refused, gap = self.sender.publish_items(numbers)
        self.assertTrue(stored.HasField("stored"))
        self.assert_refused(refused, "RIGHTS", "topic")
        self.assert_mark(gap, "gap", 1)
        self.assertTrue(self.receipt(3, 1).HasField("stored"))

    def test_the_client_goes_on_after_refusals(self):
        topics = [f"{self.root}/a", "63/72/b", f"{self.root}/c", "63/72/d", f"{self.root}/e"]
        pendings = [self.producer.add(unit_event(topic).SerializeToString()) for topic in topics]
        self.producer.flush(self.sender)
        outcomes = [pending.outcome for pending in pendings]
        self.assertEqual([isinstance(each, wire_pb2.Stored) for each in outcomes],
                         [True, False, True, False, True])
        self.assertEqual([outcomes[2].seq - outcomes[0].seq, outcomes[4].seq - outcomes[2].seq],
                         [1, 1])

    def test_an_old_copy_of_a_queue_gives_new_numbers(self):
        self.publish(self.sender, "a", "b", "c")
        copy = kc.Producer(self.producer.identity)
        pendings = [copy.add(self.event()) for _ in range(2)]  # numbers 1 and 2, once more
        client = self.client(producers=[copy])
        copy.flush(client)
        self.assertFalse(any(pending.outcome.duplicate for pending in pendings))
        self.assertEqual(copy.mark, 5)

    def test_what_was_unanswered_is_stored_once_after_a_kill(self):
        pendings = [self.producer.add(self.event()) for _ in range(40)]
        batch = record_pb2.PublishBatch(items=next(self.producer.batches(
            self.sender.welcome.limits))).SerializeToString()
        self.sender.send(batch, publish=wire_pb2.Publish())
        time.sleep(0.01)
        self.site.restart()
        client = self.client(producers=[self.producer])
        self.producer.flush(client)
        seqs = [pending.outcome.seq for pending in pendings]
        self.assertEqual(seqs, list(range(seqs[0], seqs[0] + 40)))
        self.assertEqual(client.ping(), seqs[-1])

    def test_a_newer_session_fences_the_older(self):
        self.receipt(1, 0)
        newer = self.client(producers=[self.producer])
        receipt = self.receipt(2, 1)
        self.assertEqual((receipt.refused.code, receipt.refused.field), ("FENCED", "producer"))
        self.assertTrue(receipt.refused.retryable, "the event is the newer session's to send")
        self.assertTrue(self.receipt(2, 1, client=newer).HasField("stored"))

    def test_a_producer_is_named_in_hello(self):
        receipt = self.sender.publish_items([item(kc.Producer(), 1, 0, self.event())])[0]
        self.assertEqual(receipt.refused.code, "FENCED")

    def test_a_producer_is_its_agencys_own(self):
        self.receipt(1, 0)
        theirs = kc.Producer(self.producer.identity)
        other = self.client("dinkes", producers=[theirs])
        self.assertEqual(theirs.mark, 0)
        self.assertTrue(other.publish_items([item(theirs, 1, 0, self.event())])[0].stored.seq)
        self.assertTrue(self.receipt(2, 1).HasField("stored"))

    def test_many_in_one_publish_and_many_publishes_at_once(self):
        pendings = [self.producer.add(self.event()) for _ in range(1000)]
        self.producer.flush(self.sender)
        seqs = [pending.outcome.seq for pending in pendings]
        self.assertEqual(seqs, list(range(seqs[0], seqs[0] + 1000)))

    def test_the_least_event_of_the_incident_family(self):
        event = unit_event(self.root + "/fire", incident_id="PKY-2025-0001")
        event.ClearField("unit")
        event.report.category = category_pb2.Category.FIRE_STRUCTURE
        event.report.summary = "Rumah terbakar di Jl. Tilung"
        self.assertTrue(self.receipt(1, 0, event=event.SerializeToString()).HasField("stored"))
        event.id, event.incident_id = kc.event_id(), ""
        self.assert_refused(self.receipt(2, 1, event=event.SerializeToString()),
                            "FIELD_REQUIRED", "incidentId")

    def test_personal_travels_beside_and_is_bound(self):
        event, personal = sealed(self.sender, self.root + "/unit", PERSONS)
        pending = self.producer.add(event, personal)
        self.producer.flush(self.sender)
        stored = pending.outcome
        self.assertFalse(stored.duplicate)
        identity = kc.event_pb2.Event.FromString(event).id
        again = kc.personal_of(self.sender.profile, identity, personal.block)
        self.assertEqual(again.salt, personal.salt, "the salt is the same in a resend")
        pending = self.producer.add(event, again)
        self.producer.flush(self.sender)
        self.assertEqual((pending.outcome.seq, pending.outcome.duplicate), (stored.seq, True))

    def test_a_digest_that_does_not_fit(self):
        event, personal = sealed(self.sender, self.root + "/unit", PERSONS)
        digest = kc.personal_digest(personal)
        cases = [
            ("a digest of another block", digest[::-1], personal, "personal"),
            ("a digest without a block", digest, None, "personalDigest"),
            ("a block without a digest", b"", personal, "personalDigest"),
            ("a digest of another length", digest[:31], personal, "personalDigest"),
        ]
        for number, (name, bound, beside, field) in enumerate(cases, 1):
            with self.subTest(name):
                one = item(self.producer, number, 0, event, personal_digest=bound)
                if beside is not None:
                    one.personal.CopyFrom(beside)
                self.assert_refused(self.sender.publish_items([one])[0], "PERSONAL_DIGEST", field)

    def test_each_refusal_has_its_code_and_field(self):
        too_long = "i" * 65
        cases = [
            ("no right to the topic", {"topic": "63/72/unit"}, "RIGHTS", "topic"),
            ("the broker's own topics", {"topic": "$site/presence"}, "TOPIC_INVALID", "topic"),
            ("the broker's own mode", {"mode": Mode.SYSTEM}, "RIGHTS", "mode"),
            ("another agency as source", {"source": "polisi"}, "SOURCE_MISMATCH", "source"),
            ("a source too long", {"source": "s" * 65}, "FIELD_TOO_LONG", "source"),
            ("no id", {"id": ""}, "FIELD_REQUIRED", "id"),
            ("an id in capitals", {"id": kc.event_id().upper()}, "FIELD_INVALID", "id"),
            ("no topic", {"topic": ""}, "FIELD_REQUIRED", "topic"),
            ("no mode", {"mode": Mode.UNSPECIFIED}, "MODE_INVALID", "mode"),
            ("a mode of tomorrow", {"mode": 5}, "MODE_INVALID", "mode"),
            ("a priority over ten", {"priority": 11}, "FIELD_INVALID", "priority"),
            ("a confidentiality of tomorrow", {"confidentiality": 6}, "VERSION",
             "confidentiality"),
            ("an offset over 18 hours", {"utc_offset_minutes": 1081}, "FIELD_INVALID",
             "utcOffsetMinutes"),
            ("an incident id too long", {"incident_id": too_long}, "FIELD_TOO_LONG",
             "incidentId"),
            ("persons inside", {"personal": personal_pb2.PersonalBlock(**PERSONS)},
             "PERSONAL_INLINE", "personal"),
        ]
        for number, (name, fields, code, field) in enumerate(cases, 1):
            with self.subTest(name):
                event = unit_event(fields.pop("topic", self.root + "/unit"), **fields)
                receipt = self.receipt(number, 0, event=event.SerializeToString())
                self.assert_refused(receipt, code, field)
        for name, clear, code, field in (("no time", "occurred_at", "FIELD_REQUIRED", "occurredAt"),
                                         ("no body", "unit", "BODY_REQUIRED", "")):
            with self.subTest(name):
                event = unit_event(self.root + "/unit")
                event.ClearField(clear)
                receipt = self.receipt(number, 0, event=event.SerializeToString())
                self.assert_refused(receipt, code, field)
        event = unit_event(self.root + "/unit")
        event.unit.unit_id = too_long
        self.assert_refused(self.receipt(99, 0, event=event.SerializeToString()),
                            "FIELD_TOO_LONG", "unitId")
        self.assertTrue(self.receipt(100, 0).HasField("stored"), "no refusal moved the mark")

    def test_a_known_source_may_be_named(self):
        event = self.event(source="damkar")
        self.assertTrue(self.receipt(1, 0, event=event).HasField("stored"))


if __name__ == "__main__":
    unittest.main()
