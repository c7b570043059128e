from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from archiver.workflows.night.timer import SERVICE_NAME, TIMER_NAME, Timer, make_timer


def timer(tmp_path: Path, *, for_user: bool = False, name: str = "records") -> Timer:
    program = tmp_path / "bin" / "archiver"
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return make_timer(
        program=program, archive=tmp_path / name, config=tmp_path / "config", at="01:30", user="root", for_user=for_user
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("for_user", [False, True])
@pytest.mark.parametrize("name", ["records", 'ৰেকৰ্ড 50% of "all"'])
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path, for_user: bool, name: str) -> None:
    made = timer(tmp_path, for_user=for_user, name=name)
    (tmp_path / SERVICE_NAME).write_text(made.service)
    (tmp_path / TIMER_NAME).write_text(made.timer)
    scope = "--user" if for_user else "--system"
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", scope, tmp_path / TIMER_NAME],
        capture_output=True, text=True, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert SERVICE_NAME not in checked.stderr, checked.stderr
    assert TIMER_NAME not in checked.stderr, checked.stderr


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
