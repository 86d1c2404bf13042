# SPDX-License-Identifier: Apache-2.0
"""A Debian with a real systemd, in which the package is installed and used; see testbed/README.md."""
import contextlib
import ctypes
import json
import os
import pathlib
import re
import socket
import subprocess
import threading

from harness.wait import eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTBED = ROOT / "tests" / "system" / "testbed" / "systemd-testbed"
NAME = "tcpctl-tests"
PACKAGES = "python3-minimal libpython3-stdlib haproxy logrotate curl adduser"
SECONDS = 180
CLONE_NEWNET = 0x40000000
OWN_FILE = "/etc/tcpctl/conf.d/test.toml"
DROP_IN = "/etc/systemd/system/tcpctld.service.d/test.conf"


def testbed(*arguments, check=True, **options):
    return subprocess.run([TESTBED, "-n", NAME, *map(str, arguments)], capture_output=True, text=True, check=check,
                          timeout=SECONDS, env={**os.environ, "SYSTEMD_TESTBED_PACKAGES": PACKAGES}, **options)


class Machine:
    def __init__(self, package):
        self.package = pathlib.Path(package)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._holder = None
        self._since = ()

    def up(self, *options):
        done = testbed("up", *options, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        # A process of this host in the guest's network, whose namespace sockets are made in.
        self._holder = subprocess.Popen([TESTBED, "-n", NAME, "net-run", "cat"], stdin=subprocess.PIPE)
        own = os.readlink("/proc/self/ns/net")
        eventually(lambda: os.readlink(f"/proc/{self._holder.pid}/ns/net") != own, "the guest's network")
        return self

    def down(self):
        if self._holder:
            self._holder.communicate()
        testbed("down", check=False)

    def reboot(self):
        self._holder.communicate()
        testbed("reboot")
        self.up("--keep")

    # --- commands ---------------------------------------------------------------------------------

    def run(self, *command, user=None, check=True, **options):
        """A command as root, or as `user`."""
        done = testbed("run", *(("--user", user) if user else ()), "--", *command, check=False, **options)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def out(self, *command, **options):
        return self.run(*command, **options).stdout.strip()

    def systemctl(self, *arguments, **options):
        return self.run("systemctl", "--no-pager", *arguments, **options)

    def show(self, unit, name):
        return self.out("systemctl", "show", "-P", name, unit)

    def tcpctl(self, *arguments, **options):
        return self.run("tcpctl", *arguments, **options)

    def json(self, *arguments):
        return json.loads(self.out("tcpctl", "-o", "json", *arguments))

    def api(self, path):
        return json.loads(self.out("curl", "-sS", "--unix-socket", "/run/tcpctl/api.sock", f"http://localhost{path}"))

    def journal(self, *matches, fields=False):
        """What the unit's processes wrote since the test began."""
        output = self.out("journalctl", "--no-pager", "-q", "-u", "tcpctld", "-o", "json" if fields else "cat",
                          *self._since, *matches)
        return [json.loads(line) for line in output.splitlines()] if fields else output

    def apt(self, *arguments, check=True):
        done = testbed("apt", *arguments, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def install(self, package=None):
        package = pathlib.Path(package or self.package)
        testbed("copy-in", package, "/tmp/")
        return self.apt("install", "--allow-downgrades", "-o", "Dpkg::Options::=--force-confold", f"/tmp/{package.name}")

    # --- files ------------------------------------------------------------------------------------

    def write(self, path, text, mode="0644", owner="root:root"):
        self.run("sh", "-c", f'mkdir -p "$(dirname {path})" && cat >{path} && chmod {mode} {path} && chown {owner} {path}',
                 input=text)

    def read(self, path):
        return self.out("cat", path)

    def exists(self, path):
        return self.run("test", "-e", path, check=False).returncode == 0

    # --- the daemon -------------------------------------------------------------------------------

    def configure(self, config):
        self.write(OWN_FILE, config, mode="0640", owner="root:tcpctl")

    def drop_in(self, text):
        self.write(DROP_IN, text)
        self.systemctl("daemon-reload")

    def start(self, config=""):
        """From nothing, on `config`."""
        self.configure(config)
        self.systemctl("reset-failed", "tcpctld.service", check=False)
        self.systemctl("restart", "tcpctld.service")
        return self

    def clean(self):
        """As after the installation."""
        for unit in ("tcpctld.socket", "tcpctld.service"):
            self.systemctl("stop", unit, check=False)
        self.run("sh", "-c", f"rm -rf {OWN_FILE} {os.path.dirname(DROP_IN)} /var/lib/tcpctl/saved.toml")
        self.systemctl("reset-failed", check=False)
        self.systemctl("daemon-reload")
        self._since = ("--since", "@" + self.out("date", "+%s.%6N"))

    def pid(self):
        return int(self.show("tcpctld.service", "MainPID"))

    def host_pid(self):
        """The daemon's process as this host knows it."""
        network = os.readlink(f"/proc/{self._holder.pid}/ns/net")
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if ((folder / "comm").read_text().strip() == "tcpctld" and os.readlink(folder / "ns/net") == network
                        and int(re.search(r"NSpid:.*\s(\d+)", (folder / "status").read_text()).group(1)) == self.pid()):
                    return int(folder.name)
        raise AssertionError("there is no tcpctld")

    # --- the network ------------------------------------------------------------------------------

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        """A socket in the guest's network, whatever thread uses it afterwards."""
        made = []

        def make():
            with open(f"/proc/{self._holder.pid}/ns/net", "rb") as network:
                assert self._libc.setns(network.fileno(), CLONE_NEWNET) == 0, ctypes.get_errno()
            made.append(socket.socket(family, kind))

        thread = threading.Thread(target=make)  # its namespace ends with it
        thread.start()
        thread.join()
        made[0].settimeout(SECONDS)
        return made[0]

    def connect(self, port, host="127.0.0.1"):
        made = self.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        made.connect((host, port))
        return made

    def listen(self, port):
        made = self.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(4096)
        return made

    def beside(self, *command):
        """A program of this host in the guest's network, running."""
        return subprocess.Popen([TESTBED, "-n", NAME, "net-run", *map(str, command)], stdout=subprocess.PIPE, text=True)


def exchange(connected, data):
    """What an echo answers."""
    connected.sendall(data)
    return receive(connected, len(data))


def receive(connected, size):
    pieces, left = [], size
    while left > 0 and (piece := connected.recv(min(left, 1 << 18))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def to_end(connected):
    pieces = []
    while piece := connected.recv(1 << 18):
        pieces.append(piece)
    return b"".join(pieces)
