from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from archiver.workflows.night.timer import SERVICE_NAME, TIMER_NAME, Backups, Timer, later, make_timer


def timer(tmp_path: Path, *, for_user: bool = False, name: str = "records", backups: bool = False) -> Timer:
    program = tmp_path / "bin" / "archiver"
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copies = Backups(
        place=tmp_path / f"copies of {name}", key_file=tmp_path / "keys" / "50%.key", drill_in=tmp_path / "scratch",
        at="08:00", keys_in=(tmp_path / "keys of records",),
    )  # fmt: skip
    return make_timer(
        program=program,
        archive=tmp_path / name,
        config=tmp_path / "config",
        at="01:30",
        user="root",
        for_user=for_user,
        backups=copies if backups else None,
        copies=[tmp_path / "second copy"],
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("for_user", [False, True])
@pytest.mark.parametrize("name", ["records", 'ৰেকৰ্ড 50% of "all"'])
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path, for_user: bool, name: str) -> None:
    made = timer(tmp_path, for_user=for_user, name=name, backups=True)
    texts = {SERVICE_NAME: made.service, TIMER_NAME: made.timer, **{each.name: each.text for each in made.more}}
    assert len(texts) == 6
    for unit, text in texts.items():
        (tmp_path / unit).write_text(text)
    scope = "--user" if for_user else "--system"
    timers = [tmp_path / unit for unit in texts if unit.endswith(".timer")]
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", scope, *timers],
        capture_output=True, text=True, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}, check=False,
    )  # fmt: skip
    for unit in texts:
        assert unit not in checked.stderr, checked.stderr


def test_the_token_is_handed_over_as_a_credential_and_stands_in_no_unit(tmp_path: Path) -> None:
    made = timer(tmp_path)
    assert f"LoadCredential=archiver-token:{tmp_path}/config/nightly.token" in made.service
    assert "Environment=ARCHIVER_TOKEN_FILE=%d/archiver-token" in made.service
    assert "Persistent=true" in made.timer
    assert "RandomizedDelaySec=" in made.timer


def test_percent_signs_of_a_path_are_no_specifiers_and_end_no_crontab_line(tmp_path: Path) -> None:
    made = timer(tmp_path, name="100% kept")
    assert f'"ARCHIVER_ARCHIVE={tmp_path}/100%% kept"' in made.service
    minute, hour, *_, command = made.cron.split(" ", 5)
    assert (minute, hour) == ("30", "1")
    words = shlex.split(command.replace("\\%", "%"))
    assert f"ARCHIVER_ARCHIVE={tmp_path}/100% kept" in words
    assert words[-1] == "nightly"


def test_a_night_may_write_its_second_copy_and_a_backup_its_keys_and_nothing_else(tmp_path: Path) -> None:
    made = timer(tmp_path, backups=True)
    (backup,) = [each.text for each in made.more if each.name == "archiver-backup.service"]
    places = {"night": made.service, "backup": backup}
    written = {
        name: next(line for line in text.splitlines() if line.startswith("ReadWritePaths="))
        for name, text in places.items()
    }
    own = f'"{tmp_path}/records" "{tmp_path}/config"'
    assert written["night"] == f'ReadWritePaths={own} "-{tmp_path}/second copy"'
    assert written["backup"] == f'ReadWritePaths={own} "-{tmp_path}/copies of records" "-{tmp_path}/keys of records"'


def test_a_backup_follows_the_night_and_a_drill_is_held_on_the_first_of_the_month(tmp_path: Path) -> None:
    made = timer(tmp_path, backups=True)
    texts = {each.name: each.text for each in made.more}
    assert "OnCalendar=*-*-* 08:00:00" in texts["archiver-backup.timer"]
    assert "OnCalendar=*-*-01 10:00:00" in texts["archiver-drill.timer"]
    for act in ("backup", "drill"):
        service = texts[f"archiver-{act}.service"]
        assert f"After=network-online.target {SERVICE_NAME}" in service
        assert f"LoadCredential=archiver-backup-key:{tmp_path}/keys/50%%.key" in service
        assert f'"-{tmp_path}/copies of records"' in service
        assert "--key %d/archiver-backup-key --tell" in service
    assert f'"-{tmp_path}/scratch"' in texts["archiver-drill.service"]
    assert f"{SERVICE_NAME} archiver-backup.service\n" in texts["archiver-drill.service"]
    lines = [line.split(" ", 5) for line in made.more_cron]
    assert [line[:5] for line in lines] == [["0", "8", "*", "*", "*"], ["0", "10", "1", "*", "*"]]
    assert [shlex.split(line[5])[-3:] for line in lines] == [
        ["backup", "make", "--tell"],
        ["backup", "drill", "--tell"],
    ]


def test_where_no_backup_is_set_none_is_scheduled(tmp_path: Path) -> None:
    assert (timer(tmp_path).more, timer(tmp_path).more_cron) == ((), ())


def test_a_time_of_day_goes_on_past_midnight() -> None:
    assert [later("01:00", hours=6, minutes=30), later("22:45", hours=2), later("00:00", hours=24)] == [
        "07:30", "00:45", "00:00",
    ]  # fmt: skip
