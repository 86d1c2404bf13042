# SPDX-License-Identifier: Apache-2.0
"""A network namespace of our own: nobody else's traffic, and the same TCP settings for every contestant."""

import os
import subprocess
import sys
from pathlib import Path

MARK = "TCPCTL_BENCH_NAMESPACE"
SETTINGS = {
    # Many short connections to few addresses: without these the search for a free port is what gets measured.
    "net/ipv4/ip_local_port_range": "10000 65535",
    "net/ipv4/tcp_tw_reuse": "1",
    "net/ipv4/tcp_tw_reuse_delay": "1",
    "net/core/somaxconn": "4096",
}


def enter(argv):
    """Starts this program again inside a new namespace, unless it is there already."""
    if os.environ.get(MARK):
        return
    os.environ[MARK] = "1"
    flags = ["-n"] if os.geteuid() == 0 else ["-r", "-n"]
    os.execvp("unshare", ["unshare", *flags, "--", sys.executable, *argv])


def prepare(congestion):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, value in {**SETTINGS, "net/ipv4/tcp_congestion_control": congestion}.items():
        setting = Path("/proc/sys") / name
        if setting.exists():
            setting.write_text(value)
