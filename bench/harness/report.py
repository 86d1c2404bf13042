# SPDX-License-Identifier: Apache-2.0
"""Medians and quartiles of ratios taken round by round, as Markdown."""

import platform
import re
import subprocess
from pathlib import Path
from statistics import median, quantiles

from harness.contestants import ALL as CONTESTANTS
from harness.contestants import BASE
from harness.goals import ALL as GOALS
from harness.goals import AT_LEAST
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


def spread(values):
    """Median and quartiles as "1.10 (1.08-1.13)"."""
    if len(values) < 2:
        return f"{values[0]:.2f}"
    low, _, high = quantiles(values, n=4, method="inclusive")
    return f"{median(values):.2f} ({low:.2f}-{high:.2f})"


def ratios(samples, name, base, key):
    """`key` of contestant `name` over that of `base`, for each round that has both."""
    of = {(s["round"], s["contestant"]): s[key] for s in samples}
    rounds = sorted({s["round"] for s in samples})
    return [of[r, name] / of[r, base] for r in rounds if of.get((r, name)) and of.get((r, base))]


def section(work, done):
    """The table of one work from what bench/run keeps of it, and who failed in it."""
    body = _memory_table(work, done["pss"]) if "pss" in done else _work_table(work, done["samples"])
    failed = "".join(f"\n{name} is left out: {reason}.\n" for name, reason in done["failed"].items())
    return f"### {work.name}: {work.what}\n\n{body}{failed}"


def _work_table(work, samples):
    base = BASE[work.kind]
    rate_divisor, rate_unit = work.rate_scale
    cpu_divisor, cpu_unit = work.cpu_scale
    latency = work.backend == "echo"
    head = ["contestant", rate_unit, f"rate to {base}", f"CPU, {cpu_unit}", f"CPU to {base}", f"machine, {cpu_unit}"]
    rows = [head + (["p50 µs", "p99 µs", f"p99 to {base}"] if latency else [])]
    for name in _names(samples):
        own = [s for s in samples if s["contestant"] == name]
        row = [name, f"{_median(own, 'rate') / rate_divisor:.1f}", _ratio(samples, name, base, "rate")]
        cpu = [s for s in own if s["cpu"] is not None]
        row += [f"{_median(cpu, 'cpu') / cpu_divisor:.2f}" if cpu else "-", _ratio(samples, name, base, "cpu"),
                f"{_median(own, 'machine_cpu') / cpu_divisor:.2f}"]
        if latency:
            row += [f"{_median(own, 'p50_us'):.0f}", f"{_median(own, 'p99_us'):.0f}",
                    _ratio(samples, name, base, "p99_us")]
        rows.append(row)
    foreign = max((s["foreign"] for s in samples), default=0)
    rounds = len({s["round"] for s in samples})
    return (f"{table(rows)}\n\n"
            f"{rounds} rounds; other processes took at most {foreign:.0%} of the machine during a sample.\n")


def _memory_table(work, measured):
    """`measured`: (round, contestant, [PSS at each point])."""
    low, high = work.points
    rows = [["contestant", "bytes per connection", f"PSS at {low:,}, KiB", f"PSS at {high:,}, KiB"]]
    for name in dict.fromkeys(name for _, name, _ in measured):
        pss = [p for _, n, p in measured if n == name]
        rows.append([name, f"{median((b - a) / (high - low) for a, b in pss):.0f}",
                     f"{median(a for a, _ in pss) / 1024:.0f}", f"{median(b for _, b in pss) / 1024:.0f}"])
    return f"{table(rows)}\n"


def goals(done):
    """What was aimed at beside what came out, for the works in `done`."""
    rows = [["work", "rate", "at least", "CPU", "at most", "p99", "at most", ""]]
    for goal in (g for g in GOALS if g.work in done):
        samples = done[goal.work].get("samples", [])
        row, met = [goal.work], True
        for key in ("rate", "cpu", "p99_us"):
            wanted = getattr(goal, key)
            of = ratios(samples, goal.contestant, BASE[named(goal.work).kind], key)
            reached = median(of) if of else None
            row += [f"{reached:.2f}" if of else "-", f"{wanted:.2f}" if wanted else "-"]
            if wanted is not None:
                met = met and reached is not None and (reached >= wanted if key in AT_LEAST else reached <= wanted)
        rows.append([*row, "met" if met else "missed"])
    return f"### Goals\n\n{table(rows)}\n" if len(rows) > 1 else ""


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _median(samples, key):
    return median(s[key] for s in samples)


def _names(samples):
    present = {s["contestant"] for s in samples}
    return [c.name for c in CONTESTANTS if c.name in present]


def _ratio(samples, name, base, key):
    values = ratios(samples, name, base, key)
    return spread(values) if values else "-"
