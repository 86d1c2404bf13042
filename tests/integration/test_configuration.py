# SPDX-License-Identifier: Apache-2.0
"""tcpctld --check-config, --print-keys and --version: what a user reads before anything runs."""
import re

import pytest

from harness.daemon import ROOT, run_tcpctld


def check(tmp_path, text, **more):
    file = tmp_path / "tcpctld.toml"
    file.write_text(text)
    for name, content in more.items():
        (tmp_path / "conf.d").mkdir(exist_ok=True)
        (tmp_path / "conf.d" / f"{name}.toml").write_text(content)
    return run_tcpctld("--check-config", "-c", str(file))


@pytest.mark.quick
def test_a_right_file_is_answered_with_silence(tmp_path):
    done = check(tmp_path, '[listeners.echo]\nlisten = ["127.0.0.1:7000"]\nservice = "echo"\n')

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.quick
def test_every_mistake_of_a_file_is_listed_at_once_with_its_place(tmp_path):
    done = check(tmp_path, """\
[daemon]
workers = -1
drain_timeout = 30
[log]
level = "inf"
[listeners.web]
listen = ["127.0.0.1:99999", "example.org:80"]
service = "ecco"
max_conections = 10
idle_timeout = "5 parsecs"
allow = ["10.0.0.0/33"]
[listeners."bad name"]
listen = ["127.0.0.1:0"]
service = "echo"
[listeners.none]
service = "echo"
[clients.c]
connect = "127.0.0.1"
mode = "keeep"
[typo]
x = 1
""")

    assert done.returncode == 1
    places = [(int(line), int(column)) for line, column in
              re.findall(r"tcpctld\.toml:(\d+):(\d+): ", done.stderr)]
    assert len(places) == len(done.stderr.strip().splitlines())
    assert {line for line, _ in places} == {2, 3, 5, 7, 8, 9, 10, 11, 12, 15, 18, 19, 20}
    assert places == sorted(places)
    for words in ("workers", "30", '"info"', "99999", "example.org", '"echo"', "max_connections", "parsecs",
                  "10.0.0.0/33", "bad name", "listen", "127.0.0.1", "keep", "typo"):
        assert words.strip('"') in done.stderr


def echo(more):
    return f'[listeners.x]\nlisten = ["127.0.0.1:0"]\nservice = "echo"\n{more}\n'


@pytest.mark.quick
@pytest.mark.parametrize(("text", "words"), [
    ("[listeners.x\n", ["1:"]),
    ("a = 1\na = 2\n", ["2:", "a"]),
    ('[listeners.x]\nlisten = []\nservice = "echo"\n', ["listen"]),
    ('[listeners.x]\nlisten = ["127.0.0.1:0"]\nservice = "forward"\n', ["upstreams"]),
    (echo('[listeners.x.dialog]\ngreeting = "x"'), ["4:", "dialog"]),
    (echo('dialog = { reply = "{lines}" }').replace("echo", "dialog"), ["4:", "{lines}", "{line}"]),
    ('[api]\nhttp = "0.0.0.0:9810"\n', ["2:", "loopback"]),
    ('[clients.x]\nconnect = "h:1"\nmode = "probe"\nsteps = [{ expect = "(" }]\n', ["4:", "pattern"]),
    ('[clients.x]\nconnect = "h:1"\nmode = "probe"\nconnections = 2\n', ["4:", "connections", "keep"]),
    ('[history]\nconnections = 99999999999999999999\n', ["2:"]),
    (echo('idle_timeout = "99999999999h"'), ["4:", "idle_timeout"]),
])
def test_a_mistake_is_told_with_place_and_key(tmp_path, text, words):
    done = check(tmp_path, text)

    assert done.returncode == 1
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr


def test_a_name_declared_in_two_files_gives_both_places(tmp_path):
    listener = '[listeners.x]\nlisten = ["127.0.0.1:0"]\nservice = "echo"\n'
    done = check(tmp_path, "# one\n" + listener, more=listener)

    assert done.returncode == 1
    assert "tcpctld.toml:2:" in done.stderr
    assert "conf.d/more.toml:1:" in done.stderr


def test_conf_d_adds_and_a_later_file_wins(tmp_path):
    done = check(tmp_path, '[log]\nlevel = "loud"\n', a='[log]\nlevel = "info"\n')

    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_file_is_one_clear_line(tmp_path):
    done = run_tcpctld("--check-config", "-c", str(tmp_path / "nowhere.toml"))

    assert done.returncode == 1
    assert "nowhere.toml" in done.stderr
    assert "No such file" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.quick
def test_nothing_starts_on_a_wrong_file(tmp_path):
    file = tmp_path / "t.toml"
    file.write_text(f'[api]\nsocket = "{tmp_path}/s"\nhtp = ""\n')

    done = run_tcpctld("-c", str(file))

    assert done.returncode == 1
    assert "htp" in done.stderr
    assert not (tmp_path / "s").exists()


def test_hostile_bytes_in_a_file_are_escaped(tmp_path):
    (tmp_path / "tcpctld.toml").write_bytes(b'[listeners."a\x7f\\u001b[2J"]\nx = 1\n')

    done = run_tcpctld("--check-config", "-c", str(tmp_path / "tcpctld.toml"))

    assert done.returncode == 1
    assert "\x1b" not in done.stderr


@pytest.mark.quick
def test_print_keys_tells_type_default_bounds_and_help_of_every_key():
    done = run_tcpctld("--print-keys")

    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    for key, words in {
        "daemon.workers": ["integer", "0", "256", "Event loops"],
        "listeners.*.backlog": ["integer", "4096"],
        "listeners.*.user_timeout": ["duration", "2m"],
        "listeners.*.dialog.framing": ["line", "read"],
        "listeners.*.forward.upstreams[]": ["Where to connect"],
        "clients.*.backoff.max": ["duration", "2m"],
        "clients.*.steps[].expect": ["RE2"],
    }.items():
        for word in words:
            assert word in lines[key], lines[key]


def test_the_shipped_configuration_is_right():
    done = run_tcpctld("--check-config", "-c", str(ROOT / "etc" / "tcpctld.toml"))

    assert (done.returncode, done.stderr) == (0, "")


def test_version_names_the_libraries():
    done = run_tcpctld("--version")

    assert done.returncode == 0
    for word in ("tcpctld", "libevent", "c-ares"):
        assert word in done.stdout


def test_an_unknown_option_is_status_2():
    done = run_tcpctld("--no-such-option")

    assert done.returncode == 2
    assert "--no-such-option" in done.stderr
