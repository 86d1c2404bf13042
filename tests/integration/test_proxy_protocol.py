# SPDX-License-Identifier: Apache-2.0
"""PROXY headers: taken from those who have to send them, and sent to upstreams."""
import json
import socket

import pytest

from harness.peers import Peer, Server
from harness.proxy import (CRC32C, LOCAL, NOOP, PROXY, SIGNATURE, TCP6, UNIQUE_ID, haproxy, tlv, v1, v2, with_crc)
from harness.wait import eventually

ALL = '["127.0.0.0/8"]'
FULL = with_crc(v2(tlv(UNIQUE_ID, b"7-7")))


def listener(name="in", service="echo", proxies=ALL, more="", timeout="10m"):
    return f"""
[listeners.{name}]
listen = ["127.0.0.1:0"]
service = "{service}"
proxy_protocol = {{ accept_from = {proxies}, timeout = "{timeout}" }}
{more}
"""


def forward(upstream, name="web", send="", proxies="", more=""):
    keys = ", ".join(filter(None, [f"accept_from = {proxies}" if proxies else "", f'send = "{send}"' if send else ""]))
    return f"""
[listeners.{name}]
listen = ["127.0.0.1:0"]
service = "forward"
{'proxy_protocol = { timeout = "10m" }' if proxies else ""}
{more}
[listeners.{name}.forward]
upstreams = ["{upstream}"]
proxy_protocol = {{ {keys} }}
"""


def echoes(peer, text=b"ping"):
    peer.send(text)
    return peer.read(len(text)) == text


def error_of(daemon, name):
    row = daemon.ended(name)
    assert (row["close"]["reason"], row["close"]["phase"]) == ("proxy_header_error", "proxy_header")
    assert row["close"]["code"] == "PR"
    assert row["bytes_out"] == 0
    return row["close"]


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared(listener() + listener("hi", "dialog", more='dialog = { greeting = "hi\\n", reply = "{line}\\n" }') +
                         listener("late", timeout="1s") +
                         listener("other", proxies='["127.0.0.2", "192.0.2.0/24"]'))


# --- taken ----------------------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize("header, source, destination, said", [
    (v1(), "192.0.2.1:8080", "198.51.100.2:80", None),
    (v1("2001:db8::1", "2001:db8::2"), "[2001:db8::1]:8080", "[2001:db8::2]:80", None),
    (v2(), "192.0.2.1:8080", "198.51.100.2:80", None),
    (v2(family=TCP6), "[2001:db8::1]:8080", "[2001:db8::2]:80", None),
    (FULL, "192.0.2.1:8080", "198.51.100.2:80", "7-7"),
    (v2(tlv(UNIQUE_ID, b"\x1b[31m\xff<b>")), "192.0.2.1:8080", "198.51.100.2:80", r"\x1b[31m\xff<b>"),
    (v2(family=0x31, block=b"/run/\xff\n".ljust(108, b"\0") + bytes(108)), r"unix:/run/\xff\n", "unix:", None),
    (b"PROXY UNKNOWN what ever\r\n", None, None, None),
    (v2(command=LOCAL, family=0xff, block=b"\xff" * 50), None, None, None),
    (v2(family=0, block=b""), None, None, None),
])
def test_shows_whom_a_header_names(daemon, header, source, destination, said):
    with daemon.connect("in") as peer:
        peer.send(header + b"data")
        assert peer.read(4) == b"data"

        row = daemon.live(peer.name)
        name = peer.name

    ended = daemon.ended(name)
    for each in (row, ended):
        assert (each["proxied_source"], each["proxied_destination"], each["proxied_id"]) == (source, destination, said)
        assert (each["bytes_in"], each["bytes_out"]) == (4, 4)
    assert row["id"] == ended["id"]
    assert ended["close"]["reason"] == "peer_fin"


def test_the_cli_shows_it_too(daemon):
    with daemon.connect("in") as peer:
        peer.send(FULL)
        assert echoes(peer)
        row = daemon.live(peer.name)

        wide = daemon.tcpctl("-o", "wide", "conn", COLUMNS="400").stdout
        shown = daemon.tcpctl("conn", "show", row["id"]).stdout
        found = daemon.connections(peer="192.0.2.1")

    assert "PROXIED FOR" in wide and "192.0.2.1:8080" in wide
    assert "192.0.2.1:8080" in shown and "198.51.100.2:80" in shown and "7-7" in shown
    assert row["id"] in [each["id"] for each in found]


@pytest.mark.quick
@pytest.mark.parametrize("header", [v1("2001:db8::1", "2001:db8::2"), FULL])
def test_waits_at_every_byte_and_greets_behind_the_last(daemon, header):
    peers = []
    for cut in range(1, len(header)):
        peer = daemon.connect("hi")
        peer.send(header[:cut])
        peers.append((cut, peer))
    for _, peer in peers:
        eventually(lambda: peer.unacknowledged() == 0)
        assert daemon.live(peer.name)["bytes_out"] == 0

    for cut, peer in peers:
        assert peer.unread() == 0, cut
        peer.send(header[cut:] + b"you\n")
    for cut, peer in peers:
        assert peer.read(7) == b"hi\nyou\n", cut
        peer.close()


def test_takes_a_header_that_comes_byte_by_byte(daemon):
    with daemon.connect("hi") as peer:
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in FULL:
            peer.send(bytes([byte]))
            eventually(lambda: peer.unacknowledged() == 0)
        assert peer.read(3) == b"hi\n"


@pytest.mark.threaded
def test_loses_nothing_of_header_data_and_fin_at_once(daemon):
    for _ in range(50):
        with daemon.connect("in") as peer:
            peer.send(FULL + b"x" * 20_000)
            peer.fin()
            assert peer.read_to_end() == (b"x" * 20_000, "fin")


@pytest.mark.parametrize("header, detail", [
    (b"GET / HTTP/1.1\r\n\r\n", "neither a v1 nor a v2 header: it begins with 'GET / HTTP/1.1\\r\\n...'"),
    (b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", "CRLF"),
    (b"PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", "exactly one blank"),
    (b"PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n", "leading zero"),
    (b"PROXY TCP4 ::1 2.2.2.2 1 2\r\n", "'::1' is no IPv4 address"),
    (b"PROXY UNKNOWN " + b"x" * 93, "no CRLF in the first 107 bytes"),
    (v2(command=0x22), "command 2"),
    (v2(command=0x31), "version 3"),
    (v2(family=0x41), "address family 4"),
    (v2(family=0x13), "transport 3"),
    (v2(block=bytes(11)), "too few"),
    (v2(length=4081), "oversized: 4097 bytes, 4096 are allowed"),
    (v2(length=65535), "oversized"),
    (v2(b"\x05"), "a TLV of 1 bytes is cut"),
    (v2(b"\x05\xff\xff"), "TLV 0x05 has 65535 bytes, 0 are left"),
    (v2(tlv(UNIQUE_ID, b"x" * 129)), "UNIQUE_ID has 129 bytes"),
    (v2(tlv(CRC32C, b"abc")), "CRC32C has 3 bytes"),
    (v2(tlv(CRC32C, bytes(4))), "CRC32C is 00000000"),
    (with_crc(v2(tlv(NOOP, b"ab"))).replace(b"ab", b"ba"), "CRC32C is"),
])
def test_ends_what_begins_wrongly_and_says_what_was_wrong(daemon, header, detail):
    with daemon.connect("hi") as peer:
        name = peer.name
        peer.send(header)
        assert peer.read_to_end()[0] == b"", "the service's greeting"

    close = error_of(daemon, name)
    assert detail in close["detail"]
    assert len(close["detail"]) < 200 and close["detail"].isprintable()


@pytest.mark.parametrize("part", [b"", b"PROXY TCP4 1.1", FULL[:20]])
def test_ends_who_is_late(daemon, part):
    with daemon.connect("late") as peer:
        name = peer.name
        peer.send(part)
        assert peer.read_to_end() == (b"", "fin")

    assert error_of(daemon, name)["detail"] == f"{len(part)} bytes of the header came within 1s"


def test_the_deadline_ends_with_the_header(daemon):
    with daemon.connect("late") as peer, daemon.connect("late") as silent:
        peer.send(v1())
        assert silent.read_to_end()[0] == b""
        assert echoes(peer)


@pytest.mark.parametrize("part", [b"PROXY", FULL[:-1]])
def test_a_fin_in_the_header_is_the_peers_mistake(daemon, part):
    with daemon.connect("hi") as peer:
        name = peer.name
        peer.send(part)
        peer.fin()
        assert peer.read_to_end()[0] == b""

    close = error_of(daemon, name)
    assert (close["first"], close["how"]) == ("remote", "fin")
    assert close["detail"] == f"the peer's FIN came after {len(part)} bytes of the header"


def test_a_check_of_the_port_is_no_mistake(daemon):
    with daemon.connect("hi") as peer:
        name = peer.name
    close = daemon.ended(name)["close"]
    assert (close["reason"], close["phase"]) == ("peer_fin", "proxy_header")


@pytest.mark.parametrize("part", [b"", b"PROXY", FULL[:-1]])
def test_a_reset_in_the_header_is_the_peers(daemon, part):
    peer = daemon.connect("hi")
    name = peer.name
    peer.send(part)
    daemon.live(name)
    peer.rst()

    close = daemon.ended(name)["close"]
    assert (close["reason"], close["phase"], close["how"]) == ("peer_rst", "proxy_header", "rst")
    assert close["first"] == "remote"


def test_looks_for_no_header_where_none_is_due(daemon):
    with daemon.connect("other") as peer:
        peer.send(v1())
        assert peer.read(len(v1())) == v1()
        assert daemon.live(peer.name)["proxied_source"] is None
    with daemon.connect("other", source="127.0.0.2") as peer:
        peer.send(v1())
        assert echoes(peer)
        assert daemon.live(peer.name)["proxied_source"] == "192.0.2.1:8080"


def test_events_are_found_by_the_source_that_the_header_named(launch):
    daemon = launch(listener())
    with daemon.connect("in") as peer:
        peer.send(v1() + b"data")
        assert peer.read(4) == b"data"
        name = peer.name
    daemon.ended(name)

    def of(address):
        return daemon.json("/v1/events", since=0, peer=address)["items"]

    found = eventually(lambda: len(of("192.0.2.0/24")) == 2 and of("192.0.2.0/24"), "what was told behind the header")
    assert [(event["type"], event["remote"], event["proxied_source"]) for event in found] == [
        ("half_closed", name, "192.0.2.1:8080"), ("closed", name, "192.0.2.1:8080")]
    assert [event["type"] for event in of("127.0.0.1")] == ["opened", "established", "half_closed", "closed"]
    assert of("192.0.3.0/24") == []
    assert [event["type"] for event in daemon.tcpctl_json("events", "--peer", "192.0.2.1")["items"]] == [
        "half_closed", "closed"]


def test_counts_what_ended_for_its_header(launch):
    daemon = launch(listener())
    for _ in range(3):
        with daemon.connect("in") as peer:
            name = peer.name
            peer.send(b"?")
            peer.read_to_end()
        daemon.ended(name)

    metrics = daemon.get("/metrics").text
    counted = [line for line in metrics.splitlines() if 'reason="proxy_header_error"' in line]
    assert [line.rsplit(" ", 1)[1] for line in counted] == ["3"]
    connections = daemon.listener("in")["connections"]
    assert (connections["accepted_total"], connections["active"]) == (3, 0)


# --- the source it names ----------------------------------------------------------------------------

def test_allow_and_deny_judge_the_source_that_a_header_names(launch):
    daemon = launch(listener(more='allow = ["192.0.2.0/24", "2001:db8::/32"]\ndeny = ["192.0.2.66"]'))
    for header in (v1(), v1("2001:db8::1", "::1"), v2(command=LOCAL, block=b"")):
        with daemon.connect("in") as peer:
            peer.send(header)
            assert echoes(peer)
    for header in (v1("192.0.2.66"), v1("203.0.113.1"), b"PROXY UNKNOWN\r\n"):
        with daemon.connect("in") as peer:
            name = peer.name
            peer.send(header)
            assert peer.read_to_end()[0] == b""
        close = daemon.ended(name)["close"]
        assert (close["reason"], close["phase"]) == ("local_limit", "proxy_header")
        assert close["detail"] == "refused: acl"
    assert daemon.listener("in")["connections"]["refused_total"]["acl"] == 3


def test_the_share_of_a_source_is_that_of_whom_the_header_names(launch):
    daemon = launch(listener(more="max_connections_per_source = 1"))
    with daemon.connect("in") as one, daemon.connect("in") as other:
        for peer, host in ((one, "192.0.2.1"), (other, "192.0.2.2")):
            peer.send(v1(host))
            assert echoes(peer)
        with daemon.connect("in") as second:
            second.send(v1("192.0.2.1"))
            assert second.read_to_end()[0] == b""
            assert daemon.ended(second.name)["close"]["detail"] == "refused: source_limit"
        one.close()
        eventually(lambda: daemon.listener("in")["connections"]["active"] == 1)

        with daemon.connect("in") as again:
            again.send(v1("192.0.2.1"))
            assert echoes(again)
    assert daemon.listener("in")["connections"]["refused_total"]["source_limit"] == 1


def test_the_source_that_a_header_names_chooses_the_upstream(launch):
    with Server() as first, Server() as second, Server() as third:
        servers = {"u1": first, "u2": second, "u3": third}
        config = forward('", "'.join(server.address for server in servers.values()), proxies=ALL)
        daemon = launch(config + 'balance = "source_hash"\n')
        chosen = set()
        for host in range(1, 17):
            for port in (1000, 2000):
                with daemon.connect("web") as client:
                    client.send(v1(f"192.0.2.{host}", source_port=port))
                    leg = eventually(lambda: next((each for each in daemon.connections(direction="outbound")
                                                   if each["peer_id"] == daemon.live(client.name, direction="inbound")["id"]),
                                                  None))
                    with servers[leg["upstream"]].accept():
                        chosen.add((host, leg["upstream"]))
        assert len(chosen) == 16, "one upstream for each source"
        assert len({upstream for _, upstream in chosen}) == 3, "and not one for all"


def test_a_header_may_outlast_its_listener(launch):
    with Server() as server:
        daemon = launch(listener() + forward(server.address, proxies=ALL))
        with daemon.connect("in") as peer, daemon.connect("web") as session:
            peer.send(v1()[:10])
            session.send(v1()[:10])
            daemon.live(peer.name)
            daemon.live(session.name)

            assert daemon.reload(listener("another")).status == 200
            server.close()
            peer.send(v1()[10:])
            session.send(v1()[10:])

            assert echoes(peer)
            name = session.name
            assert session.read_to_end() == (b"", "fin")
        assert daemon.ended(name)["proxied_source"] == "192.0.2.1:8080"


# --- sent -------------------------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_tells_the_upstream_first_whose_connection_it_is(launch, version):
    with Server() as server:
        daemon = launch(forward(server.address, send=version))
        with daemon.connect("web") as client, server.accept() as upstream:
            row = daemon.live(client.name, direction="inbound")
            host, port = client.socket.getsockname()
            to_host, to_port = client.socket.getpeername()
            if version == "v1":
                expected = v1(host, to_host, port, to_port)
            else:
                block = (socket.inet_aton(host) + socket.inet_aton(to_host) + port.to_bytes(2, "big") +
                         to_port.to_bytes(2, "big"))
                expected = with_crc(v2(tlv(UNIQUE_ID, row["id"].encode()), block=block))

            assert upstream.read(len(expected)) == expected
            upstream.send(b"220 ready")
            assert client.read(9) == b"220 ready"
            client.send(b"data")
            client.fin()
            assert upstream.read_to_end() == (b"data", "fin")
            upstream.fin()
            assert client.read_to_end() == (b"", "fin")
            name = client.name
        ended = daemon.ended(name)
        assert ended["bytes_in"] == 4
        leg = daemon.json(f"/v1/history/{ended['peer_id']}")
        assert leg["bytes_out"] == 4 + len(expected)
        assert daemon.listener("web")["bytes_in_total"] == 4


@pytest.mark.parametrize("version, expected", [("v1", b"PROXY UNKNOWN\r\n"), ("v2", SIGNATURE + bytes([PROXY, 0]))])
def test_names_nobody_for_a_client_on_a_unix_socket(launch, version, expected):
    with Server() as server:
        daemon = launch(forward(server.address, send=version).replace("127.0.0.1:0", "unix:{folder}/in.sock"))
        with daemon.connect("web") as client, server.accept() as upstream:
            client.send(b"data")
            client.fin()
            got, end = upstream.read_to_end()
            assert got.startswith(expected) and got.endswith(b"data")
            assert end == "fin"


@pytest.mark.threaded
def test_a_session_is_followed_from_hop_to_hop(launch):
    last = launch(listener())
    second = launch(forward("%s:%d" % last.address("in"), send="v2", proxies=ALL))
    first = launch(forward("%s:%d" % second.address("web"), send="v1"))
    with first.connect("web") as client:
        assert echoes(client)
        at_first = first.live(client.name, direction="inbound")
        at_second, = second.connections(direction="inbound")
        at_last, = last.connections()

        assert at_second["proxied_source"] == at_last["proxied_source"] == client.name
        assert at_last["proxied_destination"] == at_first["local"]
        assert at_second["proxied_id"] is None
        assert at_last["proxied_id"] == at_second["id"]


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"])
def test_haproxy_tells_whose_connection_it_is(daemon, send):
    with haproxy(daemon.address("hi"), send=send) as address, Peer.to(address) as peer:
        assert peer.read(3) == b"hi\n"
        row, = eventually(lambda: [each for each in daemon.connections(listener="hi")
                                   if each["proxied_source"] == peer.name])
        assert row["proxied_destination"] == "%s:%d" % address


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy_is_told_whose_connection_it_is(launch, daemon, version):
    with haproxy(daemon.address("in"), bind="accept-proxy", send="send-proxy-v2") as address:
        outer = launch(forward("%s:%d" % address, send=version))
        with outer.connect("web") as client:
            assert echoes(client)
            row, = [each for each in daemon.connections(listener="in") if each["proxied_source"] == client.name]
            assert row["proxied_destination"] == "%s:%d" % outer.address("web")


def test_the_configuration_is_shown_as_it_was_written(launch):
    daemon = launch(forward("127.0.0.1:1", send="v2", proxies='["10.0.0.5"]'))
    config = daemon.listener("web")["config"]
    assert config["forward"]["proxy_protocol"] == {"accept_from": ["10.0.0.5"], "send": "v2"}, json.dumps(config)
