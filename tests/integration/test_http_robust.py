# SPDX-License-Identifier: Apache-2.0
"""HTTP as those send it who mean no good: shapes that could be read in two ways, targets in disguise, other web pages,
and clients that are slow. What the API's other tests try (test_api.py, tests/api) is not tried again here."""
import contextlib
import hashlib
import re
import signal

import pytest

from harness.daemon import BOUNDED_KIB
from harness.peers import Peer, closed_port
from harness.wait import eventually
from harness.web import ask_raw

ECHO = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""
TOKEN = '[api.tokens]\nboss = { role = "admin", sha256 = "%s" }\n' % hashlib.sha256(b"boss-secret").hexdigest()
MIB = 1024 * 1024
HOST = "Host: localhost"


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared(TOKEN + ECHO, listen_http=True)


def request(line, *headers, body=b""):
    return "\r\n".join([line, *headers, "", ""]).encode("latin-1") + body


def post(*headers, body=b""):
    """A request that is right but for `headers`."""
    return request("POST /v1/config/check HTTP/1.1", HOST, "Content-Type: application/json", *headers, body=body)


#: Who gets the daemon to take this for a request of its own has smuggled it in: on the Unix socket it would be served.
PAUSE = request("POST /v1/listeners/echo/pause HTTP/1.1", HOST, "Connection: close")
HEALTH = request("GET /healthz HTTP/1.1", HOST, "Connection: close")


def statuses(answers):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def assert_nothing_changed(daemon):
    state = daemon.listener("echo")["state"]
    daemon.post("/v1/listeners/echo/resume")  # so that one test that fails is one
    assert state == "up"
    assert daemon.get("/healthz").status == 200


# --- one stream, one reading ----------------------------------------------------------------------

CHUNKED = b"0\r\n\r\n"
AMBIGUOUS = {
    "length and chunked": (post("Content-Length: 5", "Transfer-Encoding: chunked", body=CHUNKED), 501),
    "chunked and length": (post("Transfer-Encoding: chunked", "Content-Length: 5", body=CHUNKED), 501),
    "chunked in disguise": (post("Transfer-Encoding: xchunked", "Content-Length: 5", body=CHUNKED), 501),
    "chunked folded": (post("Transfer-Encoding:\r\n chunked", body=CHUNKED), 400),
    "chunked with a blank": (post("Transfer-Encoding : chunked", "Content-Length: 5", body=CHUNKED), 400),
    "chunked behind a bare LF": (post("X: y\nTransfer-Encoding: chunked", "Content-Length: 5", body=CHUNKED), 400),
    "chunked behind a bare CR": (post("X: y\rTransfer-Encoding: chunked", "Content-Length: 5", body=CHUNKED), 400),
    "length twice, the same": (post("Content-Length: 2", "Content-Length: 2", body=b"{}"), 400),
    "length as a list": (post("Content-Length: 2, 2", body=b"{}"), 400),
    "length with a plus": (post("Content-Length: +2", body=b"{}"), 400),
    "length in two words": (post("Content-Length: 2 2", body=b"{}"), 400),
    "length in hex": (post("Content-Length: 0x2", body=b"{}"), 400),
    "no length in it": (post("Content-Length: ", body=b"{}"), 400),
    "length that wraps": (post("Content-Length: 18446744073709551618", body=b"{}"), 413),
    "a NUL in a value": (post("X: a\0b", "Content-Length: 2", body=b"{}"), 400),
    "a NUL in a name": (post("X\0: a", "Content-Length: 2", body=b"{}"), 400),
    "no colon": (post("X", "Content-Length: 2", body=b"{}"), 400),
    "gzip": (post("Content-Encoding: gzip", "Content-Length: 2", body=b"{}"), 415),
    "to be continued": (post("Expect: 100-continue", "Content-Length: 2", body=b"{}"), 417),
    "many ranges": (post("Range: bytes=" + ",".join(["0-"] * 1000)), 416),
    "two types": (post("Content-Type: text/plain", "Content-Length: 2", body=b"{}"), 400),
    "two origins": (post("Origin: null", "Origin: http://localhost"), 400),
    "two tokens": (post("Authorization: Bearer a", "Authorization: Bearer b"), 400),
    "two hosts, one foreign": (post("hOST: evil.example"), 400),
    "a blank before Host": (request("GET / HTTP/1.1", "Host : localhost"), 400),
    "another authority": (request("GET http://evil.example/v1/status HTTP/1.1", HOST), 400),
    "CONNECT": (request("CONNECT 127.0.0.1:1 HTTP/1.1", HOST), 501),
    "OPTIONS *": (request("OPTIONS * HTTP/1.1", HOST), 400),
    "TRACE": (request("TRACE / HTTP/1.1", HOST), 501),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.0 without Host": (b"GET /v1/status HTTP/1.0\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
}


@pytest.mark.quick
@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_served(daemon, shape):
    sent, status = AMBIGUOUS[shape]

    answers = ask_raw(daemon.socket, sent + PAUSE)

    assert statuses(answers) == [status], answers[:500]
    assert_nothing_changed(daemon)


@pytest.mark.quick
@pytest.mark.parametrize("sent", [
    b"POST /v1/listeners/echo/pause HTTP/1.1\nHost: localhost\n\n", b"POST /v1/listeners/echo/pause\r\n",
    PAUSE[:-2], PAUSE[:-2] + b"Content-Length: 2\r\n\r\n{", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + bytes(600),
], ids=["line feeds alone", "HTTP/0.9", "half a head", "half a body", "TLS"])
def test_what_never_becomes_a_request_gets_no_answer_and_changes_nothing(daemon, sent):
    with Peer.to(str(daemon.socket)) as peer:
        peer.send(sent)
        peer.fin()

        assert peer.read_to_end() == (b"", "fin")
    assert_nothing_changed(daemon)


@pytest.mark.quick
@pytest.mark.parametrize(("line", "headers", "status"), [
    ("POST /v1/config/check HTTP/1.1", [HOST, "Content-Type: application/json"], 400),
    ("POST /v1/config/check HTTP/1.1", [HOST, "Content-Type: text/plain"], 415),
    ("POST /v1/nothing HTTP/1.1", [HOST], 404),
    ("POST /v1/status HTTP/1.1", [HOST], 405),
    ("GET /v1/status HTTP/1.1", [HOST], 400),
    ("GET /v1/status HTTP/1.1", ["Host: evil.example"], 421),
    ("GET /v1/status HTTP/1.1", [HOST, "Origin: null"], 403),
], ids=lambda value: str(value) if isinstance(value, int) else "")
def test_the_body_of_a_request_that_fails_is_no_request(daemon, line, headers, status):
    failing = request(line, *headers, f"Content-Length: {len(PAUSE)}", body=PAUSE)

    assert statuses(ask_raw(daemon.socket, failing + HEALTH)) == [status, 200]
    assert_nothing_changed(daemon)


@pytest.mark.quick
def test_an_upgrade_is_not_taken(daemon):
    upgrading = request("GET /healthz HTTP/1.1", HOST, "Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")

    answers = ask_raw(daemon.socket, upgrading + HEALTH)

    assert statuses(answers) == [200, 200]
    assert b"upgrade" not in answers.lower()


def test_thousands_of_requests_at_once_on_one_connection_are_all_answered(daemon):
    with Peer.to(daemon.http) as peer:
        peer.send_later(request("GET /healthz HTTP/1.1", HOST) * 5000 + HEALTH)

        answers, _ = peer.read_to_end()

    assert statuses(answers) == [200] * 5001


# --- targets in disguise --------------------------------------------------------------------------

DISGUISED = {
    "/v1/listeners/echo%2Fpause": 400, "/v1%2flisteners/echo/pause": 400, "/v1/listeners/%u0065cho/pause": 400,
    "/v1/listeners/echo/pause%": 400, "/v1/listeners/%zzecho/pause": 400, "/v1/listeners/echo/pause#x": 400,
    "/v1/clients/%2e%2e%2flisteners/echo/pause": 400, "v1/listeners/echo/pause": 400,
    "/v1/listeners/echo%252Fpause": 405, "/v1/listeners/echo\\pause": 405,
    "/v1/clients/../listeners/echo/pause": 404, "/v1/clients/%2e%2e/listeners/echo/pause": 404,
    "/v1/./listeners/echo/pause": 404, "//v1/listeners/echo/pause": 404, "/v1/listeners//echo/pause": 404,
    "/v1/listeners/echo/pause/": 404, "/v1/listeners/echo/pause;x=1": 404, "/v1/listeners/echo;x/pause": 404,
    "/v1/listeners/echo%00/pause": 404, "/v1/listeners/echo/pause%00": 404, "/v1/listeners/echo/pause%20": 404,
    "/v1/listeners/%C0%AFecho/pause": 404, "/v1/listeners%C0%AFecho/pause": 404, "/v1/listeners/ECHO/pause": 404,
}


@pytest.mark.quick
@pytest.mark.parametrize("target", DISGUISED)
def test_a_target_that_only_resembles_a_path_is_none(daemon, target):
    answers = ask_raw(daemon.socket, request(f"POST {target} HTTP/1.1", HOST, "Connection: close"))

    assert_nothing_changed(daemon)
    assert statuses(answers) == [DISGUISED[target]], answers


@pytest.mark.quick
@pytest.mark.parametrize("target", ["/../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..", "/%2e%2e/",
                                    "/etc/passwd", "//etc/passwd"])
def test_there_are_no_files_to_be_had(daemon, target):
    assert statuses(ask_raw(daemon.socket, request(f"GET {target} HTTP/1.1", HOST, "Connection: close"))) == [404]


@pytest.mark.quick
def test_letters_may_be_written_in_percent(daemon):
    assert daemon.get("/v1/listeners/%65ch%6F").json["name"] == "echo"


# --- other web pages ------------------------------------------------------------------------------

BOSS = {"Authorization": "Bearer boss-secret"}


@pytest.mark.quick
@pytest.mark.parametrize("host", ["", "user@localhost", "localhost.", "2130706433", "0x7f.0.0.1", "127.1", "[::1%lo]",
                                  "[::ffff:127.0.0.1]", "localhost:80:80", "localhost, evil.example"])
def test_a_host_that_only_resembles_ours_is_foreign(daemon, host):
    assert daemon.web("POST", "/v1/listeners/echo/pause", headers={"Host": host, **BOSS}).status == 421
    assert_nothing_changed(daemon)


@pytest.mark.quick
@pytest.mark.parametrize(("method", "origin"), [
    *[(method, "http://evil.example") for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")],
    ("POST", "null"), ("POST", "http://localhost:1"),
])
def test_a_page_from_elsewhere_changes_nothing_even_with_a_token(daemon, method, origin):
    answer = daemon.web(method, "/v1/listeners/echo/pause", headers={"Origin": origin, **BOSS})

    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert_nothing_changed(daemon)


# --- slow ones, and those that leave --------------------------------------------------------------

def test_a_request_may_come_byte_by_byte(daemon):
    level = b'{"level": "debug"}'
    sent = request("PUT /v1/log/level HTTP/1.1", HOST, "Content-Type: application/json",
                   f"Content-Length: {len(level)}", "Connection: close", body=level)
    with Peer.to(str(daemon.socket)) as peer:
        for byte in sent:
            peer.send(bytes([byte]))

        assert statuses(peer.read_to_end()[0]) == [200]


@pytest.mark.threaded
def test_two_hundred_slow_clients_at_each_door_hold_up_nobody(launch):
    with closed_port() as free:
        metrics = ("127.0.0.1", free.port)
    daemon = launch(ECHO + f'[api]\nmetrics = {{ listen = "127.0.0.1:{metrics[1]}", allow = ["127.0.0.1/32"] }}\n',
                    listen_http=True)
    begun = [b"", b"GET /v1/st", request("GET /healthz HTTP/1.1", HOST)[:-2],
             post(f"Content-Length: {MIB}", body=b"{")]
    slow = [Peer.to(door) for door in (daemon.http, metrics) for _ in range(200)]
    for n, peer in enumerate(slow):
        peer.send(begun[n % 4])

    for _ in range(10):
        for peer in slow[1::4] + slow[3::4]:
            peer.send(b"x")
        assert daemon.web("GET", "/healthz").status == 200
        assert daemon.web("GET", "/metrics").status == 200
        for path in ("/healthz", "/readyz", "/metrics"):
            assert statuses(ask_raw(metrics, request(f"GET {path} HTTP/1.1", HOST, "Connection: close"))) == [200]
        assert daemon.get("/v1/status").status == 200

    with Peer.to(daemon.http) as watcher:
        watcher.send(request("GET /v1/events HTTP/1.1", HOST, "Accept: text/event-stream"))
        assert watcher.read(15) == b"HTTP/1.1 200 OK"
        daemon.signal(signal.SIGTERM)  # it waits for none of them
        assert daemon.wait() == 0
    for peer in slow:
        peer.close()


def test_more_slow_clients_than_a_door_takes_lock_nobody_out(daemon):
    with contextlib.ExitStack() as closing:
        for _ in range(600):
            closing.enter_context(Peer.to(daemon.http)).send(b"GET /v1/st")

        for path in ("/healthz", "/metrics", "/v1/status"):
            assert daemon.web("GET", path).status == 200


@pytest.mark.threaded
def test_bodies_that_do_not_end_leave_room_for_others(daemon):
    peers = [Peer.to(daemon.http) for _ in range(40)]
    for peer in peers:
        peer.send_later(post(f"Content-Length: {MIB}", body=b"x" * (MIB - 1)))
    eventually(lambda: any(peer.unread() for peer in peers), "a refusal for want of room")

    with contextlib.ExitStack() as closing:
        for peer in peers:
            closing.enter_context(peer)
        assert daemon.web("GET", "/healthz").status == 200
        assert daemon.web("GET", "/metrics").status == 200
        assert daemon.web("PUT", "/v1/log/level", {"level": "debug"}, BOSS).status == 200
        whole = daemon.request("POST", "/v1/config/check", b"x" * MIB, {"Content-Type": "application/json"})
        assert whole.status == 400  # served, and found to be no JSON


def test_a_connection_that_is_kept_keeps_no_memory_of_its_last_body(daemon):
    before = daemon.resident_kib()
    with contextlib.ExitStack() as kept:
        for _ in range(200):
            peer = kept.enter_context(Peer.to(daemon.http))
            peer.send(post(f"Content-Length: {MIB}", body=b"x" * MIB))
            assert peer.read_line().startswith(b"HTTP/1.1 401")

        assert daemon.resident_kib() - before < BOUNDED_KIB


@pytest.mark.threaded
def test_clients_that_break_off_leave_nothing_behind(daemon):
    before = daemon.files()
    for sent in (b"", b"GET /v1/st", HEALTH, request("GET /v1/openapi.json HTTP/1.1", HOST) * 50,
                 post(f"Content-Length: {MIB}", body=b"{")):
        for _ in range(20):
            peer = Peer.to(daemon.http)
            peer.send(sent)
            peer.rst()

    eventually(lambda: daemon.files() <= before, "the end of all their connections")
    assert_nothing_changed(daemon)


# --- the log --------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", ["text", "json"])
def test_no_caller_writes_a_line_or_a_terminal_sequence_into_the_log(launch, form):
    daemon = launch(f'[log]\nformat = "{form}"\n' + ECHO)
    for host in ("localhost", "\x9b2Jforged"):
        for target in ("/v1/%1B%5B2J%0D%0Atime=forged/%00%7F", "/v1/%C2%9B2Jforged", '/v1/"forged"\\'):
            ask_raw(daemon.socket, request(f"POST {target} HTTP/1.1", f"Host: {host}", "Connection: close"))

    lines = eventually(lambda: len(found := [line for line in daemon.log().split("\n") if "forged" in line]) == 6 and found)

    assert all("api.change" in line and not re.search("[\x00-\x1f\x7f-\x9f]", line) for line in lines), lines
