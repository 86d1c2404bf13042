#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every #include to the table "Who may include whom" of docs/architecture.md.

The table is the only copy of the rule; there is no list of exceptions. Its rows are folders or globs of files; where
several rows fit a file, all of them allow. A folder may always include itself; the tests of a folder may include what
the folder may, the folder, and tests/support.
usage: tests/lint/includes.py [ROOT]
"""
import fnmatch
import pathlib
import re
import sys
from dataclasses import dataclass, field

HEADING = "## Who may include whom"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCES = {".cpp", ".hpp"}
TREES = ("daemon", "ctl", "tests", "bench")


@dataclass
class Row:
    where: str
    may: list = field(default_factory=list)
    never: list = field(default_factory=list)

    def fits(self, file):
        """`file` is named as in the table: without `daemon/`."""
        if "*" in self.where:
            return fnmatch.fnmatch(file, self.where)
        return file.startswith(self.where + "/")


def read_table(markdown):
    """The rows of the table below HEADING: | folder | may include | never |, each a list of `words`."""
    rows = []
    section = markdown.partition(HEADING)[2].partition("\n## ")[0]
    for line in section.splitlines():
        cells = [re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:-1]]
        if line.startswith("|") and len(cells) >= 3 and cells[0]:
            rows += [Row(where, cells[1], cells[2]) for where in cells[0]]
    return rows


def table_name(path):
    parts = path.split("/")
    return "/".join(parts[1:]) if parts[0] == "daemon" else path


def allowed(target, words, own):
    """`target` is what stands between the quotes: `base/fd.hpp`."""
    folder = target.rpartition("/")[0] or own
    return any(word == "*" or target == word or folder == word or folder.startswith(word + "/") for word in words)


def own_folder(name):
    parts = name.split("/")
    return "/".join(parts[:2]) if parts[0] == "tests" and len(parts) > 2 else parts[0]


def rows_for(name, rows):
    """The rows that fit, and what is allowed whatever they say."""
    own = own_folder(name)
    tested = own.removeprefix("tests/")
    fitting = [row for row in rows if row.fits(name)]
    if fitting or tested == own:
        return fitting, [own, tested]
    return [row for row in rows if row.where.split("/")[0] == tested], [own, tested, "support"]


def check_file(path, text, rows):
    """The forbidden includes of one file, as "path:line: why"."""
    name = table_name(path)
    own = own_folder(name)
    fitting, may = rows_for(name, rows)
    if not fitting:
        return [f"{path}:1: no row of the table in docs/architecture.md is for {own}/"]
    may = may + [word for row in fitting for word in row.may]
    never = [word for row in fitting for word in row.never]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, target = match.groups()
        if bracket == "<" and any(target.startswith(word) for word in never):
            found.append(f"{path}:{number}: {own} never includes <{target}>")
        elif bracket == '"' and not allowed(target, may, own):
            found.append(f"{path}:{number}: {own} may not include \"{target}\"")
    return found


def check_tree(root, paths):
    rows = read_table((root / "docs/architecture.md").read_text())
    if not rows:
        return [f"docs/architecture.md:1: no table below '{HEADING}'"]
    found = []
    for path in paths:
        if path.suffix in SOURCES and path.parts[0] in TREES:
            found += check_file(str(path), (root / path).read_text(), rows)
    return found


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    paths = [path.relative_to(root) for tree in TREES for path in sorted((root / tree).rglob("*"))]
    found = check_tree(root, paths)
    print("\n".join(found) or "includes: all as docs/architecture.md has it")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
