# SPDX-License-Identifier: Apache-2.0
"""Time lines of connections that take their time: what can be seen was seen."""
import collections

from harness.endings import assert_times, has, line_of
from harness.peers import Server
from harness.wait import eventually

CONFIG = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
[listeners.daytime]
listen = ["127.0.0.1:0"]
service = "daytime"
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
[listeners.web.forward]
upstreams = ["{}"]
"""

#: Of these the kernel tells no unprivileged process the moment.
UNTOLD = {("inbound", "syn_received"), ("inbound", "established"), ("inbound", "time_wait"), ("outbound", "time_wait")}
EACH = 50


def word(writer, reader):
    writer.send(b"word")
    assert reader.read(4) == b"word"


def peer_first(daemon, _):
    with daemon.connect("echo") as peer:
        word(peer, peer)


def daemon_first(daemon, _):
    with daemon.connect("daytime") as peer:
        assert peer.read_to_end()[1] == "fin"
        wait_for_ack(daemon, "inbound")


def reset(daemon, _):
    peer = daemon.connect("echo")
    word(peer, peer)
    peer.rst()


def forwarded(daemon, server):
    with daemon.connect("web") as client, server.accept() as upstream:
        word(client, upstream)
        word(upstream, client)
        client.fin()
        assert upstream.read_to_end() == (b"", "fin")
        wait_for_ack(daemon, "outbound")
        upstream.close()
        assert client.read_to_end() == (b"", "fin")


def wait_for_ack(daemon, direction):
    eventually(lambda: any(has(row, "fin_acked") for row in daemon.connections(direction=direction)),
               "the ACK of the daemon's FIN")


def test_in_a_paced_run_what_the_kernel_tells_was_seen(launch):
    with Server() as server:
        daemon = launch(CONFIG.format(server.address))
        for life in (peer_first, daemon_first, reset, forwarded):
            for _ in range(EACH):
                life(daemon, server)
                eventually(lambda: not daemon.connections(), "its end")
        rows = daemon.history()

    told = collections.Counter()
    for row in rows:
        assert_times(row)
        told.update(entry["basis"] for entry in row["timeline"] if (row["direction"], entry["event"]) not in UNTOLD)
    assert len(rows) == 5 * EACH
    assert told["seen"] >= 0.95 * told.total(), collections.Counter(map(line_of, rows))
