# SPDX-License-Identifier: Apache-2.0
"""Whatever a folder of plug-ins holds is in its registry, and what users read names it."""
import re

import pytest


def text_of(root, *paths):
    return "\n".join((root / path).read_text() for path in paths if (root / path).exists())


def services(root):
    """The services that have a file: it defines `NAME_service`."""
    found = {}
    for path in sorted((root / "daemon/services").glob("*.cpp")):
        for name in re.findall(r"^ServiceKind (\w+)_service\(\)", path.read_text(), re.MULTILINE):
            found[name] = path.relative_to(root)
    return found


def registered(root, macro, *paths):
    """The names that an X-macro lists."""
    listed = re.search(rf"#define {macro}\(X\)((?:.*\\\n)*.*)", text_of(root, *paths))
    assert listed, f"no {macro} in {paths}"
    return re.findall(r"X\((\w+)\)", listed.group(1))


def test_the_registry_of_services_holds_each_service_once(root):
    listed = registered(root, "TCPCTL_SERVICES", "daemon/services/registry.hpp", "daemon/services/registry.cpp")

    assert sorted(listed) == sorted(services(root))


def test_every_service_has_a_file_of_its_own(root):
    assert {name: str(path) for name, path in services(root).items()} == {
        name: f"daemon/services/{name}.cpp" for name in services(root)}


@pytest.mark.parametrize("document", ["README.md"])
def test_a_document_that_lists_services_names_every_one(root, document):
    text = (root / document).read_text()

    assert [name for name in services(root) if f"`{name}`" not in text] == []


def test_every_service_has_a_test_file(root):
    tests = text_of(root, *(root / "tests/services").glob("*_test.cpp"), *(root / "tests/endpoints").glob("*_test.cpp"),
                    *(root / "tests/integration").glob("*.py"))

    assert [name for name in services(root) if f'"{name}"' not in tests] == []


def test_the_registry_of_nouns_holds_each_noun_of_the_cli_once(root):
    found = []
    for path in (root / "ctl/commands").glob("*.cpp"):
        found += re.findall(r"^Noun (\w+)_noun\(\)", path.read_text(), re.MULTILINE)

    assert sorted(registered(root, "TCPCTL_NOUNS", "ctl/commands/registry.hpp")) == sorted(found)
