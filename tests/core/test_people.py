"""Who may do what, with which secret, for how long."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from archiver.core.archive import Archive
from archiver.core.errors import AlreadyExists, BadInput, LoginRefused, NotFound, NotPermitted
from archiver.core.people import Permission, Person, Role, keep_token, token_path

SECRET = "ব্ৰহ্মপুত্ৰ-2026"

# the table an auditor reads: what each role may, and nothing else
ROLES = {
    "administrator": {"capture", "keep records", "answer requests", "approve", "administer", "back up"},
    "approver": {"capture", "keep records", "answer requests", "approve"},
    "officer": {"capture", "keep records", "answer requests"},
    "auditor": set(),
    "service": {"capture", "back up"},
}


@pytest.fixture
def officer(archive: Archive, now: datetime) -> Person:
    return archive.people.add("Rūpa Devī", Role.OFFICER, SECRET, now=now, by="archive")


def test_the_table_names_every_role_and_every_permission() -> None:
    assert set(ROLES) == {each.value for each in Role}
    assert ROLES["administrator"] == {each.value for each in Permission}


@pytest.mark.parametrize("permission", list(Permission))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_the_table_says(role: Role, permission: Permission) -> None:
    person = Person(id="per_1", name="Rūpa", role=role, status="active", created="")
    if permission.value in ROLES[role.value]:
        person.require(permission)
    else:
        with pytest.raises(NotPermitted):
            person.require(permission)


def test_a_refusal_names_the_person_the_act_and_who_may() -> None:
    person = Person(id="per_1", name="Rūpa", role=Role.OFFICER, status="active", created="")
    with pytest.raises(NotPermitted) as caught:
        person.require(Permission.APPROVE)
    assert str(caught.value) == ("Rūpa is officer and may not approve: that takes one of administrator, approver")


def test_a_person_logs_in_with_name_and_secret(archive: Archive, officer: Person) -> None:
    assert archive.people.authenticate("Rūpa Devī", SECRET) == officer


@pytest.mark.parametrize("name", ["ৰূপা দেৱী", "रूपा देवी", "رُوپا دیوی", "Rūpa O’Brien", "🦏 rhino"])
def test_names_of_every_script_are_found(archive: Archive, now: datetime, name: str) -> None:
    person = archive.people.add(name, Role.AUDITOR, SECRET, now=now, by="archive")
    assert archive.people.find(name) == person
    assert archive.people.find(person.id) == person
    assert archive.people.authenticate(name, SECRET) == person


def test_a_name_typed_on_another_keyboard_is_the_same_name(archive: Archive, now: datetime) -> None:
    """é is one character or two, by keyboard and operating system."""
    person = archive.people.add("Ren\u00e9", Role.OFFICER, "s\u00e9cret-de-Ren\u00e9", now=now, by="archive")
    assert archive.people.authenticate("Rene\u0301", "se\u0301cret-de-Rene\u0301") == person
    with pytest.raises(AlreadyExists):
        archive.people.add("Rene\u0301", Role.OFFICER, SECRET, now=now, by="archive")


def test_wrong_names_and_wrong_secrets_are_refused_alike(archive: Archive, officer: Person) -> None:
    messages = set()
    for name, secret in [
        ("Rūpa Devī", SECRET + " "),
        ("Rūpa Devī", ""),
        ("Rupa Devi", SECRET),
        (officer.id, SECRET),
        ("", ""),
    ]:
        with pytest.raises(LoginRefused) as caught:
            archive.people.authenticate(name, secret)
        messages.add(str(caught.value))
    assert messages == {"the name or the secret is wrong, or the person is disabled"}


def test_secrets_and_tokens_are_nowhere_in_the_catalogue(archive: Archive, officer: Person, now: datetime) -> None:
    token, _ = archive.people.issue_token(officer, now=now)
    archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = (archive.directory / "catalogue.db").read_bytes()
    assert officer.id.encode() in content
    assert SECRET.encode() not in content
    assert token.encode() not in content
    assert b"$argon2id$" in content


def test_a_secret_costs_a_guesser_at_least_what_owasp_asks_for(shipped_hasher: PasswordHasher) -> None:
    kept = extract_parameters(shipped_hasher.hash(SECRET))
    assert kept.type is Type.ID
    assert (kept.memory_cost >= 19 * 1024, kept.time_cost >= 2, kept.salt_len, kept.hash_len) == (True, True, 16, 32)


@pytest.mark.parametrize(
    ("name", "secret", "message"),
    [
        ("  ", SECRET, "a person needs a name"),
        ("Rūpa", "নয়টা", "the secret of Rūpa needs at least 10 characters"),
        ("Rūpa \udcff", SECRET, "the name or secret holds bytes that are no UTF-8 text"),
        ("Rūpa", SECRET + "\udcff", "the name or secret holds bytes that are no UTF-8 text"),
    ],
)
def test_a_person_needs_a_name_and_a_long_secret(
    archive: Archive, now: datetime, name: str, secret: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        archive.people.add(name, Role.OFFICER, secret, now=now, by="archive")
    assert archive.people.everybody() == []


def test_a_name_is_never_given_twice_even_after_disabling(archive: Archive, officer: Person, now: datetime) -> None:
    archive.people.disable(officer.name)
    with pytest.raises(AlreadyExists, match="Rūpa Devī exists already"):
        archive.people.add(" Rūpa Devī ", Role.OFFICER, SECRET, now=now, by="archive")


def test_nobody_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound, match="nobody named Rūpa"):
        archive.people.find("Rūpa")


def test_a_person_named_like_anothers_id_does_not_stand_in_for_them(
    archive: Archive, officer: Person, now: datetime
) -> None:
    archive.people.add(officer.id, Role.AUDITOR, SECRET, now=now, by="archive")
    assert archive.people.find(officer.id) == officer


def test_a_disabled_person_is_out_at_once(archive: Archive, officer: Person, now: datetime) -> None:
    token, _ = archive.people.issue_token(officer, now=now)
    assert archive.people.disable(officer.name).status == "disabled"
    assert archive.people.holder(token, now=now) is None
    with pytest.raises(LoginRefused):
        archive.people.authenticate(officer.name, SECRET)
    assert [each.status for each in archive.people.everybody()] == ["disabled"]


def test_the_last_active_administrator_cannot_be_disabled(archive: Archive, now: datetime) -> None:
    first = archive.people.add("Rūpa", Role.ADMINISTRATOR, SECRET, now=now, by="archive")
    second = archive.people.add("Zoya", Role.ADMINISTRATOR, SECRET, now=now, by="archive")
    archive.people.disable(first.id)
    with pytest.raises(BadInput, match="Zoya is the last active administrator: add another first"):
        archive.people.disable(second.id)
    assert archive.people.active(Role.ADMINISTRATOR) == [second]
    assert archive.people.disable(first.id).status == "disabled"  # again: changes nothing, refuses nothing


@pytest.mark.parametrize(("role", "lasts"), [(Role.OFFICER, timedelta(hours=8)), (Role.SERVICE, timedelta(days=365))])
def test_a_token_holds_until_its_end_and_no_longer(
    archive: Archive, now: datetime, role: Role, lasts: timedelta
) -> None:
    person = archive.people.add("Rūpa", role, SECRET, now=now, by="archive")
    token, ends = archive.people.issue_token(person, now=now)
    assert ends == now + lasts
    assert archive.people.holder(token, now=ends - timedelta(microseconds=1)) == person
    assert archive.people.holder(token, now=ends) is None


def test_a_token_is_forgotten_alone(archive: Archive, officer: Person, now: datetime) -> None:
    first, _ = archive.people.issue_token(officer, now=now)
    second, _ = archive.people.issue_token(officer, now=now)
    archive.people.forget_token(first)
    assert archive.people.holder(first, now=now) is None
    assert archive.people.holder(second, now=now) == officer


def test_expired_tokens_are_swept_when_one_is_issued(archive: Archive, officer: Person, now: datetime) -> None:
    archive.people.issue_token(officer, now=now)
    archive.people.issue_token(officer, now=now + timedelta(days=1))
    assert archive.db.table("logins").count == 1


def test_an_unknown_token_is_nobodys(archive: Archive, officer: Person, now: datetime) -> None:
    archive.people.issue_token(officer, now=now)
    assert archive.people.holder("", now=now) is None
    assert archive.people.holder("x' OR '1'='1", now=now) is None


def test_a_kept_token_is_its_owners_only_whatever_stood_there(tmp_path: Path) -> None:
    path = token_path(tmp_path, "arc_0000000000000001")
    assert path == tmp_path / "tokens" / "arc_0000000000000001"
    keep_token(path, "first")
    path.chmod(0o666)
    keep_token(path, "second")
    assert path.read_text() == "second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
