# SPDX-License-Identifier: Apache-2.0
"""The Markdown tables of works, from the raw numbers that the commands of bench/ keep."""

import platform
import re
import subprocess
from pathlib import Path
from statistics import median

from harness.contestants import ALL as CONTESTANTS
from harness.contestants import BASE
from harness.tables import line, ratios, spread, table
from harness.works import named


def machine(bench, congestion):
    """What a reader must know of the machine to judge the figures."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return {
        "kernel": platform.release(),
        "cpus": len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.M)),
        "cpu_model": model.group(1) if model else platform.machine(),
        "congestion_control": congestion,
        "threads": bench.threads,
        "haproxy": _first_line("haproxy", "-v"),
        "nginx": _first_line("nginx", "-v"),
        "socat": next((line for line in _output("socat", "-V").splitlines() if "version" in line), "none"),
        "commit": _first_line("git", "-C", bench.source, "rev-parse", "--short", "HEAD"),
    }


def machine_list(of):
    return "\n".join(f"- {key}: {value}" for key, value in of.items()) + "\n"


def _output(*command):
    try:
        return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False).stdout
    except OSError:
        return ""


def _first_line(*command):
    return (_output(*command).splitlines() or ["none"])[0]


def section(name, done):
    """One work with its heading."""
    return f"### {name}: {done.get('what') or named(name).what}\n\n{body(name, done)}"


def body(name, done):
    """The table of one work, what is to be known of it, and who failed in it."""
    for kind, render in (("pss", _memory), ("scrape", _scrape), ("readings", _lists), ("changes", _changes), ("micro", _micro), ("calls", _calls),
                         ("samples", _work)):
        if kind in done:
            text = render(done) if kind != "samples" else render(name, done)
            break
    failed = "".join(f"\n{who} is left out: {reason}.\n" for who, reason in done.get("failed", {}).items())
    return text + failed


def _work(name, done):
    samples = done["samples"]
    work = named(done.get("like", name))
    base = done.get("base") or BASE[work.kind]
    rate_divisor, rate_unit = work.rate_scale
    cpu_divisor, cpu_unit = work.cpu_scale
    latency = work.backend == "echo"
    head = ["contestant", rate_unit, f"rate to {base}", f"CPU, {cpu_unit}", f"CPU to {base}", f"machine, {cpu_unit}"]
    rows = [head + (["p50 µs", "p99 µs", f"p99 to {base}"] if latency else [])]
    for who in _names(samples):
        own = [s for s in samples if s["contestant"] == who]
        cpu = [s for s in own if s["cpu"] is not None]
        row = [who, f"{_median(own, 'rate') / rate_divisor:.1f}", spread(ratios(samples, who, base, "rate")),
               f"{_median(cpu, 'cpu') / cpu_divisor:.2f}" if cpu else "-", spread(ratios(samples, who, base, "cpu")),
               f"{_median(own, 'machine_cpu') / cpu_divisor:.2f}"]
        if latency:
            row += [f"{_median(own, 'p50_us'):.0f}", f"{_median(own, 'p99_us'):.0f}",
                    spread(ratios(samples, who, base, "p99_us"))]
        rows.append(row)
    foreign = max((s["foreign"] for s in samples), default=0)
    rounds = len({s["round"] for s in samples})
    return (f"{table(rows)}\n{rounds} rounds; other processes took at most {foreign:.0%} of the machine during a "
            "sample.\n")


def _memory(done):
    """`pss`: (round, contestant, [PSS at each of the points])."""
    points = done["points"]
    rows = [["contestant", "bytes each", *(f"PSS at {point:,}, KiB" for point in points), "off the line, KiB"]]
    for name in dict.fromkeys(name for _, name, _ in done["pss"]):
        pss = [p for _, n, p in done["pss"] if n == name]
        middle = [median(column) for column in zip(*pss)]
        _, off = line(points, middle)
        rows.append([name, spread([line(points, one)[0] for one in pss], 0), *(f"{m / 1024:.0f}" for m in middle),
                     f"{max(map(abs, off)) / 1024:.0f}"])
    return (f"{table(rows)}\nBytes each: the slope of the straight line nearest to the points; off the line: the point "
            "farthest from it.\n")


def _lists(done):
    rows = [[f"of {done['connections']:,} connections", "time, ms", "CPU, ms", "JSON, KiB"]]
    for name, costs in done["readings"].items():
        rows.append([name, *(spread([one[key] for one in costs]) for key in ("time_ms", "cpu_ms", "kib"))])
    return f"{table(rows)}\n{_work('lists', done)}"


def _changes(done):
    return table([[done.get("unit", "milliseconds"), "median (quartiles)"],
                  *[[name, spread(taken, 1)] for name, taken in done["changes"].items()]])


def _scrape(done):
    rows = [["scrape", "CPU, ms", "time, ms", "text, KiB"]]
    rows.append([f"with {done['connections']:,} connections", *(spread([one[key] for one in done["scrape"]]) for key in
                                                            ("cpu_ms", "time_ms", "kib"))])
    return f"{table(rows)}\n{_work('scrape', done)}"


def _micro(done):
    sizes = sorted({one["size"] for one in done["micro"]})
    rows = [["operation", *(f"ns at {size:,}" for size in sizes), "last to first"]]
    for name in dict.fromkeys(one["name"] for one in done["micro"]):
        of = {one["size"]: one["ns"] for one in done["micro"] if one["name"] == name}
        cells = [f"{of[size]:.1f}" if size in of else "-" for size in sizes]
        rows.append([name, *cells, f"{of[max(of)] / of[min(of)]:.2f}"])
    return table(rows)


def _calls(done):
    """What is rarer than one in fifty units is left out."""
    rows = [["contestant", "calls"]]
    for who, calls in done["calls"].items():
        counted = [(name, count) for name, count in calls.items() if count >= 0.02 and "-" not in name]
        rows.append([who, ", ".join(f"{count:.2f} {name}".replace(".00 ", " ") for name, count in counted)])
    return table(rows)


def _median(samples, key):
    return median(s[key] for s in samples)


def _names(samples):
    """Contestants in the order of the list; others as they come."""
    known = [c.name for c in CONTESTANTS]
    return sorted(dict.fromkeys(s["contestant"] for s in samples),
                  key=lambda name: known.index(name) if name in known else len(known))
