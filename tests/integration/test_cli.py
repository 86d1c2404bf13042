# SPDX-License-Identifier: Apache-2.0
"""tcpctl against the real daemon: every noun, the exit statuses, the forms of output."""
import csv
import hashlib
import io
import json
import os
import subprocess

import pytest

from harness.daemon import TCPCTL, environment
from harness.peers import Server, closed_port
from harness.wait import eventually

DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND, NOT_ALLOWED = range(6)


@pytest.fixture(scope="module")
def servers():
    with Server() as feed, closed_port() as closed:
        yield feed, closed


@pytest.fixture(scope="module")
def daemon(launch_shared, servers):
    feed, closed = servers
    daemon = launch_shared(f"""
[api.tokens]
reader = {{ role = "read", sha256 = "{hashlib.sha256(b'reader').hexdigest()}" }}

[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"

[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = [{{ name = "dead", address = "{closed.address}" }}] }}

[clients.feed]
connect = "{feed.address}"
mode = "keep"

[clients.check]
connect = "{closed.address}"
mode = "probe"
interval = "1h"
""", listen_http=True)
    daemon.feed = feed.accept()
    eventually(lambda: daemon.client("feed")["state"] == "up")
    eventually(lambda: daemon.client("check")["last_probe"])
    yield daemon
    daemon.feed.close()


@pytest.fixture
def conversation(daemon):
    with daemon.connect("echo") as peer:
        peer.send(b"hello")
        peer.read(5)
        peer.row = daemon.live(peer.name)
        yield peer


def assert_one_line(done, status, *words):
    assert done.returncode == status, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


# --- what each noun shows -------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize(("arguments", "words"), [
    ([], ["echo", "feed"]),
    (["status"], ["Workers", "2"]),
    (["listener"], ["NAME", "echo", "up"]),
    (["listeners", "list"], ["echo", "web"]),
    (["listener", "show", "echo"], ["Listener echo", "127.0.0.1:0"]),
    (["client"], ["feed", "up", "check", "down"]),
    (["client", "show", "check"], ["L4CON"]),
    (["upstream", "list", "web"], ["dead"]),
    (["services"], ["echo", "discard", "forward"]),
    (["config", "show"], ["[listeners.web]"]),
    (["log-level"], ["debug"]),
    (["metrics"], ["tcpctl_build_info"]),
    (["version"], ["tcpctl ", "tcpctld "]),
    (["api", "GET", "/healthz"], ["ok"]),
    (["api", "get", "/v1/listeners/echo"], ['"name"']),
])
def test_a_noun_shows_what_there_is(daemon, arguments, words):
    done = daemon.tcpctl(*arguments)

    assert done.returncode == DONE, done.stderr
    assert done.stderr == ""
    for word in words:
        assert word in done.stdout


@pytest.mark.quick
def test_conn_lists_shows_and_kills(daemon, conversation):
    identity, name = conversation.row["id"], conversation.name

    listed = daemon.tcpctl("conn")
    assert identity in listed.stdout and name in listed.stdout and "ESTABLISHED" in listed.stdout
    shown = daemon.tcpctl("conn", "show", identity)
    assert name in shown.stdout and "first_byte_in" in shown.stdout
    killed = daemon.tcpctl("conn", "kill", identity, "--reset")
    assert (killed.returncode, killed.stderr) == (DONE, "")
    assert conversation.read_to_end() == (b"", "rst")
    daemon.ended(name)
    assert "admin_kill" in daemon.tcpctl("history", "--reason", "admin_kill").stdout
    assert "admin_kill" in daemon.tcpctl("history", "show", identity).stdout
    assert_one_line(daemon.tcpctl("conn", "kill", identity), NOT_FOUND, identity)


def test_conn_kill_takes_a_filter_but_never_nothing(daemon, conversation):
    assert_one_line(daemon.tcpctl("conn", "kill"), USAGE, "--listener")

    done = daemon.tcpctl("conn", "kill", "--listener", "echo", "--yes")

    assert (done.returncode, "1 connection " in done.stdout) == (DONE, True)
    assert conversation.read_to_end() == (b"", "fin")


def test_filters_are_the_api_s(daemon, conversation):
    assert conversation.name in daemon.tcpctl("conn", "--listener", "echo", "--sort=-bytes_in").stdout
    assert conversation.name not in daemon.tcpctl("conn", "--min-bytes", "1MiB").stdout
    assert conversation.name not in daemon.tcpctl("conn", "--direction", "outbound").stdout


def test_filters_are_written_as_in_ss(daemon, conversation):
    def listed(*words):
        done = daemon.tcpctl("conn", *words, "--columns", "remote", "--no-headers")
        assert done.returncode == DONE, done.stderr
        return done.stdout.split()

    port = conversation.name.rpartition(":")[2]
    assert listed("state", "ESTABLISHED", "listener", "echo", "rtt<1m", "src", "127.0.0.0/8") == [conversation.name]
    assert listed("inbound", "dport", "=", f":{port}") == [conversation.name]
    assert listed("dst", conversation.name, "--sort=-rtt") == [conversation.name]
    assert listed("inbound", "dport", "!=", port) == listed("listener", "echo", "rtt>1m") == []
    assert_one_line(daemon.tcpctl("conn", "listener", "echo", "rt>5ms"), FAILED, "did you mean 'rtt'?")
    assert_one_line(daemon.tcpctl("conn", "listener", "echo", "or", "inbound"), USAGE, "'or' is not possible")


def test_what_takes_time_is_waited_for(daemon, conversation):
    killed = daemon.tcpctl("conn", "kill", daemon.live(conversation.name)["id"], "--wait")
    assert killed.returncode == DONE and killed.stdout.endswith("all of them have ended\n")
    assert daemon.tcpctl("listener", "pause", "echo").returncode == DONE
    resumed = daemon.tcpctl("listener", "resume", "echo", "--wait", "--timeout", "10s")
    assert resumed.returncode == DONE and resumed.stdout.endswith("listener echo: up\n")
    assert_one_line(daemon.tcpctl("listener", "resume", "echo", "--wait", "--timeout", "soon"), USAGE, "--timeout")


def test_waiting_has_an_end_that_says_how_things_stand(launch):
    with closed_port() as closed:
        daemon = launch(f"""
[clients.lost]
connect = "{closed.address}"
mode = "keep"
""", until="up")
        daemon.tcpctl("client", "pause", "lost")
        done = daemon.tcpctl("client", "resume", "lost", "--wait", "--timeout", "100ms")

    assert done.returncode == FAILED
    assert done.stderr.startswith("tcpctl: client lost: ") and done.stderr.endswith("; it is tried again by itself\n")


def test_a_watched_list_is_printed_until_nobody_reads(daemon, conversation):
    with subprocess.Popen([TCPCTL, "conn", "inbound", "--watch=0.1", "--columns", "remote,in"], stdout=subprocess.PIPE,
                          text=True, env={**environment(), "TCPCTL_HOST": f"unix:{daemon.socket}"}) as watching:
        while conversation.name not in watching.stdout.readline():
            pass
        conversation.send(b"more")
        while not watching.stdout.readline().rstrip().endswith("*"):
            pass
        watching.stdout.close()
        assert watching.wait(20) == DONE


@pytest.mark.quick
def test_listeners_are_paused_and_resumed(daemon):
    assert daemon.tcpctl("listener", "pause", "echo").returncode == DONE
    assert "paused" in daemon.tcpctl("listener").stdout
    assert daemon.tcpctl("listener", "resume", "echo").returncode == DONE
    assert daemon.listener("echo")["state"] == "up"


@pytest.mark.quick
def test_a_client_sends_and_shows_what_it_received(daemon, tmp_path):
    assert daemon.tcpctl("client", "send", "feed", "one", "--line").returncode == DONE
    assert daemon.tcpctl("client", "send", "feed", "-", stdin="two\n").returncode == DONE
    (tmp_path / "three").write_bytes(b"\x00\xff\n")
    assert daemon.tcpctl("client", "send", "feed", "-f", str(tmp_path / "three")).returncode == DONE
    assert daemon.feed.read(11) == b"one\ntwo\n\x00\xff\n"
    daemon.feed.send(b"news\n")
    eventually(lambda: daemon.client("feed")["bytes_in_total"] >= 5)

    assert "news\n" in daemon.tcpctl("client", "received", "feed").stdout


@pytest.mark.quick
def test_a_failing_probe_is_status_1(daemon):
    done = daemon.tcpctl("client", "run", "check")

    assert done.returncode == FAILED
    assert "L4CON" in done.stdout


def test_the_log_level_is_changed(daemon):
    assert daemon.tcpctl("log-level", "trace").returncode == DONE
    assert daemon.json("/v1/log/level") == {"level": "trace"}
    assert daemon.tcpctl("log-level", "debug").returncode == DONE
    assert_one_line(daemon.tcpctl("log-level", "loud"), USAGE, "loud")


@pytest.mark.quick
def test_config_check_and_reload_tell_of_every_mistake(daemon, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[listeners.x]\nlisten = ["nonsense"]\nservice = "ecco"\n')

    done = daemon.tcpctl("config", "check", str(wrong))

    assert done.returncode == FAILED
    assert "nonsense" in done.stdout + done.stderr
    assert "ecco" in done.stdout + done.stderr

    before = daemon.own_file.read_text()
    daemon.own_file.write_text("nonsense")
    refused = daemon.tcpctl("config", "reload")
    daemon.own_file.write_text(before)
    assert refused.returncode == FAILED
    assert "test.toml:1" in refused.stderr
    reloaded = daemon.tcpctl("config", "reload")
    assert (reloaded.returncode, "kept" in reloaded.stdout) == (DONE, True)


# --- forms of output ------------------------------------------------------------------------------

@pytest.mark.quick
def test_json_is_the_api_s_answer_with_all_pages_joined(daemon):
    peers = [daemon.connect("echo") for _ in range(120)]
    eventually(lambda: len(daemon.connections(listener="echo")) == 120)

    rows = daemon.tcpctl_json("conn", "--listener", "echo")["items"]

    assert {row["remote"] for row in rows} == {peer.name for peer in peers}
    assert len(rows) == 120
    for peer in peers:
        peer.close()


def test_json_of_one_object_is_the_object(daemon):
    assert daemon.tcpctl_json("listener", "show", "echo")["name"] == "echo"
    assert daemon.tcpctl_json("status")["pid"] == daemon.process.pid


@pytest.mark.quick
def test_csv_has_a_head_and_a_line_a_row(daemon):
    done = daemon.tcpctl("-o", "csv", "listener")

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [next(iter(row.values())) for row in rows] == ["echo", "web"]


def test_a_table_fits_the_width_that_is_asked_for(daemon):
    for width in (40, 60, 80, 120):
        for noun in ("listener", "client", "history"):
            done = daemon.tcpctl(noun, COLUMNS=str(width))

            assert done.returncode == DONE
            assert max(len(line) for line in done.stdout.splitlines()) <= width


def test_a_pipe_gets_no_colours(daemon):
    assert "\x1b" not in daemon.tcpctl("listener", TERM="xterm-256color").stdout


# --- mistakes and failures ------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize(("arguments", "status", "words"), [
    (["listner"], USAGE, ["listner", "listener"]),
    (["listener", "puase", "echo"], USAGE, ["puase", "pause"]),
    (["listener", "pause"], USAGE, ["NAME"]),
    (["conn", "--listner", "x"], USAGE, ["--listener"]),
    (["-o", "xml", "listener"], USAGE, ["xml", "json"]),
    (["--host", "nonsense", "status"], USAGE, ["nonsense", "unix:"]),
    (["listener", "show", "nobody"], NOT_FOUND, ["nobody"]),
    (["client", "pause", "nobody"], NOT_FOUND, ["nobody"]),
    (["conn", "show", "9-9"], NOT_FOUND, ["9-9"]),
    (["history", "show", "1-999999"], NOT_FOUND, ["1-999999"]),
    (["upstream", "list", "nobody"], NOT_FOUND, ["nobody"]),
    (["conn", "--state", "OPEN"], FAILED, ["state"]),
    (["client", "send", "check", "x"], FAILED, ["probe"]),
])
def test_a_failure_is_one_line_and_its_status(daemon, arguments, status, words):
    assert_one_line(daemon.tcpctl(*arguments), status, *words)


def run(*arguments, **variables):
    return subprocess.run([TCPCTL, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={**environment(), **variables}, check=False)


@pytest.mark.quick
def test_where_no_daemon_runs_the_user_is_told_what_to_do(tmp_path):
    for host in (f"unix:{tmp_path}/none.sock", "http://127.0.0.1:1"):
        assert_one_line(run("--host", host, "status"), UNREACHABLE, "cannot reach", host, "is tcpctld running")


def test_the_host_may_come_from_the_environment(daemon):
    done = run("listener", TCPCTL_HOST=f"unix:{daemon.socket}")

    assert (done.returncode, "echo" in done.stdout) == (DONE, True)


@pytest.mark.quick
def test_over_http_a_change_without_a_token_is_not_allowed(daemon):
    host = "http://%s:%d" % daemon.http

    assert run("--host", host, "listener").returncode == DONE
    assert_one_line(run("--host", host, "listener", "pause", "echo"), NOT_ALLOWED, "TCPCTL_TOKEN")
    assert_one_line(run("--host", host, "listener", "pause", "echo", TCPCTL_TOKEN="reader"), NOT_ALLOWED, "operate")


@pytest.mark.skipif(os.getuid() != 0, reason="needs to become another user")
def test_a_user_who_may_not_use_the_socket_is_told_so(daemon, tmp_path):
    daemon.folder.chmod(0o755)

    done = subprocess.run([TCPCTL, "--host", f"unix:{daemon.socket}", "status"], capture_output=True, text=True,
                          user=65534, group=65534, extra_groups=[], timeout=60, env=environment(), check=False)

    assert_one_line(done, NOT_ALLOWED, "permission denied", "tcpctl", "sudo")


def test_something_that_is_no_daemon_is_recognised():
    with Server() as impostor:
        import concurrent.futures
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = pool.submit(run, "--host", f"http://{impostor.address}", "status")
            with impostor.accept() as peer:
                peer.read_line()
                peer.send(b"220 mail ready\r\n")

            assert_one_line(running.result(), UNREACHABLE, impostor.address)


@pytest.mark.quick
@pytest.mark.parametrize("noun", ["", "status", "listener", "client", "conn", "history", "upstream", "services",
                                  "config", "log-level", "api", "connect", "metrics", "version"])
def test_help_has_an_example_and_needs_no_daemon(noun):
    done = run(*filter(None, [noun]), "--help", TCPCTL_HOST="unix:/nowhere")

    assert done.returncode == DONE
    assert "tcpctl" in done.stdout
    assert "xample" in done.stdout
    assert done.stderr == ""


def test_api_prints_the_problem_and_fails(daemon):
    done = daemon.tcpctl("api", "GET", "/v1/listeners/nobody")

    assert done.returncode == NOT_FOUND
    assert json.loads(done.stdout)["status"] == 404


def test_a_closed_pipe_is_no_error(daemon):
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run([TCPCTL, "--host", f"unix:{daemon.socket}", "metrics"], stdout=writer, stderr=subprocess.PIPE,
                          text=True, timeout=60, env=environment(), check=False)

    os.close(writer)
    assert done.stderr == ""
