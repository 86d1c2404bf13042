# SPDX-License-Identifier: Apache-2.0
"""The unit in a real systemd: users, reload, sandbox, watchdog, logs."""
import ctypes
import os
import pathlib
import socket
import threading

import pytest

from harness.wait import eventually
from machine import exchange, receive

ECHO = """
[listeners.web]
listen = ["127.0.0.1:7001"]
service = "echo"
"""


def test_it_is_enabled_and_runs_after_the_installation(machine):
    machine.systemctl("start", "tcpctld")
    assert machine.out("systemctl", "is-enabled", "tcpctld") == "enabled"
    assert machine.show("tcpctld", "ActiveState") == "active"
    assert "listeners" in machine.show("tcpctld", "StatusText")


# --- users ----------------------------------------------------------------------------------------------


def test_a_member_of_the_group_may_look_and_steer(service):
    service.start(ECHO)

    assert "web" in service.tcpctl(user="member").stdout
    service.tcpctl("listener", "pause", "web", user="member")
    assert service.json("listener", "show", "web")["state"] == "paused"


def test_a_stranger_is_told_what_to_do(service):
    service.start(ECHO)

    refused = service.tcpctl(user="stranger", check=False)

    assert refused.returncode != 0
    assert "group" in refused.stderr and "tcpctl" in refused.stderr, refused.stderr


def test_secrets_are_not_for_strangers(service):
    service.start(ECHO)
    for path in ("/etc/tcpctl/tcpctld.toml", "/var/lib/tcpctl", "/var/log/tcpctl"):
        assert service.run("ls" if "var" in path else "cat", path, user="stranger", check=False).returncode != 0, path


# --- reload ---------------------------------------------------------------------------------------------


def test_reload_applies_what_changed_and_is_over_when_it_says_so(service):
    service.start(ECHO)
    service.configure(ECHO.replace("web", "other").replace("7001", "7002"))

    service.systemctl("reload", "tcpctld")

    names = {row["name"] for row in service.json("listener")["items"]}
    assert "other" in names and "web" not in names
    with service.connect(7002) as peer:
        assert exchange(peer, b"here") == b"here"


def test_a_bad_file_changes_nothing_and_is_told_everywhere(service):
    service.start(ECHO)
    before = service.pid()
    service.configure(ECHO.replace("echo", "ecko"))

    refused = service.systemctl("reload", "tcpctld", check=False)

    assert refused.returncode != 0
    assert service.pid() == before
    with service.connect(7001) as peer:
        assert exchange(peer, b"here") == b"here"
    assert "ecko" in service.journal()
    eventually(lambda: "the last reload was refused" in service.show("tcpctld", "StatusText"), "the status")
    assert "ecko" in service.tcpctl("status").stdout


def test_a_bad_file_does_not_start(service):
    service.configure(ECHO.replace("echo", "ecko"))

    assert service.systemctl("start", "tcpctld", check=False).returncode != 0
    assert "did you mean" in service.journal() or "ecko" in service.journal()


def test_the_status_line_follows_what_happens(service):
    service.start(ECHO)
    with service.connect(7001) as peer:
        exchange(peer, b"here")
        eventually(lambda: "1 connections" in service.show("tcpctld", "StatusText"), "the status")


# --- the sandbox ----------------------------------------------------------------------------------------


def test_its_exposure_is_low(service, figures):
    last = service.out("systemd-analyze", "security", "--no-pager", "tcpctld").splitlines()[-1]
    exposure = float(last.split(":")[1].split()[0])
    figures["systemd-analyze security"] = exposure
    assert exposure <= 1.5, last


# Runs in the unit's own sandbox, in the daemon's place before it starts: what it prints is in the journal.
FORBIDDEN = {
    "home": "cat /home/member/.profile",
    "etc": "touch /etc/tcpctl/written",
    "usr": "touch /usr/lib/written",
    "exec": "cp /bin/true /var/lib/tcpctl/true && /var/lib/tcpctl/true",
    "proc": "cat /proc/1/status",
    "sysctl": "cat /proc/sys/kernel/hostname",
    "device": "test -e /dev/sda -o -e /dev/kmsg -o -e /dev/mem",
    "packets": "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'",
    "raw": "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'",
    "bluetooth": "python3 -c 'import socket; socket.socket(31, socket.SOCK_STREAM)'",
    "namespace": "unshare --user true",
    "mount": "mount -t tmpfs none /tmp",
    "wx": "python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=7)'",
    "setuid": "python3 -c 'import os; os.setuid(0)'",
    "realtime": "chrt -f 1 true",
    "kill": "kill -0 1",
}
ALLOWED = {
    "state": "touch /var/lib/tcpctl/here && rm /var/lib/tcpctl/here",
    "log": "touch /var/log/tcpctl/here && rm /var/log/tcpctl/here",
    "run": "touch /run/tcpctl/here && rm /run/tcpctl/here",
    "configuration": "cat /etc/tcpctl/tcpctld.toml",
    "low port": "python3 -c 'import socket; socket.socket().bind((\"127.0.0.1\", 81))'",
    "netlink": "python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)'",
}


def test_each_rule_of_the_sandbox_holds(service):
    """The program is let run by a drop-in that opens execution alone, for else nothing here could be tried."""
    lines = [f"if {{ {command}; }} >/dev/null 2>&1; then echo 'probe {name}: yes'; else echo 'probe {name}: no'; fi"
             for name, command in {**FORBIDDEN, **ALLOWED}.items()]
    service.write("/opt/probe.sh", "\n".join(lines) + "\n", mode="0755")
    service.drop_in("[Service]\nExecStartPre=/bin/sh /opt/probe.sh\nExecPaths=/usr/bin /bin /sbin\n")

    service.start(ECHO)

    said = {line.removeprefix("probe ").rsplit(": ", 1)[0]: line.rsplit(": ", 1)[1]
            for line in service.journal("_COMM=sh").splitlines() if line.startswith("probe ")}
    assert {name for name in FORBIDDEN if said.get(name) != "no"} == set()
    assert {name for name in ALLOWED if said.get(name) != "yes"} == set()


def test_in_its_sandbox_it_knows_what_it_should(service):
    service.start(ECHO)
    status = service.api("/v1/status")

    assert status["host"]["listen_overflows_total"] >= 0
    assert {name: value for name, value in status["capabilities"].items() if value is False} == {}
    assert "api.socket.group" not in service.journal()
    with service.connect(7001) as peer:
        exchange(peer, b"here")
    ended = eventually(lambda: service.api("/v1/history")["items"], "the end")
    assert ended[0]["close"]["reason"] == "peer_fin"


def test_the_unit_lets_nothing_else_be_executed(service):
    service.write("/opt/probe.sh", "#!/bin/sh\nexit 0\n", mode="0755")
    service.drop_in("[Service]\nExecStartPre=/opt/probe.sh\n")
    service.configure(ECHO)

    assert service.systemctl("start", "tcpctld", check=False).returncode != 0


def test_the_daemon_has_one_capability_and_no_user_namespace(service):
    service.start(ECHO)
    status = dict(line.split(":\t", 1) for line in
                  pathlib.Path(f"/proc/{service.host_pid()}/status").read_text().splitlines() if ":\t" in line)
    only_bind = 1 << 10
    for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == only_bind, (name, status[name])
    assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2"
    assert os.readlink(f"/proc/{service.host_pid()}/ns/user") == os.readlink("/proc/self/ns/user")


def test_a_token_comes_by_a_credential_that_only_root_can_read(service):
    service.write("/etc/tcpctl-ci.token", "0123456789abcdef0123456789abcdef\n", mode="0600")
    service.drop_in("[Service]\nLoadCredential=ci:/etc/tcpctl-ci.token\n")
    service.start(ECHO + '[api]\nhttp = "127.0.0.1:7099"\nanonymous = "none"\n'
                         '[api.tokens]\nci = { role = "operate", credential = "ci" }\n')

    def status(*headers):
        return service.out("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *headers,
                           "http://127.0.0.1:7099/v1/listeners")

    assert status() == "401"
    assert status("-H", "Authorization: Bearer 0123456789abcdef0123456789abcdef") == "200"


# --- the watchdog ---------------------------------------------------------------------------------------

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17


class Held:
    """One thread that does not run; the others do. The kernel wants all calls from one thread of ours."""

    def __init__(self, thread):
        self._holds, self._lets_go = threading.Event(), threading.Event()
        self._problem = None
        self._tracer = threading.Thread(target=self._trace, args=(thread,))
        self._tracer.start()
        self._holds.wait()
        assert self._problem is None, self._problem

    def _trace(self, thread):
        libc = ctypes.CDLL(None, use_errno=True)
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if libc.ptrace(request, thread, 0, 0) != 0:
                self._problem = os.strerror(ctypes.get_errno())
        self._holds.set()
        self._lets_go.wait()

    def let_go(self):
        self._lets_go.set()
        self._tracer.join()  # and with it goes the trace


def thread_of(pid, name):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise AssertionError(f"no thread {name}")


@pytest.mark.parametrize("loop", ["worker-1", "main", "api"])
def test_a_loop_that_is_stuck_is_named_and_the_daemon_restarted(service, loop):
    service.drop_in("[Service]\nWatchdogSec=2s\n")
    service.start(ECHO + "[daemon]\nworkers = 2\n")
    before, pid = service.pid(), service.host_pid()
    held = Held(pid if loop == "main" else thread_of(pid, loop))
    try:
        eventually(lambda: service.show("tcpctld", "NRestarts") != "0", "the restart")
    finally:
        held.let_go()

    eventually(lambda: service.show("tcpctld", "ActiveState") == "active", "the service")
    assert service.pid() != before
    stuck = [entry for entry in service.journal(fields=True) if entry.get("EVENT") == "watchdog.stuck"]
    assert [entry["LOOP"] for entry in stuck] == [loop]
    with service.connect(7001) as peer:
        assert exchange(peer, b"here") == b"here"


def test_the_watchdog_leaves_a_daemon_that_turns_alone(service):
    service.drop_in("[Service]\nWatchdogSec=1s\n")
    service.start(ECHO)
    fed = service.show("tcpctld", "WatchdogTimestampMonotonic")
    seen = set()

    def fed_often():
        seen.add(service.show("tcpctld", "WatchdogTimestampMonotonic"))
        return len(seen - {fed}) > 10

    eventually(fed_often, "food")
    assert service.show("tcpctld", "NRestarts") == "0"


def test_who_waits_is_served_after_kill_9(service):
    service.start(ECHO)
    before = service.pid()
    service.run("kill", "-9", before)
    with service.connect(7001) as peer:
        assert exchange(peer, b"here") == b"here"
    assert service.pid() != before


# --- logs -----------------------------------------------------------------------------------------------


def test_the_journal_has_fields_of_its_own(service):
    service.start(ECHO + '[log]\nlevel = "debug"\n')
    with service.connect(7001) as peer:
        exchange(peer, b"here")
    ended = eventually(lambda: service.journal("EVENT=connection.closed", fields=True), "the end in the journal")[-1]

    assert ended["REASON"] == "peer_fin" and ended["CONNECTION"].count("-") == 1, ended
    up = service.journal("LISTENER=web", fields=True)
    assert "listener.up" in [entry["EVENT"] for entry in up]


def test_a_peer_cannot_forge_a_line(service):
    service.start('[listeners.talk]\nlisten = ["127.0.0.1:7001"]\nservice = "script"\n'
                  'script.steps = [{ expect = "never", timeout = "1s" }]\n[log]\nlevel = "debug"\n')
    with service.connect(7001) as peer:
        peer.sendall(b"\nEVENT=forged\nLISTENER=forged\nmsg\n<0>forged\r\nPRIORITY=0\n\x1b[2J")
        receive(peer, 1)
    eventually(lambda: service.journal("EVENT=connection.closed"), "the end in the journal")

    for entry in service.journal(fields=True):
        assert entry.get("EVENT") != "forged" and entry.get("LISTENER") != "forged", entry
        assert "\n" not in str(entry.get("MESSAGE")) and "\x1b" not in str(entry.get("MESSAGE")), entry


def test_logrotate_turns_the_access_log(service):
    service.start(ECHO + '[access_log]\nat = "end"\ntarget = "file:/var/log/tcpctl/access.log"\n')

    def visit():
        with service.connect(7001) as peer:
            exchange(peer, b"here")

    visit()
    eventually(lambda: service.run("test", "-s", "/var/log/tcpctl/access.log", check=False).returncode == 0, "a line")
    first = service.read("/var/log/tcpctl/access.log")

    service.run("logrotate", "--force", "/etc/logrotate.d/tcpctl")
    visit()

    eventually(lambda: service.exists("/var/log/tcpctl/access.log")
               and service.run("test", "-s", "/var/log/tcpctl/access.log", check=False).returncode == 0, "a new line")
    assert service.read("/var/log/tcpctl/access.log") != first
    service.run("rm", "-f", "/var/log/tcpctl/access.log", "/var/log/tcpctl/access.log.1")


# --- sockets --------------------------------------------------------------------------------------------


def test_the_first_request_starts_the_daemon(service):
    service.configure(ECHO)
    service.systemctl("start", "tcpctld.socket")
    assert service.show("tcpctld", "ActiveState") == "inactive"

    assert "web" in service.tcpctl().stdout

    assert service.show("tcpctld", "ActiveState") == "active"


def test_the_first_connection_starts_the_daemon(service):
    service.write("/etc/systemd/system/web-v4.socket",
                  "[Socket]\nListenStream=127.0.0.1:7011\nFileDescriptorName=web\nService=tcpctld.service\n")
    service.write("/etc/systemd/system/web-more.socket",
                  "[Socket]\nListenStream=[::1]:7012\nListenStream=/run/web.sock\nFileDescriptorName=web\n"
                  "Service=tcpctld.service\nSocketMode=0666\n")
    service.systemctl("daemon-reload")
    service.configure(ECHO.replace('127.0.0.1:7001', 'systemd:web'))
    try:
        service.systemctl("start", "web-v4.socket", "web-more.socket")
        assert service.show("tcpctld", "ActiveState") == "inactive"
        service.run("ip", "link", "set", "lo", "up")
        with service.connect(7011) as peer:
            assert exchange(peer, b"here") == b"here"
        with service.connect(7012, "::1") as peer:
            assert exchange(peer, b"here") == b"here"
        states = [row["state"] for row in service.json("listener", "show", "web")["addresses"]]
        assert states == ["listening"] * 3
        with service.connect(7011) as peer:  # also after a restart, with the same sockets
            service.systemctl("restart", "tcpctld")
            assert exchange(peer, b"kept") == b"kept"
    finally:
        service.systemctl("stop", "web-v4.socket", "web-more.socket", check=False)
        service.run("rm", "/etc/systemd/system/web-v4.socket", "/etc/systemd/system/web-more.socket")


def test_a_port_below_1024_needs_no_root(service):
    service.start(ECHO.replace("7001", "7"))
    with service.connect(7) as peer:
        assert exchange(peer, b"here") == b"here"


