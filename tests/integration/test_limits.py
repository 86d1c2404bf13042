# SPDX-License-Identifier: Apache-2.0
"""Who gets in, how many, and for how long."""
import pathlib
import time

import pytest

from harness.daemon import run_tcpctld
from harness.peers import Peer, Server, assert_same, pattern
from harness.wait import eventually, steady


def listener(more, name="echo", listen='"127.0.0.1:0"', service="echo"):
    return f"""
[listeners.{name}]
listen = [{listen}]
service = "{service}"
{more}
"""


def ping(peer, text=b"ping"):
    peer.send(text)
    return peer.read(len(text)) == text


@pytest.mark.quick
def test_at_the_limit_a_further_connection_is_closed_and_counted(launch):
    daemon = launch(listener("max_connections = 2"))
    with daemon.connect("echo") as one, daemon.connect("echo") as two:
        assert ping(one) and ping(two)
        with daemon.connect("echo") as three:
            assert three.read_to_end()[0] == b""

        counts = daemon.listener("echo")["connections"]
        assert (counts["active"], counts["limit"], counts["refused_total"]["limit"]) == (2, 2, 1)
        assert ping(one) and ping(two)

    eventually(lambda: daemon.listener("echo")["connections"]["active"] == 0)
    with daemon.connect("echo") as four:
        assert ping(four)
    assert daemon.listener("echo")["connections"]["peak"] == 2


def test_with_wait_a_further_connection_is_served_once_there_is_room(launch):
    daemon = launch(listener('max_connections = 1\non_limit = "wait"'))
    with daemon.connect("echo") as second_to_be:
        assert ping(second_to_be)
        with daemon.connect("echo") as waiting:
            waiting.send(b"still there?")
            steady(lambda: daemon.listener("echo")["connections"]["active"])
            assert waiting.unread() == 0
            assert daemon.listener("echo")["addresses"][0]["queue"] == 1
            before = daemon.cpu_seconds()
            steady(lambda: 0)
            assert daemon.cpu_seconds() - before < 0.2

            second_to_be.close()

            assert waiting.read(12) == b"still there?"
    assert daemon.listener("echo")["connections"]["refused_total"]["limit"] == 0


def test_the_daemon_has_a_limit_for_all_listeners_together(launch):
    daemon = launch("[daemon]\nmax_connections = 3\n" + listener("") + listener("", "other"))
    peers = [daemon.connect("echo"), daemon.connect("echo"), daemon.connect("other")]
    assert all(ping(peer) for peer in peers)

    with daemon.connect("other") as fourth:
        assert fourth.read_to_end()[0] == b""

    assert daemon.listener("other")["connections"]["refused_total"]["limit"] == 1
    assert daemon.json("/v1/status")["limits"]["max_connections"] == 3
    for peer in peers:
        peer.close()


def test_a_forwarded_session_needs_room_for_both_of_its_sockets(launch):
    with Server() as server:
        daemon = launch("[daemon]\nmax_connections = 3\n" + listener("", service="forward") +
                        f'forward = {{ upstreams = ["{server.address}"] }}\n')
        with daemon.connect("echo") as client, server.accept() as upstream:
            client.send(b"x")
            assert upstream.read(1) == b"x"
            with daemon.connect("echo") as second:
                assert second.read_to_end()[0] == b""

        assert daemon.listener("echo")["connections"]["refused_total"]["limit"] == 1


@pytest.mark.quick
def test_deny_wins_over_allow_and_is_counted(launch):
    daemon = launch(listener('allow = ["127.0.0.0/8"]\ndeny = ["127.0.0.2"]'))
    with daemon.connect("echo", source="127.0.0.3") as allowed:
        assert ping(allowed)
    with daemon.connect("echo", source="127.0.0.2") as denied:
        assert denied.read_to_end()[0] == b""

    assert daemon.listener("echo")["connections"]["refused_total"]["acl"] == 1
    assert daemon.listener("echo")["connections"]["accepted_total"] == 1


def test_who_is_not_in_allow_is_refused(launch):
    daemon = launch(listener('allow = ["127.0.0.9/32"]'))
    with daemon.connect("echo", source="127.0.0.8") as stranger:
        assert stranger.read_to_end()[0] == b""
    with daemon.connect("echo", source="127.0.0.9") as friend:
        assert ping(friend)


def test_silence_ends_a_connection_after_idle_timeout_and_a_byte_puts_it_off(launch):
    daemon = launch(listener('idle_timeout = "1500ms"\nclose_timeout = "100ms"'))
    with daemon.connect("echo") as busy, daemon.connect("echo") as silent:
        names = busy.name, silent.name
        ended = []
        while not ended:
            assert ping(busy)
            ended = [row for row in daemon.history() if row["remote"] == names[1]]
        assert ping(busy)

    close = ended[0]["close"]
    assert (close["first"], close["how"], close["reason"]) == ("local", "fin", "idle_timeout")
    assert close["duration_ms"] >= 1500


def test_without_idle_timeout_an_idle_connection_stays(launch):
    daemon = launch(listener(""))
    with daemon.connect("echo") as peer:
        assert ping(peer)
        steady(lambda: 0, rounds=100)

        assert ping(peer)
        assert daemon.live(peer.name)["state"] == "ESTABLISHED"


def test_congestion_control_is_chosen_by_name(launch):
    daemon = launch(listener('congestion = "reno"') + listener("", "plain"))
    with daemon.connect("echo") as peer:
        assert ping(peer)
        assert daemon.live(peer.name)["tcp"]["congestion"] == "reno"


def test_a_full_history_forgets_the_oldest_and_says_so(launch):
    daemon = launch("[daemon]\nworkers = 1\n[history]\nconnections = 5\n" + listener(""))
    names = []
    for _ in range(8):
        with daemon.connect("echo") as peer:
            names.append(peer.name)
        daemon.ended(names[-1])

    kept = [row["remote"] for row in daemon.history()]

    assert kept == names[:2:-1]
    totals = daemon.json("/v1/status")["totals"]
    assert (totals["history_entries"], totals["history_dropped_total"]) == (5, 3)
    assert 0 < totals["history_bytes"] <= 5 * 1024


def test_a_reload_that_changes_the_length_of_the_history_says_that_it_waits_for_a_restart(launch):
    daemon = launch("[daemon]\nworkers = 1\n[history]\nconnections = 2\n" + listener(""))
    done = daemon.reload("[daemon]\nworkers = 1\n[history]\nconnections = 5\n" + listener("")).json
    for _ in range(3):
        with daemon.connect("echo") as peer:
            name = peer.name
        daemon.ended(name)

    assert done["changed"] == [{"name": "history", "keys": {"connections": "restart"}}]
    assert daemon.json("/v1/status")["totals"]["history_entries"] == 2


def test_connections_through_ipv6_and_unix_are_told_apart(launch):
    daemon = launch(listener("", listen='"[::1]:0", "unix:{folder}/echo.sock"'))
    with Peer.to(daemon.address("echo", 0)) as six, Peer.to(daemon.address("echo", 1)) as local:
        assert ping(six) and ping(local)
        rows = daemon.connections(listener="echo")

        remotes = sorted(row["remote"] for row in rows)
        assert remotes[0] == six.name
        assert remotes[1].startswith("unix:")
        assert {row["handshake"] is None for row in rows} == {True, False}


def refusals(daemon):
    return daemon.listener("echo")["connections"]["refused_total"]


@pytest.mark.quick
def test_a_refused_connection_is_in_the_history_with_its_reason(launch):
    daemon = launch(listener('deny = ["127.0.0.2"]'))
    with daemon.connect("echo", source="127.0.0.2") as denied:
        assert denied.read_to_end() == (b"", "fin")
        row = daemon.ended(denied.name)

    close = row["close"]
    assert (close["first"], close["how"], close["reason"], close["code"]) == ("local", "fin", "local_limit", "PC")
    assert close["detail"] == "refused: acl"
    assert [event["event"] for event in row["timeline"]][-2:] == ["fin_sent", "closed"]


def test_a_flood_of_refusals_leaves_room_for_others_in_the_history_and_is_counted_in_full(launch):
    daemon = launch("[daemon]\nworkers = 1\n" + listener('deny = ["127.0.0.2"]'))
    for _ in range(400):
        with daemon.connect("echo", source="127.0.0.2") as denied:
            assert denied.read_to_end()[0] == b""

    assert refusals(daemon)["acl"] == 400
    rows = daemon.history()
    assert 0 < len(rows) < 400
    told = sum(int(row["close"]["detail"].partition("; ")[2].partition(" ")[0] or 0) for row in rows)
    assert len(rows) + told <= 400


@pytest.mark.quick
def test_one_source_has_no_more_connections_than_its_share(launch):
    daemon = launch(listener("max_connections_per_source = 2"))
    with daemon.connect("echo", source="127.0.0.5") as one, daemon.connect("echo", source="127.0.0.5") as two:
        assert ping(one) and ping(two)
        with daemon.connect("echo", source="127.0.0.5") as three:
            assert three.read_to_end()[0] == b""
            assert daemon.ended(three.name)["close"]["detail"] == "refused: source_limit"
        with daemon.connect("echo", source="127.0.0.6") as other:
            assert ping(other)
        assert refusals(daemon)["source_limit"] == 1

        one.close()
        eventually(lambda: daemon.listener("echo")["connections"]["active"] == 1)

        with daemon.connect("echo", source="127.0.0.5") as again:
            assert ping(again)


@pytest.mark.threaded
def test_the_share_of_a_source_is_counted_over_all_workers(launch):
    daemon = launch(listener("max_connections_per_source = 10"))
    for _ in range(5):
        peers = [daemon.connect("echo") for _ in range(30)]

        served = [peer for peer in peers if not is_over(peer)]

        assert len(served) == 10
        for peer in peers:
            peer.close()
        eventually(lambda: daemon.listener("echo")["connections"]["active"] == 0)


def is_over(peer):
    try:
        return not ping(peer)
    except (ConnectionResetError, BrokenPipeError):
        return True


def test_beyond_the_rate_connections_are_refused_and_counted(launch):
    daemon = launch(listener('accept_rate = "5/m"'))
    peers = [daemon.connect("echo") for _ in range(10)]

    over = [is_over(peer) for peer in peers]

    assert over[0] is False
    assert refusals(daemon)["rate"] == sum(over) >= 5
    assert {row["close"]["detail"].partition(";")[0] for row in daemon.history()} == {"refused: rate"}
    for peer in peers:
        peer.close()


def test_with_wait_connections_come_in_at_the_rate_and_none_is_refused(launch):
    daemon = launch(listener('accept_rate = "20/s"\non_limit = "wait"'))
    begin = time.monotonic()
    peers = [daemon.connect("echo") for _ in range(30)]

    assert all(ping(peer) for peer in peers)

    assert time.monotonic() - begin >= 0.45  # twenty at once, and ten at the rate
    assert refusals(daemon)["rate"] == 0
    for peer in peers:
        peer.close()


def seconds_to_echo(peer, data):
    begin = time.monotonic()
    peer.send_later(data)
    assert_same(peer.read(len(data)), data)
    return time.monotonic() - begin


def test_bandwidth_is_that_of_each_connection(launch):
    daemon = launch(listener('bandwidth = "1MiB/s"'))
    with daemon.connect("echo") as one, daemon.connect("echo") as two:
        reading = [peer.send_later(pattern(1 << 20)) for peer in (one, two)]
        begin = time.monotonic()
        for peer in (one, two):
            assert_same(peer.read(1 << 20), pattern(1 << 20))

        assert 0.85 <= time.monotonic() - begin  # 0.9 of it is not free
        assert all(each.result() == 1 << 20 for each in reading)


def test_a_slow_connection_stops_its_peer_and_costs_no_cpu(launch):
    daemon = launch(listener('bandwidth = "1KiB/s"', service="discard"))
    with daemon.connect("echo") as peer:
        peer.fill()
        before = daemon.cpu_seconds()
        steady(lambda: 0, rounds=100)

        assert daemon.cpu_seconds() - before < 0.3
        assert daemon.live(peer.name)["bytes_in"] < 64 << 10


@pytest.mark.threaded
def test_bandwidth_total_is_shared_by_all_connections_of_a_listener(launch):
    daemon = launch(listener('bandwidth_total = "2MiB/s"'))
    with daemon.connect("echo") as one, daemon.connect("echo") as two:
        begin = time.monotonic()
        for peer in (one, two):
            peer.send_later(pattern(1 << 20))
        for peer in (one, two):
            assert_same(peer.read(1 << 20), pattern(1 << 20))

        assert 0.85 <= time.monotonic() - begin  # a tenth of a second's worth is free


@pytest.mark.threaded
def test_a_reload_sets_and_unsets_the_bandwidth_of_new_connections(launch):
    daemon = launch(listener('bandwidth_total = "64KiB/s"'))
    data = pattern(1 << 20)
    old = daemon.connect("echo")
    old.send_later(data)
    assert old.read(1024) == data[:1024]

    daemon.reload(listener(""))
    with daemon.connect("echo") as free:
        assert seconds_to_echo(free, data) < 8  # it would take 16

    daemon.reload(listener('bandwidth_total = "2MiB/s"'))
    with daemon.connect("echo") as limited:
        assert 0.35 <= seconds_to_echo(limited, data) < 8
    old.close()


@pytest.mark.parametrize("zero_copy", ["true", "false"])
def test_bandwidth_holds_for_forwarded_sessions_both_ways(launch, zero_copy):
    with Server() as server:
        daemon = launch(listener('bandwidth = "4MiB/s"', service="forward") +
                        f'forward = {{ upstreams = ["{server.address}"], zero_copy = {zero_copy} }}\n')
        with daemon.connect("echo") as client, server.accept() as upstream:
            for writer, reader in ((client, upstream), (upstream, client)):
                data = pattern(2 << 20)
                begin = time.monotonic()
                writer.send_later(data)
                assert_same(reader.read(len(data)), data)
                assert time.monotonic() - begin >= 0.38


def test_a_half_closed_connection_ends_when_the_other_side_stays_silent(launch):
    with Server() as server:
        daemon = launch(listener('half_closed_timeout = "2s"\nclose_timeout = "100ms"', service="forward") +
                        f'forward = {{ upstreams = ["{server.address}"] }}\n')
        with daemon.connect("echo") as client, server.accept() as upstream:
            name = client.name
            steady(lambda: daemon.live(name)["state"], rounds=200)  # it is no timeout of an open connection
            client.fin()
            assert upstream.read_to_end() == (b"", "fin")
            upstream.send(b"a last word")

            assert client.read_to_end()[0] == b"a last word"

        close = daemon.ended(name)["close"]
        assert (close["first"], close["reason"]) == ("remote", "peer_fin")
        other = daemon.history(direction="outbound")[0]["close"]
        assert "half_closed_timeout" in (close["detail"], other["detail"])


def test_a_connection_ends_at_the_end_of_its_lifetime_however_busy_it_is(launch):
    daemon = launch(listener('max_lifetime = "500ms"'))
    with daemon.connect("echo") as peer:
        name = peer.name
        while not is_over(peer):
            pass
    close = daemon.ended(name)["close"]
    assert (close["first"], close["how"], close["reason"]) == ("local", "fin", "local_limit")
    assert close["detail"] == "max_lifetime"
    assert close["duration_ms"] >= 500


@pytest.mark.threaded
def test_a_nearly_full_daemon_shortens_configured_idle_timeouts_and_says_so(launch):
    config = "[daemon]\nmax_connections = 20\n" + listener('idle_timeout = "20s"') + listener("", "patient")
    daemon = launch(config)
    status = daemon.json("/v1/status")["overload"]
    assert status == {"level_percent": 0, "idle_timeout_factor": 1.0}
    patient = daemon.connect("patient")
    assert ping(patient)
    busy = [daemon.connect("echo") for _ in range(19)]
    assert all(ping(peer) for peer in busy)

    status = daemon.json("/v1/status")["overload"]

    assert status == {"level_percent": 100, "idle_timeout_factor": 0.1}
    assert "Idle timeouts" in daemon.tcpctl("status").stdout
    ended = eventually(lambda: [row for row in daemon.history() if row["close"]["reason"] == "idle_timeout"])
    assert ended[-1]["close"]["duration_ms"] < 15_000
    eventually(lambda: "overload.end" in daemon.log())
    assert daemon.log().count("overload.begin") == 1
    assert ping(patient)  # it has no timeout, and is given none
    for peer in (patient, *busy):
        peer.close()


def test_who_only_waits_for_a_fin_makes_room_for_others(launch):
    daemon = launch("[daemon]\nmax_connections = 20\n" + listener('close_timeout = "10m"', service="daytime"))
    lingering = [daemon.connect("echo") for _ in range(20)]
    for peer in lingering:
        assert peer.read_to_end()[1] == "fin"

    def is_served():
        with daemon.connect("echo") as late:
            return late.read_to_end()[0] != b""

    eventually(is_served, "room for a newcomer")
    for peer in lingering:
        peer.close()


def test_at_a_listeners_limit_who_only_waits_for_a_fin_makes_room_before_anybody_is_refused(launch):
    daemon = launch(listener('max_connections = 5\nclose_timeout = "10m"', service="daytime"))
    lingering = [daemon.connect("echo") for _ in range(5)]
    for peer in lingering:
        assert peer.read_to_end()[1] == "fin"

    with daemon.connect("echo") as late:
        assert late.read_to_end()[0] != b""

    assert refusals(daemon)["limit"] == 0
    assert daemon.ended(lingering[0].name)["close"]["detail"] == "gave way to others"
    for peer in lingering:
        peer.close()


@pytest.mark.threaded
def test_sessions_that_wait_for_an_upstream_keep_the_daemons_limit_when_they_go_on(launch):
    with Server() as server:
        daemon = launch("[daemon]\nmax_connections = 8\n" + listener("", service="forward") + f"""
[listeners.echo.forward]
upstreams = [{{ address = "{server.address}", max_connections = 1 }}]
queue_timeout = "60s"
""")
        clients = [daemon.connect("echo") for _ in range(10)]
        eventually(lambda: refusals(daemon)["limit"] == 6)
        assert daemon.listener("echo")["connections"]["queued"] == 3
        assert daemon.json("/v1/status")["totals"]["connections_active"] == 5
        assert daemon.json("/v1/status")["overload"]["level_percent"] == 100

        for n in range(4):
            with server.accept() as upstream:
                upstream.send(b"your turn")
                served = eventually(lambda: [each for each in clients if each.unread() == 9], "who was served")
                assert daemon.json("/v1/status")["totals"]["connections_active"] <= 8
                clients.remove(served[0])
                served[0].close()
            eventually(lambda: daemon.json("/v1/status")["overload"]["level_percent"] <= 100 - 25 * (n + 1))
        assert daemon.json("/v1/status")["totals"]["connections_active"] == 0
        for client in clients:
            client.close()


def test_with_256_files_sessions_and_the_api_go_on_at_the_limit(launch):
    with Server() as server:
        daemon = launch(listener("", service="forward") + f'forward = {{ upstreams = ["{server.address}"] }}\n',
                        files=256)
        room = daemon.json("/v1/status")["limits"]["max_connections"] // 2
        assert room > 50
        clients = [daemon.connect("echo") for _ in range(room + 10)]
        eventually(lambda: refusals(daemon)["limit"] == 10)
        upstreams = [server.accept() for _ in range(room)]

        assert daemon.get("/healthz").status == 200
        for client in clients[:room]:
            client.send(b"through")
        for upstream in upstreams:
            assert upstream.read(7) == b"through"
            upstream.send(b"and back")
        for client in clients[:room]:
            assert client.read(8) == b"and back"

        assert "listener.shortage" not in daemon.log()
        for peer in (*clients, *upstreams):
            peer.close()


def test_the_limits_in_force_are_told_at_the_start(launch):
    daemon = launch(listener(""), files=20_000)

    line = next(line for line in daemon.log().splitlines() if "daemon.limits" in line)

    assert "files=20000" in line
    assert f"max_connections={daemon.json('/v1/status')['limits']['max_connections']}" in line


def test_the_own_api_is_refused_however_its_path_is_written(launch, tmp_path):
    daemon = launch(listener(""))
    socket = pathlib.Path(daemon.socket)
    later = tmp_path / "later.sock"
    daemon.reload(listener("") + listener("", "web", service="forward") +
                  f'forward = {{ upstreams = ["unix:{later}"], retries = 0 }}\n')
    later.symlink_to(socket)

    with daemon.connect("web") as client:
        assert client.read_to_end()[0] == b""
        close = daemon.ended(client.name)["close"]

    assert "own API" in close["detail"]


def own_api(upstream):
    return f"""
[api]
http = "127.0.0.1:9817"
metrics = {{ listen = "0.0.0.0:9818" }}
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
[listeners.web.forward]
upstreams = [{upstream}]
"""


@pytest.mark.parametrize("upstream", ['"127.0.0.1:9817"', '{ name = "a", address = "0.0.0.0:9817" }',
                                      '"127.0.0.1:9818"', '"unix:/run/tcpctl/api.sock"'])
def test_an_upstream_that_is_the_own_api_is_a_mistake(tmp_path, upstream):
    file = tmp_path / "tcpctld.toml"
    file.write_text(own_api(upstream))

    done = run_tcpctld("-c", file, "--check-config")

    assert done.returncode == 1
    assert "tcpctld.toml:9:" in done.stderr and "the API of this daemon" in done.stderr


def test_an_upstream_whose_name_leads_to_the_own_api_is_refused_at_its_connect(launch):
    daemon = launch(listener(""), listen_http=True)
    port = daemon.http[1]
    daemon.reload(listener("") + listener("", "web", service="forward") +
                  f'forward = {{ upstreams = ["localhost:{port}"], retries = 0 }}\n')

    with daemon.connect("web") as client:
        assert client.read_to_end()[0] == b""
        close = daemon.ended(client.name)["close"]

    assert "own API" in close["detail"]
