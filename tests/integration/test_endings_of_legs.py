# SPDX-License-Identifier: Apache-2.0
"""Every ending of a forwarded session, on both of its legs, and of the daemon's own clients; as in test_endings.py."""
import pytest

from harness.endings import DONE, INBOUND, OUTBOUND, SPOKE, Leg, has, other_leg, table
from harness.network import cut, lead_astray, may_have_namespaces
from harness.peers import Server, closed_port
from harness.stage import ping, raised
from harness.wait import eventually

pytestmark = pytest.mark.skipif(not may_have_namespaces(), reason="a network namespace wants root")

ENDINGS, ending = table()
QUICK = {"client_fin", "client_rst", "upstream_refused"}
#: Where a field may say that it is unknown, and why.
UNKNOWABLE = {
    "upstream_unreachable": "neither side's packet ended it: a third host says by ICMP that there is no way",
    "upstream_without_a_route": "no packet was sent at all: this host knows no way",
    "client_of_an_unreachable_server": "neither side's packet ended it: a third host says by ICMP that there is no way",
}

FORWARD = """
[listeners.{}]
listen = ["127.0.0.1:0"]
service = "forward"
{}
[listeners.{}.forward]
upstreams = [{{ {} }}]
{}
"""
CLIENT = """
[clients.{}]
connect = "{}"
{}
"""
PATIENT = 'mode = "keep"\nbackoff = { initial = "1h", max = "1h" }'
PROBE = 'mode = "probe"\ninterval = "1h"\ntimeout = "60s"\nsteps = [{ reject = "^5" }, { expect = "^2" }]'
AT = r"127\.0\.0\.1:\d+"


def prepare(stage):
    parts = []

    def forward(name, server, more="", keys="", socket=""):
        address = server if isinstance(server, str) else stage.serve(name, server)
        parts.append(FORWARD.format(name, socket, name, f'address = "{address}"{more}', keys))

    def client(name, server, keys=PATIENT):
        parts.append(CLIENT.format(name, stage.serve(name, server), keys))

    forward("web", Server())
    forward("idle", Server(), socket='idle_timeout = "200ms"')
    forward("half", Server(), socket='half_closed_timeout = "200ms"')
    forward("lost", Server(), socket='user_timeout = "1s"')
    forward("refused", closed_port(), keys="retries = 0")
    forward("silent", Server(), keys='retries = 0\nconnect_timeout = "200ms"')
    forward("patient", Server(), keys='retries = 0\nconnect_timeout = "60s"')
    forward("astray", Server(), keys="retries = 0")
    forward("nowhere", "203.0.113.1:9", keys="retries = 0")
    forward("empty", Server(), more=", weight = 0")
    forward("narrow", Server(), more=", max_connections = 1", keys='queue_timeout = "200ms"')
    forward("checked", Server(), keys='on_down = "close"\n'
            'health = { interval = "50ms", timeout = "60s", rise = 1, fall = 1 }')
    client("keep", Server())
    client("keep-reset", Server())
    client("keep-reconnected", Server())
    client("keep-paused", Server())
    client("keep-refused", closed_port())
    client("keep-silent", Server(), PATIENT + '\nconnect_timeout = "200ms"')
    client("keep-waiting", Server(), PATIENT + '\nconnect_timeout = "1h"')
    client("keep-astray", Server())
    client("probe", Server(), PROBE)
    client("probe-mismatch", Server(), PROBE)
    for name in ("silent", "patient", "keep-silent", "keep-waiting"):
        cut(stage.servers[name].port)
    for name in ("astray", "keep-astray"):
        lead_astray(stage.servers[name].port)
    return "".join(parts)


@pytest.fixture(scope="module")
def stage(launch_shared, tmp_path_factory):
    with raised(launch_shared, tmp_path_factory.mktemp("wire"), prepare) as stage:
        yield stage


def session(stage, listener):
    """A client and its upstream, after a word each way."""
    client = stage.connect(listener)
    upstream = stage.accept(listener)
    for writer, reader in ((client, upstream), (upstream, client)):
        writer.send(b"ping")
        assert reader.read(4) == b"ping"
    return client, upstream


def both_legs(stage, client):
    row = stage.ended(client)
    return [row, other_leg(stage.daemon, row)]


def row_of_client(stage, name):
    return eventually(lambda: stage.daemon.history(client=name), f"the end of a connection of {name}")


# --- a session that stood -------------------------------------------------------------------------

CLOSED_BY_PEER = "fin_received fin_sent fin_acked closed"


@ending(Leg("remote fin peer_fin data --", line=INBOUND + SPOKE + CLOSED_BY_PEER),
        Leg("local fin peer_fin data --", line=OUTBOUND + SPOKE + DONE))
def client_fin(stage):
    client, upstream = session(stage, "web")
    client.fin()
    assert upstream.read_to_end() == (b"", "fin")
    upstream.close()
    assert client.read_to_end() == (b"", "fin")
    client.close()
    return both_legs(stage, client)


@ending(Leg("local fin peer_fin data --", line=INBOUND + SPOKE + DONE),
        Leg("remote fin peer_fin data --", line=OUTBOUND + SPOKE + CLOSED_BY_PEER))
def upstream_fin(stage):
    client, upstream = session(stage, "web")
    upstream.fin()
    assert client.read_to_end() == (b"", "fin")
    client.close()
    return both_legs(stage, client)


@ending(Leg("remote fin peer_fin data --", line=INBOUND + SPOKE + CLOSED_BY_PEER),
        Leg("local fin peer_fin data --", line=OUTBOUND + SPOKE + "fin_sent fin_acked fin_received ~time_wait closed"))
def client_fin_and_a_late_answer(stage):
    """The upstream has acknowledged the FIN long before it answers it, and the leg is still in use."""
    client, upstream = session(stage, "web")
    client.fin()
    assert upstream.read_to_end() == (b"", "fin")
    leg = stage.live(client)["peer_id"]
    eventually(lambda: has(stage.daemon.json(f"/v1/connections/{leg}"), "fin_acked"), "the ACK of the daemon's FIN")
    upstream.send(b"late")
    upstream.close()
    assert client.read_to_end() == (b"late", "fin")
    client.close()
    return both_legs(stage, client)


@ending(Leg("remote rst peer_rst data CD", "Connection reset by peer", INBOUND + SPOKE + "rst_received closed"),
        Leg("local rst peer_rst data CD", "the other leg: Connection reset by peer", OUTBOUND + SPOKE + "rst_sent closed"))
def client_rst(stage):
    client, upstream = session(stage, "web")
    client.rst()
    assert upstream.read_to_end() == (b"", "rst")
    return both_legs(stage, client)


@ending(Leg("local rst peer_rst data SD", "the other leg: Connection reset by peer", INBOUND + SPOKE + "rst_sent closed"),
        Leg("remote rst peer_rst data SD", "Connection reset by peer", OUTBOUND + SPOKE + "rst_received closed"))
def upstream_rst(stage):
    client, upstream = session(stage, "web")
    upstream.rst()
    assert client.read_to_end() == (b"", "rst")
    return both_legs(stage, client)


@ending(Leg("remote fin peer_fin data --", line=INBOUND + SPOKE + "fin_received rst_received closed"),
        Leg("local fin peer_fin data --", line=OUTBOUND + SPOKE + "fin_sent *fin_acked rst_sent closed"))
def client_rst_in_close_wait(stage):
    client, upstream = session(stage, "web")
    client.fin()
    assert upstream.read_to_end() == (b"", "fin")
    client.rst()
    return both_legs(stage, client)


@ending(Leg("local fin peer_fin data --", line=INBOUND + SPOKE + "fin_sent *fin_acked rst_received closed"),
        Leg("remote fin peer_fin data --", line=OUTBOUND + SPOKE + "fin_received rst_sent closed"))
def client_rst_in_fin_wait(stage):
    client, upstream = session(stage, "web")
    upstream.fin()
    assert client.read_to_end() == (b"", "fin")
    client.rst()
    return both_legs(stage, client)


@ending(Leg("local rst dead_peer data SD", r"the other leg: Connection timed out; 4 bytes not delivered to .+",
            INBOUND + SPOKE + "rst_sent closed"),
        Leg("local timeout dead_peer data SD", r"Connection timed out; 4 bytes not delivered to .+",
            OUTBOUND + SPOKE + "closed"))
def upstream_gone(stage):
    client, _ = session(stage, "lost")
    cut(stage.servers["lost"].port)
    client.send(b"ping")
    assert client.read_to_end() == (b"", "rst")
    return both_legs(stage, client)


@ending(Leg("local fin admin_kill data KD", line=INBOUND + SPOKE + DONE),
        Leg("local fin admin_kill data KD", line=OUTBOUND + SPOKE + DONE))
def kill_graceful(stage):
    client, upstream = session(stage, "web")
    stage.kill(client)
    return end_of_both(stage, client, upstream)


@ending(Leg("local rst admin_kill data KD", line=INBOUND + SPOKE + "rst_sent closed"),
        Leg("local rst admin_kill data KD", line=OUTBOUND + SPOKE + "rst_sent closed"))
def kill_reset(stage):
    client, upstream = session(stage, "web")
    stage.kill(client, how="reset")
    assert {client.read_to_end(), upstream.read_to_end()} == {(b"", "rst")}
    return both_legs(stage, client)


@ending(Leg("local fin idle_timeout data cD", line=INBOUND + DONE),
        Leg("local fin idle_timeout data sD", line=OUTBOUND + DONE))
def idle_timeout(stage):
    client, upstream = stage.connect("idle"), stage.accept("idle")
    return end_of_both(stage, client, upstream)


@ending(Leg("remote fin peer_fin data --", "half_closed_timeout", INBOUND + SPOKE + CLOSED_BY_PEER),
        Leg("local fin peer_fin data --", "half_closed_timeout", OUTBOUND + SPOKE + DONE))
def half_closed_timeout(stage):
    client, upstream = session(stage, "half")
    client.fin()
    assert upstream.read_to_end() == (b"", "fin")
    assert client.read_to_end() == (b"", "fin")
    client.close()
    upstream.close()
    return both_legs(stage, client)


@ending(Leg("local fin upstream_down data DD", line=INBOUND + SPOKE + DONE),
        Leg("local fin upstream_down data DD", line=OUTBOUND + SPOKE + DONE))
def upstream_unhealthy(stage):
    client = stage.connect("checked")
    client.send(b"ping")
    upstream = stage.accept("checked")
    while upstream.read(4) != b"ping":  # it was a check
        upstream = stage.accept("checked")
    upstream.send(b"ping")
    assert client.read(4) == b"ping"
    stage.servers["checked"].close()
    return end_of_both(stage, client, upstream)


def end_of_both(stage, client, upstream):
    assert {client.read_to_end(), upstream.read_to_end()} == {(b"", "fin")}
    client.close()
    upstream.close()
    return both_legs(stage, client)


# --- a session that never stood -------------------------------------------------------------------

@ending(Leg("local fin connect_refused connect SC", f"u1 at {AT}: Connection refused", INBOUND + DONE),
        Leg("remote rst connect_refused connect SC", "Connection refused", "syn_sent rst_received closed"))
def upstream_refused(stage):
    return both_legs(stage, sent_away(stage, "refused"))


@ending(Leg("local fin connect_timeout connect sC", f"u1 at {AT}: no answer to SYN", INBOUND + DONE),
        Leg("local timeout connect_timeout connect sC", "no answer to SYN", "syn_sent closed"))
def upstream_silent(stage):
    return both_legs(stage, sent_away(stage, "silent"))


@ending(Leg("local fin connect_unreachable connect SC", f"u1 at {AT}: No route to host", INBOUND + DONE),
        Leg("unknown abort connect_unreachable connect SC", "No route to host", "syn_sent closed"))
def upstream_unreachable(stage):
    return both_legs(stage, sent_away(stage, "astray"))


@ending(Leg("local fin connect_unreachable connect SC", "u1 at 203.0.113.1:9: Network is unreachable", INBOUND + DONE),
        Leg("unknown abort connect_unreachable connect SC", "Network is unreachable", "*syn_sent closed"))
def upstream_without_a_route(stage):
    return both_legs(stage, sent_away(stage, "nowhere"))


@ending(Leg("local fin upstream_down connect SC", "1 upstream: u1 has weight 0", INBOUND + DONE))
def no_upstream_eligible(stage):
    return [stage.ended(sent_away(stage, "empty"))]


@ending(Leg("local fin queue_timeout queue sQ", "no upstream had a place free within 200ms", INBOUND + DONE))
def queue_timeout(stage):
    session(stage, "narrow")
    return [stage.ended(sent_away(stage, "narrow"))]


@ending(Leg("remote rst peer_rst connect CC", "Connection reset by peer", INBOUND + "rst_received closed"),
        Leg("local abort peer_rst connect CC", "Connection reset by peer", "syn_sent closed"))
def client_rst_while_it_is_connected(stage):
    client = stage.connect("patient")
    eventually(lambda: stage.live(client)["peer_id"], "the attempt")
    client.rst()
    return both_legs(stage, client)


def sent_away(stage, listener):
    client = stage.connect(listener)
    assert client.read_to_end() == (b"", "fin")
    client.close()
    return client


# --- clients --------------------------------------------------------------------------------------

@ending(Leg("remote fin peer_fin data --", line=OUTBOUND + CLOSED_BY_PEER))
def client_left_by_its_server(stage):
    stage.accept("keep").close()
    return row_of_client(stage, "keep")


@ending(Leg("remote rst peer_rst data SD", "Connection reset by peer", OUTBOUND + "rst_received closed"))
def client_reset_by_its_server(stage):
    stage.accept("keep-reset").rst()
    return row_of_client(stage, "keep-reset")


@ending(Leg("local fin admin_kill data KD", line=OUTBOUND + DONE))
def client_reconnected(stage):
    return told(stage, "keep-reconnected", "reconnect")


@ending(Leg("local fin local_done data --", line=OUTBOUND + DONE))
def client_paused(stage):
    return told(stage, "keep-paused", "pause")


@ending(Leg("local abort local_done connect --", line="syn_sent closed"))
def client_paused_while_it_connects(stage):
    stage.daemon.post("/v1/clients/keep-waiting/pause")
    return row_of_client(stage, "keep-waiting")


@ending(Leg("remote rst connect_refused connect SC", "Connection refused", "syn_sent rst_received closed"))
def client_refused(stage):
    return row_of_client(stage, "keep-refused")


@ending(Leg("local timeout connect_timeout connect sC", "no answer to SYN", "syn_sent closed"))
def client_of_a_silent_server(stage):
    return row_of_client(stage, "keep-silent")


@ending(Leg("unknown abort connect_unreachable connect SC", "No route to host", "syn_sent closed"))
def client_of_an_unreachable_server(stage):
    return row_of_client(stage, "keep-astray")


@ending(Leg("local fin local_done data --", line=OUTBOUND + "first_byte_in " + DONE))
def probe_done(stage):
    return probed(stage, "probe", b"220 hello\n")


@ending(Leg("local fin script_mismatch data PD", line=OUTBOUND + "first_byte_in " + DONE))
def probe_mismatch(stage):
    return probed(stage, "probe-mismatch", b"500 no\n")


def told(stage, client, verb):
    with stage.accept(client) as server:
        eventually(lambda: stage.daemon.client(client)["connections"]["up"], "its connection")
        stage.daemon.post(f"/v1/clients/{client}/{verb}")
        assert server.read_to_end() == (b"", "fin")
    return row_of_client(stage, client)


def probed(stage, client, answer):
    with stage.accept(client) as server:
        server.send(answer)
        assert server.read_to_end() == (b"", "fin")
    return row_of_client(stage, client)


# --- the table ------------------------------------------------------------------------------------

@pytest.mark.parametrize("ending", [pytest.param(each, id=each.name, marks=[pytest.mark.quick] * (each.name in QUICK))
                                    for each in ENDINGS])
def test_what_is_said_of_an_end_is_what_happened(stage, ending):
    stage.play(ending, UNKNOWABLE)
