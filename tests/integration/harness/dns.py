# SPDX-License-Identifier: Apache-2.0
"""A name server on loopback whose records and moods a test changes while it runs (RFC 1035, RFC 2782)."""
import contextlib
import socket
import struct
import threading

A, CNAME, AAAA, SRV = 1, 5, 28, 33
MOST_OF_UDP = 512
RESPONSE, CUT, SERVER_FAILURE, NO_SUCH_NAME = 0x8180, 0x0200, 2, 3


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def decoded(wire):
    labels = []
    while wire[0]:
        labels.append(wire[1:1 + wire[0]].decode())
        wire = wire[1 + wire[0]:]
    return ".".join(labels)


class DnsServer:
    """Answers over UDP, and over TCP what does not fit there. `mood`: answers, silent, fails or garbage; `unanswered`
    are types of queries that are dropped in any mood."""

    def __init__(self, host="127.0.0.1"):
        self._zone = {}  # name -> [(type, ttl, data)]
        self.mood = "answers"
        self.unanswered = set()
        self.queries = []  # names, in the order asked
        self.asked = []  # the same, with types
        while True:
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._udp.bind((host, 0))
            with contextlib.suppress(OSError):
                self._tcp.bind(self._udp.getsockname())
                break
            self._udp.close()
            self._tcp.close()
        self._tcp.listen()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self):
        return "{}:{}".format(*self._udp.getsockname())

    @property
    def config(self):
        return self.config_with()

    def config_with(self, timeout="100ms", attempts=2):
        return f'[dns]\nservers = ["{self.address}"]\ntimeout = "{timeout}"\nattempts = {attempts}\n'

    def host(self, name, *addresses, ttl=0):
        self._zone[name] = [
            (AAAA, ttl, socket.inet_pton(socket.AF_INET6, address)) if ":" in address
            else (A, ttl, socket.inet_aton(address)) for address in addresses]

    def alias(self, name, target, ttl=0):
        self._zone[name] = [(CNAME, ttl, encoded(target))]

    def service(self, name, *targets, ttl=0):
        """Targets are (priority, weight, port, host)."""
        self._zone[name] = [(SRV, ttl, struct.pack("!HHH", *numbers) + encoded(host)) for *numbers, host in targets]

    def remove(self, name):
        self._zone.pop(name, None)

    def _reply(self, query):
        name, end = decoded(query[12:]), query.index(b"\0", 12) + 5
        wanted, = struct.unpack_from("!H", query, end - 4)
        self.queries.append(name)
        self.asked.append((name, wanted))
        if self.mood == "silent" or wanted in self.unanswered:
            return None
        if self.mood == "garbage":
            return query[:2] + b"\x81\x80\0\1\0\x09\0\0\0\0" + query[12:end] + b"\xff\xff\xff"
        flags, answers, known = RESPONSE, [], name in self._zone
        if self.mood == "fails":
            flags |= SERVER_FAILURE
        else:
            while alias := next((data for kind, _, data in self._zone.get(name, []) if kind == CNAME), None):
                answers.append((name, CNAME, 0, alias))
                name = decoded(alias)
            answers += [(name, *record) for record in self._zone.get(name, []) if record[0] == wanted]
            flags |= 0 if known else NO_SUCH_NAME
        head = query[:2] + struct.pack("!5H", flags, 1, len(answers), 0, 0) + query[12:end]
        return head + b"".join(encoded(owner) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data
                               for owner, kind, ttl, data in answers)

    def _serve_udp(self):
        with contextlib.suppress(OSError):
            while True:
                query, peer = self._udp.recvfrom(MOST_OF_UDP)
                if not query:
                    return  # shut down
                if not (reply := self._reply(query)):
                    continue
                if len(reply) > MOST_OF_UDP:
                    end = query.index(b"\0", 12) + 5
                    reply = query[:2] + struct.pack("!5H", RESPONSE | CUT, 1, 0, 0, 0) + query[12:end]
                self._udp.sendto(reply, peer)

    def _serve_tcp(self):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = self._tcp.accept()
                threading.Thread(target=self._serve_stream, args=(stream,), daemon=True).start()

    def _serve_stream(self, stream):
        with stream, contextlib.suppress(OSError), stream.makefile("rb") as reader:
            while head := reader.read(2):
                if reply := self._reply(reader.read(struct.unpack("!H", head)[0])):
                    stream.sendall(struct.pack("!H", len(reply)) + reply)

    def close(self):
        for one in (self._udp, self._tcp):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
