# SPDX-License-Identifier: Apache-2.0
"""Probes: what each kind of server makes of the result."""
import concurrent.futures

import pytest

from harness.peers import Server, black_hole, closed_port
from harness.wait import eventually

STEPS = r'steps = [{ expect = "^220 " }, { send = "QUIT\r\n" }, { expect = "^221 " }, { expect_eof = true }]'


def probe(address, steps=STEPS, timeout="2s", interval="1h"):
    return f"""
[clients.check]
connect = "{address}"
mode = "probe"
interval = "{interval}"
timeout = "{timeout}"
{steps}
"""


@pytest.fixture
def server():
    with Server() as server:
        yield server


def first_result(daemon):
    return eventually(lambda: daemon.client("check")["last_probe"], "the first result")


def mail_server(server):
    with server.accept() as peer:
        peer.send(b"220 mail.example ready\r\n")
        assert peer.read_line() == b"QUIT\r\n"
        peer.send(b"221 bye\r\n")


@pytest.mark.quick
def test_a_server_that_answers_as_expected_is_l7ok(launch, server):
    daemon = launch(probe(server.address))
    mail_server(server)

    result = first_result(daemon)

    assert (result["success"], result["result"], result["failed_step"], result["got"]) == (True, "L7OK", None, None)
    assert [(step["n"], step["kind"], step["ok"]) for step in result["steps"]] == [
        (1, "expect", True), (2, "send", True), (3, "expect", True), (4, "expect_eof", True)]
    assert result["phases_ms"]["resolve"] is None
    assert result["phases_ms"]["connect"] >= 0
    assert daemon.client("check")["state"] == "up"


@pytest.mark.quick
def test_a_wrong_answer_then_eof_is_l7eof_with_the_step_and_what_came(launch, server):
    daemon = launch(probe(server.address))
    with server.accept() as peer:
        peer.send(b"SSH-2.0-x\r\n\x00\xff")
        peer.fin()

        result = first_result(daemon)

    assert (result["success"], result["result"], result["failed_step"]) == (False, "L7EOF", 1)
    assert result["got"].startswith("SSH-2.0-x")
    assert "\x00" not in result["got"]
    row = daemon.client("check")
    assert row["state"] == "down"
    assert "L7EOF" in row["last_failure"]
    assert row["failures_total"] == {"L7EOF": 1}


@pytest.mark.quick
def test_silence_is_l7tout(launch, server):
    daemon = launch(probe(server.address, timeout="200ms"))
    with server.accept() as peer:
        peer.send(b"22")

        result = first_result(daemon)

    assert (result["result"], result["failed_step"], result["got"]) == ("L7TOUT", 1, "22")
    assert result["duration_ms"] >= 200


def test_a_rejected_answer_is_l7rsp(launch, server):
    daemon = launch(probe(server.address, r'steps = [{ reject = "^5" }, { expect = "^220 " }]'))
    with server.accept() as peer:
        peer.send(b"554 go away\r\n220 never\r\n")

        result = first_result(daemon)

    assert (result["result"], result["failed_step"]) == ("L7RSP", 1)


def test_a_reset_in_the_middle_is_l7rsp(launch, server):
    daemon = launch(probe(server.address))
    peer = server.accept()
    peer.send(b"220 hi\r\n")
    peer.read_line()
    peer.rst()

    result = first_result(daemon)

    assert (result["result"], result["failed_step"]) == ("L7RSP", 3)


@pytest.mark.quick
def test_a_refusal_is_l4con(launch):
    with closed_port() as refusing:
        daemon = launch(probe(refusing.address))

        result = first_result(daemon)

    assert (result["success"], result["result"], result["failed_step"], result["steps"]) == (False, "L4CON", None, [])


def test_no_answer_to_syn_is_l4tout(launch):
    with black_hole() as silent:
        daemon = launch(probe(silent.address, timeout="200ms"))

        result = first_result(daemon)

    assert (result["result"], result["phases_ms"]["connect"]) == ("L4TOUT", None)


def test_an_unknown_name_is_l4unr(launch):
    daemon = launch(probe("no-such-host.invalid:25"))

    result = first_result(daemon)

    assert result["result"] == "L4UNR"
    assert "no-such-host.invalid" in result["got"]


def test_without_steps_a_connection_is_enough(launch, server):
    daemon = launch(probe(server.address, ""))

    result = first_result(daemon)

    assert (result["success"], result["result"]) == (True, "L4OK")


def test_expect_refused_succeeds_where_nobody_listens(launch):
    with closed_port() as refusing:
        daemon = launch(probe(refusing.address, "steps = [{ expect_refused = true }]"))

        assert first_result(daemon)["success"] is True


def test_run_answers_the_result_of_a_probe_that_it_makes_now(launch, server):
    daemon = launch(probe(server.address))
    mail_server(server)
    first_result(daemon)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(daemon.post, "/v1/clients/check/run")
        mail_server(server)

        done = asked.result()

    assert (done.status, done.json["result"]) == (200, "L7OK")
    results = daemon.json("/v1/clients/check/probes")["items"]
    assert len(results) == 2
    assert results[0]["at"] == done.json["at"]  # the newest first
    assert 'tcpctl_probe_success{client="check"} 1' in daemon.get("/metrics").text


def test_probes_are_repeated_at_the_interval_and_a_change_is_seen(launch):
    with closed_port() as server:
        daemon = launch(probe(server.address, "", interval="20ms"))
        eventually(lambda: daemon.client("check")["attempts_total"] >= 3)
        assert daemon.client("check")["state"] == "down"

        server.listen()

        eventually(lambda: daemon.client("check")["state"] == "up")
        assert 'tcpctl_probe_success{client="check"} 1' in daemon.get("/metrics").text


def test_a_paused_probe_does_not_run(launch):
    with Server() as server:
        daemon = launch(probe(server.address, "", interval="20ms"))
        first_result(daemon)
        daemon.post("/v1/clients/check/pause")
        eventually(lambda: daemon.client("check")["connections"]["connecting"] == 0)
        before = daemon.client("check")["attempts_total"]

        for _ in range(30):
            daemon.get("/healthz")

        assert daemon.client("check")["state"] == "paused"
        assert daemon.client("check")["attempts_total"] == before
        daemon.post("/v1/clients/check/resume")
        eventually(lambda: daemon.client("check")["attempts_total"] > before)


def test_a_window_of_64_kib_without_a_match_fails_the_step(launch, server):
    daemon = launch(probe(server.address, 'steps = [{ expect = "^220 " }]'))
    with server.accept() as peer:
        peer.send_later(b"x" * 200_000)

        result = first_result(daemon)

    assert (result["result"], result["failed_step"]) == ("L7RSP", 1)
    assert len(result["got"]) < 2000


@pytest.mark.parametrize("verb", ["send", "reconnect"])
def test_what_only_a_kept_connection_can_do_is_a_conflict(launch, server, verb):
    daemon = launch(probe(server.address, ""))

    done = daemon.post(f"/v1/clients/check/{verb}", {"text": "x"} if verb == "send" else None)

    assert done.status == 409
    assert "probe" in done.json["detail"]
