# SPDX-License-Identifier: Apache-2.0
"""The log: where it goes, what a line is, and that a file may be rotated."""
import json
import signal

import pytest

from harness.wait import eventually

LISTENER = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""


@pytest.mark.quick
def test_sigusr1_opens_the_file_anew_after_a_rotation(launch):
    daemon = launch('[log]\ntarget = "file:{folder}/own.log"\n' + LISTENER)
    path, rotated = daemon.folder / "own.log", daemon.folder / "own.log.1"
    eventually(lambda: path.exists() and "daemon.started" in path.read_text())
    path.rename(rotated)

    daemon.signal(signal.SIGUSR1)

    eventually(path.exists, "the new file")
    daemon.post("/v1/listeners/echo/pause")
    eventually(lambda: "echo/pause" in path.read_text())
    assert "echo/pause" not in rotated.read_text()


def test_with_format_json_a_line_is_an_object(launch):
    daemon = launch('[log]\ntarget = "file:{folder}/own.log"\nformat = "json"\n' + LISTENER)
    path = daemon.folder / "own.log"
    eventually(lambda: path.exists() and "daemon.started" in path.read_text())

    lines = [json.loads(line) for line in path.read_text().splitlines()]

    started = next(line for line in lines if line["event"] == "daemon.started")
    assert started["level"] == "info"
    assert "time" in started


def test_the_end_of_a_connection_is_a_line_with_its_reason_at_debug(launch):
    daemon = launch(LISTENER)
    with daemon.connect("echo") as peer:
        peer.send(b"x")
        peer.read(1)
        name = peer.name

    line = eventually(lambda: next((line for line in daemon.log().splitlines()
                                    if "connection.closed" in line and name in line), None))

    for part in ("reason=peer_fin", "first=remote", "bytes_in=1"):
        assert part in line


def test_at_error_there_is_nothing_to_say_of_a_normal_run(launch):
    daemon = launch('[log]\nlevel = "error"\n' + LISTENER)
    with daemon.connect("echo") as peer:
        peer.send(b"x")
        peer.read(1)
    daemon.reload()

    assert daemon.log() == ""


def test_what_a_caller_writes_into_a_path_cannot_forge_a_line(launch):
    daemon = launch(LISTENER)

    daemon.post("/v1/listeners/x%0Atime=forged/pause")

    eventually(lambda: "forged" in daemon.log())
    assert not [line for line in daemon.log().splitlines() if line.startswith("time=forged")]
