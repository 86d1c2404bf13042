# SPDX-License-Identifier: Apache-2.0
"""The running configuration: shown as a file, compared with the files, and saved for the next start."""
import concurrent.futures
import hashlib
import json
import os
import re
import signal
import subprocess

import pytest

from harness.daemon import run_tcpctld
from harness.wait import eventually

ECHO = {"listen": ["127.0.0.1:0"], "service": "echo"}
FILE = ('[listeners.web]\nlisten = ["127.0.0.1:0"]\nservice = "echo"\nidle_timeout = "5m"\n'
        '[clients.feed]\nconnect = "127.0.0.1:1"\nmode = "keep"\n')
PROBE = {"connect": "127.0.0.1:1", "mode": "probe", "interval": "1h",
         "steps": [{"send": "PASS \u0000\u001b\"'\\\u2028\r\n"}, {"expect": "^\\+OK"}]}
as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


def put(daemon, path, body):
    answer = daemon.request("PUT", path, body)
    assert answer.status in (200, 201), answer.text
    return answer


def patch(daemon, path, body):
    answer = daemon.request("PATCH", path, body)
    assert answer.status == 200, answer.text
    return answer


def delete(daemon, path):
    answer = daemon.request("DELETE", path)
    assert answer.status == 200, answer.text
    return answer


def save(daemon, query=""):
    answer = daemon.post(f"/v1/config/save{query}")
    assert answer.status == 200, answer.text
    return answer.json


def saved_file(daemon):
    return daemon.folder / "state" / "conf.d" / "saved.toml"


def objects(daemon):
    """What the daemon has, by name: what it is declared as, and where."""
    return {f"{kind}.{row['name']}": (daemon.json(f"/v1/{kind}/{row['name']}")["config"], row["source"])
            for kind in ("listeners", "clients") for row in daemon.json(f"/v1/{kind}", limit=1000)["items"]}


def timeout_of_web(daemon):
    return daemon.listener("web")["config"].get("idle_timeout")


# --- save -----------------------------------------------------------------------------------------


@pytest.mark.quick
def test_what_was_changed_and_saved_is_there_after_a_restart(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    put(daemon, "/v1/clients/mail", PROBE)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": None, "max_connections": 7})
    delete(daemon, "/v1/clients/feed")
    assert daemon.json("/v1/status")["unsaved"] == 4

    done = save(daemon)

    assert done == {"file": str(saved_file(daemon)), "saved": ["clients.mail", "listeners.new", "listeners.web"],
                    "removed": ["clients.feed"], "given_back": [], "unchanged": False, "dry_run": False}
    before = objects(daemon)
    assert {source for _, source in before.values()} == {"file"}
    assert daemon.json("/v1/status")["unsaved"] == 0
    assert daemon.json("/v1/config/diff")["same"]
    assert saved_file(daemon).stat().st_mode & 0o777 == 0o600
    assert saved_file(daemon).parent.stat().st_mode & 0o027 == 0
    assert "Do not edit" in saved_file(daemon).read_text().splitlines()[0]
    daemon.restart()
    assert objects(daemon) == before
    assert daemon.json("/v1/clients/mail")["config"] == PROBE
    assert save(daemon)["unchanged"]


def test_not_saved_is_gone_after_a_restart(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    daemon.restart()
    assert set(objects(daemon)) == {"listeners.web", "clients.feed"}


def test_nothing_changed_is_nothing_to_save(launch):
    daemon = launch(FILE)
    assert save(daemon)["unchanged"]
    assert not saved_file(daemon).exists()


def test_dry_run_tells_and_writes_nothing(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)

    told = save(daemon, "?dry_run=true")

    assert (told["saved"], told["dry_run"], told["unchanged"]) == (["listeners.new"], True, False)
    assert not saved_file(daemon).exists()
    assert daemon.listener("new")["source"] == "runtime"
    assert daemon.json("/v1/status")["unsaved"] == 1


def test_what_was_made_and_removed_at_run_time_leaves_nothing_to_save(launch):
    daemon = launch(FILE)
    for _ in range(3):
        put(daemon, "/v1/listeners/new", ECHO)
        delete(daemon, "/v1/listeners/new")
    assert daemon.json("/v1/status")["unsaved"] == 0
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    delete(daemon, "/v1/listeners/web")
    assert daemon.json("/v1/status")["unsaved"] == 1
    assert save(daemon)["removed"] == ["listeners.web"]
    put(daemon, "/v1/listeners/web", ECHO)
    delete(daemon, "/v1/listeners/web")
    assert daemon.json("/v1/status")["unsaved"] == 0
    daemon.restart()
    assert set(objects(daemon)) == {"clients.feed"}


def test_saves_stand_on_each_other(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/first", ECHO)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    delete(daemon, "/v1/clients/feed")
    save(daemon)
    put(daemon, "/v1/listeners/second", ECHO)
    delete(daemon, "/v1/listeners/first")
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "2m"})
    put(daemon, "/v1/clients/feed", {"connect": "127.0.0.1:2", "mode": "keep"})

    done = save(daemon)

    assert done["saved"] == ["clients.feed", "listeners.second", "listeners.web"]
    assert done["removed"] == ["listeners.first"]
    before = objects(daemon)
    daemon.restart()
    assert objects(daemon) == before
    assert (set(before), timeout_of_web(daemon)) == ({"listeners.web", "listeners.second", "clients.feed"}, "2m")
    # Back to what the other file says, so nothing is saved of it any more.
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "300s"})
    assert save(daemon)["given_back"] == ["listeners.web"]
    daemon.write(FILE.replace("5m", "6m"))
    daemon.restart()
    assert timeout_of_web(daemon) == "6m"


def test_what_was_edited_in_files_and_not_reloaded_stays(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    daemon.write(FILE.replace("5m", "6m") + '[listeners.edited]\nlisten = "127.0.0.1:0"\nservice = "discard"\n')

    save(daemon)

    assert timeout_of_web(daemon) == "5m"
    daemon.restart()
    assert timeout_of_web(daemon) == "6m"
    assert set(objects(daemon)) == {"listeners.web", "listeners.new", "listeners.edited", "clients.feed"}


def test_a_reload_after_a_save_changes_nothing(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    port = daemon.port("new")
    save(daemon)

    done = daemon.reload()

    assert (done.json["added"], done.json["changed"], done.json["removed"]) == ([], [], [])
    assert daemon.port("new") == port
    assert timeout_of_web(daemon) == "1m"


@pytest.mark.threaded
def test_saves_and_changes_at_once_lose_nothing(launch):
    daemon = launch(FILE)

    def work(number):
        put(daemon, f"/v1/listeners/n{number}", ECHO)
        return daemon.post("/v1/config/save").status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(work, range(24)))

    assert statuses <= {200, 409}
    save(daemon)
    before = objects(daemon)
    daemon.restart()
    assert objects(daemon) == before
    assert len(before) == 26


# --- the files and what is saved ------------------------------------------------------------------


def test_a_declaration_that_is_overruled_is_told_at_start_and_reload(launch):
    daemon = launch(FILE)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    delete(daemon, "/v1/clients/feed")
    save(daemon)
    assert daemon.json("/v1/status")["conflicts"] == 2

    daemon.restart()

    assert daemon.json("/v1/status")["conflicts"] == 2
    assert len(re.findall(r"config\.conflict .*wins=saved", daemon.log())) == 2
    conflicts = {each["name"]: each for each in daemon.reload().json["conflicts"]}
    assert {(each["at_run_time"], each["wins"]) for each in conflicts.values()} == {
        ("changed", "saved"), ("removed", "saved")}
    assert conflicts["listeners.web"]["file"] == f"{daemon.own_file}:1:12"
    assert timeout_of_web(daemon) == "1m"


def test_force_lets_the_files_win_over_what_was_saved(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    delete(daemon, "/v1/clients/feed")
    save(daemon)

    forced = daemon.post("/v1/config/reload?force=true").json

    assert {(each["name"], each["wins"]) for each in forced["conflicts"]} == {
        ("listeners.web", "file"), ("clients.feed", "file")}
    assert timeout_of_web(daemon) == "5m"
    assert set(objects(daemon)) == {"listeners.web", "listeners.new", "clients.feed"}
    daemon.reload()
    assert timeout_of_web(daemon) == "5m", "until somebody changes it again"
    assert not daemon.json("/v1/config/diff")["same"], "a restart would take what is saved"
    assert save(daemon)["given_back"] == ["clients.feed", "listeners.web"]
    daemon.restart()
    assert timeout_of_web(daemon) == "5m"
    assert set(objects(daemon)) == {"listeners.web", "listeners.new", "clients.feed"}


def test_what_the_administrator_took_out_is_no_mistake(launch):
    daemon = launch(FILE)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    delete(daemon, "/v1/clients/feed")
    save(daemon)

    done = daemon.reload("")

    assert (done.status, done.json["conflicts"]) == (200, [])
    assert set(objects(daemon)) == {"listeners.web"}


def test_what_is_saved_goes_on_ruling_when_a_file_declares_it_later(launch):
    daemon = launch("")
    put(daemon, "/v1/listeners/web", {**ECHO, "idle_timeout": "1m"})
    save(daemon)
    port = daemon.port("web")

    conflict = daemon.reload(FILE).json["conflicts"]

    assert conflict == [{"name": "listeners.web", "file": f"{daemon.own_file}:1:12", "at_run_time": "changed", "wins": "saved"}]
    assert (timeout_of_web(daemon), daemon.port("web")) == ("1m", port)
    assert daemon.json("/v1/config/diff")["conflicts"] == conflict
    assert "conflict: listeners.web, declared at" in daemon.tcpctl("config", "diff").stdout
    daemon.restart()
    assert timeout_of_web(daemon) == "1m"
    assert re.search(r"config\.conflict .*name=listeners\.web.*wins=saved", daemon.log())
    assert save(daemon)["saved"] == ["listeners.web"]
    assert 'replaces = [ "listeners.web" ]' in saved_file(daemon).read_text()
    daemon.restart()
    assert timeout_of_web(daemon) == "1m"


def test_force_lets_a_file_win_that_declares_later_what_is_saved(launch):
    daemon = launch("")
    put(daemon, "/v1/listeners/web", {**ECHO, "idle_timeout": "1m"})
    save(daemon)
    daemon.write(FILE)

    forced = daemon.post("/v1/config/reload?force=true").json

    assert [(each["name"], each["wins"]) for each in forced["conflicts"]] == [("listeners.web", "file")]
    assert timeout_of_web(daemon) == "5m"
    assert save(daemon)["given_back"] == ["listeners.web"]
    assert "web" not in saved_file(daemon).read_text()
    daemon.restart()
    assert timeout_of_web(daemon) == "5m"
    assert daemon.json("/v1/status")["conflicts"] == 0


@pytest.mark.quick
@pytest.mark.parametrize(("text", "words"), [
    ("[saved]\nreplace = []\n", [":2:1:", "replace", "did you mean 'replaces'"]),
    ("[saved]\nremoves = ['web']\n", [":2:12:", "listeners.NAME"]),
    ("[saved]\nremoves = [1]\n", [":2:12:", "integer"]),
    ("[saved]\nreplaces = ['listeners.web']\n", [":2:13:", "removes"]),
])
def test_a_mistake_in_saved_toml_has_its_place(tmp_path, text, words):
    (tmp_path / "state" / "conf.d").mkdir(parents=True)
    (tmp_path / "state" / "conf.d" / "saved.toml").write_text(text)
    (tmp_path / "t.toml").write_text(f"[daemon]\nstate = '{tmp_path}/state'\n{FILE}")

    done = run_tcpctld("--check-config", "-c", str(tmp_path / "t.toml"))

    assert done.returncode == 1
    for word in ["saved.toml", *words]:
        assert word in done.stderr


def test_the_state_folder_may_be_that_of_the_file(launch):
    """Its conf.d is then read once, and what is saved in it last."""
    daemon = launch(FILE + '[daemon]\nstate = "{folder}"\n')
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})

    assert save(daemon)["file"] == str(daemon.folder / "conf.d" / "saved.toml")

    daemon.restart()
    assert timeout_of_web(daemon) == "1m"


def test_a_file_that_is_tried_by_hand_has_no_state_folder_of_others(launch):
    daemon = launch(FILE)
    daemon.file.write_text(re.sub("state = .*", "", daemon.file.read_text()))
    daemon.restart()
    put(daemon, "/v1/listeners/new", ECHO)

    for query in ("", "?dry_run=true"):
        answer = daemon.post(f"/v1/config/save{query}")
        assert answer.status == 409
        assert answer.json["detail"] == ("tcpctld -c has no state folder to save into: write daemon.state into the file, "
                                         "and restart it")
    assert daemon.listener("new")["source"] == "runtime"
    assert daemon.reload().json["conflicts"] == []


def test_the_state_folder_is_that_of_the_start(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    other = daemon.folder / "other" / "conf.d"
    other.mkdir(parents=True)
    (other / "more.toml").write_text('[listeners.more]\nlisten = ["127.0.0.1:0"]\nservice = "echo"\n')

    done = daemon.reload(FILE + '[daemon]\nstate = "{folder}/other"\n')

    assert done.json["added"] == []
    assert save(daemon)["file"] == str(saved_file(daemon))
    daemon.restart()
    assert set(objects(daemon)) == {"listeners.web", "listeners.more", "clients.feed"}


@as_root
def test_what_another_user_has_saved_is_not_replaced(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    save(daemon)
    before = saved_file(daemon).read_text()
    os.chown(saved_file(daemon), 65534, 65534)
    assert save(daemon)["unchanged"], "there is nothing to replace"
    put(daemon, "/v1/listeners/newer", ECHO)

    for query in ("", "?dry_run=true"):
        answer = daemon.post(f"/v1/config/save{query}")
        assert answer.status == 409
        assert f"{saved_file(daemon)} belongs to uid 65534, and tcpctld runs as uid 0" in answer.json["detail"]
    assert (saved_file(daemon).read_text(), saved_file(daemon).stat().st_uid) == (before, 65534)


def test_with_mistakes_in_the_files_nothing_is_saved(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    daemon.write(FILE.replace("5m", "soon"))

    answer = daemon.post("/v1/config/save")

    assert answer.status == 409
    assert "idle_timeout" in answer.json["errors"][0]["detail"]
    assert not saved_file(daemon).exists()
    assert daemon.listener("new")["source"] == "runtime"
    daemon.write(FILE)
    assert save(daemon)["saved"] == ["listeners.new"]


# --- a disk that fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("leftover", ["", "[listeners.half]\nlis"])
def test_what_a_killed_save_left_is_no_part_and_is_cleaned_up(launch, leftover):
    daemon = launch(FILE)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
    save(daemon)
    half = saved_file(daemon).parent / ".saved.toml.0123abcd.unfinished"
    half.write_text(leftover)

    daemon.restart(signal.SIGKILL)

    assert timeout_of_web(daemon) == "1m"
    put(daemon, "/v1/listeners/new", ECHO)
    save(daemon)
    assert [each.name for each in half.parent.iterdir()] == ["saved.toml"]


def test_killed_while_it_saves_it_starts_on_the_old_or_the_new(launch):
    daemon = launch(FILE)
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1s"})
    save(daemon)
    for number in range(2, 12):
        last = int(timeout_of_web(daemon)[:-1])
        patch(daemon, "/v1/listeners/web", {"idle_timeout": f"{number}s"})
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(lambda: daemon.post("/v1/config/save"))
            eventually(lambda: asked.done() or len(list(saved_file(daemon).parent.iterdir())) > 1 or number % 2,
                       "the save's beginning")
            daemon.restart(signal.SIGKILL)
            asked.exception()
        assert int(timeout_of_web(daemon)[:-1]) in (last, number)


@as_root
def test_a_full_state_folder_is_one_clear_sentence(launch):
    daemon = launch(FILE)
    folder = saved_file(daemon).parent
    folder.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False).returncode:
        pytest.skip("may not mount")
    try:
        patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})
        save(daemon)
        before = saved_file(daemon).read_text()
        with (folder / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
            while True:
                filler.write(b"x" * 4096)
        put(daemon, "/v1/clients/mail", PROBE)

        answer = daemon.post("/v1/config/save")

        assert answer.status == 500
        assert answer.json["detail"] == f"cannot write {saved_file(daemon)}: No space left on device"
        assert saved_file(daemon).read_text() == before
        assert {each.name for each in folder.iterdir()} == {"saved.toml", "filler"}
        assert daemon.client("mail")["source"] == "runtime"
        (folder / "filler").unlink()
        assert save(daemon)["saved"] == ["clients.mail"]
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_folder_that_cannot_be_written_is_one_clear_sentence(launch):
    daemon = launch(FILE)
    put(daemon, "/v1/listeners/new", ECHO)
    elsewhere = daemon.folder / "elsewhere"
    elsewhere.mkdir()
    (daemon.folder / "state").mkdir()
    saved_file(daemon).parent.symlink_to(elsewhere)

    answer = daemon.post("/v1/config/save")
    told = daemon.tcpctl("config", "save")

    assert answer.status == 500
    assert answer.json["detail"] == f"cannot write into {saved_file(daemon).parent}: it is a symbolic link"
    assert list(elsewhere.iterdir()) == []
    assert (told.returncode, told.stdout) == (1, "")
    assert len(told.stderr.splitlines()) == 1
    assert "it is a symbolic link" in told.stderr
    assert daemon.listener("new")["source"] == "runtime"


# --- show, export, diff ---------------------------------------------------------------------------


@pytest.mark.quick
def test_the_export_is_the_same_daemon(launch, tmp_path):
    daemon = launch(FILE)
    put(daemon, "/v1/clients/mail", PROBE)
    patch(daemon, "/v1/listeners/web", {"keepalive": {"idle": "30s"}})

    exported = daemon.tcpctl("config", "export", "--secrets")

    assert (exported.returncode, exported.stderr) == (0, "")
    (tmp_path / "t.toml").write_text(exported.stdout)
    assert run_tcpctld("--check-config", "-c", str(tmp_path / "t.toml")).stderr == ""
    other = launch("")
    other.file.write_text(exported.stdout.replace(str(daemon.folder), str(other.folder)))
    other.restart()
    assert {name: config for name, (config, _) in objects(other).items()} == {
        name: config for name, (config, _) in objects(daemon).items()}


def test_an_export_without_secrets_is_refused_as_a_file(launch, tmp_path):
    daemon = launch("")
    put(daemon, "/v1/clients/mail", PROBE)

    exported = daemon.tcpctl("config", "export")

    assert "PASS" not in exported.stdout
    assert "--secrets" in exported.stderr
    (tmp_path / "t.toml").write_text(exported.stdout)
    done = run_tcpctld("--check-config", "-c", str(tmp_path / "t.toml"))
    assert done.returncode == 1
    assert "<redacted> stands for a value that was not shown" in done.stderr


def test_show_is_toml_or_json(launch):
    daemon = launch(FILE)
    assert '[listeners.web]\nidle_timeout = "5m"\n' in daemon.tcpctl("config", "show").stdout
    shown = daemon.tcpctl_json("config", "show")
    assert shown["listeners"]["web"]["idle_timeout"] == "5m"
    assert shown == daemon.json("/v1/config")
    assert daemon.tcpctl("-o", "csv", "config", "show").returncode == 2


def test_the_difference_is_told(launch):
    daemon = launch(FILE)
    assert daemon.json("/v1/config/diff") == {"same": True, "added": [], "removed": [], "changed": [],
                                                "conflicts": [], "errors": []}
    put(daemon, "/v1/listeners/new", ECHO)
    delete(daemon, "/v1/clients/feed")
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "300s", "keepalive": {"idle": "30s"}})
    daemon.write(FILE + '[history]\nevents = 7\n[api.tokens]\n"a.b" = { role = "read", sha256 = "' + "0" * 64 + '" }\n')

    diff = daemon.json("/v1/config/diff")
    told = daemon.tcpctl("config", "diff")

    assert (diff["same"], diff["added"], diff["removed"]) == (False, ["listeners.new"], ["clients.feed"])
    changed = {each["name"]: each["keys"] for each in diff["changed"]}
    assert changed["listeners.web"] == {"keepalive.idle": {"running": "30s", "files": None}}
    assert changed["history"] == {"events": {"running": None, "files": 7}}
    assert changed["api"]["tokens.a.b.role"] == {"running": None, "files": "read"}
    assert told.returncode == 0
    assert told.stdout.startswith("--- files\n+++ running\n- clients.feed\n+ listeners.new\n")
    assert "-   keepalive.idle = (default)\n+   keepalive.idle = \"30s\"\n" in told.stdout
    assert daemon.tcpctl("config", "diff", "--exit-code").returncode == 1
    assert daemon.tcpctl_json("config", "diff") == diff

    daemon.write("[log]\nlevel = 'loud'\n")
    assert "level" in daemon.json("/v1/config/diff")["errors"][0]
    wrong = daemon.tcpctl("config", "diff")
    assert (wrong.returncode, "test.toml:2:" in wrong.stderr) == (1, True)


@pytest.mark.threaded
def test_the_files_are_compared_for_one_at_a_time(launch):
    """Whoever may read may ask for it, and it reads all files."""
    daemon = launch("".join(f'[listeners.n{number}]\nlisten = ["127.0.0.1:0"]\nservice = "echo"\n' for number in range(300)))

    def ask_at_once():
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: daemon.get("/v1/config/diff"), range(8)))
        assert {answer.status for answer in answers} <= {200, 503}
        assert 200 in {answer.status for answer in answers}
        return next((answer for answer in answers if answer.status == 503), None)

    assert "just being compared" in eventually(ask_at_once, "one that comes in between").json["detail"]
    assert daemon.json("/v1/config/diff")["same"]


# --- who may --------------------------------------------------------------------------------------


def test_roles(launch):
    tokens = "".join(f'{role} = {{ role = "{role}", sha256 = "{hashlib.sha256(role.encode()).hexdigest()}" }}\n'
                     for role in ("read", "operate", "admin"))
    daemon = launch(f"{FILE}[api.tokens]\n{tokens}", listen_http=True)
    put(daemon, "/v1/clients/mail", PROBE)

    def ask(role, method, path, **headers):
        return daemon.web(method, path, None, {"Authorization": f"Bearer {role}", **headers})

    for role, sees, may in (("read", False, False), ("operate", True, False), ("admin", True, True)):
        for headers in ({}, {"Accept": "application/toml"}):
            assert ("PASS" in ask(role, "GET", "/v1/config", **headers).text) == sees
            assert "PASS" not in ask(role, "GET", "/v1/config?secrets=false", **headers).text
            shown = ask(role, "GET", "/v1/config?secrets=true", **headers)
            assert (shown.status, "PASS" in shown.text) == ((200, True) if sees else (403, False))
        assert ask(role, "POST", "/v1/config/save?dry_run=true").status == (200 if may else 403)
        assert ask(role, "GET", "/v1/config/diff").status == 200
    patch(daemon, "/v1/clients/mail", {"steps": [{"send": "hush"}]})
    save(daemon)
    patch(daemon, "/v1/clients/mail", {"steps": [{"send": "PASS"}]})
    for role, sees in (("read", False), ("operate", True)):
        diff = ask(role, "GET", "/v1/config/diff")
        assert [each["name"] for each in diff.json["changed"]] == ["clients.mail"]
        assert ("PASS" in diff.text, "hush" in diff.text) == (sees, sees)


# --- the CLI --------------------------------------------------------------------------------------


@pytest.mark.quick
def test_by_hand(launch):
    daemon = launch(FILE)
    assert daemon.tcpctl("config", "save").stdout == "nothing to save: a restart brings what runs\n"
    patch(daemon, "/v1/listeners/web", {"idle_timeout": "1m"})

    reloaded = daemon.tcpctl("config", "reload")
    assert reloaded.returncode == 0
    assert reloaded.stdout.splitlines()[-1] == (
        f"conflict: listeners.web, declared at {daemon.own_file}:1:12, was changed at run time; that stays; "
        "'tcpctl config save' keeps it over a restart, 'tcpctl config reload --force' takes the file's")
    status = daemon.tcpctl("status").stdout
    assert re.search(r"Conflicts +1; 'tcpctl config reload' tells which", status)
    assert re.search(r"Not saved +1; 'tcpctl config save'", status)
    dry = daemon.tcpctl("config", "save", "--dry-run")
    assert (dry.returncode, dry.stdout.splitlines()[0]) == (0, f"Would be saved in {saved_file(daemon)}")
    done = daemon.tcpctl("config", "save")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"Saved in {saved_file(daemon)}")
    assert re.search(r"saved +listeners\.web", done.stdout)
    assert "saved.toml holds; 'tcpctl config reload --force'" in daemon.tcpctl("config", "reload").stdout
    forced = daemon.tcpctl("config", "reload", "--force")
    assert "the file's holds now" in forced.stdout
    assert timeout_of_web(daemon) == "5m"
    assert json.loads(daemon.tcpctl("-o", "json", "config", "save").stdout)["given_back"] == ["listeners.web"]


def test_the_mistakes_of_a_refused_reload_stay_in_the_status(launch):
    daemon = launch(FILE)
    daemon.write(FILE.replace("5m", "soon"))
    assert daemon.tcpctl("config", "reload").returncode == 1
    assert "test.toml:4:" in daemon.tcpctl("status").stdout
    saving = daemon.tcpctl("config", "save")
    assert (saving.returncode, saving.stdout) == (1, "")
    assert "test.toml:4:" in saving.stderr
    assert saving.stderr.endswith("tcpctl: the files have mistakes; nothing was saved\n")
    daemon.write(FILE)
    assert daemon.tcpctl("config", "reload").returncode == 0
    assert "test.toml:4:" not in daemon.tcpctl("status").stdout
