# SPDX-License-Identifier: Apache-2.0
"""`tcpctl connect`: what passes between its streams and a peer, how it ends, and what it says of that."""
import os
import signal
import subprocess

import pytest

from harness.capture import Capture
from harness.connector import Connector, Terminal
from harness.daemon import BOUNDED_KIB, TCPCTL, environment
from harness.endings import assert_as_on_the_wire, assert_known, assert_times, line_of
from harness.network import CLONE_NEWNET, CLONE_NEWNS, LOOPBACK_UP, may_have_namespaces, own_namespace
from harness.peers import Server, assert_same, black_hole, closed_port, pattern
from harness.wait import eventually, steady

DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND, NOT_ALLOWED = range(6)
OPENED = "syn_sent established "


@pytest.fixture
def server():
    with Server() as server:
        yield server


def run(*arguments, stdin=b""):
    return subprocess.run([TCPCTL, "connect", *arguments], input=stdin, capture_output=True, timeout=60,
                          env={**environment(), "LC_ALL": "C.UTF-8"}, check=False)


def closing(facts):
    return " ".join(facts["close"][each] for each in ("first", "how", "reason", "phase"))


# --- what passes -----------------------------------------------------------------------------------

@pytest.mark.quick
def test_a_request_from_a_pipe_is_answered_to_the_end(server):
    with Connector(server.address) as connector:
        connector.give(b"GET / HTTP/1.0\r\n\r\n")
        connector.end_input()
        with server.accept() as peer:
            assert peer.read_to_end() == (b"GET / HTTP/1.0\r\n\r\n", "fin")
            peer.send(b"HTTP/1.0 200 OK\r\n\r\nhello")
        status, out, err = connector.end()

    assert (status, out) == (DONE, b"HTTP/1.0 200 OK\r\n\r\nhello")
    assert len(err.splitlines()) == 1, err


@pytest.mark.quick
def test_what_comes_is_printed_as_it_comes(server):
    with Connector(server.address) as connector, server.accept() as peer:
        for word in (b"one", b"two\n", b"\0\xff"):
            peer.send(word)
            assert connector.read(len(word)) == word
            connector.give(word)
            assert peer.read(len(word)) == word


def test_bytes_are_no_text_and_many_of_them_pass_both_ways_at_once(server):
    data = pattern(20_000_000)
    with Connector(server.address) as connector, server.accept() as peer:
        sent = peer.send_later(data, then_fin=True)
        received = peer.read_to_end_later()
        out, _ = connector.process.communicate(data, timeout=60)

        assert sent.result() == len(data)
        assert_same(out, data)
        assert received.result()[1] == "fin"
        assert_same(received.result()[0], data)
        assert connector.process.returncode == DONE


def test_a_peer_that_floods_is_read_no_faster_than_the_output(server):
    with Connector(server.address) as connector, server.accept() as peer:
        before = eventually(connector.resident_kib)
        peer.send_later(bytes(1 << 28))
        steady(peer.unacknowledged)

        assert connector.resident_kib() - before < BOUNDED_KIB
        connector.process.send_signal(signal.SIGINT)
        assert connector.process.wait(60) == -signal.SIGINT


def test_a_peer_that_does_not_read_holds_the_input_up(server):
    with Connector(server.address) as connector, server.accept() as peer:
        os.set_blocking(connector.process.stdin.fileno(), False)
        given = 0

        def fill():
            nonlocal given
            try:
                given += os.write(connector.process.stdin.fileno(), bytes(1 << 16))
            except BlockingIOError:
                pass
            return given
        taken = steady(fill)

        assert taken < 1 << 26
        received = peer.read_to_end_later()
        os.set_blocking(connector.process.stdin.fileno(), True)
        connector.end_input()
        assert len(received.result()[0]) == taken
        peer.fin()
        assert connector.end()[0] == DONE


@pytest.mark.quick
def test_hex_goes_both_ways(server):
    with Connector("-x", server.address) as connector:
        connector.give(b"68 69\n0d0a\n")
        with server.accept() as peer:
            assert peer.read(4) == b"hi\r\n"
            peer.send(b"\x00\xffok")
        connector.end_input()
        status, out, _ = connector.end()

    assert status == DONE
    assert out == b"00000000  00 ff 6f 6b " + b" " * 37 + b" |..ok|\n"


@pytest.mark.quick
def test_line_ends_are_sent_as_cr_lf(server):
    with Connector("--crlf", server.address) as connector:
        connector.give(b"one\ntwo\r\n")
        connector.end_input()
        with server.accept() as peer:
            assert peer.read_to_end() == (b"one\r\ntwo\r\n", "fin")


def test_ipv6_and_the_source_are_as_asked_for():
    with Server(("::1", 0)) as server, Connector("-6", server.address) as connector:
        server.accept().close()
        connector.end_input()
        status, facts = connector.facts()
        assert (status, facts["remote"]) == (DONE, server.address)

    with Server() as server, Connector("--source", "127.0.0.9", server.address) as connector:
        with server.accept() as peer:
            assert peer.socket.getpeername()[0] == "127.0.0.9"


@pytest.mark.skipif(not may_have_namespaces(), reason="a mount namespace wants root")
def test_a_name_whose_first_address_refuses_is_reached_by_the_next(tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("::1 app.example\n127.0.0.1 app.example\n")

    def work():
        with Server() as server, Connector(f"app.example:{server.port}") as connector:
            server.accept().close()
            connector.end_input()
            status, facts = connector.facts()
            assert (status, facts["remote"]) == (DONE, server.address)
            assert [each["error"] for each in facts["attempts"]] == ["Connection refused", None]
            assert facts["resolved"] == [f"[::1]:{server.port}", server.address]

    with own_namespace(CLONE_NEWNS, ["mount", "--make-rprivate", "/"],
                       ["mount", "--bind", hosts, "/etc/hosts"]) as files:
        files.submit(work).result()


# --- how it ends -----------------------------------------------------------------------------------

@pytest.mark.quick
def test_a_half_close_keeps_the_other_way_open(server):
    with Connector(server.address) as connector, server.accept() as peer:
        connector.end_input()
        assert peer.read_to_end() == (b"", "fin")
        peer.send(b"late")
        assert connector.read(4) == b"late"
        peer.fin()
        status, facts = connector.facts()

    assert status == DONE
    assert closing(facts) == "local fin local_done data"
    assert line_of(facts) == OPENED + "fin_sent fin_acked first_byte_in fin_received ~time_wait closed"
    assert facts["state"] == "TIME_WAIT"


@pytest.mark.quick
def test_the_peer_s_fin_does_not_stop_what_is_sent(server):
    with Connector(server.address) as connector, server.accept() as peer:
        peer.fin()
        connector.give(b"still here")
        assert peer.read(10) == b"still here"
        connector.end_input()
        status, facts = connector.facts()

    assert status == DONE
    assert closing(facts) == "remote fin peer_fin data"
    assert line_of(facts) == OPENED + "fin_received first_byte_out fin_sent fin_acked closed"


@pytest.mark.quick
def test_a_reset_is_a_failure_and_what_came_before_it_is_printed(server):
    with Connector(server.address) as connector, server.accept() as peer:
        peer.send(b"sorry")
        assert connector.read(5) == b"sorry"
        peer.rst()
        status, facts = connector.facts()

    assert status == FAILED
    assert closing(facts) == "remote rst peer_rst data"
    assert line_of(facts) == OPENED + "first_byte_in rst_received closed"


@pytest.mark.quick
def test_ctrl_c_closes_at_once_and_ends_by_the_signal(server):
    with Connector(server.address) as connector, server.accept() as peer:
        peer.send(b"x")
        assert connector.read(1) == b"x"
        connector.process.send_signal(signal.SIGINT)
        assert peer.read_to_end() == (b"", "fin")
        status, facts = connector.facts()

    assert status == -signal.SIGINT
    assert closing(facts) == "local fin local_done data"
    assert facts["close"]["detail"] == "interrupted"


def test_a_reader_that_leaves_ends_it_quietly(server):
    reader, writer = os.pipe()
    with Connector(server.address, stdout=writer) as connector, server.accept() as peer:
        os.close(writer)
        os.close(reader)
        peer.send(b"x")
        connector.process.wait(60)
        status, facts = connector.facts()

    assert status == DONE
    assert facts["close"]["detail"] == "nobody reads the output any more"


@pytest.mark.quick
def test_nobody_listens():
    with closed_port() as closed:
        where = closed.address
        done = run(where)

    assert (done.returncode, done.stdout) == (FAILED, b"")
    assert done.stderr.decode().splitlines()[-1] == \
        f"tcpctl: cannot connect to {where}: Connection refused; does anybody listen there?"


def test_nobody_answers():
    with black_hole() as silent:
        where = silent.address
        done = run("-q", "--timeout", "50ms", where)

    assert done.returncode == FAILED
    assert done.stderr.decode() == \
        f"tcpctl: cannot connect to {where}: no answer within 50ms; --timeout waits longer\n"


@pytest.mark.skipif(not may_have_namespaces(), reason="a mount namespace wants root")
def test_a_name_that_does_not_exist_is_not_found(tmp_path):
    names = tmp_path / "nsswitch.conf"
    names.write_text("hosts: files\n")
    with own_namespace(CLONE_NEWNS, ["mount", "--make-rprivate", "/"],
                       ["mount", "--bind", names, "/etc/nsswitch.conf"]) as files:
        done = files.submit(run, "nosuch.example:80").result()

    assert done.returncode == NOT_FOUND
    assert done.stderr.decode() == "tcpctl: 'nosuch.example' has no address; is the name spelt right?\n"


@pytest.mark.quick
@pytest.mark.parametrize("where", ["localhost", "localhost:0", "127.0.0.1:65536", ":80", "unix:/tmp/x", "::1:80"])
def test_what_is_no_address_is_said_at_once(where):
    done = run(where)

    assert done.returncode == USAGE
    assert len(done.stderr.splitlines()) == 1, done.stderr


# --- at a terminal ---------------------------------------------------------------------------------

@pytest.mark.quick
def test_lines_are_typed_and_answers_are_fit_for_the_terminal(server):
    with Terminal() as terminal, \
            Connector(server.address, stdin=terminal.program, stdout=terminal.program) as connector:
        with server.accept() as peer:
            terminal.type(b"hello\n")
            assert peer.read_line() == b"hello\n"
            peer.send(b"\x1b[31mred\r\n")
            terminal.wait_for(b"\\x1b[31mred\r\n")  # the terminal adds the CR
            terminal.type(b"\x04")
            assert peer.read_to_end() == (b"", "fin")
        status, facts = connector.facts()

    assert status == DONE
    assert closing(facts) == "local fin local_done data"


def test_at_a_terminal_the_peer_s_fin_is_the_end(server):
    with Terminal() as terminal, \
            Connector(server.address, stdin=terminal.program, stdout=terminal.program) as connector:
        with server.accept() as peer:
            peer.fin()
            assert peer.read_to_end() == (b"", "fin")
        status, facts = connector.facts()

    assert (status, closing(facts)) == (DONE, "remote fin peer_fin data")


# --- what it says ----------------------------------------------------------------------------------

@pytest.mark.quick
def test_people_get_the_picture_of_its_life(server):
    with Connector(f"localhost:{server.port}", "-4", facts=False) as connector, server.accept() as peer:
        connector.give(b"ping")
        assert peer.read(4) == b"ping"
        connector.end_input()
        assert peer.read_to_end() == (b"", "fin")
        peer.close()
        status, _, err = connector.end()

    assert status == DONE
    assert err.startswith(f"localhost:{server.port} is {server.address}\nconnected to {server.address} from 127.0.0.1:")
    for line in ("Ended first by  local, with fin", "Out             4 bytes", "Sequence", "SYN_SENT", "data, 4 B",
                 "FIN_WAIT_1", "closed"):
        assert line in err, err


@pytest.mark.skipif(not may_have_namespaces(), reason="a network namespace wants root")
@pytest.mark.parametrize("act", ["input ends first", "peer ends first", "peer resets", "interrupted", "unread bytes"])
def test_its_time_line_is_what_went_over_the_wire(tmp_path, act):
    def play():
        with Capture(tmp_path) as capture, Server() as server, Connector(server.address) as connector, \
                server.accept() as peer:
            connector.give(b"ping")
            assert peer.read(4) == b"ping"
            if act == "input ends first":
                connector.end_input()
                peer.read_to_end()
                peer.fin()
            elif act == "peer ends first":
                peer.fin()
                connector.end_input()
            elif act == "peer resets":
                peer.rst()
            elif act == "interrupted":
                connector.process.send_signal(signal.SIGINT)
            else:
                peer.send_later(bytes(1 << 22))
                steady(peer.unacknowledged)
                connector.process.send_signal(signal.SIGINT)
            _, facts = connector.facts()
            eventually(lambda: any(packet.flags & 5 for packet in capture.between(
                facts["local"], facts["remote"]).packets))
            assert_known(facts)
            assert_times(facts)
            assert_as_on_the_wire(facts, capture.between(facts["local"], facts["remote"]))

    with own_namespace(CLONE_NEWNET, LOOPBACK_UP) as network:
        network.submit(play).result()


def test_the_daemon_is_not_needed():
    with closed_port() as closed:
        done = subprocess.run([TCPCTL, "--host", "unix:/nowhere", "connect", "-q", closed.address],
                              capture_output=True, timeout=60, env=environment(), check=False)

    assert done.returncode == FAILED
    assert b"refused" in done.stderr
