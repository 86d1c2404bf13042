# SPDX-License-Identifier: Apache-2.0
"""The metrics: that Prometheus takes them, and that they count what happened."""
import re
import shutil
import subprocess

import pytest

from harness.peers import Server, closed_port
from harness.wait import eventually


@pytest.fixture
def daemon(launch):
    with Server() as server, closed_port() as closed:
        daemon = launch(f"""
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
deny = ["127.0.0.9"]

[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = [{{ name = "b", address = "{server.address}" }}] }}

[clients.feed]
connect = "{closed.address}"
mode = "keep"
backoff = {{ initial = "1m" }}

[clients.check]
connect = "{closed.address}"
mode = "probe"
""")
        daemon.server = server
        yield daemon


def value(daemon, sample):
    text = daemon.get("/metrics").text
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    assert found, f"{sample} is not in\n{text}"
    return float(found.group(1))


@pytest.mark.quick
def test_promtool_finds_nothing_wrong(daemon):
    if shutil.which("promtool") is None:
        pytest.fail("promtool is missing; script/bootstrap installs it")
    with daemon.connect("echo") as peer:
        peer.send(b"x")
        peer.read(1)
        name = peer.name
    daemon.ended(name)
    metrics = daemon.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")

    checked = subprocess.run(["promtool", "check", "metrics"], input=metrics.body, capture_output=True, check=False)

    assert checked.returncode == 0, checked.stderr.decode() + checked.stdout.decode()
    assert checked.stderr == b""


@pytest.mark.quick
def test_connections_bytes_and_ends_are_counted_by_listener(daemon):
    with daemon.connect("echo") as peer:
        peer.send(b"12345")
        peer.read(5)
        assert value(daemon, 'tcpctl_listener_connections{listener="echo"}') == 1
        assert value(daemon, 'tcpctl_connections{state="ESTABLISHED"}') == 1
        name = peer.name
    daemon.ended(name)
    with daemon.connect("echo", source="127.0.0.9") as denied:
        denied.read_to_end()

    assert value(daemon, 'tcpctl_listener_connections{listener="echo"}') == 0
    assert value(daemon, 'tcpctl_listener_connections_total{listener="echo"}') == 1
    assert value(daemon, 'tcpctl_listener_refused_total{listener="echo",reason="acl"}') == 1
    assert value(daemon, 'tcpctl_listener_bytes_total{listener="echo",direction="in"}') == 5
    assert value(daemon, 'tcpctl_listener_bytes_total{listener="echo",direction="out"}') == 5
    closed = 'tcpctl_connections_closed_total{listener="echo",first="remote",how="fin",reason="peer_fin"}'
    assert value(daemon, closed) == 1
    assert value(daemon, 'tcpctl_connection_duration_seconds_count{listener="echo"}') == 1
    assert value(daemon, 'tcpctl_connection_rtt_seconds_count{listener="echo"}') == 1
    assert 0 < value(daemon, 'tcpctl_connection_rtt_seconds_sum{listener="echo"}') < 60
    assert value(daemon, 'tcpctl_listener_accept_queue{listener="echo"}') == 0


@pytest.mark.quick
def test_the_status_tells_how_the_connections_of_each_listener_and_client_ended(daemon):
    with daemon.connect("echo") as peer:
        peer.send(b"12345")
        peer.read(5)
        name = peer.name
    daemon.ended(name)
    eventually(lambda: daemon.json("/v1/status")["clients"]["feed"]["closes"])

    status = daemon.json("/v1/status")

    ends = status["listeners"]["echo"]
    assert ends == daemon.listener("echo")["ends"]
    assert ends["closes"] == [{"first": "remote", "how": "fin", "reason": "peer_fin", "total": 1}]
    assert ends["closes_by_reason"] == {"peer_fin": 1}
    for histogram in (ends["duration_ms"], ends["rtt_ms"]):
        assert histogram["count"] == 1
        assert [bucket["count"] for bucket in histogram["buckets"]] == [1]
        assert 0 < histogram["mean"] <= histogram["buckets"][0]["le"]
        assert 0 < histogram["p50"] <= histogram["p90"] <= histogram["p99"] <= histogram["buckets"][0]["le"]
    assert "connect_refused" in status["clients"]["feed"]["closes_by_reason"]
    assert set(status["listeners"]) == {"echo", "web"} and set(status["clients"]) == {"feed", "check"}
    assert status["totals"]["closes_by_reason"]["peer_fin"] == 1
    shown = daemon.tcpctl("listener", "show", "echo").stdout
    assert "Ended" in shown and "1: peer_fin 1" in shown and "Round trip" in shown
    assert "peer_fin 1" in daemon.tcpctl("status").stdout


def test_ends_stay_in_the_totals_when_their_listener_goes(daemon):
    with daemon.connect("echo") as peer:
        peer.send(b"1")
        peer.read(1)
        name = peer.name
    daemon.ended(name)

    daemon.reload(daemon.own_file.read_text().replace("[listeners.echo]", "[listeners.other]"))

    status = daemon.json("/v1/status")
    assert "echo" not in status["listeners"]
    assert status["totals"]["closes_by_reason"]["peer_fin"] == 1


def test_upstreams_and_clients_are_counted(daemon):
    with daemon.connect("web"), daemon.server.accept():
        eventually(lambda: daemon.upstreams("web")["b"]["connections_total"] == 1)
    eventually(lambda: daemon.client("feed")["state"] == "backing_off" and daemon.client("check")["last_probe"])

    assert value(daemon, 'tcpctl_upstream_up{listener="web",upstream="b"}') == 1
    assert value(daemon, 'tcpctl_upstream_connect_seconds_count{listener="web",upstream="b"}') == 1
    assert value(daemon, 'tcpctl_upstream_connect_seconds_bucket{listener="web",upstream="b",le="+Inf"}') == 1
    assert 0 < value(daemon, 'tcpctl_upstream_connect_seconds_sum{listener="web",upstream="b"}') < 60
    assert value(daemon, 'tcpctl_upstream_connections_total{listener="web",upstream="b"}') == 1
    ended = 'tcpctl_upstream_connections_closed_total{listener="web",upstream="b",first="'
    eventually(lambda: ended in daemon.get("/metrics").text)
    assert value(daemon, 'tcpctl_upstream_state{listener="web",upstream="b",kind="admin",state="ready"}') == 1
    assert value(daemon, 'tcpctl_client_up{client="feed"}') == 0
    assert value(daemon, 'tcpctl_client_attempts_total{client="feed",outcome="connect_refused"}') == 1
    assert value(daemon, 'tcpctl_probe_success{client="check"}') == 0
    assert value(daemon, "tcpctl_log_dropped_total") == 0


def test_no_address_port_or_id_is_a_label(daemon):
    with daemon.connect("echo") as peer:
        peer.send(b"x")
        peer.read(1)
        text = daemon.get("/metrics").text

        labels = set(re.findall(r'[{,](\w+)="', text))

        assert labels <= {"version", "listener", "client", "upstream", "direction", "reason", "first", "how", "state",
                          "outcome", "result", "phase", "le", "quantile", "commit", "kind"}
        assert peer.name.split(":")[1] not in re.findall(r'"([^"]*)"', text)
