# SPDX-License-Identifier: Apache-2.0
"""Connections and history: what a row tells, paging, filters, sort, and ends by an operator."""
import datetime

import pytest

from harness.peers import Peer, Server
from harness.wait import eventually

CONFIG = """
[listeners.a]
listen = ["127.0.0.1:0"]
service = "echo"
close_timeout = "10s"

[listeners.b]
listen = ["127.0.0.1:0"]
service = "discard"
"""


@pytest.fixture
def daemon(launch):
    return launch(CONFIG)


def ping(peer, size=4):
    peer.send(b"x" * size)
    assert len(peer.read(size)) == size


def pages(daemon, path, **parameters):
    items, cursor = [], None
    while True:
        page = daemon.json(path, **parameters, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


# --- what a row tells -----------------------------------------------------------------------------

FIELDS = {"id", "direction", "listener", "client", "service", "peer_id", "local", "remote", "proxied_source",
          "proxied_destination", "proxied_id", "upstream", "state", "opened_at", "age_ms", "idle_ms", "bytes_in", "bytes_out", "timeline", "handshake", "tcp", "close"}


@pytest.mark.quick
def test_an_open_connection_has_every_field(daemon):
    with daemon.connect("a") as peer:
        ping(peer)
        row = daemon.live(peer.name)

        assert set(row) == FIELDS
        assert (row["direction"], row["listener"], row["client"], row["service"]) == ("inbound", "a", None, "echo")
        assert (row["state"], row["close"], row["peer_id"], row["upstream"]) == ("ESTABLISHED", None, None, None)
        assert row["local"] == "%s:%d" % daemon.address("a")
        assert (row["bytes_in"], row["bytes_out"]) == (4, 4)
        assert row["tcp"]["taken"] == "live"
        assert row["tcp"]["mss_bytes"] > 0
        assert row["handshake"]["mss"] > 0
        assert [(entry["event"], entry["basis"]) for entry in row["timeline"]] == [
            ("syn_received", "inferred"), ("established", "inferred"), ("accepted", "seen"), ("first_byte_in", "seen"),
            ("first_byte_out", "seen")]
        assert daemon.json(f"/v1/connections/{row['id']}")["id"] == row["id"]


@pytest.mark.quick
def test_a_closed_connection_tells_who_closed_first_and_how(daemon):
    with daemon.connect("a") as peer:
        ping(peer)
        name = peer.name
    row = daemon.ended(name)

    assert row["state"] == "CLOSED"
    close = row["close"]
    assert (close["first"], close["how"], close["reason"], close["phase"]) == ("remote", "fin", "peer_fin", "data")
    assert close["duration_ms"] > 0
    assert len(close["code"]) == 2
    assert row["tcp"]["taken"] == "final"
    events = [entry["event"] for entry in row["timeline"]]
    assert events.index("fin_received") < events.index("fin_sent") < events.index("closed")
    times = [entry["at"] for entry in row["timeline"] if entry["at"]]
    assert times == sorted(times)
    assert daemon.json(f"/v1/connections/{row['id']}")["close"] == close
    assert daemon.json(f"/v1/history/{row['id']}")["close"] == close


def test_who_closed_first_is_in_time_wait(daemon):
    with daemon.connect("a") as peer:
        ping(peer)
        daemon.request("DELETE", f"/v1/connections/{daemon.live(peer.name)['id']}")
        assert peer.read_to_end() == (b"", "fin")
        name = peer.name
    row = daemon.ended(name)

    assert row["state"] == "TIME_WAIT"
    assert row["close"]["first"] == "local"


def test_a_peer_that_half_closed_is_in_close_wait(launch):
    with Server() as server:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
""")
        with daemon.connect("web") as client, server.accept() as upstream:
            client.fin()
            assert upstream.read_to_end() == (b"", "fin")

            states = {row["direction"]: row["state"] for row in daemon.connections()}

            assert states["inbound"] == "CLOSE_WAIT"
            assert states["outbound"] in ("FIN_WAIT_1", "FIN_WAIT_2")
            assert len(daemon.connections(state="close-wait")) == 1


def test_a_passing_connection_counts_into_its_listener_and_the_status(daemon):
    with daemon.connect("a") as peer:
        ping(peer, 1000)
        name = peer.name
    daemon.ended(name)

    row, totals = daemon.listener("a"), daemon.json("/v1/status")["totals"]

    assert (row["bytes_in_total"], row["bytes_out_total"]) == (1000, 1000)
    assert (row["connections"]["accepted_total"], row["connections"]["active"], row["connections"]["peak"]) == (1, 0, 1)
    assert (totals["connections_total"], totals["connections_active"]) == (1, 0)
    assert (totals["bytes_in_total"], totals["bytes_out_total"]) == (1000, 1000)


# --- paging ---------------------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.threaded
def test_pages_of_connections_join_to_the_whole(daemon):
    peers = [daemon.connect("a") for _ in range(25)]
    eventually(lambda: len(daemon.connections()) == 25)

    first = daemon.json("/v1/connections", limit=10)
    found = pages(daemon, "/v1/connections", limit=10)

    assert (len(first["items"]), first["total"]) == (10, 25)
    assert {row["remote"] for row in found} == {peer.name for peer in peers}
    assert len({row["id"] for row in found}) == len(found) == 25
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("sort", ["id", "-id"])
def test_a_long_page_is_whole_and_in_order(daemon, sort):
    peers = [daemon.connect("a") for _ in range(300)]
    eventually(lambda: daemon.json("/v1/connections", limit=1)["total"] == 300)

    page = daemon.json("/v1/connections", limit=280, sort=sort)
    rest = daemon.json("/v1/connections", limit=280, sort=sort, cursor=page["next"])

    ids = [tuple(map(int, row["id"].split("-"))) for row in page["items"] + rest["items"]]
    assert (len(page["items"]), len(rest["items"]), page["total"], rest["next"]) == (280, 20, 300, None)
    assert ids == sorted(ids, reverse=sort == "-id")
    assert len(set(ids)) == 300
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("sort", ["id", "-id", "opened_at", "-opened_at", "age", "bytes_in", "-bytes_in", "-bytes_out"])
def test_pages_are_sorted_as_asked(daemon, sort):
    peers = [daemon.connect("a") for _ in range(12)]
    for n, peer in enumerate(peers):
        ping(peer, 1 + n % 5)  # some are equal

    found = pages(daemon, "/v1/connections", limit=5, sort=sort)

    assert len({row["id"] for row in found}) == 12
    field = sort.lstrip("-")
    if field != "id":
        values = [row["age_ms" if field == "age" else field] for row in found]
        if field == "age":  # goes on between two pages
            values = [datetime.datetime.fromisoformat(row["opened_at"].replace("Z", "+00:00")).timestamp() * -1
                      for row in found]
        assert values == sorted(values, reverse=sort.startswith("-"))
    for peer in peers:
        peer.close()


def test_a_cursor_stays_valid_while_connections_come_and_go(daemon):
    stay = [daemon.connect("a") for _ in range(10)]
    go = [daemon.connect("a") for _ in range(10)]
    eventually(lambda: len(daemon.connections()) == 20)
    page = daemon.json("/v1/connections", limit=5)
    items = page["items"]

    for peer in go:
        peer.close()
    eventually(lambda: len(daemon.connections()) == 10)
    new = [daemon.connect("a") for _ in range(5)]
    while page["next"]:
        page = daemon.json("/v1/connections", limit=5, cursor=page["next"])
        items += page["items"]

    found = [row["remote"] for row in items]
    assert len(found) == len(set(found))
    assert {peer.name for peer in stay} <= set(found)
    for peer in stay + new:
        peer.close()


@pytest.mark.quick
def test_the_history_is_paged_the_last_first(daemon):
    names = []
    for _ in range(12):
        with daemon.connect("a") as peer:
            ping(peer)
            names.append(peer.name)
        daemon.ended(names[-1])

    found = pages(daemon, "/v1/history", limit=5)

    assert [row["remote"] for row in found] == names[::-1]


def test_the_same_cursor_asked_twice_answers_the_same(daemon):
    peers = [daemon.connect("a") for _ in range(6)]
    eventually(lambda: len(daemon.connections()) == 6)
    cursor = daemon.json("/v1/connections", limit=3)["next"]

    ids = [[row["id"] for row in daemon.json("/v1/connections", limit=3, cursor=cursor)["items"]] for _ in range(2)]

    assert ids[0] == ids[1]
    for peer in peers:
        peer.close()


# --- filters --------------------------------------------------------------------------------------

@pytest.mark.quick
def test_filters_choose_among_the_open(daemon):
    with daemon.connect("a", source="127.0.0.7") as one, daemon.connect("a") as two, daemon.connect("b") as three:
        ping(one, 100)
        ping(two, 1)
        three.send(b"y")
        eventually(lambda: daemon.live(three.name)["bytes_in"] == 1)

        def names(**filters):
            return {row["remote"] for row in daemon.connections(**filters)}

        every = {one.name, two.name, three.name}
        assert names() == names(state="established") == names(state="ESTAB") == names(direction="inbound") == every
        assert names(listener="a") == names(service="echo") == {one.name, two.name}
        assert names(peer="127.0.0.7") == names(peer="127.0.0.6/31") == {one.name}
        assert names(min_bytes="200") == {one.name}
        assert names(listener="a", peer="127.0.0.1") == {two.name}
        assert names(older_than="1h") == names(direction="outbound") == names(listener="nobody") == set()


def test_filters_choose_among_the_closed(daemon):
    with daemon.connect("a") as peer:
        ping(peer)
        finished = peer.name
    daemon.ended(finished)
    between = eventually(lambda: datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z"))
    peer = daemon.connect("a")
    ping(peer)
    reset = peer.name
    peer.rst()
    daemon.ended(reset)

    def names(**filters):
        return [row["remote"] for row in daemon.history(**filters)]

    assert names(reason="peer_rst") == names(how="rst") == names(since=between) == [reset]
    assert names(reason="peer_fin") == names(how="fin") == names(until=between) == [finished]
    assert names(first="remote") == [reset, finished]
    assert names(first="local") == []


# --- ends by an operator --------------------------------------------------------------------------

@pytest.mark.quick
def test_a_graceful_kill_sends_fin_and_waits_for_the_peer(daemon):
    with daemon.connect("a") as peer:
        ping(peer)
        identity = daemon.live(peer.name)["id"]

        done = daemon.request("DELETE", f"/v1/connections/{identity}")

        assert (done.status, done.json) == (200, {"ended": 1})
        assert peer.read_to_end() == (b"", "fin")
        assert daemon.live(peer.name)["state"] in ("FIN_WAIT_1", "FIN_WAIT_2")
        name = peer.name
    close = daemon.ended(name)["close"]
    assert (close["first"], close["how"], close["reason"]) == ("local", "fin", "admin_kill")


@pytest.mark.quick
def test_a_reset_kill_sends_rst(daemon):
    with daemon.connect("a") as peer:
        ping(peer)

        daemon.request("DELETE", f"/v1/connections/{daemon.live(peer.name)['id']}?how=reset")

        assert peer.read_to_end() == (b"", "rst")
        row = daemon.ended(peer.name)
    assert (row["close"]["first"], row["close"]["how"], row["close"]["reason"]) == ("local", "rst", "admin_kill")
    assert "rst_sent" in [entry["event"] for entry in row["timeline"]]


@pytest.mark.quick
@pytest.mark.threaded
def test_a_kill_by_filter_ends_those_and_no_others(daemon):
    doomed = [daemon.connect("a", source="127.0.0.7") for _ in range(10)]
    with daemon.connect("a") as other:
        for peer in [*doomed, other]:
            ping(peer)

        done = daemon.request("DELETE", "/v1/connections?peer=127.0.0.7&how=reset")

        assert done.json == {"ended": 10}
        assert [peer.read_to_end()[1] for peer in doomed] == ["rst"] * 10
        ping(other)


def test_a_killed_session_ends_on_both_legs(launch):
    with Server() as server:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
""")
        for how, end in (("graceful", "fin"), ("reset", "rst")):
            with daemon.connect("web") as client, server.accept() as upstream:
                inbound = daemon.live(client.name)
                daemon.request("DELETE", f"/v1/connections/{inbound['id']}?how={how}")

                assert client.read_to_end() == (b"", end)
                assert upstream.read_to_end() == (b"", end)
                name = client.name
            row = daemon.ended(name)
            other = eventually(lambda: [each for each in daemon.history() if each["id"] == row["peer_id"]])[0]
            assert row["close"]["reason"] == other["close"]["reason"] == "admin_kill"


def test_a_connection_that_is_over_cannot_be_killed(daemon):
    with daemon.connect("a") as peer:
        ping(peer)
        name = peer.name
    identity = daemon.ended(name)["id"]

    assert daemon.request("DELETE", f"/v1/connections/{identity}").status == 404


@pytest.mark.threaded
def test_lists_are_answered_while_connections_come_and_go(daemon):
    address = daemon.address("a")

    def churn():
        for _ in range(300):
            with Peer.to(address) as peer:
                ping(peer)

    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(churn) for _ in range(3)]
        while not all(each.done() for each in running):
            pages(daemon, "/v1/connections", limit=50)
            daemon.json("/v1/history", limit=100)
            daemon.get("/metrics")
        for each in running:
            each.result()

    eventually(lambda: daemon.listener("a")["connections"]["active"] == 0)
    assert daemon.listener("a")["connections"]["accepted_total"] == 900


# --- what records cost is measured without them ---------------------------------------------------

def test_without_records_connections_are_served_and_leave_none(launch):
    daemon = launch(CONFIG, arguments=["--no-records"])
    with daemon.connect("a") as peer:
        ping(peer)
        row = daemon.live(peer.name)
        assert row["handshake"]["client_isn"] is None
    eventually(lambda: daemon.json("/v1/listeners/a")["connections"]["active"] == 0)

    assert daemon.json("/v1/history")["total"] == 0
    assert daemon.json("/v1/events")["total"] == 0
    capabilities = daemon.json("/v1/status")["capabilities"]
    assert capabilities["saved_syn"] == capabilities["final_tcp_info"] == "off: --no-records"
    assert capabilities["events"] == "on; none of connections: --no-records"
    assert daemon.json("/v1/listeners/a")["connections"]["accepted_total"] == 1
