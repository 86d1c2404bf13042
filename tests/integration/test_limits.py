# SPDX-License-Identifier: Apache-2.0
"""Who gets in, how many, and for how long."""
import pytest

from harness.peers import Peer
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


def test_connections_through_ipv6_and_unix_are_told_apart(launch):
    daemon = launch(listener("", listen='"[::1]:0", "unix:{folder}/echo.sock"'))
    with Peer.to(daemon.address("echo", 0)) as six, Peer.to(daemon.address("echo", 1)) as local:
        assert ping(six) and ping(local)
        rows = daemon.connections(listener="echo")

        remotes = sorted(row["remote"] for row in rows)
        assert remotes[0] == six.name
        assert remotes[1].startswith("unix:")
        assert {row["handshake"] is None for row in rows} == {True, False}
