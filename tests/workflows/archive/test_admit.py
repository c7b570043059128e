from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, LoginRefused, NotPermitted, SecondPersonNeeded
from archiver.core.people import Role, token_path
from archiver.workflows.archive.admit import add_person, disable_person, log_in, log_out
from tests.workflows.town import NOW, SECRET, clerk, make


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Archive]:
    directory, config = make(tmp_path)
    with Archive.open(directory, config_directory=config) as archive:
        yield archive


def test_init_logs_the_first_administrator_in(empty: Archive) -> None:
    token = token_path(empty.config_directory, empty.settings.archive.id).read_text()
    holder = empty.people.holder(token, now=NOW)
    assert holder is not None
    assert (holder.name, holder.role) == ("Clerk", Role.ADMINISTRATOR)


def test_the_first_administrator_alone_may_make_a_second(empty: Archive) -> None:
    added, token = add_person(empty, "Deputy", Role.ADMINISTRATOR, SECRET, actor=clerk(empty), second=None, now=NOW)
    assert (added.role, token) == (Role.ADMINISTRATOR, None)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.APPROVER])
def test_with_two_administrators_a_role_that_approves_takes_both(empty: Archive, role: Role) -> None:
    add_person(empty, "Deputy", Role.ADMINISTRATOR, SECRET, actor=clerk(empty), second=None, now=NOW)
    with pytest.raises(SecondPersonNeeded, match="Deputy"):
        add_person(empty, "Third", role, SECRET, actor=clerk(empty), second=None, now=NOW)
    with pytest.raises(SecondPersonNeeded, match="another administrator"):
        add_person(empty, "Third", role, SECRET, actor=clerk(empty), second=("Clerk", SECRET), now=NOW)
    with pytest.raises(LoginRefused):
        add_person(empty, "Third", role, SECRET, actor=clerk(empty), second=("Deputy", "wrong secret"), now=NOW)
    added, _ = add_person(empty, "Third", role, SECRET, actor=clerk(empty), second=("Deputy", SECRET), now=NOW)
    event = list(empty.trail.events())[-1]
    told = {key: value for key, value in event.detail.items() if key != "commits"}
    assert told == {"role": role.value, "second": empty.people.find("Deputy").id}
    assert added.role is role


def test_an_officer_cannot_be_the_second(empty: Archive) -> None:
    add_person(empty, "Deputy", Role.ADMINISTRATOR, SECRET, actor=clerk(empty), second=None, now=NOW)
    add_person(empty, "Officer", Role.OFFICER, SECRET, actor=clerk(empty), second=None, now=NOW)
    with pytest.raises(SecondPersonNeeded):
        add_person(empty, "X", Role.APPROVER, SECRET, actor=clerk(empty), second=("Officer", SECRET), now=NOW)


@pytest.mark.parametrize("role", [Role.APPROVER, Role.OFFICER, Role.AUDITOR, Role.SERVICE])
def test_only_an_administrator_adds_or_disables_people(empty: Archive, role: Role) -> None:
    secret = None if role is Role.SERVICE else SECRET
    other, _ = add_person(empty, "Other", role, secret, actor=clerk(empty), second=None, now=NOW)
    with pytest.raises(NotPermitted):
        add_person(empty, "X", Role.OFFICER, SECRET, actor=other, second=None, now=NOW)
    with pytest.raises(NotPermitted):
        disable_person(empty, "Clerk", actor=other, now=NOW)


def test_a_disabled_person_neither_logs_in_nor_acts_by_an_old_token(empty: Archive) -> None:
    service, token = add_person(empty, "night", Role.SERVICE, None, actor=clerk(empty), second=None, now=NOW)
    assert token is not None
    assert empty.people.holder(token, now=NOW) == service
    disable_person(empty, "night", actor=clerk(empty), now=NOW)
    assert empty.people.holder(token, now=NOW) is None


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.APPROVER])
def test_with_two_administrators_a_role_that_approves_is_not_taken_by_one_alone(empty: Archive, role: Role) -> None:
    add_person(empty, "Deputy", Role.ADMINISTRATOR, SECRET, actor=clerk(empty), second=None, now=NOW)
    if role is Role.APPROVER:
        add_person(empty, "Third", role, SECRET, actor=clerk(empty), second=("Deputy", SECRET), now=NOW)
    name = "Deputy" if role is Role.ADMINISTRATOR else "Third"
    with pytest.raises(SecondPersonNeeded):
        disable_person(empty, name, actor=clerk(empty), now=NOW)
    assert disable_person(empty, name, actor=clerk(empty), second=("Deputy", SECRET), now=NOW).status == "disabled"


def test_the_last_administrator_stays(empty: Archive) -> None:
    with pytest.raises(BadInput, match="last active administrator"):
        disable_person(empty, "Clerk", actor=clerk(empty), now=NOW)


def test_logging_out_ends_the_token_in_the_archive_too(empty: Archive) -> None:
    person, _ = log_in(empty, "Clerk", SECRET, now=NOW)
    token = token_path(empty.config_directory, empty.settings.archive.id).read_text()
    assert empty.people.holder(token, now=NOW) == person
    assert log_out(empty, now=NOW)
    assert empty.people.holder(token, now=NOW) is None
    assert not log_out(empty, now=NOW)


def test_a_wrong_name_and_a_wrong_secret_are_refused_alike(empty: Archive) -> None:
    with pytest.raises(LoginRefused) as name:
        log_in(empty, "Nobody", SECRET, now=NOW)
    with pytest.raises(LoginRefused) as secret:
        log_in(empty, "Clerk", "wrong secret", now=NOW)
    assert str(name.value) == str(secret.value)


def test_every_event_names_its_actor_and_no_event_holds_a_name_or_secret(empty: Archive) -> None:
    add_person(empty, "Deputy", Role.OFFICER, SECRET, actor=clerk(empty), second=None, now=NOW)
    for event in empty.trail.events():
        assert event.actor == "archive" or event.actor.startswith("per_")
        assert "Deputy" not in event.line
        assert SECRET not in event.line
