# SPDX-License-Identifier: Apache-2.0
"""C++ is formatted as .clang-format has it."""
import re
import subprocess


def test_every_source_is_formatted(root):
    checked = subprocess.run(["script/format", "--check"], cwd=root, capture_output=True, text=True, check=False)
    assert sorted(set(re.findall(r"^([^\s:]+):\d+:\d+: error", checked.stderr, re.MULTILINE))) == []
    assert checked.returncode == 0, checked.stderr
