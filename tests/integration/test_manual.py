# SPDX-License-Identifier: Apache-2.0
"""The manual pages and the completions, as they are built: sound, whole, and of use in real shells."""
import os
import pty
import re
import select
import shutil
import subprocess

import pytest

from harness.daemon import environment
from harness.programs import BUILD, ROOT, TCPCTL, TCPCTLD
from harness.wait import eventually

PAGES = [BUILD / "man/tcpctl.1", BUILD / "man/tcpctld.toml.5", ROOT / "man/tcpctld.8"]


def page(name):
    """Its text, in one line."""
    path = next(one for one in PAGES if one.name == name)
    text = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=500", path], check=True, capture_output=True, text=True).stdout
    return re.sub(r".\x08", "", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_has_nothing_that_mandoc_warns_of(path):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")


def helps():
    """Of each command, what its --help says."""
    overview = subprocess.run([TCPCTL, "--help"], check=True, capture_output=True, text=True).stdout
    for noun, verbs in re.findall(r"^  ([a-z-]+) .*?(?:\(([a-z|-]+)\))?$", overview.partition("Commands:")[2].partition("\n\n")[0], re.M):
        for verb in verbs.split("|") if verbs else [""]:
            yield noun, verb, subprocess.run([TCPCTL, noun, *filter(None, [verb]), "--help"], check=True, capture_output=True,
                                             text=True).stdout


def test_the_page_of_tcpctl_has_every_verb_option_and_example():
    text = page("tcpctl.1")
    seen = 0
    for noun, verb, said in helps():
        assert f"tcpctl {noun} {verb}".rstrip() in text
        for option in re.findall(r"^  (?:-\w, )?(--[a-z-]+)", said, re.M):
            assert option in text or option == "--help", (noun, verb, option)
        assert said.rpartition("Example: ")[2].strip() in text, (noun, verb)
        seen += 1
    assert seen > 40


def test_the_page_of_the_configuration_has_every_key():
    keys = subprocess.run([TCPCTLD, "--print-keys"], check=True, capture_output=True, text=True).stdout.splitlines()[1:]
    text = page("tcpctld.toml.5")

    for key in keys:
        name = key.split()[0]
        table = re.match(r"(listeners|clients)\.\*|[a-z_]+", name)[0]
        assert f"[{table}]" in text
        assert re.search(rf"^ +{re.escape(name[len(table) + 1:])}( |$)", text, re.M), name


def test_the_page_of_the_daemon_has_every_option():
    said = subprocess.run([TCPCTLD, "--help"], check=True, capture_output=True, text=True).stdout
    text = page("tcpctld.8")

    for option in re.findall(r"(--[a-z-]+)", said.partition("Options:")[2].partition("Example:")[0]):
        assert option in text


def test_the_example_of_the_configuration_is_right(tmp_path):
    example = page("tcpctld.toml.5").partition("\nEXAMPLES\n")[2].partition("\nSEE ALSO")[0]
    (tmp_path / "example.toml").write_text(re.sub(r"^ +", "", example, flags=re.M))

    done = subprocess.run([TCPCTLD, "--check-config", "-c", tmp_path / "example.toml"], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


# --- completion -----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def daemon(launch_shared):
    yield launch_shared("""
[listeners.echo-one]
listen = ["127.0.0.1:0"]
service = "echo"
[listeners.echo-two]
listen = ["127.0.0.1:0"]
service = "echo"
[listeners.hello]
listen = ["127.0.0.1:0"]
service = "dialog"
""")


class Shell:
    """An interactive bash on a terminal of its own, with the completion and nothing else."""

    def __init__(self, daemon, folder, *more):
        (folder / "rc").write_text("\n".join([
            "PS1='$ '", "bind 'set enable-bracketed-paste off'", "bind 'set bell-style none'", "bind 'set page-completions off'",
            f"PATH={TCPCTL.parent}:$PATH", f"export TCPCTL_HOST=unix:{daemon.socket}", *more,
            f"source {BUILD}/completions/bash"]))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe("bash", ["bash", "--noprofile", "--rcfile", str(folder / "rc"), "-i"],
                       {**environment(), "TERM": "dumb", "INPUTRC": "/dev/null"})
        self.seen = ""

    def type(self, text):
        self.seen = ""
        os.write(self.fd, text.encode())

    def shows(self, wanted):
        def look():
            while select.select([self.fd], [], [], 0)[0]:
                self.seen += os.read(self.fd, 65536).decode()
            return wanted in self.seen.replace("\r", "").replace("\x07", "")
        eventually(look)

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture(params=["", "source /usr/share/bash-completion/bash_completion"], ids=["alone", "with bash-completion"])
def shell(request, daemon, tmp_path):
    shell = Shell(daemon, tmp_path, request.param)
    shell.shows("$ ")
    yield shell
    shell.close()


def test_bash_completes_words_names_and_values(shell):
    for typed, whole in [("tcpctl li\t", "tcpctl listener "), ("show h\t", "show hello "), ("\x15tcpctl conn --sta\t", "--state "),
                         ("\x15tcpctl conn --state=EST\t", "--state=ESTABLISHED "), ("\x15tcpctl history state TIME\t", "TIME_WAIT ")]:
        shell.type(typed)
        shell.shows(whole)


def test_bash_lists_what_is_possible_and_completes_what_is_common(shell):
    shell.type("tcpctl listener pause e\t\t\t")
    shell.shows("echo-")
    shell.shows("echo-one")
    shell.shows("echo-two")


def test_bash_completes_files_where_a_file_is_wanted(shell, tmp_path):
    (tmp_path / "listener.toml").write_text("")
    shell.type(f"tcpctl listener add x -f {tmp_path}/lis\t")
    shell.shows("listener.toml ")


def test_fish_offers_the_same(daemon, tmp_path):
    def offered(line):
        done = subprocess.run(["fish", "--no-config", "-c", f"source {BUILD}/completions/fish; complete -C '{line}'"], check=True,
                              capture_output=True, text=True, env={**environment(), "HOME": str(tmp_path), "TCPCTL_HOST":
                              f"unix:{daemon.socket}", "PATH": f"{TCPCTL.parent}:{os.environ['PATH']}"})
        return [row.split("\t")[0] for row in done.stdout.splitlines()]

    assert offered("tcpctl li") == ["listener"]
    assert offered("tcpctl listener show ") == ["echo-one", "echo-two", "hello"]
    assert offered("tcpctl conn --state=EST") == ["--state=ESTABLISHED"]


@pytest.mark.parametrize("shell", ["zsh", "fish", "bash"])
def test_the_script_of_each_shell_is_sound(shell):
    assert shutil.which(shell), f"{shell} is not installed"
    done = subprocess.run([shell, "-n", BUILD / "completions" / shell], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
