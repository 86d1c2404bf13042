# SPDX-License-Identifier: Apache-2.0
"""The HTTP API as a whole: doors, roles, the rules against other web pages, errors, slow clients."""
import grp
import hashlib
import os
import pwd
import socket

import pytest

from harness.daemon import BOUNDED_KIB
from harness.wait import eventually
from harness.web import ask_raw

ECHO = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""

CONFIG = """
[api]
allowed_hosts = ["tcpctl.example"]
[api.tokens]
ci = { role = "operate", sha256 = "%s" }
boss = { role = "admin", sha256 = "%s" }

[listeners.hello]
listen = ["127.0.0.1:0"]
service = "dialog"
dialog = { greeting = "hi\\n" }
""" % tuple(hashlib.sha256(token).hexdigest() for token in (b"ci-secret", b"boss-secret")) + ECHO


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared(CONFIG, listen_http=True)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


READING = ["/healthz", "/readyz", "/metrics", "/v1/status", "/v1/listeners", "/v1/listeners/echo", "/v1/clients",
           "/v1/connections", "/v1/history", "/v1/services", "/v1/config", "/v1/log/level"]


# --- roles ----------------------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize("path", READING)
def test_what_only_reads_is_served_at_both_doors(daemon, path):
    for answer in (daemon.get(path), daemon.web("GET", path)):
        assert answer.status == 200, answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.quick
@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/v1/listeners/echo/pause"), ("DELETE", "/v1/connections?listener=echo"),
    ("POST", "/v1/config/reload"), ("PUT", "/v1/log/level"),
])
def test_loopback_without_a_token_only_reads(daemon, method, path):
    answer = daemon.web(method, path)

    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert daemon.listener("echo")["state"] == "up"


@pytest.mark.quick
def test_a_token_may_do_what_its_role_may(daemon):
    ci, boss = bearer("ci-secret"), bearer("boss-secret")

    assert daemon.web("POST", "/v1/listeners/echo/pause", headers=ci).status == 200
    assert daemon.web("POST", "/v1/listeners/echo/resume", headers=ci).status == 200
    assert daemon.web("POST", "/v1/config/reload", headers=ci).status == 403
    assert daemon.web("POST", "/v1/config/reload", headers=boss).status == 200


@pytest.mark.parametrize("authorization", ["Bearer wrong", "Bearer ", "Basic Y2k6Y2k=", "ci-secret"])
def test_a_wrong_token_is_not_taken_for_none(daemon, authorization):
    assert daemon.web("GET", "/v1/status", headers={"Authorization": authorization}).status == 401


def test_the_unix_socket_knows_its_caller(daemon):
    assert daemon.post("/v1/listeners/echo/resume").status == 200

    eventually(lambda: f"uid:{os.getuid()}" in daemon.log(), "the change in the log")


def test_a_role_on_the_unix_socket_may_be_narrowed(launch):
    user = pwd.getpwuid(os.getuid()).pw_name
    daemon = launch(f'[api.roles]\n"user:{user}" = "read"\n' + ECHO)

    assert daemon.get("/v1/status").status == 200
    refused = daemon.post("/v1/listeners/echo/pause")
    assert refused.status == 403
    assert "operate" in refused.json["detail"]


def test_a_role_may_be_given_to_a_group(launch):
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    daemon = launch(f'[api.roles]\n"user:{user}" = "read"\n"group:{group}" = "operate"\n' + ECHO)

    assert daemon.post("/v1/listeners/echo/pause").status == 200
    assert daemon.post("/v1/config/reload").status == 403


def test_anonymous_none_shuts_loopback_to_those_without_a_token(launch):
    daemon = launch('[api]\nanonymous = "none"\n', listen_http=True)

    assert daemon.web("GET", "/v1/status").status == 401
    assert daemon.web("GET", "/healthz").status == 200
    assert daemon.get("/v1/status").status == 200


def test_every_change_is_logged_with_who_what_and_outcome(daemon):
    daemon.web("POST", "/v1/listeners/nobody/pause", headers=bearer("ci-secret"))

    line = eventually(lambda: next((line for line in daemon.log().splitlines() if "nobody/pause" in line), None))
    for part in ("api.change", "token:ci", "POST", "404"):
        assert part in line
    assert "ci-secret" not in daemon.log()


# --- other web pages ------------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.1:9810", "[::1]:80", "tcpctl.example"])
def test_a_host_that_is_ours_is_served(daemon, host):
    assert daemon.web("GET", "/v1/status", headers={"Host": host}).status == 200


@pytest.mark.quick
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1"])
def test_a_foreign_host_is_421_at_both_doors(daemon, host):
    assert daemon.web("GET", "/v1/status", headers={"Host": host}).status == 421
    assert daemon.request("GET", "/v1/status", headers={"Host": host}).status == 421


@pytest.mark.quick
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example",
                                    "https://127.0.0.1"])
def test_a_foreign_origin_is_403_even_for_reading(daemon, origin):
    assert daemon.web("GET", "/v1/status", headers={"Origin": origin}).status == 403


def test_the_own_origin_is_served(daemon):
    host, port = daemon.http

    assert daemon.web("GET", "/v1/status", headers={"Origin": f"http://{host}:{port}"}).status == 200


@pytest.mark.quick
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x", ""])
def test_a_body_that_is_not_json_is_415(daemon, kind):
    answer = daemon.request("PUT", "/v1/log/level", b'{"level":"debug"}', {"Content-Type": kind})

    assert answer.status in ((415,) if not kind.startswith("multipart") else (400, 415))


# --- errors ---------------------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize(("method", "path", "status", "words"), [
    ("GET", "/v1/nothing", 404, "/v1/nothing"),
    ("GET", "/v1/listeners/nobody", 404, "nobody"),
    ("GET", "/v1/clients/nobody", 404, "nobody"),
    ("GET", "/v1/connections/9-9", 404, "9-9"),
    ("GET", "/v1/connections/rubbish", 404, "rubbish"),
    ("GET", "/v1/history/1-999999", 404, "1-999999"),
    ("DELETE", "/v1/connections/1-999999", 404, "1-999999"),
    ("DELETE", "/v1/connections", 400, "filter"),
    ("DELETE", "/v1/connections?listener=echo&how=gently", 400, "gently"),
    ("POST", "/v1/status", 405, "GET"),
    ("GET", "/v1/connections?limit=0", 400, "limit"),
    ("GET", "/v1/connections?limit=1001", 400, "limit"),
    ("GET", "/v1/connections?listner=echo", 400, "listener"),
    ("GET", "/v1/connections?sort=-bites_in", 400, "bytes_in"),
    ("GET", "/v1/connections?state=OPEN", 400, "state"),
    ("GET", "/v1/connections?peer=10.0.0.0/99", 400, "peer"),
    ("GET", "/v1/connections?older_than=soon", 400, "older_than"),
    ("GET", "/v1/connections?cursor=rubbish", 400, "cursor"),
    ("GET", "/v1/history?reason=peer_fun", 400, "peer_fin"),
    ("GET", "/v1/history?since=yesterday", 400, "RFC 3339"),
    ("GET", "/v1/status?x=1", 400, "x"),
])
def test_an_error_is_a_problem_that_says_what_is_wrong(daemon, method, path, status, words):
    answer = daemon.request(method, path)

    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == status
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert words in problem["detail"]


@pytest.mark.parametrize(("body", "pointer"), [
    (b'{"level": "loud"}', "/level"), (b'{"levl": "debug"}', "/levl"), (b'{"level": 5}', "/level"),
    (b"{}", "/level"), (b"[1]", None), (b"{", None), (b'{"level": "debug", "level": "info"}', None),
    (b"[" * 10_000, None), (b"\xff\xfe", None),
])
def test_wrong_json_is_400_with_its_place(daemon, body, pointer):
    answer = daemon.request("PUT", "/v1/log/level", body, {"Content-Type": "application/json"})

    assert answer.status == 400, answer.text
    assert pointer is None or pointer in [error["pointer"] for error in answer.json["errors"]]


@pytest.mark.quick
def test_the_log_level_is_read_and_changed(daemon):
    assert daemon.request("PUT", "/v1/log/level", {"level": "trace"}).json == {"level": "trace"}
    assert daemon.json("/v1/log/level") == {"level": "trace"}
    assert daemon.request("PUT", "/v1/log/level", {"level": "debug"}).status == 200


def test_head_is_get_without_the_body(daemon):
    answer = daemon.request("HEAD", "/v1/status")

    assert (answer.status, answer.body) == (200, b"")


def test_status_tells_of_the_process_and_its_limits(daemon):
    status = daemon.json("/v1/status")

    assert status["pid"] == daemon.process.pid
    assert status["workers"] == 2
    assert status["limits"]["max_connections"] > 0
    assert status["totals"]["listeners"] == 2
    assert status["started_at"].endswith("Z")


def test_the_running_configuration_is_json_that_check_takes(daemon):
    config = daemon.json("/v1/config")

    assert config["listeners"]["echo"]["service"] == "echo"
    assert daemon.post("/v1/config/check", config).status == 200


def test_secrets_are_redacted_for_who_may_only_read(daemon):
    text = daemon.web("GET", "/v1/config").text

    assert hashlib.sha256(b"ci-secret").hexdigest() not in text


@pytest.mark.quick
def test_check_lists_every_mistake_with_its_pointer(daemon):
    answer = daemon.post("/v1/config/check", {"listeners": {
        "a": {"listen": ["nonsense"], "service": "echo"},
        "b": {"listen": ["127.0.0.1:0"], "service": "ecco", "lmit": 1}}})

    assert answer.status == 400
    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert {"/listeners/a/listen/0", "/listeners/b/service", "/listeners/b/lmit"} <= pointers


def test_the_page_is_served_with_a_policy_that_keeps_foreign_script_out(daemon):
    page = daemon.web("GET", "/")

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]


def test_openapi_names_every_route_with_its_role(daemon):
    document = daemon.json("/v1/openapi.json")

    assert document["openapi"].startswith("3.1")
    assert {"/v1/status", "/v1/listeners/{name}/pause", "/v1/connections/{id}"} <= set(document["paths"])


# --- hostile requests -----------------------------------------------------------------------------

def head(line, *headers):
    return "\r\n".join([line, *headers, "", ""]).encode()


@pytest.mark.parametrize(("request_bytes", "status"), [
    (head("GET /v1/status HTTP/1.1"), 400),
    (head("GET /v1/status HTTP/1.1", "Host: localhost", "Host: localhost"), 400),
    (head("GET /" + "a" * 10_000 + " HTTP/1.1", "Host: localhost"), 414),
    (head("GET /v1/status HTTP/1.1", "Host: localhost", "X: " + "a" * 100_000), 431),
    (head("GET /v1/status HTTP/1.1", "Host: localhost", *["X: y"] * 2000), 431),
    (head("POST /v1/config/check HTTP/1.1", "Host: localhost", "Content-Type: application/json",
          "Content-Length: 99999999"), 413),
    (head("POST /v1/config/check HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 501),
    (head("POST /v1/config/check HTTP/1.1", "Host: localhost", "Content-Length: 2", "Content-Length: 3") + b"{}", 400),
    (head("POST /v1/config/check HTTP/1.1", "Host: localhost", "Content-Length: -1"), 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + b"\x00" * 600 + b"\r\n\r\n", 400),
    (b"GARBAGE\r\n\r\n", 400),
], ids=["no host", "two hosts", "long path", "long header", "many headers", "large body", "chunked", "two lengths",
        "negative length", "TLS", "no HTTP"])
def test_a_request_that_is_none_is_refused_and_the_connection_closed(daemon, request_bytes, status):
    answer = ask_raw(str(daemon.socket), request_bytes)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert daemon.get("/healthz").status == 200


def test_two_requests_on_one_connection_are_both_answered(daemon):
    request = head("GET /healthz HTTP/1.1", "Host: localhost")
    last = head("GET /healthz HTTP/1.1", "Host: localhost", "Connection: close")

    assert ask_raw(str(daemon.socket), request + last).count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.quick
@pytest.mark.threaded
def test_silent_and_dribbling_clients_do_not_stop_the_others(daemon):
    idlers = []
    for n in range(100):
        idler = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        idler.connect(str(daemon.socket))
        if n % 2:
            idler.send(b"GET /v1/status HTTP/1.1\r\nHost: loc")
        idlers.append(idler)

    for _ in range(20):
        assert daemon.get("/v1/status").status == 200
        for idler in idlers[1::2]:
            idler.send(b"a")

    for idler in idlers:
        idler.close()


def test_a_client_that_does_not_read_its_answers_costs_little(daemon):
    before = daemon.resident_kib()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as greedy:
        greedy.connect(str(daemon.socket))
        greedy.settimeout(1)
        request = head("GET /metrics HTTP/1.1", "Host: localhost") * 100
        with pytest.raises((TimeoutError, ConnectionError)):
            for _ in range(10_000):
                greedy.send(request)

        assert daemon.get("/healthz").status == 200
        assert daemon.resident_kib() - before < BOUNDED_KIB


def test_bytes_of_a_peer_never_break_the_json(daemon):
    with daemon.connect("hello") as peer:
        peer.send(b"\xff\xfe\"\\\x00\n")
        peer.read_line()
        name = peer.name
    assert daemon.ended(name)["bytes_in"] == 6


# --- metrics for a Prometheus elsewhere -----------------------------------------------------------

def test_the_metrics_door_serves_metrics_and_health_alone(launch):
    from harness.peers import Server
    with Server() as holder:
        port = holder.port
    launch(f'[api]\nmetrics = {{ listen = "127.0.0.1:{port}", allow = ["127.0.0.1/32"] }}\n')

    def status(path, source=None):
        with socket.create_connection(("127.0.0.1", port), 30, (source or "127.0.0.1", 0)) as peer:
            peer.sendall(head(f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"))
            try:
                return peer.recv(65536)[9:12]
            except ConnectionResetError:
                return b""

    assert (status("/metrics"), status("/healthz"), status("/readyz")) == (b"200", b"200", b"200")
    assert status("/v1/status") == b"404"
    assert status("/metrics", source="127.0.0.5") in (b"403", b"")
