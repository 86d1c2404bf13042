# SPDX-License-Identifier: Apache-2.0
"""No descriptors left: the daemon waits without spinning, says so, and recovers by itself."""
import http.client
import resource

import pytest

from harness.peers import Peer, Server
from harness.wait import eventually, steady
from harness.web import UnixConnection, exchange

# Not under UBSan: it looks through a pipe whether memory is readable, and without a descriptor takes every object
# for a broken one.
pytestmark = pytest.mark.starved

CONFIG = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""
ROOM = 20


class Starved:
    """A daemon that was left room for a few descriptors, and more peers than that. Who asks it came before."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.address = daemon.address("echo")
        self.asking = UnixConnection(daemon.socket)
        self.get("/healthz")
        _, self.hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        self.allow(daemon.files() + ROOM)
        self.peers = [Peer.to(self.address) for _ in range(3 * ROOM)]

    def allow(self, files):
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE, (files, self.hard))

    def get(self, path):
        return exchange(self.asking, "GET", path).json

    def echo(self):
        return self.get("/v1/listeners/echo")["connections"]

    def close(self):
        self.allow(self.hard)
        self.asking.close()
        for peer in self.peers:
            peer.close()


@pytest.fixture
def starved(launch):
    starved = Starved(launch(CONFIG))
    eventually(lambda: "listener.shortage" in starved.daemon.log(), "the shortage")
    yield starved
    starved.close()


def is_served(peer):
    try:
        peer.send(b"x")
        return peer.read(1) == b"x"
    except (ConnectionResetError, BrokenPipeError):
        return False


def test_a_shortage_is_shown_and_costs_no_cpu(starved):
    assert starved.get("/v1/status")["totals"]["accept_pauses_total"] > 0
    before = starved.daemon.cpu_seconds()

    steady(lambda: 0, rounds=100)

    assert starved.daemon.cpu_seconds() - before < 0.3
    assert starved.daemon.log().count("listener.shortage") < 10


def test_who_is_served_already_does_not_suffer(starved):
    active = starved.echo()["active"]

    assert active >= ROOM // 2
    assert all(is_served(peer) for peer in starved.peers[:active])


def test_when_others_leave_those_in_the_queue_are_served(starved):
    active = starved.echo()["active"]
    for peer in starved.peers[:active]:
        peer.close()

    served = sum(is_served(peer) for peer in starved.peers[active:active + 5])

    assert served + starved.echo()["refused_total"]["files"] >= 5


def test_when_there_are_files_again_all_is_as_before(starved):
    starved.allow(starved.hard)

    with Peer.to(starved.address) as late:
        assert is_served(late)
    assert starved.daemon.get("/readyz").status == 200


def test_whoever_waits_too_long_in_the_queue_is_turned_away_and_counted(starved):
    refused = eventually(lambda: starved.echo()["refused_total"]["files"], "somebody turned away")

    over = eventually(lambda: [peer for peer in starved.peers if is_over(peer)])

    assert len(over) >= refused > 0


def is_over(peer):
    peer.socket.settimeout(0)
    try:
        return peer.socket.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_the_api_recovers_too(starved):
    daemon = starved.daemon
    for peer in starved.peers:
        peer.close()

    def answers():
        try:
            return daemon.get("/healthz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    assert eventually(answers)


def test_a_session_whose_upstream_gets_no_descriptor_waits_for_one_and_loses_nothing(launch):
    with Server() as server:
        daemon = launch(f"""
[daemon]
workers = 1
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"], connect_timeout = "50s", retries = 0 }}
""")
        address = daemon.address("web")
        asking = UnixConnection(daemon.socket)
        exchange(asking, "GET", "/healthz")
        _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        clients = []
        for n in range(5):
            # One descriptor for the client is left, and none for its upstream.
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (steady(daemon.files) + 1, hard))
            clients.append(Peer.to(address))
            clients[-1].send(b"number %d" % n)
            steady(lambda: daemon.files())
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
            with server.accept() as upstream:
                assert upstream.read(8) == b"number %d" % n
                upstream.send(b"answer")
                assert clients[-1].read(6) == b"answer"
        assert [row["close"]["reason"] for row in daemon.history() if row["close"]["reason"] == "resource"] == []
        for client in clients:
            client.close()
        asking.close()


def test_the_wait_for_a_descriptor_is_counted_from_the_first_shortage(launch):
    with Server() as server:
        daemon = launch(f"""
[daemon]
workers = 1
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"], connect_timeout = "1s", retries = 0 }}
""")
        address = daemon.address("web")
        _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        files = steady(daemon.files)  # the connection over which the address was asked for closes yet
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (files + 1, hard))

        with Peer.to(address) as client:
            assert client.read_to_end() == (b"", "fin")  # not so where each try began to wait anew
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
            close = daemon.ended(client.name)["close"]

        assert (close["reason"], close["phase"]) == ("resource", "connect")
        assert close["duration_ms"] >= 1000


@pytest.mark.parametrize("files", [80, 256, 1024])
def test_the_limit_leaves_a_reserve_so_that_the_api_answers(launch, files):
    daemon = launch(CONFIG, files=files)
    limit = daemon.json("/v1/status")["limits"]["max_connections"]
    assert 0 < limit < files
    address = daemon.address("echo")
    peers = [Peer.to(address) for _ in range(limit + 50)]

    def all_are_in_or_refused():
        counts = daemon.listener("echo")["connections"]
        return counts["accepted_total"] + counts["refused_total"]["limit"] == len(peers) and counts

    assert limit // 2 <= eventually(all_are_in_or_refused)["active"] <= limit
    assert "listener.shortage" not in daemon.log()
    for peer in peers:
        peer.close()


def test_of_twenty_thousand_files_at_least_18400_are_for_connections(launch):
    daemon = launch(CONFIG, files=20_000)

    assert daemon.json("/v1/status")["limits"]["max_connections"] >= 18_400
