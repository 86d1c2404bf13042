# SPDX-License-Identifier: Apache-2.0
"""What the daemon tells the service manager (Type=notify), heard on a socket in its place."""
import signal

import pytest

from harness.manager import Manager

CONFIG = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


@pytest.mark.quick
def test_ready_is_said_once_the_listeners_are_bound(launch, manager):
    daemon = launch(CONFIG, until="", variables={"NOTIFY_SOCKET": manager.path})

    manager.wait_for("READY=1")

    assert daemon.listener("echo")["state"] == "up"
    assert [line for line in manager.lines() if line.startswith("STATUS=")][-1] == (
        "STATUS=1 listeners, 0 clients, 0 connections")


def test_a_reload_is_announced_and_its_end_too(launch, manager):
    daemon = launch(CONFIG, variables={"NOTIFY_SOCKET": manager.path})
    manager.wait_for("READY=1")
    before = len(manager.lines())

    daemon.signal(signal.SIGHUP)

    manager.wait_for("READY=1", after=before)
    said = manager.lines()[before:]
    assert said.index("RELOADING=1") < said.index("READY=1")
    assert any(line.startswith("MONOTONIC_USEC=") for line in said)


def test_a_reload_that_is_refused_is_over_as_well(launch, manager):
    daemon = launch(CONFIG, variables={"NOTIFY_SOCKET": manager.path})
    manager.wait_for("READY=1")
    before = len(manager.lines())
    daemon.write("nonsense")

    daemon.signal(signal.SIGHUP)

    manager.wait_for("READY=1", after=before)


def test_the_end_is_announced(launch, manager):
    daemon = launch(CONFIG, variables={"NOTIFY_SOCKET": manager.path})

    daemon.signal(signal.SIGTERM)

    assert daemon.wait() == 0
    manager.wait_for("STOPPING=1")
