# SPDX-License-Identifier: Apache-2.0
"""The names and kinds that users' scripts and dashboards rest on, one by one, in live answers. More may be there."""
import re

import pytest

from harness.peers import Server
from harness.wait import eventually

NUMBER = (int, float)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
ID = re.compile(r"\d+-\d+")
COUNTS = {str: int}  # of whatever names


class Maybe:
    """Null, or what it says."""

    def __init__(self, kind):
        self.kind = kind


class Word:
    """One of these."""

    def __init__(self, words):
        self.words = words.split()


STATES = Word("LISTEN SYN_SENT SYN_RCVD ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT CLOSED")

LISTENER = {
    "name": str, "source": Word("file runtime"), "state": str, "error": Maybe(str), "service": str,
    "addresses": [{"configured": str, "bound": Maybe(str), "state": str, "error": Maybe(str), "queue": Maybe(int),
                   "queue_max": Maybe(int)}],
    "connections": {"active": int, "peak": int, "limit": Maybe(int), "accepted_total": int,
                    "refused_total": {"limit": int, "source_limit": int, "rate": int, "acl": int, "files": int}},
    "bytes_in_total": int, "bytes_out_total": int, "config": {"listen": list, "service": str}}

PROBE = {
    "success": bool,
    "result": Word("L4OK L4CON L4TOUT L4UNR L6RSP L7OK L7TOUT L7RSP L7EOF"),
    "failed_step": Maybe(int), "got": Maybe(str), "at": TIME, "duration_ms": NUMBER,
    "phases_ms": {"resolve": Maybe(NUMBER), "connect": Maybe(NUMBER)},
    "steps": [{"n": int, "kind": str, "ok": bool, "ms": NUMBER}]}

CLIENT = {
    "name": str, "source": Word("file runtime"), "mode": Word("keep probe"), "state": str, "error": Maybe(str),
    "address": str, "resolved": [str],
    "connections": {"wanted": int, "up": int, "connecting": int, "backing_off": int},
    "attempts_total": int, "failures_total": COUNTS, "next_attempt_in_ms": Maybe(int), "last_failure": Maybe(str),
    "last_probe": Maybe(PROBE), "bytes_in_total": int, "bytes_out_total": int, "config": {"connect": str, "mode": str}}

UPSTREAM = {
    "name": str, "address": str, "config_state": str, "admin_state": str, "operational_state": str, "cause": Maybe(str),
    "since": TIME, "weight": int, "backup": bool, "active": int, "connections_total": int, "failures_total": COUNTS,
    "connect_ms": {"p50": Maybe(NUMBER), "p99": Maybe(NUMBER)}}

CLOSE = {
    "at": TIME, "first": Word("local remote unknown"), "how": Word("fin rst timeout abort"),
    "reason": Word("peer_fin peer_rst local_done local_limit idle_timeout connect_refused connect_timeout "
                   "connect_unreachable queue_timeout dead_peer tls_error proxy_header_error script_mismatch "
                   "upstream_down admin_kill drain fault_injected resource internal unknown"),
    "phase": Word("connect queue proxy_header tls greeting script data closing"),
    "code": re.compile(r"\S\S"), "detail": Maybe(str), "duration_ms": NUMBER}

CONNECTION = {
    "id": ID, "direction": Word("inbound outbound"), "listener": Maybe(str), "client": Maybe(str),
    "service": Maybe(str), "peer_id": Maybe(ID), "local": str, "remote": str, "proxied_source": Maybe(str),
    "upstream": Maybe(str), "state": STATES, "opened_at": TIME, "age_ms": int, "idle_ms": int, "bytes_in": int,
    "bytes_out": int,
    "timeline": [{"at": Maybe(TIME), "basis": Word("seen inferred"),
                  "event": Word("syn_sent syn_received established accepted first_byte_in first_byte_out fin_sent "
                                "fin_received fin_acked rst_sent rst_received time_wait closed")}],
    "handshake": {"client_isn": Maybe(int), "mss": Maybe(int), "window_scale": Maybe(int), "sack": Maybe(bool),
                  "timestamps": Maybe(bool), "ttl": Maybe(int), "rtt_us": Maybe(int)},
    "tcp": {"taken": Word("live final before_close"), "rtt_us": int, "rtt_var_us": int, "min_rtt_us": int,
            "retransmits_total": int, "lost": int, "cwnd_segments": int, "mss_bytes": int,
            "delivery_rate_bytes_per_second": int, "segments_in": int, "segments_out": int, "unsent_bytes": int,
            "receive_window_limited_us": int, "send_buffer_limited_us": int, "busy_us": int, "congestion": str},
    "close": Maybe(CLOSE)}

STATUS = {
    "version": str, "pid": int, "started_at": TIME, "uptime_seconds": NUMBER, "workers": int, "limits": dict,
    "totals": dict, "generation": str, "conflicts": int, "unsaved": int, "last_reload": Maybe(dict), "capabilities": {str: str}}

#: Each metric of the contract with its labels. A histogram has its buckets', too.
METRICS = {
    "tcpctl_build_info": {"version"},
    "tcpctl_listener_connections": {"listener"},
    "tcpctl_listener_connections_total": {"listener"},
    "tcpctl_listener_refused_total": {"listener", "reason"},
    "tcpctl_listener_bytes_total": {"listener", "direction"},
    "tcpctl_listener_accept_queue": {"listener"},
    "tcpctl_connections": {"state"},
    "tcpctl_upstream_up": {"listener", "upstream"},
    "tcpctl_upstream_connect_seconds_count": {"listener", "upstream"},
    "tcpctl_client_up": {"client"},
    "tcpctl_client_attempts_total": {"client", "outcome"},
    "tcpctl_probe_success": {"client"},
    "tcpctl_probe_duration_seconds": {"client"},
    "tcpctl_config_reload_success": set(),
    "tcpctl_log_dropped_total": set()}
#: These are of a listener or a client.
METRICS_OF_PARTIES = {
    "tcpctl_connections_closed_total": {"first", "how", "reason"},
    "tcpctl_connection_duration_seconds_count": set(),
    "tcpctl_connection_rtt_seconds_count": set()}


def misfits(kind, value, at=""):
    """Where `value` is not of `kind`."""
    if isinstance(kind, Maybe):
        return [] if value is None else misfits(kind.kind, value, at)
    if isinstance(kind, Word):
        return [] if value in kind.words else [f"{at}: {value!r} is none of its words"]
    if isinstance(kind, re.Pattern):
        return [] if isinstance(value, str) and kind.fullmatch(value) else [f"{at}: {value!r} is not of its form"]
    if isinstance(kind, list):
        if not isinstance(value, list):
            return [f"{at}: {value!r} is no list"]
        return [each for item in value for each in misfits(kind[0], item, at + "[]")]
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            return [f"{at}: {value!r} is no object"]
        if str in kind:
            return [each for name, member in value.items() for each in misfits(kind[str], member, f"{at}.{name}")]
        missing = [f"{at}.{name} is missing" for name in kind if name not in value]
        return missing + [each for name, of in kind.items() if name in value
                          for each in misfits(of, value[name], f"{at}.{name}")]
    is_bool = isinstance(value, bool)
    fits = isinstance(value, kind) and (kind is bool or not is_bool)
    return [] if fits else [f"{at}: {value!r} is no {kind}"]


def test_a_misfit_is_found():
    kind = {"a": Maybe(int), "b": [{"c": TIME}], "d": Word("x y")}
    assert misfits(kind, {"a": None, "b": [{"c": "2026-11-22T13:47:41.000123Z"}], "d": "y", "more": 1}) == []
    assert len(misfits(kind, {"a": True, "b": [{"c": "now"}, {}], "d": None})) == 4
    assert misfits(COUNTS, {"x": "1"}) == [".x: '1' is no <class 'int'>"]


CONFIG = """
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{0}", {{ name = "b", address = "{0}", backup = true }}] }}

[clients.feed]
connect = "{1}"
mode = "keep"

[clients.check]
connect = "{1}"
mode = "probe"
interval = "1h"
steps = [{{ send = "PING" }}]
"""


class Scene:
    """A forwarded session that is open, one that has ended, a client that is connected and one that has probed."""

    def __init__(self, launch, stack_of):
        server, self.kept = stack_of
        self.daemon = launch(CONFIG.format(server.address, self.kept.address))
        with self.daemon.connect("web") as client, server.accept() as upstream:
            client.send(b"ping")
            upstream.read(4)
            ended = client.name
            client.fin()
            upstream.read_to_end()
            upstream.close()
            client.read_to_end()
        self.ended = self.daemon.ended(ended)
        self.client, self.upstream = self.daemon.connect("web"), server.accept()
        self.client.send(b"ping")
        self.upstream.read(4)
        self.live = self.daemon.live(self.client.name)
        eventually(lambda: self.daemon.client("feed")["state"] == "up", "the client that is kept")
        eventually(lambda: self.daemon.client("check")["last_probe"], "the first probe")


@pytest.fixture(scope="module")
def scene(launch_shared):
    with Server() as server, Server() as kept:
        made = Scene(launch_shared, (server, kept))
        with made.client, made.upstream:
            yield made


@pytest.mark.parametrize("path, kind", [
    ("/v1/status", STATUS),
    ("/v1/listeners/web", LISTENER),
    ("/v1/clients/feed", CLIENT),
    ("/v1/clients/check", {**CLIENT, "last_probe": PROBE}),
])
def test_an_object_has_the_members_of_the_contract(scene, path, kind):
    assert misfits(kind, scene.daemon.json(path)) == []


@pytest.mark.parametrize("path, kind", [
    ("/v1/listeners", LISTENER), ("/v1/listeners/web/upstreams", UPSTREAM), ("/v1/clients", CLIENT),
    ("/v1/clients/check/probes", PROBE), ("/v1/connections", {**CONNECTION, "close": Maybe(int)}),
    ("/v1/history", {**CONNECTION, "close": CLOSE})])
def test_a_collection_has_items_total_and_next(scene, path, kind):
    answer = scene.daemon.json(path)

    assert misfits({"items": [kind], "total": int, "next": Maybe(str)}, answer) == []
    assert answer["total"] == len(answer["items"]) > 0


def test_a_session_is_two_connections_that_name_each_other(scene):
    for row in (scene.live, scene.ended):
        other = scene.daemon.json(f"/v1/connections/{row['peer_id']}")
        assert (other["peer_id"], other["direction"], other["upstream"]) == (row["id"], "outbound", "u1")
        assert misfits(CONNECTION, other) == []


# --- filters --------------------------------------------------------------------------------------

PAST, FUTURE = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
OF_CONNECTIONS = [("listener", "web", "other"), ("client", None, "other"), ("service", "forward", "echo"),
                  ("direction", "inbound", None), ("peer", "127.0.0.0/8", "10.0.0.0/8"), ("older_than", "0s", "1h"),
                  ("min_bytes", "4", "1MiB"), ("local", "127.0.0.1", "10.0.0.0/8"), ("where", "rtt<1m,bytes>=4", "rtt>1m")]
OF_HISTORY = [("reason", "peer_fin", "drain"), ("first", "remote", "unknown"), ("how", "fin", "abort"),
              ("since", PAST, FUTURE), ("until", FUTURE, PAST), ("state", "closed", "listen")]


@pytest.mark.parametrize("path, name, right, wrong", [
    *(("/v1/connections", *each) for each in [*OF_CONNECTIONS, ("state", "estab", "listen")]),
    *(("/v1/history", *each) for each in [*OF_CONNECTIONS, *OF_HISTORY])])
def test_a_filter_keeps_what_it_matches_and_nothing_else(scene, path, name, right, wrong):
    wanted = scene.live if path == "/v1/connections" else scene.ended
    if right:
        assert wanted["id"] in [row["id"] for row in scene.daemon.json(path, **{name: right})["items"]]
    if wrong:
        assert scene.daemon.json(path, **{name: wrong}) == {"items": [], "total": 0, "next": None}


def test_a_filter_that_there_is_not_is_refused(scene):
    assert scene.daemon.get("/v1/connections", listner="web").status == 400
    assert scene.daemon.get("/v1/connections", reason="peer_fin").status == 400


# --- metrics --------------------------------------------------------------------------------------

SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? \S+")


def samples(daemon):
    """What is told as (name, names of its labels)."""
    for line in daemon.get("/metrics").text.splitlines():
        if not line.startswith("#"):
            name, labels = SAMPLE.fullmatch(line).groups()
            yield name, frozenset(re.findall(r"(\w+)=\"", labels or ""))


def test_metrics_have_the_names_and_labels_of_the_contract(scene):
    told = set(samples(scene.daemon))

    assert {name: labels for name, labels in METRICS.items() if (name, frozenset(labels)) not in told} == {}
    for name, labels in METRICS_OF_PARTIES.items():
        assert (name, frozenset({"listener", *labels})) in told
    for name in ("tcpctl_connection_duration_seconds_count", "tcpctl_connection_rtt_seconds_count"):
        assert (name, frozenset({"client"})) in told
