"""Ready systemd units and a cron line that run the night. Pure.

Source: systemd.service(5), systemd.timer(5), systemd.exec(5) of systemd 252 (Debian 12), crontab(5).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

SERVICE_NAME = "archiver-nightly.service"
TIMER_NAME = "archiver-nightly.timer"
CREDENTIAL = "archiver-token"

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
class Timer:
    """The texts of the two unit files, where they belong, and a line for crontab."""

    service: str
    timer: str
    cron: str
    directory: str
    token_file: str


def make_timer(*, program: Path, archive: Path, config: Path, at: str, user: str | None, for_user: bool) -> Timer:
    """Units that run `program nightly` at the local time `at`, `HH:MM`.

    `config` is the directory with the archive's keys. `for_user`: units of a user's own service manager;
    otherwise the system's, run as `user`.
    """
    token = config / "nightly.token"
    directory = "~/.config/systemd/user" if for_user else "/etc/systemd/system"
    who = "" if for_user else f"User={_escape(user or 'archiver')}\n"
    # the user's own manager cannot set up every confinement: what it cannot, it would fail on
    confinement = "NoNewPrivileges=true\nUMask=0077\n" if for_user else _HARDENING
    writable = "" if for_user else f"ReadWritePaths={_quote(archive)} {_quote(config)}\n"
    service = f"""\
[Unit]
Description=Archiver: the night's captures
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=6h
StartLimitBurst=5

[Service]
Type=oneshot
{who}ExecStart={_quote(program)} nightly
Environment={_quote(f"ARCHIVER_ARCHIVE={archive}")}
Environment={_quote(f"ARCHIVER_CONFIG={config}")}
Environment=ARCHIVER_TOKEN_FILE=%d/{CREDENTIAL}
LoadCredential={CREDENTIAL}:{_escape(str(token))}
# a run that is killed is taken up where it was
Restart=on-abnormal
RestartSec=60
KillMode=mixed
TimeoutStopSec=180
Nice=5
{confinement}{writable}"""
    timer = f"""\
[Unit]
Description=Archiver: every night

[Timer]
OnCalendar=*-*-* {at}:00
# a night that the machine slept through is caught up when it wakes
Persistent=true
RandomizedDelaySec=10min

[Install]
WantedBy=timers.target
"""
    hour, minute = at.split(":")
    words = [f"ARCHIVER_ARCHIVE={archive}", f"ARCHIVER_CONFIG={config}", f"ARCHIVER_TOKEN_FILE={token}"]
    assigned = " ".join(f"{name}={shlex.quote(value)}" for name, _, value in (word.partition("=") for word in words))
    # in a crontab a percent sign ends the command
    command = f"{assigned} {shlex.quote(str(program))} nightly".replace("%", "\\%")
    return Timer(
        service=service,
        timer=timer,
        cron=f"{int(minute)} {int(hour)} * * * {command}",
        directory=directory,
        token_file=str(token),
    )


def _escape(text: str) -> str:
    """Specifiers begin with a percent sign."""
    return text.replace("%", "%%")


def _quote(text: Path | str) -> str:
    """One word of a unit file, white space and quotes kept."""
    escaped = _escape(str(text)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
