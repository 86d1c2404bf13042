# SPDX-License-Identifier: Apache-2.0
"""A gigabyte both ways at once through a forward: both ends know every byte by its position, and count them; and the
backend's account comes after the client's FIN, so that the half-close holds as well."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TCPCTL_BUILD", ROOT / "build-dev")).resolve()
GIB = 1 << 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*argv):
    process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def wait_until_it_listens(port, process):
    while process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    pytest.fail(f"{process.args[0]} ended")


@pytest.fixture
def forward(tmp_path):
    """The address of a forward to a backend that checks, and sends, what is known beforehand."""
    if not (BUILD / "bench/load").exists():
        pytest.skip(f"{BUILD} has no programs of bench/")
    port, backend_port = free_port(), free_port()
    config = tmp_path / "tcpctld.toml"
    config.write_text(f"""
[daemon]
workers = 2
state = "{tmp_path}/state"
[log]
level = "warn"
target = "stderr"
[api]
socket = "{tmp_path}/api.sock"
http = ""
[listeners.front]
listen = ["127.0.0.1:{port}"]
service = "forward"
[listeners.front.forward]
upstreams = ["127.0.0.1:{backend_port}"]
""")
    with running(BUILD / "bench/backend", "bulk", "--listen", f"127.0.0.1:{backend_port}") as backend, \
            running(BUILD / "daemon/tcpctld", "-c", config) as daemon:
        wait_until_it_listens(backend_port, backend)
        wait_until_it_listens(port, daemon)
        yield f"127.0.0.1:{port}"


@pytest.mark.parametrize(("direction", "connections", "each"), [
    ("both", 1, GIB), ("both", 16, GIB // 16), ("up", 4, GIB // 8), ("down", 4, GIB // 8)])
def test_every_byte_arrives_once_and_in_order(forward, direction, connections, each):
    done = subprocess.run(
        [BUILD / "bench/load", "bulk", "--to", forward, "--direction", direction, "--connections", str(connections),
         "--count", str(each), "--ms", "200000"], capture_output=True, text=True, timeout=220)

    assert done.returncode == 0, done.stderr
    ways = 2 if direction == "both" else 1
    assert json.loads(done.stdout)["units"] >= ways * connections * each
