# SPDX-License-Identifier: Apache-2.0
"""What the kernel still holds of sockets that the daemon has closed, and what is said where it cannot be asked."""
import socket

import pytest

from harness import sandbox
from harness.peers import TIMEOUT_SECONDS, Peer
from harness.wait import eventually

CONFIG = """
[listeners.first]
listen = ["127.0.0.1:0"]
service = "daytime"

[listeners.one]
listen = ["127.0.0.1:0"]
service = "daytime"
max_connections = 1
close_timeout = "1h"

[listeners.full]
listen = ["127.0.0.1:0"]
service = "echo"
max_connections = 1
"""

CAPABILITIES = ("sock_diag", "final_tcp_info", "socket_cookies", "saved_syn")


def connect_from(port, address):
    """A connection from a port of the caller's choice, 0 = any."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.settimeout(TIMEOUT_SECONDS)
    made.connect(address)
    return Peer(made)


def state_of(daemon, row):
    return daemon.json(f"/v1/connections/{row['id']}")["state"]


def eventually_in(daemon, row, state):
    eventually(lambda: state_of(daemon, row) == state, f"{state} of {row['id']}")


def refuse_one(daemon):
    """A connection that is refused, whose peer goes on holding it; and its row."""
    refused = daemon.connect("full")
    return refused, daemon.ended(refused.name, listener="full")


@pytest.mark.quick
def test_time_wait_is_shown_until_the_kernel_is_done_with_it(launch):
    daemon = launch(CONFIG)
    with connect_from(0, daemon.address("first")) as peer:
        port, name = peer.socket.getsockname()[1], peer.name
        peer.read_to_end()
    row = daemon.ended(name, listener="first")
    eventually_in(daemon, row, "TIME_WAIT")
    assert row["id"] in [each["id"] for each in daemon.history(state="TIME_WAIT", listener="first")]

    # A new connection between the same ports ends TIME_WAIT early.
    with connect_from(port, daemon.address("first")) as again:
        again.read_to_end()
        eventually_in(daemon, row, "CLOSED")

    assert row["id"] not in [each["id"] for each in daemon.history(state="TIME_WAIT", listener="first")]


def test_a_refused_connection_shows_what_the_kernel_still_waits_for(launch):
    daemon = launch(CONFIG)
    with daemon.connect("full") as held:
        held.send(b"x")
        assert held.read(1) == b"x"
        refused, row = refuse_one(daemon)

        eventually_in(daemon, row, "FIN_WAIT_2")
        assert [each["id"] for each in daemon.history(state="FIN_WAIT_2")] == [row["id"]]
        refused.close()
        eventually_in(daemon, row, "TIME_WAIT")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_connection_that_gives_way_gets_its_final_tcp_info_from_the_kernel(launch, host):
    daemon = launch(CONFIG.replace("127.0.0.1", host))
    with daemon.connect("one") as waiting:
        waiting.read_to_end()
        eventually(lambda: daemon.live(waiting.name)["state"] == "FIN_WAIT_2", "FIN_WAIT_2")
        with daemon.connect("one") as other:
            other.read_to_end()
        row = daemon.ended(waiting.name, listener="one")

        assert row["close"]["detail"] == "gave way to others"
        eventually_in(daemon, row, "FIN_WAIT_2")
        eventually(lambda: daemon.json(f"/v1/connections/{row['id']}")["tcp"]["taken"] == "final", "final TCP_INFO")
    totals = daemon.json("/v1/status")["totals"]
    assert (totals["final_info_missed_total"], totals["final_info_overruns_total"]) == (0, 0)


@pytest.mark.quick
def test_states_are_counted_and_nothing_is_degraded(launch):
    daemon = launch(CONFIG)
    with daemon.connect("full") as open_one, daemon.connect("one") as waiting:
        open_one.send(b"x")
        assert open_one.read(1) == b"x"
        waiting.read_to_end()
        eventually(lambda: daemon.live(waiting.name)["state"] == "FIN_WAIT_2", "FIN_WAIT_2")
        status = daemon.json("/v1/status")

        states = status["connections_by_state"]
        assert {state: count for state, count in states.items() if count} == {"ESTABLISHED": 1, "FIN_WAIT_2": 1}
        assert 'tcpctl_connections{state="FIN_WAIT_2"} 1' in daemon.get("/metrics").text
    assert {name: status["capabilities"][name] for name in CAPABILITIES} == dict.fromkeys(CAPABILITIES, "on")


@pytest.mark.skipif(not sandbox.is_supported(), reason="no numbers of system calls for this machine")
def test_what_the_kernel_does_not_have_is_said_with_the_reason(launch):
    daemon = launch(CONFIG, before_exec=sandbox.forbid_socket_details)
    with daemon.connect("first") as peer:
        peer.read_to_end()
        name = peer.name

    capabilities = daemon.json("/v1/status")["capabilities"]
    assert capabilities["saved_syn"] == "off: TCP_SAVE_SYN: Protocol not available"
    assert capabilities["socket_cookies"] == capabilities["final_tcp_info"] == "off: SO_COOKIE: Protocol not available"
    assert capabilities["sock_diag"] == "on"
    row = daemon.ended(name, listener="first")
    assert row["state"] == "CLOSED"
    assert row["handshake"]["client_isn"] is None
    assert row["handshake"]["rtt_us"] > 0


@pytest.mark.skipif(not sandbox.is_supported(), reason="no numbers of system calls for this machine")
def test_where_the_kernel_may_not_be_asked_that_is_said_and_time_wait_is_computed(launch):
    daemon = launch(CONFIG, before_exec=sandbox.forbid_netlink)
    capabilities = daemon.json("/v1/status")["capabilities"]
    for name in ("sock_diag", "final_tcp_info"):
        assert capabilities[name].startswith("off: ") and "not supported" in capabilities[name]

    with daemon.connect("first") as peer:
        peer.read_to_end()
        name = peer.name
    assert daemon.ended(name, listener="first")["state"] == "TIME_WAIT"
    with daemon.connect("full"):
        refused, row = refuse_one(daemon)
        assert state_of(daemon, row) == "CLOSED", "nobody knows"
        refused.close()
    with daemon.connect("one") as waiting:
        waiting.read_to_end()
        eventually(lambda: daemon.live(waiting.name)["state"] == "FIN_WAIT_2", "FIN_WAIT_2")
        with daemon.connect("one") as other:
            other.read_to_end()
        assert daemon.ended(waiting.name, listener="one")["tcp"]["taken"] == "before_close"
