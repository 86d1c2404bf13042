# SPDX-License-Identifier: Apache-2.0
"""Medians and quartiles, ratios taken round by round, straight lines, and Markdown tables."""

from statistics import linear_regression, median, quantiles


def spread(values, digits=2):
    """Median and quartiles as "1.10 (1.08-1.13)"; "-" without values."""
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    low, _, high = quantiles(values, n=4, method="inclusive")
    return f"{median(values):.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def ratios(samples, name, base, key):
    """`key` of contestant `name` over that of `base`, for each round that has both."""
    of = {(s["round"], s["contestant"]): s[key] for s in samples}
    rounds = sorted({s["round"] for s in samples})
    return [of[r, name] / of[r, base] for r in rounds if of.get((r, name)) and of.get((r, base))]


def line(xs, ys):
    """The straight line nearest to the points: its slope, and how far each point stands off it."""
    slope, start = linear_regression(xs, ys)
    return slope, [y - (start + slope * x) for x, y in zip(xs, ys)]


def table(rows):
    """Markdown; the first row is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"
