# SPDX-License-Identifier: Apache-2.0
"""Probes: what each kind of server makes of the result."""
import concurrent.futures
import signal
import time

import pytest

from harness.daemon import BOUNDED_KIB
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


def test_a_daemon_that_was_stopped_hears_the_answer_before_it_judges(launch, server):
    daemon = launch(probe(server.address, r'steps = [{ expect = "^220 " }]', timeout="200ms", interval="100ms"))
    for _ in range(5):
        with server.accept() as peer:
            daemon.signal(signal.SIGSTOP)
            peer.send(b"220 ready\r\n")
            time.sleep(0.25)  # the fault: it is not there when the probe's time is over
            daemon.signal(signal.SIGCONT)
            peer.read_to_end()

    assert daemon.client("check")["results_total"].keys() == {"L7OK"}


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
def test_what_the_peer_only_sends_back_is_not_shown(launch, server):
    daemon = launch(probe(server.address, r'steps = [{ send = "PASS s3cret\r\n" }, { expect = "^OK" }]'))
    with server.accept() as peer:
        peer.send(b"you said " + peer.read_line() + b"PASS s3c")
        peer.fin()

        result = first_result(daemon)

    assert (result["result"], result["got"]) == ("L7EOF", "you said <sent>\\r\\n<sent>")
    assert "s3c" not in daemon.client("check")["last_failure"] + daemon.log()


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


def flood(peer):
    """Sends until the other end has had enough."""
    sent = 0
    piece = b"x" * 65536
    try:
        while True:
            peer.socket.sendall(piece)
            sent += len(piece)
    except OSError:
        return sent


def test_a_flood_without_a_newline_fails_the_step_and_takes_no_memory(launch, server):
    daemon = launch(probe(server.address, 'steps = [{ expect = "^220 " }]', timeout="30s"))
    before = daemon.resident_kib()
    with server.accept() as peer:
        flooding = concurrent.futures.ThreadPoolExecutor().submit(flood, peer)

        result = first_result(daemon)
        flooding.result()

    assert (result["result"], result["failed_step"]) == ("L7RSP", 1)
    assert len(result["got"]) < 2000
    assert daemon.resident_kib() - before < BOUNDED_KIB


def test_a_flood_is_thrown_away_before_an_expected_fin(launch, server):
    daemon = launch(probe(server.address, "steps = [{ expect_eof = true }]", timeout="30s"))
    before = daemon.resident_kib()
    with server.accept() as peer:
        for _ in range(1600):
            peer.send(b"x" * 65536)
        peer.fin()

        assert first_result(daemon)["result"] == "L7OK"

    assert daemon.resident_kib() - before < BOUNDED_KIB


@pytest.mark.quick
def test_what_was_matched_is_sent(launch, server):
    daemon = launch(probe(server.address, r"""steps = [{ expect = '^220 (?P<host>\S+) (\d+)' },
        { send = "EHLO ${host} ${2} $${2}\r\n" }, { expect = "^250" }]"""))
    with server.accept() as peer:
        peer.send(b"220 mail.example 42\r\n")

        assert peer.read_line() == b"EHLO mail.example 42 ${2}\r\n"
        peer.send(b"250 hello\r\n")

    assert first_result(daemon)["result"] == "L7OK"


def test_a_peer_that_sends_byte_by_byte_is_understood(launch, server):
    daemon = launch(probe(server.address, r"""steps = [{ reject = '^5' }, { expect = '^220 (?P<host>\S+)' },
        { send = "EHLO ${host}\r\n" }, { expect = '^250 .*\n' }, { expect_bytes = "00 ff" }]""", timeout="1h"))
    with server.accept() as peer:
        def dribble(data):
            peer.dribble(data, lambda: daemon.heard(client="check"))

        dribble(b"hello\r\n220 mail.example ready\r\n")
        assert peer.read_line() == b"EHLO mail.example\r\n"
        dribble(b"250-one\r\n250 two\r\n")
        dribble(b"\x00\x00\xff")

        result = first_result(daemon)

    assert (result["result"], result["got"]) == ("L7OK", None)


def test_a_rejected_answer_is_seen_although_it_comes_byte_by_byte(launch, server):
    daemon = launch(probe(server.address, r'steps = [{ reject = "^5\\d\\d" }, { expect = "^220 .*ready" }]', timeout="1h"))
    with server.accept() as peer:
        peer.dribble(b"220 not yet\r\n554", lambda: daemon.heard(client="check"))

        result = first_result(daemon)

    assert (result["result"], result["failed_step"], result["got"]) == ("L7RSP", 1, "220 not yet\\r\\n554")


def test_a_step_has_a_time_of_its_own(launch, server):
    daemon = launch(probe(server.address, """steps = [{ expect = "^220", timeout = "30s" },
        { expect = "^221", timeout = "150ms" }]""", timeout="60s"))
    with server.accept() as peer:
        peer.send(b"220 hi\r\n")

        result = first_result(daemon)

    assert (result["result"], result["failed_step"]) == ("L7TOUT", 2)
    assert 150 <= result["steps"][1]["ms"]
    assert result["duration_ms"] < 30_000


@pytest.mark.quick
def test_a_running_probe_shows_the_step_in_which_it_waits(launch, server):
    daemon = launch(probe(server.address, timeout="60s"))
    with server.accept() as peer:
        peer.send(b"220 hi\r\n")
        assert peer.read_line() == b"QUIT\r\n"

        running = eventually(lambda: daemon.client("check")["running"], "a running probe")

        assert (running["phase"], running["step"]) == ("steps", {"n": 3, "kind": "expect"})
        assert [step["n"] for step in running["steps"]] == [1, 2]
        assert running["phases_ms"]["connect"] is not None
        assert running["address"] == server.address
        peer.send(b"221 bye\r\n")
    result = first_result(daemon)
    assert "close" in result["phases_ms"]
    assert daemon.client("check")["running"] is None


def test_it_takes_a_row_of_failures_to_be_down_and_that_is_an_event(launch):
    with closed_port() as server:
        daemon = launch(probe(server.address, "rise = 2\nfall = 3", interval="1h"))
        first_result(daemon)
        server.listen()
        runs = [daemon.post("/v1/clients/check/run").json["result"] for _ in range(2)]
        up = daemon.client("check")
    again = [daemon.post("/v1/clients/check/run").json["result"] for _ in range(2)]
    still = daemon.client("check")
    daemon.post("/v1/clients/check/run")
    down = daemon.client("check")

    assert (runs, again) == (["L4OK"] * 2, ["L4CON"] * 2)
    assert (up["state"], up["in_row"]) == ("up", 2)
    assert (still["state"], still["in_row"], still["since"]) == ("up", 2, up["since"])
    assert (down["state"], down["in_row"]) == ("down", 3)
    assert down["results_total"] == {"L4CON": 4, "L4OK": 2}

    def told():
        events = daemon.json("/v1/events", type="client_up,client_down")["items"]
        return len(events) >= 3 and [(event["type"], event["detail"]) for event in events]
    changes = eventually(told, "the events")
    assert [kind for kind, _ in changes] == ["client_down", "client_up", "client_down"]
    assert changes[0][1].startswith("L4CON")
    assert changes[1][1].startswith("L4OK in ")


def test_runs_do_not_overlap_and_those_that_could_not_be_are_counted(launch, server):
    daemon = launch(probe(server.address, 'steps = [{ expect = "^220 " }]', timeout="30s", interval="20ms"))
    with server.accept():
        eventually(lambda: daemon.client("check")["running"]["duration_ms"] > 200)
        assert daemon.client("check")["attempts_total"] == 1
    eventually(lambda: daemon.client("check")["skipped_total"] > 1)

    row = daemon.client("check")
    assert row["late_total"] >= 1
    text = daemon.get("/metrics").text
    assert 'tcpctl_probe_late_total{client="check"}' in text
    assert 'tcpctl_probe_runs_total{client="check",result="L7EOF"}' in text
    assert 'tcpctl_probe_phase_seconds{client="check",phase="connect"}' in text
