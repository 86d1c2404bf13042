# SPDX-License-Identifier: Apache-2.0
"""A server that many clients stay connected to, each of which says its name: who is there, and who is there twice.

As a program: `roll_call.py PORT`. A line on its stdin is answered by one of JSON on its stdout.
"""

import json
import selectors
import socket
import sys

BACKLOG = 4096


class RollCall:
    def __init__(self, port):
        self.present = {}  # socket: name
        self.selector = selectors.DefaultSelector()
        self.listening = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self.listening.setblocking(False)
        self.selector.register(self.listening, selectors.EVENT_READ, self.accept)

    def accept(self, _):
        try:
            while True:
                made, _ = self.listening.accept()
                made.setblocking(False)
                self.present[made] = b""
                self.selector.register(made, selectors.EVENT_READ, self.read)
        except BlockingIOError:
            pass

    def read(self, peer):
        try:
            piece = peer.recv(4096)
        except ConnectionError:
            piece = b""
        if piece:
            self.present[peer] += piece
        else:
            self.selector.unregister(peer)
            del self.present[peer]
            peer.close()

    def report(self):
        names = [name for name in self.present.values() if name.endswith(b"\n")]
        return {"present": len(names), "different": len(set(names))}

    def run(self):
        sys.stdin.reconfigure(line_buffering=True)
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        print("ready", flush=True)
        while True:
            for key, _ in self.selector.select():
                if key.data:
                    key.data(key.fileobj)
                elif not sys.stdin.readline():
                    return
                else:
                    print(json.dumps(self.report()), flush=True)


if __name__ == "__main__":
    RollCall(int(sys.argv[1])).run()
