# SPDX-License-Identifier: Apache-2.0
"""Namespaces of a test's own, and a firewall in one: packets that get lost, and ways that lead nowhere."""
import concurrent.futures
import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
LOOPBACK_UP = ["ip", "link", "set", "lo", "up"]

# Where packets arrive, so that whoever sent them takes them for sent, as a capture does.
RULES = """
table inet test {
  set cut { type inet_service; }
  set deaf { type inet_service; }
  set astray { type inet_service; }
  chain arriving {
    type filter hook input priority 0;
    tcp dport @astray reject with icmp type host-unreachable
    tcp dport @cut drop
    tcp dport @deaf drop
    tcp sport @cut drop
  }
}
"""


def may_have_namespaces():
    return os.geteuid() == 0


@contextlib.contextmanager
def own_namespace(flags, *commands):
    """Runs what is submitted on a thread in namespaces of its own, once `commands` ran there; what that thread begins
    is there too."""
    def enter():
        if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for command in commands:
            subprocess.run(command, check=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(enter).result()
        yield pool


def raise_firewall():
    """In the caller's own namespace; nothing is held up yet."""
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)


def cut(port):
    """From now on nothing arrives that comes from `port`, or goes there."""
    _add("cut", port)


def deafen(port):
    """From now on nothing arrives that goes to `port`; what it sends does."""
    _add("deaf", port)


def lead_astray(port):
    """Whoever connects to `port` hears that there is no way to that host (ICMP)."""
    _add("astray", port)


def _add(what, port):
    subprocess.run(["nft", "add", "element", "inet", "test", what, f"{{ {port} }}"], check=True)
