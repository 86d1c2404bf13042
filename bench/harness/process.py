# SPDX-License-Identifier: Apache-2.0
"""Processes of a run: started with a parent that they do not outlive, their CPU time and memory read from /proc."""

import ctypes
import os
import select
import signal
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
TICKS = os.sysconf("SC_CLK_TCK")
_libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """A process did not do what it was started for; the text says which, and what it said; `reason` is short."""

    def __init__(self, text, reason=None):
        super().__init__(text)
        self.reason = reason or text


class Process:
    """One child process with pipes for its stdin and stdout; what it says on stderr is kept for errors."""

    def __init__(self, argv, folder, env=None, cpus=None):
        self.argv = [str(a) for a in argv]
        self.log = Path(folder) / f"{Path(self.argv[0]).name}-{time.monotonic_ns()}.log"

        def in_child():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if cpus is not None:
                os.sched_setaffinity(0, cpus)

        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0,
                env={**os.environ, **(env or {})}, preexec_fn=in_child)
        self.pid = self.popen.pid

    def read_line(self, seconds):
        """The next line of stdout; Failed if none comes in time or the process ends."""
        line = b""
        deadline = time.monotonic() + seconds
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.popen.stdout], [], [], max(0, deadline - time.monotonic()))
            byte = self.popen.stdout.read(1) if ready else b""
            if not byte:
                raise Failed(self.complaint("said nothing in time" if not ready else "ended"))
            line += byte
        return line.decode()

    def say(self, text):
        self.popen.stdin.write(text.encode())

    def end_input(self, seconds=20):
        """Closes stdin, on which the programs of bench/ end by themselves, and waits. Returns the exit status."""
        self.popen.stdin.close()
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired as late:
            raise Failed(self.complaint("does not end")) from late
        finally:
            self.stop()

    def stop(self):
        """Ends the process and what it forked, each by its pid; harmless if it has ended."""
        if self.popen.poll() is not None:
            return
        children = tree(self.pid)[1:]
        self.popen.terminate()
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def said(self):
        """The end of what it said on stderr."""
        return self.log.read_text(errors="replace")[-2000:].strip() or "nothing"

    def complaint(self, what):
        return f"{' '.join(self.argv)}: {what}: {self.said()}"


def tree(pid):
    """`pid` and all its descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:
                pass
    return found


def cpu_seconds(pid):
    """CPU time of a process, all its threads, and its living and waited-for children.

    The process's own is read from its CPU-time clock (clock_getcpuclockid(3)) and so exact to the nanosecond;
    /proc/PID/stat alone counts in ticks of 10 ms.
    """
    total = 0.0
    for one in tree(pid):
        try:
            total += time.clock_gettime((~one << 3) | 2)
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[13]) + int(fields[14])) / TICKS
        except OSError:
            pass
    return total


def machine_busy_seconds(cpus):
    """CPU time that all processes and the kernel have used on these CPUs together."""
    busy = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cpus:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
            busy += user + nice + system + irq + softirq + steal
    return busy / TICKS


def pss_bytes(pid):
    """Proportional set size of a process and its children."""
    total = 0
    for one in tree(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total
