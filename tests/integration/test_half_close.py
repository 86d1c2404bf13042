# SPDX-License-Identifier: Apache-2.0
"""The half-close matrix: {FIN, RST, timeout} x {client, server side} x {idle, data pending}, for forward and for
each service, with the bytes compared and the close facts of every leg. forward has it twice: copied, and spliced in a
session that flowed before.

Pending means that what was sent has not been read when the end begins. For forward the side is the one that sends FIN
or RST, or that falls silent (idle) or does not read (pending). For a service the server is the daemon: an operator ends
the connection, and its timeout is close_timeout, when its FIN is not answered.
"""
import dataclasses
import itertools

import pytest

from harness.peers import Server, assert_same, pattern
from harness.wait import eventually, steady

HOWS = ("fin", "rst", "timeout")
SIDES = ("client", "server")
DATA = ("idle", "pending")
CELLS = list(itertools.product(HOWS, SIDES, DATA))

#: 6 MB, more than the kernel holds for a peer that does not read.
LINES = b"".join(b"%07d\n" % n for n in range(750_000))
SMALL_BUFFER = 65536
FLOW = 1_000_000  # bytes after which a direction is spliced, if it may be

pytestmark = pytest.mark.threaded


# --- forward --------------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Facts:
    actor: tuple  # first and how on the leg of the side that acts
    other: tuple  # on the other leg
    reason: str


FORWARD = {
    ("fin", "idle"): Facts(("remote", "fin"), ("local", "fin"), "peer_fin"),
    ("fin", "pending"): Facts(("remote", "fin"), ("local", "fin"), "peer_fin"),
    ("rst", "idle"): Facts(("remote", "rst"), ("local", "rst"), "peer_rst"),
    ("rst", "pending"): Facts(("remote", "rst"), ("local", "rst"), "peer_rst"),
    ("timeout", "idle"): Facts(("local", "fin"), ("local", "fin"), "idle_timeout"),
    ("timeout", "pending"): Facts(("local", "rst"), ("local", "fin"), "idle_timeout"),
}


@pytest.fixture(scope="module")
def upstream_server():
    with Server(receive_buffer=SMALL_BUFFER) as server:
        yield server


@pytest.fixture(scope="module", params=["copied", "spliced"])
def relay(request, launch_shared, upstream_server):
    template = """
[listeners.{name}]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{upstream}"], zero_copy = ZERO_COPY }}
{more}
""".replace("ZERO_COPY", "true" if request.param == "spliced" else "false")
    return launch_shared(
        template.format(name="plain", upstream=upstream_server.address, more="") +
        template.format(name="timeout", upstream=upstream_server.address,
                        more='idle_timeout = "300ms"\nclose_timeout = "400ms"'))


class Session:
    """A client and its upstream, one of which is to act."""

    def __init__(self, daemon, server, listener, side):
        self.daemon = daemon
        self.client = daemon.connect(listener, receive_buffer=SMALL_BUFFER)
        self.upstream = server.accept()
        self.client_name = self.client.name
        self.actor, self.other = (self.client, self.upstream) if side == "client" else (self.upstream, self.client)
        self.other.send(b"ping")
        assert self.actor.read(4) == b"ping"
        self.actor.send(b"pong")
        assert self.other.read(4) == b"pong"
        for writer, reader in ((self.actor, self.other), (self.other, self.actor)):
            writer.send_later(LINES[:FLOW])
            assert_same(reader.read(FLOW), LINES[:FLOW])

    def legs(self):
        """What the history says of the client's leg and of the upstream's."""
        return legs(self.daemon, self.client_name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.upstream.close()


def legs(daemon, client_name):
    client = daemon.ended(client_name)
    path = f"/v1/history/{client['peer_id']}"
    eventually(lambda: daemon.get(path).status == 200, "the upstream's leg in the history")
    return client, daemon.json(path)


def fin_idle(session):
    session.actor.fin()
    assert session.other.read_to_end() == (b"", "fin")
    session.other.fin()
    assert session.actor.read_to_end() == (b"", "fin")


def fin_pending(session):
    there, back = LINES, pattern(len(LINES))
    session.actor.send_later(there, then_fin=True)
    session.other.send_later(back)
    steady(session.other.unread)

    got, end = session.other.read_to_end()

    assert_same(got, there)
    assert end == "fin"
    assert_same(session.actor.read(len(back)), back)
    session.other.fin()
    assert session.actor.read_to_end() == (b"", "fin")


def rst_idle(session):
    session.actor.rst()
    assert session.other.read_to_end() == (b"", "rst")


def rst_pending(session):
    sent = LINES[:400_000]
    session.actor.send(sent)
    session.other.send(b"unread")
    eventually(lambda: session.actor.unacknowledged() == 0, "the daemon's acknowledgement")
    assert session.other.unread() < len(sent)  # the rest is with the daemon

    session.actor.rst()

    got, end = session.other.read_to_end()
    assert_same(got, sent)
    assert end == "rst"


def timeout_idle(session):
    assert session.actor.read_to_end() == (b"", "fin")
    assert session.other.read_to_end() == (b"", "fin")


def timeout_pending(session):
    session.other.send_later(LINES)
    assert session.other.read_to_end()[0] == b""  # the daemon's FIN, while the actor still does not read
    session.other.close()
    session.legs()  # past close_timeout; whoever reads before it would get all

    got, end = session.actor.read_to_end()

    assert_same(got, LINES[:len(got)])
    assert end == "rst"


@pytest.mark.parametrize(("how", "side", "data"), CELLS)
def test_forward(relay, upstream_server, how, side, data):
    listener = "timeout" if how == "timeout" else "plain"
    act = globals()[f"{how}_{data}"]
    with Session(relay, upstream_server, listener, side) as session:
        act(session)

    client, upstream = session.legs()
    expected = FORWARD[how, data]
    actor, other = (client, upstream) if side == "client" else (upstream, client)
    assert {row["close"]["reason"] for row in (client, upstream)} == {expected.reason}
    if (how, data) == ("timeout", "pending") and actor["close"]["how"] == "fin":
        # The kernel had room for the rest by then, so that a FIN went out behind it before the RST.
        assert "fin_sent" in [each["event"] for each in actor["timeline"]]
        assert actor["close"]["first"] == "local"
    else:
        assert (actor["close"]["first"], actor["close"]["how"]) == expected.actor
    assert (other["close"]["first"], other["close"]["how"]) == expected.other
    assert {row["close"]["phase"] for row in (client, upstream)} == {"data"}
    if (how, data) == ("timeout", "pending"):
        assert "not delivered" in actor["close"]["detail"]


def test_only_spliced_sessions_have_pipes(relay, request):
    """So that the matrix is known to have gone both ways."""
    spliced = request.node.callspec.params["relay"] == "spliced"
    assert (relay.pipes() > 0) == spliced


# --- services -------------------------------------------------------------------------------------

SERVICES = ("echo", "discard", "chargen", "dialog", "daytime", "time")
AT_ONCE = ("daytime", "time")  # they end by themselves, as soon as they have spoken
VARIANTS = {"plain": "",
            "timeout": 'idle_timeout = "300ms"\nclose_timeout = "400ms"',
            "brief": 'close_timeout = "300ms"'}

@pytest.fixture(scope="module")
def served(launch_shared):
    config = "".join(f"""
[listeners.{service}-{variant}]
listen = ["127.0.0.1:0"]
service = "{service}"
{more}
""" for service in SERVICES for variant, more in VARIANTS.items())
    return launch_shared(config)


def output(service, received, least=0):
    """What a streaming service says to `received`; of chargen, which goes on for ever, at least `least` bytes."""
    if service == "echo" or service == "dialog":
        return received  # the default reply is the line itself
    if service == "discard":
        return b""
    ring = bytes(range(32, 127)) * 2
    period = b"".join(ring[n:n + 72] + b"\r\n" for n in range(95))
    return period * (1 + least // len(period))


class Conversation:
    """A connection to a streaming service, with something already said, or with much unread."""

    def __init__(self, daemon, service, variant, data):
        self.daemon, self.service, self.listener = daemon, service, f"{service}-{variant}"
        self.peer = daemon.connect(self.listener, receive_buffer=SMALL_BUFFER)
        self.name = self.peer.name
        self.sent = LINES if data == "pending" else b"hello\n"
        self.pending = data == "pending"
        if self.pending:
            self.sending = self.peer.send_later(self.sent)
        else:
            self.peer.send(self.sent)
            self.greeted = self.peer.read(len(output(service, self.sent)[:6]))
        self.row = daemon.live(self.name, listener=self.listener)

    def wait_until_stuck(self):
        steady(lambda: self.daemon.live(self.name, listener=self.listener)["bytes_out"])
        eventually(lambda: self.peer.unacknowledged() == 0 or self.service != "discard")

    def kill(self, how):
        answer = self.daemon.request("DELETE", f"/v1/connections/{self.row['id']}?how={how}")
        assert answer.status == 200, answer.text

    def assert_prefix(self, got):
        already = b"" if self.pending else self.greeted
        whole = already + got
        assert_same(whole, output(self.service, self.sent, len(whole))[:len(whole)])
        return len(whole)

    @property
    def is_blocked(self):
        """Whether the service has more to say than its peer takes."""
        return self.service == "chargen" or self.pending and self.service != "discard"


def served_fin_client(talk):
    if talk.pending:
        talk.sending.add_done_callback(lambda _: talk.peer.fin())
    else:
        talk.peer.fin()
    got, end = talk.peer.read_to_end()
    length = talk.assert_prefix(got)
    assert end == "fin"
    if talk.service != "chargen":
        assert length == len(output(talk.service, talk.sent))  # all of it arrived
    talk.peer.close()
    return ("remote", "fin", "peer_fin")


def served_fin_server(talk):
    if talk.pending:
        talk.wait_until_stuck()
    talk.kill("graceful")
    got, end = talk.peer.read_to_end()
    length = talk.assert_prefix(got)
    assert end == "fin"
    talk.peer.close()
    assert talk.daemon.ended(talk.name)["bytes_out"] == length
    return ("local", "fin", "admin_kill")


def served_rst_client(talk):
    if talk.pending:
        talk.wait_until_stuck()
    talk.peer.rst()
    return ("remote", "rst", "peer_rst")


def served_rst_server(talk):
    if talk.pending:
        talk.wait_until_stuck()
    talk.kill("reset")
    got, end = talk.peer.read_to_end()
    talk.assert_prefix(got)
    assert end == "rst"
    return ("local", "rst", "admin_kill")


def served_timeout_client(talk):
    row = talk.daemon.ended(talk.name)
    got, end = talk.peer.read_to_end()
    length = talk.assert_prefix(got)
    if talk.is_blocked:
        assert end == "rst"
        assert length <= row["bytes_out"]
        assert "not delivered" in row["close"]["detail"]
        return ("local", "rst", "idle_timeout")
    return ("local", "fin", "idle_timeout")


def served_timeout_server(talk):
    if talk.is_blocked:
        talk.wait_until_stuck()
    talk.kill("graceful")
    talk.daemon.ended(talk.name)
    got, _ = talk.peer.read_to_end()
    talk.assert_prefix(got)
    return ("local", "rst" if talk.is_blocked else "fin", "admin_kill")


@pytest.mark.parametrize(("how", "side", "data"), CELLS)
@pytest.mark.parametrize("service", [each for each in SERVICES if each not in AT_ONCE])
def test_service(served, service, how, side, data):
    variant = {"timeout": {"client": "timeout", "server": "brief"}[side]}.get(how, "plain")
    talk = Conversation(served, service, variant, data)

    expected = globals()[f"served_{how}_{side}"](talk)

    close = served.ended(talk.name)["close"]
    assert (close["first"], close["how"], close["reason"]) == expected
    assert close["phase"] == "data"
    talk.peer.close()


@pytest.mark.parametrize(("how", "side", "data"), CELLS)
@pytest.mark.parametrize("service", AT_ONCE)
def test_service_that_ends_by_itself(served, service, how, side, data):
    """Its own FIN is the first event, unless the client's was there before the connection was accepted."""
    listener = f"{service}-{'brief' if how == 'timeout' else 'plain'}"
    early = side == "client" and how != "timeout"
    if early:
        served.post(f"/v1/listeners/{listener}/pause")
    with served.connect(listener) as peer:
        name = peer.name
        if data == "pending":
            peer.send(LINES[:50_000])
        if early:
            peer.fin() if how == "fin" else peer.rst()
            served.post(f"/v1/listeners/{listener}/resume")
        if not (early and how == "rst"):
            got, end = peer.read_to_end()
            assert end == "fin"
            assert len(got) == 4 if service == "time" else got.endswith(b"-UTC\r\n")
        if how == "rst" and not early:
            peer.rst()
        elif how != "timeout":
            peer.close()

        close = served.ended(name)["close"]

    expected = {("fin", "client"): ("remote", "fin", "local_done"),
                ("rst", "client"): ("remote", "rst", "peer_rst")}.get((how, side), ("local", "fin", "local_done"))
    assert (close["first"], close["how"], close["reason"]) == expected


# --- beyond the matrix ----------------------------------------------------------------------------

def test_an_idle_end_still_delivers_to_whoever_reads_within_close_timeout(launch):
    with Server() as server:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
idle_timeout = "300ms"
close_timeout = "30s"
""")
        with daemon.connect("web", receive_buffer=SMALL_BUFFER) as client, server.accept() as upstream:
            name = client.name
            upstream.send_later(LINES)
            assert upstream.read_to_end() == (b"", "fin")  # idle, since the client does not read

            got, end = client.read_to_end()

        row = daemon.ended(name)
    assert_same(got, LINES[:len(got)])
    assert end == "fin"
    assert row["bytes_out"] == len(got)
    assert row["close"]["reason"] == "idle_timeout"


@pytest.mark.parametrize("side", SIDES)
def test_a_peer_that_never_reads_is_dead_after_user_timeout(launch, side):
    with Server(receive_buffer=4096) as server:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
user_timeout = "1s"
close_timeout = "1s"
""")
        with daemon.connect("web", receive_buffer=4096) as client, server.accept() as upstream:
            name = client.name
            writer = upstream if side == "client" else client
            writer.send_later(LINES)

            row, other = legs(daemon, name)
    dead = row if side == "client" else other
    assert {row["close"]["reason"], other["close"]["reason"]} == {"dead_peer"}
    assert (dead["close"]["first"], dead["close"]["how"]) == ("local", "timeout")
    assert "not delivered" in dead["close"]["detail"]


@pytest.mark.parametrize("side", SIDES)
def test_a_reset_is_noticed_though_the_other_side_does_not_read(launch, side):
    """The reset must not wait, unseen, behind bytes that nobody takes."""
    with Server(receive_buffer=4096) as server:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
close_timeout = "500ms"
""")
        with daemon.connect("web", receive_buffer=4096) as client, server.accept() as upstream:
            name = client.name
            writer, stuck = (client, upstream) if side == "client" else (upstream, client)
            writer.send_later(LINES)
            steady(stuck.unread)

            writer.rst()

            row = daemon.ended(name)
            eventually(lambda: daemon.listener("web")["connections"]["active"] == 0, "the end of the session")
    assert row["close"]["reason"] == "peer_rst"
