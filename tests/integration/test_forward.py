# SPDX-License-Identifier: Apache-2.0
"""forward: bytes both ways, the choice of an upstream, and what happens when there is none."""
import concurrent.futures
import contextlib
import hashlib
import subprocess
import tempfile
import threading

import pytest

from harness.daemon import BOUNDED_KIB
from harness.peers import Peer, Server, assert_same, black_hole, closed_port, pattern
from harness.wait import eventually, steady

BULK = 16 << 20


def forward(upstreams, name="web", more="", listener=""):
    listed = ", ".join(f'"{each}"' if isinstance(each, str) else f'{{ name = "{each[0]}", address = "{each[1]}" }}'
                       for each in upstreams)
    return f"""
[listeners.{name}]
listen = ["127.0.0.1:0"]
service = "forward"
{listener}
[listeners.{name}.forward]
upstreams = [{listed}]
{more}
"""


def legs(daemon, name):
    """The history of both legs of the session whose client was `name`."""
    client = daemon.ended(name)
    path = f"/v1/history/{client['peer_id']}"
    eventually(lambda: daemon.get(path).status == 200, "the upstream's leg in the history")
    return client, daemon.json(path)


@pytest.fixture
def server():
    with Server() as server:
        yield server


@pytest.mark.quick
@pytest.mark.threaded
def test_passes_every_byte_both_ways_at_once(launch, server):
    daemon = launch(forward([server.address]))
    up, down = pattern(BULK, seed=1), pattern(BULK, seed=2)
    with daemon.connect("web") as client, server.accept() as upstream:
        name = client.name
        client.send_later(up, then_fin=True)
        upstream.send_later(down, then_fin=True)
        reading = upstream.read_to_end_later()

        got, end = client.read_to_end()

        assert_same(got, down)
        assert end == "fin"
        got, end = reading.result()
        assert_same(got, up)
        assert end == "fin"
    client, upstream = legs(daemon, name)
    assert (client["bytes_in"], client["bytes_out"]) == (BULK, BULK)
    assert (upstream["bytes_in"], upstream["bytes_out"]) == (BULK, BULK)
    assert upstream["peer_id"] == client["id"]
    assert (client["direction"], upstream["direction"]) == ("inbound", "outbound")
    assert upstream["upstream"] == "u1"


@pytest.mark.threaded
def test_many_sessions_at_once_keep_their_bytes_apart(launch, server):
    daemon = launch(forward([server.address]))
    stop = threading.Event()

    def echo(peer):
        with peer, contextlib.suppress(OSError):
            while piece := peer.socket.recv(65536):
                peer.send(piece)

    def serve():
        while not stop.is_set():
            with contextlib.suppress(OSError):
                threading.Thread(target=echo, args=(server.accept(),), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    clients = [daemon.connect("web") for _ in range(50)]
    for n, client in enumerate(clients):
        client.send_later(pattern(200_000, seed=n), then_fin=True)

    for n, client in enumerate(clients):
        got, end = client.read_to_end()
        assert_same(got, pattern(200_000, seed=n))
        assert end == "fin"
        client.close()

    stop.set()
    eventually(lambda: daemon.listener("web")["connections"]["active"] == 0)


def test_what_the_client_says_before_the_upstream_is_connected_is_not_lost(launch, server):
    with closed_port() as refusing:
        daemon = launch(forward([refusing.address, server.address]))
        for _ in range(8):
            with daemon.connect("web") as client:
                client.send(b"early")
                client.fin()
                with server.accept() as upstream:
                    assert upstream.read_to_end() == (b"early", "fin")


def test_upstreams_take_turns(launch):
    with Server() as first, Server() as second, Server() as third:
        daemon = launch("[daemon]\nworkers = 1\n" + forward([("a", first.address), ("b", second.address),
                                                              ("c", third.address)]))
        for _ in range(2):
            for server in (first, second, third):
                with daemon.connect("web"), server.accept():
                    pass

        counts = {name: row["connections_total"] for name, row in daemon.upstreams("web").items()}

    assert counts == {"a": 2, "b": 2, "c": 2}


@pytest.mark.quick
def test_a_refusing_upstream_is_passed_over(launch, server):
    with closed_port() as refusing:
        daemon = launch(forward([("dead", refusing.address), ("alive", server.address)]))
        for n in range(4):
            with daemon.connect("web") as client, server.accept() as upstream:
                client.send(b"%d" % n)
                assert upstream.read(1) == b"%d" % n

        upstreams = daemon.upstreams("web")
        failed = [row for row in daemon.history(direction="outbound") if row["upstream"] == "dead"]

    assert upstreams["alive"]["connections_total"] == 4
    assert upstreams["dead"]["failures_total"]["connect_refused"] == len(failed) >= 1
    for row in failed:
        close = row["close"]
        assert row["state"] == "CLOSED"
        assert (close["reason"], close["how"], close["phase"]) == ("connect_refused", "rst", "connect")


def test_with_no_upstream_left_the_client_leg_has_the_reason_and_each_attempt_an_entry(launch):
    with closed_port() as one, closed_port() as two:
        daemon = launch(forward([one.address, two.address], more="retries = 3"))
        with daemon.connect("web") as client:
            name = client.name
            client.send(b"hello")

            assert client.read_to_end() == (b"", "fin")

        row = daemon.ended(name)
        attempts = daemon.history(direction="outbound")

        assert {each["remote"] for each in attempts} == {one.address, two.address}
    assert row["close"]["reason"] == "connect_refused"
    assert row["close"]["phase"] == "connect"
    assert (row["close"]["first"], row["close"]["how"]) == ("local", "fin")
    assert "Connection refused" in row["close"]["detail"]
    assert len(attempts) == 4
    assert {each["peer_id"] for each in attempts} == {row["id"]}


def test_retries_zero_tries_once(launch):
    with closed_port() as refusing:
        daemon = launch(forward([refusing.address], more="retries = 0"))
        with daemon.connect("web") as client:
            client.read_to_end()
            name = client.name
        daemon.ended(name)

        assert len(daemon.history(direction="outbound")) == 1


def test_a_silent_upstream_is_given_up_after_connect_timeout(launch):
    with black_hole() as silent:
        daemon = launch(forward([silent.address], more='connect_timeout = "200ms"\nretries = 1'))
        with daemon.connect("web") as client:
            name = client.name
            connecting = eventually(lambda: daemon.connections(direction="outbound"), "an attempt")
            assert connecting[0]["state"] == "SYN_SENT"

            assert client.read_to_end() == (b"", "fin")

        row = daemon.ended(name)
        attempts = daemon.history(direction="outbound")

    assert row["close"]["reason"] == "connect_timeout"
    assert [each["close"]["how"] for each in attempts] == ["timeout", "timeout"]
    assert {each["close"]["reason"] for each in attempts} == {"connect_timeout"}
    assert all(180 <= each["close"]["duration_ms"] for each in attempts)


def test_a_silent_upstream_is_followed_by_one_that_answers(launch, server):
    with black_hole() as silent:
        daemon = launch(forward([silent.address, server.address], more='connect_timeout = "200ms"'))
        for _ in range(2):
            with daemon.connect("web") as client, server.accept() as upstream:
                client.send(b"ping")
                assert upstream.read(4) == b"ping"


def test_a_client_that_leaves_while_the_upstream_is_being_connected_ends_the_attempt(launch):
    with black_hole() as silent:
        daemon = launch(forward([silent.address], more='connect_timeout = "60s"'))
        with daemon.connect("web") as client:
            name = client.name
            eventually(lambda: daemon.connections(direction="outbound"), "an attempt")
            client.rst()

        row = daemon.ended(name)
        eventually(lambda: not daemon.connections(), "no connection")

    assert (row["close"]["reason"], row["close"]["how"], row["close"]["phase"]) == ("peer_rst", "rst", "connect")


@pytest.mark.parametrize("reader", ["client", "upstream"])
def test_one_who_does_not_read_stops_the_other_and_costs_no_memory(launch, server, reader):
    daemon = launch(forward([server.address]))
    before = daemon.resident_kib()
    with daemon.connect("web") as client, server.accept() as upstream:
        writer, idler = (upstream, client) if reader == "client" else (client, upstream)

        stuck = writer.fill()

        assert daemon.resident_kib() - before < BOUNDED_KIB
        # Nothing that was taken is lost.
        writer.send_later(b"", then_fin=True)
        got, end = idler.read_to_end()
        assert (len(got), end) == (stuck, "fin")


def test_a_stuck_session_does_not_slow_the_others(launch, server):
    daemon = launch("[daemon]\nworkers = 1\n" + forward([server.address]))
    with daemon.connect("web") as stuck, server.accept():
        stuck.fill()
        with daemon.connect("web") as client, server.accept() as upstream:
            for _ in range(100):
                client.send(b"ping")
                assert upstream.read(4) == b"ping"
                upstream.send(b"pong")
                assert client.read(4) == b"pong"


def test_a_stuck_session_costs_no_cpu(launch, server):
    daemon = launch(forward([server.address]))
    with daemon.connect("web") as client, server.accept():
        client.fill()
        before = daemon.cpu_seconds()

        steady(lambda: 0, rounds=100)

        assert daemon.cpu_seconds() - before < 0.2


def test_an_upstream_may_be_a_name(launch, server):
    daemon = launch(forward([f"localhost:{server.port}"]))
    with daemon.connect("web") as client, server.accept() as upstream:
        client.send(b"by name")

        assert upstream.read(7) == b"by name"


def test_an_unknown_name_ends_the_client_with_the_reason(launch):
    daemon = launch(forward(["no-such-host.invalid:80"], more="retries = 0"))
    with daemon.connect("web") as client:
        name = client.name

        assert client.read_to_end() == (b"", "fin")

    close = daemon.ended(name)["close"]
    assert close["reason"] in ("upstream_down", "connect_unreachable")
    assert "no-such-host.invalid" in close["detail"]


def test_unix_sockets_on_both_sides(launch):
    with tempfile.TemporaryDirectory() as folder, Server(f"{folder}/up") as server:
        config = forward([server.address]).replace('"127.0.0.1:0"', f'"unix:{folder}/in"')
        daemon = launch(config)
        sent = pattern(1 << 20)
        with Peer.to(f"{folder}/in") as client, server.accept() as upstream:
            client.send_later(sent, then_fin=True)
            got, end = upstream.read_to_end()
            assert_same(got, sent)
            assert end == "fin"
            rows = daemon.connections(listener="web")
            assert len(rows) == 2
            assert all(row["tcp"] is None and row["handshake"] is None for row in rows)
            upstream.send(b"answer")
            upstream.close()

            assert client.read_to_end() == (b"answer", "fin")

        eventually(lambda: len(daemon.history(listener="web")) == 2, "both legs in the history")
        reasons = {row["close"]["reason"] for row in daemon.history(listener="web")}

    assert reasons == {"peer_fin"}


def test_half_close_false_ends_both_directions_at_the_first_fin(launch, server):
    daemon = launch(forward([server.address], more="half_close = false"))
    with daemon.connect("web") as client, server.accept() as upstream:
        name = client.name
        client.send(b"question")
        client.fin()

        assert upstream.read_to_end() == (b"question", "fin")
        assert client.read_to_end() == (b"", "fin")

    assert daemon.ended(name)["close"]["reason"] == "peer_fin"


def test_both_legs_are_listed_while_they_stand(launch, server):
    daemon = launch(forward([("b", server.address)]))
    with daemon.connect("web") as client, server.accept() as upstream:
        inbound = daemon.live(client.name)
        outbound = eventually(lambda: next(iter(daemon.connections(direction="outbound")), None))

        assert inbound["peer_id"] == outbound["id"]
        assert outbound["peer_id"] == inbound["id"]
        assert outbound["local"] == f"127.0.0.1:{upstream.socket.getpeername()[1]}"
        assert (inbound["service"], outbound["upstream"]) == ("forward", "b")
        assert inbound["state"] == outbound["state"] == "ESTABLISHED"
        assert daemon.upstreams("web")["b"]["active"] == 1
    eventually(lambda: daemon.upstreams("web")["b"]["active"] == 0)


def flood(peer, seed, size):
    """Sends `size` bytes of blocks that differ, then FIN; answers their digest."""
    block, digest = bytearray(pattern(1 << 20, seed)), hashlib.sha256()
    for number in range(size // len(block)):
        block[:8] = number.to_bytes(8, "big")
        digest.update(block)
        peer.send(block)
    peer.fin()
    return digest.hexdigest()


def digest_of_all(peer):
    digest, length, space = hashlib.sha256(), 0, bytearray(1 << 20)
    while got := peer.socket.recv_into(space):
        digest.update(memoryview(space)[:got])
        length += got
    return length, digest.hexdigest()


def test_a_gibibyte_each_way_at_once_arrives_as_it_was_sent(launch, server):
    daemon = launch(forward([server.address]))
    size = 1 << 30
    with daemon.connect("web") as client, server.accept() as upstream, \
            concurrent.futures.ThreadPoolExecutor(4) as pool:
        name = client.name
        sent = [pool.submit(flood, client, 1, size), pool.submit(flood, upstream, 2, size)]
        received = [pool.submit(digest_of_all, upstream), pool.submit(digest_of_all, client)]

        assert [each.result() for each in received] == [(size, each.result()) for each in sent]
        assert daemon.pipes() > 0, "it went through pipes"

    for leg in legs(daemon, name):
        assert (leg["bytes_in"], leg["bytes_out"]) == (size, size)
        assert leg["close"]["reason"] == "peer_fin"


def test_a_session_that_lasts_is_kept_alive_on_both_sides(launch, server):
    daemon = launch(forward([server.address], listener='keepalive = { idle = "100s" }'))

    def timers():
        shown = subprocess.run(["ss", "-Htno", f"dport = :{server.port} or sport = :{daemon.port('web')}"],
                               capture_output=True, text=True, check=True).stdout
        return [line for line in shown.splitlines() if "keepalive,1min" in line]

    with daemon.connect("web"), server.accept():
        # The client's leg inherits the options of its listener; the upstream's gets them a moment later.
        eventually(lambda: len(timers()) == 2, "a keepalive timer on both legs")
