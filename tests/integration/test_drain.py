# SPDX-License-Identifier: Apache-2.0
"""The end of connections without haste: of a listener, of one upstream, of the daemon."""
import contextlib
import datetime
import re
import signal
import subprocess

import pytest

from harness.daemon import TCPCTL, environment
from harness.peers import Server
from harness.wait import eventually

CONFIG = """
[daemon]
drain_timeout = "{time}"

[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
close_timeout = "300ms"
"""


def ping(peer, text=b"ping"):
    peer.send(text)
    return peer.read(len(text)) == text


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def fin_sent(row):
    return moment(next(each["at"] for each in row["timeline"] if each["event"] == "fin_sent"))


def crowd(stack, daemon, listener, size):
    peers = [stack.enter_context(daemon.connect(listener)) for _ in range(size)]
    assert all(ping(peer) for peer in peers)
    return peers


def drain(daemon, listener, time):
    answer = daemon.post(f"/v1/listeners/{listener}/drain?drain={time}")
    assert answer.status == 200, answer.text
    return answer.json["drain"]


def drained_rows(daemon, size, **filters):
    return eventually(lambda: (lambda rows: rows if len(rows) == size else None)(
        daemon.history(reason="drain", **filters)), f"{size} ends by the drain")


def waves(rows):
    """How many times one or more were closed together."""
    return len({int(fin_sent(row).timestamp() * 20) for row in rows})


def test_ends_are_spread_over_the_second_half(launch):
    daemon = launch(CONFIG.format(time="1h"))
    with contextlib.ExitStack() as stack:
        peers = crowd(stack, daemon, "echo", 60)

        times = drain(daemon, "echo", "3s")

        began, ends = moment(times["began_at"]), moment(times["ends_at"])
        assert ends - began == datetime.timedelta(seconds=3)
        row = daemon.listener("echo")
        assert (row["state"], row["drain"]) == ("draining", times)
        for peer in peers:
            assert peer.read_to_end()[0] == b""
            peer.close()
        rows = drained_rows(daemon, 60)
        assert min(fin_sent(row) for row in rows) >= began + (ends - began) / 2
        assert waves(rows) > 3
    eventually(lambda: daemon.listener("echo")["state"] == "drained", "the end of the drain")
    eventually(lambda: "drain.done" in daemon.log(), "its line in the log")
    assert "drain.begun of=\"listener 'echo'\" remaining=60" in daemon.log()


@pytest.mark.quick
def test_who_ends_by_itself_is_left_alone_and_who_stays_silent_is_reset(launch):
    daemon = launch(CONFIG.format(time="1h"))
    with daemon.connect("echo") as leaving, daemon.connect("echo") as stubborn:
        assert ping(leaving) and ping(stubborn)

        drain(daemon, "echo", "1s")
        assert ping(leaving)
        leaving.fin()
        assert leaving.read_to_end() == (b"", "fin")

        assert stubborn.read_to_end() == (b"", "fin")
        close = daemon.ended(stubborn.name)["close"]
        assert (close["reason"], close["first"]) == ("drain", "local")
        assert daemon.ended(leaving.name)["close"]["reason"] == "peer_fin"
        eventually(lambda: daemon.listener("echo")["state"] == "drained", "the reset of who does not close")


@pytest.mark.parametrize("verb", ["resume", "pause"])
def test_another_wish_ends_the_drain(launch, verb):
    daemon = launch(CONFIG.format(time="1h"))
    with daemon.connect("echo") as stays, daemon.connect("echo") as also:
        assert ping(stays) and ping(also)
        drain(daemon, "echo", "600ms")

        row = daemon.post(f"/v1/listeners/echo/{verb}").json

        assert row["drain"] is None
        daemon.post("/v1/listeners/echo/resume")
        with daemon.connect("echo") as later:
            assert ping(later)
            # A second drain is over after the first one would have been.
            daemon.request("PUT", "/v1/listeners/other", {"listen": "127.0.0.1:0", "service": "echo"})
            with daemon.connect("other") as other:
                assert ping(other)
                drain(daemon, "other", "900ms")
                assert other.read_to_end()[0] == b""
            assert ping(stays) and ping(also) and ping(later)


def test_a_drain_has_a_time_that_can_be_read(launch):
    daemon = launch(CONFIG.format(time="1h"))
    times = daemon.post("/v1/listeners/echo/drain").json["drain"]
    assert moment(times["ends_at"]) - moment(times["began_at"]) == datetime.timedelta(hours=1), "drain_timeout"
    for wrong in ("soon", "25h", "-1s", ""):
        assert daemon.post(f"/v1/listeners/echo/drain?drain={wrong}").status == 400
    assert daemon.listener("echo")["drain"] == times


# --- an upstream ----------------------------------------------------------------------------------

@contextlib.contextmanager
def two_upstreams(launch):
    with Server() as a, Server() as b:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
[listeners.web.forward]
upstreams = [{{ name = "a", address = "{a.address}" }}, {{ name = "b", address = "{b.address}" }}]
""")
        with contextlib.ExitStack() as stack:
            sessions = {"a": [], "b": []}
            for _ in range(16):
                client = stack.enter_context(daemon.connect("web"))
                leg = daemon.live(client.name, direction="inbound")
                other = eventually(lambda leg=leg: daemon.json(f"/v1/connections/{leg['id']}")["peer_id"], "a leg")
                name = daemon.json(f"/v1/connections/{other}")["upstream"]
                upstream = stack.enter_context((a if name == "a" else b).accept())
                sessions[name].append((client, upstream))
            yield daemon, sessions


def through(client, upstream):
    client.send(b"x")
    return upstream.read(1) == b"x"


def change(daemon, upstream, body):
    return daemon.request("PATCH", f"/v1/listeners/web/upstreams/{upstream}", body)


def test_a_drained_upstream_loses_its_sessions_and_the_others_keep_theirs(launch):
    with two_upstreams(launch) as (daemon, sessions):
        assert sessions["a"] and sessions["b"]

        row = change(daemon, "a", {"admin_state": "drain", "drain": "1s"}).json

        began, ends = moment(row["drain"]["began_at"]), moment(row["drain"]["ends_at"])
        assert ends - began == datetime.timedelta(seconds=1)
        rows = daemon.upstreams("web")
        assert (rows["a"]["drain"], rows["b"]["drain"]) == (row["drain"], None)
        for client, upstream in sessions["a"]:
            assert client.read_to_end()[0] == b""
            upstream.close()
            client.close()
        eventually(lambda: daemon.upstreams("web")["a"]["assigned"] == 0, "the end of its sessions")
        ended = [row for row in daemon.history(reason="drain") if row["direction"] == "inbound"]
        assert len(ended) == len(sessions["a"])
        assert all(through(*session) for session in sessions["b"])


def test_an_upstream_that_is_ready_again_keeps_its_sessions(launch):
    with two_upstreams(launch) as (daemon, sessions):
        change(daemon, "a", {"admin_state": "drain", "drain": "600ms"})

        row = change(daemon, "a", {"admin_state": "ready"}).json
        change(daemon, "b", {"admin_state": "drain", "drain": "900ms"})

        assert row["drain"] is None
        for client, upstream in sessions["b"]:
            assert client.read_to_end()[0] == b""
            upstream.close()
        assert all(through(*session) for session in sessions["a"])


@pytest.mark.quick
def test_without_a_time_a_drained_upstream_keeps_its_sessions(launch):
    with two_upstreams(launch) as (daemon, sessions):
        assert change(daemon, "a", {"admin_state": "drain"}).json["drain"] is None
        assert all(through(*session) for session in sessions["a"] + sessions["b"])
        assert change(daemon, "a", {"admin_state": "ready", "drain": "1s"}).status == 400


@pytest.mark.parametrize("gone", ["the upstream", "the listener"])
def test_the_drain_of_an_upstream_goes_on_when_it_is_removed(launch, gone):
    with two_upstreams(launch) as (daemon, sessions):
        row = change(daemon, "a", {"admin_state": "drain", "drain": "1s"}).json
        assert row["drain"]

        if gone == "the listener":
            assert daemon.request("DELETE", "/v1/listeners/web").status == 200
        else:
            left = [each for each in daemon.listener("web")["config"]["forward"]["upstreams"] if each["name"] == "b"]
            assert daemon.request("PATCH", "/v1/listeners/web", {"forward": {"upstreams": left}}).status == 200

        for client, upstream in sessions["a"]:
            assert client.read_to_end()[0] == b""
            upstream.close()
            assert daemon.ended(client.name)["close"]["reason"] == "drain"
        assert all(through(*session) for session in sessions["b"])


# --- the daemon -----------------------------------------------------------------------------------

def test_sigterm_spreads_the_ends_and_answers_meanwhile(launch):
    daemon = launch(CONFIG.format(time="3s"))
    with contextlib.ExitStack() as stack:
        peers = crowd(stack, daemon, "echo", 60)
        assert daemon.json("/v1/status")["drain"] is None

        daemon.signal(signal.SIGTERM)

        times = eventually(lambda: daemon.json("/v1/status")["drain"], "the drain")
        began, ends = moment(times["began_at"]), moment(times["ends_at"])
        assert daemon.listener("echo")["state"] == "draining"
        assert daemon.json("/v1/status")["totals"]["listeners_failed"] == 0
        rows = eventually(lambda: daemon.history(reason="drain"), "the first end")
        for peer in peers:
            if len(rows) < 30:
                rows = daemon.history(reason="drain")
            assert peer.read_to_end()[0] == b""
            peer.close()
        assert min(fin_sent(row) for row in rows) >= began + (ends - began) / 2
    assert daemon.wait() == 0
    assert "of=daemon" in daemon.log()


def test_tcpctl_tells_of_a_daemon_that_drains(launch):
    daemon = launch(CONFIG.format(time="1h"))
    with daemon.connect("echo") as peer:
        assert ping(peer)
        daemon.signal(signal.SIGTERM)
        eventually(lambda: daemon.json("/v1/status")["drain"], "the drain")

        status, overview = daemon.tcpctl("status").stdout, daemon.tcpctl().stdout

    line = re.search(r"since \S+ \S+, 1 connection left, ends by \S+ \S+\n", status)
    assert line, status
    assert f"the daemon drains {line[0]}" in overview


# --- tcpctl ---------------------------------------------------------------------------------------

@pytest.mark.quick
def test_tcpctl_waits_until_none_remain(launch):
    daemon = launch(CONFIG.format(time="1h"))
    with daemon.connect("echo") as peer:
        assert ping(peer)

        done = daemon.tcpctl("listener", "drain", "echo", "--time", "400ms", "--wait")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["listener echo: 1 connection remains",
                                        "listener echo: drained, no connections remain"]


def test_tcpctl_says_that_what_it_waits_for_is_gone(launch):
    daemon = launch(CONFIG.format(time="1h"))
    with daemon.connect("echo") as peer:
        assert ping(peer)
        waiting = subprocess.Popen([TCPCTL, "--host", f"unix:{daemon.socket}", "listener", "drain", "echo", "--wait"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        assert waiting.stdout.readline() == "listener echo: 1 connection remains\n"

        assert daemon.request("DELETE", "/v1/listeners/echo").status == 200

        rest, error = waiting.communicate(timeout=60)
    assert (waiting.returncode, rest) == (4, "")
    assert error.startswith("tcpctl: listener echo is gone: it was removed before its drain was over")


def test_tcpctl_says_that_the_upstream_it_waits_for_is_gone(launch):
    with two_upstreams(launch) as (daemon, sessions):
        address = daemon.upstreams("web")["b"]["address"]
        waiting = subprocess.Popen([TCPCTL, "--host", f"unix:{daemon.socket}", "upstream", "drain", "web", "a", "--wait"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        lines = [waiting.stdout.readline() for _ in range(2)]
        assert lines[1].startswith(f"upstream a of web: {len(sessions['a'])} connection"), lines

        body = {"forward": {"upstreams": [{"name": "b", "address": address}]}}
        assert daemon.request("PATCH", "/v1/listeners/web", body).status == 200

        rest, error = waiting.communicate(timeout=60)
    assert (waiting.returncode, rest) == (4, "")
    assert error.startswith("tcpctl: upstream a of web is gone: it was removed")


def test_tcpctl_waits_for_an_upstream(launch):
    with two_upstreams(launch) as (daemon, sessions):
        done = daemon.tcpctl("upstream", "drain", "web", "a", "--time", "400ms", "--wait")

        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "upstream a of web: drained, no connections remain"
        assert all(through(*session) for session in sessions["b"])
