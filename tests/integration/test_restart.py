# SPDX-License-Identifier: Apache-2.0
"""A restart by the service manager: who connects meanwhile waits, and who is connected stays."""
import os
import signal
import socket
import threading

import pytest

from harness.manager import Manager
from harness.peers import Peer, assert_same, pattern
from harness.wait import eventually

pytestmark = pytest.mark.threaded

ECHO = """
[daemon]
restart_drain = "{drain}"
keep_connections_over_restart = {keep}
drain_timeout = "10s"
[listeners.echo]
listen = ["127.0.0.1:{port}"]
service = "echo"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def echo(port, drain="20s", keep=True):
    return ECHO.replace("{drain}", drain).replace("{keep}", str(keep).lower()).replace("{port}", str(port))


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


@pytest.fixture
def managed(launch, manager):
    """Starts a daemon under the manager; it is stopped, not restarted, at the end."""
    daemons = []

    def start(config, **options):
        daemon = launch(config, manager=manager, **options)
        daemons.append(daemon)
        return daemon

    yield start
    for daemon in daemons:
        if daemon.process.poll() is None:
            daemon.signal(signal.SIGUSR2)


def leave(daemon):
    """The first half of a restart."""
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0, daemon.log()[-4000:]


def only_connection(daemon, **filters):
    rows = daemon.connections(**filters)
    assert len(rows) == 1, rows
    return rows[0]


# --- listeners ------------------------------------------------------------------------------------------


def test_who_connects_while_there_is_no_daemon_is_served_by_the_next(managed, manager):
    port = free_port()
    daemon = managed(echo(port))
    leave(daemon)

    with Peer.to(("127.0.0.1", port)) as peer:
        peer.send(b"waiting")
        daemon.start_again()

        assert peer.read(7) == b"waiting"
    assert [name.rsplit(".", 1)[0] for name in manager.names()] == ["tcpctl.listen"]


def test_a_killed_daemon_leaves_its_listeners(managed):
    port = free_port()
    daemon = managed(echo(port))
    daemon.signal(signal.SIGKILL)
    daemon.wait()

    with Peer.to(("127.0.0.1", port)) as peer:
        peer.send(b"waiting")
        daemon.start_again()

        assert peer.read(7) == b"waiting"


def test_a_listener_that_is_removed_is_kept_no_longer(managed, manager):
    port = free_port()
    daemon = managed(echo(port))
    eventually(lambda: len(manager.names()) == 1, "the socket in the store")

    daemon.reload("")

    assert manager.names() == []
    with pytest.raises(ConnectionRefusedError):
        Peer.to(("127.0.0.1", port))


def test_a_listener_that_is_gone_with_the_restart_is_closed(managed, manager):
    port = free_port()
    daemon = managed(echo(port))
    leave(daemon)
    daemon.write("")

    daemon.start_again()

    eventually(lambda: manager.names() == [], "an empty store")
    with pytest.raises(ConnectionRefusedError):
        Peer.to(("127.0.0.1", port))


def test_a_changed_option_holds_for_a_socket_of_the_process_before(managed):
    port = free_port()
    daemon = managed(echo(port))
    leave(daemon)
    daemon.write(echo(port) + "backlog = 7\n")

    daemon.start_again()

    assert daemon.listener("echo")["addresses"][0]["queue_max"] == 7


def test_a_unix_listener_keeps_its_file(managed):
    daemon = managed('[listeners.echo]\nlisten = ["unix:{folder}/echo.sock"]\nservice = "echo"\n')
    leave(daemon)
    path = str(daemon.folder / "echo.sock")

    with Peer.to(path) as peer:
        peer.send(b"waiting")
        daemon.start_again()

        assert peer.read(7) == b"waiting"


# --- connections ----------------------------------------------------------------------------------------


def test_an_echo_goes_on_with_its_id_and_its_counts(managed, manager):
    daemon = managed(echo(free_port()))
    with daemon.connect("echo") as peer:
        peer.send(b"before")
        assert peer.read(6) == b"before"
        before = only_connection(daemon)
        leave(daemon)
        peer.send(b" meanwhile")
        daemon.start_again()

        assert peer.read(10) == b" meanwhile"
        after = eventually(lambda: next((row for row in daemon.connections() if row["bytes_out"] == 16), None),
                           "the echo's count")
        for key in ("id", "opened_at", "remote", "local", "listener"):
            assert after[key] == before[key], key
        assert after["bytes_in"] == 16
        row = daemon.listener("echo")
        assert row["connections"]["active"] == 1
        timeline = daemon.json(f"/v1/connections/{after['id']}")["timeline"]
        assert [event["event"] for event in timeline][:3] == ["syn_received", "established", "accepted"]
    assert "tcpctl.carry" not in manager.names()
    eventually(lambda: daemon.listener("echo")["connections"]["active"] == 0, "its end")


def test_ids_go_on_behind_those_of_the_process_before(managed):
    daemon = managed(echo(free_port()))
    with daemon.connect("echo") as first, daemon.connect("echo") as second:
        eventually(lambda: len(daemon.connections()) == 2, "both")
        before = {row["id"] for row in daemon.connections()}
        daemon.restart()
        with daemon.connect("echo") as third, daemon.connect("echo") as fourth:
            eventually(lambda: len(daemon.connections()) == 4, "all")
            assert before < {row["id"] for row in daemon.connections()}
            for peer in (first, second, third, fourth):
                peer.send(b"here")
                assert peer.read(4) == b"here"


def test_what_a_peer_has_not_read_yet_comes_in_order(managed):
    daemon = managed(echo(free_port()))
    data = pattern(3_000_000)
    with daemon.connect("echo", receive_buffer=4096) as peer:
        sending = threading.Thread(target=lambda: peer.socket.sendall(data))
        sending.start()
        eventually(lambda: daemon.heard() > 100_000, "some of it")
        for _ in range(3):
            daemon.restart()
        assert_same(peer.read(len(data)), data)
        sending.join()


def test_a_dialog_goes_on_in_the_middle_of_a_line(managed):
    daemon = managed(f"""
[listeners.talk]
listen = ["127.0.0.1:{free_port()}"]
service = "dialog"
dialog.greeting = "hello\\n"
dialog.reply = "{{n}}: {{line}}\\n"
dialog.max_messages = 3
""")
    with daemon.connect("talk") as peer:
        peer.send(b"one\ntw")
        assert peer.read(13) == b"hello\n1: one\n"
        eventually(lambda: daemon.heard() == 6, "the half line")
        daemon.restart()
        peer.send(b"o\nthree\n")

        assert peer.read_to_end() == (b"2: two\n3: three\n", "fin")


def test_a_client_that_is_kept_up_stays_connected(managed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        daemon = managed(f"""
[clients.feed]
connect = "127.0.0.1:{server.getsockname()[1]}"
mode = "keep"
""")
        accepted, _ = server.accept()
        with Peer(accepted) as peer:
            peer.send(b"before")
            eventually(lambda: daemon.json("/v1/clients/feed/received", **{"from": 0})["next"] == 6, "the bytes")
            before = only_connection(daemon)
            leave(daemon)
            peer.send(b" after")
            daemon.start_again()

            received = eventually(
                lambda: next((row for row in [daemon.json("/v1/clients/feed/received", **{"from": 0})]
                              if row["next"] == 12), None), "all bytes")
            assert received["text"] == "before after"
            assert only_connection(daemon)["id"] == before["id"]
            assert daemon.client("feed")["state"] == "up"
            server.settimeout(0)
            with pytest.raises(BlockingIOError):
                server.accept()


def forward(port, upstream, more=""):
    return f"""
[listeners.front]
listen = ["127.0.0.1:{port}"]
service = "forward"
forward.upstreams = [{{ name = "u1", address = "127.0.0.1:{upstream}" }}]
{more}
"""


def test_a_forwarded_pair_keeps_both_directions(managed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        daemon = managed(forward(free_port(), server.getsockname()[1]))
        up, down = pattern(6_000_000, 1), pattern(6_000_000, 2)
        with daemon.connect("front") as client:
            accepted, _ = server.accept()
            with Peer(accepted) as upstream:
                senders = [threading.Thread(target=peer.socket.sendall, args=(data,))
                           for peer, data in ((client, up), (upstream, down))]
                for sender in senders:
                    sender.start()
                eventually(lambda: daemon.heard() > 100_000, "some of both")
                ids = {row["id"] for row in daemon.connections()}
                for _ in range(2):
                    daemon.restart()
                assert {row["id"] for row in daemon.connections()} == ids
                assert daemon.upstreams("front")["u1"]["active"] == 1
                got = {}
                readers = [threading.Thread(target=lambda key=key, peer=peer, size=size:
                                            got.update({key: peer.read(size)}))
                           for key, peer, size in (("up", upstream, len(up)), ("down", client, len(down)))]
                for reader in readers:
                    reader.start()
                for thread in senders + readers:
                    thread.join()
                assert_same(got["up"], up)
                assert_same(got["down"], down)
                client.fin()
                assert upstream.read_to_end() == (b"", "fin")
        ends = eventually(lambda: daemon.history() if len(daemon.history()) == 2 else None, "both ends")
        assert sorted(row["bytes_in"] for row in ends) == [len(up), len(down)]


def test_a_session_whose_listener_is_gone_gets_its_fin_and_a_line_in_the_log(managed):
    daemon = managed(echo(free_port()))
    with daemon.connect("echo") as peer:
        eventually(lambda: len(daemon.connections()) == 1, "it")
        leave(daemon)
        daemon.write("")
        daemon.start_again()

        assert peer.read_to_end() == (b"", "fin")
        assert "connection.not_kept" in daemon.log()


def test_without_the_wish_connections_end_within_restart_drain(managed):
    daemon = managed(echo(free_port(), drain="100ms", keep=False))
    with daemon.connect("echo") as peer:
        leave(daemon)

        assert peer.read_to_end() == (b"", "fin")


def test_what_cannot_go_over_may_come_to_its_end(managed):
    daemon = managed(f"""
[daemon]
restart_drain = "30s"
[listeners.steps]
listen = ["127.0.0.1:{free_port()}"]
service = "script"
script.steps = [{{ expect = "one" }}, {{ send = "two" }}, {{ expect = "three" }}, {{ send = "four" }}]
""")
    with daemon.connect("steps") as peer:
        peer.send(b"one")
        assert peer.read(3) == b"two"
        daemon.signal(signal.SIGTERM)
        eventually(lambda: "daemon.restarting" in daemon.log(), "the beginning of the restart")
        peer.send(b"three")

        assert peer.read_to_end() == (b"four", "fin")
    assert daemon.wait() == 0


def test_a_stop_drains_for_drain_timeout(managed):
    daemon = managed(echo(free_port(), drain="1ms"))
    with daemon.connect("echo") as peer:
        daemon.signal(signal.SIGUSR2)
        daemon.signal(signal.SIGTERM)
        eventually(lambda: "daemon.stopping" in daemon.log(), "the drain")
        peer.send(b"still here")

        assert peer.read(10) == b"still here"
    assert daemon.wait() == 0


def test_a_carry_of_another_version_is_refused_with_a_line_in_the_log(managed, manager):
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    file = os.memfd_create("carry")
    os.write(file, b"\xa1gversion\x18\x63")  # {"version": 99}
    socket.send_fds(near, [b"c"], [file])
    near.close()
    os.close(file)
    manager.stored.append(("tcpctl.carry", far.detach()))

    daemon = managed(echo(free_port()))

    assert "it has version 99, not 1" in daemon.log()
    eventually(lambda: "tcpctl.carry" not in manager.names(), "the removal")


# --- sockets of units -----------------------------------------------------------------------------------


def test_a_listener_takes_all_sockets_of_a_unit(managed, manager, tmp_path):
    v4 = manager.add_unit("web")
    v6 = manager.add_unit("web", socket.AF_INET6, ("::1", 0))
    path = manager.add_unit("web", socket.AF_UNIX, str(tmp_path / "web.sock"))
    daemon = managed('[listeners.web]\nlisten = ["systemd:web"]\nservice = "echo"\n')

    for address in (v4, v6[:2], path):
        with Peer.to(address) as peer:
            peer.send(b"here")
            assert peer.read(4) == b"here"
    assert [row["state"] for row in daemon.listener("web")["addresses"]] == ["listening"] * 3
    assert manager.names() == [], "their unit keeps them"


def test_a_socket_of_a_unit_is_not_closed_for_others(managed, manager):
    address = manager.add_unit("web")
    config = '[listeners.web]\nlisten = ["systemd:web"]\nservice = "echo"\n'
    daemon = managed(config)
    daemon.reload("")
    with Peer.to(address) as peer:
        peer.send(b"waiting")
        daemon.reload(config)

        assert peer.read(7) == b"waiting"


def test_a_listener_without_its_unit_says_so(managed):
    daemon = managed('[listeners.web]\nlisten = ["systemd:web"]\nservice = "echo"\n', until="up")

    row = daemon.listener("web")
    assert row["state"] == "failed"
    assert "systemd passed no socket of this name" in row["error"]


def test_a_unit_of_datagrams_is_refused_with_a_line_in_the_log(managed, manager):
    manager.add_unit("web", kind=socket.SOCK_DGRAM)
    daemon = managed("")

    assert "no listening stream socket" in daemon.log()


def test_the_api_takes_its_socket_from_a_unit(managed, manager, tmp_path):
    path = manager.add_unit("api", socket.AF_UNIX, str(tmp_path / "api.sock"))
    daemon = managed("", until="")
    daemon.socket = tmp_path / "api.sock"

    daemon.wait_until_ready()

    leave(daemon)
    assert os.path.exists(path), "its file is its unit's"
    daemon.start_again()


# --- the watchdog ---------------------------------------------------------------------------------------


def test_the_watchdog_is_fed(launch, manager):
    launch("", manager=manager, variables={"WATCHDOG_USEC": "400000"})

    eventually(lambda: manager.lines().count("WATCHDOG=1") > 4, "food")
