# SPDX-License-Identifier: Apache-2.0
"""Ends of the daemon and of its listeners: drain, a second signal, pause and resume."""
import signal

import pytest

from harness.peers import Peer, Server, assert_same, pattern
from harness.wait import eventually, steady

CONFIG = """
[daemon]
drain_timeout = "60s"

[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""


def ping(peer, text=b"ping"):
    peer.send(text)
    return peer.read(len(text)) == text


def refuses(address):
    try:
        Peer.to(address).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.quick
@pytest.mark.threaded
def test_sigterm_lets_connections_end_by_themselves(launch):
    daemon = launch(CONFIG)
    address = daemon.address("echo")
    with daemon.connect("echo") as peer:
        assert ping(peer)

        daemon.signal(signal.SIGTERM)

        eventually(lambda: refuses(address), "no new connections")
        assert ping(peer)
        assert daemon.process.poll() is None
    assert daemon.wait() == 0


@pytest.mark.quick
def test_a_second_signal_ends_at_once(launch):
    daemon = launch(CONFIG)
    address = daemon.address("echo")
    with daemon.connect("echo") as peer:
        assert ping(peer)
        daemon.signal(signal.SIGTERM)
        eventually(lambda: refuses(address), "the drain")

        daemon.signal(signal.SIGTERM)

        assert daemon.wait() == 0
        assert peer.read_to_end()[0] == b""


def test_sigint_is_the_same(launch):
    daemon = launch(CONFIG)

    daemon.signal(signal.SIGINT)

    assert daemon.wait() == 0


def test_after_drain_timeout_what_is_left_is_ended(launch):
    daemon = launch(CONFIG.replace("60s", "200ms"))
    with daemon.connect("echo") as peer:
        assert ping(peer)

        daemon.signal(signal.SIGTERM)

        assert peer.read_to_end() == (b"", "fin")
    assert daemon.wait() == 0


def test_a_bulk_transfer_is_finished_during_the_drain(launch):
    daemon = launch(CONFIG)
    sent = pattern(8 << 20)
    with daemon.connect("echo") as peer:
        sending = peer.send_later(sent, then_fin=True)
        assert_same(peer.read(65536), sent[:65536])

        daemon.signal(signal.SIGTERM)

        got, end = peer.read_to_end()
        assert sending.result() == len(sent)
    assert_same(got, sent[65536:])
    assert end == "fin"
    assert daemon.wait() == 0


def test_a_forwarded_session_is_finished_during_the_drain(launch):
    with Server() as server:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
""")
        with daemon.connect("web") as client, server.accept() as upstream:
            daemon.signal(signal.SIGTERM)
            client.send(b"question")
            client.fin()
            assert upstream.read_to_end() == (b"question", "fin")
            upstream.send(b"answer")
            upstream.close()

            assert client.read_to_end() == (b"answer", "fin")
        assert daemon.wait() == 0


def test_the_log_tells_of_start_and_end(launch):
    daemon = launch(CONFIG)
    daemon.signal(signal.SIGTERM)
    daemon.wait()

    assert "daemon.started" in daemon.log()
    assert "daemon.stopped" in daemon.log()


# --- pause, resume, drain of one listener ---------------------------------------------------------

@pytest.mark.quick
@pytest.mark.threaded
def test_a_paused_listener_leaves_newcomers_in_the_queue_and_serves_them_later(launch):
    daemon = launch(CONFIG)
    with daemon.connect("echo") as before:
        assert ping(before)

        paused = daemon.post("/v1/listeners/echo/pause")

        assert (paused.status, paused.json["state"]) == (200, "paused")
        queued = [daemon.connect("echo") for _ in range(20)]
        for peer in queued:
            peer.send(b"ping")
        steady(lambda: daemon.listener("echo")["connections"]["active"])
        row = daemon.listener("echo")
        assert (row["connections"]["active"], row["addresses"][0]["queue"]) == (1, 20)
        assert row["addresses"][0]["state"] == "paused"
        assert daemon.get("/readyz").status == 200  # as the operator wants it
        assert ping(before)

        resumed = daemon.post("/v1/listeners/echo/resume")

        assert (resumed.status, resumed.json["state"]) == (200, "up")
        for peer in queued:
            assert peer.read(4) == b"ping"
            peer.close()


def test_pause_and_resume_may_be_said_twice(launch):
    daemon = launch(CONFIG)
    for verb in ("pause", "pause", "resume", "resume"):
        assert daemon.post(f"/v1/listeners/echo/{verb}").status == 200

    with daemon.connect("echo") as peer:
        assert ping(peer)


@pytest.mark.quick
def test_a_drained_listener_serves_nobody_new_and_its_connections_go_on(launch):
    daemon = launch(CONFIG)
    with daemon.connect("echo") as peer:
        assert ping(peer)

        done = daemon.post("/v1/listeners/echo/drain")

        assert (done.status, done.json["state"]) == (200, "draining")
        assert ping(peer)
    eventually(lambda: daemon.listener("echo")["state"] == "drained", "the end of the drain")
    assert daemon.post("/v1/listeners/echo/resume").json["state"] == "up"
    with daemon.connect("echo") as peer:
        assert ping(peer)


def test_a_drain_ends_what_is_left_after_drain_timeout(launch):
    daemon = launch(CONFIG.replace("60s", "200ms"))
    with daemon.connect("echo") as peer:
        assert ping(peer)
        name = peer.name

        daemon.post("/v1/listeners/echo/drain")

        assert peer.read_to_end() == (b"", "fin")
    assert daemon.ended(name)["close"]["reason"] == "drain"


def test_a_drain_does_not_reset_who_had_connected_already(launch):
    daemon = launch(CONFIG)
    daemon.post("/v1/listeners/echo/pause")
    queued = [daemon.connect("echo") for _ in range(20)]
    for peer in queued:
        peer.send(b"ping")

    daemon.post("/v1/listeners/echo/drain")
    daemon.post("/v1/listeners/echo/resume")

    for peer in queued:
        assert peer.read(4) == b"ping"
        peer.close()


@pytest.mark.parametrize("verb", ["pause", "resume", "drain"])
def test_a_listener_that_does_not_exist_is_404(launch, verb):
    daemon = launch("")

    done = daemon.post(f"/v1/listeners/nobody/{verb}")

    assert done.status == 404
    assert "nobody" in done.json["detail"]
