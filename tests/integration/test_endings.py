# SPDX-License-Identifier: Apache-2.0
"""Every ending of a connection that the daemon serves or refuses, and all that is said of it, against a capture of
who really sent the first FIN or RST. Endings of forwarded sessions and of clients are in test_endings_of_legs.py.

Each act below is one row of the table: above it, what must be said of the connection; in it, how it ends.
"""
import re
import signal

import pytest

from harness.endings import DONE, INBOUND, SPOKE, Ending, Leg, table
from harness.network import cut, deafen, may_have_namespaces
from harness.stage import ping, raised
from harness.wait import eventually, steady

pytestmark = pytest.mark.skipif(not may_have_namespaces(), reason="a network namespace wants root")

ENDINGS, ending = table()
QUICK = {"peer_fin", "peer_rst", "kill_graceful", "kill_reset", "refused_with_unread_bytes"}

LISTENER = """
[listeners.{}]
listen = ["127.0.0.1:0"]
service = "{}"
{}
"""
LISTENERS = [
    ("echo", "echo", 'user_timeout = "5s"'),
    ("brief", "echo", 'close_timeout = "300ms"'),
    ("idle", "echo", 'idle_timeout = "200ms"'),
    ("aged", "echo", 'max_lifetime = "200ms"'),
    ("mute", "chargen", 'user_timeout = "1s"'),
    ("watched", "echo", 'keepalive = { idle = "1s", interval = "1s", probes = 1 }\nuser_timeout = "1s"'),
    ("daytime", "daytime", ""),
    ("dialog", "dialog", 'dialog = { reply = "{line}\\n", quit = "exit", max_messages = 2 }'),
    ("script", "script", 'script = { steps = [{ send = "ping" }, { expect = "ping" }, { send = "bye" }] }'),
    ("rude", "script", 'script = { steps = [{ send = "ping" }, { expect = "ping" }, { reset = true }] }'),
    ("late", "script", 'script = { max_time = "200ms", steps = [{ expect = "never" }] }'),
    ("picky", "script", 'script = { steps = [{ reject = "^5" }, { expect = "^2" }] }'),
    ("full", "echo", "max_connections = 1"),
    ("shared", "echo", "max_connections_per_source = 1"),
    ("rated", "echo", 'accept_rate = "1/h"'),
    ("closed", "echo", 'deny = ["127.0.0.0/8"]'),
    ("scarce", "daytime", 'max_connections = 1\nclose_timeout = "1h"'),
    ("drained", "echo", ""),
    ("proxied", "echo", 'proxy_protocol = { accept_from = ["127.0.0.0/8"] }'),
]
CONFIG = '[daemon]\ndrain_timeout = "200ms"\n' + "".join(LISTENER.format(*each) for each in LISTENERS)


@pytest.fixture(scope="module")
def stage(launch_shared, tmp_path_factory):
    with raised(launch_shared, tmp_path_factory.mktemp("wire"), lambda _: CONFIG) as stage:
        yield stage


LARGE = bytes(200_000)  # more than a peer with a small buffer takes, less than the kernel holds for it
SMALL = 4096


# --- the peer's FIN -------------------------------------------------------------------------------

@ending(Leg("remote fin peer_fin data --", line=INBOUND + SPOKE + "fin_received fin_sent fin_acked closed"))
def peer_fin(stage):
    peer = stage.talk("echo")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("remote fin peer_fin data --", line=INBOUND + "fin_received fin_sent fin_acked closed"))
def peer_fin_without_a_byte(stage):
    peer = stage.connect("echo")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("remote fin peer_fin data --", line=INBOUND + SPOKE + "fin_received ?fin_sent fin_acked closed"))
def peer_fin_behind_data(stage):
    peer = stage.connect("echo")
    sent = peer.send_later(LARGE, then_fin=True)
    assert len(peer.read(len(LARGE))) == sent.result()
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("remote fin peer_fin data --", line=INBOUND + SPOKE + "fin_received fin_sent closed"))
def peer_fin_then_silence(stage):
    """Our FIN was sent, and is never acknowledged; LAST_ACK is left without an RST."""
    peer = stage.talk("brief")
    deafen(peer.socket.getsockname()[1])
    peer.fin()
    return [stage.ended(peer)]


# --- the peer's RST, in each state ----------------------------------------------------------------

@ending(Leg("remote rst peer_rst data CD", "Connection reset by peer", INBOUND + "rst_received closed"))
def peer_rst_before_it_was_accepted(stage):
    stage.daemon.post("/v1/listeners/echo/pause")
    peer = stage.connect("echo")
    peer.rst()
    stage.daemon.post("/v1/listeners/echo/resume")
    return [stage.ended(peer)]


@ending(Leg("remote rst peer_rst data CD", "Connection reset by peer", INBOUND + SPOKE + "rst_received closed"))
def peer_rst(stage):
    peer = stage.talk("echo")
    peer.rst()
    return [stage.ended(peer)]


@ending(Leg("remote rst peer_rst data CD", "Connection reset by peer(; 4 bytes not delivered to [0-9.:]+)?",
            INBOUND + SPOKE + "rst_received closed"))
def peer_rst_behind_data(stage):
    peer = stage.talk("echo")
    peer.send(b"last")
    peer.rst()
    return [stage.ended(peer)]


@ending(Leg("remote rst peer_rst data CD", "Connection reset by peer", INBOUND + SPOKE + "rst_received closed"))
def peer_rst_since_it_did_not_read(stage):
    """close(2) with bytes unread makes an RST of a FIN."""
    peer = stage.connect("echo")
    peer.send(b"ping")
    eventually(peer.unread, "the echo")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin admin_kill data KD", line=INBOUND + SPOKE + "fin_sent fin_acked rst_received closed"))
def peer_rst_in_fin_wait(stage):
    peer = stage.talk("echo")
    stage.kill(peer)
    assert peer.read_to_end() == (b"", "fin")
    stage.wait_for_ack(peer)
    peer.rst()
    return [stage.ended(peer)]


@ending(Leg("remote fin peer_fin data --", r"\d+ bytes not delivered to [0-9.:]+",
            INBOUND + SPOKE + "fin_received rst_received closed"))
def peer_rst_in_last_ack(stage):
    """Our FIN is behind bytes that the peer does not take, and never leaves."""
    peer = stage.connect("echo", receive_buffer=SMALL)
    peer.send(LARGE)
    peer.fin()
    stage.wait_for_state(peer, "LAST_ACK")
    peer.rst()
    return [stage.ended(peer)]


# --- a peer that is gone --------------------------------------------------------------------------

@ending(Leg("local timeout dead_peer data CD", r"Connection timed out; \d+ bytes not delivered to [0-9.:]+",
            INBOUND + "first_byte_out closed"))
def user_timeout(stage):
    peer = stage.connect("mute")
    assert peer.read(1)
    cut(peer.socket.getsockname()[1])
    return [stage.ended(peer)]


@ending(Leg("local timeout dead_peer data CD", "Connection timed out", INBOUND + SPOKE + "closed"))
def keepalive(stage):
    peer = stage.talk("watched")
    cut(peer.socket.getsockname()[1])
    return [stage.ended(peer)]


# --- our own ends ---------------------------------------------------------------------------------

@ending(Leg("local fin local_done data --", line=INBOUND + "first_byte_out " + DONE))
def service_done(stage):
    peer = stage.connect("daytime")
    assert peer.read_to_end()[1] == "fin"
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin local_done data --", "quit", INBOUND + "first_byte_in " + DONE))
def dialog_quit(stage):
    peer = stage.connect("dialog")
    peer.send(b"exit\n")
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin local_limit data PD", "max_messages reached", INBOUND + SPOKE + DONE))
def dialog_limit(stage):
    peer = stage.connect("dialog")
    peer.send(b"1\n2\n3\n")
    assert peer.read_to_end() == (b"1\n2\n", "fin")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin local_done script --", "the last step", INBOUND + SPOKE + DONE))
def script_done(stage):
    peer = stage.connect("script")
    ping(peer)
    assert peer.read_to_end()[1] == "fin"
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local rst local_done script --", "the step reset", INBOUND + SPOKE + "rst_sent closed"))
def script_reset(stage):
    peer = stage.connect("rude")
    ping(peer)
    assert peer.read_to_end() == (b"", "rst")
    return [stage.ended(peer)]


@ending(Leg("local fin local_limit script PD", "step 1: expected a match within max_time", INBOUND + DONE))
def script_late(stage):
    peer = stage.connect("late")
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin script_mismatch script PD", "step 1: expected anything else, got '.*'",
            INBOUND + "first_byte_in " + DONE))
def script_mismatch(stage):
    peer = stage.connect("picky")
    peer.send(b"500 no\n")
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("remote fin script_mismatch script PD", "step 2: expected a match, got the peer's FIN",
            INBOUND + "fin_received fin_sent fin_acked closed"))
def script_mismatch_by_fin(stage):
    peer = stage.connect("picky")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin idle_timeout data cD", line=INBOUND + DONE))
def idle_timeout(stage):
    peer = stage.connect("idle")
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin local_limit data PD", "max_lifetime", INBOUND + DONE))
def max_lifetime(stage):
    peer = stage.connect("aged")
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


# --- an operator's ends ---------------------------------------------------------------------------

@ending(Leg("local fin admin_kill data KD", line=INBOUND + SPOKE + "fin_sent fin_acked fin_received ~time_wait closed"))
def kill_graceful(stage):
    peer = stage.talk("echo")
    stage.kill(peer)
    assert peer.read_to_end() == (b"", "fin")
    stage.wait_for_ack(peer)
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin admin_kill data KD", line=INBOUND + SPOKE + "fin_sent fin_acked rst_sent closed"))
def kill_graceful_of_a_peer_that_stays(stage):
    peer = stage.talk("brief")
    stage.kill(peer)
    return [stage.ended(peer)]


@ending(Leg("local rst admin_kill data KD", r"\d+ bytes not delivered to [0-9.:]+",
            INBOUND + SPOKE + "rst_sent closed"))
def kill_graceful_of_a_peer_that_does_not_read(stage):
    """The FIN is behind what the peer does not take, so that the RST goes out first."""
    peer = stage.connect("brief", receive_buffer=SMALL)
    peer.send(LARGE)
    steady(lambda: stage.live(peer)["bytes_out"])
    stage.kill(peer)
    return [stage.ended(peer)]


@ending(Leg("remote fin admin_kill data KD", line=INBOUND + SPOKE + "fin_received ~fin_sent ~fin_acked ~time_wait closed"))
def kill_graceful_of_a_peer_that_reads_after_its_own_fin(stage):
    """Ours was behind what the peer did not take yet, so that the peer's was first."""
    peer = stage.connect("echo", receive_buffer=SMALL)
    peer.send(LARGE)
    steady(lambda: stage.live(peer)["bytes_out"])
    stage.kill(peer)
    stage.wait_for_state(peer, "FIN_WAIT_1")
    peer.fin()
    stage.wait_for_state(peer, "CLOSING")
    assert peer.read_to_end() == (LARGE, "fin")
    return [stage.ended(peer)]


@ending(Leg("local rst admin_kill data KD", line=INBOUND + SPOKE + "rst_sent closed"))
def kill_reset(stage):
    peer = stage.talk("echo")
    stage.kill(peer, how="reset")
    assert peer.read_to_end() == (b"", "rst")
    return [stage.ended(peer)]


@ending(Leg("local fin drain data KD", line=INBOUND + SPOKE + DONE))
def drained(stage):
    peer = stage.talk("drained")
    stage.daemon.post("/v1/listeners/drained/drain")
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


# --- who is not let in ----------------------------------------------------------------------------

REFUSED = "~syn_received ~established accepted fin_sent *time_wait closed"


@ending(Leg("local fin local_limit connect PC", "refused: limit", REFUSED))
def refused_at_the_limit(stage):
    stage.talk("full")
    return refused(stage, "full")


@ending(Leg("local rst local_limit connect PC", "refused: limit", "~syn_received ~established accepted rst_sent closed"))
def refused_with_unread_bytes(stage):
    stage.talk("full")
    stage.daemon.post("/v1/listeners/full/pause")
    peer = stage.connect("full")
    peer.send(b"too early")
    stage.daemon.post("/v1/listeners/full/resume")
    assert peer.read_to_end() == (b"", "rst")
    return [stage.ended(peer)]


@ending(Leg("local fin local_limit connect PC", "refused: acl", REFUSED))
def refused_by_address(stage):
    return refused(stage, "closed")


@ending(Leg("local fin local_limit connect PC", "refused: source_limit", REFUSED))
def refused_at_the_share(stage):
    stage.talk("shared")
    return refused(stage, "shared")


@ending(Leg("local fin local_limit connect PC", "refused: rate", REFUSED))
def refused_by_rate(stage):
    stage.talk("rated")
    return refused(stage, "rated")


@ending(Leg("local fin proxy_header_error proxy_header PR", ".+", INBOUND + "*first_byte_in " + DONE))
def refused_for_its_header(stage):
    peer = stage.connect("proxied")
    peer.send(b"GET / HTTP/1.1\r\n\r\n")
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


@ending(Leg("local fin local_done data --", "gave way to others", INBOUND + "first_byte_out fin_sent fin_acked closed"))
def gave_way(stage):
    peer = stage.connect("scarce")
    assert peer.read_to_end()[1] == "fin"
    stage.wait_for_ack(peer)
    stage.connect("scarce").read_to_end()
    return [stage.ended(peer)]


def refused(stage, listener):
    peer = stage.connect(listener)
    assert peer.read_to_end() == (b"", "fin")
    peer.close()
    return [stage.ended(peer)]


# --- the daemon's end -----------------------------------------------------------------------------

@pytest.fixture
def leaving(launch, tmp_path):
    """A stage of its own, whose daemon may be stopped."""
    config = '[daemon]\ndrain_timeout = "0s"\n' + LISTENER.format("echo", "echo", 'close_timeout = "1h"')
    with raised(launch, tmp_path, lambda _: config) as stage:
        yield stage


def test_what_is_said_of_an_end_by_the_daemons_own(leaving):
    """SIGTERM ends all with FIN, and the API answers until the last is gone; another SIGTERM ends that with RST."""
    def stopped(stage):
        peer, last = stage.talk("echo"), stage.talk("echo")
        stage.daemon.signal(signal.SIGTERM)
        for each in (peer, last):
            assert each.read_to_end() == (b"", "fin")
            stage.wait_for_ack(each)
        peer.close()
        return [stage.ended(peer)]

    leaving.play(Ending("stopped", stopped, (Leg("local fin drain data KD", line=INBOUND + SPOKE + DONE),)))
    leaving.daemon.signal(signal.SIGTERM)
    assert leaving.daemon.wait() == 0
    last = re.findall("connection.closed.*", leaving.daemon.log())[-1]
    assert "first=local how=fin reason=drain" in last


# --- the table ------------------------------------------------------------------------------------

@pytest.mark.parametrize("ending", [pytest.param(each, id=each.name, marks=[pytest.mark.quick] * (each.name in QUICK))
                                    for each in ENDINGS])
def test_what_is_said_of_an_end_is_what_happened(stage, ending):
    stage.play(ending)
