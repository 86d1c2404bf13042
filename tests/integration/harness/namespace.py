# SPDX-License-Identifier: Apache-2.0
"""Namespaces of a test's own, for what would be in the way of others, or they in its."""
import concurrent.futures
import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
LOOPBACK_UP = ["ip", "link", "set", "lo", "up"]


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
