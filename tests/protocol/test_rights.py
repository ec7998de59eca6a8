#!/usr/bin/python3
"""test_rights.py - every way to publish or read, under every fate of the right to it.

A cell plays three phases: ask, events x1 and y1, the policy changes, ask, x2 and y2, it changes
again, ask, x3 and y3, ask. What was seen, or the code of the refusal, is written down for each ask
and compared with TABLE: nothing less, and nothing more, may ever be seen.
"""
# SPDX-License-Identifier: Apache-2.0
import time
import unittest

from rig import Case, PERSONS, kc, sealed, unit_event, wire_pb2

START = wire_pb2.From(start=True)
PHASES = 3
BOOKMARK_MS = 50

# What is granted in each phase: leaves of the agency's own area; "else" is somebody else's area.
FATES = {
    "none": ["", "", ""],
    "foreign": ["else", "else", "else"],
    "own": ["x y", "x y", "x y"],
    "revoked": ["x y", "revoked", "revoked"],
    "granted later": ["", "x y", "x y"],
    "narrowed later": ["x y", "x", "x"],
    "lost and given back": ["x y", "", "x y"],
}

NO_RIGHT, NO_KEY = "RIGHTS filters", "AUTH_FAILED "
ALL = ["", "x1 y1", "x1 y1 x2 y2", "x1 y1 x2 y2 x3 y3"]
PAST = {  # the right `replay` shows the past, whenever it was granted
    "none": [NO_RIGHT] * 4,
    "foreign": [NO_RIGHT] * 4,
    "own": ALL,
    "revoked": ["", NO_KEY, NO_KEY, NO_KEY],
    "granted later": [NO_RIGHT] + ALL[1:],
    "narrowed later": ["", "x1", "x1 x2", "x1 x2 x3"],
    "lost and given back": ["", NO_RIGHT] + ALL[2:],
}
# Where a refusal says nothing of what is there: nothing is seen.
SILENT_PAST = {fate: ["" if ask == NO_RIGHT else ask for ask in asks]
               for fate, asks in PAST.items()}
TABLE = {
    "publish": {
        "none": ["x: RIGHTS y: RIGHTS"] * 4,
        "foreign": ["x: RIGHTS y: RIGHTS"] * 4,
        "own": ["x: STORED y: STORED"] * 4,
        "revoked": ["x: STORED y: STORED"] + [NO_KEY] * 3,
        "granted later": ["x: RIGHTS y: RIGHTS"] + ["x: STORED y: STORED"] * 3,
        "narrowed later": ["x: STORED y: STORED"] + ["x: STORED y: RIGHTS"] * 3,
        "lost and given back": ["x: STORED y: STORED", "x: RIGHTS y: RIGHTS"]
                               + ["x: STORED y: STORED"] * 2,
    },
    "follow live": {  # a follow stays as long as it may; what it sees is told at the next ask
        "none": [NO_RIGHT] * 4,
        "foreign": [NO_RIGHT] * 4,
        "own": ["", "x1 y1", "x2 y2", "x3 y3"],
        "revoked": ["", "x1 y1 REVOKED ", NO_KEY, NO_KEY],
        "granted later": [NO_RIGHT, "", "x2 y2", "x3 y3"],
        "narrowed later": ["", "x1 y1", "x2", "x3"],
        "lost and given back": ["", "x1 y1 ended RIGHTS", "", "x3 y3"],
    },
    "follow from past": PAST,
    "durable cursor": {  # nobody reads it while events come; read and acknowledged at each ask
        "none": [NO_RIGHT] * 4,
        "foreign": [NO_RIGHT] * 4,
        "own": ["", "x1 y1", "x2 y2", "x3 y3"],
        "revoked": ["", NO_KEY, NO_KEY, NO_KEY],
        "granted later": [NO_RIGHT, "", "x2 y2", "x3 y3"],
        "narrowed later": ["", "x1", "x2", "x3"],
        "lost and given back": ["", NO_RIGHT, "", "x3 y3"],
    },
    "replay": PAST,
    "get": SILENT_PAST,
    "personal": SILENT_PAST,
}
RIGHTS_OF = {"publish": ["publish"], "follow live": ["subscribe"], "durable cursor": ["subscribe"],
             "follow from past": ["subscribe", "replay"], "replay": ["replay"], "get": ["replay"],
             "personal": ["personal"]}


def agency_of(way, fate):
    return f"{way} {fate}".replace(" ", "-")


class Cell:
    """One agency that tries one way under one fate."""

    def __init__(self, case, way, fate):
        self.case, self.way, self.fate = case, way, fate
        self.agency = agency_of(way, fate)
        self.area = f"62/71/{self.agency}"
        self.seqs = {}  # sequence: label
        self.live = None

    def play(self):
        seen = []
        for phase in range(PHASES):
            if phase == 0 or FATES[self.fate][phase] != FATES[self.fate][phase - 1]:
                self.grant(FATES[self.fate][phase])
            seen.append(self.ask())
            self.happen(phase + 1)
        return seen + [self.ask()]

    def grant(self, leaves):
        if leaves == "revoked":
            self.case.site.policy(self.agency, state="revoked")
            return
        areas = {"else": ["63/72/#"]}.get(leaves, [f"{self.area}/{leaf}" for leaf in leaves.split()])
        self.case.site.policy(self.agency, **{right: areas for right in RIGHTS_OF[self.way]})

    def happen(self, phase):
        for leaf in "xy":
            seq = self.case.happen(f"{self.area}/{leaf}")
            self.seqs[seq] = f"{leaf}{phase}"

    def labels(self, events):
        return " ".join(self.seqs.get(event.seq, f"{event.seq}?") for event in events)

    def ask(self):
        """What this way shows now: labels of events, or a code and its field."""
        try:
            if self.way == "follow live":
                return self.ask_live()
            client = kc.Client(self.case.site.profiles[self.agency])
            try:
                return getattr(self, "ask_" + self.way.replace(" ", "_"))(client)
            finally:
                client.close()
        except kc.Refused as refused:
            return f"{refused.code} {refused.field}"

    def ask_publish(self, client):
        lane = kc.Producer()
        client.hello([lane], (1, 1))
        outcomes = []
        for leaf in "xy":
            pending = lane.add(unit_event(f"{self.area}/{leaf}").SerializeToString())
            lane.flush(client)
            stored = isinstance(pending.outcome, wire_pb2.Stored)
            outcomes.append(f"{leaf}: {'STORED' if stored else pending.outcome.code}")
        return " ".join(outcomes)

    def ask_live(self):
        """The follow stands from ask to ask; a new one is tried where there is none."""
        if self.live is None:
            client = kc.Client(self.case.site.profiles[self.agency])
            self.case.addCleanup(client.close)
            self.live = client.follow([self.area + "/#"])
            return ""
        events = []
        try:
            self.read_covered(self.live, max(self.seqs), events)
            events += iter(lambda: self.live.take(0.1), None)
            self.live.client.ping()
        except kc.Refused as refused:
            self.live = None
            return f"{self.labels(events)} {refused.code} {refused.field}"
        ended, self.live = self.live.ended, self.live if not self.live.ended else None
        return self.labels(events) + (f" ended {ended.refusal.code}" if ended else "")

    def read_covered(self, follow, through, events):
        """Takes what there is until the follow has covered `through`, or has ended."""
        deadline = time.monotonic() + 5
        while follow.next <= through and not follow.ended and time.monotonic() < deadline:
            events += filter(None, [follow.take(0.02)])
        self.case.assertTrue(follow.ended or follow.next > through)
        while follow.waiting:
            events.append(follow.take(0))

    def read(self, client, start=None, **selection):
        """All up to the head, by a follow that ends there."""
        follow = client.follow([self.area + "/#"], start, until_end=True, **selection)
        events = []
        while (event := follow.take()) is not None:
            events.append(event)
        self.case.assertEqual(follow.ended.refusal.code, "END")
        return events, follow

    def ask_follow_from_past(self, client):
        return self.labels(self.read(client, START)[0])

    def ask_replay(self, client):
        return self.labels(self.read(client, START, replay=True)[0])

    def ask_durable_cursor(self, client):
        follow = client.follow([self.area + "/#"], cursor="meja")
        events = []
        self.read_covered(follow, client.ping(), events)
        follow.ack(follow.next - 1)
        return self.labels(events)

    def ask_get(self, client):
        got = []
        for seq in self.seqs:
            try:
                got.append(client.get(seq))
            except kc.Refused as refused:
                self.case.assertEqual((refused.code, refused.field), ("NOT_FOUND", "seq"))
        return self.labels(got)

    def ask_personal(self, client):
        """It may read everything; what counts is which of it comes with its persons."""
        events, _ = self.read(client, START)
        self.case.assertEqual(self.labels(events), " ".join(self.seqs.values()))
        for event in events:
            self.case.assertEqual(len(event.record.sent.personal_digest), 32)
        return self.labels([event for event in events if event.personal])


class Rights(Case):
    limits = {"bookmark_ms": BOOKMARK_MS}
    agencies = {"sumber": {"publish": ["#"], "subscribe": ["#"], "replay": ["#"]}}
    agencies.update({
        agency_of(way, fate): {"subscribe": ["62/71/#"], "replay": ["62/71/#"]}
        if way == "personal" else {} for way in TABLE for fate in FATES})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lane = kc.Producer()
        cls.source = kc.Client(cls.site.profiles["sumber"], producers=[cls.lane])
        cls.addClassCleanup(cls.source.close)

    def happen(self, topic):
        """An event with persons by somebody else; its sequence."""
        pending = self.lane.add(*sealed(self.source, topic, PERSONS))
        self.lane.flush(self.source)
        return pending.outcome.seq

    def play(self, way):
        self.assertEqual(TABLE[way].keys(), FATES.keys())
        for fate in FATES:
            with self.subTest(f"{way}: {fate}"):
                self.assertEqual(Cell(self, way, fate).play(), TABLE[way][fate])

    def test_publish(self):
        before = self.source.ping()
        self.play("publish")
        follow = self.source.follow(["62/71/#"], wire_pb2.From(seq=before + 1), until_end=True)
        stored = {}
        while (event := follow.take()) is not None:
            agency = event.record.stamp.agency
            stored[agency] = stored.get(agency, 0) + 1
        wanted = {agency_of("publish", fate): sum(ask.count("STORED") for ask in asks)
                  for fate, asks in TABLE["publish"].items()}
        wanted["sumber"] = 2 * PHASES * len(FATES)
        self.assertEqual(stored, {agency: count for agency, count in wanted.items() if count})

    def test_follow_live(self):
        self.play("follow live")

    def test_follow_from_past(self):
        self.play("follow from past")

    def test_durable_cursor(self):
        self.play("durable cursor")

    def test_replay(self):
        self.play("replay")

    def test_get(self):
        self.play("get")

    def test_personal(self):
        self.play("personal")


class Edges(Case):
    """What a table of cells does not show."""

    agencies = {"sumber": {"publish": ["#"], "subscribe": ["#"], "replay": ["#"]},
                "hari-ini": {"subscribe": ["62/71/#"]},
                "arsip": {"replay": ["62/71/#"]},
                "tahan": {"replay": ["62/71/#"]},
                "campur": {"subscribe": ["62/71/#"], "replay": ["62/71/+/lama/#"]}}
    limits = {"bookmark_ms": BOOKMARK_MS}

    def setUp(self):
        super().setUp()
        self.sender, _ = self.publisher("sumber")

    def test_the_past_takes_the_right_replay(self):
        (seq,) = self.publish(self.sender, "a")
        client = self.client("hari-ini")
        for start in (START, wire_pb2.From(seq=seq), wire_pb2.From(last=1),
                      wire_pb2.From(age_ms=1000), wire_pb2.From(time={"seconds": 1})):
            for cursor in ("", "baru"):
                with self.subTest(f"{start} {cursor}"):
                    self.refused("RIGHTS", "from", client.follow, [self.root + "/#"], start,
                                 cursor=cursor)
        self.assertTrue(client.follow([self.root + "/#"], cursor="baru").following.created)
        self.refused("RIGHTS", "filters", client.follow, [self.root + "/#"], replay=True)
        self.refused("NOT_FOUND", "seq", client.get, seq)

    def test_replay_alone_follows_nothing_new(self):
        (seq,) = self.publish(self.sender, "a")
        client = self.client("arsip")
        self.refused("RIGHTS", "filters", client.follow, [self.root + "/#"])
        self.refused("RIGHTS", "filters", client.follow, [self.root + "/#"], START)
        self.assert_takes(client.follow([self.root + "/#"], replay=True), [seq])

    def test_the_past_of_one_topic_and_the_present_of_another(self):
        old = self.publish(self.sender, "lama/a", "baru/a", "lama/b")
        follow = self.client("campur").follow([self.root + "/#"], START)
        new = self.publish(self.sender, "lama/c", "baru/b")
        self.assert_takes(follow, [old[0], old[2]] + new)

    def test_somebody_elses_cursor_sequence_and_token_open_nothing(self):
        theirs = self.sender.follow([self.root + "/#"], cursor="mereka")
        (seq,) = self.publish(self.sender, "a")
        client = self.client("hari-ini")
        mine = client.follow([self.root + "/#"], cursor="mereka")
        self.assertTrue(mine.following.created)
        self.assertIsNone(mine.take(0.2))
        plain = self.sender.follow([self.root + "/#"])
        self.refused("RESUME_INVALID", None, client.follow, [self.root + "/#"],
                     wire_pb2.From(seq=seq), resume=plain.following.resume)
        theirs.unfollow()

    def test_a_filter_added_to_a_cursor_shows_nothing_of_before(self):
        client = self.client("hari-ini")
        cursor = client.follow([self.root + "/a"], cursor="tambah")
        seqs = self.publish(self.sender, "a", "b")
        cursor.unfollow()
        wider = client.follow([self.root + "/a", self.root + "/b"], cursor="tambah")
        seqs += self.publish(self.sender, "a", "b")
        self.assert_takes(wider, [seqs[0], seqs[2], seqs[3]])

    def test_a_fault_in_any_file_leaves_the_old_policy(self):
        path = f"{self.site.path}/agencies/arsip.yaml"
        with open(path, encoding="utf-8") as file:
            before = file.read()
        try:
            with open(path, "a", encoding="utf-8") as file:
                file.write("rahasia: [\n")
            with self.assertRaises(AssertionError):
                self.site.reload(wait_s=1)
            self.assertIn("policy not reloaded", self.site.log_text())
            self.client("hari-ini").follow([self.root + "/#"])
            self.refused("RIGHTS", "filters", self.client("arsip").follow, [self.root + "/#"])
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(before)
            self.site.reload()

    def test_grants_hold_across_a_kill(self):
        """What was granted when is kept: a restart shows nothing that was not to be seen."""
        self.site.policy("tahan", subscribe=[self.root + "/x"])
        cursor = self.client("tahan").follow(["62/71/#"], cursor="tahan")
        hidden = self.publish(self.sender, "y")
        self.site.policy("tahan", subscribe=[self.root + "/x", self.root + "/y"], replay=[])
        seqs = self.publish(self.sender, "x", "y")
        self.site.restart()
        self.sender, _ = self.publisher("sumber")
        cursor.bind(self.client("tahan"))
        seqs += self.publish(self.sender, "y")
        self.assert_takes(cursor, seqs)
        self.refused("NOT_FOUND", "seq", cursor.client.get, hidden[0])


if __name__ == "__main__":
    unittest.main()
