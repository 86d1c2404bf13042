# SPDX-License-Identifier: Apache-2.0
"""What journald has for its clients: a socket that takes entries."""
import os
import pathlib
import socket
import struct

from harness.network import CLONE_NEWNS, own_namespace


def parsed(datagram):
    """The fields of an entry in the journal's native protocol."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if not is_short:
            size, = struct.unpack_from("<Q", rest)
            value, rest = rest[8:8 + size], rest[9 + size:]
        fields[name.decode()] = value.decode(errors="replace")
        datagram = rest
    return fields


class Journal:
    """Listens in `folder`; `fields()` are all entries that came."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.folder / "socket"))
        os.chmod(self.folder / "socket", 0o666)
        self._entries = []

    def namespace(self):
        """Where what is begun takes it for the host's journal."""
        return own_namespace(CLONE_NEWNS, ["mount", "--make-rprivate", "/"], ["mount", "-t", "tmpfs", "run", "/run"],
                             ["mkdir", "-p", "/run/systemd/journal"],
                             ["mount", "--bind", self.folder, "/run/systemd/journal"])

    def fields(self):
        try:
            while True:
                self._entries.append(parsed(self._socket.recv(1 << 16, socket.MSG_DONTWAIT)))
        except BlockingIOError:
            return self._entries

    def vanish(self):
        (self.folder / "socket").unlink()
        self._socket.close()
