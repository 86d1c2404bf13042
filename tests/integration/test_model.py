# SPDX-License-Identifier: Apache-2.0
"""Random changes: against a model that says what the daemon must then have, and broken on their way."""
import copy
import json
import random
import socket

import pytest

from harness.wait import eventually

NAMES = ["a", "b", "c.d", "e-f"]
KINDS = ("listeners", "clients")


def merged(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


class Dice:
    """Configurations and changes of them, right and wrong ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def listener(self):
        pick = self.random.choice
        config = {"listen": pick([["127.0.0.1:0"], ["127.0.0.1:0", "[::1]:0"], ["127.0.0.2:0"]]),
                  "service": pick(["echo", "discard", "daytime"])}
        return config | pick([{}, {"max_connections": self.random.randint(1, 99)}, {"keepalive": {"idle": "30s"}},
                              {"idle_timeout": pick(["5s", "2m"]), "deny": ["10.0.0.0/8"]}])

    def client(self):
        pick = self.random.choice
        if pick([True, False]):
            return {"connect": "127.0.0.1:1", "mode": "keep"} | pick([{}, {"backoff": {"initial": "5s"}}, {"connections": 2}])
        return {"connect": "127.0.0.1:1", "mode": "probe", "interval": pick(["10s", "1h"]),
                "steps": pick([[{"expect": "^220 "}], [{"send": "x\n"}, {"expect_eof": True}]])}

    def config(self, kind):
        return self.listener() if kind == "listeners" else self.client()

    def patch(self, kind):
        pick = self.random.choice
        if kind == "listeners":
            return pick([{"max_connections": self.random.randint(1, 99)}, {"max_connections": None}, {}, {"keepalive": None},
                         {"keepalive": {"probes": 3}}, {"listen": ["127.0.0.1:0"]}, {"idle_timeout": "7s"}])
        return pick([{"connect_timeout": "3s"}, {"connect_timeout": None}, {}, {"user_timeout": "1m"}])

    def wrong(self, kind):
        return self.random.choice([{"nonsense": 1}, {"close_timeout": -1}, {"close_timeout": "soon"}, {"connect": 5, "listen": 5},
                                   {"mode": "x", "service": "x"}])


class Model:
    """What the daemon must have: by kind and name the configuration, and who says it."""

    def __init__(self):
        self.objects = {kind: {} for kind in KINDS}
        self.saved = {kind: {} for kind in KINDS}

    def save(self):
        self.saved = copy.deepcopy(self.objects)

    def restart(self):
        self.objects = copy.deepcopy(self.saved)

    def conflicts(self):
        """What a file declares, and run time has made something else of."""
        return {f"{kind}.{name}" for kind in KINDS for name, config in self.saved[kind].items()
                if self.objects[kind].get(name) != config}

    def unsaved(self):
        return {f"{kind}.{name}" for kind in KINDS for name in self.objects[kind].keys() | self.saved[kind].keys()
                if self.objects[kind].get(name) != self.saved[kind].get(name)}

    def holds_for(self, daemon):
        config = daemon.json("/v1/config")
        assert {kind: config.get(kind, {}) for kind in KINDS} == self.objects
        for kind in KINDS:
            rows = daemon.json(f"/v1/{kind}", limit=1000)["items"]
            assert {row["name"] for row in rows} == set(self.objects[kind])
            # What was changed there and back is of run time until the next save or reload.
            assert {f"{kind}.{row['name']}" for row in rows if row["source"] == "file"} & self.unsaved() == set()


def step(daemon, model, dice):
    """One change, made to the daemon and to the model."""
    pick = dice.random.choice
    kind, name = pick(KINDS), pick(NAMES)
    objects, path = model.objects[kind], f"/v1/{kind}/{name}"
    act = pick(["put", "put", "put", "patch", "patch", "patch", "remove", "wrong", "dry", "outdated"])
    if act == "put":
        config = dice.config(kind)
        answer = daemon.request("PUT", path, config)
        assert answer.status == (200 if name in objects else 201), answer.text
        expected = "created" if name not in objects else "unchanged" if objects[name] == config else "changed"
        assert answer.json["outcome"] == expected
        objects[name] = config
    elif act == "patch":
        patch = dice.patch(kind)
        answer = daemon.request("PATCH", path, patch)
        if name not in objects:
            assert answer.status == 404, answer.text
            return
        wanted = merged(objects[name], patch)
        if answer.status == 400:  # a key that is none of its mode, or a table without what it must have
            assert answer.json["errors"], answer.text
            return
        assert answer.status == 200, answer.text
        # Where it means the same (an empty table says nothing), the daemon keeps what it had.
        if answer.json["outcome"] == "changed":
            objects[name] = wanted
    elif act == "remove":
        answer = daemon.request("DELETE", path)
        assert answer.status == (200 if name in objects else 404), answer.text
        objects.pop(name, None)
    elif act == "wrong":
        for method in ("PUT", "PATCH"):
            answer = daemon.request(method, path, dice.config(kind) | dice.wrong(kind))
            assert answer.status == (404 if method == "PATCH" and name not in objects else 400), answer.text
    elif act == "dry":
        assert daemon.request("PUT", path + "?dry_run=true", dice.config(kind)).status == 200
        daemon.request("DELETE", path + "?dry_run=true")
    else:
        answer = daemon.request("PUT", path, dice.config(kind), {"If-Match": '"of long ago"'})
        assert answer.status == 412, answer.text


def save(daemon, model):
    # What ends as it is saved already, and did not yet, is none of what is written.
    before = model.unsaved()
    answer = daemon.post("/v1/config/save")
    assert answer.status == 200, answer.text
    assert before <= set(answer.json["saved"]) | set(answer.json["removed"])
    model.save()
    assert daemon.json("/v1/status")["unsaved"] == 0


def restart(daemon, model):
    """Ends it in the one way or the other; what was not saved is gone."""
    daemon.restart()
    model.restart()
    assert daemon.json("/v1/status")["unsaved"] == 0
    for kind in KINDS:
        assert {row["source"] for row in daemon.json(f"/v1/{kind}", limit=1000)["items"]} <= {"file"}


@pytest.mark.threaded
@pytest.mark.parametrize("seed", range(3))
def test_random_changes_agree_with_a_model_after_every_step(launch, seed):
    daemon, model, dice = launch(""), Model(), Dice(seed)
    for number in range(150):
        step(daemon, model, dice)
        model.holds_for(daemon)
        if number % 10 == 9:
            act = dice.random.choice(["save", "restart", "save and restart", "reload"])
            if "save" in act:
                save(daemon, model)
            if "restart" in act:
                restart(daemon, model)
            if act == "reload":
                done = daemon.reload()
                assert (done.status, done.json["changed"]) == (200, []), done.text
                assert {each["name"] for each in done.json["conflicts"]} == model.conflicts()
            model.holds_for(daemon)


# --- mutations ------------------------------------------------------------------------------------


REQUESTS = [
    b'PUT /v1/listeners/m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s',
    b'PATCH /v1/listeners/m HTTP/1.1\r\nHost: localhost\r\nIf-Match: *\r\nContent-Type: application/json\r\n'
    b'Content-Length: %d\r\n\r\n%s',
    b'PUT /v1/clients/m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s',
    b'DELETE /v1/listeners/m?drain=1s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s',
]
BODIES = [b'{"listen": ["127.0.0.1:0"], "service": "dialog", "dialog": {"greeting": "hello\\n", "framing": "line"}}',
          b'{"max_connections": 5, "keepalive": {"idle": "30s"}, "idle_timeout": null}',
          b'{"connect": "127.0.0.1:1", "mode": "probe", "steps": [{"expect": "^220 "}, {"send": "QUIT\\r\\n"}]}', b""]


def mutated(text, dice):
    """`text` with some bytes changed, doubled, gone or moved."""
    text = bytearray(text)
    for _ in range(dice.randint(1, 4)):
        if not text:
            break
        at = dice.randrange(len(text))
        end = min(len(text), at + dice.choice([1, 1, 1, 4, 30]))
        act = dice.randrange(6)
        if act == 0:
            text[at] = dice.randrange(256)
        elif act == 1:
            text[at] ^= 1 << dice.randrange(8)
        elif act == 2:
            del text[at:end]
        elif act == 3:
            text[at:at] = text[at:end]
        elif act == 4:
            text[at:at] = dice.choice([b'"', b"{", b"[", b"\0", b"\r\n", b"%", b"null", b"-1", b"99999999999999999999", b"\xff"])
        else:
            piece = text[at:end]
            del text[at:end]
            to = dice.randrange(len(text) + 1)
            text[to:to] = piece
    return bytes(text)


def ask_broken(path, request):
    """The status of the answer, 0 for none. The end of what is sent is the end of the request, whole or not."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(60)
        peer.connect(str(path))
        peer.sendall(request)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := peer.recv(65536):
            answer += piece
    head = answer.partition(b"\r\n")[0].split(b" ")
    return int(head[1]) if len(head) > 1 and head[0] == b"HTTP/1.1" else 0


def objects_of(daemon):
    config = daemon.json("/v1/config")
    return {kind: config.get(kind, {}) for kind in KINDS}


@pytest.mark.parametrize("seed", range(4))
def test_requests_that_were_broken_do_no_harm(launch, seed):
    """2,500 of them each; whatever is refused has changed nothing."""
    daemon, dice = launch('[listeners.stays]\nlisten = "127.0.0.1:0"\nservice = "echo"\n'), random.Random(seed)
    with daemon.connect("stays") as peer:
        before, accepted = objects_of(daemon), 0
        for _ in range(2500):
            shape = dice.randrange(len(REQUESTS))
            body = mutated(BODIES[shape], dice) if dice.random() < 0.7 else BODIES[shape]
            request = REQUESTS[shape] % (len(body), body)
            status = ask_broken(daemon.socket, mutated(request, dice) if dice.random() < 0.4 else request)
            assert status == 0 or status in range(200, 506), status
            if status in (200, 201):
                accepted += 1
                before = objects_of(daemon)
            elif dice.random() < 0.05:
                assert objects_of(daemon) == before
        assert accepted > 20
        assert objects_of(daemon) == before
        peer.send(b"ping")
        assert peer.read(4) == b"ping"


FILE = """[listeners.stays]
listen = ["127.0.0.1:0"]
service = "echo"
[listeners.m]
listen = "127.0.0.1:0"
service = "dialog"
dialog = { greeting = "hello\\n", quit = "exit" }
[clients.c]
connect = "127.0.0.1:1"
mode = "probe"
steps = [{ expect = "^220 " }, { send_bytes = "0d 0a" }]
"""


def test_files_that_were_broken_do_no_harm(launch):
    daemon, dice = launch(FILE), random.Random(1)
    before, good = objects_of(daemon), 0
    for _ in range(400):
        daemon.own_file.write_bytes(mutated(FILE.encode(), dice))
        done = daemon.post("/v1/config/reload")
        assert done.status in (200, 409), done.text
        if done.status == 200:
            good += 1
            before = objects_of(daemon)
        else:
            assert done.json["errors"], done.text
            assert objects_of(daemon) == before
    assert good > 5
    daemon.own_file.write_text(FILE)
    assert daemon.post("/v1/config/reload").status == 200
    assert json.dumps(objects_of(daemon), sort_keys=True).count('"stays"') == 1


# --- many -----------------------------------------------------------------------------------------


@pytest.mark.threaded
def test_a_reload_of_a_thousand_disturbs_none_of_the_others(launch):
    """A connection through each of them goes on, while one changes and one goes."""
    many = 1000

    def config(changed):
        return "".join(f'[listeners.l{number}]\nlisten = "127.0.0.1:0"\nservice = "echo"\n'
                       f'idle_timeout = "{changed if number == 7 else 60}m"\n' for number in range(many))

    daemon = launch(config(60))
    rows = {row["name"]: row for row in daemon.json("/v1/listeners", limit=1000)["items"]}
    assert len(rows) == many
    peers = []
    try:
        for number in range(many):
            bound = rows[f"l{number}"]["addresses"][0]["bound"]
            peers.append(socket.create_connection(("127.0.0.1", int(bound.rpartition(":")[2])), timeout=60))
        for peer in peers:
            peer.sendall(b"one")
        done = daemon.reload(config(61))
        assert daemon.request("PATCH", "/v1/listeners/l8", {"max_connections": 3}).status == 200
        for peer in peers:
            peer.sendall(b"two")
        for peer in peers:
            text = b""
            while len(text) < 6:
                text += peer.recv(6 - len(text)) or pytest.fail("a connection ended")
            assert text == b"onetwo"
        assert [each["name"] for each in done.json["changed"]] == ["listeners.l7"]
        assert len(done.json["kept"]) == many - 1
        after = {row["name"]: row for row in daemon.json("/v1/listeners", limit=1000)["items"]}
        assert all(after[name]["addresses"][0]["bound"] == row["addresses"][0]["bound"] for name, row in rows.items())
        assert eventually(lambda: daemon.json("/v1/status")["totals"]["connections_active"] == many, "all of them")
    finally:
        for peer in peers:
            peer.close()
