# SPDX-License-Identifier: Apache-2.0
"""The commands of bench/ work, and see a wrong byte: very short rounds, whose figures mean nothing."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TCPCTL_BUILD", ROOT / "build-dev")).resolve()
BRIEF = ["--rounds", "1", "--ms", "30", "--build", str(BUILD)]
sys.path.insert(0, str(ROOT / "bench"))

from harness import goals, report, tables  # noqa: E402 (after the path)


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (BUILD / "bench/load").exists():
        pytest.skip(f"{BUILD} has no programs of bench/")


def bench(command, *arguments):
    return subprocess.run([ROOT / "bench" / command, *arguments], capture_output=True, text=True, timeout=120)


def works_of(command, *arguments, folder):
    """What the command keeps of its works; it has to end well."""
    kept = folder / "kept.json"
    done = bench(command, *arguments, "--json", str(kept))
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(kept.read_text())["works"]


@pytest.mark.parametrize("work", ["echo1", "echo64", "up1", "both16", "conn", "latency64"])
def test_every_contestant_passes_every_byte(work, tmp_path):
    done = works_of("run", *BRIEF, "--foreign", "1", "--works", work, folder=tmp_path)[work]

    assert done["failed"] == {}
    assert {"haproxy", "haproxy-splice", "haproxy-64k", "nginx", "bare-copy", "bare-splice", "tcpctld",
            "tcpctld-full", "direct"} <= {
        sample["contestant"] for sample in done["samples"]}
    assert all(sample["units"] > 0 for sample in done["samples"])


def test_the_echo_service_stands_beside_a_bare_one(tmp_path):
    done = works_of("run", *BRIEF, "--foreign", "1", "--works", "service64", folder=tmp_path)["service64"]

    assert {"bare-echo", "tcpctld-echo"} <= {sample["contestant"] for sample in done["samples"]}


def test_memory_is_measured_of_every_contestant(tmp_path):
    done = works_of("memory", *BRIEF, "--scale", "0.01", "--idle-seconds", "0.1", "sessions", "held", folder=tmp_path)

    assert {"haproxy", "nginx", "tcpctld"} <= {name for _, name, _ in done["memory-sessions"]["pss"]}
    assert {sample["contestant"] for sample in done["memory-held"]["samples"]} == {"alone", "among idle"}


def test_a_scrape_has_its_cost(tmp_path):
    done = works_of("scrape", *BRIEF, "--connections", "100", folder=tmp_path)

    assert done["scrape"]["scrape"][0]["kib"] > 1


def test_lists_have_their_cost(tmp_path):
    done = works_of("lists", *BRIEF, "--connections", "100", folder=tmp_path)["lists"]

    assert all(costs[0]["kib"] > 0.5 for costs in done["readings"].values())
    assert {sample["contestant"] for sample in done["samples"]} == {"quiet", *done["readings"]}


def test_changes_have_their_time_and_requests_are_asked(tmp_path):
    done = works_of("changes", *BRIEF, "--listeners", "10", folder=tmp_path)

    assert all(times[0] > 0 for times in done["changes"]["changes"].values())
    assert {sample["contestant"] for sample in done["requests"]["samples"]} == {"quiet", "asked", "another asked"}
    assert len(done["slow"]["changes"]["beside slow clients"]) == 100
    assert done["requests"]["requests a second"][0] > 0


def test_the_cli_has_its_time_and_its_memory(tmp_path):
    done = works_of("cli", "--build", str(BUILD), "--rounds", "1", "--listeners", "10", "--connections", "100", folder=tmp_path)

    assert done["cli"]["changes"]["status"][0] > 0
    assert done["cli-memory"]["changes"]["conn -o json"][0] > 1


def test_records_are_measured_beside_none(tmp_path):
    done = works_of("records", *BRIEF, "--works", "conn,service64", folder=tmp_path)

    for work in ("records-conn", "records-service64"):
        assert {sample["contestant"] for sample in done[work]["samples"]} == {"records", "no records"}


def test_micro_benchmarks_give_a_figure_for_each_size(tmp_path):
    done = works_of("flat", "--build", str(BUILD), "--rounds", "1", "--seconds", "0.001", "--filter", "histogram_add",
                    folder=tmp_path)

    assert [one["size"] for one in done["flat"]["micro"]] == [1000, 10_000, 100_000, 1_000_000]


class Damaging:
    """An echo that changes one byte in a thousand, or answers nothing more after that many."""

    def __init__(self, drop=False):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.drop = drop
        self.address = "{}:{}".format(*self.listener.getsockname())
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        connected, _ = self.listener.accept()
        seen = 0
        with connected:
            while data := connected.recv(100):
                seen += len(data)
                if seen > 1000:
                    data = b"" if self.drop else bytes([data[0] ^ 1]) + data[1:]
                    seen = 0
                    if self.drop:
                        return
                connected.sendall(data)


@pytest.mark.parametrize("drop", [False, True])
def test_the_load_sees_damage(drop):
    done = subprocess.run([BUILD / "bench/load", "echo", "--to", Damaging(drop).address, "--ms", "10000"],
                          capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"] == 1


def samples(**rates):
    return [{"round": number, "contestant": name, "rate": rate, "cpu": 1.0, "machine_cpu": 1.0, "foreign": 0.0,
             "p50_us": 1.0, "p99_us": 1.0} for name, of in rates.items() for number, rate in enumerate(of)]


def test_ratios_are_taken_round_by_round():
    assert tables.ratios(samples(haproxy=[10, 20], tcpctld=[20, 10]), "tcpctld", "haproxy", "rate") == [2, 0.5]


def test_a_straight_line_has_nothing_off_it():
    slope, off = tables.line([1000, 2000, 3000], [50, 60, 70])

    assert slope == pytest.approx(0.01)
    assert off == pytest.approx([0, 0, 0])


def test_a_goal_is_met_or_missed_by_the_median():
    met = goals.goal_table({"echo64": {"samples": samples(haproxy=[10, 10, 10], tcpctld=[12, 12, 1])}})

    assert "| echo64 | tcpctld    | rate to haproxy         | at least 1.05 | 1.20 (0.65-1.20) | met" in met
    assert "| missed |" in met  # its CPU is that of the base


def test_who_failed_has_missed_its_goals():
    table = goals.goal_table({"echo64": {"samples": samples(haproxy=[10]), "failed": {"tcpctld": "bytes are missing"}}})

    assert "met" not in table and table.count("missed") == 2


def test_who_failed_is_named_below_the_table():
    text = report.body("echo64", {"samples": samples(haproxy=[10]), "failed": {"tcpctld": "other bytes came"}})

    assert text.endswith("\ntcpctld is left out: other bytes came.\n")


def test_a_document_gets_the_tables_for_which_there_are_figures(tmp_path):
    kept, document = tmp_path / "kept.json", tmp_path / "page.md"
    kept.write_text(json.dumps({"machine": {"cpus": 2}, "works": {"echo64": {"samples": samples(haproxy=[7000])}}}))
    document.write_text("a\n<!-- table: echo64 -->\nold\n<!-- end -->\nb\n<!-- table: conn -->\nkept\n<!-- end -->\n")

    assert bench("report", str(kept), "--update", str(document)).returncode == 0

    text = document.read_text()
    assert "| haproxy    | 7.0 " in text and "old" not in text
    assert text.startswith("a\n<!-- table: echo64 -->\n") and "\nb\n<!-- table: conn -->\nkept\n<!-- end -->\n" in text
