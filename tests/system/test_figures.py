# SPDX-License-Identifier: Apache-2.0
"""How soon it is there, and how much it takes."""
import pathlib
import re
import statistics

ROUNDS = 15


def start_ms(service, unit):
    """From the beginning of the main process to READY=1, as systemd saw both."""
    service.systemctl("reset-failed", unit, check=False)
    service.systemctl("restart", unit)
    values = {name: int(service.show(unit, name)) for name in ("ExecMainStartTimestampMonotonic",
                                                               "ActiveEnterTimestampMonotonic")}
    return (values["ActiveEnterTimestampMonotonic"] - values["ExecMainStartTimestampMonotonic"]) / 1000


def test_it_is_ready_nearly_as_soon_as_haproxy(service, figures):
    service.write("/etc/haproxy/haproxy.cfg", """
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen web
  bind 127.0.0.1:7201
  server u1 127.0.0.1:7202
""")
    service.start('[listeners.web]\nlisten = ["127.0.0.1:7001"]\nservice = "forward"\n'
                  'forward.upstreams = ["127.0.0.1:7202"]\n')
    try:
        rounds = [(start_ms(service, "tcpctld"), start_ms(service, "haproxy")) for _ in range(ROUNDS)]
    finally:
        service.systemctl("stop", "haproxy")
    ratio = statistics.median(own / peer for own, peer in rounds)
    figures["start to READY, ms (tcpctld, haproxy, ratio)"] = (
        round(statistics.median(own for own, _ in rounds), 1), round(statistics.median(peer for _, peer in rounds), 1),
        round(ratio, 2))
    assert ratio <= 3, rounds


def test_it_takes_little_memory(service, figures):
    service.start('[listeners.web]\nlisten = ["127.0.0.1:7001"]\nservice = "echo"\n')
    rollup = pathlib.Path(f"/proc/{service.host_pid()}/smaps_rollup").read_text()
    pss = int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE).group(1)) / 1024
    figures["PSS idle, MiB"] = round(pss, 1)
    assert pss < 12


def test_it_takes_little_room(service, figures):
    size = int(service.out("dpkg-query", "-W", "-f", "${Installed-Size}", "tcpctl")) / 1024
    figures["installed size, MiB"] = round(size, 1)
    assert size < 8
