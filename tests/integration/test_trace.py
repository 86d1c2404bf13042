# SPDX-License-Identifier: Apache-2.0
"""tcpctl trace: what was captured and drawn, what was written for others, and what there is without the privilege."""
import contextlib
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess

import pytest

from harness.daemon import environment
from harness.programs import TCPCTL

DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND, NOT_ALLOWED = range(6)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def may_capture():
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
            return True
    except OSError:
        return False


captures = pytest.mark.skipif(not may_capture(), reason="capturing takes CAP_NET_RAW")


# --- a capture file -------------------------------------------------------------------------------

def segment(client, flags, seq, ack=0, payload=b"", options=b""):
    """A raw IP packet between 10.0.0.1:40000, which sends where `client`, and 10.0.0.2:80."""
    ports = (40000, 80) if client else (80, 40000)
    start = (1000, 5000) if client else (5000, 1000)
    tcp = struct.pack("!HHIIBBHHH", *ports, start[0] + seq, start[1] + ack if flags & ACK else 0,
                      (5 + len(options) // 4) << 4, flags, 512, 0, 0) + options + payload
    hosts = [b"\x0a\0\0\1", b"\x0a\0\0\2"]
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 7, 0, 64, 6, 0) + b"".join(hosts if client else hosts[::-1]) + tcp


MSS = b"\x02\x04\x05\xb4"
CONVERSATION = [(0, segment(True, SYN, 0, options=MSS)), (1000, segment(False, SYN | ACK, 0, 1, options=MSS)),
                (2000, segment(True, ACK, 1, 1)), (3000, segment(True, PSH | ACK, 1, 1, b"hello\x1b[2J")),
                (403000, segment(True, PSH | ACK, 1, 1, b"hello\x1b[2J")), (404000, segment(False, ACK, 1, 10)),
                (405000, segment(False, FIN | ACK, 1, 10)), (406000, segment(True, ACK, 10, 2)),
                (407000, segment(True, FIN | ACK, 10, 2)), (408000, segment(False, ACK, 2, 11))]


def write_capture(path, packets, link=101):
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link) + b"".join(
        struct.pack("<IIII", 1763800000, at, len(packet), len(packet)) + packet for at, packet in packets))
    return path


@pytest.fixture
def capture(tmp_path):
    return write_capture(tmp_path / "one.pcap", CONVERSATION)


def trace(*arguments, host="unix:/nonexistent", **variables):
    return subprocess.run([TCPCTL, "--host", host, "trace", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False, env={**environment(), "LC_ALL": "C", "COLUMNS": "100", **variables})


def test_a_file_is_drawn_as_the_textbook_does_it(capture):
    done = trace("-r", capture)

    assert (done.returncode, done.stderr) == (DONE, "tcpctl: 10 segments of 1 connection\n")
    lines = done.stdout.splitlines()
    rows = [line for line in lines if "|" in line]
    assert "client" in lines[0] and "server" in lines[0]
    assert "10.0.0.1:40000" in lines[1] and "10.0.0.2:80" in lines[1]
    assert "SYN seq=0 win=512 mss=1460 -" in rows[0] and "SYN_SENT" in rows[0]
    assert "<-" in rows[1] and "SYN+ACK seq=0 ack=1" in rows[1] and "SYN_RCVD" in rows[1]
    assert "ESTABLISHED" in rows[2]
    assert "retransmission" in done.stdout
    assert "FIN_WAIT_1" in done.stdout and "LAST_ACK" in done.stdout and "TIME_WAIT" in done.stdout
    assert "Ended first by  the responder, with FIN" in done.stdout
    assert "Retransmitted   1 from the initiator, 0 from the responder" in done.stdout


@pytest.mark.parametrize("columns", [20, 60, 80, 120, 200])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_picture_keeps_to_its_width(capture, columns, locale):
    done = trace("-r", capture, COLUMNS=str(columns), LC_ALL=locale)

    assert done.returncode == DONE
    assert max(map(len, done.stdout.partition("\n\nConnection")[0].splitlines())) <= columns
    assert (locale == "C") == done.stdout.isascii()


def test_numbers_are_as_they_were_sent_where_that_is_asked_for(capture):
    assert "SYN seq=1000 " in trace("-r", capture, "--absolute").stdout


def test_payload_is_escaped(capture):
    done = trace("-r", capture, "--payload")

    assert "hello\\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout


def test_programs_get_an_object_for_each_segment(capture):
    done = subprocess.run([TCPCTL, "-o", "json", "trace", "-r", capture], capture_output=True, text=True, check=True,
                          env=environment())

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 10
    assert [row["flags"] for row in rows[:2]] == [["SYN"], ["SYN", "ACK"]]
    assert ["retransmission"] in [row["notes"] for row in rows]


def test_a_broken_file_is_told_with_what_it_gave(capture, tmp_path):
    (tmp_path / "cut.pcap").write_bytes(capture.read_bytes()[:-5])
    (tmp_path / "none.pcap").write_text("this is no capture, and long enough to be one")

    cut = trace("-r", tmp_path / "cut.pcap")
    assert cut.returncode == FAILED and "SYN seq=0" in cut.stdout and "truncated" in cut.stderr
    none = trace("-r", tmp_path / "none.pcap")
    assert none.returncode == FAILED and len(none.stderr.splitlines()) == 1
    assert trace("-r", tmp_path / "missing.pcap").returncode == FAILED


@pytest.mark.parametrize("words, why", [((), "what?"), (("web", "-c", "0"), "--count"), (("web", "--for", "soon"), "--for"),
                                        (("-r", "x", "-w", "y"), "exclude each other"), (("web", "--force"), "--force")])
def test_a_mistake_is_one_line(words, why):
    done = trace(*words)

    assert done.returncode == USAGE and why in done.stderr and len(done.stderr.splitlines()) == 1


# --- live -----------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def daemon(launch_shared):
    yield launch_shared("""
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
""")


@contextlib.contextmanager
def tracing(daemon, *arguments):
    """A live trace that has begun to capture."""
    with subprocess.Popen([TCPCTL, "--host", f"unix:{daemon.socket}", "trace", *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env={**environment(), "LC_ALL": "C", "COLUMNS": "110"}) as process:
        first = process.stderr.readline()
        assert "capturing on" in first, first
        yield process
        if process.poll() is None:
            process.kill()


@captures
def test_a_connection_is_drawn_from_its_first_segment_to_its_last(daemon):
    with tracing(daemon, "echo") as process:
        with daemon.connect("echo") as peer:
            peer.send(b"hello")
            assert peer.read(5) == b"hello"
            name = peer.name
        daemon.ended(name)
        seen = ""
        while "TIME_WAIT" not in seen and seen.count("FIN") < 2:
            seen += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert process.returncode in (DONE, -signal.SIGINT)
    text = seen + out
    assert "SYN seq=0" in text and "SYN+ACK seq=0 ack=1" in text and "len=5" in text
    assert name in text and "Ended first by  the initiator, with FIN" in text
    assert "dropped by the kernel" in err


@captures
def test_one_connection_ends_the_trace_by_its_end(daemon, tmp_path):
    with daemon.connect("echo") as peer:
        identity = daemon.live(peer.name)["id"]
        with tracing(daemon, identity, "-w", tmp_path / "one.pcap") as process:
            peer.send(b"x")
            assert peer.read(1) == b"x"
            peer.close()
            out, err = process.communicate(timeout=60)

    assert process.returncode == DONE
    assert "Connection " + identity in out and "FIN_WAIT_1" in out
    assert "one.pcap" in err
    assert (tmp_path / "one.pcap").stat().st_mode & 0o777 == 0o600
    read = subprocess.run(["tcpdump", "-nr", tmp_path / "one.pcap"], capture_output=True, text=True, check=True).stdout
    assert "Flags [F.]" in read
    assert trace("-r", tmp_path / "one.pcap").stdout.count("FIN+ACK") == 2
    assert trace("-r", tmp_path / "one.pcap", "-c", "1").stdout.count("seq=") == 1


@captures
def test_a_file_that_is_there_is_written_over_by_force_alone(daemon, tmp_path):
    (tmp_path / "kept").write_text("kept")

    done = trace("echo", "-w", tmp_path / "kept", host=f"unix:{daemon.socket}")

    assert done.returncode == FAILED and "--force" in done.stderr
    assert (tmp_path / "kept").read_text() == "kept"


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to be somebody else")
def test_without_the_privilege_the_daemon_tells_what_it_saw(daemon):
    with daemon.connect("echo") as peer:
        identity = daemon.live(peer.name)["id"]
        done = subprocess.run([TCPCTL, "--host", f"unix:{daemon.socket}", "trace", identity], capture_output=True, text=True,
                              timeout=60, check=False, env=environment(),
                              preexec_fn=drop_capabilities)

    assert "no permission to capture packets" in done.stderr and "setcap cap_net_raw+ep" in done.stderr
    assert "accepted" in done.stdout and done.returncode == DONE


def drop_capabilities():
    """The user stays, so that the daemon knows him; the capabilities go, and so does the way back (capability.h)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(41):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    header = struct.pack("II", 0x20080522, 0)
    libc.capset(header, struct.pack("IIIIII", 0, 0, 0, 0, 0, 0))


def test_nothing_is_traced_of_what_is_not_there(daemon):
    done = trace("nobody", host=f"unix:{daemon.socket}")

    assert done.returncode == NOT_FOUND and "'nobody'" in done.stderr
    assert trace("echo").returncode == UNREACHABLE


def test_tcpctl_itself_does_not_load_libpcap():
    needed = subprocess.run(["readelf", "-d", TCPCTL], capture_output=True, text=True, check=True).stdout
    part = subprocess.run(["readelf", "-d", TCPCTL.with_name("tcpctl-trace")], capture_output=True, text=True, check=True).stdout

    assert "libpcap" not in needed and "libpcap" in part
