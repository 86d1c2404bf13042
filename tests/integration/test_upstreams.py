# SPDX-License-Identifier: Apache-2.0
"""The upstreams of a forward: who gets a session, who is down, drained or full, and what is said of it."""
import collections
import contextlib
import socket
import threading

import pytest

from harness.dns import DnsServer
from harness.peers import Server, black_hole, closed_port
from harness.wait import eventually, steady

CHECKED = 'health = { interval = "30ms", timeout = "2s", rise = 2, fall = 2 }'


class Backend:
    """A server that says its name to whoever says something; checks come and go."""

    def __init__(self, name, listening=True):
        self.name = name
        self.server = Server(listening=False)
        self.open = set()
        if listening:
            self.listen()

    def listen(self):
        self.server.listen()
        threading.Thread(target=self._accept, args=(self.server,), daemon=True).start()

    def go_away(self):
        """From now on its port refuses; what stands goes on."""
        port = self.server.port
        self.server.socket.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.server = Server(("127.0.0.1", port), listening=False)

    def _accept(self, server):
        with contextlib.suppress(OSError):
            while True:
                peer = server.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with contextlib.suppress(OSError), peer:
            while peer.socket.recv(4096):
                peer.send(self.name.encode())

    @property
    def table(self):
        return f'name = "{self.name}", address = "{self.server.address}"'

    def close(self):
        with contextlib.suppress(OSError):
            self.server.socket.shutdown(socket.SHUT_RDWR)
        self.server.close()


@pytest.fixture
def backends():
    made = []

    def make(*names, **options):
        made.extend(Backend(name, **options) for name in names)
        return made[-len(names):] if len(names) > 1 else made[-1]

    yield make
    for backend in made:
        backend.close()


def forward(tables, more="", workers=2):
    listed = ", ".join(f"{{ {table} }}" for table in tables)
    return f"""
[daemon]
workers = {workers}
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
[listeners.web.forward]
upstreams = [{listed}]
{more}
"""


def ask(client):
    """Who serves the session of `client`; '' where nobody does."""
    client.send(b"?")
    return client.socket.recv(4096).decode()


def served_by(daemon):
    with daemon.connect("web") as client:
        with contextlib.suppress(ConnectionError):
            return ask(client)
        return ""


def change(daemon, upstream, body):
    return daemon.request("PATCH", f"/v1/listeners/web/upstreams/{upstream}", body)


def state(daemon, upstream):
    return daemon.upstreams("web")[upstream]["operational_state"]


def wait_for(daemon, upstream, wanted):
    return eventually(lambda: state(daemon, upstream) == wanted, f"{upstream} {wanted}")


@pytest.mark.quick
def test_sessions_are_shared_by_weight(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table + ", weight = 3", b.table], workers=1))

    counts = collections.Counter(served_by(daemon) for _ in range(40))

    assert counts == {"a": 30, "b": 10}


@pytest.mark.threaded
def test_least_connections_counts_the_sessions_of_all_workers(launch, backends):
    daemon = launch(forward([each.table for each in backends("a", "b", "c")], 'balance = "least_connections"'))
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            ask(stack.enter_context(daemon.connect("web")))
        active = {name: row["active"] for name, row in daemon.upstreams("web").items()}

    assert active == {"a": 10, "b": 10, "c": 10}


@pytest.mark.threaded
def test_a_source_stays_with_its_upstream_and_moves_only_if_that_goes(launch, backends):
    daemon = launch(forward([each.table for each in backends("a", "b", "c")], 'balance = "source_hash"'))
    sources = [f"127.0.0.{n}" for n in range(1, 41)]

    def owners():
        found = {}
        for source in sources:
            with daemon.connect("web", source=source) as client:
                found[source] = ask(client)
        return found

    before = owners()
    assert set(before.values()) == {"a", "b", "c"}
    assert owners() == before
    assert change(daemon, "b", {"admin_state": "drain"}).status == 200
    after = owners()

    assert {source: owner for source, owner in after.items() if before[source] != "b"} == \
        {source: owner for source, owner in before.items() if owner != "b"}
    assert "b" not in after.values()


def test_a_backup_serves_only_while_nobody_else_does(launch, backends):
    a, spare = backends("a", "spare")
    daemon = launch(forward([a.table, spare.table + ", backup = true"]))
    assert {served_by(daemon) for _ in range(6)} == {"a"}

    change(daemon, "a", {"admin_state": "drain"})
    assert {served_by(daemon) for _ in range(4)} == {"spare"}
    change(daemon, "a", {"admin_state": None})

    assert {served_by(daemon) for _ in range(4)} == {"a"}
    assert daemon.upstreams("web")["spare"]["backup"] is True


@pytest.mark.quick
def test_drain_keeps_the_standing_session_and_gives_no_new_ones(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table, b.table], workers=1))
    with daemon.connect("web") as standing:
        assert ask(standing) == "a"

        row = change(daemon, "a", {"admin_state": "drain"}).json

        assert (row["admin_state"], row["config_state"], row["operational_state"]) == ("drain", "ready", "up")
        assert row["admin_cause"] == "set at run time"
        assert {served_by(daemon) for _ in range(4)} == {"b"}
        assert ask(standing) == "a"


def test_a_state_and_a_weight_of_run_time_outlive_a_reload(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table, b.table]))
    change(daemon, "a", {"admin_state": "drain"})
    change(daemon, "b", {"weight": 7})

    daemon.reload(forward([a.table, b.table + ", weight = 2"], "retries = 1"))

    rows = daemon.upstreams("web")
    assert rows["a"]["admin_state"] == "drain"
    assert (rows["b"]["weight"], rows["b"]["config_weight"]) == (7, 2)
    assert change(daemon, "b", {"weight": None}).json["weight"] == 2


def test_the_state_in_the_file_holds(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table + ', state = "maint"', b.table]))

    assert {served_by(daemon) for _ in range(4)} == {"b"}
    row = daemon.upstreams("web")["a"]
    assert (row["config_state"], row["admin_state"], row["admin_cause"]) == ("maint", "maint", None)

    assert daemon.tcpctl("upstream", "ready", "web", "a").stdout.startswith("upstream a of web: ready; it takes")
    row = daemon.upstreams("web")["a"]
    assert (row["config_state"], row["admin_state"], row["operational_state"]) == ("maint", "ready", "up")
    assert {served_by(daemon) for _ in range(8)} == {"a", "b"}
    said = daemon.tcpctl("upstream", "default", "web", "a").stdout
    assert said == "upstream a of web: maint, as the configuration says\n"
    assert daemon.upstreams("web")["a"]["admin_state"] == "maint"


def test_the_command_line_shows_and_changes_upstreams(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table, b.table]))

    assert daemon.tcpctl("upstream", "maint", "web", "a").stdout.startswith("upstream a of web: maint")
    assert daemon.tcpctl("upstream", "weight", "web", "b", "9").returncode == 0

    rows = {row["name"]: row for row in daemon.tcpctl_json("upstream", "list", "web")["items"]}
    assert (rows["a"]["admin_state"], rows["b"]["weight"]) == ("maint", 9)
    assert "web" in daemon.tcpctl("upstream").stdout
    assert daemon.tcpctl("upstream", "drain", "web", "nobody").returncode == 4
    assert daemon.tcpctl("upstream", "ready", "web", "a").returncode == 0
    assert daemon.upstreams("web")["a"]["admin_state"] == "ready"


def test_a_change_that_is_none_is_refused(launch, backends):
    daemon = launch(forward([backends("a").table]))

    assert change(daemon, "a", {"admin_state": "off"}).status == 400
    assert change(daemon, "a", {"weigth": 1}).status == 400
    assert change(daemon, "x", {"weight": 1}).status == 404
    assert daemon.request("PATCH", "/v1/listeners/none/upstreams/a", {"weight": 1}).status == 404


# --- health -------------------------------------------------------------------------------------------


@pytest.mark.quick
def test_checks_take_an_upstream_out_and_bring_it_back(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table, b.table], CHECKED))
    first = eventually(lambda: daemon.upstreams("web")["a"]["last_check"], "a check")
    assert (first["success"], first["result"]) == (True, "L4OK")
    before = daemon.upstreams("web")["a"]["since"]

    a.go_away()
    wait_for(daemon, "a", "down")

    row = daemon.upstreams("web")["a"]
    assert row["cause"].startswith("L4CON")
    assert row["since"] > before
    assert {served_by(daemon) for _ in range(4)} == {"b"}
    assert "event=upstream.down" in daemon.log()

    a.listen()
    wait_for(daemon, "a", "up")
    assert daemon.upstreams("web")["a"]["cause"].startswith("L4OK in ")
    assert {served_by(daemon) for _ in range(8)} == {"a", "b"}
    assert "event=upstream.up" in daemon.log()


def test_checks_may_speak(launch, backends):
    a = backends("a")
    health = 'health = { interval = "30ms", timeout = "2s", fall = 1, steps = [{ send = "?" }, { expect = "EXPECTED" }] }'
    daemon = launch(forward([a.table], health.replace("EXPECTED", "^a$")))
    eventually(lambda: daemon.upstreams("web")["a"]["cause"].startswith("L7OK in "), "a good check")

    daemon.reload(forward([a.table], health.replace("EXPECTED", "^b$").replace("2s", "100ms")))

    wait_for(daemon, "a", "down")
    assert daemon.upstreams("web")["a"]["cause"].startswith("L7TOUT at step 2")


def test_checks_are_no_sessions(launch, backends):
    daemon = launch(forward([backends("a").table], CHECKED))
    eventually(lambda: daemon.upstreams("web")["a"]["last_check"], "a check")
    at = daemon.upstreams("web")["a"]["last_check"]["at"]
    eventually(lambda: daemon.upstreams("web")["a"]["last_check"]["at"] > at, "another check")

    row = daemon.upstreams("web")["a"]
    assert (row["connections_total"], row["active"], row["assigned"]) == (0, 0, 0)
    assert daemon.listener("web")["connections"]["accepted_total"] == 0
    assert daemon.json("/v1/status")["totals"]["connections_total"] == 0
    assert daemon.history() == []


def test_maintenance_stops_the_checks(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table, b.table], CHECKED))
    eventually(lambda: daemon.upstreams("web")["a"]["last_check"], "a check")

    change(daemon, "a", {"admin_state": "maint"})

    eventually(lambda: not daemon.connections(service="health") or True)
    steady(lambda: daemon.upstreams("web")["a"]["last_check"]["at"])
    assert state(daemon, "a") == "unknown"
    a.go_away()
    change(daemon, "a", {"admin_state": "ready"})
    wait_for(daemon, "a", "down")


def test_a_silent_upstream_is_found_out(launch):
    with black_hole() as silent:
        daemon = launch(forward([f'address = "{silent.address}"'],
                                'health = { interval = "50ms", timeout = "100ms", fall = 2 }'))
        wait_for(daemon, "u1", "down")

        assert daemon.upstreams("web")["u1"]["cause"].startswith("L4TOUT")


def test_with_all_down_the_reason_says_why_of_each(launch, backends):
    a, b, c = backends("a", "b", "c")
    daemon = launch(forward([a.table, b.table, c.table + ", weight = 0"], CHECKED))
    a.go_away()
    wait_for(daemon, "a", "down")
    change(daemon, "b", {"admin_state": "drain"})

    with daemon.connect("web") as client:
        name = client.name
        assert client.read_to_end() == (b"", "fin")

    close = daemon.ended(name)["close"]
    assert (close["reason"], close["phase"], close["first"]) == ("upstream_down", "connect", "local")
    assert close["detail"].startswith("3 upstreams: a down (L4CON")
    assert close["detail"].endswith(", b drain, c has weight 0")


@pytest.mark.parametrize("on_down", ["keep", "close"])
def test_what_becomes_of_the_sessions_of_an_upstream_that_goes_down(launch, backends, on_down):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table, b.table], f'{CHECKED}\non_down = "{on_down}"\nbalance = "least_connections"'))
    with daemon.connect("web") as one, daemon.connect("web") as two:
        sessions = {ask(client): client for client in (one, two)}
        assert sessions.keys() == {"a", "b"}
        a.go_away()
        wait_for(daemon, "a", "down")

        if on_down == "keep":
            assert ask(sessions["a"]) == "a"
        else:
            name = sessions["a"].name
            assert sessions["a"].read_to_end() == (b"", "fin")
            sessions["a"].close()
            row = daemon.ended(name)
            assert (row["close"]["reason"], row["close"]["code"]) == ("upstream_down", "DD")
        assert ask(sessions["b"]) == "b"


def test_a_session_that_is_still_connecting_is_not_ended_with_its_upstream(launch, backends):
    with black_hole() as silent:
        b = backends("b")
        daemon = launch(forward([f'name = "a", address = "{silent.address}"', b.table],
                                'connect_timeout = "3s"\non_down = "close"\n'
                                'health = { interval = "1s", timeout = "500ms", fall = 1 }', workers=1))
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(daemon.connect("web")) for _ in range(4)]
            wait_for(daemon, "a", "down")
            assert {ask(client) for client in clients} == {"b"}
            assert daemon.upstreams("web")["a"]["failures_total"] == {"connect_timeout": 2}

        assert not [row for row in daemon.history(listener="web") if row["close"]["reason"] == "upstream_down"]


@pytest.mark.threaded
def test_failed_sessions_take_an_upstream_out_for_a_while(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table, b.table], 'fail_after = 3\nfail_for = "300ms"'))
    a.go_away()
    for _ in range(30):
        assert served_by(daemon) == "b"
    wait_for(daemon, "a", "up")  # after its time, and maybe more than once
    for _ in range(30):
        served_by(daemon)

    row = daemon.upstreams("web")["a"]
    assert "event=upstream.down" in daemon.log()
    assert "sessions fail: connect_refused" in daemon.log()
    assert row["failures_total"]["connect_refused"] < 60

    a.listen()
    eventually(lambda: served_by(daemon) == "a", "a session at a")


def test_resets_before_the_first_byte_count_as_failures(launch):
    with Server() as rude:
        daemon = launch(forward([f'address = "{rude.address}"'], 'fail_after = 2\nfail_for = "1h"'))
        for _ in range(2):
            with daemon.connect("web") as client:
                client.send(b"hello")
                upstream = rude.accept()
                upstream.read(5)  # else it may be reset before the daemon has seen it connected, and tried again
                upstream.rst()
                client.read_to_end()

        wait_for(daemon, "u1", "down")

    row = daemon.upstreams("web")["u1"]
    assert row["cause"] == "sessions fail: peer_rst"
    assert row["failures_total"] == {"peer_rst": 2}


# --- limits and the queue -----------------------------------------------------------------------------


@pytest.mark.threaded
def test_a_full_upstream_is_passed_over(launch, backends):
    a, b = backends("a", "b")
    daemon = launch(forward([a.table + ", max_connections = 2", b.table]))
    with contextlib.ExitStack() as stack:
        counts = collections.Counter(ask(stack.enter_context(daemon.connect("web"))) for _ in range(12))

    assert counts == {"a": 2, "b": 10}


@pytest.mark.quick
@pytest.mark.threaded
def test_where_all_are_full_a_session_waits_its_turn(launch, backends):
    daemon = launch(forward([backends("a").table + ", max_connections = 1"], 'queue_timeout = "60s"'))
    with daemon.connect("web") as serving, contextlib.ExitStack() as stack:
        assert ask(serving) == "a"
        waiting = []
        for n in range(5):
            waiting.append(stack.enter_context(daemon.connect("web")))
            waiting[-1].send(b"?")
            eventually(lambda n=n: daemon.listener("web")["connections"]["queued"] == n + 1, "one more in the queue")
        assert daemon.upstreams("web")["a"]["assigned"] == 1

        previous = serving
        for client in waiting:
            previous.close()
            assert client.socket.recv(10) == b"a"
            assert daemon.upstreams("web")["a"]["assigned"] == 1
            previous = client

    eventually(lambda: daemon.upstreams("web")["a"]["assigned"] == 0, "no session")
    assert daemon.listener("web")["connections"]["queued"] == 0


@pytest.mark.threaded
def test_no_wake_up_is_lost_however_many_come_and_go(launch, backends):
    daemon = launch(forward([each.table + ", max_connections = 2" for each in backends("a", "b")],
                            'queue_timeout = "60s"', workers=4))
    done = []

    def some():
        done.extend(served_by(daemon) for _ in range(25))

    threads = [threading.Thread(target=some) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 400
    assert set(done) == {"a", "b"}
    eventually(lambda: all(row["assigned"] == 0 for row in daemon.upstreams("web").values()), "no session")
    assert daemon.listener("web")["connections"]["queued"] == 0


def test_who_waits_too_long_ends_with_the_reason(launch, backends):
    daemon = launch(forward([backends("a").table + ", max_connections = 1"], 'queue_timeout = "100ms"'))
    with daemon.connect("web") as serving, daemon.connect("web") as waiting:
        assert ask(serving) == "a"
        name = waiting.name
        assert waiting.read_to_end() == (b"", "fin")
        assert ask(serving) == "a"

    close = daemon.ended(name)["close"]
    assert (close["reason"], close["phase"], close["code"]) == ("queue_timeout", "queue", "sQ")
    assert close["detail"] == "no upstream had a place free within 100ms"


def test_who_leaves_the_queue_takes_nobodys_place(launch, backends):
    daemon = launch(forward([backends("a").table + ", max_connections = 1"], 'queue_timeout = "60s"'))
    with daemon.connect("web") as serving, daemon.connect("web") as leaving, daemon.connect("web") as last:
        names = {client.name: client for client in (serving, leaving, last)}
        assert ask(serving) == "a"
        eventually(lambda: daemon.listener("web")["connections"]["queued"] == 2, "two in the queue")
        assert len(names) == 3
        name = leaving.name
        leaving.rst()
        eventually(lambda: daemon.listener("web")["connections"]["queued"] == 1, "one in the queue")
        close = daemon.ended(name)["close"]
        assert (close["reason"], close["phase"]) == ("peer_rst", "queue")

        serving.close()
        assert ask(last) == "a"


def test_who_waits_is_told_when_the_last_upstream_is_drained(launch, backends):
    daemon = launch(forward([backends("a").table + ", max_connections = 1"], 'queue_timeout = "60s"'))
    with daemon.connect("web") as serving, daemon.connect("web") as waiting:
        assert ask(serving) == "a"
        name = waiting.name
        eventually(lambda: daemon.listener("web")["connections"]["queued"] == 1, "one in the queue")

        change(daemon, "a", {"admin_state": "drain"})

        assert waiting.read_to_end() == (b"", "fin")
        assert daemon.ended(name)["close"]["detail"] == "1 upstream: a drain"


def test_an_attempt_that_fails_gives_its_place_back(launch):
    with closed_port() as refusing:
        daemon = launch(forward([f'address = "{refusing.address}", max_connections = 1'], "retries = 1"))
        for _ in range(3):
            with daemon.connect("web") as client:
                client.read_to_end()

        row = daemon.upstreams("web")["u1"]

    assert (row["assigned"], row["active"]) == (0, 0)
    assert row["failures_total"]["connect_refused"] == 6


# --- the targets of a service ---------------------------------------------------------------------------

SERVICE = "_web._tcp.example"


@pytest.fixture
def dns():
    with DnsServer() as server:
        for host in ("a", "b", "c"):
            server.host(f"{host}.example", "127.0.0.1")
        yield server


def target(backend):
    return f"{backend.name}.example:{backend.server.port}"


def publish(dns, *records):
    """`records` are (priority, weight, backend)."""
    dns.service(SERVICE, *((priority, weight, backend.server.port, f"{backend.name}.example")
                           for priority, weight, backend in records))


def service(dns, more=""):
    return dns.config + forward([f'address = "srv:{SERVICE}"'], more, workers=1)


def named(daemon):
    """The targets that DNS names, by address: (name, tier, weight)."""
    return {row["address"]: (row["name"], row["tier"], row["weight"]) for row in daemon.upstreams("web").values()}


def wait_for_targets(daemon, *backends):
    return eventually(lambda: (now := named(daemon)).keys() == set(map(target, backends)) and now, "these targets")


@pytest.mark.quick
def test_srv_priorities_are_tiers_and_srv_weights_are_shares(launch, backends, dns):
    a, b, c = backends("a", "b", "c")
    publish(dns, (1, 3, a), (1, 1, b), (2, 0, c))
    daemon = launch(service(dns))

    rows = wait_for_targets(daemon, a, b, c)

    assert sorted(name for name, _, _ in rows.values()) == ["u1-1", "u1-2", "u1-3"]
    assert {address: row[1:] for address, row in rows.items()} == \
        {target(a): (0, 3), target(b): (0, 1), target(c): (1, 1)}
    assert collections.Counter(served_by(daemon) for _ in range(8)) == {"a": 6, "b": 2}

    for backend in (a, b):
        assert change(daemon, rows[target(backend)][0], {"admin_state": "drain"}).status == 200
    assert {served_by(daemon) for _ in range(4)} == {"c"}
    change(daemon, rows[target(b)][0], {"admin_state": None})
    assert {served_by(daemon) for _ in range(4)} == {"b"}


def test_an_srv_target_that_dns_drops_gets_no_new_sessions(launch, backends, dns):
    a, b = backends("a", "b")
    publish(dns, (1, 1, a), (1, 1, b))
    daemon = launch(service(dns))
    before = wait_for_targets(daemon, a, b)
    with daemon.connect("web") as one, daemon.connect("web") as two:
        sessions = {ask(client): client for client in (one, two)}
        assert sessions.keys() == {"a", "b"}

        publish(dns, (1, 1, b))
        eventually(lambda: "DNS names it no longer" in [row["cause"] for row in daemon.upstreams("web").values()])

        eventually(lambda: served_by(daemon) == "b" == served_by(daemon), "the workers know")
        assert {served_by(daemon) for _ in range(4)} == {"b"}
        assert ask(sessions["a"]) == "a", "a session that stands goes on"

        publish(dns, (1, 1, a), (1, 1, b))
        assert wait_for_targets(daemon, a, b) == before, "it has its number again"
    eventually(lambda: {served_by(daemon) for _ in range(4)} == {"a", "b"}, "both serve again")


def test_the_srv_targets_stay_while_look_ups_fail(launch, backends, dns):
    a, b = backends("a", "b")
    publish(dns, (1, 1, a), (2, 1, b))
    daemon = launch(service(dns))
    before = wait_for_targets(daemon, a, b)

    dns.mood = "fails"

    eventually(lambda: all("its last addresses stay in use" in row["cause"]
                           for row in daemon.upstreams("web").values()), "the failure")
    assert named(daemon) == before
    assert {served_by(daemon) for _ in range(4)} == {"a"}


def test_srv_targets_inherit_what_is_wished_of_the_declared_name(launch, backends, dns):
    a, b, spare = backends("a", "b", "spare")
    publish(dns, (1, 2, a))
    daemon = launch(dns.config + forward([f'address = "srv:{SERVICE}"', spare.table + ", backup = true"], workers=1))
    eventually(lambda: target(a) in named(daemon), "a target")
    row = change(daemon, "u1", {"admin_state": "drain", "weight": 5}).json
    assert (row["name"], row["address"], row["admin_state"]) == ("u1", f"srv:{SERVICE}", "drain")

    publish(dns, (1, 2, a), (1, 1, b))  # the wish is for who comes later, too
    eventually(lambda: target(b) in named(daemon), "another target")

    rows = {row["address"]: row for row in daemon.upstreams("web").values()}
    assert {rows[target(each)]["admin_state"] for each in (a, b)} == {"drain"}
    assert [(rows[target(each)]["weight"], rows[target(each)]["config_weight"]) for each in (a, b)] == [(10, 2), (5, 1)]
    assert {served_by(daemon) for _ in range(4)} == {"spare"}

    assert daemon.tcpctl("upstream", "ready", "web", rows[target(b)]["name"]).returncode == 0
    assert {served_by(daemon) for _ in range(4)} == {"b"}, "what is wished of a target wins"
    change(daemon, "u1", {"admin_state": None})
    assert {served_by(daemon) for _ in range(6)} == {"a", "b"}

    change(daemon, rows[target(b)]["name"], {"admin_state": None})
    row = change(daemon, "u1", {"admin_state": "maint"}).json
    assert row["connections_total"] == 10, "the sessions of all its targets"
    assert (row["operational_state"], row["cause"]) == ("unknown", "0 of 2 targets are up")
