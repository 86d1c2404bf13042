# SPDX-License-Identifier: Apache-2.0
"""Thousands of connections, and an echo server in a process of its own, which has the files for them to itself."""
import contextlib
import select
import socket
import subprocess
import sys

BACKLOG = 4096


class Backend:
    """Echoes whatever comes until the end of the `with`; `address` is as in a configuration."""

    def __init__(self):
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = f"127.0.0.1:{int(self._process.stdout.readline())}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


@contextlib.contextmanager
def crowd(address, size):
    """Connected sockets and no more, so that this process has files enough for all."""
    with contextlib.ExitStack() as held:
        def connect():
            return held.enter_context(socket.create_connection(address, timeout=60))
        yield [connect() for _ in range(size)], connect


def echo(connected):
    """False once it has ended."""
    with contextlib.suppress(ConnectionError):
        if data := connected.recv(65536):
            connected.sendall(data)
            return True
    return False


def serve(listening, until):
    """Until `until` says that whoever started this process is gone."""
    ready = select.epoll()
    ready.register(listening.fileno(), select.EPOLLIN)
    ready.register(until, select.EPOLLIN)
    served = {}
    while True:
        for number, _ in ready.poll():
            if number == until:
                return
            if number == listening.fileno():
                connected, _ = listening.accept()
                served[connected.fileno()] = connected
                ready.register(connected.fileno(), select.EPOLLIN)
            elif not echo(served[number]):
                served.pop(number).close()


def main():
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listening:
        print(listening.getsockname()[1], flush=True)
        serve(listening, sys.stdin.fileno())


if __name__ == "__main__":
    main()
