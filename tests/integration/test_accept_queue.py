# SPDX-License-Identifier: Apache-2.0
"""Connections that wait to be accepted, and those that the kernel lost: what a listener and the whole host tell."""
import os
import pathlib
import signal
import socket

import pytest

from harness.network import CLONE_NEWNET, LOOPBACK_UP, own_namespace
from harness.wait import eventually

CONFIG = """
[daemon]
workers = 2

[listeners.narrow]
listen = ["127.0.0.1:0", "[::1]:0"]
service = "echo"
backlog = 4

[listeners.wide]
listen = ["127.0.0.1:0"]
service = "echo"

[listeners.file]
listen = ["unix:{folder}/echo.sock"]
service = "echo"
backlog = 4
"""


def knock(address):
    """Begins to connect, and does not wait for it."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    made = socket.socket(family)
    made.setblocking(False)
    made.connect_ex(address)
    return made


def rows_of(daemon, name):
    return daemon.listener(name)["addresses"]


def metric(daemon, name):
    lines = daemon.get("/metrics").text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(name + " ")), None)


@pytest.mark.quick
def test_each_address_has_its_queue_and_a_unix_socket_tells_none(launch):
    daemon = launch(CONFIG)

    assert [(row["queue"], row["queue_max"]) for row in rows_of(daemon, "narrow")] == [(0, 4), (0, 4)]
    assert [(row["queue"], row["queue_max"]) for row in rows_of(daemon, "file")] == [(None, None)]
    assert metric(daemon, 'tcpctl_listener_accept_queue_limit{listener="narrow"}') == 8
    assert metric(daemon, 'tcpctl_listener_accept_queue_limit{listener="file"}') is None


@pytest.mark.quick
def test_who_waits_at_a_paused_listener_is_counted_at_the_address_where_he_waits(launch):
    daemon = launch(CONFIG)
    daemon.post("/v1/listeners/narrow/pause")
    visitors = [knock(daemon.address("narrow", 1)) for _ in range(3)]

    eventually(lambda: [row["queue"] for row in rows_of(daemon, "narrow")] == [0, 3], "three in the queue of IPv6")

    assert metric(daemon, 'tcpctl_listener_accept_queue{listener="narrow"}') == 3
    assert "accept queue 3 of 4" in daemon.tcpctl("listener", "show", "narrow").stdout
    assert "3/8" in daemon.tcpctl("-o", "wide", "listener").stdout
    daemon.post("/v1/listeners/narrow/resume")
    eventually(lambda: rows_of(daemon, "narrow")[1]["queue"] == 0, "an empty queue")
    for visitor in visitors:
        visitor.close()


def stop(daemon):
    """A stop takes hold of one thread after the other."""
    daemon.signal(signal.SIGSTOP)
    threads = pathlib.Path(f"/proc/{daemon.process.pid}/task")
    eventually(lambda: all((one / "stat").read_text().rpartition(")")[2].split()[0] == "T" for one in threads.iterdir()),
               "all threads to stop")


def pause(daemon, visitors):
    """The workers hear of it one after the other; who comes before they have is let in."""
    daemon.post("/v1/listeners/narrow/pause")

    def is_kept_waiting():
        visitors.append(knock(daemon.address("narrow")))
        return rows_of(daemon, "narrow")[0]["queue"] > 0
    eventually(is_kept_waiting, "somebody to wait")


def check_overflow(daemon, begin, end):
    """Twelve come to the queue of four between `begin` and `end`, at which nobody is let in."""
    before = daemon.json("/v1/status")["host"]
    address = daemon.address("narrow")
    begin()
    visitors = [knock(address) for _ in range(12)]
    end()

    told = eventually(lambda: (now := daemon.json("/v1/status")["host"]) != before and now, "lost connections")
    assert told["listen_overflows_total"] >= before["listen_overflows_total"] + 7  # one is let in beyond the limit
    assert told["listen_drops_total"] >= told["listen_overflows_total"]
    assert metric(daemon, "tcpctl_host_listen_overflows_total") >= told["listen_overflows_total"]
    assert metric(daemon, "tcpctl_host_listen_drops_total") >= told["listen_drops_total"]
    for visitor in visitors:
        visitor.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace wants root")
def test_full_queues_show_in_the_counters_of_the_host(launch):
    def work():
        daemon = launch(CONFIG)
        assert daemon.json("/v1/status")["host"] == {"listen_overflows_total": 0, "listen_drops_total": 0}
        assert daemon.json("/v1/status")["capabilities"]["host_counters"] == "on"

        check_overflow(daemon, lambda: stop(daemon), lambda: daemon.signal(signal.SIGCONT))
        waiting = []
        pause(daemon, waiting)
        check_overflow(daemon, lambda: None, lambda: None)

        assert rows_of(daemon, "narrow")[0]["queue"] == 5
        said = daemon.tcpctl("status").stdout
        assert "Whole host, not only tcpctld" in said and "Accept queues" in said
        for visitor in waiting:
            visitor.close()
    with own_namespace(CLONE_NEWNET, LOOPBACK_UP) as network:
        network.submit(work).result()
