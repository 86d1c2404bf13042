# SPDX-License-Identifier: Apache-2.0
"""A running `tcpctl connect`: its standard streams are pipes or a terminal, driven step by step."""
import json
import os
import pty
import subprocess
import tty

from harness.daemon import EXIT_SECONDS, TCPCTL, environment
from harness.wait import eventually


class Connector:
    """What it says on stderr is its facts as JSON, unless `facts` is off."""

    def __init__(self, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, facts=True):
        command = [TCPCTL, *(["-o", "json"] if facts else []), "connect", *arguments]
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                                        env={**environment(), "LC_ALL": "C.UTF-8"})

    def give(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()
        self.process.stdin = None

    def read(self, size):
        """Exactly `size` bytes of its output, or what came before the end."""
        return self.process.stdout.read(size)

    def end(self):
        """Its status, the rest of its output, and stderr."""
        out, err = self.process.communicate(timeout=EXIT_SECONDS)
        return self.process.returncode, out, err.decode()

    def facts(self):
        """Its status and its facts; lines for people must not be there but for one that says why it failed."""
        status, _, err = self.end()
        lines = err.splitlines()
        assert len(lines) == (2 if status == 1 else 1), err
        return status, json.loads(lines[0])

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmRSS:")).split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        self.process.wait()


class Terminal:
    """The user's side of a terminal."""

    def __init__(self):
        self.user, self.program = pty.openpty()
        settings = tty.tcgetattr(self.program)
        settings[3] &= ~tty.ECHO
        tty.tcsetattr(self.program, tty.TCSANOW, settings)
        os.set_blocking(self.user, False)
        self.shown = b""

    def type(self, keys):
        os.write(self.user, keys)

    def wait_for(self, text):
        def is_there():
            try:
                self.shown += os.read(self.user, 65536)
            except BlockingIOError:
                pass
            return text in self.shown
        eventually(is_there, f"{text!r} on the terminal")
        return self.shown

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.user)
        os.close(self.program)
