# SPDX-License-Identifier: Apache-2.0
"""GET /probe: as blackbox_exporter has it, within the networks that may be probed."""
import concurrent.futures
import http.client
import re

import pytest

from harness.dns import DnsServer
from harness.peers import Server, closed_port
from harness.wait import steady
from harness.web import ask

SILENT_STEPS = 'steps = [{ expect = "^220 " }]'
STEPS = r'steps = [{ expect = "^220 " }, { send = "QUIT\r\n" }, { expect = "^221 " }, { expect_eof = true }]'


def module(steps=STEPS, timeout="5s", more="", connect="127.0.0.1:9"):
    return f"""
[clients.mail]
connect = "{connect}"
mode = "probe"
interval = "1h"
timeout = "{timeout}"
{steps}
{more}
"""


@pytest.fixture
def server():
    with Server() as server:
        yield server


def probe(daemon, target, by=None, headers=None, **more):
    query = "&".join(f"{name}={value}" for name, value in {"target": target, "module": "mail", **more}.items())
    return (by or daemon.request)("GET", f"/probe?{query}", None, headers)


def samples(answer):
    assert answer.status == 200, answer.text
    found = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def mail_server(server):
    with server.accept() as peer:
        peer.send(b"220 mail.example ready\r\n")
        assert peer.read_line() == b"QUIT\r\n"
        peer.send(b"221 bye\r\n")


def in_background(function, *arguments, **named):
    return concurrent.futures.ThreadPoolExecutor().submit(function, *arguments, **named)


@pytest.mark.quick
def test_a_good_server_is_told_in_the_words_of_blackbox_exporter(launch, server):
    daemon = launch(module())
    asked = in_background(probe, daemon, server.address)
    mail_server(server)

    found = samples(asked.result())

    assert found["probe_success"] == 1
    assert found["probe_ip_protocol"] == 4
    assert found["probe_failed_due_to_regex"] == 0
    assert found["probe_ip_addr_hash"] == 3668918509  # FNV-1a of 127.0.0.1
    assert found["probe_timeout_seconds"] == 5
    assert 0 < found["probe_duration_seconds"]
    assert 'tcpctl_probe_phase_seconds{phase="step_4"}' in found
    assert 'tcpctl_probe_phase_seconds{phase="resolve"}' not in found


@pytest.mark.quick
def test_a_bad_answer_is_told_with_its_step_and_in_debug_with_what_came(launch, server):
    daemon = launch(module())
    asked = in_background(probe, daemon, server.address, debug="true")
    with server.accept() as peer:
        peer.send(b"554 go away\r\n")
        peer.fin()
        text = asked.result().text

    assert "\nprobe_success 0\n" in text
    assert "\nprobe_failed_due_to_regex 1\n" in text
    assert 'tcpctl_probe_result{result="L7EOF",failed_step="1"} 1' in text
    assert text.startswith("Logs for the probe:\n")
    assert 'msg="Step failed" step=1 kind=expect' in text
    assert 'got="554 go away' in text
    assert "Module configuration:\n{" in text


def test_the_scrape_gives_the_time_less_half_a_second(launch, server):
    daemon = launch(module())

    answer = probe(daemon, server.address, headers={"X-Prometheus-Scrape-Timeout-Seconds": "0.7"})

    found = samples(answer)
    assert found["probe_timeout_seconds"] == pytest.approx(0.2)
    assert found["probe_success"] == 0
    assert found['tcpctl_probe_result{result="L7TOUT",failed_step="1"}'] == 1


@pytest.mark.quick
@pytest.mark.parametrize("query", ["module=mail", "target=127.0.0.1:25", "target=127.0.0.1:25&module=nobody",
                                   "target=127.0.0.1:25&module=kept", "target=127.0.0.1&module=mail",
                                   "target=127.0.0.1:0&module=mail", "target=srv:_smtp._tcp.example&module=mail",
                                   "target=unix:/run/x.sock&module=mail", "target=a%00b:25&module=mail",
                                   "target=a%0d%0aX:25&module=mail", f"target={'a' * 1500}:25&module=mail",
                                   "target=127.0.0.1:25&target=127.0.0.1:26&module=mail",
                                   "target=127.0.0.1:25&module=mail%22%0a"])
def test_bad_input_is_a_400(launch, query):
    daemon = launch(module(more='[clients.kept]\nconnect = "127.0.0.1:9"\nmode = "keep"\n'))

    assert daemon.get(f"/probe?{query}").status == 400


def test_a_target_of_ten_kib_is_too_long(launch):
    daemon = launch(module())

    assert daemon.get(f"/probe?module=mail&target={'a' * 10240}:25").status == 414


@pytest.mark.quick
def test_an_unknown_module_is_named_as_by_blackbox_exporter(launch):
    daemon = launch(module())

    answer = daemon.get("/probe?target=127.0.0.1:25&module=nobody")

    assert (answer.status, answer.json["detail"]) == (400, 'Unknown module "nobody"')


@pytest.mark.quick
def test_who_may_only_read_is_held_to_the_probe_targets(launch):
    daemon = launch(module(SILENT_STEPS) + '[api]\nprobe_targets = ["127.0.0.2/32"]\n', listen_http=True)
    with closed_port() as here:
        address = here.address
        refused = probe(daemon, address, by=daemon.web)
        allowed = probe(daemon, f"127.0.0.2:{here.port}", by=daemon.web)
        operator = probe(daemon, address)  # root, on the Unix socket

    assert refused.status == 403
    assert refused.json["detail"] == (f"target '{address}' is in none of api.probe_targets; to probe others takes the "
                                      "role operate")
    assert samples(allowed)["probe_success"] == 0
    assert samples(operator)['tcpctl_probe_result{result="L4CON",failed_step=""}'] == 1


# He would listen there himself, and hear the passwords that the configuration does not show him.
@pytest.mark.quick
@pytest.mark.parametrize("sends", [r'send = "PASS s3cret\r\n"', 'send_bytes = "00 01"'])
def test_who_may_only_read_has_nothing_sent_to_another_target(launch, server, sends):
    daemon = launch(module(f"steps = [{{ {sends} }}]"), listen_http=True)

    refused = probe(daemon, server.address, by=daemon.web)
    operator = in_background(probe, daemon, server.address)
    with server.accept() as peer:
        assert peer.read_to_end()[0] != b"", "the first that came was the operator's"

    assert refused.status == 403
    assert refused.json["detail"] == (f"module 'mail' sends something, so that '{server.address}' is for the role operate; "
                                      "use a token of that role, the module's own target '127.0.0.1:9', or set its "
                                      "probe_module = true")
    assert samples(operator.result())["probe_success"] == 1


@pytest.mark.quick
@pytest.mark.parametrize("which", ["own target", "probe_module"])
def test_who_may_only_read_has_it_sent_to_its_own_target_or_as_a_probe_module(launch, server, which):
    daemon = launch(module(r'steps = [{ send = "QUIT\r\n" }]', more="probe_module = true" * (which == "probe_module"),
                           connect=server.address if which == "own target" else "127.0.0.1:9"), listen_http=True)
    if which == "own target":
        server.accept().close()  # the first run is its own

    asked = in_background(probe, daemon, server.address, by=daemon.web)
    with server.accept() as peer:
        assert peer.read_line() == b"QUIT\r\n"

    assert samples(asked.result())["probe_success"] == 1


def test_a_reload_lets_a_probe_module_send_to_others(launch):
    with closed_port() as here:
        daemon = launch(module(), listen_http=True)
        refused = probe(daemon, here.address, by=daemon.web)
        daemon.reload(module(more="probe_module = true"))

        allowed = probe(daemon, here.address, by=daemon.web)

    assert refused.status == 403
    assert samples(allowed)["probe_success"] == 0


# A name may stand for another address at each look-up: what counts is the address that is connected to.
def test_a_name_that_changes_between_two_looks_reaches_nobody_else(launch):
    with DnsServer() as dns, Server() as forbidden:
        dns.host("turns.example", "127.0.0.1")
        daemon = launch(module(SILENT_STEPS) + dns.config + '[api]\nprobe_targets = ["127.0.0.2/32"]\n', listen_http=True)

        refused = probe(daemon, f"turns.example:{forbidden.port}", by=daemon.web)
        dns.host("turns.example", "127.0.0.1", "127.0.0.2")
        mixed = probe(daemon, f"turns.example:{forbidden.port}", by=daemon.web)

        assert refused.status == 403
        assert "(127.0.0.1)" in refused.json["detail"]
        assert samples(mixed)['tcpctl_probe_result{result="L4CON",failed_step=""}'] == 1
        forbidden.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            forbidden.accept()


@pytest.mark.parametrize("mood, result", [("silent", "L4"), ("fails", "L4UNR"), ("garbage", "L4")])
def test_a_name_server_that_does_not_answer_is_the_result(launch, mood, result):
    with DnsServer() as dns:
        dns.mood = mood
        daemon = launch(module(timeout="2s") + dns.config)

        found = samples(probe(daemon, "mail.example:25"))

    assert found["probe_success"] == 0
    assert any(name.startswith(f'tcpctl_probe_result{{result="{result}') for name in found)
    assert found["probe_ip_protocol"] == 0


@pytest.mark.quick
def test_a_prometheus_elsewhere_may_probe_by_the_door_of_the_metrics(launch):
    with closed_port() as free:
        metrics = free.port
    daemon = launch(module(SILENT_STEPS) + f'[api]\nmetrics = {{ listen = "127.0.0.1:{metrics}", allow = ["127.0.0.1/32"] }}\n')

    def by_metrics(method, path, body, headers):
        return ask(http.client.HTTPConnection("127.0.0.1", metrics, timeout=30), method, path, body, headers)

    with closed_port() as here:
        assert samples(probe(daemon, here.address, by=by_metrics))["probe_success"] == 0
    assert probe(daemon, "192.0.2.1:25", by=by_metrics).status == 403


def test_the_daemons_own_api_is_no_target(launch):
    daemon = launch(module(), listen_http=True)
    host, port = daemon.http

    text = probe(daemon, f"{host}:{port}", debug="true").text

    assert "\nprobe_success 0\n" in text
    assert re.search(r"result=L4UNR got=.*is the daemon's own API", text), text


def greet(peer):
    peer.send(b"220 hi\r\n")
    peer.close()


def test_forty_targets_that_hang_blind_nobody_to_a_good_one(launch, server):
    daemon = launch(module(SILENT_STEPS, timeout="60s"))
    asked = [in_background(probe, daemon, server.address) for _ in range(40)]
    hanging = [server.accept() for _ in range(40)]

    with Server() as good:
        beside = in_background(probe, daemon, good.address)
        greet(good.accept())
        assert samples(beside.result())["probe_success"] == 1
    assert daemon.get("/v1/status").status == 200
    for peer in hanging:
        greet(peer)
    assert all(samples(one.result())["probe_success"] == 1 for one in asked)


def test_where_files_are_few_a_probe_waits_for_its_turn(launch, server):
    daemon = launch(module(SILENT_STEPS, timeout="60s"), files=256)
    asked = [in_background(probe, daemon, server.address) for _ in range(10)]  # of which four have theirs at once
    hanging = [server.accept() for _ in range(4)]
    steady(lambda: daemon.get("/healthz").status, rounds=20)
    for peer in hanging:
        greet(peer)
    for _ in range(6):
        greet(server.accept())

    assert all(samples(one.result())["probe_success"] == 1 for one in asked)


def test_a_probe_whose_scrape_is_over_before_its_turn_is_not_run(launch, server):
    daemon = launch(module(SILENT_STEPS, timeout="60s"), files=80)  # two at once
    with Server() as other:
        asked = [in_background(probe, daemon, server.address) for _ in range(2)]
        hanging = [server.accept() for _ in range(2)]
        late = in_background(probe, daemon, other.address, headers={"X-Prometheus-Scrape-Timeout-Seconds": "0.500001"})
        in_turn = in_background(probe, daemon, server.address)
        steady(lambda: daemon.get("/healthz").status, rounds=20)
        for peer in hanging:
            greet(peer)
        greet(server.accept())

        assert late.result().status == 503
        assert "took all the time of this scrape" in late.result().json["detail"]
        assert all(samples(one.result())["probe_success"] == 1 for one in [*asked, in_turn])
        other.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            other.accept()


def test_a_name_that_is_not_found_takes_as_long_as_the_look_up_took(launch):
    with DnsServer() as dns:
        dns.mood = "silent"
        daemon = launch(module() + dns.config_with(timeout="200ms", attempts=1))

        found = samples(probe(daemon, "mail.example:25"))

    assert found['tcpctl_probe_result{result="L4UNR",failed_step=""}'] == 1
    assert found["probe_duration_seconds"] >= found["probe_dns_lookup_time_seconds"] >= 0.2
