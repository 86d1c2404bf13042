# SPDX-License-Identifier: Apache-2.0
"""The other ends of the daemon's connections: sockets that are driven step by step."""
import concurrent.futures
import contextlib
import datetime
import fcntl
import hashlib
import random
import select
import socket
import struct
import termios

from harness.wait import eventually

TIMEOUT_SECONDS = 60
TCP_CLOSE = 7  # tcpi_state

_background = concurrent.futures.ThreadPoolExecutor(max_workers=32)


def pattern(size, seed=1):
    """Bytes that repeat nowhere, so that a lost, doubled or moved piece shows."""
    return random.Random(seed).randbytes(size)


def assert_same(got, expected):
    """Compares long byte strings without printing them."""
    if got == expected:
        return
    at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
    raise AssertionError(f"{len(got)} bytes (sha256 {hashlib.sha256(got).hexdigest()[:12]}) instead of "
                         f"{len(expected)}; they differ from byte {at} on: {got[at:at + 24]!r} "
                         f"instead of {expected[at:at + 24]!r}")


class Name(str):
    """How the daemon calls an end, and since when that end had this name: ports are used again."""

    since = ""


class Peer:
    """A connected socket with the verbs a test needs."""

    def __init__(self, connected, since=""):
        self.socket = connected
        self._since = since
        self.socket.settimeout(TIMEOUT_SECONDS)
        self._sending = []
        self._stop_sending = False
        self._sent_fin = False

    @classmethod
    def to(cls, address, receive_buffer=None, source=None):
        """Connects to a (host, port), or to a path."""
        family = (socket.AF_UNIX if isinstance(address, str)
                  else socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        since = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            if receive_buffer:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                made.bind((source, 0))
            made.settimeout(TIMEOUT_SECONDS)
            made.connect(address)
        except OSError:
            made.close()
            raise
        return cls(made, since)

    @property
    def name(self):
        name = Name(address_text(self.socket.getsockname()))
        name.since = self._since
        return name

    def send(self, data):
        self.socket.sendall(data)

    def send_later(self, data, then_fin=False):
        """Sends in the background; the future answers how many bytes went out before the connection ended."""
        def work():
            view, sent = memoryview(data), 0
            with contextlib.suppress(OSError):
                ready = select.poll()
                ready.register(self.socket, select.POLLOUT)
                while sent < len(view) and not self._stop_sending:
                    # Never for long in the kernel, which would hold the socket open past close().
                    if ready.poll(20):
                        sent += self.socket.send(view[sent:sent + 65536], socket.MSG_DONTWAIT)
                if then_fin and not self._stop_sending:
                    self.fin()
            return sent
        self._sending.append(_background.submit(work))
        return self._sending[-1]

    def read(self, size):
        """Exactly `size` bytes, or what came before the end."""
        pieces, left = [], size
        while left > 0 and (piece := self.socket.recv(min(left, 1 << 18))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def read_to_end(self):
        """All that comes, and how the stream ended: fin or rst."""
        pieces = []
        try:
            while piece := self.socket.recv(1 << 18):
                pieces.append(piece)
        except (ConnectionResetError, BrokenPipeError):
            return b"".join(pieces), "rst"
        return b"".join(pieces), "rst" if self._was_reset() else "fin"

    def _was_reset(self):
        """Whether the end was an RST whose error the sending thread has got."""
        if self.socket.family == socket.AF_UNIX or self._sent_fin:
            return False
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE

    def read_to_end_later(self):
        return _background.submit(self.read_to_end)

    def read_line(self):
        line = b""
        while not line.endswith(b"\n") and (byte := self.socket.recv(1)):
            line += byte
        return line

    def fill(self):
        """Sends until nothing is taken any more for some time, and answers how many bytes were."""
        piece, sent = pattern(65536), 0
        self.socket.settimeout(1)
        try:
            while True:
                sent += self.socket.send(piece)
        except TimeoutError:
            return sent
        finally:
            self.socket.settimeout(TIMEOUT_SECONDS)

    def unacknowledged(self):
        """Bytes that the other kernel has not got yet (SIOCOUTQ)."""
        return struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4))[0]

    def unread(self):
        return struct.unpack("i", fcntl.ioctl(self.socket, termios.FIONREAD, b"\0" * 4))[0]

    def fin(self):
        self._sent_fin = True
        self.socket.shutdown(socket.SHUT_WR)

    def rst(self):
        """Ends with a reset (linger 0); what was not yet sent is not."""
        self._end_sending()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self._end_sending()
        self.socket.close()

    def dribble(self, data, heard):
        """Sends byte by byte, each once `heard`, which counts them, has those before it: so that they are read one by one."""
        before = heard()
        for count, byte in enumerate(data):
            eventually(lambda: heard() == before + count, "the byte before")
            self.send(bytes([byte]))

    def _end_sending(self):
        self._stop_sending = True
        concurrent.futures.wait(self._sending)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Server:
    """A listening socket on a free loopback port, or on a path, for the daemon to connect to."""

    def __init__(self, address=("127.0.0.1", 0), backlog=128, receive_buffer=None, listening=True):
        self.path = address if isinstance(address, str) else None
        family = (socket.AF_UNIX if self.path else
                  socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT_SECONDS)
        self.socket.bind(address)
        if listening:
            self.socket.listen(backlog)

    @property
    def port(self):
        return self.socket.getsockname()[1]

    @property
    def address(self):
        """As it is written in a configuration."""
        return f"unix:{self.path}" if self.path else address_text(self.socket.getsockname())

    def listen(self, backlog=128):
        self.socket.listen(backlog)

    def accept(self):
        return Peer(self.socket.accept()[0])

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def closed_port(host="127.0.0.1"):
    """A server that refuses: its port is taken, and nobody listens there until `listen` is called."""
    return Server((host, 0), listening=False)


@contextlib.contextmanager
def black_hole():
    """A server whose accept queue is full, so that a further SYN gets no answer."""
    with Server(backlog=0) as server, contextlib.ExitStack() as held:
        for _ in range(2):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", server.port))
        yield server


def address_text(name):
    if isinstance(name, (str, bytes)):
        return f"unix:{name}" if name else "unix:"
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
