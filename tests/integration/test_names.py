# SPDX-License-Identifier: Apache-2.0
"""Addresses that are names: looked up, followed as they change, kept while DNS fails; and the race of several."""
import contextlib
import socket
import subprocess

import pytest

from harness.dns import AAAA, A, DnsServer
from harness.network import CLONE_NEWNET, CLONE_NEWNS, LOOPBACK_UP, may_have_namespaces, own_namespace
from harness.peers import Server, closed_port
from harness.wait import eventually


@pytest.fixture
def dns():
    with DnsServer() as server:
        yield server


def client(address, more=""):
    return f"""
[clients.feed]
connect = "{address}"
mode = "keep"
backoff = {{ initial = "20ms", factor = 2.0, jitter = 0.0, max = "100ms" }}
{more}
"""


def probe(address):
    return f'[clients.check]\nconnect = "{address}"\nmode = "probe"\ninterval = "50ms"\ntimeout = "5s"\n'


def web(*upstreams, more=""):
    listed = ", ".join(f'"{upstream}"' for upstream in upstreams)
    return f'[listeners.web]\nlisten = "127.0.0.1:0"\nservice = "forward"\n' \
           f'[listeners.web.forward]\nupstreams = [{listed}]\n{more}\n'


def upstream(daemon, place=0):
    return daemon.json("/v1/listeners/web/upstreams")["items"][place]


def is_served_by(daemon, server):
    """Whether a new session reaches `server`; one that reaches another is ended."""
    with daemon.connect("web") as peer:
        peer.send(b"two")
        server.socket.settimeout(0.05)
        with contextlib.suppress(TimeoutError), server.accept() as served:
            return served.read(3) == b"two"


def is_up(daemon):
    return daemon.client("feed")["state"] == "up"


def twins(first="127.0.0.1", second="127.0.0.2", listening=True):
    """Two servers on one port of two addresses; the first need not listen."""
    with contextlib.ExitStack() as tries:
        while True:
            one = tries.enter_context(Server((first, 0), listening=listening))
            with contextlib.suppress(OSError):
                other = Server((second, one.port))
                tries.pop_all()
                return one, other


def fill(host, port):
    """Fills the accept queue of a server with backlog 0, so that a further SYN gets no answer."""
    held = []
    for _ in range(3):
        waiting = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        waiting.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            waiting.connect((host, port))
        held.append(waiting)
    return held


def test_a_client_follows_a_name_to_its_new_address(launch, dns):
    one, other = twins()
    with one, other:
        dns.host("feed.example", "127.0.0.1")
        daemon = launch(dns.config + client(f"feed.example:{one.port}"))
        with one.accept():
            eventually(lambda: is_up(daemon))
            assert daemon.client("feed")["resolved"] == [f"127.0.0.1:{one.port}"]
            dns.host("feed.example", "127.0.0.2")

        def moved():
            with contextlib.suppress(TimeoutError):
                one.socket.settimeout(0)
                with contextlib.suppress(BlockingIOError):
                    one.accept().close()
            return daemon.client("feed")["resolved"] == [f"127.0.0.2:{one.port}"]
        eventually(moved, "the new address, once the TTL is over")
        with other.accept():
            eventually(lambda: is_up(daemon))


@pytest.mark.parametrize("on_down", ["keep", "close"])
def test_a_target_that_dns_drops_is_seen_until_its_sessions_are_over(launch, dns, on_down):
    with Server() as one, Server() as other:
        dns.host("a.example", "127.0.0.1")
        targets = [(10, 1, server.port, "a.example") for server in (one, other)]
        dns.service("_web._tcp.example", targets[0])
        daemon = launch(dns.config + web("srv:_web._tcp.example", more=f'on_down = "{on_down}"'))
        with daemon.connect("web") as peer, one.accept() as served:
            peer.send(b"one")
            assert served.read(3) == b"one"

            dns.service("_web._tcp.example", targets[1])

            if on_down == "keep":
                row = eventually(lambda: (now := upstream(daemon))["operational_state"] == "down" and now)
                assert (row["name"], row["cause"], row["active"]) == ("u1-1", "DNS names it no longer", 1)
                assert upstream(daemon, 1)["name"] == "u1-2"
                peer.send(b"two")
                assert served.read(3) == b"two"
            else:
                assert peer.read_to_end() == (b"", "fin")
                assert daemon.ended(peer.name)["close"]["reason"] == "upstream_down"
        eventually(lambda: [row["name"] for row in daemon.upstreams("web").values()] == ["u1-2"], "it leaves the list")


def test_the_last_addresses_stay_while_dns_fails(launch, dns):
    with Server() as server:
        dns.host("feed.example", "127.0.0.1")
        daemon = launch(dns.config + probe(f"feed.example:{server.port}"))
        eventually(lambda: daemon.client("check")["state"] == "up")
        assert daemon.client("check")["resolve_error"] is None

        for mood, words in [("silent", "no answer"), ("fails", "cannot be reached or failed"), ("garbage", "dns")]:
            dns.mood = mood
            row = eventually(lambda: words in ((now := daemon.client("check"))["resolve_error"] or "") and now, mood)
            assert row["resolved"] == [f"127.0.0.1:{server.port}"]
            assert row["last_probe"]["success"], "it is served by the last addresses"
        dns.mood = "answers"
        eventually(lambda: daemon.client("check")["resolve_error"] is None)
        assert 'event=name.failed' in daemon.log()


def test_a_name_that_comes_later_is_found(launch, dns):
    with Server() as server:
        daemon = launch(dns.config + client(f"late.example:{server.port}"))
        eventually(lambda: daemon.client("feed")["resolve_error"])
        assert daemon.client("feed")["resolved"] == []
        dns.alias("late.example", "real.example")
        dns.host("real.example", "127.0.0.1")

        with server.accept():
            eventually(lambda: is_up(daemon))


def test_a_client_of_a_service_goes_by_priority(launch, dns):
    with Server() as first, Server() as second, closed_port() as refusing:
        dns.host("a.example", "127.0.0.1")
        dns.service("_feed._tcp.example", (10, 0, refusing.port, "a.example"), (20, 0, first.port, "a.example"),
                    (30, 0, second.port, "a.example"))
        daemon = launch(dns.config + client("srv:_feed._tcp.example"))

        with first.accept():
            eventually(lambda: is_up(daemon))

        assert daemon.client("feed")["address"] == "srv:_feed._tcp.example"
        assert daemon.client("feed")["resolved"] == [f"127.0.0.1:{server.port}" for server in (refusing, first, second)]
        refused = daemon.ended(refusing.address, client="feed")
        assert refused["close"]["reason"] == "connect_refused"


@pytest.mark.parametrize("kind", ["refuses", "is silent"])
def test_a_client_takes_the_family_that_answers(launch, dns, kind):
    six, four = twins("::1", "127.0.0.1", listening=False)
    held = []
    with six, four:
        if kind == "is silent":
            six.listen(0)
            held = fill("::1", six.port)
        dns.host("both.example", "::1", "127.0.0.1")
        daemon = launch(dns.config + client(f"both.example:{four.port}"))

        with four.accept():
            eventually(lambda: is_up(daemon))
            loser = daemon.ended(six.address, client="feed")
            winner = daemon.live(four.address, client="feed")
            assert daemon.client("feed")["failures_total"] == {}

        assert winner["state"] == "ESTABLISHED"
        assert loser["close"]["phase"] == "connect"
        if kind == "refuses":
            assert loser["close"]["reason"] == "connect_refused"
        else:
            assert (loser["close"]["reason"], loser["close"]["first"]) == ("local_done", "local")
            assert loser["close"]["detail"] == f"another address was faster: {four.address}"
        for one in held:
            one.close()


def test_a_forward_follows_the_addresses_of_its_upstream(launch, dns):
    one, other = twins()
    with one, other:
        dns.host("app.example", "127.0.0.1")
        daemon = launch(dns.config + web(f"app.example:{one.port}"))
        with daemon.connect("web") as peer, one.accept() as served:
            peer.send(b"one")
            assert served.read(3) == b"one"
        dns.host("app.example", "127.0.0.2")
        one.close()

        eventually(lambda: is_served_by(daemon, other), "the new address, once the TTL is over")
        dns.mood = "silent"

        for _ in range(5):
            assert eventually(lambda: is_served_by(daemon, other)), "the last address stays while DNS is down"


@pytest.mark.parametrize("silent, served, late", [(AAAA, "127.0.0.1", "[::1]"), (A, "::1", "127.0.0.1")])
def test_a_family_that_dns_is_silent_about_holds_up_nothing(launch, dns, silent, served, late):
    with Server((served, 0)) as server:
        dns.host("app.example", served)
        dns.host("feed.example", served)
        dns.unanswered = {silent}
        daemon = launch(dns.config_with(timeout="60s", attempts=1) + web(f"app.example:{server.port}")
                        + client(f"feed.example:{server.port}"))
        with server.accept():
            eventually(lambda: is_up(daemon))
            assert daemon.client("feed")["resolve_error"] is None

            with daemon.connect("web") as peer, server.accept() as connection:
                peer.send(b"hello")
                assert connection.read(5) == b"hello"

        assert {("app.example", A), ("app.example", AAAA)} <= set(dns.asked)
        assert not any(address.startswith(late) for address in upstream(daemon)["resolved"])


def test_a_late_family_joins(launch, dns):
    with Server() as server:
        dns.host("app.example", "127.0.0.1", "::1")
        dns.unanswered = {AAAA}
        daemon = launch(dns.config_with(timeout="500ms", attempts=10) + web(f"app.example:{server.port}"))
        four, six = f"127.0.0.1:{server.port}", f"[::1]:{server.port}"
        eventually(lambda: upstream(daemon)["resolved"] == [four])

        dns.unanswered = set()

        eventually(lambda: sorted(upstream(daemon)["resolved"]) == sorted([four, six]), "both families")


def test_a_family_that_is_lost_later_keeps_its_addresses(launch, dns):
    with Server() as server:
        dns.host("app.example", "127.0.0.1", "::1")
        daemon = launch(dns.config + web(f"app.example:{server.port}"))
        eventually(lambda: len(upstream(daemon)["resolved"]) == 2)

        dns.unanswered = {AAAA}
        row = eventually(lambda: "stay in use" in (now := upstream(daemon))["cause"] and now)

        assert len(row["resolved"]) == 2
        assert "no answer from the name servers" in row["cause"]
        assert row["operational_state"] == "up"


def test_a_silent_name_server_is_asked_as_often_as_said(launch, dns):
    dns.mood = "silent"
    daemon = launch(dns.config_with(timeout="20ms", attempts=3) + probe("feed.example:1").replace("50ms", "1h"))

    eventually(lambda: daemon.client("check")["last_probe"])

    assert dns.asked.count(("feed.example", A)) == dns.asked.count(("feed.example", AAAA)) == 3
    assert daemon.client("check")["last_probe"]["result"] == "L4UNR"


def test_the_next_name_server_is_asked_where_one_is_silent(launch, dns):
    with DnsServer() as other, Server() as server:
        dns.mood = "silent"
        other.host("app.example", "127.0.0.1")
        daemon = launch(f'[dns]\nservers = ["{dns.address}", "{other.address}"]\ntimeout = "50ms"\nattempts = 1\n'
                        + web(f"app.example:{server.port}"))

        with daemon.connect("web") as peer, server.accept() as connection:
            peer.send(b"hello")
            assert connection.read(5) == b"hello"

        assert ("app.example", A) in dns.asked


def test_a_forward_takes_the_address_that_answers(launch, dns):
    six, four = twins("::1", "127.0.0.1", listening=False)
    with six, four:
        six.listen(0)
        held = fill("::1", six.port)
        dns.host("app.example", "::1", "127.0.0.1")
        daemon = launch(dns.config + web(f"app.example:{four.port}"))

        with daemon.connect("web") as peer, four.accept() as served:
            peer.send(b"hello")
            assert served.read(5) == b"hello"
            loser = daemon.ended(six.address, listener="web")

        assert loser["close"]["reason"] == "local_done"
        assert daemon.json("/v1/listeners/web/upstreams")["items"][0]["failures_total"] == {}
        for one in held:
            one.close()


@pytest.mark.skipif(not may_have_namespaces(), reason="a network namespace wants root")
@pytest.mark.parametrize("family", ["ip6", "ip"])
def test_a_family_that_is_dropped_costs_a_moment_and_no_failure(launch, family):
    """Black holes: every packet of one family to the service is dropped."""
    def drop(port):
        rules = f"table {family} hole {{ chain out {{ type filter hook output priority 0; tcp dport {port} drop; }}; }}"
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)

    def work():
        six, four = twins("::1", "127.0.0.1")
        with DnsServer() as dns, six, four:
            drop(four.port)
            answering, dropped = (four, six) if family == "ip6" else (six, four)
            dns.host("both.example", "::1", "127.0.0.1")
            daemon = launch(dns.config + client(f"both.example:{four.port}"))
            with answering.accept():
                eventually(lambda: is_up(daemon))
                assert daemon.client("feed")["failures_total"] == {}
                if family == "ip6":
                    assert daemon.ended(dropped.address, client="feed")["close"]["reason"] == "local_done"
    with own_namespace(CLONE_NEWNET, LOOPBACK_UP) as network:
        network.submit(work).result()


@pytest.mark.skipif(not may_have_namespaces(), reason="a mount namespace wants root")
def test_the_hosts_file_wins_over_dns_and_is_followed(launch, dns, tmp_path):
    hosts = tmp_path / "hosts"

    def work():
        one, other = twins()
        with one, other:
            hosts.write_text("127.0.0.1 app.example alias\n")
            dns.host("app.example", "127.0.0.3", "::1")
            daemon = launch(dns.config + web(f"app.example:{one.port}", f"alias:{one.port}", f"dns.example:{one.port}"))
            for place in (0, 1):
                eventually(lambda: upstream(daemon, place)["resolved"] == [f"127.0.0.1:{one.port}"])
            eventually(lambda: "dns.example" in dns.queries, "who is not in the file is asked for")
            assert not {"app.example", "alias"} & set(dns.queries)
            with daemon.connect("web") as peer, one.accept() as served:
                peer.send(b"one")
                assert served.read(3) == b"one"

            hosts.write_text("127.0.0.2 app.example alias\n")

            for place in (0, 1):
                eventually(lambda: upstream(daemon, place)["resolved"] == [f"127.0.0.2:{one.port}"], "the file, read anew")
            eventually(lambda: is_served_by(daemon, other))

    hosts.write_text("")
    # Private, so that the mount is seen nowhere else.
    with own_namespace(CLONE_NEWNS, ["mount", "--make-rprivate", "/"],
                       ["mount", "--bind", hosts, "/etc/hosts"]) as files:
        files.submit(work).result()
