"""kentongan_client.py - a client of the bus, written from proto/README.md and the schemas alone.

It needs pyzmq, protobuf and what `protoc --python_out` makes of the schemas; nothing else of this
project. A client lives in one thread and does its work inside its calls. A Producer and a Follow
outlive their connection: bind them to the next one.
"""
# SPDX-License-Identifier: Apache-2.0
import collections
import dataclasses
import hashlib
import json
import os
import time
import uuid

import zmq
from zmq.utils.monitor import recv_monitor_message

from kentongan.v1 import event_pb2, record_pb2, wire_pb2

VERSION = 1
WAIT_S = 10
MESSAGE_BYTES = 4 << 20
# Its events stay in the queue: they are another session's now, or the operator's.
SESSION_CODES = ("FENCED", "REVOKED", "NO_SESSION", "AUTH_FAILED")


class Refused(Exception):
    """The broker says no: `code`, `field`; `error` is the whole message, if it was one."""

    def __init__(self, refusal, error=None):
        super().__init__(f"{refusal.code} {refusal.field}: {refusal.reason}")
        self.code, self.field, self.error = refusal.code, refusal.field, error


class Lost(Exception):
    """The connection is of no more use: silent, closed, or something in it was not as promised."""


@dataclasses.dataclass(frozen=True)
class Profile:
    agency: str
    endpoint: str
    broker_key: bytes
    public_key: bytes
    secret_key: bytes
    secret: bytes

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)
        if fields["format"] != 1:
            raise ValueError(f"{path}: profile of format {fields['format']}")
        return cls(fields["agency"], fields["endpoint"], fields["brokerKey"].encode(),
                   fields["publicKey"].encode(), fields["secretKey"].encode(),
                   bytes.fromhex(fields["profileSecret"]))


def event_id():
    """A UUID of version 7 in lower case: 48 bits of milliseconds, the rest chance."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62
    return str(uuid.UUID(int=number))


def personal_digest(personal):
    return hashlib.blake2b(personal.salt + personal.block, digest_size=32).digest()


def personal_of(profile, identity, block):
    """What travels beside the event `identity`; `block` is an encoded PersonalBlock."""
    salt = hashlib.blake2b(uuid.UUID(identity).bytes, key=profile.secret, digest_size=16).digest()
    return record_pb2.Personal(salt=salt, block=block)


class Connection:
    """A DEALER under CURVE: messages of one or two frames out and in."""

    def __init__(self, profile, context=None):
        self.profile = profile
        self.socket = (context or zmq.Context.instance()).socket(zmq.DEALER)
        for option, value in ((zmq.CURVE_SERVERKEY, profile.broker_key),
                              (zmq.CURVE_PUBLICKEY, profile.public_key),
                              (zmq.CURVE_SECRETKEY, profile.secret_key),
                              (zmq.LINGER, 0), (zmq.IMMEDIATE, 1), (zmq.HEARTBEAT_IVL, 5000),
                              (zmq.HEARTBEAT_TIMEOUT, 15000), (zmq.MAXMSGSIZE, MESSAGE_BYTES)):
            self.socket.setsockopt(option, value)
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        self.poller = zmq.Poller()
        self.poller.register(self.socket, zmq.POLLIN)
        self.poller.register(self.monitor, zmq.POLLIN)
        self.socket.connect(profile.endpoint)

    def close(self, linger_ms=0):
        if not self.socket.closed:
            self.socket.disable_monitor()
            self.monitor.close()
            self.socket.close(linger_ms)

    def send_frames(self, frames, wait_s=WAIT_S):
        """Waits until there is a connection: with ZMQ_IMMEDIATE nothing is queued before."""
        deadline = time.monotonic() + wait_s
        while not self.socket.poll(50, zmq.POLLOUT):
            self.look_at_monitor()
            if time.monotonic() > deadline:
                raise TimeoutError("no connection")
        self.socket.send_multipart(frames)

    def receive_frames(self, wait_s):
        """The frames of the next message, or None."""
        ready = dict(self.poller.poll(max(0, int(wait_s * 1000))))
        if self.socket in ready:
            return self.socket.recv_multipart()
        self.look_at_monitor()
        return None

    def look_at_monitor(self):
        """Only one event is watched: the broker does not know the key. Nobody tries again."""
        if self.monitor.poll(0):
            recv_monitor_message(self.monitor)
            raise Refused(wire_pb2.Refusal(code="AUTH_FAILED", reason="the broker refuses the key"))


class Client(Connection):
    """A session: requests and their answers, and the follows that deliveries belong to."""

    def __init__(self, profile, producers=(), versions=(VERSION, VERSION), context=None):
        super().__init__(profile, context)
        self.requests = 0
        self.answers = collections.defaultdict(collections.deque)
        self.follows = {}
        self.heartbeat_s, self.heartbeat = WAIT_S, 0
        self.sent_at = self.heard_at = time.monotonic()
        try:
            self.welcome = self.hello(producers, versions)
        except BaseException:
            self.close()
            raise

    def hello(self, producers, versions):
        welcome = self.call("welcome", hello=wire_pb2.Hello(
            version_min=versions[0], version_max=versions[1], client="kentongan_client.py/1",
            producers=[producer.identity for producer in producers]))[0]
        self.heartbeat_s = welcome.heartbeat_ms / 1000
        marks = {mark.producer: mark.mark for mark in welcome.marks}
        for producer in producers:
            producer.mark = marks[producer.identity]
        return welcome

    def send(self, second=None, **body):
        """Sends a message with the next request number, which it returns."""
        self.requests += 1
        first = wire_pb2.ToBroker(request=self.requests, **body).SerializeToString()
        self.send_frames([first] if second is None else [first, second])
        self.sent_at = time.monotonic()
        return self.requests

    def call(self, expected, second=None, wait_s=WAIT_S, **body):
        """Sends and waits: (the body named `expected`, the second frame). An Error raises."""
        return self.wait(self.send(second, **body), expected, wait_s)

    def wait(self, request, expected, wait_s=WAIT_S):
        deadline = time.monotonic() + wait_s
        while not self.answers[request]:
            self.step(deadline - time.monotonic())
            if time.monotonic() > deadline and not self.answers[request]:
                raise TimeoutError(f"no {expected}")
        message, second = self.answers[request].popleft()
        kind = message.WhichOneof("body")
        if kind == "error":
            raise Refused(message.error.refusal, message.error)
        if kind != expected:
            raise Lost(f"{kind} instead of {expected}")
        return getattr(message, kind), second

    def step(self, wait_s):
        """Takes in one message, if there is one in time, and keeps the session alive."""
        if time.monotonic() - self.sent_at > self.heartbeat_s:
            self.heartbeat = self.send(ping=wire_pb2.Ping())
        frames = self.receive_frames(min(wait_s, self.heartbeat_s))
        if frames is not None:
            self.heard_at = time.monotonic()
            self.dispatch(wire_pb2.FromBroker.FromString(frames[0]), *frames[1:])
        elif time.monotonic() - self.heard_at > 3 * self.heartbeat_s:
            raise Lost("silence")

    def dispatch(self, message, second=None):
        kind = message.WhichOneof("body")
        if kind == "deliver":
            if message.deliver.follow in self.follows:
                self.follows[message.deliver.follow].on_deliver(message.deliver, second)
        elif kind == "ended":
            if message.ended.follow in self.follows:
                self.follows.pop(message.ended.follow).ended = message.ended
        elif kind == "bye":
            raise Lost("the broker drains")
        elif message.request and message.request != self.heartbeat:
            self.answers[message.request].append((message, second))
            if kind == "following" and message.following.follow in self.follows:
                self.follows[message.following.follow].on_following(message.following)
        elif kind == "error":
            raise Refused(message.error.refusal, message.error)

    def ping(self):
        return self.call("pong", ping=wire_pb2.Ping())[0].head

    def follow(self, filters, start=None, **selection):
        """A Follow from `start` (a From); `selection` are fields of wire.proto's Follow."""
        return Follow(filters, start, selection).bind(self)

    def get(self, seq, **selection):
        return read_batch(self.call("answer", query=wire_pb2.Query(seq=seq, **selection))[1])[0]

    def publish_items(self, items, wait_s=WAIT_S):
        """Publishes PublishItems as they are: the receipts, in the order of the items."""
        batch = record_pb2.PublishBatch(items=items).SerializeToString()
        request = self.send(batch, publish=wire_pb2.Publish())
        names = [(item.sent.producer, item.sent.number) for item in items]
        receipts = {}
        while not receipts.keys() >= set(names):
            answer = self.wait(request, "receipts", wait_s)[0]
            receipts.update({(each.producer, each.number): each for each in answer.receipts})
        return [receipts[name] for name in names]


@dataclasses.dataclass
class Pending:
    item: record_pb2.PublishItem
    outcome: object = None  # a Stored or a Refusal, once it is known


class Producer:
    """A lane of publishing: its numbers and what is unanswered, in order. Kept as long as they are.

    `add` gives an event its number; `flush` sends until each that was added has its outcome.
    """

    def __init__(self, identity=None):
        self.identity = identity or os.urandom(16)
        self.mark = self.highest = 0
        self.unanswered = {}  # number: Pending

    def add(self, event, personal=None):
        sent = record_pb2.Sent(event=event, producer=self.identity)
        if personal is not None:
            sent.personal_digest = personal_digest(personal)
        return self.number(Pending(record_pb2.PublishItem(sent=sent, personal=personal)))

    def number(self, pending):
        """Numbers go up and are above the mark; the event goes last."""
        self.highest = max(self.highest, self.mark) + 1
        pending.item.sent.number = self.highest
        self.unanswered[self.highest] = pending
        return pending

    def flush(self, client, wait_s=WAIT_S):
        """Rounds: send what is unanswered, take in every receipt, see what is left to send."""
        deadline = time.monotonic() + wait_s
        while self.unanswered:
            if time.monotonic() > deadline:
                raise TimeoutError("unanswered")
            pause_ms = 0
            for items in self.batches(client.welcome.limits):
                for receipt in client.publish_items(items, deadline - time.monotonic()):
                    pause_ms = max(pause_ms, self.take_in(receipt))
            time.sleep(pause_ms / 1000)

    def batches(self, limits):
        """What is unanswered, in order, chained from the mark; a batch a publish."""
        before, items, size = self.mark, [], 0
        for number, pending in sorted(self.unanswered.items())[:limits.window_events]:
            item = pending.item
            if number > self.mark:
                item.sent.after, before = before, number
            item.sent.sent_at.GetCurrentTime()
            bytes_more = item.ByteSize() + 8
            if items and size + bytes_more > limits.batch_bytes:
                yield items
                items, size = [], 0
            items.append(item)
            size += bytes_more
        yield items

    def take_in(self, receipt):
        """Does what the page's table says; returns how many ms to wait before the next round."""
        outcome = receipt.WhichOneof("outcome")
        if outcome == "stored":
            self.mark = max(self.mark, receipt.number)
            self.unanswered.pop(receipt.number).outcome = receipt.stored
        elif outcome == "refused" and receipt.refused.code in SESSION_CODES:
            raise Refused(receipt.refused)
        elif outcome == "refused" and receipt.refused.retryable:
            return max(1, receipt.refused.retry_after_ms)
        elif outcome == "refused":
            self.unanswered.pop(receipt.number).outcome = receipt.refused
        else:
            self.mark = getattr(receipt, outcome).mark
            if outcome != "gap":
                self.number(self.unanswered.pop(receipt.number))
        return 0


@dataclasses.dataclass
class Delivered:
    seq: int
    record: record_pb2.Record
    event: event_pb2.Event
    personal: object = None
    replay: bool = False


def read_batch(batch, replay_through=0):
    """The events of a Batch, each with its Personal, whose digest must fit."""
    batch = record_pb2.Batch.FromString(batch)
    personals = {personal.seq: personal for personal in batch.personals}
    events = []
    for record in batch.records:
        seq = record.stamp.seq
        personal = personals.pop(seq, None)
        digest = record.sent.personal_digest
        if personal and not personal.erased and personal_digest(personal) != digest:
            raise Lost(f"the personal block of {seq} is not its own")
        event = event_pb2.Event.FromString(record.sent.event)
        events.append(Delivered(seq, record, event, personal, seq <= replay_through))
    if personals:
        raise Lost(f"personal blocks of no record: {sorted(personals)}")
    return events


class Follow:
    """A place in the log: what was covered, what waits to be taken, and how it goes on after."""

    def __init__(self, filters, start, selection):
        self.selection = {"credit_events": 1000, "credit_bytes": MESSAGE_BYTES, **selection}
        self.filters, self.start = list(filters), start
        self.following = self.ended = self.client = None
        self.waiting = collections.deque()
        self.lost = []
        self.next = self.name = 0  # the sequence that the next delivery must start at; the follow

    def bind(self, client):
        """Follows over `client`: from the start, or from behind what was covered on another."""
        at, resume = self.start, b""
        if self.following and self.selection.get("cursor"):
            at = None
            self.waiting.clear()  # not acknowledged, so it comes again
        elif self.following:
            at, resume = wire_pb2.From(seq=self.next), self.following.resume
            self.waiting = collections.deque((event, None) for event, _ in self.waiting)
        request = wire_pb2.Follow(follow=client.requests + 1, filters=self.filters, **{
            "from": at, "resume": resume, **self.selection})
        self.client, self.name, self.ended = client, request.follow, None
        client.follows[self.name] = self
        try:
            client.call("following", follow=request)
        except Refused:
            del client.follows[self.name]
            raise
        return self

    def on_following(self, following):
        self.following, self.next = following, following.first

    def on_deliver(self, deliver, batch):
        if deliver.first != self.next or deliver.last < deliver.first - 1:
            raise Lost(f"{deliver.first} to {deliver.last} instead of from {self.next}")
        self.next = deliver.last + 1
        self.lost.extend(deliver.lost)
        events = read_batch(batch, deliver.replay_through) if deliver.count else []
        seqs = [event.seq for event in events]
        if len(events) != deliver.count or seqs != sorted(set(seqs)) \
                or any(not deliver.first <= seq <= deliver.last for seq in seqs):
            raise Lost(f"{seqs} in {deliver.first} to {deliver.last}")
        self.waiting.extend((event, None) for event in events[:-1])
        if events:
            self.waiting.append((events[-1], (len(events), len(batch))))

    def take(self, wait_s=WAIT_S, grant=True):
        """The next event, or None when there is none in time or the follow has ended."""
        deadline = time.monotonic() + wait_s
        while not self.waiting:
            if self.ended or time.monotonic() > deadline:
                return None
            self.client.step(deadline - time.monotonic())
        event, cost = self.waiting.popleft()
        if cost and grant and not self.ended:
            self.credit(*cost)
        return event

    def credit(self, events, size):
        self.client.send(credit=wire_pb2.Credit(follow=self.name, events=events, bytes=size))

    def ack(self, through):
        """Returns when the cursor is durable at `through`."""
        return self.client.call("acked", ack=wire_pb2.Ack(follow=self.name, through=through))[0]

    def unfollow(self):
        self.client.follows.pop(self.name, None)
        self.client.send(unfollow=wire_pb2.Unfollow(follow=self.name))
