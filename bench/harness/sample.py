# SPDX-License-Identifier: Apache-2.0
"""One sample: one contestant under one load for some hundred milliseconds."""

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import Optional

from harness.contestants import Bench
from harness.idle import idle_connections
from harness.process import Failed, Process, cpu_seconds, machine_busy_seconds, pss_bytes

SETTLE_SECONDS = 0.03  # what is still to be closed or freed after the last answer belongs to the sample


@dataclass
class Runner:
    """A started contestant, and where to send the load."""

    name: str
    address: str
    process: Optional[Process]
    backend: Process


@dataclass
class Sample:
    round: int
    contestant: str
    units: int
    seconds: float
    rate: float
    cpu: Optional[float]  # of the contestant, seconds per unit; None for the direct path
    machine_cpu: float  # of everything on the machine, seconds per unit
    foreign: float  # share of the machine that others took meanwhile
    p50_us: float
    p99_us: float
    p999_us: float
    generator_late_p99_us: float

    def plain(self):
        return asdict(self)


def load_arguments(bench: Bench, work, address, milliseconds, rate):
    words = [bench.program("load"), *work.load, "--to", address, "--ms", milliseconds, "--threads", bench.threads]
    if work.open_loop and rate is not None:
        words[1] = "open"
        words += ["--rate", int(rate)]
    return [*words, "--handshake", 1]


def take(bench, work, runner, round_number, milliseconds, rate=None):
    """Runs the load once; raises Failed if a byte is wrong or an answer missing."""
    cpus = bench.cpus or os.sched_getaffinity(0)
    load = bench.start(load_arguments(bench, work, runner.address, milliseconds, rate))
    try:
        load.read_line(60)
        own = [runner.backend.pid, load.pid] + ([runner.process.pid] if runner.process else [])
        before = {pid: cpu_seconds(pid) for pid in own}
        busy, started = machine_busy_seconds(cpus), time.monotonic()
        load.say("\n")
        result = json.loads(load.read_line(milliseconds / 1000 + 30))
        time.sleep(SETTLE_SECONDS)
        used = {pid: cpu_seconds(pid) - before[pid] for pid in own}
        busy, elapsed = machine_busy_seconds(cpus) - busy, time.monotonic() - started
        if load.end_input() != 0 or result["errors"] or not result["units"]:
            raise Failed(load.complaint(f"{result['errors']} errors"), load.said().splitlines()[0])
    finally:
        load.stop()
    return Sample(
        round=round_number, contestant=runner.name, units=result["units"], seconds=result["seconds"],
        rate=result["rate"],
        cpu=used[runner.process.pid] / result["units"] if runner.process else None,
        machine_cpu=sum(used.values()) / result["units"],
        foreign=max(0.0, busy - sum(used.values())) / (elapsed * len(cpus)),
        **{key: result[key] for key in ("p50_us", "p99_us", "p999_us", "generator_late_p99_us")})


def take_memory(bench, runner, points, idle_seconds):
    """PSS of the contestant in bytes with each number of idle connections in `points` (ascending), once the last of them
    has been idle for that long."""
    pss = []
    with contextlib.ExitStack() as held:
        for more in [points[0], *(b - a for a, b in zip(points, points[1:]))]:
            held.enter_context(idle_connections(bench, runner.address, more))
            time.sleep(idle_seconds)
            pss.append(pss_bytes(runner.process.pid))
    return pss
