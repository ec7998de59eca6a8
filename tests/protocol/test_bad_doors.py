#!/usr/bin/python3
"""test_bad_doors.py - who comes without the right key, or without ZeroMQ, disturbs nobody."""
# SPDX-License-Identifier: Apache-2.0
import os
import socket
import unittest

import zmq

from rig import Beside, free_port, kc, wire_pb2


class Doors(Beside):
    """Whoever comes without the right key, or without ZeroMQ at all."""

    agencies = {**Beside.agencies, "dicabut": {"publish": ["62/71/#"], "subscribe": ["62/71/#"]}}

    def silent(self, sock, seconds=0.5):
        """Connects, says hello; nothing comes back."""
        sock.setsockopt(zmq.LINGER, 0)
        self.addCleanup(sock.close)
        sock.connect(self.site.profiles["damkar"].endpoint)
        hello = wire_pb2.Hello(version_min=1, version_max=1)
        sock.send(wire_pb2.ToBroker(request=1, hello=hello).SerializeToString(), zmq.NOBLOCK)
        self.assertEqual(sock.poll(int(seconds * 1000)), 0, "it was answered")

    def dealer(self, kind=zmq.DEALER, **options):
        sock = zmq.Context.instance().socket(kind)
        for name, value in options.items():
            sock.setsockopt(getattr(zmq, name), value)
        return sock

    def keys(self, profile="damkar"):
        profile = self.site.profiles[profile]
        return {"CURVE_SERVERKEY": profile.broker_key, "CURVE_PUBLICKEY": profile.public_key,
                "CURVE_SECRETKEY": profile.secret_key}

    def stranger(self):
        known = self.site.profiles["damkar"]
        public, secret = zmq.curve_keypair()
        return kc.Profile("damkar", known.endpoint, known.broker_key, public, secret, b"")

    def test_an_unknown_key_is_told(self):
        self.refused("AUTH_FAILED", None, kc.Client, self.stranger())

    def test_a_revoked_key_is_told(self):
        client = self.client("dicabut")
        client.ping()
        self.site.policy("dicabut", state="revoked")
        with self.assertRaises(kc.Refused) as caught:
            for _ in range(5):
                client.step(1)
        self.assertIn(caught.exception.code, ("REVOKED", "AUTH_FAILED"))
        self.refused("AUTH_FAILED", None, kc.Client, self.site.profiles["dicabut"])

    def test_a_public_key_without_its_secret(self):
        keys = self.keys()
        keys["CURVE_SECRETKEY"] = zmq.curve_keypair()[1]
        self.silent(self.dealer(**keys))

    def test_another_brokers_key(self):
        keys = self.keys()
        keys["CURVE_SERVERKEY"] = zmq.curve_keypair()[0]
        self.silent(self.dealer(**keys))

    def test_no_curve(self):
        self.silent(self.dealer())

    def test_plain_name_and_password(self):
        self.silent(self.dealer(PLAIN_USERNAME=b"damkar", PLAIN_PASSWORD=b"rahasia"))

    def test_a_client_that_calls_itself_server(self):
        self.silent(self.dealer(CURVE_SERVER=1,
                                CURVE_SECRETKEY=self.site.profiles["damkar"].secret_key))

    def test_other_kinds_of_socket(self):
        for kind in (zmq.SUB, zmq.PULL, zmq.PAIR):
            sock = self.dealer(kind, LINGER=0, **self.keys())
            self.addCleanup(sock.close)
            sock.connect(self.site.profiles["damkar"].endpoint)
            self.assertEqual(sock.poll(100), 0)
        asking = self.dealer(zmq.REQ, **self.keys())
        self.addCleanup(asking.close)
        asking.setsockopt(zmq.LINGER, 0)
        asking.connect(self.site.profiles["damkar"].endpoint)
        asking.send(b"halo")
        self.assertEqual(asking.poll(200), 0)

    def test_a_chosen_routing_id_is_cut(self):
        for name in (b"broker", b"x" * 255, b"\1\2\3\4"):
            self.silent(self.dealer(ROUTING_ID=name, **self.keys()))

    def test_bytes_that_are_no_zeromq(self):
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00"
        cases = [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            os.urandom(4096),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500),
            greeting + b"NULL".ljust(20, b"\0") + bytes(32),
            greeting + b"CURVE".ljust(20, b"\0") + bytes(32) + b"\x04\xff" + b"x" * 255,
            greeting + b"CURVE".ljust(20, b"\0") + bytes(32) + b"\x06" + b"\xff" * 8 + b"x" * 64,
            greeting + b"GSSAPI".ljust(20, b"\0") + bytes(32),
            b"\xff" * 100000,
        ]
        for number, raw in enumerate(cases):
            with self.subTest(number):
                self.assert_no_welcome(raw)

    def assert_no_welcome(self, raw):
        """Sent as it is; what comes back is at most ZeroMQ's own greeting, never a message."""
        with socket.create_connection(("127.0.0.1", self.site.port), 5) as sock:
            sock.settimeout(0.3)
            got = b""
            try:
                sock.sendall(raw)
                while len(got) < 4096 and (more := sock.recv(4096)):
                    got += more
            except OSError:
                pass
        self.assertNotIn(b"Kota Uji", got)
        self.assertLess(len(got), 300)

    def test_a_crowd_that_says_nothing(self):
        crowd = []
        for _ in range(200):
            crowd.append(socket.create_connection(("127.0.0.1", self.site.port), 5))
        self.client().ping()
        self.neighbour.check(self)
        for sock in crowd:
            sock.close()

    def test_connections_that_come_and_go(self):
        for _ in range(60):
            client = kc.Connection(self.site.profiles["damkar"])
            client.close()
        for _ in range(200):
            socket.create_connection(("127.0.0.1", self.site.port), 5).close()
        self.client().ping()

    def test_nobody_at_the_port(self):
        """What a client sees of a broker that is not there: nothing, until there is one."""
        known = self.site.profiles["damkar"]
        nowhere = kc.Profile("damkar", f"tcp://127.0.0.1:{free_port()}", known.broker_key,
                             known.public_key, known.secret_key, b"")
        connection = kc.Connection(nowhere)
        self.addCleanup(connection.close)
        with self.assertRaises(TimeoutError):
            connection.send_frames([b"x"], wait_s=0.3)


if __name__ == "__main__":
    unittest.main()
