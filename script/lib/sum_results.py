#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sums test results written as JUnit XML (gtest and pytest write it).

usage: sum_results.py FILE...            prints "PASSED FAILED SKIPPED" of all files
       sum_results.py --failed FILE...   prints a line for each test that failed, with what it says first
A file that is missing or broken is one failure: its program died before it could write.
"""
import sys
import xml.etree.ElementTree as ElementTree


def count(suite):
    number = lambda name: int(suite.get(name) or 0)
    failed = number("failures") + number("errors")
    skipped = number("skipped") + number("disabled")
    return number("tests") - failed - skipped, failed, skipped


def read(path):
    try:
        tree = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return 0, 1, 0
    suites = [tree] if tree.tag == "testsuite" else tree.findall("testsuite")
    return [sum(column) for column in zip(*map(count, suites))] or (0, 1, 0)


def failures(path):
    """What failed: "SUITE.TEST: the first words of why"."""
    try:
        cases = ElementTree.parse(path).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        yield f"{path}: its program died before it could write its results"
        return
    for case in cases:
        for failure in [*case.findall("failure"), *case.findall("error")]:
            why = " ".join((failure.get("message") or failure.text or "").split())
            yield f"{case.get('classname')}.{case.get('name')}: {why[:1200]}"


def main():
    if sys.argv[1:2] == ["--failed"]:
        for path in sys.argv[2:]:
            for line in failures(path):
                print(line)
        return
    totals = [sum(column) for column in zip(*map(read, sys.argv[1:]))] or (0, 1, 0)
    print(*totals)


if __name__ == "__main__":
    main()
