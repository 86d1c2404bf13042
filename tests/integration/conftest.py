# SPDX-License-Identifier: Apache-2.0
"""Fixtures: daemons of one test, and daemons that the tests of a module share."""
import contextlib
import pathlib
import resource
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.daemon import TCPCTL, TCPCTLD, Daemon  # noqa: E402 (after the path)


def pytest_sessionstart():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for the peers; daemons get their own
    # A shell's background job ignores it, and so would all programs that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for program in (TCPCTLD, TCPCTL):
        if not program.exists():
            pytest.exit(f"{program} is not built; set TCPCTL_BUILD to a build folder", returncode=2)


@contextlib.contextmanager
def _launcher():
    with contextlib.ExitStack() as stops:
        def launch(config, until="ready", **options):
            """Starts a daemon on `config` and waits until it is "ready", only "up", or, for "", not at all."""
            daemon = Daemon(config, **options)
            stops.callback(daemon.stop)
            if until == "ready":
                daemon.wait_until_ready()
            elif until == "up":
                daemon.wait_until_up()
            return daemon
        yield launch


@pytest.fixture
def launch():
    with _launcher() as launcher:
        yield launcher


@pytest.fixture(scope="module")
def launch_shared():
    with _launcher() as launcher:
        yield launcher
