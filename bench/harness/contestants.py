# SPDX-License-Identifier: Apache-2.0
"""Who is measured, and how each is started: one place to add a contestant."""

import re
import shutil
import socket
import time
from dataclasses import dataclass
from typing import Callable, Optional

from harness.process import Failed, Process

ECHO_PORT = 9000
BULK_PORT = 9001


@dataclass
class Bench:
    """What starting a contestant needs to know."""

    build: object  # build folder
    source: object  # this folder
    folder: object  # for files of this run
    threads: int
    cpus: Optional[set] = None

    def program(self, name):
        return self.build / "bench" / name

    def start(self, argv, env=None):
        return Process(argv, self.folder, env, self.cpus)


@dataclass
class Contestant:
    """`start(bench, listen, to)` returns the process, listening on `listen` (and sending on to `to`)."""

    name: str
    kind: str  # forward | echo
    what: str
    start: Callable
    needs: str  # a program in PATH, or a path in the build folder
    forks: bool = False  # a process for each connection: left out where there are very many
    idle: bool = True  # takes part in memory works

    def missing(self, bench):
        return not (bench.build / self.needs).exists() and shutil.which(self.needs) is None


def _haproxy(**variant):
    def start(bench, listen, to):
        env = {"BENCH_THREADS": str(bench.threads), "BENCH_LISTEN": listen, "BENCH_TO": to, **variant}
        return bench.start(["haproxy", "-db", "-f", bench.source / "haproxy.cfg"], env)

    return start


def _nginx(bench, listen, to):
    words = {"FOLDER": bench.folder, "THREADS": bench.threads, "LISTEN": listen, "TO": to}
    text = re.sub("@([A-Z]+)@", lambda word: str(words[word[1]]), (bench.source / "nginx.conf").read_text())
    config = bench.folder / "nginx.conf"
    config.write_text(text)
    return bench.start(["nginx", "-c", config, "-e", "stderr"])


def _bare(mode):
    def start(bench, listen, to):
        process = bench.start([bench.program("relay"), mode, "--listen", listen, "--to", to,
                               "--threads", bench.threads])
        process.read_line(5)
        return process

    return start


def start_backend(bench, mode, listen):
    process = bench.start([bench.program("backend"), mode, "--listen", listen, "--threads", bench.threads])
    process.read_line(5)
    return process


def _socat_listen(address):
    host, port = address.split(":")
    return f"TCP-LISTEN:{port},bind={host},fork,reuseaddr,nodelay,backlog=4096"


def _socat_forward(bench, listen, to):
    return bench.start(["socat", "-t", "10", _socat_listen(listen), f"TCP:{to},nodelay"])


def _socat_echo(bench, listen, _to):
    return bench.start(["socat", _socat_listen(listen), "PIPE"])


# What a careful operator switches on, each far from its limit.
LISTENER_FULL = """max_connections = 18000
max_connections_per_source = 18000
accept_rate = "1000000/s"
allow = ["127.0.0.0/8"]
idle_timeout = "5m"
half_closed_timeout = "1m"
max_lifetime = "1h\""""
FORWARD_FULL = """balance = "least_connections"
fail_after = 3
health = {{ interval = "2s" }}
upstreams = [{{ address = "{to}", max_connections = 18000 }}, {{ address = "127.0.1.250:9", backup = true }}]"""
FORWARD_PLAIN = 'upstreams = ["{to}"]'


def tcpctld(service, http="", full=False, options=()):
    """The daemon with defaults but for the number of workers; `http` is the address of its API, `full` switches on what
    there is to protect and to steer a forward, `options` are of its command line."""
    def start(bench, listen, to):
        name = f"tcpctld-{listen.rpartition(':')[2]}"
        lines = [f'[daemon]\nworkers = {bench.threads}\nstate = "{bench.folder}/{name}"',
                 '[log]\nlevel = "warn"\ntarget = "stderr"',
                 f'[api]\nsocket = "{bench.folder}/{name}.sock"\nhttp = "{http}"',
                 f'[listeners.front]\nlisten = ["{listen}"]\nservice = "{service}"', LISTENER_FULL if full else ""]
        if service == "forward":
            lines.append("[listeners.front.forward]\n" + (FORWARD_FULL if full else FORWARD_PLAIN).format(to=to))
        config = bench.folder / f"{name}.toml"
        config.write_text("\n".join(lines) + "\n")
        return bench.start([bench.build / "daemon/tcpctld", "-c", config, *options])

    return start


ALL = [
    Contestant("haproxy", "forward", "HAProxy as installed, bench/haproxy.cfg", _haproxy(), "haproxy"),
    Contestant("haproxy-splice", "forward", "the same with splice-request and splice-response",
               _haproxy(BENCH_SPLICE="1"), "haproxy", idle=False),
    Contestant("haproxy-64k", "forward", "the same as haproxy with `tune.bufsize 65536`",
               _haproxy(BENCH_BUFSIZE="65536"), "haproxy", idle=False),
    Contestant("nginx", "forward", "nginx with the stream module, bench/nginx.conf", _nginx, "nginx"),
    Contestant("socat", "forward", "socat, a process for each connection", _socat_forward, "socat",
               forks=True, idle=False),
    Contestant("bare-copy", "forward", "bench/relay copy: epoll, recv, send", _bare("copy"), "bench/relay"),
    Contestant("bare-splice", "forward", "bench/relay splice: epoll, splice", _bare("splice"), "bench/relay",
               idle=False),
    Contestant("tcpctld", "forward", "the daemon, service `forward`", tcpctld("forward"), "daemon/tcpctld"),
    Contestant("tcpctld-full", "forward", "the same with limits, timeouts, health checks and a backup",
               tcpctld("forward", full=True), "daemon/tcpctld"),
    Contestant("direct", "forward", "nothing between load and backend", None, "bench/backend", idle=False),
    Contestant("bare-echo", "echo", "bench/backend echo: epoll, recv, send",
               lambda bench, listen, _to: start_backend(bench, "echo", listen), "bench/backend"),
    Contestant("tcpctld-echo", "echo", "the daemon, service `echo`", tcpctld("echo"), "daemon/tcpctld"),
    Contestant("socat-echo", "echo", "socat, a process for each connection", _socat_echo, "socat",
               forks=True, idle=False),
]
BASE = {"forward": "haproxy", "echo": "bare-echo"}


def wait_until_it_listens(process, listen, seconds=10):
    host, port = listen.split(":")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.popen.poll() is None:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failed(process.complaint("does not listen"))
