# SPDX-License-Identifier: Apache-2.0
"""A mail server that greets and says good-bye, as a process of its own: what probes are pointed at.

Run as a program it listens on 127.0.0.1, prints the port, and ends with its standard input.
"""

import asyncio
import sys

BACKLOG = 4096


class Mail(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 mail\r\n")

    def data_received(self, data):
        if data.endswith(b"\n"):
            self.transport.write(b"221 bye\r\n")
            self.transport.close()


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Mail, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin, lambda: sys.stdin.buffer.read1() or ended.set())
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve())
