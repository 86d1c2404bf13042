# SPDX-License-Identifier: Apache-2.0
"""Watches a contestant with perf(1) while a load lasts."""

import json
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

from harness import sample
from harness.process import tree

SYSCALLS = ("recvfrom", "recvmsg", "read", "readv", "sendto", "sendmsg", "write", "writev", "splice", "epoll_wait",
            "epoll_pwait", "epoll_pwait2", "epoll_ctl", "accept4", "socket", "connect", "close", "shutdown",
            "getsockopt", "setsockopt", "getsockname", "ioctl", "futex", "clock_gettime", "io_uring_enter")
MIB = 1 << 20


def pids(runner):
    return ",".join(map(str, tree(runner.process.pid)))


def under_load(bench, work, runner, seconds, watch, rate=None):
    """Runs `watch` while the load lasts; returns its stderr and what the load did in that time."""
    load = bench.start(sample.load_arguments(bench, work, runner.address, seconds * 1000, rate))
    try:
        load.read_line(60)
        watcher = subprocess.Popen(watch, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)  # until it is attached
        load.say("\n")
        result = json.loads(load.read_line(seconds + 30))
        watcher.send_signal(2)
        _, said = watcher.communicate(timeout=30)
    finally:
        load.stop()
    return said, result


def count_calls(bench, work, runner, seconds, rate=None):
    """System calls, and switches of context, for each unit of work (of bulk: for each MiB), and what the load did."""
    events = [f"syscalls:sys_enter_{name}" for name in SYSCALLS] + ["context-switches", "cpu-migrations"]
    said, result = under_load(bench, work, runner, seconds, [
        "perf", "stat", "-x", ",", "-e", ",".join(events), "-p", pids(runner)], rate)
    units = result["units"] / (MIB if work.unit == "bytes" else 1)
    found = re.findall(r"^(\d+),,([\w:-]+),", said, re.M)
    return {name.removeprefix("syscalls:sys_enter_"): int(count) / units for count, name in found if int(count)}, result


def record(bench, work, runner, seconds, target, rate=None):
    under_load(bench, work, runner, seconds, [
        "perf", "record", "-q", "-F", "1999", "-g", "-e", "cpu-clock", "-o", target, "-p", pids(runner)], rate)


def time_by_call(data):
    """Samples by the system call that they fell into; those that fell into none, by the library."""
    script = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym,dso"], capture_output=True, text=True,
                            check=True).stdout
    spent = Counter()
    for stack in script.split("\n\n"):
        call = re.search(r" __(?:x64|arm64)_sys_(\w+)", stack)
        innermost = re.search(r"\(([^)]*)\)$", stack.strip().partition("\n")[0])
        if call:
            spent[call[1]] += 1
        elif innermost:
            spent["(kernel)" if "kernel" in innermost[1] else f"({Path(innermost[1]).name})"] += 1
    return spent
