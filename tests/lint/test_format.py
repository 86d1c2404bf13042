# SPDX-License-Identifier: Apache-2.0
"""C++ is formatted as .clang-format has it."""
import subprocess


def test_every_source_is_formatted(root):
    checked = subprocess.run(["script/format", "--check"], cwd=root, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
