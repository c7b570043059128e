"""Letting people in, and out: logins, roles, and the second administrator that a grant takes."""

from __future__ import annotations

import secrets
from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.errors import SecondPersonNeeded
from archiver.core.events import EventType
from archiver.core.people import Permission, Person, Role, keep_token, token_path


def log_in(archive: Archive, name: str, secret: str, *, now: datetime) -> tuple[Person, datetime]:
    """Check the secret and keep a token for this operating-system user. Raises LoginRefused."""
    person = archive.people.authenticate(name, secret)
    with archive.change(at=now, actor=person.id) as change:
        token, ends = archive.people.issue_token(person, now=now)
        change.record(EventType.LOGGED_IN, [person.id])
    keep_token(token_path(archive.config_directory, archive.settings.archive.id), token)
    return person, ends


def log_out(archive: Archive, *, now: datetime) -> bool:
    """Forget this user's token, in the archive too; whether there was one."""
    path = token_path(archive.config_directory, archive.settings.archive.id)
    if not path.exists():
        return False
    token = path.read_text()
    holder = archive.people.holder(token, now=now)
    if holder is not None:
        with archive.change(at=now, actor=holder.id) as change:
            archive.people.forget_token(token)
            change.record(EventType.LOGGED_OUT, [holder.id])
    path.unlink()
    return True


def add_person(
    archive: Archive,
    name: str,
    role: Role,
    secret: str | None,
    *,
    actor: Person,
    second: tuple[str, str] | None,
    now: datetime,
) -> tuple[Person, str | None]:
    """Add somebody. A service (no secret) gets a token of a year, returned this once.

    `second` is the name and secret of another administrator: needed to grant a role that can
    approve as soon as there are two. Raises SecondPersonNeeded, LoginRefused, AlreadyExists, BadInput.
    """
    actor.require(Permission.ADMINISTER)
    witness = _confirm_grant(archive, role, actor, second)
    with archive.change(at=now, actor=actor.id) as change:
        person = archive.people.add(name, role, secret or secrets.token_urlsafe(32), now=now, by=actor.id)
        token = archive.people.issue_token(person, now=now)[0] if role is Role.SERVICE else None
        detail = {"role": role.value} | ({"second": witness.id} if witness else {})
        change.record(EventType.PERSON_ADDED, [person.id], detail, commits=[("people", person.id)])
    return person, token


def _confirm_grant(archive: Archive, role: Role, actor: Person, second: tuple[str, str] | None) -> Person | None:
    if not role.may(Permission.APPROVE):
        return None
    return second_administrator(
        archive, actor, second, f"{role.value} is a role that can approve: granting or taking it"
    )


def second_administrator(archive: Archive, actor: Person, second: tuple[str, str] | None, act: str) -> Person | None:
    """The other administrator who confirms `act`; None where there is no other. Raises SecondPersonNeeded."""
    others = [each for each in archive.people.active(Role.ADMINISTRATOR) if each.id != actor.id]
    if not others:
        return None
    if second is None:
        raise SecondPersonNeeded(
            f"{act} takes a second administrator (--second {' or '.join(each.name for each in others)})"
        )
    witness = archive.people.authenticate(*second)
    if witness.id == actor.id or witness.role is not Role.ADMINISTRATOR:
        raise SecondPersonNeeded(
            f"{witness.name} cannot be the second: another administrator than {actor.name} must confirm"
        )
    return witness


def disable_person(
    archive: Archive, name: str, *, actor: Person, second: tuple[str, str] | None = None, now: datetime
) -> Person:
    """Disable somebody. A role that can approve is taken as it is granted: with a second administrator.

    The person disabled may be that second. Without this, one administrator could disable the other and
    then grant approval alone. Raises NotFound, SecondPersonNeeded, BadInput where no administrator would be left.
    """
    actor.require(Permission.ADMINISTER)
    witness = _confirm_grant(archive, archive.people.find(name).role, actor, second)
    with archive.change(at=now, actor=actor.id) as change:
        person = archive.people.disable(name)
        change.record(
            EventType.PERSON_DISABLED,
            [person.id],
            {"second": witness.id} if witness else {},
            commits=[("people", person.id)],
        )
    return person
