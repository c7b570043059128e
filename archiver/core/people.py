"""Who may do what: people with roles and secrets, and the short-lived tokens they act with.

An operating-system user name is never an identity. SQL for the tables `people` and `logins`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlite_utils import Database

from archiver.core.clock import to_iso
from archiver.core.errors import AlreadyExists, BadInput, LoginRefused, NotFound, NotPermitted
from archiver.core.records import new_id

LOGIN_LASTS = timedelta(hours=8)
SERVICE_TOKEN_LASTS = timedelta(days=365)
MINIMUM_SECRET = 10
"""Characters (OWASP ASVS 5.0, 6.2.1 asks for 8)."""

_hasher = PasswordHasher()


class Role(StrEnum):
    """What a person is in this archive."""

    ADMINISTRATOR = "administrator"  # people and settings, and all an approver and an officer may
    APPROVER = "approver"  # approves plans, disposals and productions, and all an officer may
    OFFICER = "officer"  # accounts, jobs, captures, records, requests
    AUDITOR = "auditor"  # looks, and changes nothing
    SERVICE = "service"  # an unattended run: captures and backs up, and nothing else

    def may(self, permission: Permission) -> bool:
        return permission in _PERMISSIONS[self]


class Permission(StrEnum):
    """Kinds of acts; a command asks for one."""

    CAPTURE = "capture"
    BACK_UP = "back up"
    KEEP_RECORDS = "keep records"
    ANSWER = "answer requests"
    APPROVE = "approve"
    ADMINISTER = "administer"


_OFFICER = frozenset({Permission.CAPTURE, Permission.KEEP_RECORDS, Permission.ANSWER})
_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: _OFFICER | {Permission.APPROVE, Permission.ADMINISTER, Permission.BACK_UP},
    Role.APPROVER: _OFFICER | {Permission.APPROVE},
    Role.OFFICER: _OFFICER,
    Role.AUDITOR: frozenset(),
    Role.SERVICE: frozenset({Permission.CAPTURE, Permission.BACK_UP}),
}


@dataclass(frozen=True, kw_only=True)
class Person:
    id: str
    name: str
    role: Role
    status: str  # active | disabled
    created: str

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted where the person's role does not allow `permission`."""
        if not self.role.may(permission):
            able = ", ".join(role.value for role in Role if role.may(permission))
            raise NotPermitted(
                f"{self.name} is {self.role.value} and may not {permission.value}: that takes one of {able}"
            )


class People:
    """The people of one archive. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, name: str, role: Role, secret: str, *, now: datetime, by: str) -> Person:
        name = _same_bytes(name.strip())
        if not name:
            raise BadInput("a person needs a name")
        if len(secret) < MINIMUM_SECRET:
            raise BadInput(f"the secret of {name} needs at least {MINIMUM_SECRET} characters")
        if self._row("name = ?", name) is not None:
            raise AlreadyExists(f"a person named {name} exists already: names are never given twice")
        person = Person(id=new_id("per"), name=name, role=role, status="active", created=to_iso(now))
        self._db.conn.execute(
            "INSERT INTO people (id, name, role, secret_hash, status, created, created_by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (person.id, name, role.value, _hasher.hash(_same_bytes(secret)), "active", person.created, by),
        )
        return person

    def find(self, name: str) -> Person:
        """By name or id. Raises NotFound."""
        row = self._row("id = ?", name) or self._row("name = ?", _same_bytes(name.strip()))
        if row is None:
            raise NotFound(f"nobody named {name} is known to this archive: see `archiver person list`")
        return row

    def everybody(self) -> list[Person]:
        rows = self._db.conn.execute("SELECT id, name, role, status, created FROM people ORDER BY created, name")
        return [_person(row) for row in rows]

    def active(self, role: Role) -> list[Person]:
        return [each for each in self.everybody() if each.role is role and each.status == "active"]

    def disable(self, name: str) -> Person:
        """Raises BadInput where no administrator would be left."""
        person = self.find(name)
        if person.role is Role.ADMINISTRATOR and self.active(Role.ADMINISTRATOR) == [person]:
            raise BadInput(f"{person.name} is the last active administrator: add another first")
        self._db.conn.execute("UPDATE people SET status = 'disabled' WHERE id = ?", (person.id,))
        self._db.conn.execute("DELETE FROM logins WHERE person_id = ?", (person.id,))
        return self.find(person.id)

    def authenticate(self, name: str, secret: str) -> Person:
        """The person whose secret it is.

        Raises LoginRefused, the same for a wrong name and a wrong secret.
        """
        row = self._db.conn.execute(
            "SELECT id, name, role, status, created, secret_hash FROM people WHERE name = ?",
            (_same_bytes(name.strip()),),
        ).fetchone()
        stored = row[5] if row else _nobodys_hash()
        try:
            _hasher.verify(stored, _same_bytes(secret))
        except (VerificationError, InvalidHashError):
            row = None
        if row is None or row[3] != "active":
            raise LoginRefused("the name or the secret is wrong, or the person is disabled")
        return _person(row[:5])

    def issue_token(self, person: Person, *, now: datetime) -> tuple[str, datetime]:
        """A fresh token and the moment it ends; only its hash is kept."""
        token = secrets.token_urlsafe(32)
        ends = now + (SERVICE_TOKEN_LASTS if person.role is Role.SERVICE else LOGIN_LASTS)
        self._db.conn.execute("DELETE FROM logins WHERE expires < ?", (to_iso(now),))
        self._db.conn.execute(
            "INSERT INTO logins (token_hash, person_id, expires) VALUES (?, ?, ?)",
            (_hash(token), person.id, to_iso(ends)),
        )
        return token, ends

    def holder(self, token: str, *, now: datetime) -> Person | None:
        """Whose valid token it is; None for an unknown or expired one."""
        row = self._db.conn.execute(
            "SELECT p.id, p.name, p.role, p.status, p.created "
            "FROM logins l JOIN people p ON p.id = l.person_id "
            "WHERE l.token_hash = ? AND l.expires > ? AND p.status = 'active'",
            (_hash(token), to_iso(now)),
        ).fetchone()
        return _person(row) if row else None

    def forget_token(self, token: str) -> None:
        self._db.conn.execute("DELETE FROM logins WHERE token_hash = ?", (_hash(token),))

    def _row(self, where: str, *values: str) -> Person | None:
        sql = f"SELECT id, name, role, status, created FROM people WHERE {where}"  # noqa: S608 - constants
        row = self._db.conn.execute(sql, values).fetchone()
        return _person(row) if row else None


def _person(row: tuple[str, ...]) -> Person:
    return Person(id=row[0], name=row[1], role=Role(row[2]), status=row[3], created=row[4])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _same_bytes(typed: str) -> str:
    """One spelling for what keyboards compose differently (RFC 8265: Normalization Form C).

    Raises BadInput for a text that is no UTF-8.
    """
    try:
        return unicodedata.normalize("NFC", typed).encode().decode()
    except UnicodeEncodeError as error:
        raise BadInput("the name or secret holds bytes that are no UTF-8 text: check the terminal's locale") from error


@cache
def _nobodys_hash() -> str:
    """Verified in place of an unknown person's secret: a wrong name takes as long as a wrong secret."""
    return _hasher.hash(secrets.token_urlsafe(16))


def token_path(config_directory: Path, archive_id: str) -> Path:
    return config_directory / "tokens" / archive_id


def keep_token(path: Path, token: str) -> None:
    """Store it readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
