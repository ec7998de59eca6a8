#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The counting program must see what it is there to see: each planted fault makes it exit 1."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

COUNT = pathlib.Path(__file__).with_name("count.py")


def event(seq, topic="62/71/incident/fire", mode="ACTUAL"):
    return {"seq": seq, "id": f"id-{seq}", "source": "112", "topic": topic, "mode": mode}


class Counting(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.run_ = pathlib.Path(self.folder.name)
        (self.run_ / "receipts").mkdir()
        (self.run_ / "followers").mkdir()
        self.log = [event(1), event(2, "62/71/status/unit"), event(3, mode="EXERCISE"), event(4)]
        self.receipts = [{"id": e["id"], "state": "STORED", "seq": e["seq"]} for e in self.log]
        self.seen = [self.log[0], self.log[3]]
        self.terms = {"subscribe": ["62/+/incident/#"]}

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, rows):
        (self.run_ / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def count(self):
        self.write("export.jsonl", self.log)
        self.write("receipts/a.jsonl", self.receipts)
        self.write("followers/damkar.jsonl", self.seen)
        (self.run_ / "followers/damkar.json").write_text(json.dumps(self.terms))
        done = subprocess.run([sys.executable, COUNT, self.run_], capture_output=True, text=True)
        return done.returncode, done.stdout.strip()

    def assert_caught(self, line=None):
        code, said = self.count()
        self.assertEqual(code, 1)
        if line:
            self.assertEqual(said, line)

    def test_a_clean_run_is_clean(self):
        self.assertEqual(self.count(), (0, "run: 4 stored, 2 delivered, 0 lost, 0 duplicated"))

    def test_an_acknowledged_event_missing_from_the_log_is_lost(self):
        self.receipts.append({"id": "id-5", "state": "STORED", "seq": 5})
        self.assert_caught("run: 4 stored, 2 delivered, 1 lost, 0 duplicated")

    def test_an_event_that_a_follower_never_got_is_lost(self):
        self.seen.pop()
        self.assert_caught("run: 4 stored, 1 delivered, 1 lost, 0 duplicated")

    def test_an_event_delivered_twice_is_duplicated(self):
        self.seen.insert(1, self.log[0])
        self.assert_caught("run: 4 stored, 2 delivered, 0 lost, 1 duplicated")

    def test_an_event_stored_twice_is_duplicated(self):
        self.log.append(dict(event(5), id="id-4"))
        self.seen.append(self.log[-1])
        self.assert_caught("run: 5 stored, 3 delivered, 0 lost, 1 duplicated")

    def test_a_swapped_order_is_caught(self):
        self.seen.reverse()
        self.assert_caught()

    def test_a_gap_in_the_sequence_is_caught(self):
        del self.log[1]
        self.assert_caught()

    def test_a_drill_on_a_live_screen_is_caught(self):
        self.seen.insert(1, self.log[2])
        self.assert_caught()

    def test_a_foreign_topic_is_caught(self):
        self.seen.insert(1, self.log[1])
        self.assert_caught()

    def test_a_receipt_with_the_number_of_another_event_is_caught(self):
        self.receipts[0]["seq"] = 2
        self.assert_caught()

    def test_persons_shown_to_who_may_not_see_them_are_caught(self):
        self.seen[0] = dict(self.log[0], personal={"persons": []})
        self.assert_caught()

    def test_persons_withheld_from_who_may_see_them_are_caught(self):
        self.terms["personal"] = ["62/71/#"]
        self.seen = [dict(e) for e in self.seen]
        self.log[0]["personal"] = {"persons": []}
        self.assert_caught()

    def test_a_torn_last_line_of_a_killed_publisher_counts_for_nothing(self):
        code, _ = self.count()
        with open(self.run_ / "receipts/a.jsonl", "a") as torn:
            torn.write('{"id":"id-9","sta')
        done = subprocess.run([sys.executable, COUNT, self.run_], capture_output=True)
        self.assertEqual((code, done.returncode), (0, 0))

    def test_an_empty_run_proves_nothing(self):
        self.log, self.receipts, self.seen = [], [], []
        self.assert_caught()


if __name__ == "__main__":
    unittest.main()
