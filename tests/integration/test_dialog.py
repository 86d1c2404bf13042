# SPDX-License-Identifier: Apache-2.0
"""The textbook TCP server: greeting, answers, the quit message."""
import pytest

from harness.daemon import BOUNDED_KIB
from harness.peers import pattern

CONFIG = r"""
[listeners.line]
listen = ["127.0.0.1:0"]
service = "dialog"
dialog = { greeting = "Welcome!\n", reply = "Hello, {line}!\n", quit = "exit" }

[listeners.read]
listen = ["127.0.0.1:0"]
service = "dialog"
dialog = { greeting = "Welcome!", reply = "Hello, {line}", quit = "exit", framing = "read" }

[listeners.template]
listen = ["127.0.0.1:0"]
service = "dialog"
dialog = { reply = "{n} {peer} {line} {{}\n" }

[listeners.short]
listen = ["127.0.0.1:0"]
service = "dialog"
dialog = { reply = "{line}\n", max_line = "16B" }
"""


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared(CONFIG)


@pytest.mark.quick
def test_greets_answers_each_line_and_closes_at_the_quit_line(daemon):
    with daemon.connect("line") as peer:
        peer.send(b"Ada\nGrace\r\nexit\n")

        assert peer.read_to_end() == (b"Welcome!\nHello, Ada!\nHello, Grace!\n", "fin")

        name = peer.name
    close = daemon.ended(name)["close"]
    assert (close["first"], close["how"], close["reason"]) == ("local", "fin", "local_done")


def test_a_line_may_come_byte_by_byte(daemon):
    with daemon.connect("line") as peer:
        assert peer.read_line() == b"Welcome!\n"
        for byte in b"Ada\r\n":
            peer.send(bytes([byte]))

        assert peer.read_line() == b"Hello, Ada!\n"


def test_the_last_line_needs_no_end(daemon):
    with daemon.connect("line") as peer:
        peer.send(b"Ada\nGrace")
        peer.fin()

        assert peer.read_to_end() == (b"Welcome!\nHello, Ada!\nHello, Grace!\n", "fin")

        name = peer.name
    assert daemon.ended(name)["close"]["reason"] == "peer_fin"


def test_what_follows_the_quit_line_gets_no_answer_and_costs_none(daemon):
    with daemon.connect("line") as peer:
        peer.send(b"Ada\nexit\n" + pattern(200_000))

        assert peer.read_to_end() == (b"Welcome!\nHello, Ada!\n", "fin")


@pytest.mark.quick
def test_with_framing_read_a_message_needs_no_newline(daemon):
    with daemon.connect("read") as peer:
        assert peer.read(8) == b"Welcome!"
        for name in (b"Ada", b"Grace\n"):
            peer.send(name)
            assert peer.read(7 + len(name)) == b"Hello, " + name
        peer.send(b"exit")

        assert peer.read_to_end() == (b"", "fin")


def test_the_template_fills_in_number_peer_and_line(daemon):
    with daemon.connect("template") as peer:
        peer.send(b"a\nb\n")

        assert peer.read_line() == f"1 {peer.name} a {{}}\n".encode()
        assert peer.read_line() == f"2 {peer.name} b {{}}\n".encode()


def test_bytes_are_data_and_never_a_format(daemon):
    for line in (b"%s%n%x", b"{peer}", b"{line}", b"\xff\xfe\x00\x1b[2J", b"{{"):
        with daemon.connect("line") as peer:
            peer.read_line()
            peer.send(line + b"\n")

            assert peer.read_line() == b"Hello, " + line + b"!\n"


def test_a_line_over_the_limit_ends_the_connection_with_its_reason(daemon):
    with daemon.connect("short") as peer:
        peer.send(b"0123456789abcdef\n" + b"0123456789abcdefg\n")

        assert peer.read_to_end() == (b"0123456789abcdef\n", "fin")

        name = peer.name
    close = daemon.ended(name)["close"]
    assert close["reason"] == "local_limit"
    assert "max_line" in close["detail"]


def test_a_line_that_never_ends_is_not_kept(daemon):
    before = daemon.resident_kib()
    with daemon.connect("line") as peer:
        peer.send_later(b"x" * (256 << 20))

        got, _ = peer.read_to_end()

        name = peer.name
    assert got == b"Welcome!\n"
    assert daemon.ended(name)["close"]["reason"] == "local_limit"
    assert daemon.resident_kib() - before < BOUNDED_KIB


def test_many_lines_at_once_are_all_answered_in_order(daemon):
    count = 50_000
    with daemon.connect("line") as peer:
        peer.send_later(b"".join(b"%d\n" % n for n in range(count)), then_fin=True)

        got, end = peer.read_to_end()

    assert end == "fin"
    assert got == b"Welcome!\n" + b"".join(b"Hello, %d!\n" % n for n in range(count))


def test_a_peer_that_only_asks_is_read_no_further_than_it_reads(daemon):
    before = daemon.resident_kib()
    with daemon.connect("line") as peer:
        peer.socket.settimeout(1)
        lines = b"x\n" * 32768
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 1 << 30:
                sent += peer.socket.send(lines)

        assert daemon.resident_kib() - before < BOUNDED_KIB
