# SPDX-License-Identifier: Apache-2.0
"""What the commands of bench/ have in common: options, the namespace they run in, and the file they leave."""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path

from harness import contestants, namespace, report

SOURCE = Path(__file__).resolve().parent.parent


def building(made):
    made.add_argument("--build", default=SOURCE.parent / "build-release", type=Path,
                      help="build folder, configured with TCPCTL_BENCH=ON (default: %(default)s)")
    return made


def parser(description):
    made = building(argparse.ArgumentParser(description=description))
    made.add_argument("--threads", type=int, default=2, help="of every program (default: %(default)s)")
    made.add_argument("--congestion", default="reno", help="congestion control of all (default: %(default)s)")
    return made


def keeping(made):
    made.add_argument("--json", type=Path, help="file for the raw numbers (default: bench-TIME.json in the build)")
    return made


@contextlib.contextmanager
def prepared(arguments):
    """Goes into a network namespace of its own, and gives the Bench with a folder for this run."""
    arguments.build = arguments.build.resolve()
    if not (arguments.build / "bench/load").exists():
        sys.exit(f"{arguments.build}/bench/load is missing: build the target bench_programs there (see --build)")
    namespace.enter([str(Path(sys.argv[0]).resolve()), *sys.argv[1:]])
    namespace.prepare(arguments.congestion)
    with tempfile.TemporaryDirectory(prefix="tcpctl-bench-") as folder:
        yield contestants.Bench(arguments.build, SOURCE, Path(folder), arguments.threads)


def machine(arguments, bench):
    """Says on what machine this is measured, and returns it."""
    found = report.machine(bench, arguments.congestion)
    print(report.machine_list(found))
    return found


def keep(arguments, raw):
    """Writes the raw numbers, from which bench/report makes tables. Returns the exit status: 1 if anything failed."""
    target = arguments.json or arguments.build / f"bench-{time.strftime('%Y%m%d-%H%M%S')}.json"
    target.write_text(json.dumps(raw, indent=1))
    print(f"Raw numbers: {target}", file=sys.stderr)
    return 1 if any(one.get("failed") for one in raw["works"].values()) else 0
