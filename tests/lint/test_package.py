# SPDX-License-Identifier: Apache-2.0
"""What is installed beside the programs: alerts, rotation, units, maintainer scripts, and that they agree."""
import grp
import os
import pwd
import re
import subprocess

import pytest

ALERTS = "packaging/prometheus/tcpctl-alerts.yml"


def judged(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", [["promtool", "check", "rules", "--lint-fatal", ALERTS],
                                     ["promtool", "test", "rules", "tests/lint/prometheus/alerts_test.yml"]],
                         ids=["are well formed", "fire on what they are about"])
def test_the_alerts(root, command):
    status, said = judged(*command, cwd=root)
    assert status == 0, said


def test_every_metric_of_an_alert_is_one_of_the_daemon(root):
    table = set(re.findall(r"^\| `(tcpctl_\w+)`", (root / "docs/metrics.md").read_text(), re.MULTILINE))
    expressions = re.sub(r"^ *(#|description:|summary:).*$", "", (root / ALERTS).read_text(), flags=re.MULTILINE)
    used = set(re.findall(r"\btcpctl_\w+", expressions))
    assert used and sorted(used - table) == []


def test_logrotate_takes_its_file(root, tmp_path):
    """With the user who runs the test in the place of the daemon's, which this host need not have."""
    me = pwd.getpwuid(os.getuid()).pw_name
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o750)
    (logs / "access.log").write_text("a line\n")
    text = (root / "etc/logrotate").read_text()
    text = text.replace("/var/log/tcpctl", str(logs)).replace("su tcpctl tcpctl", f"su {me} {grp.getgrgid(os.getgid()).gr_name}")
    file = tmp_path / "tcpctl"
    file.write_text(text)
    file.chmod(0o644)
    status, said = judged("/usr/sbin/logrotate", "-d", "-s", str(tmp_path / "state"), str(file), cwd=root)
    assert status == 0, said
    assert "error" not in said and str(logs / "access.log") in said


def test_the_package_has_the_version_of_the_programs(root):
    built = re.search(r"^project\(tcpctl VERSION (\S+)", (root / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    packaged = re.match(r"tcpctl \(([^)]+)\)", (root / "packaging/debian/changelog").read_text())[1]
    assert packaged == built


def test_the_maintainer_scripts_are_sound(root):
    scripts = [str(path) for path in (root / "packaging/debian").glob("tcpctl.*") if path.read_bytes().startswith(b"#!")]
    assert scripts
    # What debhelper puts in the place of #DEBHELPER# is its own affair.
    status, said = judged("shellcheck", "-s", "sh", *scripts, cwd=root)
    assert status == 0, said


def unit_files(root):
    return [*(root / "systemd").glob("*.service"), *(root / "systemd").rglob("*.socket"),
            *(root / "systemd/examples").glob("*.conf")]


def test_every_setting_of_a_unit_is_one_that_systemd_knows(root, tmp_path):
    """Its drop-ins included. The programs are not installed here, hence /bin/true in their place."""
    units = tmp_path / "system"
    units.mkdir()
    for path in unit_files(root):
        text = re.sub(r"/usr/(?:sbin|libexec/tcpctl)/tcpctld(?:-stop)?", "/bin/true", path.read_text())
        if path.name == "notify-reload.conf":
            text = text.replace("Type=notify-reload", "")  # Debian 12 does not know it yet; the file says so
        folder = units if path.suffix != ".conf" else units / "tcpctld.service.d"
        folder.mkdir(exist_ok=True)
        (folder / path.name).write_text(text)
    status, said = judged("env", f"SYSTEMD_UNIT_PATH={units}:", "systemd-analyze", "verify", "--man=no",
                          *map(str, sorted(units.glob("tcpctld*.[s]*[te]"))), cwd=root)
    mine = [line for line in said.splitlines() if "tcpctl" in line]
    assert mine == [], said
    assert status == 0, said
