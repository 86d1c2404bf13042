# SPDX-License-Identifier: Apache-2.0
"""Events: what the daemon tells of connections, upstreams, clients, limits and reloads, and how it is read."""
import contextlib
import json
import signal
import socket
import subprocess

import pytest

from harness import openapi
from harness.daemon import TCPCTL, environment
from harness.peers import Server
from harness.wait import eventually

ECHO = """
[listeners.a]
listen = ["127.0.0.1:0"]
service = "echo"
"""

FIELDS = {"seq", "at", "type", "listener", "client", "upstream", "connection", "peer_id", "direction", "remote", "proxied_source",
          "first", "how", "reason", "detail", "duration_ms", "bytes_in", "bytes_out", "change"}


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


def test_an_upstream_that_goes_down_and_up_is_told_and_its_checks_are_not(launch):
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


def newest(daemon):
    """The number of the last event; with none yet, the one before the first."""
    return daemon.json("/v1/events", since=0)["next"]


def test_a_new_life_of_the_daemon_numbers_on_from_above_the_one_before(launch):
    before = launch(ECHO)
    echo_once(before)
    awaited(before, 4)
    last = newest(before)
    daemon = launch(ECHO)
    for _ in range(3):
        echo_once(daemon)
    awaited(daemon, 12)

    answer = daemon.json("/v1/events", since=last)

    assert len(answer["items"]) == 12
    assert answer["items"][0]["seq"] > last
    assert answer["dropped"] == 0
    with Stream(daemon, last=last) as stream:
        assert [number for number, _, _ in stream.events(12)] == [event["seq"] for event in answer["items"]]


def test_streams_end_where_events_are_switched_off(launch):
    daemon = launch(ECHO)
    with Stream(daemon) as stream:
        stream.begun()
        daemon.reload("[history]\nevents = 0\n" + ECHO)

        assert stream.is_over()
    with Stream(daemon) as refused:
        assert refused.status == 409


def test_events_are_read_in_pages_without_a_gap(launch):
    daemon = launch(ECHO)
    start = newest(daemon)
    for _ in range(5):
        echo_once(daemon)
    awaited(daemon, 20)

    numbers, since = [], 0
    while page := daemon.json("/v1/events", since=since, limit=3)["items"]:
        numbers += [event["seq"] for event in page]
        since = page[-1]["seq"]

    assert numbers == list(range(start + 1, start + 21))


def test_what_the_ring_has_lost_is_counted(launch):
    daemon = launch("[history]\nevents = 5\n" + ECHO)
    start = newest(daemon)
    for _ in range(3):
        echo_once(daemon)
    eventually(lambda: daemon.json("/v1/status")["totals"]["events_total"] == 12, "12 events")

    answer = daemon.json("/v1/events", since=start + 2)

    assert [event["seq"] - start for event in answer["items"]] == [8, 9, 10, 11, 12]
    assert (answer["dropped"], answer["next"]) == (5, start + 12)
    assert daemon.json("/v1/status")["totals"]["events_kept"] == 5


def test_events_are_switched_off_and_on_again_by_a_reload(launch):
    daemon = launch("[history]\nevents = 0\n" + ECHO)
    echo_once(daemon)
    assert daemon.get("/v1/events").status == 409
    assert daemon.json("/v1/status")["capabilities"]["events"].startswith("off")

    daemon.reload(ECHO)
    echo_once(daemon)

    assert types(awaited(daemon, 6)) == ["reload", "change", "opened", "established", "half_closed", "closed"]


# --- streams --------------------------------------------------------------------------------------


class Stream:
    """A reader of /v1/events as server-sent events."""

    def __init__(self, daemon, query="", last=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(str(daemon.socket))
        resume = f"Last-Event-ID: {last}\r\n" if last is not None else ""
        self.socket.sendall(f"GET /v1/events{query} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                            f"{resume}\r\n".encode())
        self.text = b""
        self.status = int(self.until(b"\r\n\r\n").split()[1])

    def until(self, end):
        while end not in self.text:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(self.text)
            self.text += piece
        found, _, self.text = self.text.partition(end)
        return found

    def events(self, count):
        """The next `count` frames with data, as (id, type, value)."""
        found = []
        while len(found) < count:
            lines = dict(line.split(": ", 1) for line in self.until(b"\n\n").decode().splitlines() if ": " in line)
            if "data" in lines:
                found.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
                assert openapi.document().misfit("Event", found[-1][2]) is None, lines
        return found

    def begun(self):
        """Waits for the number that it begins behind."""
        return int(self.until(b"\n\n").decode().rsplit("id: ", 1)[1])

    def is_over(self):
        """Reads what is left, up to the end."""
        while self.socket.recv(65536):
            pass
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def streams(daemon):
    return daemon.json("/v1/status")["totals"]["event_streams"]


@pytest.mark.quick
def test_a_stream_tells_events_as_they_come_and_resumes_without_a_gap(launch):
    daemon = launch(ECHO)
    with Stream(daemon) as stream:
        assert stream.status == 200
        start = stream.begun()
        assert start == newest(daemon)
        echo_once(daemon)
        first = stream.events(2)
    assert [(number - start, kind) for number, kind, _ in first] == [(1, "opened"), (2, "established")]
    assert [value["seq"] - start for _, _, value in first] == [1, 2]
    echo_once(daemon)

    with Stream(daemon, last=start + 2) as stream:
        rest = stream.events(6)

    assert [number - start for number, _, _ in rest] == [3, 4, 5, 6, 7, 8]
    assert [kind for _, kind, _ in rest][:2] == ["half_closed", "closed"]


def test_there_are_sixteen_streams_at_most_and_a_departed_one_makes_room(launch):
    daemon = launch(ECHO)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(Stream(daemon)) for _ in range(16)]
        assert {stream.status for stream in opened} == {200}
        refused = stack.enter_context(Stream(daemon))
        assert refused.status == 503
        assert daemon.json("/v1/events")["items"] == []

        opened[0].socket.close()

        eventually(lambda: streams(daemon) == 15, "the departure of a reader to be noticed")
        assert stack.enter_context(Stream(daemon)).status == 200
    eventually(lambda: streams(daemon) == 0, "the end of all streams")


def test_a_reader_that_stalls_is_cut_and_counted_while_other_calls_answer(launch):
    daemon = launch(ECHO)
    with Stream(daemon) as stalled, Stream(daemon, "?type=reload") as idle:
        stalled.begun()
        idle.begun()

        def is_cut():
            for _ in range(20):
                echo_once(daemon)
            totals = daemon.json("/v1/status")["totals"]
            return totals["event_streams_cut_total"] == 1 and totals["event_streams"] == 1

        eventually(is_cut, "the stalled reader to be cut", tries=2000)
        daemon.reload()
        assert idle.events(1)[0][1] == "reload"
    assert b"tcpctl_event_streams_cut_total 1" in daemon.get("/metrics").body


# --- tcpctl ---------------------------------------------------------------------------------------


def follower(daemon, *arguments):
    return subprocess.Popen([TCPCTL, "--host", f"unix:{daemon.socket}", *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment())


def test_tcpctl_follows_events_as_json_lines_until_it_is_interrupted(launch):
    daemon = launch(ECHO)
    start = newest(daemon)
    with follower(daemon, "-o", "json", "events", "-f", "--type", "closed") as tcpctl:
        eventually(lambda: streams(daemon) == 1, "the follower")
        for _ in range(2):
            echo_once(daemon)
        lines = [json.loads(tcpctl.stdout.readline()) for _ in range(2)]
        tcpctl.send_signal(signal.SIGINT)
        _, errors = tcpctl.communicate(timeout=30)

    assert [event["seq"] - start for event in lines] == [4, 8]
    assert errors == ""


def test_tcpctl_ends_quietly_when_nobody_reads_it_any_more(launch):
    daemon = launch(ECHO)
    with follower(daemon, "conn", "watch") as tcpctl:
        eventually(lambda: streams(daemon) == 1, "the follower")
        echo_once(daemon)
        assert "opened" in tcpctl.stdout.readline()
        tcpctl.stdout.close()

        assert tcpctl.wait(30) == 0
        assert tcpctl.stderr.read() == ""


def test_tcpctl_lists_the_last_events(launch):
    daemon = launch(ECHO)
    echo_once(daemon)
    awaited(daemon, 4)

    assert types(daemon.tcpctl_json("events", "--limit", "2")["items"]) == ["half_closed", "closed"]
    assert "remote fin, peer_fin" in daemon.tcpctl("events").stdout
