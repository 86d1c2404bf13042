# SPDX-License-Identifier: Apache-2.0
"""What the documents tell a reader to run, open or look up is there."""
import re

FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def documents(root, files):
    return [path for path in files if path.suffix == ".md"]


def test_every_link_to_a_file_leads_somewhere(root, files):
    dead = []
    for path in documents(root, files):
        for target in LINK.findall((root / path).read_text()):
            if "://" not in target and not ((root / path).parent / target).exists():
                dead.append(f"{path}: {target}")
    assert dead == []


def test_every_script_that_a_document_names_is_there(root, files):
    absent = []
    for path in documents(root, files):
        for script in re.findall(r"\b(?:script|bench)/[\w.-]*\w\b(?!/)", (root / path).read_text()):
            if not (root / script).exists():
                absent.append(f"{path}: {script}")
    assert absent == []


def test_every_noun_that_readme_types_is_one_of_the_cli(root):
    commands = "\n".join(path.read_text() for path in (root / "ctl/commands").glob("*.cpp"))
    typed = set()
    for block in FENCE.findall((root / "README.md").read_text()):
        typed |= set(re.findall(r"^\$ (?:sudo )?tcpctl(?: --?[\w-]+(?: (?:json|csv|wide))?)* (\w[\w-]*)", block,
                                re.MULTILINE))
    assert [noun for noun in typed if f'"{noun}"' not in commands] == []
