# SPDX-License-Identifier: Apache-2.0
"""What each service does with the bytes of a connection."""
import datetime
import re
import struct

import pytest

from harness.daemon import BOUNDED_KIB
from harness.peers import assert_same, pattern
from harness.wait import eventually, steady

CONFIG = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"

[listeners.discard]
listen = ["127.0.0.1:0"]
service = "discard"

[listeners.discard-ten]
listen = ["127.0.0.1:0"]
service = "discard"
discard = { close_after = "10B" }

[listeners.chargen]
listen = ["127.0.0.1:0"]
service = "chargen"

[listeners.daytime]
listen = ["127.0.0.1:0"]
service = "daytime"

[listeners.time]
listen = ["127.0.0.1:0"]
service = "time"
"""

SECONDS_1900_TO_1970 = 2_208_988_800
BULK = 8 << 20


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared(CONFIG)


@pytest.mark.quick
@pytest.mark.threaded
def test_echo_returns_every_byte_and_then_the_fin(daemon):
    sent = pattern(BULK)
    with daemon.connect("echo") as peer:
        peer.send_later(sent, then_fin=True)

        got, end = peer.read_to_end()

        name = peer.name
    assert_same(got, sent)
    assert end == "fin"
    row = daemon.ended(name)
    assert (row["bytes_in"], row["bytes_out"]) == (BULK, BULK)


def test_echo_answers_while_the_peer_goes_on(daemon):
    with daemon.connect("echo") as peer:
        for message in (b"one", b"two", bytes(range(256))):
            peer.send(message)

            assert peer.read(len(message)) == message


def test_echo_reads_no_faster_than_its_peer_does(daemon):
    before = daemon.resident_kib()
    with daemon.connect("echo") as peer:
        stuck = peer.fill()

        grown = daemon.resident_kib() - before

        assert grown < BOUNDED_KIB
        peer.send_later(b"", then_fin=True)
        got, end = peer.read_to_end()
    assert (len(got), end) == (stuck, "fin")


@pytest.mark.quick
def test_discard_takes_everything_and_says_nothing(daemon):
    with daemon.connect("discard") as peer:
        peer.send(pattern(1 << 20))
        peer.fin()

        assert peer.read_to_end() == (b"", "fin")

        name = peer.name
    row = daemon.ended(name)
    assert (row["bytes_in"], row["bytes_out"]) == (1 << 20, 0)


def test_discard_closes_after_its_bytes(daemon):
    with daemon.connect("discard-ten") as peer:
        peer.send(b"12345")
        peer.send(b"67890")

        assert peer.read_to_end() == (b"", "fin")

        name = peer.name
    assert daemon.ended(name)["close"]["reason"] == "local_done"


def chargen_lines(count):
    ring = bytes(range(32, 127))
    return b"".join((ring + ring)[n % 95:n % 95 + 72] + b"\r\n" for n in range(count))


@pytest.mark.quick
def test_chargen_sends_the_rotating_lines(daemon):
    expected = chargen_lines(20_000)
    with daemon.connect("chargen") as peer:
        assert_same(peer.read(len(expected)), expected)


def test_chargen_throws_away_what_it_gets(daemon):
    expected = chargen_lines(5_000)
    with daemon.connect("chargen") as peer:
        peer.send_later(pattern(1 << 20))

        assert_same(peer.read(len(expected)), expected)


def test_chargen_waits_for_a_peer_that_does_not_read(daemon):
    before = daemon.resident_kib()
    with daemon.connect("chargen") as peer:
        name = peer.name
        sent = steady(lambda: daemon.live(name)["bytes_out"])
        cpu = daemon.cpu_seconds()

        again = steady(lambda: daemon.live(name)["bytes_out"])

        assert again == sent
        assert daemon.resident_kib() - before < BOUNDED_KIB
        expected = chargen_lines(sent // 74 + 10_000)
        assert_same(peer.read(len(expected)), expected)  # nothing was lost while it waited
        assert cpu <= daemon.cpu_seconds()


def test_chargen_does_nothing_while_its_peer_does_not_read(daemon):
    with daemon.connect("chargen") as peer:
        steady(lambda: daemon.live(peer.name)["bytes_out"])
        before = daemon.cpu_seconds()

        for _ in range(20):
            daemon.get("/healthz")
        steady(lambda: 0, rounds=100)

        assert daemon.cpu_seconds() - before < 0.3


@pytest.mark.quick
def test_daytime_is_one_line_and_the_fin(daemon):
    with daemon.connect("daytime") as peer:
        got, end = peer.read_to_end()

        name = peer.name
    assert end == "fin"
    assert re.fullmatch(rb"\w+, \w+ \d{1,2}, \d{4} \d\d:\d\d:\d\d-UTC\r\n", got)
    said = datetime.datetime.strptime(got.decode().strip() + "+0000", "%A, %B %d, %Y %H:%M:%S-UTC%z")
    assert abs(said - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=5)
    assert daemon.ended(name)["close"]["reason"] == "local_done"


def test_daytime_reaches_a_peer_whose_input_nobody_read(daemon):
    for _ in range(20):
        with daemon.connect("daytime") as peer:
            peer.send(pattern(100_000))

            got, end = peer.read_to_end()

        assert got.endswith(b"-UTC\r\n")
        assert end == "fin"


@pytest.mark.quick
def test_time_is_the_seconds_since_1900_in_four_bytes(daemon):
    with daemon.connect("time") as peer:
        got, end = peer.read_to_end()

    assert end == "fin"
    seconds = struct.unpack("!I", got)[0] - SECONDS_1900_TO_1970
    assert abs(seconds - datetime.datetime.now().timestamp()) < 300


def test_services_are_listed_with_their_options(daemon):
    services = {each["name"]: each for each in daemon.json("/v1/services")["items"]}

    assert {"echo", "discard", "chargen", "daytime", "time", "dialog", "forward"} <= set(services)
    assert "close_after" in {option["key"] for option in services["discard"]["options"]}


@pytest.mark.threaded
def test_many_connections_at_once_are_spread_and_none_is_mixed_up(daemon):
    peers = [daemon.connect("echo") for _ in range(100)]
    for n, peer in enumerate(peers):
        peer.send(pattern(10_000, seed=n))
    for n, peer in enumerate(peers):
        assert_same(peer.read(10_000), pattern(10_000, seed=n))

    names = {peer.name for peer in peers}
    workers = {row["id"].split("-")[0] for row in daemon.connections(listener="echo") if row["remote"] in names}

    assert len(workers) == 2
    for peer in peers:
        peer.close()
    eventually(lambda: daemon.listener("echo")["connections"]["active"] == 0)
