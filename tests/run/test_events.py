#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The run's events are current, typed as the schema says, and large enough to mean something."""
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
SOURCE = pathlib.Path(os.environ.get("KENTONGAN_SOURCE", HERE.parent.parent))
CALLS = SOURCE.parent / "shared/data/incidents"


def compiled_event(folder):
    """The Event class, from the schemas as they are now."""
    subprocess.run(["protoc", f"-I{SOURCE / 'proto'}", "-I/usr/include", f"--python_out={folder}",
                    *map(str, (SOURCE / "proto/kentongan/v1").glob("*.proto"))], check=True)
    sys.path.insert(0, folder)
    return importlib.import_module("kentongan.v1.event_pb2").Event


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.event = staticmethod(compiled_event(cls.folder.name))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def parse(self, text):
        from google.protobuf import json_format
        ids = set()
        for line in text.splitlines():
            event = json_format.Parse(line, self.event())
            self.assertNotIn(event.id, ids)
            self.assertIsNotNone(event.WhichOneof("body"))
            ids.add(event.id)
        return ids

    def test_the_night_is_what_its_script_writes(self):
        written = subprocess.run([sys.executable, HERE / "night.py"], capture_output=True, check=True)
        self.assertEqual(written.stdout, (HERE / "palangka-raya-night.jsonl").read_bytes())

    def test_the_night_is_typed_and_long(self):
        text = (HERE / "palangka-raya-night.jsonl").read_text()
        self.assertGreaterEqual(len(self.parse(text)), 2000)
        told_by = {json.loads(line)["source"] for line in text.splitlines()}
        self.assertGreaterEqual(len(told_by), 6)

    @unittest.skipUnless(CALLS.is_dir(), "the calls are not at hand here")
    def test_real_calls_become_typed_events(self):
        for path in sorted(CALLS.glob("sf_*.csv")):
            done = subprocess.run([sys.executable, HERE / "sf_calls.py", path], capture_output=True, check=True)
            self.assertGreater(len(self.parse(done.stdout.decode())), 2000, path.name)


if __name__ == "__main__":
    unittest.main()
