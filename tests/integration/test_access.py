# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route against every role, where tokens come from and what never shows them, and the record
that each change leaves."""
import hashlib
import os
import pathlib
import pwd
import re
import signal
import subprocess

import pytest

from harness import openapi
from harness.journal import Journal
from harness.network import may_have_namespaces
from harness.peers import Server
from harness.programs import TCPCTL, environment
from harness.wait import eventually

ME = pwd.getpwuid(os.getuid()).pw_name
RANKS = ["none", "read", "operate", "admin"]
SECRETS = {role: f"tcpctl_the-secret-of-{role}" for role in RANKS[1:]}

ECHO = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""


def tokens(secrets=None):
    lines = [f'{name} = {{ role = "{name}", sha256 = "{hashlib.sha256(secret.encode()).hexdigest()}" }}'
             for name, secret in (secrets or SECRETS).items()]
    return "\n".join(["[api.tokens]", *lines, ""])


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# --- every route, every role ----------------------------------------------------------------------

#: What a request to a route has to be to be served; others are asked of objects that there are none of.
SAMPLES = {
    ("POST", "/v1/listeners/{name}/pause"): ("/v1/listeners/echo/pause", None),
    ("POST", "/v1/listeners/{name}/resume"): ("/v1/listeners/echo/resume", None),
    ("POST", "/v1/listeners/{name}/drain"): ("/v1/listeners/spare/drain", None),
    ("PATCH", "/v1/listeners/{name}/upstreams/{upstream}"): ("/v1/listeners/web/upstreams/u1", {"weight": 2}),
    ("POST", "/v1/clients/{name}/pause"): ("/v1/clients/feed/pause", None),
    ("POST", "/v1/clients/{name}/resume"): ("/v1/clients/feed/resume", None),
    ("POST", "/v1/clients/{name}/reconnect"): ("/v1/clients/feed/reconnect", None),
    ("POST", "/v1/clients/{name}/run"): ("/v1/clients/check/run", None),
    ("POST", "/v1/clients/{name}/received"): ("/v1/clients/feed/received", {"upto": 0}),
    ("GET", "/v1/clients/{name}/received"): ("/v1/clients/feed/received", None),
    ("DELETE", "/v1/connections"): ("/v1/connections?listener=echo", None),
    ("POST", "/v1/config/check"): ("/v1/config/check", {}),
    ("POST", "/v1/config/reload"): ("/v1/config/reload", None),
    ("PUT", "/v1/log/level"): ("/v1/log/level", {"level": "debug"}),
}


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def scene(server):
    """What the routes are asked about."""
    return ECHO + ECHO.replace("echo]", "spare]") + f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{server.address}"] }}
[clients.feed]
connect = "{server.address}"
mode = "keep"
[clients.check]
connect = "{server.address}"
mode = "probe"
interval = "1h"
"""


def routes():
    return [(method.upper(), path, operation["x-role"]) for path, operations in openapi.document().text["paths"].items()
            for method, operation in operations.items()]


def answers(ask):
    """Asks each route, and yields what it needs and what it answered."""
    for method, path, role in routes():
        sample = (path.format(name="nobody", id="1-999999", upstream="nobody"), None if method == "GET" else {})
        target, body = SAMPLES.get((method, path), sample)
        yield method, path, role, ask(method, target, body)


def misjudged(ask, role, refusal):
    """The routes that do not do what one with `role` may expect: `refusal` where it is too weak, an answer where not, and
    that it was done where it is known how to ask."""
    wrong = []
    for method, path, needed, answer in answers(ask):
        if RANKS.index(role) < RANKS.index(needed):
            fits = answer.status == refusal
        elif (method, path) in SAMPLES:
            fits = answer.status == 200
        else:
            fits = answer.status not in (401, 403)
        if not fits:
            wrong.append((method, path, needed, answer.status, answer.text[:200]))
    return wrong


@pytest.fixture(scope="module")
def over_http(launch_shared, scene):
    return launch_shared(tokens() + scene, listen_http=True)


@pytest.mark.parametrize("role", RANKS[1:])
def test_a_token_is_let_in_where_its_role_is_enough_and_nowhere_else(over_http, role):
    def ask(method, target, body):
        return over_http.web(method, target, body, bearer(SECRETS[role]))

    assert misjudged(ask, role, 403) == []


@pytest.mark.parametrize(("role", "headers"), [("read", {}), ("none", bearer("no-such-token"))], ids=["no token", "unknown token"])
def test_who_shows_no_token_that_is_known_is_asked_for_one(over_http, role, headers):
    def ask(method, target, body):
        return over_http.web(method, target, body, headers)

    assert misjudged(ask, role, 401) == []


def test_where_loopback_is_shut_only_health_is_told_without_a_token(launch, scene):
    daemon = launch('[api]\nanonymous = "none"\n' + scene, listen_http=True)

    assert misjudged(daemon.web, "none", 401) == []


@pytest.mark.parametrize("role", RANKS[1:])
def test_a_caller_of_the_unix_socket_has_the_role_that_he_is_given(launch, scene, role):
    daemon = launch(f'[api.roles]\n"user:{ME}" = "{role}"\n' + scene, until="up")

    assert misjudged(daemon.request, role, 403) == []


# --- where tokens come from -----------------------------------------------------------------------

def write_token(path, text, mode=0o600):
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def file_token(path, role="operate"):
    return f'[api.tokens]\nci = {{ role = "{role}", file = "{path}" }}\n' + ECHO


def may_pause(daemon, token):
    return daemon.web("POST", "/v1/listeners/echo/pause", headers=bearer(token)).status == 200


@pytest.mark.quick
def test_a_token_that_the_cli_made_is_one(launch, tmp_path):
    def run(*arguments, **variables):
        return subprocess.run([TCPCTL, *arguments], capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, env={**environment(), **variables})

    kept = run("token", "new", "kept", "--role", "operate", "--out", tmp_path / "kept")
    shown = run("token", "new", "shown", "--role", "read")
    toml = shown.stderr[shown.stderr.index("[api.tokens."):].split("\n\n")[0]
    daemon = launch(f"{kept.stdout}{toml}\n{ECHO}", listen_http=True)
    host = "http://%s:%d" % daemon.http

    assert run("--host", host, "--token-file", tmp_path / "kept", "listener", "pause", "echo").returncode == 0
    refused = run("--host", host, "listener", "resume", "echo", TCPCTL_TOKEN=shown.stdout.strip())
    assert (refused.returncode, refused.stdout) == (5, "")
    assert "operate" in refused.stderr and shown.stdout.strip() not in refused.stderr
    wrong = run("--host", host, "status", TCPCTL_TOKEN="tcpctl_not-this-one")
    assert (wrong.returncode, "not-this-one" in wrong.stderr) == (5, False)


@pytest.mark.parametrize(("text", "mode", "why"), [
    (SECRETS["operate"] + "\n", 0o644, "mode 0644 lets others at the token"),
    (SECRETS["operate"] + "\n", 0o660, "mode 0660 lets others at the token"),
    ("", 0o600, "the first line is the token"),
    ("short\n", 0o600, "the first line is the token"),
    (None, 0o600, "No such file or directory"),
])
def test_a_daemon_does_not_start_on_a_token_that_is_no_secret(launch, tmp_path, text, mode, why):
    path = tmp_path / "token"
    if text is not None:
        write_token(path, text, mode)
    daemon = launch(file_token(path), until="", listen_http=True)
    daemon.expected_exit = 1

    assert daemon.wait() == 1
    assert "token 'ci'" in daemon.log() and str(path) in daemon.log() and why in daemon.log()
    assert SECRETS["operate"] not in daemon.log()


def test_a_token_may_be_a_credential_of_systemd(launch, tmp_path):
    write_token(tmp_path / "api-token", SECRETS["admin"] + "\n", 0o400)
    daemon = launch('[api.tokens]\nci = { role = "operate", credential = "api-token" }\n' + ECHO, listen_http=True,
                    variables={"CREDENTIALS_DIRECTORY": str(tmp_path)})

    assert may_pause(daemon, SECRETS["admin"])
    assert not may_pause(daemon, SECRETS["read"])


@pytest.mark.quick
def test_a_token_whose_file_was_rotated_holds_from_the_reload_on(launch, tmp_path):
    path = write_token(tmp_path / "token", "the-old-token-of-ci\n")
    daemon = launch(file_token(path), listen_http=True)
    write_token(path, "the-new-token-of-ci\n")
    assert (may_pause(daemon, "the-old-token-of-ci"), may_pause(daemon, "the-new-token-of-ci")) == (True, False)

    assert daemon.reload().status == 200
    assert (may_pause(daemon, "the-old-token-of-ci"), may_pause(daemon, "the-new-token-of-ci")) == (False, True)

    write_token(path, "the-third-token-of-ci\n", 0o644)
    refused = daemon.reload()
    assert refused.status >= 400 and "lets others at the token" in refused.text
    assert may_pause(daemon, "the-new-token-of-ci"), "a reload that is refused changes nothing"


# --- what never shows a token ---------------------------------------------------------------------

def test_a_token_is_shown_nowhere(launch, tmp_path):
    secrets = {"plain": "tcpctl_plain-secret-1", "kept": "tcpctl_kept-secret-22", "passed": "tcpctl_passed-secret-3",
               "wrong": "tcpctl_wrong-secret-44"}
    write_token(tmp_path / "kept", secrets["kept"])
    write_token(tmp_path / "passed", secrets["passed"])
    daemon = launch(f"""
[log]
level = "trace"
[access_log]
at = "end"
target = "file:{{folder}}/access.log"
[api.tokens]
plain = {{ role = "admin", sha256 = "{hashlib.sha256(secrets['plain'].encode()).hexdigest()}" }}
kept = {{ role = "operate", file = "{tmp_path}/kept" }}
passed = {{ role = "read", credential = "passed" }}
{ECHO}""", listen_http=True, variables={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    shown = []
    for token in secrets.values():
        for headers in (bearer(token), {"Authorization": f"Basic {token}"}, {"Authorization": token}):
            for method, _, _, answer in answers(lambda *request, with_token=headers: daemon.web(*request, with_token)):
                if method != "HEAD":
                    shown.append(answer.text + str(answer.headers))
    shown += [answer.text for *_, answer in answers(daemon.request)]
    shown += [daemon.get(path).text for path in ("/v1/events?since=0&limit=1000", "/v1/config", "/v1/status", "/metrics")]
    shown += [daemon.tcpctl(*words, TCPCTL_TOKEN=secrets["plain"]).stdout for words in (["config"], ["events"], ["status"])]
    process = pathlib.Path(f"/proc/{daemon.process.pid}")
    shown += [process.joinpath("cmdline").read_text(), process.joinpath("environ").read_text(errors="replace")]
    with daemon.connect("echo") as peer:
        peer.send(b"x")
        peer.read(1)
    access_log = daemon.folder / "access.log"
    eventually(lambda: "access.end" in access_log.read_text(), "the line of the last connection")
    logged(daemon, "who=uid:", "what=put_log_level")
    shown += [access_log.read_text(), daemon.log()]

    assert "token:plain" in daemon.log()
    assert [token for token in secrets.values() for text in shown if token in text] == []


# --- the record of a change -----------------------------------------------------------------------

def changes(daemon, **filters):
    return daemon.json("/v1/events", since=0, limit=1000, type="change", **filters)["items"]


def awaited(daemon, count=1, **filters):
    return eventually(lambda: len(found := changes(daemon, **filters)) >= count and found, f"{count} changes")


def logged(daemon, *parts):
    """The record in the log with all of `parts`, waited for."""
    return eventually(lambda: next((line for line in daemon.log().splitlines()
                                    if ".change" in line and all(part in line for part in parts)), None),
                      f"a record with {parts}")


@pytest.fixture
def daemon(launch):
    return launch(tokens() + ECHO, listen_http=True)


@pytest.mark.quick
def test_a_change_on_the_unix_socket_tells_of_the_user_and_his_process(daemon):
    daemon.post("/v1/listeners/echo/pause")

    event = awaited(daemon, listener="echo")[0]
    assert event["change"] == {"who": f"uid:{os.getuid()}", "user": ME, "pid": os.getpid(), "method": "POST",
                               "path": "/v1/listeners/echo/pause", "what": "pause_listener", "status": 200,
                               "outcome": "done"}
    assert (event["type"], event["listener"], event["client"], event["detail"]) == ("change", "echo", None, None)
    line = logged(daemon, "pause_listener")
    for part in (f"who=uid:{os.getuid()}", f"user={ME}", f"pid={os.getpid()}", "method=POST", "status=200", "outcome=done"):
        assert part in line
    told = daemon.tcpctl("events", "--type", "change").stdout
    assert f"uid:{os.getuid()} ({ME}) POST /v1/listeners/echo/pause: done" in told


def test_over_http_the_name_of_the_token_is_told_or_the_address(daemon):
    daemon.web("POST", "/v1/listeners/echo/pause", headers=bearer(SECRETS["operate"]))
    daemon.web("POST", "/v1/listeners/nobody/pause", headers=bearer(SECRETS["operate"]))
    daemon.web("POST", "/v1/config/reload", headers=bearer(SECRETS["operate"]))
    daemon.web("POST", "/v1/config/reload")

    told = [event["change"] for event in awaited(daemon, 4)]
    assert [(one["who"], one["what"], one["status"], one["outcome"]) for one in told] == [
        ("token:operate", "pause_listener", 200, "done"), ("token:operate", "pause_listener", 404, "failed"),
        ("token:operate", "reload_config", 403, "refused"), ("anonymous:127.0.0.1", "reload_config", 401, "refused")]
    assert {(one["user"], one["pid"]) for one in told} == {(None, None)}
    assert "pid=" not in logged(daemon, "who=anonymous:127.0.0.1", "outcome=refused")


def test_who_may_not_change_anything_cannot_push_the_changes_of_others_out(daemon):
    daemon.post("/v1/listeners/echo/pause")
    before = len(daemon.log().splitlines())
    for _ in range(100):
        daemon.web("POST", "/v1/listeners/echo/pause")
        daemon.web("POST", "/v1/nothing")
        daemon.web("DELETE", "/v1/listeners/echo/pause", headers={"Host": "evil.example"})
    daemon.post("/v1/listeners/echo/resume")

    told = [event["change"] for event in awaited(daemon, 12)]
    assert [one["outcome"] for one in told] == ["done"] + ["refused"] * 10 + ["done"]
    eventually(lambda: len(daemon.log().splitlines()) - before >= 301, "each of them in the log")


def test_neither_the_body_nor_the_query_is_told(daemon):
    daemon.request("PUT", "/v1/log/level", {"level": "hunter2"})
    daemon.request("DELETE", "/v1/connections?listener=hunter2")
    daemon.request("POST", "/v1/listeners/echo/pause?password=hunter2")

    assert len(awaited(daemon, 3)) == 3
    logged(daemon, "pause_listener", "outcome=failed")
    assert "hunter2" not in daemon.log() + daemon.get("/v1/events?since=0").text


def test_mistakes_in_files_tell_nothing_of_a_secret(daemon):
    """They are in the status, which whoever may read sees."""
    probe = '[clients.p]\nconnect = "127.0.0.1:1"\nmode = "probe"\ninterval = "1h"\nsteps = '
    for wrong in ('[{ send_bytes = "hunter2" }]', '["hunter2"]', '[{ expect = "(hunter2" }]', '[{ send = "${hunter2}" }]',
                  '[{ send = "${hunter2" }]', '[{ expect_bytes = ["hunter2"] }]', '"hunter2"'):
        refused = daemon.reload(probe + wrong)
        assert refused.status == 409, wrong
        status = daemon.get("/v1/status")
        assert "test.toml:5:" in status.json["last_reload"]["errors"][0]
        assert "hunter2" not in refused.text + status.text + daemon.get("/v1/events?since=0").text
    for wrong in ('[api.tokens]\nci = "hunter2"\n', f"{probe}[{{ send = {'9' * 30} }}]"):
        assert daemon.reload(wrong).status == 409
        assert not re.search("hunter2|99999", daemon.get("/v1/status").text + daemon.log())


def test_what_only_reads_or_tries_out_is_no_change(daemon):
    daemon.get("/v1/status")
    daemon.post("/v1/config/check", {})
    daemon.request("POST", "/v1/config/reload?dry_run=true")
    daemon.post("/v1/listeners/echo/pause")

    assert [event["change"]["what"] for event in awaited(daemon)] == ["pause_listener"]
    logged(daemon, "pause_listener")
    assert "check_config" not in daemon.log() and "reload_config" not in daemon.log()


def test_a_dry_run_is_no_change_whatever_becomes_of_it(daemon):
    body = {"listen": ["127.0.0.1:0"], "service": "echo"}
    answers = [daemon.request("PUT", "/v1/listeners/new?dry_run=true", body),
               daemon.request("PUT", "/v1/listeners/new?dry_run=true", {"listen": 5}),
               daemon.request("DELETE", "/v1/listeners/nobody?dry_run=true"),
               daemon.request("PUT", "/v1/listeners/echo?dry_run=true", body, {"If-None-Match": "*"}),
               daemon.post("/v1/config/save?dry_run=true"),
               daemon.web("DELETE", "/v1/listeners/echo?dry_run=true")]
    daemon.post("/v1/listeners/echo/pause")

    assert [answer.status for answer in answers] == [200, 400, 404, 412, 200, 401]
    assert [event["change"]["what"] for event in awaited(daemon)] == ["pause_listener"]
    logged(daemon, "pause_listener")
    assert daemon.log().count("api.change") == 1


@pytest.mark.quick
def test_a_reload_by_signal_is_told_without_a_caller(daemon):
    daemon.signal(signal.SIGHUP)
    awaited(daemon)
    daemon.write("[listeners.x]\nlisten = 5\n")
    daemon.signal(signal.SIGHUP)

    told = [event["change"] for event in awaited(daemon, 2)]
    assert [one["outcome"] for one in told] == ["done", "failed"]
    assert told[0] == {"who": "signal", "user": None, "pid": None, "method": None, "path": None,
                       "what": "reload_config", "status": None, "outcome": "done"}
    assert "signal=SIGHUP" in logged(daemon, "signal.change", "outcome=failed")
    assert "signal reload_config: failed" in daemon.tcpctl("events", "--type", "change").stdout


def test_pieces_that_a_reader_takes_are_told_at_debug_alone(launch):
    with Server() as peer:
        daemon = launch(f'[clients.feed]\nconnect = "{peer.address}"\nmode = "keep"\n')
        assert daemon.post("/v1/clients/feed/received", {"upto": 0}).status == 200
        logged(daemon, "take_received", "level=debug")
        daemon.post("/v1/clients/feed/pause")

        assert [event["change"]["what"] for event in awaited(daemon)] == ["pause_client"]


@pytest.mark.skipif(not may_have_namespaces(), reason="a namespace wants root")
def test_the_journal_gets_a_change_as_fields(launch, tmp_path):
    journal = Journal(tmp_path / "journal")

    def work():
        daemon = launch('[log]\ntarget = "journal"\n' + ECHO)
        daemon.post("/v1/listeners/echo/pause")
        entry = eventually(lambda: next((each for each in journal.fields() if each.get("EVENT") == "api.change"), None))
        assert {name: entry[name] for name in ("WHO", "USER", "PID", "METHOD", "PATH", "WHAT", "STATUS", "OUTCOME")} == {
            "WHO": f"uid:{os.getuid()}", "USER": ME, "PID": str(os.getpid()), "METHOD": "POST",
            "PATH": "/v1/listeners/echo/pause", "WHAT": "pause_listener", "STATUS": "200", "OUTCOME": "done"}
        assert (entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"]) == ("6", "tcpctld")
    with journal.namespace() as host:
        host.submit(work).result()
