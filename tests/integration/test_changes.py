# SPDX-License-Identifier: Apache-2.0
"""Listeners and clients that are created, changed and removed at run time, through the API."""
import concurrent.futures
import socket
import subprocess

import pytest

from harness.peers import Peer, Server
from harness.proxy import v1
from harness.wait import eventually

ECHO = {"listen": ["127.0.0.1:0"], "service": "echo"}
FILE = '[listeners.web]\nlisten = ["127.0.0.1:0"]\nservice = "echo"\nidle_timeout = "5m"\n'


def ping(peer, text=b"ping"):
    peer.send(text)
    return peer.read(len(text)) == text


def put(daemon, path, body, headers=None):
    return daemon.request("PUT", path, body, headers)


def patch(daemon, path, body, headers=None):
    return daemon.request("PATCH", path, body, headers)


def delete(daemon, path, headers=None):
    return daemon.request("DELETE", path, None, headers)


def names(daemon, kind="listeners"):
    return {each["name"] for each in daemon.json(f"/v1/{kind}", limit=1000)["items"]}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# --- create ---------------------------------------------------------------------------------------


@pytest.mark.quick
@pytest.mark.threaded
def test_a_listener_is_created_serves_and_is_removed(launch):
    daemon = launch("")

    made = put(daemon, "/v1/listeners/new", ECHO)

    assert (made.status, made.headers["location"]) == (201, "/v1/listeners/new")
    assert made.json == {"name": "new", "outcome": "created", "dry_run": False, "keys": {}, "config": ECHO}
    row = daemon.get("/v1/listeners/new")
    assert (row.json["source"], row.json["state"], row.json["config"]) == ("runtime", "up", ECHO)
    assert row.headers["etag"] == made.headers["etag"]
    with daemon.connect("new") as peer:
        assert ping(peer)
        port = daemon.port("new")

        gone = delete(daemon, "/v1/listeners/new")

        assert (gone.status, gone.json["outcome"], gone.json["config"]) == (200, "removed", None)
        assert daemon.get("/v1/listeners/new").status == 404
        with pytest.raises(ConnectionRefusedError):
            Peer.to(("127.0.0.1", port))
        assert ping(peer), "its connections go on"


@pytest.mark.quick
def test_a_client_is_created_connects_and_is_removed(launch):
    with Server() as server:
        daemon = launch("")

        made = put(daemon, "/v1/clients/feed", {"connect": server.address, "mode": "keep"})

        assert (made.status, made.headers["location"]) == (201, "/v1/clients/feed")
        peer = server.accept()
        eventually(lambda: daemon.client("feed")["state"] == "up", "the connection")
        assert daemon.client("feed")["source"] == "runtime"
        assert delete(daemon, "/v1/clients/feed").json["outcome"] == "removed"
        assert peer.read_to_end()[0] == b""
        assert daemon.get("/v1/clients/feed").status == 404


def test_a_put_of_an_equal_object_changes_nothing(launch):
    daemon = launch(FILE)
    before = daemon.json("/v1/status")["generation"]

    same = put(daemon, "/v1/listeners/web", {"listen": "127.0.0.1:0", "service": "echo", "idle_timeout": "300s"})

    assert (same.status, same.json["outcome"], same.json["keys"]) == (200, "unchanged", {})
    assert same.json["config"]["idle_timeout"] == "5m", "as it was written first"
    assert daemon.json("/v1/status")["generation"] == before
    assert daemon.listener("web")["source"] == "file"


@pytest.mark.parametrize(("kind", "body", "pointer", "word"), [
    ("listeners", {"listen": ["127.0.0.1:0"], "service": "ecko"}, "/service", "echo"),
    ("listeners", {"listen": ["127.0.0.1:0"], "service": "echo", "idel_timeout": "5s"}, "/idel_timeout", "idle_timeout"),
    ("listeners", {"listen": ["127.0.0.1:0", "here"], "service": "echo"}, "/listen/1", "here"),
    ("listeners", {"service": "echo"}, "", "listen"),
    ("listeners", {"listen": ["127.0.0.1:0"], "service": "dialog", "dialog": {"reply": "{who}"}}, "/dialog/reply", "who"),
    ("listeners", ["127.0.0.1:0"], "", "table"),
    ("clients", {"connect": "127.0.0.1:1", "mode": "probe", "steps": [{"expect": "("}]}, "/steps/0/expect", "RE2"),
    ("clients", {"connect": "127.0.0.1:1", "mode": "probe", "connections": 2}, "/connections", "keep"),
    ("clients", {"connect": "127.0.0.1:1", "mode": "keep", "login": [{"send": "<redacted>"}]}, "/login/0/send",
     "not shown"),
])
def test_a_mistake_is_named_by_its_pointer_and_changes_nothing(launch_one, kind, body, pointer, word):
    answer = put(launch_one, f"/v1/{kind}/wrong", body)

    assert answer.status == 400, answer.text
    assert any(each["pointer"] == pointer and word in each["detail"] for each in answer.json["errors"]), answer.text
    assert launch_one.get(f"/v1/{kind}/wrong").status == 404


@pytest.fixture(scope="module")
def launch_one(launch_shared):
    return launch_shared(FILE)


def test_all_mistakes_come_at_once(launch_one):
    answer = put(launch_one, "/v1/listeners/wrong", {"listen": "x", "service": "y", "backlog": 0, "z": 1})
    assert {each["pointer"] for each in answer.json["errors"]} == {"/listen", "/service", "/backlog", "/z"}


@pytest.mark.parametrize("name", ["-x", "a%20b", "a" * 65, "%C3%A4"])
def test_a_name_that_is_none_is_refused(launch_one, name):
    answer = put(launch_one, f"/v1/listeners/{name}", ECHO)
    assert answer.status == 400, answer.text
    assert "is no name" in answer.json["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"listen": 1, "listen": 2}', b"[" * 50, b"\xff", b"null"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_body_that_is_no_object_is_refused(launch_one, method, body):
    before = launch_one.listener("web")["config"]
    answer = launch_one.request(method, "/v1/listeners/web", body, {"Content-Type": "application/json"})
    assert answer.status == 400, answer.text
    assert launch_one.listener("web")["config"] == before


def test_the_daemons_own_api_is_no_target(launch):
    daemon = launch("", listen_http=True)
    answer = put(daemon, "/v1/clients/loop", {"connect": f"unix:{daemon.socket}", "mode": "keep"})
    assert answer.status == 400
    assert "API" in answer.json["detail"]


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.quick
def test_an_address_that_is_taken_answers_409_and_changes_nothing(launch):
    daemon = launch(FILE)
    with socket.create_server(("127.0.0.1", 0)) as other, daemon.connect("web") as peer:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        bound = daemon.port("web")

        for name, body in (("web", {"listen": [f"127.0.0.1:{bound}", taken], "service": "echo"}),
                           ("new", {"listen": ["127.0.0.1:0", taken], "service": "echo"})):
            answer = put(daemon, f"/v1/listeners/{name}", body)
            assert answer.status == 409, answer.text
            assert taken in answer.json["detail"]
            assert put(daemon, f"/v1/listeners/{name}?dry_run=true", body).status == 409

        assert names(daemon) == {"web"}
        assert (daemon.port("web"), daemon.listener("web")["state"]) == (bound, "up")
        assert ping(peer)


def test_addresses_that_stay_keep_their_sockets(launch):
    first, second, third = free_port(), free_port(), free_port()
    daemon = launch(f'[listeners.web]\nlisten = ["127.0.0.1:{first}", "127.0.0.1:{second}"]\nservice = "echo"\n')
    with Peer.to(("127.0.0.1", first)) as gone, Peer.to(("127.0.0.1", second)) as stays:
        assert ping(gone) and ping(stays)

        done = patch(daemon, "/v1/listeners/web", {"listen": [f"127.0.0.1:{second}", f"127.0.0.1:{third}"]})

        assert (done.status, done.json["keys"]) == (200, {"listen": "rebind"})
        assert ping(gone) and ping(stays)
        with Peer.to(("127.0.0.1", third)) as new:
            assert ping(new)
        with pytest.raises(ConnectionRefusedError):
            Peer.to(("127.0.0.1", first))


def test_a_wildcard_may_take_the_place_of_one_address_and_back(launch):
    port = free_port()
    daemon = launch(f'[listeners.web]\nlisten = ["127.0.0.1:{port}"]\nservice = "echo"\n')

    wide = patch(daemon, "/v1/listeners/web", {"listen": f"0.0.0.0:{port}"})
    assert (wide.status, daemon.listener("web")["state"]) == (200, "up"), wide.text
    with Peer.to(("127.0.0.2", port)) as peer:
        assert ping(peer)
    narrow = patch(daemon, "/v1/listeners/web", {"listen": f"127.0.0.1:{port}"})
    assert (narrow.status, daemon.listener("web")["state"]) == (200, "up"), narrow.text
    with Peer.to(("127.0.0.1", port)) as peer:
        assert ping(peer)


def test_one_that_cannot_take_its_new_place_gets_its_old_one_back(launch):
    """The kernel allows only one of both, so the old one had to go first."""
    port = free_port()
    daemon = launch(f'[listeners.web]\nlisten = ["127.0.0.1:{port}"]\nservice = "echo"\n')
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))
        other.listen()

        answer = patch(daemon, "/v1/listeners/web", {"listen": f"0.0.0.0:{port}"})

        assert answer.status == 409, answer.text
        assert daemon.listener("web")["config"]["listen"] == [f"127.0.0.1:{port}"]
        with Peer.to(("127.0.0.1", port)) as peer:
            assert ping(peer)


# --- change ---------------------------------------------------------------------------------------


@pytest.mark.quick
def test_a_patch_changes_some_keys_and_null_takes_one_away(launch):
    daemon = launch(FILE)
    with daemon.connect("web") as peer:
        assert ping(peer)

        done = patch(daemon, "/v1/listeners/web",
                     {"idle_timeout": None, "max_connections": 7, "keepalive": {"idle": "30s"}})

        assert done.status == 200, done.text
        assert done.json["outcome"] == "changed"
        assert set(done.json["keys"]) == {"idle_timeout", "max_connections", "keepalive.idle"}
        assert done.json["config"] == {"listen": ["127.0.0.1:0"], "service": "echo", "max_connections": 7,
                                       "keepalive": {"idle": "30s"}}
        again = patch(daemon, "/v1/listeners/web", {"keepalive": {"idle": None, "interval": "5s"}})
        assert again.json["config"]["keepalive"] == {"interval": "5s"}
        assert daemon.listener("web")["connections"]["limit"] == 7
        assert daemon.listener("web")["source"] == "runtime"
        assert ping(peer)
    assert patch(daemon, "/v1/listeners/none", {}).status == 404
    assert patch(daemon, "/v1/listeners/web", {"service": None}).status == 400


def test_a_changed_client_keeps_its_connection(launch):
    with Server() as server:
        daemon = launch("")
        put(daemon, "/v1/clients/feed", {"connect": server.address, "mode": "keep"})
        peer = server.accept()
        eventually(lambda: daemon.client("feed")["state"] == "up", "the connection")

        done = patch(daemon, "/v1/clients/feed", {"backoff": {"initial": "5s"}})

        assert (done.status, list(done.json["keys"])) == (200, ["backoff.initial"])
        daemon.request("POST", "/v1/clients/feed/send", {"text": "still here"})
        assert peer.read(10) == b"still here"


def test_dry_run_tells_and_does_nothing(launch):
    daemon = launch(FILE)
    generation = daemon.json("/v1/status")["generation"]

    create = put(daemon, "/v1/listeners/new?dry_run=true", ECHO)
    change = patch(daemon, "/v1/listeners/web?dry_run=true", {"idle_timeout": "1s"})
    wrong = patch(daemon, "/v1/listeners/web?dry_run=true", {"idle_timeout": "soon"})
    remove = delete(daemon, "/v1/listeners/web?dry_run=true")

    assert (create.status, create.json["outcome"], create.json["dry_run"]) == (200, "created", True)
    assert (change.json["outcome"], change.json["keys"]) == ("changed", {"idle_timeout": "new_connections"})
    assert change.json["config"]["idle_timeout"] == "1s"
    assert wrong.status == 400
    assert remove.json["outcome"] == "removed"
    assert names(daemon) == {"web"}
    assert daemon.listener("web")["config"]["idle_timeout"] == "5m"
    assert daemon.json("/v1/status")["generation"] == generation
    assert put(daemon, "/v1/listeners/new?dry_run=maybe", ECHO).status == 400


def test_a_lost_update_is_refused(launch):
    daemon = launch(FILE)
    tag = daemon.get("/v1/listeners/web").headers["etag"]

    first = patch(daemon, "/v1/listeners/web", {"max_connections": 1}, {"If-Match": tag})
    second = patch(daemon, "/v1/listeners/web", {"max_connections": 2}, {"If-Match": tag})

    assert (first.status, second.status) == (200, 412)
    assert daemon.listener("web")["connections"]["limit"] == 1
    assert first.headers["etag"] not in ("", tag)
    assert daemon.get("/v1/listeners/web").headers["etag"] == first.headers["etag"]
    assert delete(daemon, "/v1/listeners/web", {"If-Match": tag}).status == 412
    assert delete(daemon, "/v1/listeners/web", {"If-Match": f'"x", {first.headers["etag"]}'}).status == 200
    assert put(daemon, "/v1/listeners/web", ECHO, {"If-Match": "*"}).status == 412
    assert put(daemon, "/v1/listeners/web", ECHO, {"If-None-Match": "*"}).status == 201
    assert put(daemon, "/v1/listeners/web", ECHO, {"If-None-Match": "*"}).status == 412


@pytest.mark.parametrize("header", ["x", '"x', '"x"y', ",", 'W/x', '"a" "b'])
def test_an_if_match_that_is_none_is_refused(launch_one, header):
    assert patch(launch_one, "/v1/listeners/web", {}, {"If-Match": header}).status == 400


def test_a_weak_tag_never_matches(launch_one):
    tag = launch_one.get("/v1/listeners/web").headers["etag"]
    assert patch(launch_one, "/v1/listeners/web", {}, {"If-Match": f"W/{tag}"}).status == 412


@pytest.mark.threaded
def test_of_many_at_once_each_is_whole(launch):
    """Every answer is one of a row of changes, each made on what the one before left."""
    daemon = launch(FILE)

    def add(number):
        done = put(daemon, f"/v1/listeners/n{number}", ECHO)
        patched = patch(daemon, "/v1/listeners/web", {"max_connections": number + 1})
        return done.status, patched.status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(add, range(40)))

    assert set(statuses) == {(201, 200)}
    assert names(daemon) == {"web"} | {f"n{number}" for number in range(40)}


def kernel_options(port):
    """What ss(8) says of the socket that listens on `port`."""
    done = subprocess.run(["ss", "-tlinoe", f"sport = :{port}"], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.quick
def test_an_option_that_cannot_be_set_is_refused_and_leaves_the_old_state_whole(launch):
    daemon = launch(FILE + '[listeners.local]\nlisten = ["unix:{folder}/s"]\nservice = "echo"\nunix_mode = "0600"\n')
    before = {name: daemon.listener(name) for name in ("web", "local")}
    port, path = daemon.port("web"), daemon.folder / "s"
    told = kernel_options(port)

    for name, body, word in (
            ("web", {"congestion": "no-such-one", "user_timeout": "9s", "idle_timeout": "1s"}, "no-such-one"),
            ("local", {"unix_group": "no-such-group", "unix_mode": "0666", "idle_timeout": "1s"}, "no-such-group")):
        for query in ("?dry_run=true", ""):
            answer = patch(daemon, f"/v1/listeners/{name}{query}", body)
            assert answer.status == 409, answer.text
            assert word in answer.json["detail"]

    assert {name: daemon.listener(name) for name in before} == before
    assert kernel_options(port) == told
    assert path.stat().st_mode & 0o777 == 0o600
    with daemon.connect("web") as tcp, daemon.connect("local") as local:
        assert ping(tcp) and ping(local)


def test_options_that_are_taken_away_are_the_kernels_again(launch):
    daemon = launch(FILE + '[listeners.local]\nlisten = ["unix:{folder}/s"]\nservice = "echo"\n')
    path, port = daemon.folder / "s", daemon.port("web")
    fresh, told = path.stat().st_mode, kernel_options(port)
    assert patch(daemon, "/v1/listeners/local", {"unix_mode": "0604"}).status == 200
    assert patch(daemon, "/v1/listeners/web", {"congestion": "reno"}).status == 200
    assert path.stat().st_mode & 0o777 == 0o604
    assert "reno" in kernel_options(port)

    assert patch(daemon, "/v1/listeners/local", {"unix_mode": None}).status == 200
    assert patch(daemon, "/v1/listeners/web", {"congestion": None}).status == 200

    assert path.stat().st_mode == fresh
    assert kernel_options(port) == told


@pytest.mark.quick
def test_a_dry_run_finds_what_is_in_the_way_of_a_unix_socket(launch, tmp_path):
    daemon = launch("")
    (tmp_path / "file").write_text("mine")
    for path, word in ((tmp_path / "none" / "s", "No such file"), (tmp_path / "file", "in use"),
                       (tmp_path / "file" / "s", "Not a directory"), (daemon.socket, "in use")):
        for query in ("?dry_run=true", ""):
            answer = put(daemon, f"/v1/listeners/new{query}", {"listen": f"unix:{path}", "service": "echo"})
            assert answer.status == 409, answer.text
            assert word in answer.json["detail"]

    good = put(daemon, "/v1/listeners/new?dry_run=true", {"listen": f"unix:{tmp_path}/s", "service": "echo"})

    assert good.status == 200, good.text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file"]


def test_the_file_that_took_the_place_of_a_unix_socket_stays(launch, tmp_path):
    daemon = launch("")
    body = {"listen": f"unix:{tmp_path}/s", "service": "echo"}
    assert put(daemon, "/v1/listeners/new", body).status == 201
    (tmp_path / "s").rename(tmp_path / "before")
    (tmp_path / "s").write_text("another's")

    assert delete(daemon, "/v1/listeners/new").status == 200

    assert (tmp_path / "s").read_text() == "another's"


# --- secrets --------------------------------------------------------------------------------------


def test_who_may_operate_sees_what_put_takes_and_who_may_read_does_not(launch):
    daemon = launch("", listen_http=True)
    config = {"connect": "127.0.0.1:1", "mode": "probe", "steps": [{"send": "PASS secret\n"}]}
    made = put(daemon, "/v1/clients/mail", config)

    assert made.json["config"] == config
    assert daemon.client("mail")["config"] == config
    seen = daemon.web("GET", "/v1/clients/mail")
    assert seen.json["config"]["steps"] == [{"send": "<redacted>"}]
    assert seen.headers["etag"] == made.headers["etag"]
    assert "secret" not in daemon.get("/v1/clients").text


# --- reload ---------------------------------------------------------------------------------------


@pytest.mark.quick
def test_a_reload_keeps_what_was_made_at_run_time(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    port = daemon.port("new")

    done = daemon.reload(FILE.replace("5m", "6m"))

    assert done.status == 200, done.text
    assert done.json["conflicts"] == []
    assert set(done.json["kept"]) == {"listeners.new"}
    assert daemon.port("new") == port
    assert (daemon.listener("new")["source"], daemon.listener("web")["source"]) == ("runtime", "file")


def test_what_files_and_run_time_both_say_is_a_conflict_and_run_time_stays(launch):
    daemon = launch(FILE + '[listeners.other]\nlisten = "127.0.0.1:0"\nservice = "discard"\n')
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    delete(daemon, "/v1/listeners/other")

    done = daemon.reload()

    assert done.status == 200, done.text
    conflicts = {each["name"]: each for each in done.json["conflicts"]}
    assert set(conflicts) == {"listeners.web", "listeners.other"}
    assert (conflicts["listeners.web"]["at_run_time"], conflicts["listeners.web"]["wins"]) == ("changed", "runtime")
    assert conflicts["listeners.other"]["at_run_time"] == "removed"
    assert "test.toml:1:" in conflicts["listeners.web"]["file"]
    assert daemon.listener("web")["config"]["idle_timeout"] == "1m"
    assert daemon.get("/v1/listeners/other").status == 404
    assert daemon.json("/v1/status")["last_reload"]["conflicts"] == done.json["conflicts"]

    forced = daemon.request("POST", "/v1/config/reload?force=true")

    assert {each["wins"] for each in forced.json["conflicts"]} == {"file"}
    assert daemon.listener("web")["config"]["idle_timeout"] == "5m"
    assert names(daemon) == {"web", "other"}
    assert {each["source"] for each in daemon.json("/v1/listeners")["items"]} == {"file"}
    assert daemon.reload().json["conflicts"] == []


def test_a_file_that_says_the_same_takes_the_object_over(launch):
    daemon = launch("")
    put(daemon, "/v1/listeners/web", {"listen": "127.0.0.1:0", "service": "echo", "idle_timeout": "300s"})
    port = daemon.port("web")

    done = daemon.reload(FILE)

    assert (done.json["conflicts"], done.json["kept"]) == ([], ["listeners.web"])
    assert daemon.port("web") == port
    assert daemon.listener("web")["source"] == "file"
    assert daemon.reload("").json["removed"] == ["listeners.web"]


def test_a_mistake_of_a_file_is_told_though_the_run_time_hides_it(launch):
    daemon = launch(FILE)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    done = daemon.reload(FILE.replace("5m", "soon"))
    assert done.status == 409
    assert "idle_timeout" in done.text


# --- remove ---------------------------------------------------------------------------------------


def test_removed_with_drain_its_connections_end(launch):
    daemon = launch(FILE)
    with daemon.connect("web") as peer:
        assert ping(peer)
        assert delete(daemon, "/v1/listeners/web?drain=0s").status == 200
        assert peer.read_to_end()[0] == b""
        assert daemon.ended(peer.name)["close"]["reason"] == "drain"


def test_those_in_the_queue_are_ended_with_it(launch):
    daemon = launch(FILE)
    assert daemon.post("/v1/listeners/web/pause").status == 200
    peers = [daemon.connect("web") for _ in range(100)]

    assert delete(daemon, "/v1/listeners/web?drain=0s").status == 200

    for peer in peers:
        assert peer.read_to_end()[0] == b""
        assert daemon.ended(peer.name)["close"]["reason"] == "drain"
        peer.close()


def test_those_whose_proxy_header_is_awaited_are_ended_with_it(launch):
    daemon = launch(FILE + 'proxy_protocol = { accept_from = ["127.0.0.0/8"], timeout = "10m" }\n')
    with daemon.connect("web") as silent, daemon.connect("web") as late:
        eventually(lambda: daemon.listener("web")["connections"]["active"] == 2, "both are accepted")

        assert delete(daemon, "/v1/listeners/web?drain=1s").status == 200
        put(daemon, "/v1/listeners/web", ECHO)
        late.send(v1() + b"ping")

        assert late.read_to_end()[0] == b"ping"
        assert silent.read_to_end()[0] == b""
        for peer in (silent, late):
            row = daemon.ended(peer.name)
            assert row["close"]["reason"] == "drain"


def test_its_drain_goes_on_when_a_listener_is_removed(launch):
    daemon = launch(FILE)
    with daemon.connect("web") as old:
        assert ping(old)
        daemon.post("/v1/listeners/web/drain?drain=600ms")
        assert delete(daemon, "/v1/listeners/web").status == 200
        put(daemon, "/v1/listeners/web", ECHO)
        with daemon.connect("web") as new:
            assert ping(new)
            assert old.read_to_end()[0] == b""
            assert daemon.ended(old.name)["close"]["reason"] == "drain"
            assert ping(new)


def test_its_drain_goes_on_when_a_reload_removes_a_listener(launch):
    daemon = launch(FILE)
    with daemon.connect("web") as old:
        assert ping(old)
        daemon.post("/v1/listeners/web/drain?drain=600ms")
        assert daemon.reload("").json["removed"] == ["listeners.web"]
        assert old.read_to_end()[0] == b""
        assert daemon.ended(old.name)["close"]["reason"] == "drain"


def test_a_drain_ends_nobody_who_came_to_the_name_later(launch):
    daemon = launch(FILE)
    with daemon.connect("web") as old:
        assert ping(old)
        delete(daemon, "/v1/listeners/web?drain=300ms")
        put(daemon, "/v1/listeners/web", ECHO)
        with daemon.connect("web") as new:
            assert ping(new)
            assert old.read_to_end()[0] == b""
            assert ping(new)
    assert delete(daemon, "/v1/listeners/web?drain=25h").status == 400


def test_an_address_is_free_again_at_once(launch):
    port = free_port()
    daemon = launch("")
    body = {"listen": f"127.0.0.1:{port}", "service": "echo"}
    for number in range(20):
        assert put(daemon, f"/v1/listeners/n{number}", body).status == 201
        assert delete(daemon, f"/v1/listeners/n{number}").status == 200
