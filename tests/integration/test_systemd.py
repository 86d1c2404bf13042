# SPDX-License-Identifier: Apache-2.0
"""What the daemon tells the service manager (Type=notify), heard on a socket in its place."""
import signal
import socket

import pytest

from harness.wait import eventually

CONFIG = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""


class Manager:
    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = []

    def lines(self):
        try:
            while True:
                self.heard += self.socket.recv(65536).decode().splitlines()
        except BlockingIOError:
            return self.heard

    def wait_for(self, line, after=0):
        eventually(lambda: line in self.lines()[after:], line)


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


@pytest.mark.quick
def test_ready_is_said_once_the_listeners_are_bound(launch, manager):
    daemon = launch(CONFIG, until="", variables={"NOTIFY_SOCKET": manager.path})

    manager.wait_for("READY=1")

    assert daemon.listener("echo")["state"] == "up"
    assert [line for line in manager.lines() if line.startswith("STATUS=")][-1] == "STATUS=1 listeners, 0 clients"


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
