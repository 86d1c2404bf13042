# SPDX-License-Identifier: Apache-2.0
"""What tcpctld is to reach: for each work, ratios to the base of its kind."""

from dataclasses import dataclass
from typing import Optional


@dataclass
class Goal:
    work: str
    contestant: str
    rate: Optional[float] = None  # at least
    cpu: Optional[float] = None  # per unit of work, at most
    p99_us: Optional[float] = None  # at most


ALL = [
    Goal("echo1", "tcpctld", rate=1.05, cpu=0.85),
    Goal("echo64", "tcpctld", rate=1.05, cpu=0.90),
    Goal("echo1000", "tcpctld", rate=1.25, cpu=0.80),
    *[Goal(f"{way}{many}", "tcpctld", rate=1.9, cpu=0.25) for many in (1, 16) for way in ("up", "down", "both")],
    Goal("conn", "tcpctld", rate=1.0, cpu=0.92),
    Goal("latency64", "tcpctld", p99_us=1.0),
    Goal("service64", "tcpctld-echo", rate=0.95, cpu=1.05),
    Goal("service1000", "tcpctld-echo", rate=0.95, cpu=1.05),
]

# What more is better of.
AT_LEAST = {"rate"}
