# SPDX-License-Identifier: Apache-2.0
"""The script service: a mock server of steps, and how its record reads."""
import re

import pytest

from harness.peers import Server
from harness.wait import eventually

CONFIG = r"""
[listeners.mail]
listen = ["127.0.0.1:0"]
service = "script"
script = { steps = [
  { send = "220 mail\r\n" }, { expect = "^HELO " }, { send = "250 hello\r\n" }, { expect = "^QUIT" }, { send = "221 bye\r\n" }] }

[listeners.ping]
listen = ["127.0.0.1:0"]
service = "script"
script = { repeat = 0, steps = [{ expect = "^PING" }, { send = "PONG\n" }] }

[listeners.slow]
listen = ["127.0.0.1:0"]
service = "script"
script = { steps = [{ wait = "300ms" }, { send = "late" }] }

[listeners.brief]
listen = ["127.0.0.1:0"]
service = "script"
script = { max_time = "200ms", steps = [{ expect = "never" }] }

[listeners.rude]
listen = ["127.0.0.1:0"]
service = "script"
script = { steps = [{ expect = "x" }, { send = "last words" }, { reset = true }] }

[listeners.half]
listen = ["127.0.0.1:0"]
service = "script"
script = { steps = [{ send = "done" }, { close = true }, { expect = "^thanks" }, { expect_eof = true }] }

[listeners.flood]
listen = ["127.0.0.1:0"]
service = "script"
script = { repeat = 0, max_bytes = "100KiB", steps = [{ expect = "x*" }, { send = "0123456789abcdef" }] }
"""


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared(CONFIG)


def close_of(daemon, name):
    row = daemon.ended(name)
    return row, row["close"]


@pytest.mark.quick
@pytest.mark.threaded
def test_a_script_answers_step_by_step_and_ends(daemon):
    with daemon.connect("mail") as peer:
        assert peer.read_line() == b"220 mail\r\n"
        peer.send(b"HELO me\r\nQUIT\r\n")

        assert peer.read_to_end() == (b"250 hello\r\n221 bye\r\n", "fin")
        name = peer.name
    row, close = close_of(daemon, name)
    assert row["service"] == "script"
    assert (close["first"], close["how"], close["reason"], close["phase"]) == ("local", "fin", "local_done", "script")


@pytest.mark.quick
def test_a_mismatch_names_the_step_and_what_came(daemon):
    with daemon.connect("mail") as peer:
        peer.read_line()
        peer.send(b"EHLO \x00me\r\n")
        peer.fin()
        assert peer.read_to_end() == (b"", "fin")
        name = peer.name
    row, close = close_of(daemon, name)

    assert (close["reason"], close["phase"], close["first"]) == ("script_mismatch", "script", "remote")
    assert close["detail"].startswith("step 2: expected a match, got the peer's FIN after 'EHLO \\x00me")


def test_a_repeated_script_answers_until_the_peer_goes(daemon):
    with daemon.connect("ping") as peer:
        for _ in range(50):
            peer.send(b"PING\n")
            assert peer.read_line() == b"PONG\n"
        peer.send(b"PING\n" * 5000)
        assert len(peer.read(5 * 5000)) == 25_000
        peer.fin()
        assert peer.read_to_end() == (b"", "fin")
        name = peer.name
    _, close = close_of(daemon, name)

    assert (close["reason"], close["first"]) == ("peer_fin", "remote")


@pytest.mark.quick
def test_a_wait_holds_the_answer_back(daemon):
    with daemon.connect("slow") as peer:
        assert peer.read_to_end() == (b"late", "fin")
        name = peer.name
    row, close = close_of(daemon, name)

    assert close["duration_ms"] >= 300
    assert close["reason"] == "local_done"


def test_a_script_ends_when_its_time_is_over(daemon):
    with daemon.connect("brief") as peer:
        peer.send(b"what?")
        assert peer.read_to_end() == (b"", "fin")
        name = peer.name
    _, close = close_of(daemon, name)

    assert close["reason"] == "local_limit"
    assert close["detail"] == "step 1: expected a match within max_time, got 'what?'"


@pytest.mark.quick
def test_a_reset_comes_behind_what_was_sent(daemon):
    with daemon.connect("rude") as peer:
        peer.send(b"x")
        assert peer.read(10) == b"last words"
        assert peer.read_to_end() == (b"", "rst")
        name = peer.name
    _, close = close_of(daemon, name)

    assert (close["first"], close["how"], close["reason"]) == ("local", "rst", "local_done")


def test_a_close_is_half_a_close(daemon):
    with daemon.connect("half") as peer:
        assert peer.read_to_end() == (b"done", "fin")
        peer.send(b"thanks\n")
        peer.fin()
        name = peer.name
        row, close = close_of(daemon, name)

    assert (close["first"], close["how"], close["phase"]) == ("local", "fin", "script")
    assert row["bytes_in"] == 7


def test_what_is_sent_is_bounded(daemon):
    with daemon.connect("flood") as peer:
        got, end = peer.read_to_end()
        name = peer.name
    _, close = close_of(daemon, name)

    assert end == "fin"
    assert len(got) <= 100 << 10
    assert (close["reason"], close["detail"]) == ("local_limit", "max_bytes sent")


@pytest.mark.quick
def test_a_probe_may_close_and_reset(launch):
    with Server() as server:
        daemon = launch(f"""
[clients.check]
connect = "{server.address}"
mode = "probe"
interval = "1h"
steps = [{{ send = "hi" }}, {{ close = true }}, {{ expect_eof = true }}]

[clients.rude]
connect = "{server.address}"
mode = "probe"
interval = "1h"
steps = [{{ send = "hi" }}, {{ reset = true }}]
""")
        peers = [server.accept() for _ in range(2)]
        ends = sorted(peer.read_to_end() for peer in peers)
        for peer in peers:
            peer.close()

        assert ends == [(b"hi", "fin"), (b"hi", "rst")]
        for name in ("check", "rude"):
            assert eventually(lambda: daemon.client(name)["last_probe"])["result"] == "L7OK"


def test_a_script_that_cannot_be_is_refused_with_its_place(daemon):
    text = CONFIG.replace('{ reset = true }]', '{ reset = true }, { send = "x" }]')

    answer = daemon.reload(text)

    assert re.search(r"'reset' ends the connection", answer.text)
    daemon.reload(CONFIG)
