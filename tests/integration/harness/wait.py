# SPDX-License-Identifier: Apache-2.0
"""Waiting for what happens elsewhere, by asking until it has."""
import time

PAUSE_SECONDS = 0.01
TRIES = 1500  # a bound for what never comes, and no measure of speed


def eventually(condition, what="the condition", tries=TRIES):
    """Calls `condition` until it answers something true, and answers that."""
    last = None
    for _ in range(tries):
        last = condition()
        if last:
            return last
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"{what} did not come about; the last answer was {last!r}")


def steady(measure, rounds=30):
    """Asks until `measure` has answered the same for `rounds` times in a row, and answers that."""
    seen = []

    def unchanged():
        seen.append(measure())
        del seen[:-rounds]
        return len(seen) == rounds and all(value == seen[0] for value in seen)

    eventually(unchanged, "a steady value")
    return seen[0]
