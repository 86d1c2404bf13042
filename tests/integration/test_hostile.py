# SPDX-License-Identifier: Apache-2.0
"""Peers that mean no good, or that just break: bounded memory, a recorded reason, no effect on others."""
import random
import statistics
import time

import pytest

from harness.daemon import BOUNDED_KIB
from harness.peers import Peer, Server, pattern
from harness.wait import eventually, steady


@pytest.fixture(scope="module")
def sink():
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def daemon(launch_shared, sink):
    services = "".join(f'\n[listeners.{name}]\nlisten = ["127.0.0.1:0"]\nservice = "{name}"\n'
                       for name in ("echo", "discard", "chargen", "daytime", "time", "dialog"))
    return launch_shared(services + f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{sink.address}"] }}
""")


STREAMING = ("echo", "discard", "chargen", "dialog")


def assert_others_are_served(daemon):
    with daemon.connect("echo") as peer:
        peer.send(b"alive")
        assert peer.read(5) == b"alive"


@pytest.mark.threaded
@pytest.mark.parametrize("service", [*STREAMING, "daytime", "time"])
def test_garbage_harms_nobody(daemon, service):
    chance = random.Random(service)
    for size in (1, 2, 100, 4096, 300_000):
        with daemon.connect(service) as peer:
            name = peer.name
            peer.send_later(chance.randbytes(size), then_fin=True)
            if service == "chargen":
                peer.read(1000)
            else:
                peer.read_to_end()
        assert daemon.ended(name)["close"]["reason"] in ("peer_fin", "local_done", "local_limit", "peer_rst")

    assert_others_are_served(daemon)


@pytest.mark.threaded
@pytest.mark.parametrize("service", [*STREAMING, "daytime", "time"])
def test_resets_at_any_moment_are_recorded(daemon, service):
    before = len(daemon.history(listener=service))
    for n in range(30):
        peer = daemon.connect(service)
        if n % 3 > 0:
            peer.send_later(pattern(100 * n)).result()
        peer.rst()

    rows = eventually(lambda: (now := daemon.history(listener=service)) and len(now) == before + 30 and now)

    for row in rows[:30]:
        assert row["close"]["reason"] in ("peer_rst", "local_done")
        assert row["close"]["first"] in ("remote", "local")
    assert_others_are_served(daemon)


@pytest.mark.threaded
def test_resets_on_either_side_of_a_session_are_recorded(daemon, sink):
    before = len(daemon.history(listener="web"))
    for n in range(20):
        client = daemon.connect("web")
        upstream = sink.accept()
        upstream.send(b"up")
        assert client.read(2) == b"up"
        client.send(pattern(1000 * n))
        (client if n % 2 else upstream).rst()
        (upstream if n % 2 else client).read_to_end()
        (upstream if n % 2 else client).close()

    eventually(lambda: len(daemon.history(listener="web")) == before + 40)

    assert {row["close"]["reason"] for row in daemon.history(listener="web")[:40]} == {"peer_rst"}
    assert daemon.listener("web")["connections"]["active"] == 0


def test_a_hundred_peers_that_never_read_cost_little(daemon):
    before = daemon.resident_kib()
    peers = [daemon.connect("chargen", receive_buffer=4096) for _ in range(100)]
    steady(lambda: daemon.listener("chargen")["bytes_out_total"])

    grown = daemon.resident_kib() - before

    assert grown < 100 * (64 + 32) + BOUNDED_KIB  # a bounded queue each
    assert_others_are_served(daemon)
    for peer in peers:
        peer.rst()
    eventually(lambda: daemon.listener("chargen")["connections"]["active"] == 0)


def test_a_thousand_slow_readers_cost_little_and_hold_up_nobody(launch):
    daemon = launch("[daemon]\nworkers = 1\n" + "".join(
        f'[listeners.{name}]\nlisten = ["127.0.0.1:0"]\nservice = "{name}"\n' for name in ("chargen", "echo")))
    with daemon.connect("echo") as other:
        before = daemon.resident_kib()
        peers = [daemon.connect("chargen", receive_buffer=4096) for _ in range(1000)]
        steady(lambda: daemon.listener("chargen")["bytes_out_total"])
        cpu = daemon.cpu_seconds()

        took = []
        for _ in range(20):
            for peer in peers[::10]:
                peer.read(100)
            begin = time.monotonic()
            other.send(b"alive")
            assert other.read(5) == b"alive"
            took.append(time.monotonic() - begin)

        assert statistics.median(took) < 0.1  # a turn of the worker, and far from a turn of every reader
        assert daemon.resident_kib() - before < 1000 * (64 + 32) + BOUNDED_KIB  # a bounded queue each
        assert daemon.cpu_seconds() - cpu < 5
    for peer in peers:
        peer.rst()
    eventually(lambda: daemon.listener("chargen")["connections"]["active"] == 0)


def test_a_thousand_slow_readers_of_forwarded_sessions_are_bounded_and_hold_up_nobody(launch):
    flooding = launch('[listeners.chargen]\nlisten = ["127.0.0.1:0"]\nservice = "chargen"\n')
    host, port = flooding.address("chargen")
    daemon = launch(f"""
[daemon]
workers = 1
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{host}:{port}"] }}
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
""")
    address = daemon.address("web")
    with daemon.connect("echo") as other:
        before = daemon.resident_kib()
        peers = [Peer.to(address, receive_buffer=4096) for _ in range(1000)]
        eventually(lambda: daemon.upstreams("web")["u1"]["active"] == len(peers))
        steady(lambda: daemon.listener("web")["bytes_out_total"])

        took, got = [], {peer: b"" for peer in peers[::10]}
        for _ in range(20):
            for peer in got:
                got[peer] += peer.read(100)
            begin = time.monotonic()
            other.send(b"alive")
            assert other.read(5) == b"alive"
            took.append(time.monotonic() - begin)

        assert len(set(got.values())) == 1  # chargen says the same to all
        assert statistics.median(took) < 0.1  # a turn of the worker, and far from a turn of every reader
        assert daemon.resident_kib() - before < 1000 * (128 + 32) + BOUNDED_KIB  # a read buffer each
    for peer in peers:
        peer.rst()
    eventually(lambda: daemon.json("/v1/status")["totals"]["connections_active"] == 0)


def test_half_open_peers_are_held_and_cost_no_cpu(daemon):
    peers = [daemon.connect("echo") for _ in range(200)]
    eventually(lambda: daemon.listener("echo")["connections"]["active"] >= 200)
    before = daemon.cpu_seconds()

    steady(lambda: 0, rounds=100)

    assert daemon.cpu_seconds() - before < 0.3
    assert_others_are_served(daemon)
    for peer in peers:
        peer.close()
    eventually(lambda: daemon.listener("echo")["connections"]["active"] == 0)


def test_connections_that_are_closed_before_they_are_accepted_are_seen_and_gone(daemon):
    daemon.post("/v1/listeners/echo/pause")
    before = daemon.listener("echo")["connections"]["accepted_total"]
    for n in range(20):
        peer = daemon.connect("echo")
        peer.send(b"x")
        peer.rst() if n % 2 else peer.close()

    daemon.post("/v1/listeners/echo/resume")

    eventually(lambda: daemon.listener("echo")["connections"]["accepted_total"] == before + 20)
    eventually(lambda: daemon.listener("echo")["connections"]["active"] == 0)
    assert_others_are_served(daemon)


def test_urgent_data_is_just_a_byte_less_or_more(daemon):
    import socket
    with daemon.connect("echo") as peer:
        peer.send(b"a")
        peer.socket.send(b"!", socket.MSG_OOB)
        peer.send(b"b")
        peer.fin()

        got, end = peer.read_to_end()

    assert (got.replace(b"!", b""), end) == (b"ab", "fin")


def test_after_all_this_nothing_is_left_open(daemon):
    eventually(lambda: daemon.json("/v1/status")["totals"]["connections_active"] == 0)
    files = steady(daemon.files)

    for _ in range(50):
        with daemon.connect("echo") as peer:
            peer.send(b"x")
            peer.read(1)
    eventually(lambda: daemon.json("/v1/status")["totals"]["connections_active"] == 0)

    assert steady(daemon.files) <= files
