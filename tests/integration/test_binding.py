# SPDX-License-Identifier: Apache-2.0
"""Where listeners are bound, and what happens where they cannot be."""
import stat

import pytest

from harness.daemon import run_tcpctld
from harness.peers import Peer, Server
from harness.wait import eventually


def echo(*listen, name="echo", more=""):
    listed = ", ".join(f'"{each}"' for each in listen)
    return f"""
[listeners.{name}]
listen = [{listed}]
service = "echo"
{more}
"""


def echoes(peer):
    peer.send(b"x")
    return peer.read(1) == b"x"


@pytest.mark.quick
def test_a_port_in_use_is_shown_retried_and_taken_once_it_is_free(launch):
    with Server() as holder:
        daemon = launch(echo(holder.address, more='bind_retry = "50ms"') + echo("127.0.0.1:0", name="other"),
                        until="up")
        eventually(lambda: daemon.get("/v1/listeners/echo").status == 200)

        row = daemon.listener("echo")
        ready = daemon.get("/readyz")

        assert row["state"] == "failed"
        assert "Address already in use" in row["error"]
        assert row["addresses"][0]["state"] == "failed"
        assert row["addresses"][0]["bound"] is None
        assert ready.status == 503
        assert ready.headers["content-type"] == "application/problem+json"
        assert [each["listener"] for each in ready.json["unbound"]] == ["echo"]
        assert holder.address in ready.text
        assert daemon.listener("other")["state"] == "up"
        with daemon.connect("other") as peer:
            assert echoes(peer)
        assert daemon.json("/v1/status")["totals"]["listeners_failed"] == 1

        address = holder.address
    eventually(lambda: daemon.get("/readyz").status == 200, "the port taken")
    row = daemon.listener("echo")
    assert (row["state"], row["error"], row["addresses"][0]["bound"]) == ("up", None, address)
    with daemon.connect("echo") as peer:
        assert echoes(peer)


def test_one_address_of_several_may_fail(launch):
    with Server() as holder:
        daemon = launch(echo("127.0.0.1:0", holder.address), until="up")

        states = eventually(lambda: [each["state"] for each in daemon.listener("echo")["addresses"]])

        assert states == ["listening", "failed"]
        with daemon.connect("echo") as peer:
            assert echoes(peer)


@pytest.mark.quick
def test_strict_does_not_start_while_a_port_is_in_use(launch, tmp_path):
    file = tmp_path / "t.toml"
    with Server() as holder:
        file.write_text(f'[api]\nsocket = "{tmp_path}/s"\nhttp = ""\n' + echo(holder.address))

        done = run_tcpctld("--strict", "-c", str(file))

        assert done.returncode == 1
        assert holder.address in done.stderr
        assert "Address already in use" in done.stderr


def test_an_address_that_is_not_of_this_host_is_failed_with_the_reason(launch):
    daemon = launch(echo("192.0.2.1:7000"), until="up")

    row = eventually(lambda: daemon.listener("echo"))

    assert row["state"] == "failed"
    assert "Cannot assign requested address" in row["error"]


def test_port_0_is_a_free_port_that_is_shown(launch):
    daemon = launch(echo("127.0.0.1:0"))

    address = daemon.listener("echo")["addresses"][0]

    assert address["configured"] == "127.0.0.1:0"
    assert int(address["bound"].rsplit(":")[-1]) > 0
    assert (address["queue"], address["queue_max"]) == (0, min(4096, somaxconn()))


def somaxconn():
    with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
        return int(file.read())


def test_a_star_is_one_port_of_both_families(launch):
    daemon = launch(echo("*:0"))

    bound = [each["bound"] for each in daemon.listener("echo")["addresses"]]

    port = int(bound[0].rsplit(":")[-1])
    assert sorted(bound) == [f"0.0.0.0:{port}", f"[::]:{port}"]
    with Peer.to(("127.0.0.1", port)) as four, Peer.to(("::1", port)) as six:
        assert echoes(four) and echoes(six)
        assert daemon.live(four.name)["remote"].startswith("127.0.0.1:")
        assert daemon.live(six.name)["remote"].startswith("[::1]:")


def test_ipv6_alone_leaves_the_port_of_ipv4_free(launch):
    daemon = launch(echo("[::1]:0"))
    port = daemon.port("echo")
    with Peer.to(("::1", port)) as peer:
        assert echoes(peer)

    with pytest.raises(ConnectionRefusedError):
        Peer.to(("127.0.0.1", port))


def test_a_unix_socket_has_its_mode_and_goes_with_the_daemon(launch):
    daemon = launch(echo("unix:{folder}/echo.sock", more='unix_mode = "0600"'))
    path = daemon.folder / "echo.sock"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Peer.to(str(path)) as peer:
        assert echoes(peer)

    daemon.process.terminate()
    assert daemon.wait() == 0
    assert not path.exists()
    assert not daemon.socket.exists()


def test_a_stale_socket_file_is_replaced_and_a_live_one_is_not(launch, tmp_path):
    with Server(f"{tmp_path}/stale"):
        pass
    with Server(f"{tmp_path}/live") as live:
        daemon = launch(echo(f"unix:{tmp_path}/stale") + echo(f"unix:{tmp_path}/live", name="second"), until="up")

        eventually(lambda: daemon.listener("echo")["state"] == "up")
        assert "in use" in daemon.listener("second")["error"] or "answers" in daemon.listener("second")["error"]
        with Peer.to(f"{tmp_path}/live"):
            live.accept().close()  # still its owner's


def test_a_file_that_is_no_socket_is_left_alone(launch, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    daemon = launch(echo(f"unix:{path}"), until="up")

    assert eventually(lambda: daemon.listener("echo"))["state"] == "failed"
    assert path.read_text() == "mine"


def test_a_second_daemon_does_not_take_the_api_socket_of_the_first(launch, tmp_path):
    daemon = launch(echo("127.0.0.1:0"))
    file = tmp_path / "second.toml"
    file.write_text(f'[api]\nsocket = "{daemon.socket}"\nhttp = ""\n')

    done = run_tcpctld("-c", str(file))

    assert done.returncode == 1
    assert str(daemon.socket) in done.stderr
    assert daemon.get("/healthz").status == 200


def test_a_missing_folder_of_the_api_socket_is_one_clear_sentence(launch):
    daemon = launch('[api]\nsocket = "{folder}/gone/api.sock"', until="")
    daemon.expected_exit = 1

    assert daemon.wait() == 1
    assert f"the folder {daemon.folder}/gone does not exist; make it" in daemon.log()
    assert "set api.socket" in daemon.log()


def test_the_api_socket_is_for_owner_and_group_only(launch):
    daemon = launch("")

    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o660
