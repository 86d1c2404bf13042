# SPDX-License-Identifier: Apache-2.0
"""The programs under test, and the environment that they are run in."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("TCPCTL_BUILD", ROOT / "build-dev"))
TCPCTLD = BUILD / "daemon" / "tcpctld"
TCPCTL = BUILD / "ctl" / "tcpctl"


def environment():
    """The caller's, with sanitizers that keep little memory back, so that the daemon's own can be measured."""
    chosen = dict(os.environ)
    chosen["ASAN_OPTIONS"] = ":".join(filter(None, [chosen.get("ASAN_OPTIONS"), "quarantine_size_mb=4"]))
    for name in ("TCPCTL_HOST", "TCPCTL_TOKEN", "COLUMNS", "NO_COLOR", "NOTIFY_SOCKET", "STATE_DIRECTORY"):
        chosen.pop(name, None)
    return chosen
