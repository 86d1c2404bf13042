# SPDX-License-Identifier: Apache-2.0
"""tcpctl top on a real terminal: tmux is the terminal, and its captured screens are what is seen."""
import os
import re
import signal
import subprocess

import pytest

from harness.daemon import environment
from harness.programs import TCPCTL
from harness.wait import eventually

CONFIG = """
[listeners.echo]
listen = ["127.0.0.1:0"]
service = "echo"
[listeners.hello]
listen = ["127.0.0.1:0"]
service = "dialog"
"""


class Screen:
    """tcpctl top in a tmux of its own."""

    def __init__(self, folder, host, columns=80, lines=24, arguments="", **variables):
        self.socket = folder / "tmux"
        variables = {"LC_ALL": "C.UTF-8", "TCPCTL_HOST": host, "TERM": "screen-256color", **variables}
        settings = " ".join(f"{name}={value}" for name, value in variables.items())
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines,
                  f"env {settings} {TCPCTL} top -d 0.2 {arguments}; echo \"left with $?\"; read wait")

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *map(str, arguments)], check=True, capture_output=True, text=True,
                              env={**environment(), "LC_ALL": "C.UTF-8", "TERM": "xterm"}).stdout

    def seen(self):
        return self.tmux("capture-pane", "-p")

    def shows(self, *wanted, without=()):
        def look():
            seen = self.seen()
            return all(text in seen for text in wanted) and not any(text in seen for text in without)
        try:
            eventually(look)
        except AssertionError as late:
            raise AssertionError(f"{wanted} without {without}, but there is\n{self.seen()}") from late

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-x", columns, "-y", lines)

    def process(self):
        """The program itself, below the shell of the pane."""
        shell = self.tmux("list-panes", "-F", "#{pane_pid}").strip()
        children = subprocess.run(["pgrep", "-P", shell], check=True, capture_output=True, text=True).stdout.split()
        return int(children[0])

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def open_screen(tmp_path):
    screens = []

    def begin(host, **more):
        screens.append(Screen(tmp_path, host, **more))
        return screens[-1]
    yield begin
    for screen in screens:
        screen.close()


@pytest.fixture
def daemon(launch):
    return launch(CONFIG)


@pytest.fixture
def screen(daemon, open_screen):
    screen = open_screen(f"unix:{daemon.socket}")
    screen.shows("[1 Listeners 2]", "> echo")
    return screen


def test_the_tabs_show_what_there_is(daemon, screen):
    with daemon.connect("echo") as peer:
        screen.shows("tcpctld ", "No problems.", "ACTIVE", "IN/S", "hello")
        screen.keys("3")
        screen.shows("[3 Connections 1]", peer.name)
        screen.keys("4")
        screen.shows("[4 Events]", "opened", peer.name)
        screen.keys("2")
        screen.shows("[2 Clients 0]", "nothing here")
        screen.keys("Tab", "Tab", "Tab")
        screen.shows("[1 Listeners 2]")


def test_rows_are_sorted_and_filtered(daemon, screen):
    with daemon.connect("echo"):
        screen.keys("r")
        screen.shows("NAME▼")
        assert screen.seen().index("hello") < screen.seen().index("echo ")
        screen.keys("/", "h", "e", "l")
        screen.shows("Filter: hel_", "hello", without=["127.0.0.1:%d" % daemon.port("echo")])
        screen.keys("Escape")
        screen.keys("3", "/", "state TIME-WAIT", "Enter")
        screen.shows("nothing matches the filter")


def test_a_connection_is_shown_closely_and_ended_once_that_is_confirmed(daemon, screen):
    with daemon.connect("echo") as peer:
        peer.send(b"x")
        assert peer.read(1) == b"x"
        screen.keys("3")
        screen.shows(peer.name)
        screen.keys("Enter")
        screen.shows("Connection ", "Remote", peer.name)
        screen.keys("K")
        screen.shows("End connection")
        screen.keys("n")
        screen.shows("nothing was done")
        assert daemon.live(peer.name)
        screen.keys("K")
        screen.shows("End connection")
        screen.keys("y")
        assert peer.read_to_end()[0] == b""
    screen.shows("ending: FIN sent")


def test_a_listener_is_paused_resumed_and_drained(daemon, screen):
    for key, question, state in (("p", "Pause listener echo?", "paused"), ("p", "Resume listener echo?", "up"),
                                 ("d", "Drain listener echo:", "drain")):
        screen.keys(key)
        screen.shows(question)
        screen.keys("y")
        eventually(lambda wanted=state: daemon.listener("echo")["state"].startswith(wanted))
        eventually(lambda wanted=state: re.search(rf"^> echo +{wanted}", screen.seen(), re.M))


def test_it_keeps_to_the_terminal_whatever_its_size(screen):
    for columns, lines in ((120, 40), (40, 10), (20, 5), (80, 24)):
        screen.resize(columns, lines)
        screen.shows("? help"[:columns])
        eventually(lambda wide=columns: max(map(len, screen.seen().splitlines())) <= wide)
        assert len(screen.seen().splitlines()) <= lines


def test_it_survives_the_daemon(daemon, screen):
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    screen.shows("no answer since", "echo")
    daemon.start_again()
    screen.shows("No problems.", "> echo", without=["no answer since"])


def test_a_terminal_without_utf8_gets_ascii(daemon, open_screen):
    screen = open_screen(f"unix:{daemon.socket}", LC_ALL="C")
    screen.shows("NAME^")
    assert screen.seen().isascii()


def test_it_leaves_the_terminal_as_it_was(screen):
    screen.keys("?")
    screen.shows("any key leads back")
    screen.keys("x", "q")
    screen.shows("left with 0", without=["[1 Listeners"])


def test_a_signal_ends_it_and_restores_the_terminal(screen):
    os.kill(screen.process(), signal.SIGTERM)
    screen.shows("left with 143", without=["[1 Listeners"])


def test_a_daemon_that_is_not_there_is_waited_for(open_screen):
    screen = open_screen("unix:/none")
    screen.shows("no answer since", "no such file")


@pytest.mark.parametrize("arguments, why", [("-d 0.1", "--delay"), ("-d soon", "--delay"), ("x", "one word too many")])
def test_a_mistake_is_one_line(arguments, why):
    done = subprocess.run([TCPCTL, "top", *arguments.split()], check=False, capture_output=True, text=True)
    assert done.returncode == 2 and why in done.stderr and len(done.stderr.splitlines()) == 1


def test_it_needs_a_terminal_that_is_known(open_screen):
    done = subprocess.run([TCPCTL, "top"], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and done.stderr.startswith("tcpctl: top needs a terminal")
    open_screen("unix:/nonexistent", TERM="nonesuch").shows("the terminal 'nonesuch' is not known", "left with 2")


def test_tcpctl_itself_does_not_load_ncurses():
    needed = subprocess.run(["readelf", "-d", TCPCTL], capture_output=True, text=True, check=True).stdout
    part = subprocess.run(["readelf", "-d", TCPCTL.with_name("tcpctl-top")], capture_output=True, text=True, check=True).stdout
    assert not re.search("ncurses|tinfo", needed) and "ncursesw" in part
