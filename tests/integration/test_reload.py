# SPDX-License-Identifier: Apache-2.0
"""Reload: what did not change goes on, what changed is told, and a mistake changes nothing."""
import concurrent.futures
import signal
import threading

import pytest

from harness.peers import Peer, Server
from harness.wait import eventually


def listener(name, more="", service="echo"):
    return f"""
[listeners.{name}]
listen = ["127.0.0.1:0"]
service = "{service}"
{more}
"""


def client(name, address, more=""):
    return f"""
[clients.{name}]
connect = "{address}"
mode = "keep"
{more}
"""


def ping(peer, text=b"ping"):
    peer.send(text)
    return peer.read(len(text)) == text


def reload_by_signal(daemon):
    before = daemon.json("/v1/status")["last_reload"]
    daemon.signal(signal.SIGHUP)
    return eventually(lambda: (now := daemon.json("/v1/status")["last_reload"]) != before and now, "the reload")


@pytest.mark.quick
@pytest.mark.threaded
def test_an_untouched_listener_keeps_socket_connections_and_counters(launch):
    daemon = launch(listener("stays") + listener("goes"))
    port = daemon.port("stays")
    with daemon.connect("stays") as peer:
        assert ping(peer)
        identity = daemon.live(peer.name)["id"]

        done = daemon.reload(listener("stays") + listener("comes"))

        assert done.status == 200, done.text
        answer = done.json
        assert (answer["added"], answer["removed"], answer["kept"]) == (
            ["listeners.comes"], ["listeners.goes"], ["listeners.stays"])
        assert (answer["changed"], answer["failed"], answer["ok"]) == ([], [], True)
        assert ping(peer)
        assert daemon.live(peer.name)["id"] == identity
    assert daemon.port("stays") == port
    assert daemon.listener("stays")["connections"]["accepted_total"] == 1
    assert daemon.get("/v1/listeners/goes").status == 404
    with daemon.connect("comes") as peer:
        assert ping(peer)


@pytest.mark.quick
def test_sighup_reloads_as_the_api_does(launch):
    daemon = launch(listener("one"))
    daemon.write(listener("one") + listener("two"))

    done = reload_by_signal(daemon)

    assert (done["ok"], done["added"], done["kept"]) == (True, ["listeners.two"], ["listeners.one"])
    with daemon.connect("two") as peer:
        assert ping(peer)


@pytest.mark.quick
def test_a_file_with_mistakes_changes_nothing_and_names_them_all(launch):
    daemon = launch(listener("one"))
    with daemon.connect("one") as peer:
        daemon.write(listener("one", "idle_timeot = 5") + '[listeners.two]\nlisten = ["nonsense"]\nservice = "ecco"\n')

        done = daemon.post("/v1/config/reload")

        assert done.status == 409
        details = "\n".join(error["detail"] for error in done.json["errors"])
        for part in ("conf.d/test.toml:5:1", "idle_timeot", "idle_timeout", "nonsense", "ecco", "echo"):
            assert part in details
        assert ping(peer)
    assert [row["name"] for row in daemon.json("/v1/listeners")["items"]] == ["one"]
    status = daemon.json("/v1/status")
    assert status["last_reload"]["ok"] is False
    assert "tcpctl_config_reload_success 0" in daemon.get("/metrics").text
    daemon.reload(listener("one"))
    assert "tcpctl_config_reload_success 1" in daemon.get("/metrics").text


def test_sighup_with_a_mistake_changes_nothing_either(launch):
    daemon = launch(listener("one"))
    daemon.write("this is no TOML")

    done = reload_by_signal(daemon)

    assert done["ok"] is False
    assert "conf.d/test.toml:1" in done["errors"][0]
    with daemon.connect("one") as peer:
        assert ping(peer)


def test_a_changed_option_is_for_new_connections_and_the_answer_says_so(launch):
    greet = 'dialog = {{ greeting = "{}\\n" }}'
    daemon = launch(listener("hello", greet.format("old"), "dialog"))
    port = daemon.port("hello")
    with daemon.connect("hello") as early:
        assert early.read_line() == b"old\n"

        done = daemon.reload(listener("hello", greet.format("new"), "dialog")).json

        assert done["changed"] == [{"name": "listeners.hello", "keys": {"dialog.greeting": "new_connections"}}]
        assert daemon.port("hello") == port
        assert ping(early, b"still\n")
    with daemon.connect("hello") as late:
        assert late.read_line() == b"new\n"


def test_a_changed_limit_applies_now(launch):
    daemon = launch(listener("echo"))
    with daemon.connect("echo") as one, daemon.connect("echo") as two:
        assert ping(one) and ping(two)

        done = daemon.reload(listener("echo", "max_connections = 2")).json

        assert done["changed"][0]["keys"] == {"max_connections": "now"}
        assert ping(one) and ping(two)
        with daemon.connect("echo") as three:
            assert three.read_to_end()[0] == b""


def test_a_changed_service_is_for_new_connections(launch):
    daemon = launch(listener("x"))
    with daemon.connect("x") as early:
        assert ping(early)

        daemon.reload(listener("x", service="discard"))

        assert ping(early)
        with daemon.connect("x") as late:
            late.send(b"ping")
            late.fin()
            assert late.read_to_end() == (b"", "fin")


def test_an_added_address_leaves_the_others_as_they_are(launch):
    daemon = launch(listener("x"))
    port = daemon.port("x")
    with daemon.connect("x") as peer:
        assert ping(peer)

        done = daemon.reload(listener("x").replace('"127.0.0.1:0"', '"127.0.0.1:0", "[::1]:0"')).json

        assert done["changed"][0]["keys"] == {"listen": "rebind"}
        assert ping(peer)
    assert daemon.port("x") == port
    assert len(daemon.listener("x")["addresses"]) == 2


def test_a_moved_listener_frees_its_old_port_and_keeps_its_connections(launch):
    with Server() as placeholder:
        free = placeholder.address
    daemon = launch(listener("x"))
    old = daemon.port("x")
    with daemon.connect("x") as peer:
        assert ping(peer)

        daemon.reload(listener("x").replace("127.0.0.1:0", free))

        assert ping(peer)
        assert daemon.listener("x")["addresses"][0]["bound"] == free
        assert daemon.listener("x")["connections"]["accepted_total"] == 1
    with Server(("127.0.0.1", old)):
        pass  # it could be taken


def test_an_address_that_cannot_be_bound_is_listed_as_failed(launch):
    with Server() as holder:
        daemon = launch(listener("x"))

        done = daemon.reload(listener("x") + listener("y").replace("127.0.0.1:0", holder.address)).json

        assert (done["ok"], done["failed"]) == (True, ["listeners.y"])
        assert daemon.get("/readyz").status == 503


@pytest.mark.threaded
def test_a_removed_listener_never_resets_what_the_kernel_had_accepted(launch):
    daemon = launch(listener("goes", 'dialog = { greeting = "hi\\n" }', "dialog"))
    for _ in range(5):
        daemon.post("/v1/listeners/goes/pause")
        queued = [daemon.connect("goes") for _ in range(30)]

        daemon.reload("")

        for peer in queued:
            assert peer.read_line() == b"hi\n"
            peer.fin()
            assert peer.read_to_end() == (b"", "fin")
            peer.close()
        daemon.reload(listener("goes", 'dialog = { greeting = "hi\\n" }', "dialog"))


@pytest.mark.threaded
def test_a_peer_that_comes_while_a_listener_goes_is_greeted_or_refused_and_never_reset(launch):
    with Server() as placeholder:
        config = listener("goes", 'dialog = { greeting = "hi\\n" }', "dialog").replace("127.0.0.1:0", placeholder.address)
    daemon = launch(config)
    address = daemon.address("goes")
    over = threading.Event()

    def come_and_go():
        greeted = 0
        while not over.is_set():
            try:
                peer = Peer.to(address)
            except ConnectionRefusedError:
                continue
            with peer:
                assert peer.read_line() == b"hi\n"
                greeted += 1
        return greeted

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for _ in range(20):
            before = daemon.listener("goes")["connections"]["accepted_total"]
            over.clear()
            coming = [threads.submit(come_and_go) for _ in range(4)]
            eventually(lambda: daemon.listener("goes")["connections"]["accepted_total"] > before + 20)

            daemon.reload("")

            over.set()
            assert sum(each.result() for each in coming) > 20
            daemon.reload(config)


def test_connections_of_a_removed_listener_go_on_and_are_shown(launch):
    daemon = launch(listener("goes"))
    with daemon.connect("goes") as peer:
        assert ping(peer)

        daemon.reload("")

        assert ping(peer)
        assert daemon.live(peer.name)["listener"] == "goes"
        name = peer.name
    assert daemon.ended(name)["close"]["reason"] == "peer_fin"


def test_counters_survive_a_removal_and_return(launch):
    daemon = launch(listener("x"))
    with daemon.connect("x") as peer:
        assert ping(peer)
        name = peer.name
    daemon.ended(name)

    daemon.reload("")
    daemon.reload(listener("x"))

    assert daemon.listener("x")["connections"]["accepted_total"] == 1
    assert daemon.listener("x")["bytes_in_total"] == 4


def test_an_untouched_client_keeps_its_connection(launch):
    with Server() as server:
        daemon = launch(client("feed", server.address))
        with server.accept() as accepted:
            eventually(lambda: daemon.client("feed")["state"] == "up")

            done = daemon.reload(client("feed", server.address) + listener("new")).json

            assert done["kept"] == ["clients.feed"]
            accepted.send(b"still here")
            eventually(lambda: daemon.client("feed")["bytes_in_total"] == 10)
            assert daemon.client("feed")["attempts_total"] == 1


def test_a_changed_client_keeps_its_connection_and_its_bytes(launch):
    with Server() as server:
        daemon = launch(client("feed", server.address))
        with server.accept() as first:
            first.send(b"news")
            eventually(lambda: daemon.client("feed")["bytes_in_total"] == 4)
            before = daemon.client("feed")["slots"][0]["connection"]

            done = daemon.reload(client("feed", server.address, 'connections = 2\nconnect_timeout = "3s"')).json

            assert done["changed"] == [{"name": "clients.feed",
                                        "keys": {"connect_timeout": "new_connections", "connections": "now"}}]
            with server.accept():
                eventually(lambda: daemon.client("feed")["connections"]["up"] == 2)
            assert daemon.client("feed")["slots"][0]["connection"] == before
            assert daemon.json("/v1/clients/feed/received")["text"] == "news"


def test_a_client_with_another_address_connects_there(launch):
    with Server() as old, Server() as new:
        daemon = launch(client("feed", old.address))
        with old.accept() as before:
            done = daemon.reload(client("feed", new.address)).json

            assert done["changed"] == [{"name": "clients.feed", "keys": {"connect": "rebind"}}]
            assert before.read_to_end() == (b"", "fin")
            new.accept().close()


def test_a_removed_client_closes_and_an_added_one_connects(launch):
    with Server() as first, Server() as second:
        daemon = launch(client("one", first.address))
        with first.accept() as accepted:
            eventually(lambda: daemon.client("one")["state"] == "up")

            done = daemon.reload(client("two", second.address)).json

            assert (done["added"], done["removed"]) == (["clients.two"], ["clients.one"])
            assert accepted.read_to_end() == (b"", "fin")
            second.accept().close()


def test_the_log_level_and_the_roles_change_at_once(launch):
    daemon = launch("", listen_http=True)
    assert daemon.web("GET", "/v1/status").status == 200

    daemon.reload('[log]\nlevel = "error"\n[api]\nanonymous = "none"\n')

    assert daemon.json("/v1/log/level") == {"level": "error"}
    assert daemon.web("GET", "/v1/status").status == 401


def test_the_limit_of_the_whole_daemon_applies_as_the_answer_says(launch):
    daemon = launch("[daemon]\nmax_connections = 10\n" + listener("echo"))

    done = daemon.reload("[daemon]\nmax_connections = 1\n" + listener("echo")).json

    assert done["changed"][0]["keys"] == {"max_connections": "now"}
    assert daemon.json("/v1/status")["limits"]["max_connections"] == 1
    with daemon.connect("echo") as one, daemon.connect("echo") as two:
        assert ping(one)
        assert two.read_to_end()[0] == b""


def test_what_needs_a_restart_is_named(launch):
    daemon = launch("")

    done = daemon.reload("[daemon]\nworkers = 3\n").json

    keys = {key: applies for change in done["changed"] for key, applies in change["keys"].items()}
    assert "restart" in keys.values()
    assert daemon.json("/v1/status")["workers"] == 2


@pytest.mark.threaded
def test_many_reloads_under_traffic_lose_no_byte(launch):
    daemon = launch(listener("stays"))
    sent = b"0123456789abcdef" * 65536
    with daemon.connect("stays") as peer:
        for n in range(20):
            peer.send_later(sent)

            assert daemon.reload(listener("stays", f"max_connections = {n + 5}")).json["ok"]

            assert peer.read(len(sent)) == sent
