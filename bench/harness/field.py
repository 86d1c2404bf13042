# SPDX-License-Identifier: Apache-2.0
"""What stands while a work is measured: the backend, and the contestants before it."""

import sys

from harness import contestants, sample


def chosen(everything, names, kind_of_thing):
    known = {one.name: one for one in everything}
    wanted = [name for name in names.split(",") if name] or list(known)
    for name in wanted:
        if name not in known:
            sys.exit(f"no {kind_of_thing} '{name}'; there are: {', '.join(known)}")
    return [known[name] for name in wanted]


class Field:
    """Backend and contestants of one work, all standing at once; ended when left."""

    def __init__(self, bench, work, entrants):
        self.bench, self.work, self.entrants = bench, work, entrants
        self.processes, self.runners = [], []

    def __enter__(self):
        try:
            port = contestants.BULK_PORT if self.work.backend == "bulk" else contestants.ECHO_PORT
            backend = contestants.start_backend(self.bench, self.work.backend, f"0.0.0.0:{port}")
            self.processes.append(backend)
            for number, entrant in enumerate(self.entrants, 1):
                # An address of its own for each: nobody meets ports that another has left in TIME_WAIT.
                self.add(entrant, backend, f"127.0.0.1:{7000 + number}", f"127.0.1.{number}:{port}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def add(self, entrant, backend, listen, to):
        process = None
        if entrant.start:
            process = entrant.start(self.bench, listen, to)
            self.processes.append(process)
            contestants.wait_until_it_listens(process, listen)
        self.runners.append(sample.Runner(entrant.name, listen if process else to, process, backend))

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()


def entrants_for(bench, work, names=""):
    """The contestants of the work's kind, less those that are not installed (said so) or would fork too often."""
    wanted = [c for c in chosen(contestants.ALL, names, "contestant") if c.kind == work.kind]
    for absent in (c for c in wanted if c.missing(bench)):
        print(f"{work.name}: without {absent.name}: {absent.needs} is missing", file=sys.stderr)
    return [c for c in wanted if not c.missing(bench) and not (c.forks and work.many)]
