# SPDX-License-Identifier: Apache-2.0
"""Clients that keep connections up: connect, come back after a loss, send and receive."""
import base64

import pytest

from harness.peers import Server, black_hole, closed_port, pattern
from harness.wait import eventually, steady


def client(address, more='backoff = { initial = "20ms", factor = 2.0, jitter = 0.0, max = "100ms" }', name="feed"):
    return f"""
[clients.{name}]
connect = "{address}"
mode = "keep"
{more}
"""


@pytest.fixture
def server():
    with Server() as server:
        yield server


def is_up(daemon, name="feed"):
    return daemon.client(name)["state"] == "up"


@pytest.mark.quick
@pytest.mark.threaded
def test_connects_receives_and_sends(launch, server):
    daemon = launch(client(server.address))
    with server.accept() as accepted:
        eventually(lambda: is_up(daemon))
        row = daemon.client("feed")
        assert row["connections"] == {"wanted": 1, "up": 1, "connecting": 0, "backing_off": 0}
        assert (row["address"], row["resolved"], row["error"]) == (server.address, [server.address], None)

        sent = daemon.post("/v1/clients/feed/send", {"text": "hello\n"})
        also = daemon.post("/v1/clients/feed/send", {"base64": base64.b64encode(b"\x00\xff").decode()})

        assert sent.json == {"sent_bytes": 6, "kernel_bytes": 6, "acked": None, "acked_after_ms": None, "ended": None}
        assert also.json["sent_bytes"] == 2
        assert accepted.read(8) == b"hello\n\x00\xff"
        accepted.send(b"news")
        eventually(lambda: daemon.client("feed")["bytes_in_total"] == 4)
        received = daemon.json("/v1/clients/feed/received")
        assert (received["from"], received["next"], received["lost_bytes"], received["text"]) == (0, 4, 0, "news")
        assert daemon.json("/v1/clients/feed/received", **{"from": 2})["text"] == "ws"
        live = daemon.live(server.address, client="feed")
        assert (live["direction"], live["listener"], live["client"]) == ("outbound", None, "feed")


def test_received_keeps_the_last_64_kib_and_says_what_is_lost(launch, server):
    daemon = launch(client(server.address))
    sent = pattern(200_000)
    with server.accept() as accepted:
        accepted.send(sent)
        eventually(lambda: daemon.client("feed")["bytes_in_total"] == len(sent))

        received = daemon.json("/v1/clients/feed/received")

        kept = base64.b64decode(received["base64"])
        assert len(kept) == 65536
        assert kept == sent[-65536:]
        assert (received["from"], received["next"], received["lost_bytes"]) == (134_464, 200_000, 134_464)
        assert daemon.json("/v1/clients/feed/received", **{"from": 200_000})["base64"] == ""


@pytest.mark.quick
def test_comes_back_after_a_loss(launch, server):
    daemon = launch(client(server.address))
    for how in ("fin", "rst", "fin"):
        accepted = server.accept()
        eventually(lambda: is_up(daemon))
        accepted.rst() if how == "rst" else accepted.close()
    with server.accept():
        eventually(lambda: is_up(daemon))
        row = daemon.client("feed")

        reasons = [each["close"]["reason"] for each in daemon.history(client="feed")]

    assert row["attempts_total"] == 4
    assert reasons == ["peer_fin", "peer_rst", "peer_fin"]
    assert row["failures_total"] == {"peer_fin": 2, "peer_rst": 1}


@pytest.mark.quick
def test_a_refusing_server_is_tried_again_with_growing_pauses(launch):
    with closed_port() as server:
        backoff = 'backoff = { initial = "20ms", factor = 2.0, jitter = 0.0, max = "80ms" }'
        daemon = launch(client(server.address, backoff))
        eventually(lambda: daemon.client("feed")["attempts_total"] >= 6)
        row = daemon.client("feed")
        assert row["state"] in ("backing_off", "connecting")
        assert "connect_refused" in row["last_failure"]
        assert "Connection refused" in row["last_failure"]

        server.listen()

        with server.accept():
            eventually(lambda: is_up(daemon))
            attempts = daemon.history(client="feed", sort="opened_at")

    assert {each["close"]["reason"] for each in attempts} == {"connect_refused"}
    opened = [timestamp(each["opened_at"]) for each in attempts[:6]]
    pauses = [later - earlier for earlier, later in zip(opened, opened[1:])]
    for pause, least in zip(pauses, (0.02, 0.04, 0.08, 0.08, 0.08)):
        assert pause >= least * 0.9


def timestamp(text):
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_the_first_retry_waits_the_initial_pause_and_tells_when_it_is(launch):
    with closed_port() as server:
        daemon = launch(client(server.address, 'backoff = { initial = "60s", jitter = 0.0 }'))

        row = eventually(lambda: (now := daemon.client("feed"))["state"] == "backing_off" and now)

        assert 0 < row["next_attempt_in_ms"] <= 60_000
        assert row["connections"]["backing_off"] == 1


def test_a_silent_server_is_given_up_after_connect_timeout(launch):
    with black_hole() as silent:
        daemon = launch(client(silent.address, 'connect_timeout = "200ms"\nbackoff = { initial = "60s" }'))
        live = eventually(lambda: next(iter(daemon.connections(client="feed")), None))
        assert live["state"] == "SYN_SENT"
        assert [entry["event"] for entry in live["timeline"]] == ["syn_sent"]

        row = eventually(lambda: (now := daemon.client("feed"))["state"] == "backing_off" and now)

    assert row["failures_total"] == {"connect_timeout": 1}
    close = daemon.history(client="feed")[0]["close"]
    assert (close["reason"], close["how"], close["phase"]) == ("connect_timeout", "timeout", "connect")


def test_several_connections_are_kept_up_each_on_its_own(launch, server):
    daemon = launch(client(server.address, 'connections = 3\nbackoff = { initial = "20ms" }'))
    accepted = [server.accept() for _ in range(3)]
    eventually(lambda: daemon.client("feed")["connections"]["up"] == 3)

    accepted[1].close()

    accepted[1] = server.accept()
    eventually(lambda: daemon.client("feed")["connections"]["up"] == 3)
    assert daemon.client("feed")["attempts_total"] == 4
    for peer in accepted:
        peer.close()


def test_pause_closes_and_resume_connects_again(launch, server):
    daemon = launch(client(server.address))
    with server.accept() as accepted:
        eventually(lambda: is_up(daemon))

        paused = daemon.post("/v1/clients/feed/pause")

        assert (paused.status, paused.json["state"]) == (200, "paused")
        assert accepted.read_to_end() == (b"", "fin")
    steady(lambda: daemon.client("feed")["attempts_total"])
    assert daemon.client("feed")["attempts_total"] == 1
    assert daemon.post("/v1/clients/feed/send", {"text": "x"}).status == 409

    daemon.post("/v1/clients/feed/resume")

    with server.accept():
        eventually(lambda: is_up(daemon))


def test_reconnect_makes_the_connection_anew(launch, server):
    daemon = launch(client(server.address))
    with server.accept() as first:
        eventually(lambda: is_up(daemon))

        assert daemon.post("/v1/clients/feed/reconnect").status == 200

        with server.accept() as second:
            assert first.read_to_end() == (b"", "fin")
            second.send(b"x")
            eventually(lambda: daemon.client("feed")["bytes_in_total"] == 1)


def test_send_without_a_connection_is_a_conflict(launch):
    with closed_port() as server:
        daemon = launch(client(server.address))

        done = daemon.post("/v1/clients/feed/send", {"text": "x"})

    assert done.status == 409
    assert "feed" in done.json["detail"]


def test_a_peer_that_does_not_read_bounds_what_is_sent(launch):
    with Server(receive_buffer=4096) as server:
        daemon = launch(client(server.address))
        with server.accept():
            eventually(lambda: is_up(daemon))
            piece = {"text": "x" * 500_000}

            refused = eventually(lambda: (done := daemon.post("/v1/clients/feed/send", piece)).status != 200 and done,
                                 "a refusal", tries=40)

            assert refused.status == 503
            assert "wait" in refused.json["detail"]


def test_a_client_may_connect_to_a_name_or_a_path(launch, server, tmp_path):
    with Server(f"{tmp_path}/s") as local:
        daemon = launch(client(f"localhost:{server.port}") + client(local.address, name="local"))
        with server.accept(), local.accept() as accepted:
            eventually(lambda: is_up(daemon) and is_up(daemon, "local"))
            accepted.send(b"abc")
            eventually(lambda: daemon.client("local")["bytes_in_total"] == 3)
            assert server.address in daemon.client("feed")["resolved"]


def test_an_unknown_name_is_tried_again(launch):
    daemon = launch(client("no-such-host.invalid:7000"))

    row = eventually(lambda: (now := daemon.client("feed"))["last_failure"] and now)

    assert "no-such-host.invalid" in row["last_failure"]
    assert row["resolved"] == []


@pytest.mark.parametrize(("body", "pointer"), [
    ({}, None),
    ({"text": "a", "base64": "YQ=="}, None),
    ({"text": 5}, "/text"),
    ({"base64": "!"}, "/base64"),
    ({"txt": "a"}, "/txt"),
])
def test_a_wrong_body_of_send_is_a_400_with_its_place(launch, body, pointer):
    with closed_port() as server:
        daemon = launch(client(server.address))

        done = daemon.post("/v1/clients/feed/send", body)

    assert done.status == 400
    assert pointer is None or [error["pointer"] for error in done.json["errors"]] == [pointer]
