# SPDX-License-Identifier: Apache-2.0
"""`systemctl restart` and an upgrade while connections come and stand."""
import json
import re
import select
import socket
import sys
import threading

from harness.peers import assert_same, pattern
from harness.wait import eventually
from machine import ROOT, exchange, receive, to_end

LOAD = ROOT / "tests" / "system" / "load.py"
ECHO = """
[listeners.web]
listen = ["127.0.0.1:7001"]
service = "echo"
[listeners.stand]
listen = ["127.0.0.1:7002"]
service = "echo"
"""


def gap_of(journal):
    return int(re.findall(r"gap_ms=(\d+)", journal)[-1])


def resumed(service):
    """How many sessions each restart brought over."""
    return [int(count) for count in re.findall(r"restart.resumed sessions=(\d+)", service.journal())]


def test_no_connection_fails_in_restarts_under_load(service, figures):
    service.start(ECHO)
    standing = [service.connect(7002) for _ in range(50)]
    load = service.beside(sys.executable, LOAD, 7001, 20_000, 2_000)
    for _ in range(3):
        before = service.pid()
        service.systemctl("restart", "tcpctld")
        assert service.pid() != before
    told, _ = load.communicate()
    result = json.loads(told)
    figures["3 restarts with 20,000 new connections at 2,000/s"] = result

    assert (result["failed"], result["answered"]) == (0, 20_000), result
    assert result["longest_connect_ms"] < 1000, result
    for peer in standing:
        with peer:
            assert exchange(peer, b"still here") == b"still here"


def test_5000_standing_connections_are_kept(service, figures):
    service.start(ECHO + "[daemon]\nmax_connections = 0\n")
    peers = [service.connect(7002) for _ in range(5_000)]
    for peer in peers:
        peer.sendall(b"before")
    for peer in peers:
        assert receive(peer, 6) == b"before"
    first = service.api("/v1/connections?limit=1000")["items"]

    service.systemctl("restart", "tcpctld")

    for peer in peers:
        peer.sendall(b"after")
    for peer in peers:
        assert receive(peer, 5) == b"after"
    second = {row["id"]: row for row in service.api("/v1/connections?limit=1000")["items"]}
    for row in first:
        after = second[row["id"]]
        assert (after["remote"], after["opened_at"], after["bytes_in"]) == (row["remote"], row["opened_at"], 11)
    assert resumed(service)[-1] == 5_000
    figures["gap of 5,000 standing connections, ms"] = gap_of(service.journal())
    for peer in peers:
        peer.close()


def test_dialogs_clients_and_pairs_go_over(service):
    with service.listen(7101) as server, service.listen(7102) as feed:
        service.start("""
[listeners.talk]
listen = ["127.0.0.1:7003"]
service = "dialog"
dialog.reply = "{n}: {line}\\n"
[listeners.front]
listen = ["127.0.0.1:7004"]
service = "forward"
forward.upstreams = ["127.0.0.1:7101"]
[clients.feed]
connect = "127.0.0.1:7102"
mode = "keep"
""")
        fed, _ = feed.accept()
        up, down = pattern(5_000_000, 1), pattern(5_000_000, 2)
        with service.connect(7003) as talk, service.connect(7004) as client:
            upstream, _ = server.accept()
            assert exchange(talk, b"one\n") + receive(talk, 3) == b"1: one\n"
            talk.sendall(b"tw")
            senders = [threading.Thread(target=peer.sendall, args=(data,))
                       for peer, data in ((client, up), (upstream, down))]
            for sender in senders:
                sender.start()
            for _ in range(3):
                service.systemctl("restart", "tcpctld")
            got = {}
            readers = [threading.Thread(target=lambda key=key, peer=peer, size=size: got.update({key: receive(peer, size)}))
                       for key, peer, size in (("up", upstream, len(up)), ("down", client, len(down)))]
            for reader in readers:
                reader.start()
            for thread in senders + readers:
                thread.join()
            assert_same(got["up"], up)
            assert_same(got["down"], down)
            talk.sendall(b"o\n")
            assert receive(talk, 7) == b"2: two\n"
            fed.sendall(b"news")
            eventually(lambda: service.api("/v1/clients/feed/received")["text"] == "news", "the news")
            assert select.select([feed], [], [], 0)[0] == [], "it did not connect anew"
            upstream.close()
        fed.close()


def test_a_stop_drains_and_a_restart_does_not_wait(service):
    service.start(ECHO + '[daemon]\ndrain_timeout = "60s"\n')
    with service.connect(7002) as peer:
        exchange(peer, b"here")
        stopping = threading.Thread(target=service.systemctl, args=("stop", "tcpctld"))
        stopping.start()
        eventually(lambda: "daemon.stopping" in service.journal(), "the drain")
        assert exchange(peer, b"still here") == b"still here"
        peer.shutdown(socket.SHUT_WR)
        assert to_end(peer) == b""
        stopping.join()
    assert service.show("tcpctld", "Result") == "success"
    assert "daemon.restarting" not in service.journal()


def test_an_upgrade_and_a_downgrade_keep_what_stands(service, package, figures):
    service.start(ECHO)
    older = service.out("dpkg-query", "-W", "-f", "${Version}", "tcpctl")
    newer = package.with_name(package.name.replace(older, f"{older}+next"))
    assert newer.exists(), newer
    with service.connect(7002) as peer:
        exchange(peer, b"before")
        load = service.beside(sys.executable, LOAD, 7001, 10_000, 1_000)
        for version, file in ((f"{older}+next", newer), (older, package)):
            pid = service.pid()
            service.install(file)
            assert service.out("dpkg-query", "-W", "-f", "${Version}", "tcpctl") == version
            assert service.pid() != pid, "the unit was restarted"
            assert exchange(peer, b"and after") == b"and after"
        result = json.loads(load.communicate()[0])
        figures["upgrade and downgrade with 10,000 new connections at 1,000/s"] = result
        assert (result["failed"], result["answered"]) == (0, 10_000), result
        assert result["longest_connect_ms"] < 1000, result
