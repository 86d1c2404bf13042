# SPDX-License-Identifier: Apache-2.0
"""tcpctl doctor, against a daemon and against none."""
import json
import os
import socket

import pytest

from harness.daemon import TCPCTL
from harness.programs import environment
from harness.wait import eventually

import subprocess

ECHO = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""


def findings(daemon):
    done = daemon.tcpctl("-o", "json", "doctor")
    return done.returncode, json.loads(done.stdout)["items"]


@pytest.mark.quick
def test_a_daemon_that_is_well_is_no_problem(launch):
    status, found = findings(launch(ECHO))

    assert [row for row in found if row["level"] == "problem" and row["check"] in ("daemon", "state")] == []
    assert {"daemon", "state", "somaxconn", "files"} <= {row["check"] for row in found}
    assert status == (1 if any(row["level"] == "problem" for row in found) else 0)
    for row in found:
        assert row["level"] == "ok" or row["remedy"] or row["check"] == "daemon", row


def test_a_listener_that_failed_is_one(launch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon = launch(ECHO + f'[listeners.web]\nlisten = ["127.0.0.1:{port}"]\nservice = "echo"\n', until="up")

        status, found = findings(daemon)

    assert status == 1
    problem = next(row for row in found if row["check"] == "state")
    assert problem["level"] == "problem" and "listener web" in problem["text"]
    assert problem["remedy"] == "tcpctl listener show web"


def test_an_upstream_that_is_down_is_one(launch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        daemon = launch(f"""
[listeners.front]
listen = ["127.0.0.1:0"]
service = "forward"
forward.upstreams = ["127.0.0.1:{nobody.getsockname()[1]}"]
forward.health = {{ interval = "100ms" }}
""")
        eventually(lambda: any("upstreams down" in row["text"] for row in findings(daemon)[1]), "the upstream")


def test_without_a_daemon_the_host_is_looked_at_all_the_same(tmp_path):
    done = subprocess.run([TCPCTL, "--host", f"unix:{tmp_path}/none.sock", "doctor"], capture_output=True, text=True,
                          check=False, env=environment(), timeout=60)

    assert done.returncode == 1
    assert done.stdout.startswith("problem  daemon")
    assert "somaxconn" in done.stdout


def test_a_tree_of_ones_own_is_not_asked_for(launch):
    assert launch(ECHO).tcpctl("doctor", "--root", os.sep).returncode == 2
