#!/usr/bin/python3
"""test_protocol.py - what proto/README.md promises, from the outside: a stock client in Python."""
# SPDX-License-Identifier: Apache-2.0
import time
import unittest
import uuid

from rig import Case, Mode, kc, record_pb2, sealed, unit_event, wire_pb2
from kentongan.v1 import category_pb2, personal_pb2

START = wire_pb2.From(start=True)
FIRE = category_pb2.Category.FIRE_STRUCTURE
PERSONS = {"purpose": "menolong", "legal_basis": personal_pb2.LegalBasis.VITAL_INTEREST}


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
        report = {"report": None, "incident_id": "PKY-2025-0001"}
        del report["report"]
        event = unit_event(self.root + "/fire", **report)
        event.ClearField("unit")
        event.report.category = FIRE
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
        again = kc.personal_of(self.sender.profile, str(uuid.UUID(unit_id(event))), personal.block)
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


def unit_id(event):
    return kc.event_pb2.Event.FromString(event).id


class Following(Case):
    agencies = {"damkar": {"publish": ["62/71/#"], "subscribe": ["62/71/#"],
                           "replay": ["62/71/#"], "personal": ["62/71/#"]},
                "bpbd": {"subscribe": ["62/71/#"], "replay": ["62/71/#"]},
                "dinkes": {"publish": ["62/71/#"],
                           "subscribe": ["62/71/+/sehat/#", "62/71/+/x"]}}

    def setUp(self):
        super().setUp()
        self.sender, self.producer = self.publisher()
        self.reader = self.client("bpbd")

    def follow(self, start=None, client=None, filters=None, **selection):
        return (client or self.reader).follow(filters or [self.root + "/#"], start, **selection)

    def test_from_now(self):
        self.publish(self.sender, "before")
        for start in (None, wire_pb2.From(now=True)):
            follow = self.follow(start)
            self.assertEqual(follow.following.first, follow.following.head + 1)
            seqs = self.publish(self.sender, "a", "b")
            events = self.assert_takes(follow, seqs)
            self.assertEqual([event.replay for event in events], [False, False])
            follow.unfollow()

    def test_from_every_place_in_the_past(self):
        seqs = self.publish(self.sender, *"abcde")
        time.sleep(0.01)
        late = self.publish(self.sender, "f")
        after = wire_pb2.From()
        after.time.CopyFrom(self.sender.get(late[0]).record.stamp.recorded_at)
        cases = [
            ("the start", START, seqs + late),
            ("a sequence", wire_pb2.From(seq=seqs[3]), seqs[3:] + late),
            ("the head, to come", wire_pb2.From(seq=late[0] + 1), []),
            ("the last two", wire_pb2.From(last=2), seqs[4:] + late),
            ("more than there are", wire_pb2.From(last=1000), seqs + late),
            ("a time", after, late),
            ("an age", wire_pb2.From(age_ms=60000), seqs + late),
        ]
        for name, start, wanted in cases:
            with self.subTest(name):
                follow = self.follow(start)
                events = self.assert_takes(follow, wanted, quiet_s=0.05)
                self.assertTrue(all(event.replay for event in events))
                self.assertEqual(follow.following.origin, late[0])
                follow.unfollow()

    def test_past_and_live_without_a_seam(self):
        seqs = self.publish(self.sender, *"abc")
        follow = self.follow(START)
        seqs += self.publish(self.sender, *"def")
        events = self.assert_takes(follow, seqs)
        self.assertEqual([event.replay for event in events], [True] * 3 + [False] * 3)

    def test_a_place_that_is_none(self):
        head = self.reader.ping()
        for name, start in (("0", wire_pb2.From(seq=0)), ("nothing", wire_pb2.From()),
                            ("no last", wire_pb2.From(last=0)),
                            ("not the start", wire_pb2.From(start=False)),
                            ("beyond the head", wire_pb2.From(seq=head + 2))):
            with self.subTest(name):
                self.refused("FROM_INVALID", None, self.follow, start)

    def test_modes(self):
        modes = (Mode.ACTUAL, Mode.EXERCISE, Mode.TEST)
        wanted = {mode: self.publish(self.sender, "a", mode=mode) for mode in modes}
        plain = self.follow(START)
        drill = self.follow(START, modes=[Mode.EXERCISE])
        both = self.follow(START, modes=[Mode.TEST, Mode.ACTUAL])
        self.assert_takes(plain, wanted[Mode.ACTUAL])
        self.assert_takes(drill, wanted[Mode.EXERCISE])
        self.assert_takes(both, wanted[Mode.ACTUAL] + wanted[Mode.TEST])
        for mode in modes:
            more = self.publish(self.sender, "b", mode=mode)
            for follow, its in ((plain, (Mode.ACTUAL,)), (drill, (Mode.EXERCISE,)),
                                (both, (Mode.TEST, Mode.ACTUAL))):
                self.assert_takes(follow, more if mode in its else [], quiet_s=0.05)
        self.refused("MODE_INVALID", "follow.modes", self.follow, modes=[5])

    def test_filters(self):
        topics = ["api/a", "api/b/c", "banjir/a", "x"]
        seqs = dict(zip(topics, self.publish(self.sender, *topics)))
        for filters, wanted in ((["/#"], topics), (["/+/a"], ["api/a", "banjir/a"]),
                                (["/api/#"], ["api/a", "api/b/c"]), (["/x"], ["x"]),
                                (["/+"], ["x"]), (["/x", "/#"], topics), (["/x/#"], ["x"])):
            with self.subTest(filters):
                follow = self.follow(START, filters=[self.root + each for each in filters])
                self.assert_takes(follow, [seqs[topic] for topic in wanted], quiet_s=0.05)
                follow.unfollow()
        for wrong in ("", "62//71", "62/#/71", "62/a+", "a/b#", "/".join("a" * 17), "a" * 256):
            with self.subTest(wrong[:20]):
                self.refused("FILTER_INVALID", "follow.filters", self.follow, filters=[wrong])
        self.refused("FIELD_REQUIRED", "follow.filters", self.reader.follow, [])
        self.refused("TOO_MANY", "follow.filters", self.follow, filters=["62/71/a"] * 65)

    def test_filters_are_narrowed_to_the_rights(self):
        reader = self.client("dinkes")
        follow = reader.follow(["62/71/#"])
        self.assertTrue(follow.following.narrowed)
        self.assertEqual(sorted(follow.following.filters), ["62/71/+/sehat/#", "62/71/+/x"])
        seqs = self.publish(self.sender, "sehat/a", "api/a", "x", "sehat")
        self.assert_takes(follow, [seqs[0], seqs[2], seqs[3]])
        inside = reader.follow([self.root + "/sehat/#"])
        self.assertFalse(inside.following.narrowed)
        self.refused("RIGHTS", "filters", reader.follow, [self.root + "/api/#"])
        self.refused("RIGHTS", "filters", reader.follow, ["$site/#"])

    def test_selections(self):
        def publish(**fields):
            return self.publish(self.sender, "a", **fields)
        unit = publish(priority=3)
        custom = kc.event_pb2.Custom(category=FIRE, type="uji/1")
        fire = publish(custom=custom, incident_id="PKY-1", priority=8)
        other = publish(custom=kc.event_pb2.Custom(type="uji/1"), incident_id="PKY-2")
        for selection, wanted in (({"kinds": ["unit"]}, unit), ({"kinds": ["custom"]}, fire + other),
                                  ({"categories": [FIRE]}, fire), ({"min_priority": 4}, fire),
                                  ({"incidents": ["PKY-2"]}, other),
                                  ({"kinds": ["unit", "custom"], "incidents": ["PKY-1"]}, fire)):
            with self.subTest(selection):
                follow = self.follow(START, **selection)
                self.assert_takes(follow, wanted, quiet_s=0.05)
                follow.unfollow()
        self.refused("ENUM_INVALID", "follow.kinds", self.follow, kinds=["nothing"])
        self.refused("ENUM_INVALID", "follow.categories", self.follow, categories=[60000])
        self.refused("FIELD_INVALID", "follow.minPriority", self.follow, min_priority=11)
        self.refused("TOO_MANY", "follow.incidents", self.follow, incidents=["i"] * 17)

    def test_credit_of_events(self):
        seqs = self.publish(self.sender, *"abcdef")
        follow = self.follow(START, credit_events=2)
        self.assert_untouched(follow, seqs[:2])
        follow.credit(3, 0)
        self.assert_untouched(follow, seqs[2:5])
        seqs += self.publish(self.sender, "g")
        self.assert_untouched(follow, [])
        follow.credit(10, 0)
        self.assert_untouched(follow, seqs[5:])

    def assert_untouched(self, follow, seqs):
        """As assert_takes(), but grants nothing."""
        taken = [follow.take(5, grant=False) for _ in seqs]
        self.assertEqual([event and event.seq for event in taken], seqs)
        self.assertIsNone(follow.take(0.15, grant=False))

    def test_credit_of_bytes(self):
        seqs = self.publish(self.sender, *"abcdef")
        follow = self.follow(START, credit_bytes=1)
        self.assert_untouched(follow, seqs[:1])
        follow.credit(0, 1)
        self.assert_untouched(follow, [])  # what the first one cost is not paid yet
        follow.credit(0, 100000)
        self.assert_untouched(follow, seqs[1:])

    def test_without_credit_nothing_comes(self):
        seqs = self.publish(self.sender, *"ab")
        follow = self.follow(START, credit_events=0)
        self.assert_untouched(follow, [])
        follow.credit(5, 0)
        self.assert_untouched(follow, seqs)

    def test_bookmarks_cover_what_was_not_for_the_follow(self):
        follow = self.follow(filters=[self.root + "/none"])
        (seq,) = self.publish(self.sender, "a")
        deadline = time.monotonic() + 5
        while follow.next <= seq and time.monotonic() < deadline:
            self.assertIsNone(follow.take(0.1))
        self.assertEqual(follow.next, seq + 1)

    def test_follows_of_one_session_are_told_apart(self):
        follows = [self.follow(filters=[f"{self.root}/{name}"]) for name in "abc"]
        seqs = self.publish(self.sender, *"abc")
        for follow, seq in zip(follows, seqs):
            self.assert_takes(follow, [seq], quiet_s=0.05)
        again = wire_pb2.Follow(follow=follows[0].name, filters=["62/71/#"])
        self.refused("FIELD_INVALID", None, self.reader.call, "following", follow=again)
        zero = wire_pb2.Follow(filters=["62/71/#"])
        self.refused("FIELD_REQUIRED", "follow.follow", self.reader.call, "following", follow=zero)

    def test_unfollow(self):
        follow = self.follow()
        follow.unfollow()
        self.reader.ping()
        self.publish(self.sender, "a")
        self.assertIsNone(follow.take(0.2))
        self.refused("FOLLOW_UNKNOWN", "follow", follow.ack, 1)

    def test_until_end_and_through(self):
        seqs = self.publish(self.sender, *"abcde")
        for name, selection, wanted in (("until_end", {"until_end": True}, seqs),
                                        ("through", {"through": seqs[1]}, seqs[:2])):
            with self.subTest(name):
                follow = self.follow(START, **selection)
                self.assertEqual(follow.following.through, wanted[-1])
                self.assert_takes(follow, wanted)
                self.assertEqual(follow.ended.refusal.code, "END")
                self.assertEqual(follow.next, wanted[-1] + 1)
        stamp = self.sender.get(seqs[-1]).record.stamp.recorded_at
        timed = self.follow(START, through_time=stamp)
        self.assert_takes(timed, seqs)
        self.assertIsNone(timed.ended, "another one of that time could come")
        time.sleep(0.01)
        self.publish(self.sender, "later")
        self.assertEqual((self.take_all(timed), timed.ended.refusal.code), ([], "END"))
        follow = self.follow(wire_pb2.From(now=True), until_end=True)
        self.assertEqual((self.take_all(follow), follow.ended.refusal.code), ([], "END"))
        ahead = self.follow(through=seqs[-1] + 3)
        more = self.publish(self.sender, *"fgh")
        self.assert_takes(ahead, more[:2])
        self.assertEqual(ahead.ended.refusal.code, "END")

    def take_all(self, follow):
        seqs = []
        while (event := follow.take()) is not None:
            seqs.append(event.seq)
        self.assertIsNotNone(follow.ended)
        return seqs

    def test_replay(self):
        seqs = self.publish(self.sender, *"abc")
        follow = self.follow(replay=True)
        events = self.assert_takes(follow, seqs)
        self.assertTrue(all(event.replay for event in events))
        self.assertEqual(follow.ended.refusal.code, "END")
        follow = self.follow(wire_pb2.From(seq=seqs[1]), replay=True, through=seqs[1])
        self.assert_takes(follow, seqs[1:2])
        self.refused("FROM_INVALID", "through", self.follow, replay=True, through=seqs[2] + 1)
        self.refused("CURSOR_INVALID", "cursor", self.follow, replay=True, cursor="c")

    def test_get(self):
        (seq,) = self.publish(self.sender, "a", priority=5)
        (drill,) = self.publish(self.sender, "a", mode=Mode.EXERCISE)
        got = self.reader.get(seq)
        self.assertEqual((got.seq, got.event.topic, got.event.priority),
                         (seq, self.root + "/a", 5))
        self.assertEqual(got.record.stamp.agency, "damkar")
        self.assertEqual(self.reader.get(drill, modes=[Mode.EXERCISE]).seq, drill)
        self.refused("NOT_FOUND", "seq", self.reader.get, drill)
        self.refused("NOT_FOUND", "seq", self.reader.get, drill + 1)
        self.refused("FIELD_REQUIRED", "query.seq", self.reader.get, 0)

    def test_the_record_is_what_was_sent(self):
        follow = self.follow()
        event, _ = sealed(self.sender, self.root + "/a")
        pending = self.producer.add(event)
        self.producer.flush(self.sender)
        (got,) = self.assert_takes(follow, [pending.outcome.seq])
        self.assertEqual(got.record.sent, pending.item.sent)
        self.assertEqual(len(got.record.stamp.key_id), 8)

    def test_personal_only_with_the_right(self):
        mine, theirs = self.follow(client=self.sender), self.follow()
        seqs = self.publish(self.sender, "a", personal=PERSONS) + self.publish(self.sender, "b")
        seen = self.assert_takes(mine, seqs)
        withheld = self.assert_takes(theirs, seqs)
        block = personal_pb2.PersonalBlock.FromString(seen[0].personal.block)
        self.assertEqual(block, personal_pb2.PersonalBlock(**PERSONS))
        self.assertEqual([event.personal for event in seen[1:] + withheld], [None] * 3)
        self.assertEqual(seen[0].record, withheld[0].record, "the record is unchanged")
        self.assertIsNotNone(self.sender.get(seqs[0]).personal)
        self.assertIsNone(self.reader.get(seqs[0]).personal)

    def test_cursor_goes_on_after_its_last_ack(self):
        follow = self.follow(cursor="desk")
        self.assertTrue(follow.following.created)
        seqs = self.publish(self.sender, *"abcd")
        self.assert_takes(follow, seqs)
        self.assertEqual(follow.ack(seqs[1]).through, seqs[1])
        follow.unfollow()
        seqs += self.publish(self.sender, "e")
        again = self.follow(cursor="desk")
        self.assertFalse(again.following.created)
        self.assertEqual(again.following.first, seqs[1] + 1)
        events = self.assert_takes(again, seqs[2:])
        self.assertFalse(any(event.replay for event in events), "they are late, not replay")

    def test_cursor_across_kill_and_restart(self):
        follow = self.follow(START, cursor="malam")
        seqs = self.publish(self.sender, *"abcdef")
        self.assert_takes(follow, seqs)
        follow.ack(seqs[2])
        follow.ack(seqs[3])
        self.site.restart()
        self.sender = self.client(producers=[self.producer])
        self.producers[self.sender] = self.producer
        follow.bind(self.client("bpbd"))
        self.assertEqual(follow.following.first, seqs[3] + 1)
        seqs += self.publish(self.sender, "g")
        self.assert_takes(follow, seqs[4:])

    def test_ack_is_only_of_what_was_covered(self):
        follow = self.follow(cursor="ack")
        (seq,) = self.publish(self.sender, "a")
        self.assert_takes(follow, [seq])
        self.refused("FIELD_INVALID", "through", follow.ack, follow.next + 5)
        follow.ack(seq)
        follow.ack(1)
        follow.unfollow()
        again = self.follow(cursor="ack")
        self.assertEqual(again.following.first, seq + 1, "an older ack moves nothing")
        plain = self.follow()
        self.refused("FIELD_INVALID", "follow", plain.ack, 1)

    def test_a_newer_follow_takes_the_cursor(self):
        older = self.follow(cursor="rebutan")
        newer = self.follow(cursor="rebutan", client=self.client("bpbd"))
        self.assertIsNone(older.take(5))
        self.assertEqual(older.ended.refusal.code, "CURSOR_TAKEN")
        self.assert_takes(newer, self.publish(self.sender, "a"))

    def test_a_cursor_is_its_agencys_own(self):
        mine = self.follow(cursor="sama")
        theirs = self.follow(cursor="sama", client=self.sender)
        self.assertTrue(theirs.following.created)
        seqs = self.publish(self.sender, "a")
        self.assert_takes(mine, seqs)
        self.assert_takes(theirs, seqs)

    def test_a_cursor_has_its_place_already(self):
        self.follow(cursor="ada").unfollow()
        self.refused("CURSOR_EXISTS", "from", self.follow, START, cursor="ada")
        self.refused("CURSOR_EXISTS", "from", self.follow, wire_pb2.From(now=True), cursor="ada")
        self.refused("CURSOR_INVALID", "follow.cursor", self.follow, cursor="a b")
        self.refused("CURSOR_INVALID", "follow.cursor", self.follow, cursor="c" * 65)

    def test_resume_with_the_token(self):
        client = self.client("dinkes")  # which has no right to the past
        follow = self.follow(client=client, filters=[self.root + "/sehat/#"])
        seqs = self.publish(self.sender, "sehat/a", "sehat/b")
        self.assertEqual(follow.take().seq, seqs[0])
        client.close()
        seqs += self.publish(self.sender, "sehat/c", "api")[:1]
        follow.bind(self.client("dinkes"))
        seqs += self.publish(self.sender, "sehat/d")
        self.assert_takes(follow, seqs[1:])

    def test_resume_across_kill_and_restart(self):
        follow = self.follow(client=self.client("dinkes"), filters=[self.root + "/sehat/#"])
        seqs = self.publish(self.sender, "sehat/a")
        self.assert_takes(follow, seqs)
        missed = self.publish(self.sender, "sehat/b", "sehat/c")
        self.site.restart()
        follow.bind(self.client("dinkes"))
        self.assert_takes(follow, missed)

    def test_a_token_is_of_its_filters_and_its_agency(self):
        client = self.client("dinkes")
        follow = self.follow(client=client, filters=[self.root + "/sehat/#"])
        self.publish(self.sender, "sehat/a", "x")
        token = {"resume": follow.following.resume}
        start = wire_pb2.From(seq=follow.next)
        self.refused("RESUME_INVALID", "follow.resume", client.follow, [self.root + "/x"], start,
                     **token)
        self.refused("RESUME_INVALID", "follow.resume", self.reader.follow,
                     [self.root + "/sehat/#"], start, **token)
        self.refused("RESUME_INVALID", "follow.resume", client.follow, [self.root + "/sehat/#"],
                     START, **token)
        self.refused("RESUME_INVALID", "follow.resume", client.follow, [self.root + "/sehat/#"],
                     start, resume=b"x" * 49)
        self.refused("RIGHTS", "from", client.follow, [self.root + "/sehat/#"], start)

    def test_another_log_is_told(self):
        """A broker whose log ends before what the client has seen: restored from an old copy."""
        follow = self.follow()
        (seq,) = self.publish(self.sender, "a")
        follow.next = seq + 1000
        refused = self.refused("LOG_CHANGED", None, follow.bind, self.client("bpbd"))
        self.assertEqual((refused.error.theirs, refused.error.ours), (seq + 999, seq))


if __name__ == "__main__":
    unittest.main()
