#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over the sources of daemon/ and ctl/ whose text, headers or rules changed since it last said yes.

usage: tests/lint/tidy.py BUILD_FOLDER     (a finished build with compile_commands.json, by ninja)
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = "clang-tidy-19"
OUTPUT = re.compile(r" -o (\S+)")


def dependencies(build):
    """Each object's files in this repository, as ninja learned them from the compiler."""
    listed = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    found, current = {}, []
    for line in listed.splitlines():
        if line and not line.startswith(" "):
            current = found.setdefault(line.split(":")[0], [])
        elif line.strip():
            path = (build / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                current.append(path)
    return found


def fingerprint(paths, command):
    digest = hashlib.sha256(command.encode())
    for path in [ROOT / ".clang-tidy", *sorted(set(paths))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def judge(source, build):
    # The compilers have their say in the builds; here -w keeps clang from judging Debian's headers.
    command = [TOOL, "--quiet", "--extra-arg=-w", "-p", str(build), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stdout + ("" if run.returncode == 0 else run.stderr)


def to_do(build, stamps):
    """The sources without a stamp of their present fingerprint: (source, stamp)."""
    known = dependencies(build)
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if source.relative_to(ROOT).parts[0] in ("daemon", "ctl"):
            output = OUTPUT.search(entry["command"]).group(1)
            stamp = stamps / fingerprint([source, *known.get(output, [])], entry["command"])
            yield source, stamp


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    stamps = build / "tidy"
    stamps.mkdir(exist_ok=True)
    every = list(to_do(build, stamps))
    todo = [(source, stamp) for source, stamp in every if not stamp.exists()]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (source, stamp), (good, output) in zip(todo, pool.map(lambda item: judge(item[0], build), todo)):
            if good:
                stamp.touch()
            else:
                failed += 1
                print(f"{source.relative_to(ROOT)}:\n{output}")
    print(f"{len(every) - failed} passed, {failed} failed ({len(todo)} looked at anew)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
