# SPDX-License-Identifier: Apache-2.0
"""What tcpctld is to reach, and what it reached."""

from dataclasses import dataclass
from statistics import median

from harness.contestants import BASE
from harness.tables import line, ratios, spread, table
from harness.works import named


@dataclass
class Goal:
    work: str
    figure: str  # a column of the samples, taken as ratio to the base; of other works see `_reached`
    limit: float
    at_least: bool = False
    contestant: str = "tcpctld"


def _rate_and_cpu(work, rate, cpu, contestant):
    return [Goal(work, "rate", rate, True, contestant), Goal(work, "cpu", cpu, False, contestant)]


def _forward(contestant):
    return [
        *_rate_and_cpu("echo1", 1.05, 0.85, contestant),
        *_rate_and_cpu("echo64", 1.05, 0.90, contestant),
        *_rate_and_cpu("echo1000", 1.25, 0.80, contestant),
        *[one for many in (1, 16) for way in ("up", "down", "both")
          for one in _rate_and_cpu(f"{way}{many}", 1.9, 0.25, contestant)],
        *_rate_and_cpu("conn", 1.0, 0.92, contestant),
        Goal("latency64", "p99_us", 1.0, contestant=contestant),
        Goal("memory-sessions", "bytes per session", 1024, contestant=contestant),
        Goal("memory-sessions", "bytes to haproxy", 0.3, contestant=contestant),
    ]


_READINGS = {"a page of 100": 10.0, "all, by pages of 1,000": 500.0, "a filter that matches one": 20.0}
ALL = [
    *_forward("tcpctld"),
    *_forward("tcpctld-full"),
    *_rate_and_cpu("service64", 0.95, 1.05, "tcpctld-echo"),
    *_rate_and_cpu("service1000", 0.95, 1.05, "tcpctld-echo"),
    Goal("memory-held", "p99_us", 2.0, contestant="among idle"),
    Goal("scrape", "CPU, ms", 10.0),
    *[Goal(f"records-{work}", "cpu", 1.03, contestant="records") for work in ("echo64", "echo1000", "service64")],
    *[Goal(f"records-{work}", "cpu", 1.12, contestant="records") for work in ("conn", "service-conn")],
    *[Goal("lists", "ms", limit, contestant=reading) for reading, limit in _READINGS.items()],
    *[Goal("lists", figure, limit, contestant=reading) for reading in _READINGS
      for figure, limit in (("p50_us", 1.1), ("p99_us", 2.0))],
    *[Goal("changes", "ms", 20.0, contestant=change) for change in ("create", "change", "change an address", "remove")],
    Goal("changes", "ms", 100.0, contestant="reload, one changed"),
    Goal("requests", "p50_us", 1.1, contestant="asked"),
    Goal("slow", "ms", 50.0, contestant="beside slow clients"),
    Goal("cli", "times", 3.0, contestant="status"),
    Goal("cli-memory", "MiB", 50.0, contestant="conn -o json"),
]
_WORDS = {"rate": "rate", "cpu": "CPU per unit", "p50_us": "p50", "p99_us": "p99"}


def goal_table(done):
    """The goals of the works in `done` beside what came out of them."""
    rows = [["work", "contestant", "figure", "wanted", "reached", ""]]
    for goal in (one for one in ALL if one.work in done):
        reached = _reached(goal, done[goal.work])
        if not reached and goal.contestant not in done[goal.work].get("failed", {}):
            continue  # it did not take part
        digits = 0 if goal.limit >= 100 else 2
        met = reached and (median(reached) >= goal.limit if goal.at_least else median(reached) <= goal.limit)
        limit = f"{'at least' if goal.at_least else 'at most'} {goal.limit:.{digits}f}"
        rows.append([goal.work, goal.contestant, _label(goal, done), limit, spread(reached, digits),
                     "met" if met else "missed"])
    return table(rows) if len(rows) > 1 else ""


def _label(goal, done):
    if goal.figure == "ms":
        return "time, ms"
    word = _WORDS.get(goal.figure, goal.figure)
    return f"{word} to {_base(goal, done[goal.work])}" if goal.figure in _WORDS else word


def _base(goal, done):
    return done.get("base") or BASE[named(goal.work).kind]


def _reached(goal, done):
    if "pss" in done:
        own, base = (_slopes(done, name) for name in (goal.contestant, "haproxy"))
        return own if "per session" in goal.figure else [a / b for a, b in zip(own, base)]
    if "changes" in done:
        return done["changes"].get(goal.contestant, [])
    if goal.figure == "ms":
        return [one["time_ms"] for one in done["readings"][goal.contestant]]
    if "scrape" in done:
        return [one["cpu_ms"] for one in done["scrape"]]
    return ratios(done["samples"], goal.contestant, _base(goal, done), goal.figure)


def _slopes(done, contestant):
    return [line(done["points"], pss)[0] for _, name, pss in done["pss"] if name == contestant]
