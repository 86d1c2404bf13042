# SPDX-License-Identifier: Apache-2.0
"""A small HTTP client for the API, over its Unix socket or over loopback."""
import dataclasses
import http.client
import json
import socket

from harness import openapi

TIMEOUT_SECONDS = 30


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


def ask(connection, method, path, body=None, headers=None):
    """One request on a connection of its own. A `body` that is no bytes is sent as JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        return exchange(connection, method, path, body, headers)
    finally:
        connection.close()


def exchange(connection, method, path, body=None, headers=None):
    """One request, and its answer once that is what the daemon's document says."""
    connection.request(method, path, body=body, headers=headers or {})
    reply = connection.getresponse()
    answer = Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    openapi.document().judge(method, path, answer, body)
    return answer


def ask_raw(address, request):
    """Sends `request` as it stands and answers all that comes back. `address` is a path, or a (host, port). The first
    answer has to be as the daemon's document says, as with `exchange`."""
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as peer:
        peer.settimeout(TIMEOUT_SECONDS)
        peer.connect(address if isinstance(address, tuple) else str(address))
        peer.sendall(request)
        answer = b""
        while piece := peer.recv(65536):
            answer += piece
    if answer:
        _judge_first(request, answer)
    return answer


def _judge_first(request, answer):
    words = request.partition(b"\r\n")[0].decode("latin-1").split(" ")
    method, target = words[:2] if len(words) == 3 else ("", "")
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    size = int(headers["content-length"])
    openapi.document().judge(method, target, Answer(int(status.split()[1]), headers, body[:size]))
