# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` puts everything in its place, and takes nothing away that an operator wrote."""
import os
import pathlib
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("TCPCTL_BUILD", "build"))


def install(root):
    subprocess.run(["cmake", "--install", BUILD], check=True, capture_output=True, env={**os.environ, "DESTDIR": str(root)})


@pytest.fixture(name="root", scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    install(root)
    return root


def prefix(root):
    """usr or usr/local: where the build was told to go."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    return root / cache.split("CMAKE_INSTALL_PREFIX:PATH=")[1].split("\n")[0].lstrip("/")


def test_programs_units_and_configuration_are_in_their_places(root):
    wanted = ["sbin/tcpctld", "bin/tcpctl", "lib/systemd/system/tcpctld.service", "lib/sysusers.d/tcpctl.conf",
              "lib/tmpfiles.d/tcpctl.conf", "libexec/tcpctl/tcpctl-top", "libexec/tcpctl/tcpctl-trace", "share/doc/tcpctl/README.md", "share/doc/tcpctl/docs/architecture.md", "share/man/man1/tcpctl.1",
              "share/man/man5/tcpctld.toml.5", "share/man/man8/tcpctld.8", "share/bash-completion/completions/tcpctl",
              "share/zsh/vendor-completions/_tcpctl", "share/fish/vendor_completions.d/tcpctl.fish"]

    assert [name for name in wanted if not (prefix(root) / name).is_file()] == []
    assert (root / "etc/tcpctl/tcpctld.toml").is_file()
    assert (root / "etc/tcpctl/conf.d").is_dir()


def test_the_unit_starts_the_program_that_was_installed(root):
    unit = (prefix(root) / "lib/systemd/system/tcpctld.service").read_text()

    program = "/" + str((prefix(root) / "sbin/tcpctld").relative_to(root))
    assert f"ExecStart={program}\n" in unit
    assert f"ExecStartPre={program} --check-config\n" in unit


def test_a_reload_by_systemd_is_a_signal_and_then_fails_where_the_files_are_wrong(root):
    settings = settings_of(prefix(root) / "lib/systemd/system/tcpctld.service")

    program = "/" + str((prefix(root) / "sbin/tcpctld").relative_to(root))
    assert settings["ExecReload"] == ["/bin/kill -HUP $MAINPID", f"{program} --check-config"]
    assert settings["ExecStop"] == ["/" + str((prefix(root) / "libexec/tcpctl/tcpctld-stop").relative_to(root)) + " $MAINPID"]


def settings_of(unit):
    """What a unit sets, each key with its values in order."""
    settings = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            settings.setdefault(key, []).append(value)
    return settings


def test_the_units_sandbox_leaves_what_the_daemon_asks_the_kernel(root):
    """Without sock_diag, states and last counts of closed sockets are not known. What of it holds in a real systemd,
    tests/system shows."""
    settings = settings_of(prefix(root) / "lib/systemd/system/tcpctld.service")

    assert set(settings["RestrictAddressFamilies"][-1].split()) == {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"}
    assert not {"PrivateNetwork", "PrivateUsers"} & set(settings)
    filters = settings["SystemCallFilter"]  # in turn: each adds to what is allowed, or takes away
    assert filters[0] == "@system-service"
    assert settings["SystemCallErrorNumber"] == ["EPERM"], "who tries more is told, and not ended"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this host")
def test_systemd_takes_the_unit_as_it_is(root):
    unit = prefix(root) / "lib/systemd/system/tcpctld.service"

    said = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={root}", f"/{unit.relative_to(root)}"],
                          check=False, capture_output=True, text=True).stderr

    # Other units and programs are not below this root; what systemd does not understand, it ignores.
    assert [line for line in said.splitlines() if "ignoring" in line] == []


def test_the_shipped_configuration_is_right(root):
    checked = subprocess.run([prefix(root) / "sbin/tcpctld", "--check-config", "-c", root / "etc/tcpctl/tcpctld.toml"],
                             check=False, capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_configuration_that_is_there_stays(tmp_path):
    own = tmp_path / "etc/tcpctl/tcpctld.toml"
    own.parent.mkdir(parents=True)
    own.write_text("# mine\n")

    install(tmp_path)

    assert own.read_text() == "# mine\n"
