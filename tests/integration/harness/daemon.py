# SPDX-License-Identifier: Apache-2.0
"""One running tcpctld: started on a configuration, asked, signalled, ended and judged."""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

from harness.peers import Peer
from harness.programs import ROOT, TCPCTL, TCPCTLD, environment  # noqa: F401 (ROOT: for tests)
from harness.wait import eventually
from harness.web import Answer, UnixConnection, ask

import http.client

EXIT_SECONDS = 60
# What the daemon may grow by while a peer does not read. Allocators and sanitizers keep freed memory, so it is no
# small number; a queue without a bound takes many times that in the same time.
BOUNDED_KIB = 64 * 1024

BASE = """
[daemon]
workers = 2
drain_timeout = "10s"
state = "{folder}/state"
[log]
level = "debug"
target = "stderr"
[api]
socket = "{folder}/api.sock"
http = "{http}"
"""
SANITIZER = re.compile(r"(ERROR|WARNING): (Address|Thread|Leak|Memory)Sanitizer|runtime error:")


def newest(rows, name):
    """The row of the end called `name` since it had that name; None if there is none."""
    since = getattr(name, "since", "")
    return next((row for row in rows if row["remote"] == name and row["opened_at"] >= since), None)


def run_tcpctld(*arguments):
    """Runs the daemon's program to its end, as for --check-config."""
    return subprocess.run([TCPCTLD, *arguments], capture_output=True, text=True, timeout=EXIT_SECONDS,
                          env=environment(), check=False)


class Daemon:
    def __init__(self, config, arguments=(), files=None, listen_http=False, variables=None,
                 before_exec=None, manager=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tcpctl-"))
        self.file = self.folder / "tcpctld.toml"
        self.own_file = self.folder / "conf.d" / "test.toml"
        self.socket = self.folder / "api.sock"
        self.file.write_text(BASE.format(folder=self.folder, http="127.0.0.1:0" if listen_http else ""))
        self.own_file.parent.mkdir()
        self.write(config)
        self._log_file = (self.folder / "log").open("wb")
        limits = {resource.RLIMIT_NOFILE: (files, files)} if files else {}

        def prepare():
            for which, values in limits.items():
                resource.setrlimit(which, values)
            if before_exec:
                before_exec()
            if manager:
                manager.place_fds()

        def start():
            command = [TCPCTLD, "-c", self.file, *arguments]
            return subprocess.Popen(manager.command(command) if manager else command, stdin=subprocess.DEVNULL,
                                    stdout=self._log_file, stderr=self._log_file, preexec_fn=prepare,
                                    pass_fds=manager.passed_fds() if manager else (),
                                    env={**environment(), **(variables or {}),
                                         **(manager.environment() if manager else {})})

        self._start = start
        self.process = start()
        self.expected_exit = 0

    # --- configuration ----------------------------------------------------------------------------

    def write(self, config):
        """Writes a test's TOML, where {folder} may stand for the daemon's. What it says of [daemon], [log] and [api]
        wins over what the harness says."""
        self.own_file.write_text(config.replace("{folder}", str(self.folder)))

    def reload(self, config=None):
        """Writes `config` and reloads through the API; the answer is the API's."""
        if config is not None:
            self.write(config)
        return self.post("/v1/config/reload")

    # --- life -------------------------------------------------------------------------------------

    def wait_until_up(self):
        eventually(self._is_up, "the API's first answer")
        return self

    def wait_until_ready(self):
        self.wait_until_up()
        eventually(lambda: self.get("/readyz").status == 200, "readiness")
        return self

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"tcpctld ended with status {self.process.returncode}:\n{self.log()}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/healthz").status == 200
        return False

    def restart(self, number=signal.SIGTERM):
        """Ends it by a signal, and starts it anew in the same folder."""
        self.signal(number)
        status = self.process.wait(EXIT_SECONDS)
        assert status == (self.expected_exit if number == signal.SIGTERM else -number), self.log()[-4000:]
        return self.start_again()

    def start_again(self):
        """Once it has ended, in the same folder."""
        self.process = self._start()
        return self.wait_until_ready()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(EXIT_SECONDS)

    def stop(self):
        """Ends it, and fails if it ended badly or a sanitizer found something."""
        try:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
            self._end()
            status = self.process.returncode
            report = SANITIZER.search(self.log())
            assert report is None, self.log()[report.start():][:8000]
            assert status == self.expected_exit, f"tcpctld ended with status {status}:\n{self.log()[-4000:]}"
        finally:
            self._log_file.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self):
        try:
            eventually(self._is_gone, "the daemon's end", tries=600)
        except AssertionError:
            self.signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"tcpctld does not end:\n{self.log()[-4000:]}") from None

    def _is_gone(self):
        """Connections that a test left open are not waited for."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.1)
            return True
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.request("DELETE", "/v1/connections?older_than=0s&how=reset")
        return False

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    # --- the API ----------------------------------------------------------------------------------

    def request(self, method, path, body=None, headers=None) -> Answer:
        return ask(UnixConnection(self.socket), method, path, body, headers)

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        return self.request("GET", f"{path}?{query}" if query else path)

    def post(self, path, body=None):
        return self.request("POST", path, body)

    def json(self, path, **parameters):
        answer = self.get(path, **parameters)
        assert answer.status == 200, answer.text
        return answer.json

    @property
    def http(self):
        """The address of loopback HTTP, as (host, port)."""
        found = re.search(r"daemon\.started.* http=\"?([\d.]+):(\d+)", self.log())
        assert found, self.log()
        return found.group(1), int(found.group(2))

    def web(self, method, path, body=None, headers=None) -> Answer:
        """A request over loopback HTTP."""
        return ask(http.client.HTTPConnection(*self.http, timeout=30), method, path, body, headers)

    def tcpctl(self, *arguments, stdin="", **variables):
        """Runs the CLI against this daemon."""
        return subprocess.run([TCPCTL, "--host", f"unix:{self.socket}", *arguments], input=stdin, capture_output=True,
                              text=True, timeout=EXIT_SECONDS, check=False, env={**environment(), **variables})

    def tcpctl_json(self, *arguments):
        done = self.tcpctl("-o", "json", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    # --- what it has ------------------------------------------------------------------------------

    def listener(self, name):
        return self.json(f"/v1/listeners/{name}")

    def client(self, name):
        return self.json(f"/v1/clients/{name}")

    def upstreams(self, listener):
        return {each["name"]: each for each in self.json(f"/v1/listeners/{listener}/upstreams")["items"]}

    def address(self, listener, index=0):
        """Where `listener` is bound, as connect(2) wants it."""
        bound = self.listener(listener)["addresses"][index]["bound"]
        if bound.startswith("unix:"):
            return bound.removeprefix("unix:")
        host, port = bound.rsplit(":", 1)
        return host.strip("[]").replace("0.0.0.0", "127.0.0.1"), int(port)

    def pipes(self):
        """How many pipe ends of the size that a relay splices through the process has open; sanitizers have others."""
        folder, count = pathlib.Path(f"/proc/{self.process.pid}/fd"), 0
        for entry in folder.iterdir():
            with contextlib.suppress(OSError):  # it may be closed meanwhile
                if os.readlink(entry).startswith("pipe:"):
                    end = os.open(entry, os.O_RDONLY | os.O_NONBLOCK)
                    count += fcntl.fcntl(end, fcntl.F_GETPIPE_SZ) > 65536
                    os.close(end)
        return count

    def port(self, listener, index=0):
        return self.address(listener, index)[1]

    def connect(self, listener, **options):
        return Peer.to(self.address(listener), **options)

    def connections(self, **filters):
        return self.json("/v1/connections", limit=1000, **filters)["items"]

    def history(self, **filters):
        return self.json("/v1/history", limit=1000, **filters)["items"]

    def live(self, name, **filters):
        """The open connection whose other end is `name`, waited for."""
        return eventually(lambda: newest(self.connections(**filters), name), f"a connection with {name}")

    def ended(self, name, **filters):
        """What the history says of the connection whose other end was `name`, waited for."""
        return eventually(lambda: newest(self.history(**filters), name), f"the end of the connection with {name}")

    def heard(self, **filters):
        """How many bytes the open connections that match have received."""
        return sum(row["bytes_in"] for row in self.connections(**filters))

    # --- what it costs ----------------------------------------------------------------------------

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
