"""Ready systemd units and cron lines that run the night, the backup and its drill. Pure.

Source: systemd.service(5), systemd.timer(5), systemd.exec(5) of systemd 252 (Debian 12), crontab(5).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SERVICE_NAME = "archiver-nightly.service"
TIMER_NAME = "archiver-nightly.timer"
CREDENTIAL = "archiver-token"
KEY_CREDENTIAL = "archiver-backup-key"

_HARDENING = """\
NoNewPrivileges=true
PrivateTmp=true
PrivateDevices=true
ProtectSystem=strict
ProtectHome=read-only
ProtectClock=true
ProtectHostname=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectKernelLogs=true
ProtectControlGroups=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
SystemCallArchitectures=native
UMask=0077
"""
# not MemoryDenyWriteExecute= and RestrictNamespaces=: Chromium compiles scripts and has a sandbox of its own


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit file: its name and its text."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Timer:
    """The texts of the night's two unit files, where they belong, and a line for crontab.

    `more` are the units of the backup and its monthly drill, `more_cron` their lines; none where none is scheduled.
    """

    service: str
    timer: str
    cron: str
    directory: str
    token_file: str
    more: tuple[Unit, ...] = ()
    more_cron: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Backups:
    """Where backups lie, the key's file, where a drill unpacks (None: a temporary directory), and the local time,
    `HH:MM`, at which they begin each day: after the night, for both need the archive for themselves. `keys_in` is where
    the keys of records lie, if not in the backup.
    """

    place: Path
    key_file: Path
    drill_in: Path | None
    at: str
    keys_in: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Act:
    """One thing that is done unattended."""

    name: str  # of its units, without the ending
    about: str
    command: str  # what stands behind the program's name in a unit
    plain_command: str  # the same for a crontab
    day: str  # of OnCalendar=
    cron_day: str
    at: str
    waits_for: tuple[str, ...] = ()  # units whose end is waited for where they are at work
    writes: tuple[Path, ...] = ()
    credentials: tuple[tuple[str, Path], ...] = ()


def make_timer(
    *,
    program: Path,
    archive: Path,
    config: Path,
    at: str,
    user: str | None,
    for_user: bool,
    backups: Backups | None = None,
    copies: Sequence[Path] = (),
) -> Timer:
    """Units that run `program nightly` at the local time `at`, `HH:MM`, and where `backups` says so the backup each day
    and the drill on the first of each month.

    `config` is the directory with the archive's keys, `copies` are places outside of the archive that a night writes
    to. `for_user`: units of a user's own service manager; otherwise the system's, run as `user`.
    """
    token = config / "nightly.token"
    who = None if for_user else user or "archiver"
    night = _Act(
        name=SERVICE_NAME.removesuffix(".service"), about="every night", command="nightly", plain_command="nightly",
        day="*-*-*", cron_day="* * *", at=at, writes=tuple(copies),
    )  # fmt: skip
    rest = _backup_acts(backups) if backups else ()
    units = [
        unit
        for each in rest
        for unit in (
            Unit(name=f"{each.name}.service", text=_service(each, program, archive, config, token, who)),
            Unit(name=f"{each.name}.timer", text=_timer(each)),
        )
    ]
    return Timer(
        service=_service(night, program, archive, config, token, who),
        timer=_timer(night),
        cron=_cron(night, program, archive, config, token),
        directory="~/.config/systemd/user" if for_user else "/etc/systemd/system",
        token_file=str(token),
        more=tuple(units),
        more_cron=tuple(_cron(each, program, archive, config, token) for each in rest),
    )


def _backup_acts(backups: Backups) -> tuple[_Act, _Act]:
    key = ((KEY_CREDENTIAL, backups.key_file),)
    shared = f"--key %d/{KEY_CREDENTIAL} --tell"
    return (
        _Act(
            name="archiver-backup", about="a backup every day", command=f"backup make {shared}",
            plain_command="backup make --tell", day="*-*-*", cron_day="* * *", at=backups.at,
            waits_for=(SERVICE_NAME,), writes=(backups.place, *backups.keys_in), credentials=key,
        ),
        _Act(
            name="archiver-drill", about="a restore practised every month", command=f"backup drill {shared}",
            plain_command="backup drill --tell", day="*-*-01", cron_day="1 * *", at=later(backups.at, hours=2),
            waits_for=(SERVICE_NAME, "archiver-backup.service"),
            writes=(backups.place, *([backups.drill_in] if backups.drill_in else [])), credentials=key,
        ),
    )  # fmt: skip


def later(at: str, *, hours: int, minutes: int = 0) -> str:
    """The time of day, `HH:MM`, so much later; past midnight it is the next day's."""
    hour, minute = map(int, at.split(":"))
    total = (hour * 60 + minute + hours * 60 + minutes) % (24 * 60)
    return f"{total // 60:02d}:{total % 60:02d}"


def _service(act: _Act, program: Path, archive: Path, config: Path, token: Path, user: str | None) -> str:
    who = "" if user is None else f"User={_escape(user)}\n"
    # the user's own manager cannot set up every confinement: what it cannot, it would fail on
    confinement = "NoNewPrivileges=true\nUMask=0077\n" if user is None else _HARDENING
    # a place that is not mounted, behind the hyphen, is found missing by the command, which tells of it
    places = " ".join([_quote(archive), _quote(config), *(_quote(f"-{each}") for each in act.writes)])
    writable = "" if user is None else f"ReadWritePaths={places}\n"
    handed = "".join(
        f"LoadCredential={name}:{_escape(str(path))}\n" for name, path in ((CREDENTIAL, token), *act.credentials)
    )
    return f"""\
[Unit]
Description=Archiver: {act.about}
Documentation=man:systemd.service(5)
Wants=network-online.target
After={" ".join(["network-online.target", *act.waits_for])}
StartLimitIntervalSec=6h
StartLimitBurst=5

[Service]
Type=oneshot
{who}ExecStart={_quote(program)} {act.command}
Environment={_quote(f"ARCHIVER_ARCHIVE={archive}")}
Environment={_quote(f"ARCHIVER_CONFIG={config}")}
Environment=ARCHIVER_TOKEN_FILE=%d/{CREDENTIAL}
{handed}# a run that is killed is taken up where it was
Restart=on-abnormal
RestartSec=60
KillMode=mixed
TimeoutStopSec=180
Nice=5
{confinement}{writable}"""


def _timer(act: _Act) -> str:
    return f"""\
[Unit]
Description=Archiver: {act.about}

[Timer]
OnCalendar={act.day} {act.at}:00
# what the machine slept through is caught up when it wakes
Persistent=true
RandomizedDelaySec=10min

[Install]
WantedBy=timers.target
"""


def _cron(act: _Act, program: Path, archive: Path, config: Path, token: Path) -> str:
    hour, minute = act.at.split(":")
    words = [f"ARCHIVER_ARCHIVE={archive}", f"ARCHIVER_CONFIG={config}", f"ARCHIVER_TOKEN_FILE={token}"]
    assigned = " ".join(f"{name}={shlex.quote(value)}" for name, _, value in (word.partition("=") for word in words))
    # in a crontab a percent sign ends the command
    command = f"{assigned} {shlex.quote(str(program))} {act.plain_command}".replace("%", "\\%")
    return f"{int(minute)} {int(hour)} {act.cron_day} {command}"


def _escape(text: str) -> str:
    """Specifiers begin with a percent sign."""
    return text.replace("%", "%%")


def _quote(text: Path | str) -> str:
    """One word of a unit file, white space and quotes kept."""
    escaped = _escape(str(text)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
