#!/usr/bin/python3
"""test_follow.py - what proto/README.md promises to who follows: from where, what, how far."""
# SPDX-License-Identifier: Apache-2.0
import time
import unittest

from rig import Case, Mode, PERSONS, kc, sealed, wire_pb2
from kentongan.v1 import category_pb2, personal_pb2

START = wire_pb2.From(start=True)
FIRE = category_pb2.Category.FIRE_STRUCTURE


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
        for selection, wanted in (({"kinds": ["unit"]}, unit),
                                  ({"kinds": ["custom"]}, fire + other),
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

    def test_an_ack_may_come_after_the_end(self):
        seqs = self.publish(self.sender, *"abc")
        follow = self.follow(START, cursor="ujung", until_end=True)
        self.assert_takes(follow, seqs)
        self.assertEqual(follow.ended.refusal.code, "END")
        follow.ack(seqs[1])
        again = self.follow(cursor="ujung", until_end=True)
        self.assert_takes(again, seqs[2:])

    def test_of_acks_on_their_way_the_latest_is_answered(self):
        follow = self.follow(cursor="beruntun")
        seqs = self.publish(self.sender, *"abcdef")
        self.assert_takes(follow, seqs)
        for seq in seqs:
            last = self.reader.send(ack=wire_pb2.Ack(follow=follow.name, through=seq))
        self.assertEqual(self.reader.wait(last, "acked")[0].through, seqs[-1])

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
