"""rig.py - a site in a folder of its own, with the real broker on it, and what tests do."""
# SPDX-License-Identifier: Apache-2.0
import atexit
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("KENTONGAN_BUILD", os.path.join(HERE, "../../build/dev"))
sys.path.insert(0, os.path.join(BUILD, "tests/protocol/python"))

try:
    import kentongan_client as kc
    from kentongan.v1 import event_pb2, personal_pb2, record_pb2, wire_pb2
except ImportError as missing:
    print(f"skipped: {missing} (python3-zmq, python3-protobuf, and a build)")
    sys.exit(77)

KENTONG = os.path.join(BUILD, "bin/kentong")
KENTONGD = os.path.join(BUILD, "bin/kentongd")
RIGHTS = ("publish", "subscribe", "replay", "personal")
WAIT_S = 15
PR_SET_PDEATHSIG = 1
Mode = event_pb2.Mode
PERSONS = {"purpose": "menolong", "legal_basis": personal_pb2.LegalBasis.VITAL_INTEREST}


def die_with_parent():
    """However this test ends, no broker is left behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """A folder made by `kentong init`, and the broker on it. Agencies: name = rights by name."""

    def __init__(self, settings=None, limits=None, **agencies):
        self.work = tempfile.mkdtemp(prefix="kentongan-")
        self.path = os.path.join(self.work, "site")
        self.broker = None
        self.log = os.path.join(self.work, "broker.log")
        atexit.register(self.close)
        self.port = free_port()
        run(KENTONG, "init", self.path, "--name", "Kota Uji", "--region", "62.71",
            "--listen", f"tcp://127.0.0.1:{self.port}")
        with open(os.path.join(self.path, "kentongan.yaml"), "a", encoding="utf-8") as file:
            file.writelines(f"{key}: {value}\n" for key, value in (settings or {}).items())
            file.write("limits:\n" if limits else "")
            file.writelines(f"  {key}: {value}\n" for key, value in (limits or {}).items())
        self.profiles = {}
        for name, rights in agencies.items():
            self.enrol(name, **rights)
        self.start()

    def enrol(self, name, **rights):
        """Adds an agency with `kentong agency add`, on the live site if the broker runs."""
        profile = os.path.join(self.work, f"{name}.agency")
        words = [word for right in rights for word in (f"--{right}", ",".join(rights[right]))]
        run(KENTONG, "agency", "add", name, "--site", self.path, "--out", profile, *words)
        self.profiles[name] = kc.Profile.read(profile)

    def policy(self, name, **changes):
        """Edits an agency's file as a person would, and has the broker read it."""
        path = os.path.join(self.path, "agencies", f"{name}.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for key, value in changes.items():
            if key == "state":
                text = re.sub(r"(?m)^    state: \w+", f"    state: {value}", text)
            else:
                text = re.sub(rf"(?m)^{key}:.*\n", "", text) + f"{key}: {value!r}\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.reload()

    def reload(self, wait_s=WAIT_S):
        before = self.log_text().count("policy reloaded")
        self.broker.send_signal(signal.SIGHUP)
        self.until(lambda text: text.count("policy reloaded") > before, "policy reloaded", wait_s)

    def start(self):
        before = len(re.findall("(?m)^ready ", self.log_text()))
        with open(self.log, "ab") as log:
            self.broker = subprocess.Popen([KENTONGD, "--allow-fs", self.path], stderr=log,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           preexec_fn=die_with_parent)
        self.until(lambda text: len(re.findall("(?m)^ready ", text)) > before, "ready")

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def until(self, is_so, what, wait_s=WAIT_S):
        deadline = time.monotonic() + wait_s
        while not is_so(self.log_text()):
            if self.broker.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"not {what}: {self.log_text()[-3000:]}")
            time.sleep(0.01)

    def kill(self):
        self.broker.kill()
        self.broker.wait()

    def restart(self):
        self.kill()
        self.start()

    def stop(self):
        """Ends the broker as an operator does; its exit code."""
        self.broker.terminate()
        return self.broker.wait(WAIT_S)

    def is_alive(self):
        return self.broker.poll() is None

    def close(self):
        if self.broker is not None and self.is_alive():
            self.kill()
        shutil.rmtree(self.work, ignore_errors=True)


def run(*words):
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.stdout}{done.stderr}")


class Case(unittest.TestCase):
    """Tests on one site for the whole class; every test has topics of its own under `self.root`."""

    site = None
    agencies = {}
    settings = limits = None

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.settings, cls.limits, **cls.agencies)
        cls.addClassCleanup(cls.site.close)

    def setUp(self):
        self.root = "62/71/" + self.id().rsplit(".", 1)[1].removeprefix("test_")[:60]
        self.producers = {}

    def tearDown(self):
        self.assertTrue(self.site.is_alive(), self.site.log_text()[-3000:])

    def client(self, agency="damkar", **options):
        client = kc.Client(self.site.profiles[agency], **options)
        self.addCleanup(client.close)
        return client

    def publisher(self, agency="damkar"):
        """A client that is the only one to publish as its producer."""
        producer = kc.Producer()
        client = self.client(agency, producers=[producer])
        self.producers[client] = producer
        return client, producer

    def publish(self, client, *topics, personal=None, **fields):
        """Publishes an event on each topic under the root; the sequences that they were given."""
        producer = self.producers[client]
        pendings = [producer.add(*sealed(client, f"{self.root}/{topic}", personal, **fields))
                    for topic in topics]
        producer.flush(client)
        for pending in pendings:
            self.assertIsInstance(pending.outcome, wire_pb2.Stored, pending.outcome)
        return [pending.outcome.seq for pending in pendings]

    def refused(self, code, field=None, call=None, *words, **options):
        """`call` is refused with exactly this code and field; the Refused."""
        with self.assertRaises(kc.Refused) as caught:
            call(*words, **options)
        self.assertEqual(caught.exception.code, code, caught.exception)
        if field is not None:
            self.assertEqual(caught.exception.field, field, caught.exception)
        return caught.exception

    def assert_takes(self, follow, seqs, quiet_s=0.3):
        """The follow gives exactly these, in order, and then nothing."""
        events = [follow.take() for _ in seqs]
        self.assertEqual([event and event.seq for event in events], list(seqs))
        self.assertIsNone(follow.take(quiet_s))
        return events


def unit_event(topic, **fields):
    """A small event of the status family: needs no incident."""
    event = event_pb2.Event(id=kc.event_id(), topic=topic, mode=Mode.ACTUAL)
    event.occurred_at.GetCurrentTime()
    if "custom" not in fields:
        event.unit.unit_id = "DMK-01"
    for field, value in fields.items():
        if hasattr(value, "SerializeToString"):
            getattr(event, field).CopyFrom(value)
        else:
            setattr(event, field, value)
    return event


def sealed(client, topic, personal=None, **fields):
    """The bytes of an event and the Personal beside it, or None."""
    event = unit_event(topic, **fields)
    if personal is None:
        return event.SerializeToString(), None
    block = personal_pb2.PersonalBlock(**personal).SerializeToString()
    return event.SerializeToString(), kc.personal_of(client.profile, event.id, block)


class Neighbour(threading.Thread):
    """An agency that publishes and follows all the time; whatever disturbs it is kept."""

    TOPIC = "62/71/neighbour/beat"
    LATE_S = 2

    def __init__(self, profile):
        super().__init__(daemon=True)
        self.profile = profile
        self.is_over = threading.Event()
        self.beats = 0
        self.slowest_s = 0
        self.fault = None

    def run(self):
        try:
            self.beat()
        except Exception as fault:  # pylint: disable=broad-except - it is told in check()
            self.fault = fault

    def beat(self):
        producer = kc.Producer()
        client = kc.Client(self.profile, producers=[producer])
        follow = client.follow([self.TOPIC])
        last = 0
        while not self.is_over.is_set():
            began = time.monotonic()
            pending = producer.add(unit_event(self.TOPIC).SerializeToString())
            producer.flush(client)
            event = follow.take()
            if event is None or event.seq != pending.outcome.seq or event.seq <= last:
                raise AssertionError(f"{event and event.seq} instead of {pending.outcome}")
            last = event.seq
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.beats += 1
            self.is_over.wait(0.005)
        client.close()

    def check(self, test, more=2):
        """It goes on, was never late, and nothing was lost."""
        wanted, deadline = self.beats + more, time.monotonic() + 5
        while self.beats < wanted and self.fault is None and time.monotonic() < deadline:
            time.sleep(0.002)
        test.assertIsNone(self.fault)
        test.assertGreaterEqual(self.beats, wanted)
        test.assertLess(self.slowest_s, self.LATE_S)
        self.slowest_s = 0

    def stop(self):
        self.is_over.set()
        self.join(10)


class Beside(Case):
    """A case with a neighbour that must not notice anything."""

    agencies = {"damkar": {"publish": ["62/71/#"], "subscribe": ["62/71/#"],
                           "replay": ["62/71/#"], "personal": ["62/71/#"]},
                "tetangga": {"publish": ["62/71/neighbour/#"],
                             "subscribe": ["62/71/neighbour/#"]}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.neighbour = Neighbour(cls.site.profiles["tetangga"])
        cls.neighbour.start()
        cls.addClassCleanup(cls.neighbour.stop)

    def tearDown(self):
        super().tearDown()
        self.neighbour.check(self)


if not os.path.exists(KENTONGD):
    print(f"skipped: {KENTONGD} is not built")
    sys.exit(77)
