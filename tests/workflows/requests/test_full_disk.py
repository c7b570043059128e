"""A disk that is full when a production is nearly made: what is said, what stays, and how the next run goes on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import LeakFound, StorageFull
from archiver.core.events import EventType
from archiver.workflows.requests import release
from archiver.workflows.requests.release import make_production, repeat_production
from exports.checking.verifier import check
from tests.exports.release.test_full_disk import PAGE, disk, make_room, pages_of
from tests.exports.release.test_release import tree
from tests.workflows.requests.test_release import PLAIN, ask, clear_all, redact_person, release_all
from tests.workflows.town import NOW, Town, clerk

pytestmark = pytest.mark.browser


@pytest.fixture
def reviewed(archive: Archive) -> str:
    number = ask(archive, "bakery")
    release_all(archive, number)
    clear_all(archive, number)
    return number


def events(archive: Archive) -> int:
    return sum(each.type == EventType.PRODUCED for each in archive.trail.events())


@pytest.mark.parametrize("profile", ["requester", "court"])
def test_after_a_disk_full_at_nine_tenths_a_production_goes_on_with_the_same_number_and_bytes(
    archive: Archive, reviewed: str, tmp_path: Path, profile: str
) -> None:
    redact_person(archive, reviewed)
    making, actor = replace(PLAIN, profile=profile, first=1), clerk(archive)
    measured = make_production(archive, reviewed, making, actor=actor, now=NOW, into=tmp_path / "measured")[0]
    before = archive.trail.head().size
    with disk(tmp_path / "small", pages_of(Path(measured.path)) * 9 // 10) as small:
        with pytest.raises(StorageFull, match="no space is left on the disk; mend that, then run again"):
            make_production(archive, reviewed, making, actor=actor, now=NOW, into=small)
        (plan,) = small.glob("*.plan.json")
        name = plan.name.removesuffix(".plan.json")
        assert {each.name for each in small.iterdir()} <= {plan.name, f"{name}.journal", f"{name}.pages"}
        assert archive.trail.head().size == before  # no event of it, and no row
        make_room(small)
        filed, made = make_production(archive, reviewed, making, actor=actor, now=NOW, into=small)
        assert Path(filed.path) == small / name
        assert check(made.path)[0] == []
        assert {each.name for each in small.iterdir()} == {plan.name, name}
        again = repeat_production(archive, reviewed, filed.id, actor=actor, into=tmp_path / "undisturbed")
        assert tree(again.path) == tree(made.path)


def test_a_bundle_sealed_but_not_filed_for_want_of_room_is_filed_by_the_next_run_with_the_same_bytes(
    town: Town, tmp_path: Path
) -> None:
    used = pages_of(town.directory)
    with disk(tmp_path / "small", used + 4000) as small, town.copy_to(small).open() as archive:
        number, actor = ask(archive, "bakery"), clerk(archive)
        release_all(archive, number)
        filler = small / "filler"

        def fill(done: int, total: int, what: str = "") -> None:
            """The bundle lies elsewhere: only the catalogue finds no room."""
            with suppress(OSError), filler.open("ab", buffering=0) as file:
                while True:
                    file.write(bytes(PAGE))

        with pytest.raises(StorageFull, match="nothing was changed"):
            make_production(archive, number, PLAIN, actor=actor, now=NOW, into=tmp_path / "out", progress=fill)
        (sealed,) = (each for each in (tmp_path / "out").iterdir() if each.is_dir())
        assert check(sealed)[0] == []
        assert archive.requests.productions(archive.requests.request(number)) == []
        was = tree(sealed)
        filler.unlink()
        filed, made = make_production(archive, number, PLAIN, actor=actor, now=NOW, into=tmp_path / "out")
        assert made.path == sealed
        assert tree(sealed) == was
        assert events(archive) == 1
        other = make_production(archive, number, PLAIN, actor=actor, now=NOW, into=tmp_path / "out")[0]
        assert other.id != filed.id  # what is filed is never made over
        assert tree(sealed) == was


def test_a_leak_is_told_though_the_list_of_its_places_finds_no_room(tmp_path: Path) -> None:
    leak = LeakFound("nothing was sealed: data/items.csv: what red_1 redacts")
    leak.elsewhere = ("data/items.csv: what red_1 redacts",)
    with disk(tmp_path / "small", 4) as small:
        (small / "filler").write_bytes(bytes(4 * PAGE))
        with pytest.raises(
            LeakFound, match=r"data/items\.csv: what .*leaks\.txt could not be written: no space is left"
        ):
            raise release._with_next_step(leak, "REQ-2026-0001", small / "bundle")
        assert [each.name for each in small.iterdir()] == ["filler"]
        (small / "filler").unlink()
        told = release._with_next_step(leak, "REQ-2026-0001", small / "bundle")
        assert "redact acknowledge REQ-2026-0001 @" in str(told)
        assert (small / "bundle.leaks.txt").read_text(encoding="utf-8").splitlines() == list(told.elsewhere)
