# SPDX-License-Identifier: Apache-2.0
"""One machine for all tests, and the service as it is after the installation for each."""
import os
import pathlib
import resource
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))

from machine import Machine  # noqa: E402 (after the path)


def pytest_sessionstart():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if "TCPCTL_PACKAGE" not in os.environ:
        pytest.exit("set TCPCTL_PACKAGE to the .deb; script/test --system does", returncode=2)


@pytest.fixture(scope="session")
def package():
    return pathlib.Path(os.environ["TCPCTL_PACKAGE"])


@pytest.fixture(scope="session")
def machine(package):
    machine = Machine(package)
    machine.down()  # what a run before may have left
    machine.up()
    machine.install()
    machine.run("adduser", "--quiet", "--disabled-password", "--gecos", "", "member")
    machine.run("adduser", "--quiet", "--disabled-password", "--gecos", "", "stranger")
    machine.run("adduser", "--quiet", "member", "tcpctl")
    yield machine
    machine.down()


@pytest.fixture
def service(machine):
    machine.clean()
    yield machine
    machine.clean()


@pytest.fixture(scope="session")
def figures():
    """What was measured; printed at the end."""
    measured = {}
    yield measured
    for name, value in measured.items():
        print(f"\nfigure: {name}: {value}", end="", file=sys.__stderr__)
