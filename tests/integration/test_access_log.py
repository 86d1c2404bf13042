# SPDX-License-Identifier: Apache-2.0
"""The access log: a line for the start and the end of each connection, where it goes, and what becomes of lines that
cannot be written."""
import json
import os
import pathlib
import shlex
import signal
import threading

import pytest

from harness.crowd import crowd
from harness.daemon import run_tcpctld
from harness.journal import Journal
from harness.network import CLONE_NEWNS, own_namespace
from harness.peers import Peer, Server, closed_port
from harness.proxy import v1
from harness.wait import eventually

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace wants root")

ECHO = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
"""


def access_log(at="both", target="file:{folder}/access.log", form="text"):
    return f"""
[access_log]
at = "{at}"
target = "{target}"
format = "{form}"
"""


def forward(address, more=""):
    return f"""
[listeners.web]
listen = ["127.0.0.1:0"]
service = "forward"
forward = {{ upstreams = ["{address}"]{more} }}
"""


def text_fields(line):
    assert line.startswith("time="), line
    return dict(word.split("=", 1) for word in shlex.split(line))


def lines(path, parse=text_fields):
    """Those that are whole; the last one may be under way."""
    text = pathlib.Path(path).read_text() if os.path.exists(path) else ""
    return [parse(line) for line in text.split("\n")[:-1]]


def of(daemon, event, parse=text_fields, file="access.log", **wanted):
    """The lines of `event` that have the `wanted` fields."""
    return [line for line in lines(daemon.folder / file, parse)
            if line["event"] == event and all(line.get(key) == value for key, value in wanted.items())]


def one(daemon, event, **wanted):
    return eventually(lambda: of(daemon, event, **wanted), f"a line {event} with {wanted}")[0]


def ping(daemon, listener="echo"):
    """A connection from its begin to its end; answers its record."""
    with daemon.connect(listener) as peer:
        peer.send(b"ping")
        assert peer.read(4) == b"ping"
        name = peer.name
    return daemon.ended(name)


def totals(daemon):
    status = daemon.json("/v1/status")["totals"]
    return status["access_log_dropped_total"], status["access_log_errors_total"]


# --- what is in a line ----------------------------------------------------------------------------


@pytest.mark.quick
@pytest.mark.threaded
def test_an_accepted_connection_has_a_line_at_its_start_and_one_at_its_end(launch):
    daemon = launch(access_log() + ECHO)

    row = ping(daemon)

    start, end = one(daemon, "access.start"), one(daemon, "access.end")
    party = {"connection": row["id"], "direction": "inbound", "listener": "echo", "service": "echo", "level": "info",
             "local": row["local"], "remote": row["remote"]}
    assert start == {"time": row["opened_at"], "event": "access.start"} | party
    close = row["close"]
    assert end == {"time": close["at"], "event": "access.end"} | party | {
        "first": "remote", "how": "fin", "reason": "peer_fin", "phase": "data", "code": "--",
        "duration_ms": f'{close["duration_ms"]:.3f}', "bytes_in": "4", "bytes_out": "4",
        "rtt_us": str(row["tcp"]["rtt_us"]), "retransmits_total": "0", "state": row["state"]}
    assert totals(daemon) == (0, 0)


@pytest.mark.quick
@pytest.mark.threaded
def test_in_json_both_legs_of_a_forward_say_what_the_api_says(launch):
    with Server() as server:
        daemon = launch(access_log(form="json") + forward(server.address))
        with daemon.connect("web") as peer, server.accept() as served:
            peer.send(b"ask")
            assert served.read(3) == b"ask"
            name = peer.name
        client = daemon.ended(name)
        upstream = eventually(lambda: daemon.get(f'/v1/history/{client["peer_id"]}').json)

    for row in (client, upstream):
        start = one(daemon, "access.start", parse=json.loads, connection=row["id"])
        end = one(daemon, "access.end", parse=json.loads, connection=row["id"])
        for key in ("direction", "listener", "client", "service", "local", "remote", "proxied_source"):
            assert start[key] == end[key] == row[key], key
        for key in ("peer_id", "upstream", "bytes_in", "bytes_out"):
            assert end[key] == row[key], key
        for key in ("first", "how", "reason", "phase", "code", "detail", "duration_ms"):
            assert end[key] == row["close"][key], key
    assert (client["peer_id"], upstream["peer_id"]) == (upstream["id"], client["id"])
    assert upstream["upstream"] == "u1"


def test_a_failed_attempt_of_a_client_is_a_connection_of_its_own(launch):
    with closed_port() as server:
        address = server.address
        daemon = launch(access_log() + f"""
[clients.feed]
connect = "{address}"
mode = "keep"
""")

        end = one(daemon, "access.end")

    assert one(daemon, "access.start", connection=end["connection"])["client"] == "feed"
    assert (end["client"], end["direction"], end["remote"]) == ("feed", "outbound", address)
    assert (end["reason"], end["phase"], end["first"], end["how"]) == ("connect_refused", "connect", "remote", "rst")
    assert "rtt_us" not in end


def test_behind_a_proxy_the_start_says_whose_connection_it_is(launch):
    daemon = launch(access_log() + ECHO + 'proxy_protocol = { accept_from = ["127.0.0.0/8"], timeout = "10m" }\n')
    with daemon.connect("echo") as peer:
        daemon.live(peer.name)
        assert of(daemon, "access.start") == []

        peer.send(v1("192.0.2.7", "192.0.2.8", 5000, 443))

        assert one(daemon, "access.start")["proxied_source"] == "192.0.2.7:5000"


def test_who_is_turned_away_has_a_line_at_the_end(launch):
    daemon = launch(access_log() + ECHO + 'deny = ["127.0.0.1"]\n')
    with daemon.connect("echo") as peer:
        peer.read_to_end()

    end = one(daemon, "access.end")

    assert (end["reason"], end["detail"]) == ("local_limit", "refused: acl")
    assert of(daemon, "access.start") == []


def test_health_checks_are_no_connections_of_anybodys(launch):
    with Server() as server:
        daemon = launch(access_log() + forward(server.address, ', health = { interval = "20ms" }'))
        for _ in range(3):
            server.accept().close()
        with daemon.connect("web") as peer:
            eventually(lambda: daemon.live(peer.name)["peer_id"], "the upstream's leg")
            daemon.request("DELETE", "/v1/connections?listener=web&how=reset")
            row = daemon.ended(peer.name)

        one(daemon, "access.end", connection=row["id"])

    session = {row["id"], row["peer_id"]}
    assert {line["connection"] for line in lines(daemon.folder / "access.log")} <= session


@pytest.mark.parametrize("form, parse", [("text", text_fields), ("json", json.loads)])
def test_what_a_peer_sends_cannot_break_a_line(launch, form, parse):
    daemon = launch(access_log("end", form=form) + r"""
[listeners.mail]
listen = ["127.0.0.1:0"]
service = "script"
script = { steps = [{ expect = "^HELO" }] }
""")
    with daemon.connect("mail") as peer:
        peer.send(b"x\r\ntime=forged event=access.end \"} \x00\xff\x1b[2J\r\n")
        peer.fin()
        peer.read_to_end()

    end = one(daemon, "access.end", parse=parse)

    assert end["reason"] == "script_mismatch"
    written = (daemon.folder / "access.log").read_bytes()
    assert written.count(b"\n") == 1
    assert not [byte for byte in written if byte < 0x20 and byte != 0x0a]


# --- a file, and its rotation ---------------------------------------------------------------------


@pytest.mark.quick
def test_what_is_turned_on_is_what_is_written(launch):
    daemon = launch(access_log("start") + ECHO)
    ping(daemon)
    one(daemon, "access.start")
    assert daemon.reload(access_log("end") + ECHO).status == 200
    last = ping(daemon)
    one(daemon, "access.end", connection=last["id"])

    assert [line["event"] for line in lines(daemon.folder / "access.log")] == ["access.start", "access.end"]


@pytest.mark.threaded
def test_a_rotation_under_load_loses_no_line_and_doubles_none(launch):
    daemon = launch(access_log("end") + ECHO)
    path = daemon.folder / "access.log"
    address, enough, names = daemon.address("echo"), threading.Event(), []

    def load():
        while not enough.is_set():
            with Peer.to(address) as peer:
                names.append(peer.name)
                peer.send(b"x")
                peer.read(1)

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(3):
            eventually(lambda: lines(path), "lines before the rotation")
            path.rename(f"{path}.{turn}")
            daemon.signal(signal.SIGUSR1)
            eventually(path.exists, "the new file")
        eventually(lambda: lines(path), "lines after it")
    finally:
        enough.set()
        for thread in threads:
            thread.join()
    files = [*(f"{path}.{turn}" for turn in range(3)), path]

    eventually(lambda: len([line for file in files for line in lines(file)]) >= len(names), "the last lines")

    written = [line["connection"] for file in files for line in lines(file)]
    assert len(written) == len(set(written)) == len(names)
    assert totals(daemon) == (0, 0)


def test_where_the_new_file_cannot_be_opened_the_old_one_goes_on(launch):
    config = access_log("end", "file:{folder}/sub/access.log") + ECHO
    daemon = launch(ECHO)
    (daemon.folder / "sub").mkdir()
    assert daemon.reload(config).status == 200
    (daemon.folder / "sub").rename(daemon.folder / "gone")

    daemon.signal(signal.SIGUSR1)

    eventually(lambda: "access_log.reopen_failed" in daemon.log())
    row = ping(daemon)
    one(daemon, "access.end", file="gone/access.log", connection=row["id"])


@pytest.mark.threaded
def test_a_reload_turns_it_on_and_off_and_moves_it(launch):
    daemon = launch(ECHO)
    ping(daemon)
    changed = daemon.reload(access_log("end", "file:{folder}/one.log") + ECHO).json["changed"]
    assert {"access_log"} == {change["name"] for change in changed}
    assert set(changed[0]["keys"].values()) == {"now"}
    first = ping(daemon)
    daemon.reload(access_log("end", "file:{folder}/two.log") + ECHO)
    second = ping(daemon)
    daemon.reload(ECHO)
    ping(daemon)
    daemon.reload(access_log("end", "file:{folder}/two.log", "json") + ECHO)
    third = ping(daemon)
    one(daemon, "access.end", file="two.log", parse=lambda line: json.loads(line) if line[0] == "{" else text_fields(line),
        connection=third["id"])

    assert [line["connection"] for line in lines(daemon.folder / "one.log")] == [first["id"]]
    old, new = (daemon.folder / "two.log").read_text().splitlines()
    assert text_fields(old)["connection"] == second["id"]
    assert json.loads(new)["connection"] == third["id"]


def test_a_reload_to_a_file_that_cannot_be_opened_is_refused_and_changes_nothing(launch):
    daemon = launch(access_log("end") + ECHO)

    answer = daemon.reload(access_log("end", "file:/no/such/folder/x.log"))

    assert answer.status == 409, answer.text
    assert "access_log.target: log file '/no/such/folder/x.log': No such file or directory" in answer.text
    row = ping(daemon)
    one(daemon, "access.end", connection=row["id"])


def test_a_start_with_a_file_that_cannot_be_opened_fails_and_says_so(launch):
    daemon = launch(access_log("end", "file:/no/such/folder/x.log") + ECHO, until="")
    daemon.expected_exit = 1

    assert daemon.wait() == 1
    assert daemon.log().splitlines()[-1] == (
        "tcpctld: access_log.target: log file '/no/such/folder/x.log': No such file or directory")


@pytest.mark.parametrize("line, wrong", [
    ('at = "allways"', 'access_log.at: expected one of "off", "start", "end", "both", got the text "allways"'),
    ('at = true', 'access_log.at: expected one of "off", "start", "end", "both", got'),
    ('target = "file:x.log"', 'access_log.target: expected "auto", "stderr", "journal" or "file:/PATH"'),
    ('format = "xml"', 'access_log.format: expected one of "text", "json", got the text "xml"'),
    ('att = "end"', "unknown key 'att'; did you mean 'at'?"),
])
def test_a_wrong_value_is_one_sentence(tmp_path, line, wrong):
    file = tmp_path / "tcpctld.toml"
    file.write_text(f"[access_log]\n{line}\n")

    done = run_tcpctld("--check-config", "-c", file)

    assert done.returncode == 1
    assert done.stderr.startswith(f"{file}:2:")
    assert wrong in done.stderr
    assert done.stderr.count("\n") == 1


def test_who_waits_for_a_header_has_no_start_line_once_the_log_is_off(launch):
    behind = ECHO + 'proxy_protocol = { accept_from = ["127.0.0.0/8"] }\n'
    daemon = launch(access_log("start") + behind)
    with Peer.to(daemon.address("echo")):
        eventually(lambda: len(daemon.connections()) == 1, "a connection")
        assert daemon.reload(access_log("off") + behind).status == 200
    eventually(lambda: not daemon.connections(), "its end")

    assert totals(daemon) == (0, 0)
    assert lines(daemon.folder / "access.log") == []


# --- the end of the daemon ------------------------------------------------------------------------


@pytest.mark.quick
@pytest.mark.threaded
@pytest.mark.parametrize("size", [200, 9_500])  # more than the batches that may be on their way take
def test_those_that_the_daemons_stop_ends_have_their_lines(launch, size):
    daemon = launch(access_log("end") + ECHO, files=20_000)
    with crowd(daemon.address("echo"), size) as (peers, _):
        names = ["{}:{}".format(*peer.getsockname()) for peer in peers]
        eventually(lambda: daemon.listener("echo")["connections"]["active"] == size, "all of them")

        daemon.signal(signal.SIGTERM)
        eventually(lambda: "daemon.stopping" in daemon.log())
        daemon.signal(signal.SIGTERM)

        assert daemon.wait() == 0
    written = lines(daemon.folder / "access.log")
    assert sorted(line["remote"] for line in written) == sorted(names)
    assert {line["reason"] for line in written} == {"drain"}
    assert "access_log.lost" not in daemon.log()


def test_thousands_that_are_ended_at_once_have_their_lines_and_events(launch):
    daemon = launch(access_log("end") + ECHO, files=20_000)
    with crowd(daemon.address("echo"), 4_000):
        eventually(lambda: daemon.listener("echo")["connections"]["active"] == 4_000, "all of them")

        assert daemon.request("DELETE", "/v1/connections?listener=echo&how=reset").json == {"ended": 4_000}

        eventually(lambda: len(of(daemon, "access.end", reason="admin_kill")) == 4_000, "a line of each")
    assert totals(daemon) == (0, 0)
    assert daemon.json("/v1/status")["totals"]["events_dropped_total"] == 0


def test_what_was_lost_is_told_at_the_stop(launch):
    daemon = launch(access_log("end", "file:/dev/full") + ECHO)
    ping(daemon)
    eventually(lambda: totals(daemon) == (0, 1), "the count")

    daemon.signal(signal.SIGTERM)

    assert daemon.wait() == 0
    assert "event=access_log.lost dropped=0 errors=1" in daemon.log()


# --- what cannot be written -----------------------------------------------------------------------


def test_what_the_file_does_not_take_is_counted_and_told_once(launch):
    daemon = launch(access_log("end", "file:/dev/full") + ECHO, listen_http=True)

    for _ in range(5):
        ping(daemon)

    eventually(lambda: totals(daemon) == (0, 5), "the count")
    metrics = daemon.web("GET", "/metrics").text.splitlines()
    assert "tcpctl_access_log_errors_total 5" in metrics
    assert "tcpctl_access_log_dropped_total 0" in metrics
    assert daemon.log().count("access_log.write_failed") == 1
    assert "'/dev/full': No space left on device" in daemon.log()
    assert "5 lines of the access log were lost" in daemon.tcpctl().stdout


@ROOT
def test_a_full_disk_leaves_whole_lines_and_goes_on_once_there_is_room(launch, tmp_path):
    path = tmp_path / "access.log"

    def work():
        daemon = launch(access_log("end", f"file:{path}") + ECHO)
        while totals(daemon)[1] == 0:
            ping(daemon)
        assert path.read_text().endswith("\n")
        assert all("state" in line for line in lines(path))
        before = len(lines(path))
        os.truncate(path, 0)

        row = ping(daemon)

        assert before > 0
        eventually(lambda: [line["connection"] for line in lines(path)][-1:] == [row["id"]], "the line")

    with own_namespace(CLONE_NEWNS, ["mount", "--make-rprivate", "/"],
                       ["mount", "-t", "tmpfs", "-o", "size=8k", "disk", tmp_path]) as disk:
        disk.submit(work).result()


def test_a_pipe_that_nobody_empties_holds_no_connection_up(launch):
    daemon = launch(ECHO)
    fifo = daemon.folder / "fifo"
    os.mkfifo(fifo)
    assert "No such device or address" in daemon.reload(access_log("end", "file:{folder}/fifo") + ECHO).text
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert daemon.reload(access_log("end", "file:{folder}/fifo") + ECHO).status == 200

    for _ in range(400):  # some 100 KiB
        ping(daemon)

    assert ping(daemon)["close"]["reason"] == "peer_fin"
    os.close(reader)
    eventually(lambda: totals(daemon)[1] > 0, "lines that the pipe refused")


@ROOT
def test_the_journal_gets_fields_and_its_absence_is_counted(launch, tmp_path):
    journal = Journal(tmp_path / "journal")

    def entries():
        return [entry for entry in journal.fields() if entry.get("EVENT", "").startswith("access.")]

    def work():
        daemon = launch(access_log(target="journal") + ECHO)
        row = ping(daemon)
        eventually(lambda: len(entries()) == 2, "two entries")
        start, end = entries()
        assert (start["EVENT"], end["EVENT"]) == ("access.start", "access.end")
        for entry in (start, end):
            assert (entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"]) == ("6", "tcpctld")
            assert (entry["TCPCTL_CONNECTION"], entry["TCPCTL_LISTENER"]) == (row["id"], "echo")
        assert (end["TCPCTL_REASON"], end["TCPCTL_FIRST"], end["TCPCTL_BYTES_IN"]) == ("peer_fin", "remote", "4")
        assert end["MESSAGE"].startswith(f'event=access.end connection={row["id"]} ')
        assert "TCPCTL_CLIENT" not in end
        assert totals(daemon) == (0, 0)

        journal.vanish()
        ping(daemon)

        eventually(lambda: totals(daemon) == (0, 2), "the count")
    with journal.namespace() as host:
        host.submit(work).result()
