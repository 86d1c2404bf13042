# SPDX-License-Identifier: Apache-2.0
"""A service manager in systemd's place: hears what the daemon tells, keeps the descriptors that it stores, and passes
them to the next process. Source: sd_notify(3), sd_listen_fds(3)."""
import array
import contextlib
import os
import socket
import threading

from harness.wait import eventually

MOST_FDS = 253


class Manager:
    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard = []
        self.stored = []  # of (name, descriptor)
        self.units = []   # the same of socket units
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self):
        self._ends.set()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"END", self.path)
        self._thread.join()
        self.socket.close()
        for _, fd in self.stored + self.units:
            os.close(fd)

    # --- what the daemon tells ------------------------------------------------------------------------

    def _listen(self):
        while not self._ends.is_set():
            data, ancillary, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(MOST_FDS * 4))
            fds = array.array("i")
            for level, kind, content in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds.frombytes(content[:len(content) - len(content) % fds.itemsize])
            self._take(data.decode().splitlines(), list(fds))

    def _take(self, lines, fds):
        values = dict(line.split("=", 1) for line in lines if "=" in line)
        if values.get("FDSTORE") == "1":
            self.stored += [(values["FDNAME"], fd) for fd in fds]
        else:
            for fd in fds:  # of a barrier, which is answered by this
                os.close(fd)
        if values.get("FDSTOREREMOVE") == "1":
            for entry in [one for one in self.stored if one[0] == values["FDNAME"]]:
                self.stored.remove(entry)
                os.close(entry[1])
        self.heard += [line for line in lines if not line.startswith("FD")]

    def lines(self):
        return list(self.heard)

    def wait_for(self, line, after=0):
        eventually(lambda: line in self.heard[after:], line)

    def names(self):
        return [name for name, _ in self.stored]

    # --- what the daemon is given ---------------------------------------------------------------------

    def add_unit(self, name, family=socket.AF_INET, address=("127.0.0.1", 0), kind=socket.SOCK_STREAM):
        """A socket unit's listening socket; answers its address."""
        made = socket.socket(family, kind)
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen(128)
        bound = made.getsockname()
        self.units.append((name, made.detach()))
        return bound

    def variables(self):
        """Of the daemon's environment, as a unit of Type=notify has it."""
        return {"NOTIFY_SOCKET": self.path, "INVOCATION_ID": "0123456789abcdef0123456789abcdef"}

    def command(self, command):
        """What starts `command` with LISTEN_PID as the process that it is."""
        return ["/bin/sh", "-c", 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"', "sh", *command]

    def environment(self):
        passed = self.units + self.stored
        if not passed:
            return self.variables()
        return {**self.variables(), "LISTEN_FDS": str(len(passed)),
                "LISTEN_FDNAMES": ":".join(name for name, _ in passed)}

    def passed_fds(self):
        return range(3, 3 + len(self.units) + len(self.stored))

    def place_fds(self):
        """In the child: puts the descriptors where they are expected."""
        fds = [fd for _, fd in self.units + self.stored]
        high = [os.dup2(fd, 3000 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
            with contextlib.suppress(OSError):
                os.close(fd)
