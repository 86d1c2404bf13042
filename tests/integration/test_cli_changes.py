# SPDX-License-Identifier: Apache-2.0
"""tcpctl listener|client add|set|rm against the real daemon."""
import json
import os
import pty
import subprocess

import pytest

from harness.daemon import TCPCTL, environment
from harness.peers import Server
from harness.wait import eventually

DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND, NOT_ALLOWED = range(6)


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared('[listeners.file]\nlisten = "127.0.0.1:0"\nservice = "echo"\n', listen_http=True)


@pytest.fixture
def web(daemon):
    done = daemon.tcpctl("listener", "add", "web", "--listen", "127.0.0.1:0", "--service", "echo")
    assert done.returncode == DONE, done.stderr
    yield daemon
    daemon.tcpctl("listener", "rm", "web", "--yes")


def config(daemon, name="web"):
    return daemon.listener(name)["config"]


@pytest.mark.quick
def test_a_listener_is_added_changed_and_removed(daemon):
    added = daemon.tcpctl("listener", "add", "web", "--listen", "127.0.0.1:0", "--service", "dialog",
                          "--greeting", "Hi\n", "--idle-timeout", "5m", "dialog.quit=bye")
    assert (added.returncode, added.stderr) == (DONE, "")
    assert added.stdout == f"listener web created, listening on 127.0.0.1:{daemon.port('web')}\n"
    with daemon.connect("web") as peer:
        assert peer.read(3) == b"Hi\n"

    changed = daemon.tcpctl("listener", "set", "web", "idle_timeout=", "backlog=9", "dialog.quit='x'")
    assert changed.returncode == DONE, changed.stderr
    assert changed.stdout.startswith("listener web changed; ")
    assert config(daemon) == {"listen": ["127.0.0.1:0"], "service": "dialog", "backlog": 9,
                              "dialog": {"greeting": "Hi\n", "quit": "x"}}
    assert daemon.tcpctl("listener", "set", "web", "backlog=9").stdout == "listener web unchanged\n"

    removed = daemon.tcpctl("listener", "rm", "web", "--yes")
    assert (removed.returncode, removed.stdout) == (DONE, "listener web removed\n")
    assert daemon.tcpctl("listener", "rm", "web").returncode == NOT_FOUND
    assert daemon.tcpctl("listener", "set", "web", "backlog=9").returncode == NOT_FOUND


def test_a_client_is_added_and_removed(daemon):
    with Server() as server:
        added = daemon.tcpctl("client", "add", "feed", "--connect", server.address, "--mode", "keep")
        assert (added.returncode, added.stdout) == (DONE, f"client feed created, connects to {server.address}\n")
        eventually(lambda: daemon.client("feed")["state"] == "up")

        no = at_terminal(daemon, "client", "rm", "feed", answer=b"n\n")
        assert no.returncode == FAILED
        assert "client feed has 1 open connection, to be ended" in no.stderr
        assert daemon.tcpctl("client", "rm", "feed").stdout == "client feed removed\n"


@pytest.mark.parametrize(("name", "text"), [
    ("a.toml", '[listeners.web]\nlisten = "127.0.0.1:0"\nservice = "echo"\n'),
    ("a.json", '{"listeners": {"web": {"listen": "127.0.0.1:0", "service": "echo"}}}'),
    ("b.toml", 'listen = "127.0.0.1:0"\nservice = "echo"\n')])
def test_a_file_declares_it(daemon, tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    for source, stdin in ((str(path), ""), ("-", text)):
        words = ["add"] if name.startswith("a") else ["add", "web"]
        done = daemon.tcpctl("listener", *words, "-f", source, "max_connections=3", stdin=stdin)
        assert done.returncode == DONE, done.stderr
        assert config(daemon) == {"listen": "127.0.0.1:0", "service": "echo", "max_connections": 3}
        daemon.tcpctl("listener", "rm", "web", "--yes")


def test_what_is_shown_can_be_put_back(web, tmp_path):
    path = tmp_path / "web.json"
    path.write_text(json.dumps(config(web)))
    done = web.tcpctl("listener", "add", "web", "--replace", "-f", str(path))
    assert (done.returncode, done.stdout) == (DONE, "listener web unchanged\n")


def test_a_name_that_exists_is_not_added(web):
    done = web.tcpctl("listener", "add", "web", "--listen", "127.0.0.1:0", "--service", "discard")
    assert done.returncode == FAILED
    assert done.stderr == ("tcpctl: listener web exists already; change it with 'tcpctl listener set', or write "
                           "--replace\n")
    done = web.tcpctl("listener", "add", "web", "--replace", "--listen", "127.0.0.1:0", "--service", "discard")
    assert done.stdout == "listener web changed; service: new connections\n"


def test_a_mistake_is_told_where_it_was_made(web, tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('listen = "127.0.0.1:0"\nservice = "ecko"\nbacklg = 1\n')

    done = web.tcpctl("listener", "set", "web", "-f", str(path), "--idle-timeout", "5", "keepalive.idle=x")

    assert (done.returncode, done.stdout) == (FAILED, "")
    lines = sorted(done.stderr.splitlines())
    assert len(lines) == 4, lines
    assert lines[0].startswith(f"{path}:2:") and "echo" in lines[0]
    assert lines[1].startswith(f"{path}:3:") and "did you mean 'backlog'?" in lines[1]
    assert lines[2].startswith("tcpctl: --idle-timeout: expected a duration")
    assert lines[3].startswith("tcpctl: keepalive.idle: duration 'x'")
    missing = web.tcpctl("listener", "add", "other")
    assert missing.returncode == FAILED
    assert "service" in missing.stderr


def test_a_dry_run_does_nothing(web):
    before = config(web)
    assert web.tcpctl("listener", "set", "web", "backlog=5", "--dry-run").stdout.startswith(
        "listener web would be changed; backlog: ")
    assert web.tcpctl("listener", "rm", "web", "--dry-run").stdout == "listener web would be removed\n"
    assert web.tcpctl("listener", "add", "new", "--listen", "127.0.0.1:0", "--service", "echo",
                      "--dry-run").stdout == "listener new would be created\n"
    assert config(web) == before
    assert web.get("/v1/listeners/new").status == 404


def at_terminal(daemon, *arguments, answer):
    """Runs tcpctl with a terminal as its stdin, on which `answer` is typed."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer)
        return subprocess.run([TCPCTL, "--host", f"unix:{daemon.socket}", *arguments], stdin=theirs,
                              capture_output=True, text=True, timeout=60, check=False, env=environment())
    finally:
        os.close(ours)
        os.close(theirs)


def test_several_are_removed_by_a_script_only_if_it_says_yes(web):
    web.tcpctl("listener", "add", "other", "--listen", "127.0.0.1:0", "--service", "echo")
    refused = web.tcpctl("listener", "rm", "web", "other")
    assert (refused.returncode, refused.stdout) == (USAGE, "")
    assert "2 listeners are to be removed; write --yes" in refused.stderr

    removed = web.tcpctl("listener", "rm", "web", "other", "--yes", "-o", "json")

    assert removed.returncode == DONE
    assert [row["name"] for row in json.loads(removed.stdout)["items"]] == ["web", "other"]


def test_a_save_tells_all_that_it_saved(launch):
    daemon = launch('[listeners.file]\nlisten = "127.0.0.1:0"\nservice = "echo"\n')
    daemon.tcpctl("listener", "set", "file", "backlog=9")
    added = daemon.tcpctl("listener", "add", "web", "--listen", "127.0.0.1:0", "--service", "echo", "--save")
    assert added.returncode == DONE, added.stderr
    told = added.stdout.splitlines()[1]
    assert told.startswith("saved in /") and told.endswith("/saved.toml: listeners.file, listeners.web")

    removed = daemon.tcpctl("listener", "rm", "web", "file", "--yes", "--save", "-o", "json")

    assert json.loads(removed.stdout)["save"]["removed"] == ["listeners.file", "listeners.web"]


def test_a_listener_with_connections_is_removed_at_a_terminal_only_by_who_means_it(web):
    with web.connect("web") as peer:
        web.live(peer.name)
        no = at_terminal(web, "listener", "rm", "web", answer=b"n\n")
        assert (no.returncode, no.stdout) == (FAILED, "")
        assert "web has 1 open connection, to be left alone; remove it? [y/N]" in no.stderr

        yes = at_terminal(web, "listener", "rm", "web", "--drain", "0s", answer=b"y\n")

        assert (yes.returncode, yes.stdout) == (DONE, "listener web removed\n")
        assert peer.read_to_end()[0] == b""


def test_who_may_only_read_changes_nothing(daemon):
    host = "http://{}:{}".format(*daemon.http)
    done = subprocess.run([TCPCTL, "--host", host, "listener", "set", "file", "backlog=1"], capture_output=True,
                          text=True, timeout=60, check=False, env=environment())
    assert done.returncode == NOT_ALLOWED


def test_api_takes_headers_and_shows_those_of_the_answer(web):
    shown = web.tcpctl("api", "-i", "GET", "/v1/listeners/web")
    tag = next(line for line in shown.stdout.splitlines() if line.lower().startswith("etag: ")).split(" ", 1)[1]
    body = '{"backlog": 7}'
    first = web.tcpctl("api", "PATCH", "/v1/listeners/web", "-d", "-", "-H", f"If-Match: {tag}", stdin=body)
    second = web.tcpctl("api", "PATCH", "/v1/listeners/web", "-d", body, "-H", f"If-Match: {tag}")
    assert (first.returncode, second.returncode) == (DONE, FAILED)
    assert "was changed since it was read" in second.stderr
