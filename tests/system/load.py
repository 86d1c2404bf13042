#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""New connections at a rate, each of which sends a few bytes to an echo, reads them and closes; says as JSON how many
failed, and the longest connect and the longest answer in milliseconds.

usage: load.py PORT COUNT RATE [--then-forever]   with the latter it goes on until its standard input ends
"""
import errno
import json
import select
import socket
import sys
import time

MESSAGE = b"are you there?"


class Load:
    def __init__(self, port, count, rate):
        self.address = ("127.0.0.1", port)
        self.count, self.rate = count, rate
        self.poll = select.epoll()
        self.open = {}
        self.begun = self.done = 0
        self.failures = {}
        self.longest_connect = self.longest_answer = 0.0

    def run(self, is_over):
        start = time.monotonic()
        while not (is_over() and self.begun >= self.count) or self.open:
            due = int((time.monotonic() - start) * self.rate) + 1
            while self.begun < due and not (self.begun >= self.count and is_over()):
                self.begin()
            for fd, _ in self.poll.poll(0.0005, 256):
                self.step(fd)
        return {"connections": self.begun, "answered": self.done, "failed": sum(self.failures.values()),
                "failures": self.failures, "longest_connect_ms": round(self.longest_connect * 1000, 1),
                "longest_answer_ms": round(self.longest_answer * 1000, 1),
                "rate": round(self.begun / (time.monotonic() - start))}

    def begin(self):
        self.begun += 1
        made = socket.socket()
        made.setblocking(False)
        entry = [made, time.monotonic(), False]
        code = made.connect_ex(self.address)
        if code not in (0, errno.EINPROGRESS):
            self.fail(entry, errno.errorcode.get(code, str(code)))
            return
        self.open[made.fileno()] = entry
        self.poll.register(made.fileno(), select.EPOLLOUT)

    def step(self, fd):
        entry = self.open[fd]
        made, since, connected = entry
        try:
            if not connected:
                code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code != 0:
                    raise OSError(code, "")
                entry[2] = True
                self.longest_connect = max(self.longest_connect, time.monotonic() - since)
                made.send(MESSAGE)
                self.poll.modify(fd, select.EPOLLIN)
                return
            got = made.recv(64)
            if got != MESSAGE:
                raise OSError(0, "")
            self.longest_answer = max(self.longest_answer, time.monotonic() - since)
            self.done += 1
            self.close(entry)
        except OSError as error:
            self.fail(entry, errno.errorcode.get(error.errno, "closed without an answer"))

    def close(self, entry):
        fd = entry[0].fileno()
        if self.open.pop(fd, None):
            self.poll.unregister(fd)
        entry[0].close()

    def fail(self, entry, why):
        self.failures[why] = self.failures.get(why, 0) + 1
        self.close(entry)


def main():
    port, count, rate = map(int, sys.argv[1:4])
    forever = "--then-forever" in sys.argv

    def is_over():
        return not forever or bool(select.select([sys.stdin], [], [], 0)[0])

    print(json.dumps(Load(port, count, rate).run(is_over)))


main()
