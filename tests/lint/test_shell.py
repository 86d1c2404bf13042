# SPDX-License-Identifier: Apache-2.0
"""Every shell script parses, and shellcheck has nothing to say about it."""
import subprocess

import pytest


def shell_scripts(root, files):
    found = []
    for path in files:
        if path.suffix in ("", ".sh"):
            with open(root / path, "rb") as file:
                head = file.readline()
            if head.startswith(b"#!") and b"bash" in head or path.suffix == ".sh":
                found.append(str(path))
    return found


@pytest.mark.parametrize("command", [["bash", "-n"], ["shellcheck", "-x", "-P", "SCRIPTDIR"]], ids=lambda c: c[0])
def test_every_script_is_sound(root, files, command):
    scripts = shell_scripts(root, files)
    assert scripts
    complaints = []
    for script in scripts:
        judged = subprocess.run([*command, script], cwd=root, capture_output=True, text=True, check=False)
        if judged.returncode != 0:
            complaints.append(judged.stdout + judged.stderr)
    assert complaints == []


def test_every_script_may_be_run(root, files):
    programs = [p for p in files if p.parts[0] in ("script", ".ci") and p.suffix == ""]
    assert [str(p) for p in programs if not (root / p).stat().st_mode & 0o100] == []
