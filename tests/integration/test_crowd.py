# SPDX-License-Identifier: Apache-2.0
"""As many sessions at once as 20,000 files allow."""
from harness.crowd import Backend, crowd
from harness.wait import eventually

FILES = 20_000
SESSIONS = 9_000
BEYOND = 300


def echoes(connected, text=b"still there?"):
    connected.sendall(text)
    got = b""
    while len(got) < len(text) and (piece := connected.recv(len(text) - len(got))):
        got += piece
    return got == text


def test_nine_thousand_forwarded_sessions_stand_at_twenty_thousand_files(launch):
    with Backend() as backend:
        daemon = launch(f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{backend.address}"] }}
""", files=FILES)
        with crowd(daemon.address("web"), SESSIONS) as (clients, connect):
            eventually(lambda: daemon.upstreams("web")["u1"]["active"] == SESSIONS, "all of the sessions")
            assert daemon.json("/v1/status")["totals"]["connections_active"] == 2 * SESSIONS
            assert daemon.listener("web")["connections"]["active"] == SESSIONS
            assert sum(daemon.listener("web")["connections"]["refused_total"].values()) == 0
            assert all(echoes(client) for client in clients[::100])

            further = [connect() for _ in range(BEYOND)]

            def counts():
                row = daemon.listener("web")["connections"]
                done = row["accepted_total"] + row["refused_total"]["limit"] == SESSIONS + BEYOND
                return done and row
            row = eventually(counts, "each of them served or refused")
            room = daemon.json("/v1/status")["limits"]["max_connections"] // 2
            assert row["active"] == min(room, SESSIONS + BEYOND)
            assert sum(row["refused_total"].values()) == row["refused_total"]["limit"] == SESSIONS + BEYOND - row["active"]
            for number, client in enumerate(further):
                if number < row["active"] - SESSIONS:
                    assert echoes(client)
                else:
                    assert client.recv(1) == b""
            assert echoes(clients[0]) and echoes(clients[-1])
            assert "listener.shortage" not in daemon.log()
        eventually(lambda: daemon.json("/v1/status")["totals"]["connections_active"] == 0)
