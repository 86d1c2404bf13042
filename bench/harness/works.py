# SPDX-License-Identifier: Apache-2.0
"""What is measured: each work is one way to call bench/load."""

from dataclasses import dataclass


@dataclass
class Work:
    name: str
    kind: str  # which contestants: forward | echo
    what: str
    load: list  # arguments of bench/load
    backend: str = "echo"  # echo | bulk
    one_cpu: bool = False
    many: bool = False  # too many connections for a contestant that forks
    open_loop: bool = False  # the rate is set from the base's capacity
    unit: str = "round trips"

    # How a rate and the CPU per unit are printed: divisor and label.
    @property
    def rate_scale(self):
        return (1e9 / 8, "Gbit/s") if self.backend == "bulk" else (1e3, f"k {self.unit}/s")

    @property
    def cpu_scale(self):
        return (1e-3 * 1e-9, "ms/GB") if self.backend == "bulk" else (1e-6, "µs")


@dataclass
class MemoryWork:
    """Memory per connection: the contestant's PSS with several numbers of idle connections, each of which has exchanged
    one message."""

    name: str
    kind: str
    what: str
    points: tuple
    backend: str = "echo"
    many: bool = True


def _echo(name, kind, connections, what, **more):
    load = ["echo", "--connections", connections, *more.pop("load", [])]
    return Work(name, kind, what, load, **more)


def _bulk(direction, connections):
    way = {"up": "client to backend", "down": "backend to client", "both": "both ways at once"}[direction]
    return Work(f"{direction}{connections}", "forward", f"bulk, {connections} connection(s), {way}",
                ["bulk", "--direction", direction, "--connections", connections], backend="bulk", unit="bytes")


ALL = [
    _echo("echo1", "forward", 1, "64 B round trips, 1 connection, everything on one CPU", one_cpu=True),
    _echo("echo64", "forward", 64, "64 B round trips, 64 connections"),
    _echo("echo1000", "forward", 1000, "64 B round trips, 1,000 connections", many=True),
    _echo("echo4k", "forward", 64, "4 KiB round trips, 64 connections", load=["--size", 4096]),
    *[_bulk(direction, connections) for connections in (1, 16) for direction in ("up", "down", "both")],
    Work("conn", "forward", "connect, one exchange, close; 16 at a time", ["conn", "--connections", 16],
         unit="connections"),
    _echo("latency64", "forward", 64, "open loop, 64 connections, 30 % of the base's capacity", open_loop=True),
    _echo("service1", "echo", 1, "echo service: 64 B round trips, 1 connection, everything on one CPU", one_cpu=True),
    _echo("service64", "echo", 64, "echo service: 64 B round trips, 64 connections"),
    _echo("service1000", "echo", 1000, "echo service: 64 B round trips, 1,000 connections", many=True),
    Work("service-conn", "echo", "echo service: connect, one exchange, close; 16 at a time",
         ["conn", "--connections", 16], unit="connections"),
]

MEMORY = [
    MemoryWork("sessions", "forward", "idle forwarded sessions (both legs)", (1000, 3000, 5000, 7000, 9000)),
    MemoryWork("echo", "echo", "idle echo connections", (2000, 6000, 10000, 14000, 18000)),
]


# What somebody is doing while something else is measured: few connections, far from any limit of the machine.
LIVE = Work("live", "echo", "open loop, 16 connections, 2,000 messages a second",
            ["open", "--connections", 16, "--rate", 2000], open_loop=True)


def named(name):
    return next(work for work in [*ALL, LIVE] if work.name == name)
