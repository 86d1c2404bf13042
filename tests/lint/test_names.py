# SPDX-License-Identifier: Apache-2.0
"""Names and heads of files: licence lines, test suites, lengths that a reader can hold."""
import re

SPDX = "SPDX-License-Identifier: Apache-2.0"
#: By the end of the name: these carry the line as a comment. Data, texts and generated files do not.
COMMENTED = (".cpp", ".hpp", ".py", ".sh", ".cmake", "CMakeLists.txt")
SUITE = re.compile(r"^(?:TEST|TEST_F|TEST_P|INSTANTIATE_TEST_SUITE_P)\(\s*(\w+)", re.MULTILINE)
SENTENCE = re.compile(r"^(?:TEST|TEST_F|TEST_P)\(\s*\w+,\s*(\w+)\)", re.MULTILINE)


def squeezed(name):
    return name.replace("_", "").lower()


def test_every_source_names_its_licence_at_its_head(root, files):
    lacking = []
    for path in files:
        is_script = path.parts[0] in ("script", ".ci") or path.parts[:1] == ("bench",) and path.suffix == ""
        if path.name.endswith(COMMENTED) or is_script:
            head = (root / path).read_text().splitlines()[:2]
            if not any(SPDX in line for line in head):
                lacking.append(str(path))
    assert lacking == []


def test_every_suite_is_named_after_its_file(root, files):
    strange = []
    for path in files:
        if path.parts[0] == "tests" and path.name.endswith("_test.cpp"):
            stem = squeezed(path.name.removesuffix("_test.cpp"))
            for suite in sorted(set(SUITE.findall((root / path).read_text()))):
                if stem not in squeezed(suite) and squeezed(suite) not in stem:
                    strange.append(f"{path}: {suite}")
    assert strange == []


def test_every_test_name_is_a_sentence_and_no_number(root, files):
    strange = []
    for path in files:
        if path.parts[0] == "tests" and path.name.endswith("_test.cpp"):
            for name in SENTENCE.findall((root / path).read_text()):
                if "_" in name or len(re.findall(r"[A-Z]", name)) < 2:
                    strange.append(f"{path}: {name}")
    assert strange == []


def test_every_header_guards_itself(root, files):
    assert [str(p) for p in files if p.suffix == ".hpp" and "#pragma once" not in (root / p).read_text()] == []


def test_no_descriptor_is_closed_but_by_its_owner(root, files):
    """base/fd.hpp holds the only close(2) of the daemon and of the CLI."""
    closing = re.compile(r"(?<![\w.>])(?:::)?close\(\s*[\w.>-]*fd", re.IGNORECASE)
    found = [f"{path}:{n}" for path in files if path.suffix in (".cpp", ".hpp") and path.parts[0] in ("daemon", "ctl")
             and path.name != "fd.hpp"
             for n, line in enumerate((root / path).read_text().splitlines(), 1) if closing.search(line)]
    assert found == []
