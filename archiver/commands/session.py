"""What every command shares: `--archive`, `--json`, the opened archive, and who is acting."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotLoggedIn
from archiver.core.people import Permission, Person, token_path

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Session:
    """One command's surroundings."""

    directory: Path
    as_json: bool

    @contextmanager
    def look(self) -> Iterator[Archive]:
        """The archive, to be read."""
        with Archive.open(self.directory) as archive:
            yield archive

    @contextmanager
    def act(self, permission: Permission) -> Iterator[tuple[Archive, Person]]:
        """The archive, and the authenticated person who may do what is asked.

        What a crash left behind is recovered first; at the end, also after an error, the trail is
        checkpointed and the catalogue snapshotted. After a run that ended well the trail is time-stamped,
        where that is due. Raises NotLoggedIn, NotPermitted.
        """
        with Archive.open(self.directory) as archive:
            person = require_person(archive)
            person.require(permission)
            # imported here: only what changes something needs the capture room, and waits for its libraries
            from archiver.workflows.recover import recover

            try:
                recover(archive, now=clock.now())
                yield archive, person
            finally:
                archive.finish_run(at=clock.now())
            if archive.settings.timestamp.url:
                from archiver.workflows.archive.timestamp import stamp_if_due

                stamp_if_due(archive, now=clock.now())


def require_person(archive: Archive) -> Person:
    """Whose token is at hand: `ARCHIVER_TOKEN`, the file `ARCHIVER_TOKEN_FILE`, else what `archiver login` kept.

    Raises NotLoggedIn.
    """
    token = os.environ.get("ARCHIVER_TOKEN") or _token_of_file() or _kept_token(archive)
    person = archive.people.holder(token, now=clock.now()) if token else None
    if person is None:
        why = "the login has expired or is none of this archive's" if token else "nobody is logged in"
        raise NotLoggedIn(f"{why} to {archive.directory}: run `archiver login NAME --archive {archive.directory}`")
    return person


def _token_of_file() -> str | None:
    """Of the file a service manager hands over. Raises NotLoggedIn where it is named and cannot be read."""
    named = os.environ.get("ARCHIVER_TOKEN_FILE")
    if not named:
        return None
    try:
        return Path(named).read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise NotLoggedIn(f"the token's file {named} cannot be read: {error.strerror}") from error


def _kept_token(archive: Archive) -> str | None:
    path = token_path(archive.config_directory, archive.settings.archive.id)
    return path.read_text(errors="replace") if path.exists() else None


def archive_command(function: _F) -> Callable[..., Any]:
    """Give a command `--archive` and `--json`, and hand it the Session first."""

    @click.option(
        "--archive",
        "directory",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="ARCHIVER_ARCHIVE",
        default=Path(),
        help="The archive's directory (or set ARCHIVER_ARCHIVE).  [default: the current directory]",
    )
    @json_option
    @functools.wraps(function)
    def command(*args: Any, directory: Path, as_json: bool, **kwargs: Any) -> Any:
        return function(Session(directory, as_json), *args, **kwargs)

    return command


def json_option(function: _F) -> _F:
    """`--json`, for every command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")(function)


def read_secret(prompt: str, *, confirm: bool = False) -> str:
    """Asked for on the terminal without echo; one line of standard input where that is no terminal."""
    if not sys.stdin.isatty():
        lines = [sys.stdin.readline().rstrip("\n") for _ in range(2 if confirm else 1)]
        if not lines[0] or len(set(lines)) > 1:
            raise BadInput(f"{prompt}: write it on standard input{', twice, a line each' if confirm else ''}")
        return lines[0]
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
