# SPDX-License-Identifier: Apache-2.0
"""Events: what the daemon tells of connections, upstreams, clients, limits and reloads, and how it is read."""
import pytest

from harness.peers import Server
from harness.wait import eventually

ECHO = """
[listeners.a]
listen = ["127.0.0.1:0"]
service = "echo"
"""

FIELDS = {"seq", "at", "type", "listener", "client", "upstream", "connection", "peer_id", "direction", "remote", "first",
          "how", "reason", "detail", "duration_ms", "bytes_in", "bytes_out"}


def events(daemon, **parameters):
    return daemon.json("/v1/events", since=0, limit=1000, **parameters)["items"]


def awaited(daemon, count, **parameters):
    """The events that match, once there are `count`."""
    def enough():
        found = events(daemon, **parameters)
        return found if len(found) >= count else None
    return eventually(enough, f"{count} events of {parameters}")


def types(found):
    return [event["type"] for event in found]


def echo_once(daemon, listener="a"):
    with daemon.connect(listener) as peer:
        peer.send(b"ping")
        assert peer.read(4) == b"ping"
        return peer.name


@pytest.mark.quick
def test_an_echo_connection_is_told_from_its_opening_to_its_end(launch):
    daemon = launch(ECHO)
    name = echo_once(daemon)

    found = awaited(daemon, 4, listener="a")

    assert types(found) == ["opened", "established", "half_closed", "closed"]
    assert all(set(event) == FIELDS for event in found)
    assert len({event["connection"] for event in found}) == 1
    assert {event["remote"] for event in found} == {name}
    assert [event["seq"] for event in found] == sorted(event["seq"] for event in found)
    assert [event["at"] for event in found] == sorted(event["at"] for event in found)
    closed = found[-1]
    row = daemon.json(f"/v1/history/{closed['connection']}")
    assert {name: closed[name] for name in ("first", "how", "reason")} == {
        name: row["close"][name] for name in ("first", "how", "reason")}
    assert (closed["bytes_in"], closed["bytes_out"]) == (4, 4)


@pytest.mark.quick
def test_a_forwarded_session_tells_of_both_legs(launch):
    with Server() as server:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
""")
        with daemon.connect("web") as client, server.accept() as upstream:
            client.send(b"x")
            upstream.read(1)

    found = awaited(daemon, 8, listener="web")
    inbound = [event for event in found if event["direction"] == "inbound"]
    outbound = [event for event in found if event["direction"] == "outbound"]

    assert types(inbound) == types(outbound) == ["opened", "established", "half_closed", "closed"]
    assert types(found)[:4] == ["opened", "established", "opened", "established"]
    assert {event["upstream"] for event in outbound} == {"u1"}
    assert outbound[0]["peer_id"] == inbound[0]["connection"]
    assert inbound[-1]["peer_id"] == outbound[0]["connection"]


def test_a_refused_attempt_is_opened_and_closed_and_the_upstream_goes_down_and_up(launch):
    with Server() as server:
        address, port = server.address, server.port
    daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
[listeners.web.forward]
upstreams = ["{address}"]
retries = 0
health = {{ interval = "50ms", timeout = "1s", rise = 1, fall = 1 }}
""")
    down = awaited(daemon, 1, type="upstream_down")[0]
    assert (down["listener"], down["upstream"]) == ("web", "u1")
    assert down["detail"]
    with Server(("127.0.0.1", port)):
        assert awaited(daemon, 1, type="upstream_up")[0]["upstream"] == "u1"
    # Checks are no sessions: nothing is told of their connections.
    assert events(daemon, type="opened,closed") == []


def test_a_client_that_comes_and_goes_is_told(launch):
    with Server() as server:
        daemon = launch(f"""
[clients.feed]
connect = "{server.address}"
mode = "keep"
""")
        with server.accept():
            up = awaited(daemon, 1, type="client_up")[0]
        down = awaited(daemon, 1, type="client_down")[0]

    assert up["client"] == down["client"] == "feed"
    assert up["listener"] is None
    assert up["connection"] == down["connection"]
    assert down["reason"] == "peer_fin"


def test_a_limit_is_told_once_and_each_refusal_by_itself(launch):
    daemon = launch(ECHO + "max_connections = 1\n")
    with daemon.connect("a"):
        eventually(lambda: len(daemon.connections()) == 1, "the connection that fills the listener")
        for _ in range(3):
            with daemon.connect("a") as refused:
                refused.read_to_end()
    found = awaited(daemon, 4, listener="a", type="refused,limit_reached")

    assert types(found) == ["limit_reached", "refused", "refused", "refused"]
    assert {event["reason"] for event in found} == {"limit"}
    assert found[0]["detail"] == "max_connections"


def test_a_reload_is_told_with_what_came_of_it(launch):
    daemon = launch(ECHO)
    daemon.reload(ECHO.replace("listeners.a", "listeners.b"))
    daemon.write("[listeners]\nx = 1\n")
    daemon.post("/v1/config/reload")

    found = awaited(daemon, 2, type="reload")

    assert found[0]["detail"] == "1 added, 0 changed, 1 removed, 0 kept"
    assert found[1]["detail"].startswith("refused: ")


def test_events_are_read_in_pages_without_a_gap(launch):
    daemon = launch(ECHO)
    for _ in range(5):
        echo_once(daemon)
    awaited(daemon, 20)

    numbers, since = [], 0
    while page := daemon.json("/v1/events", since=since, limit=3)["items"]:
        numbers += [event["seq"] for event in page]
        since = page[-1]["seq"]

    assert numbers == list(range(1, 21))


def test_what_the_ring_has_lost_is_counted(launch):
    daemon = launch("[history]\nevents = 5\n" + ECHO)
    for _ in range(3):
        echo_once(daemon)
    eventually(lambda: daemon.json("/v1/status")["totals"]["events_total"] == 12, "12 events")

    answer = daemon.json("/v1/events", since=2)

    assert [event["seq"] for event in answer["items"]] == [8, 9, 10, 11, 12]
    assert (answer["dropped"], answer["next"]) == (5, 12)
    assert daemon.json("/v1/status")["totals"]["events_kept"] == 5


def test_events_are_switched_off_and_on_again_by_a_reload(launch):
    daemon = launch("[history]\nevents = 0\n" + ECHO)
    echo_once(daemon)
    assert daemon.get("/v1/events").status == 409
    assert daemon.json("/v1/status")["capabilities"]["events"].startswith("off")

    daemon.reload(ECHO)
    echo_once(daemon)

    assert types(awaited(daemon, 5)) == ["reload", "opened", "established", "half_closed", "closed"]
