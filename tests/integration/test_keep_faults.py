# SPDX-License-Identifier: Apache-2.0
"""Clients that log in, beat and wait, against peers that say nothing, too much or the wrong thing, go away, or are cut
off; and many clients at once."""
import base64
import contextlib
import datetime
import json
import signal
import subprocess
import threading
import time

import pytest

from harness.dns import DnsServer
from harness.network import CLONE_NEWNET, LOOPBACK_UP, may_have_namespaces, own_namespace
from harness.peers import Server, assert_same, pattern
from harness.programs import TCPCTL, environment
from harness.wait import eventually, steady

NAMESPACES = pytest.mark.skipif(not may_have_namespaces(), reason="a network namespace wants root")
QUICKLY = 'backoff = { initial = "20ms", factor = 2.0, jitter = 0.0, max = "100ms" }'
LOGIN = 'login = [{ expect = "^hello" }, { send = "user\\n" }, { expect = "^welcome" }]'
HEARTBEAT = 'heartbeat = { send = "PING\\n", expect = "^PONG", interval = "50ms", timeout = "200ms" }'


def client(address, *more, name="feed", backoff=QUICKLY):
    return "\n".join([f"[clients.{name}]", f'connect = "{address}"', 'mode = "keep"', backoff, *more, ""])


@pytest.fixture
def server():
    with Server() as server:
        yield server


def is_up(daemon, name="feed"):
    return daemon.client(name)["state"] == "up"


def slot(daemon, name="feed"):
    return daemon.client(name)["slots"][0]


def take(daemon, upto):
    done = daemon.post("/v1/clients/feed/received", {"upto": upto})
    assert done.status == 200, done.text
    return done.json


def received(daemon, offset=0):
    row = daemon.json("/v1/clients/feed/received", **{"from": offset})
    return base64.b64decode(row["base64"])


@pytest.mark.quick
@pytest.mark.threaded
def test_a_connection_counts_as_up_once_it_has_logged_in(launch, server):
    daemon = launch(client(server.address, 'greeting = "HI\\n"', LOGIN))
    with server.accept() as peer:
        assert peer.read_line() == b"HI\n"
        peer.send(b"hello\n")
        assert peer.read_line() == b"user\n"
        assert slot(daemon)["state"] == "logging_in"
        assert daemon.client("feed")["connections"]["connecting"] == 1
        assert daemon.post("/v1/clients/feed/send", {"text": "x"}).status == 409

        peer.send(b"welcome home\nfirst news")

        eventually(lambda: is_up(daemon))
        assert received(daemon) == b"first news"
        row = daemon.client("feed")
        one = row["slots"][0]
        assert (one["n"], one["state"], one["attempts_total"], one["failures_in_row"]) == (1, "up", 1, 0)
        assert daemon.live(server.address, client="feed")["id"] == one["connection"]
        attempt = one["last_attempts"][0]
        assert (attempt["address"], attempt["outcome"], attempt["ended"]) == (server.address, "connected", None)
        assert row["availability"]["hour"] > 0
        assert len(row["recent_ms"]) == 1 and row["connect_ms"]["p99"] > 0
        assert daemon.json("/v1/clients")["items"][0]["slots"] is None


def test_a_peer_that_sends_byte_by_byte_is_understood(launch, server):
    login = LOGIN.replace('"^welcome"', '"^welcome.*\\n"')
    daemon = launch(client(server.address, login, HEARTBEAT.replace("200ms", "1h"), 'login_timeout = "1h"'))
    with server.accept() as peer:
        def dribble(data):
            peer.dribble(data, lambda: daemon.heard(client="feed"))

        dribble(b"hello\n")
        assert peer.read_line() == b"user\n"
        dribble(b"welcome home")
        assert slot(daemon)["state"] == "logging_in"
        dribble(b"\n")
        eventually(lambda: is_up(daemon))
        for _ in range(3):
            assert peer.read_line() == b"PING\n"
            dribble(b"PON\nnews\nPONG\n")
        row = eventually(lambda: (now := daemon.client("feed"))["heartbeat"]["answered_total"] == 3 and now)

        assert row["heartbeat"]["missed_total"] == 0
        assert received(daemon) == b"PON\nnews\nPONG\n" * 3, "the line of the login is none of it"


def answer_wrongly(peer):
    peer.send(b"go away\n")
    peer.fin()


def send_fin(peer):
    peer.send(b"hello\n")
    assert peer.read_line() == b"user\n"
    peer.fin()


def echo(peer):
    peer.send(b"hello\n")
    peer.send(peer.read_line())
    peer.fin()


def reset(peer):
    peer.send(b"hello\n")
    assert peer.read_line() == b"user\n"
    peer.rst()


def say_nothing(peer):
    assert peer.read_to_end() == (b"", "fin")


def flood(peer):
    peer.send_later(bytes(300_000))
    peer.read_to_end()


def test_a_greeting_that_only_comes_back_is_not_shown(launch, server):
    daemon = launch(client(server.address, 'greeting = "PASS s3cret\\n"', LOGIN))
    with server.accept() as peer:
        peer.send(peer.read_line())
        peer.fin()

        row = eventually(lambda: (now := daemon.client("feed"))["last_failure"] and now)

    assert row["last_failure"] == "script_mismatch: login: L7EOF at step 1: <sent>\\n"


@pytest.mark.parametrize(("act", "says"), [
    (answer_wrongly, "login: L7EOF at step 1: go away\\n"),
    (send_fin, "login: L7EOF at step 3"),
    (echo, "login: L7EOF at step 3: <sent>\\n"),
    (reset, "login: L7RSP at step 3: Connection reset by peer"),
    (say_nothing, "login: L7TOUT at step 1"),
    (flood, "login: L7RSP at step 1: \\x00"),
])
def test_a_login_that_fails_is_a_failed_attempt_and_is_tried_again(launch, server, act, says):
    daemon = launch(client(server.address, LOGIN, f'login_timeout = "{"200ms" if act is say_nothing else "1h"}"'))
    with server.accept() as peer:
        act(peer)
        row = eventually(lambda: (now := daemon.client("feed"))["last_failure"] and now)
        assert row["last_failure"].startswith(f"script_mismatch: {says}")
        assert row["recent_ms"][0] is None
    with server.accept() as again:
        again.send(b"hello\n")
        assert again.read_line() == b"user\n"
        again.send(b"welcome\n")
        eventually(lambda: is_up(daemon))
        assert daemon.client("feed")["failures_total"] == {"script_mismatch": 1}
        assert [one["outcome"] for one in slot(daemon)["last_attempts"]] == ["connected", "script_mismatch"]


@pytest.mark.quick
def test_heartbeats_keep_a_connection_and_are_counted_and_timed(launch, server):
    daemon = launch(client(server.address, HEARTBEAT.replace("200ms", "1h")))
    with server.accept() as peer:
        for _ in range(3):
            assert peer.read_line() == b"PING\n"
            peer.send(b"news\nPONG\n")
        row = eventually(lambda: (now := daemon.client("feed"))["heartbeat"]["answered_total"] == 3 and now)
        assert row["heartbeat"]["missed_total"] == 0
        assert row["heartbeat"]["last_ms"] > 0 and row["heartbeat"]["answer_ms"]["p50"] > 0
        assert received(daemon) == b"news\nPONG\n" * 3, "an answer is received data as well"
        lines = daemon.get("/metrics").body.decode().splitlines()
        assert 'tcpctl_client_heartbeats_total{client="feed",outcome="answered"} 3' in lines
        assert 'tcpctl_client_heartbeat_seconds_count{client="feed"} 3' in lines


@pytest.mark.quick
@pytest.mark.parametrize(("said", "reason", "timeout"), [(b"", "dead_peer", "200ms"), (b"what?\n", "script_mismatch", "3s")])
def test_an_unanswered_heartbeat_ends_the_connection(launch, server, said, reason, timeout):
    daemon = launch(client(server.address, HEARTBEAT.replace("200ms", timeout)))
    with server.accept() as peer:
        assert peer.read_line() == b"PING\n"
        peer.send(said)
        assert peer.read_to_end() == (b"", "rst")
    with server.accept():
        row = daemon.client("feed")
        assert row["failures_total"] == {reason: 1}
        assert row["heartbeat"]["missed_total"] == 1
        assert slot(daemon)["last_attempts"][-1]["ended"] == reason


def test_a_daemon_that_was_stopped_hears_the_answer_before_it_judges(launch, server):
    daemon = launch(client(server.address, HEARTBEAT))
    with server.accept() as peer:
        for _ in range(5):
            assert peer.read_line() == b"PING\n"
            daemon.signal(signal.SIGSTOP)
            peer.send(b"PONG\n")
            time.sleep(0.25)  # the fault: it is not there when its timeout is over
            daemon.signal(signal.SIGCONT)

        row = eventually(lambda: (now := daemon.client("feed"))["heartbeat"]["answered_total"] >= 5 and now)
        assert (row["heartbeat"]["missed_total"], row["attempts_total"]) == (0, 1)


def test_one_of_two_connections_down_is_not_up(launch, server):
    daemon = launch(client(server.address, "connections = 2", backoff='backoff = { initial = "1h", max = "1h" }'))
    with server.accept(), server.accept() as lost:
        eventually(lambda: is_up(daemon))
        lost.rst()

        row = eventually(lambda: (now := daemon.client("feed"))["connections"]["up"] == 1 and now)

        assert row["state"] == "degraded"
        assert 'tcpctl_client_up{client="feed"} 0\n' in daemon.get("/metrics").text
        assert "client feed: 1 of 2 connections are up" in daemon.tcpctl().stdout


def test_an_answer_is_found_in_a_flood_and_the_ring_stays_bounded(launch, server):
    daemon = launch(client(server.address, HEARTBEAT.replace("200ms", "1h"), 'receive_buffer = "4KiB"'))
    with server.accept() as peer:
        for _ in range(3):
            assert peer.read_line() == b"PING\n"
            peer.send(b"x" * 500_000 + b"\nPONG\n")
        row = eventually(lambda: (now := daemon.client("feed"))["heartbeat"]["answered_total"] == 3 and now)
        assert row["received_overwritten_bytes_total"] == row["bytes_in_total"] - 4096
        assert len(received(daemon)) == 4096


def test_on_full_wait_makes_the_peer_wait_and_loses_nothing(launch, server):
    # The login holds the first heartbeat back until there is more to read than there is room for.
    daemon = launch(client(server.address, 'receive_buffer = "4KiB"', 'on_full = "wait"', HEARTBEAT,
                           'login = [{ expect = "^hello" }]'))
    # What comes while it is taken answers the heartbeats of a test that is slow.
    sent = b"".join(b"%d %s\nPONG\n" % (number, pattern(1000)) for number in range(8000))
    with server.accept() as peer:
        sending = peer.send_later(b"hello\n" + sent)
        eventually(lambda: len(received(daemon)) == 4096)
        steady(lambda: daemon.client("feed")["bytes_in_total"], rounds=60)
        assert not sending.done(), "the peer's window is closed"
        assert daemon.client("feed")["attempts_total"] == 1, "a heartbeat whose answer could not be read is not missed"
        assert daemon.client("feed")["heartbeat"]["sent_total"] == 0
        assert received(daemon, 4096) == b"", "reading makes no room"
        got = b""
        while len(got) < 200_000:
            got += received(daemon, len(got))
            take(daemon, len(got))
        assert_same(got, sent[:len(got)])
        assert daemon.client("feed")["received_overwritten_bytes_total"] == 0


def test_only_who_takes_makes_room_whoever_else_reads(launch, server):
    daemon = launch(client(server.address, 'receive_buffer = "1KiB"', 'on_full = "wait"'))
    sent = pattern(500_000)
    with server.accept() as peer:
        peer.send_later(sent)
        eventually(lambda: len(received(daemon)) == 1024)

        for offset in (1024, 0, 512):
            row = daemon.json("/v1/clients/feed/received", **{"from": offset})
            assert (row["next"], row["taken"]) == (1024, 0)
        assert take(daemon, 1000)["taken"] == 1000
        assert take(daemon, 10)["taken"] == 1000, "nothing is given back"
        row = eventually(lambda: (now := daemon.json("/v1/clients/feed/received"))["next"] == 2024 and now)

        assert_same(base64.b64decode(row["base64"]), sent[1000:2024])
        assert (row["from"], row["lost_bytes"], row["taken"]) == (1000, 1000, 1000)
        beyond = daemon.post("/v1/clients/feed/received", {"upto": 1 << 40})
        assert beyond.status == 409 and "2024" in beyond.json["detail"]
        assert daemon.json("/v1/clients/feed/received")["taken"] == 1000


def test_a_follower_takes_what_it_has_printed(launch, server):
    daemon = launch(client(server.address, 'receive_buffer = "1KiB"', 'on_full = "wait"'))
    sent = pattern(20_000)
    with server.accept() as peer, contextlib.ExitStack() as stack:
        sending = peer.send_later(sent)
        shown = daemon.tcpctl("client", "received", "feed", "-o", "json")
        assert json.loads(shown.stdout)["taken"] == daemon.json("/v1/clients/feed/received")["taken"] == 0
        following = stack.enter_context(subprocess.Popen(
            [TCPCTL, "--host", f"unix:{daemon.socket}", "client", "received", "feed", "-f"], stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL, env=environment()))
        stack.callback(following.terminate)

        assert_same(following.stdout.read(len(sent)), sent)
        assert sending.result() == len(sent)
        eventually(lambda: daemon.json("/v1/clients/feed/received")["taken"] == len(sent))


def test_where_nobody_has_to_take_it_changes_nothing(launch, server):
    daemon = launch(client(server.address))
    with server.accept() as peer:
        peer.send(b"news")
        eventually(lambda: received(daemon) == b"news")

        assert take(daemon, 4) == take(daemon, 400) == {"taken": None, "untaken_bytes": None}
        assert received(daemon) == b"news"


@pytest.mark.quick
def test_send_says_whether_the_peers_tcp_has_it(launch):
    with Server(receive_buffer=4096) as server:
        daemon = launch(client(server.address))
        with server.accept():
            eventually(lambda: is_up(daemon))
            sent = daemon.post("/v1/clients/feed/send?wait_ack=30s", {"text": "hello"})
            assert (sent.json["kernel_bytes"], sent.json["acked"], sent.json["ended"]) == (5, True, None)
            assert sent.json["acked_after_ms"] >= 0

            stuck = daemon.post("/v1/clients/feed/send?wait_ack=100ms", {"text": "x" * 1_000_000})
            assert (stuck.json["acked"], stuck.json["acked_after_ms"], stuck.json["ended"]) == (False, None, None)

            wrong = daemon.post("/v1/clients/feed/send?wait_ack=2m", {"text": "x"})
            assert wrong.status == 400 and "wait_ack" in wrong.json["detail"]


@pytest.mark.quick
def test_a_client_connects_from_the_address_it_is_told_to(launch, server):
    with Server(("::1", 0)) as six:
        daemon = launch(client(server.address, 'source_address = "127.0.0.9"') +
                        client(six.address, 'family = "ipv4"', name="never") +
                        client(server.address, 'source_address = "192.0.2.1"', name="foreign") +
                        client(server.address, 'interface = "nosuch0"', name="astray"))
        with server.accept() as peer:
            assert peer.socket.getpeername()[0] == "127.0.0.9"
        for name, why in (("never", "no address of the wanted family"),
                          ("foreign", "source_address 192.0.2.1: Cannot assign requested address"),
                          ("astray", "interface 'nosuch0': No such device")):
            row = eventually(lambda name=name: (now := daemon.client(name))["last_failure"] and now)
            assert row["last_failure"] == f"connect_unreachable: {why}"


def test_a_name_that_comes_and_changes_is_followed(launch):
    with DnsServer() as dns, Server() as first, Server(("127.0.0.2", first.port)) as second:
        daemon = launch(dns.config + client(f"feed.example:{first.port}"))
        eventually(lambda: daemon.client("feed")["failures_total"].get("connect_unreachable", 0) >= 2)
        assert "feed.example" in slot(daemon)["last_attempts"][0]["outcome"] + daemon.client("feed")["last_failure"]

        dns.host("feed.example", "127.0.0.1")
        with first.accept() as peer:
            eventually(lambda: is_up(daemon))
            dns.host("feed.example", "127.0.0.2")
            eventually(lambda: restarted(peer, first, second, daemon))


def restarted(peer, first, second, daemon):
    """Ends the connection, and whichever is made by the old address, until the new one is used."""
    with contextlib.suppress(OSError):
        peer.rst()
    for server in (first, second):
        server.socket.settimeout(0.05)
        with contextlib.suppress(TimeoutError), server.accept():
            if server is second:
                return True
    return False


@NAMESPACES
def test_a_connection_to_itself_is_refused(launch):
    """Where the kernel has but one port to choose from, it is the one that is to be connected to."""
    def work():
        daemon = launch(client("127.0.0.1:40001"))
        row = eventually(lambda: (now := daemon.client("feed"))["last_failure"] and now)
        assert row["last_failure"] == "connect_refused: connected to itself: nobody listens there"
        ended = daemon.history(client="feed")[0]["close"]
        assert (ended["reason"], ended["first"], ended["how"]) == ("connect_refused", "local", "rst")
        assert row["connections"]["up"] == 0
    one_port = ["sysctl", "-qw", "net.ipv4.ip_local_port_range=40001 40001"]
    with own_namespace(CLONE_NEWNET, LOOPBACK_UP, one_port) as network:
        network.submit(work).result()


@NAMESPACES
def test_a_link_that_is_taken_down_is_noticed_and_survived(launch):
    def run(*command):
        subprocess.run(command, check=True)

    def connect_link(far_thread):
        run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(far_thread))
        run("ip", "addr", "add", "10.9.9.1/24", "dev", "v0")
        run("ip", "link", "set", "v0", "up")

    def serve():
        run("ip", "addr", "add", "10.9.9.2/24", "dev", "v1")
        run("ip", "link", "set", "v1", "up")
        return Server(("10.9.9.2", 0))

    def answer(peer, count):
        for _ in range(count):
            assert peer.read_line() == b"PING\n"
            peer.send(b"PONG\n")

    with own_namespace(CLONE_NEWNET, LOOPBACK_UP) as far, own_namespace(CLONE_NEWNET, LOOPBACK_UP) as near:
        near.submit(connect_link, far.submit(threading.get_native_id).result()).result()
        with far.submit(serve).result() as server:
            config = client(server.address, HEARTBEAT.replace("200ms", "3s"), 'interface = "v0"', 'connect_timeout = "300ms"')
            daemon = near.submit(launch, config).result()
            with server.accept() as peer:
                answer(peer, 2)
                near.submit(run, "ip", "link", "set", "v0", "down").result()
                row = eventually(lambda: (now := daemon.client("feed"))["failures_total"].get("dead_peer") and now)
                assert row["failures_total"]["dead_peer"] == 1
                near.submit(run, "ip", "link", "set", "v0", "up").result()
                with server.accept() as again:
                    answer(again, 2)
                    eventually(lambda: is_up(daemon))


def opened(row):
    return datetime.datetime.fromisoformat(row["opened_at"].replace("Z", "+00:00")).timestamp()


def test_many_clients_come_back_after_their_server_and_none_twice(launch):
    clients, rate = 60, 100
    names = [f"c{number}" for number in range(clients)]
    with Server(backlog=1000) as server:
        daemon = launch(f'[daemon]\nconnect_rate = "{rate}/s"\n' +
                        "".join(client(server.address, name=name) for name in names))
        held = [server.accept() for _ in names]
        eventually(lambda: daemon.json("/v1/status")["totals"]["clients_up"] == clients)
        port = server.port
    for peer in held:
        peer.rst()
    eventually(lambda: daemon.json("/v1/status")["totals"]["clients_up"] == 0)

    with Server(("127.0.0.1", port), backlog=1000) as server:
        held = [server.accept() for _ in names]
        eventually(lambda: daemon.json("/v1/status")["totals"]["clients_up"] == clients)

        live = daemon.connections()
        assert sorted(row["client"] for row in live) == sorted(names)
        assert {row["remote"] for row in live} == {server.address}
        server.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()
        times = sorted(opened(row) for row in daemon.history() + live)
        for first, last in zip(times, times[rate:]):
            assert last - first > 0.8, "more attempts within a second than the rate allows"
        for peer in held:
            peer.close()
