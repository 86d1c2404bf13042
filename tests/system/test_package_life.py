# SPDX-License-Identifier: Apache-2.0
"""What the package puts where, and what is left of it."""
import subprocess

from machine import exchange

ECHO = """
[listeners.web]
listen = ["127.0.0.1:7001"]
service = "echo"
"""
CONFFILES = {"/etc/tcpctl/tcpctld.toml", "/etc/logrotate.d/tcpctl"}


def test_it_has_what_belongs_to_it(service):
    files = set(service.out("dpkg", "-L", "tcpctl").splitlines())
    for path in ("/usr/sbin/tcpctld", "/usr/bin/tcpctl", "/lib/systemd/system/tcpctld.service",
                 "/lib/systemd/system/tcpctld.socket", "/usr/lib/sysusers.d/tcpctl.conf", "/usr/lib/tmpfiles.d/tcpctl.conf",
                 "/usr/share/bash-completion/completions/tcpctl", "/usr/share/man/man1/tcpctl.1.gz",
                 "/usr/share/man/man8/tcpctld.8.gz", "/usr/share/man/man5/tcpctld.toml.5.gz"):
        assert path in files, path
    conffiles = service.out("dpkg-query", "-W", "-f", "${Conffiles}", "tcpctl")
    assert {line.split()[0] for line in conffiles.splitlines() if line.strip()} == CONFFILES


def test_files_have_their_owners(service):
    service.start(ECHO)
    for path, expected in {"/etc/tcpctl": "root:tcpctl 750", "/etc/tcpctl/tcpctld.toml": "root:tcpctl 640",
                           "/var/lib/tcpctl": "tcpctl:tcpctl 750", "/var/log/tcpctl": "tcpctl:tcpctl 750",
                           "/run/tcpctl": "tcpctl:tcpctl 750", "/run/tcpctl/api.sock": "tcpctl:tcpctl 660"}.items():
        assert service.out("stat", "-c", "%U:%G %a", path) == expected, path


def test_it_runs_again_after_a_boot(service):
    service.start(ECHO)
    service.reboot()
    assert service.show("tcpctld", "ActiveState") == "active"
    with service.connect(7001) as peer:
        assert exchange(peer, b"here") == b"here"


def test_an_upgrade_asks_of_a_conffile_that_both_changed(service, package, tmp_path):
    """Here nobody answers, and the operator's stays, with the package's beside it."""
    older = service.out("dpkg-query", "-W", "-f", "${Version}", "tcpctl")
    changed = tmp_path / "changed"
    subprocess.run(["dpkg-deb", "--raw-extract", package, changed], check=True)
    control = changed / "DEBIAN" / "control"
    control.write_text(control.read_text().replace(f"Version: {older}", f"Version: {older}+conf"))
    shipped = changed / "etc" / "tcpctl" / "tcpctld.toml"
    shipped.write_text(shipped.read_text() + "# of the package\n")
    newer = tmp_path / "tcpctl_conf.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", changed, newer], check=True, stdout=subprocess.DEVNULL)
    service.run("sh", "-c", "echo '# of the operator' >>/etc/tcpctl/tcpctld.toml")
    service.start(ECHO)

    service.install(newer)

    assert service.read("/etc/tcpctl/tcpctld.toml").endswith("# of the operator")
    assert service.exists("/etc/tcpctl/tcpctld.toml.dpkg-dist")
    assert service.show("tcpctld", "ActiveState") == "active"
    service.run("sh", "-c", "mv /etc/tcpctl/tcpctld.toml.dpkg-dist /etc/tcpctl/tcpctld.toml")
    service.install()


def test_remove_leaves_the_configuration_and_purge_nothing_but_the_user(service):
    service.start(ECHO)
    service.run("sh", "-c", "echo secret >/var/lib/tcpctl/saved.toml")
    try:
        service.apt("remove", "tcpctl")
        assert service.show("tcpctld", "ActiveState") == "inactive"
        assert service.exists("/etc/tcpctl/tcpctld.toml") and service.exists("/var/lib/tcpctl/saved.toml")
        assert not service.exists("/usr/sbin/tcpctld") and not service.exists("/run/tcpctl")

        service.run("rm", "/etc/tcpctl/conf.d/test.toml")
        service.apt("purge", "tcpctl")
        for path in ("/etc/tcpctl", "/var/lib/tcpctl", "/var/log/tcpctl", "/etc/logrotate.d/tcpctl", "/run/tcpctl",
                     "/etc/systemd/system/multi-user.target.wants/tcpctld.service"):
            assert not service.exists(path), path
        assert service.run("getent", "passwd", "tcpctl", check=False).returncode == 0
        assert service.run("dpkg", "-s", "tcpctl", check=False).returncode != 0
    finally:
        service.install()
    assert service.show("tcpctld", "ActiveState") == "active"
