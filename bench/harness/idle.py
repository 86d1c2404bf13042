# SPDX-License-Identifier: Apache-2.0
"""Idle connections, held as long as they are wanted."""

import contextlib
import json

from harness.process import Failed

OF_ONE_LOAD = 9000  # each has a file limit of its own


@contextlib.contextmanager
def idle_connections(bench, address, connections):
    """So many connections to `address` that have exchanged one message each, and then stand."""
    held = []
    try:
        while connections > 0:
            some = min(connections, OF_ONE_LOAD)
            load = bench.start([bench.program("load"), "idle", "--connections", some, "--to", address])
            held.append(load)
            if json.loads(load.read_line(60))["units"] != some:
                raise Failed(load.complaint(f"{connections} connections do not stand"))
            connections -= some
        yield
    finally:
        for load in held:
            load.stop()
