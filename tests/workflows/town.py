"""An archive of the sample town, captured for two nights by a real browser: made once, copied for each test."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.config import ArchiveSettings, CaptureSettings, Settings
from archiver.core.people import Person
from archiver.core.records import Record, RecordKind
from archiver.core.register import site_of
from archiver.sample import serve
from archiver.workflows.archive.keep_register import add_account
from archiver.workflows.archive.make_archive import make_archive
from archiver.workflows.capturing.run import capture_account
from archiver.workflows.filing.file_capture import Filed
from archiver.workflows.keeping.plan_retention import activate_file_plan, load_file_plan
from retention.plan_file import example_plan

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "correct horse battery"


@dataclass(frozen=True)
class Town:
    """Where the archive and its keys lie, and what each night filed."""

    directory: Path
    config: Path
    nights: tuple[tuple[Filed, ...], tuple[Filed, ...]]

    def open(self) -> Archive:
        return Archive.open(self.directory, config_directory=self.config)

    def copy_to(self, place: Path) -> Town:
        shutil.copytree(self.directory, place / "archive")
        shutil.copytree(self.config, place / "config")
        return Town(place / "archive", place / "config", self.nights)


class Ticking:
    """A clock that moves a second at each look."""

    def __init__(self, start: datetime = NOW) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


def settings(*allow_hosts: str, **capture: object) -> Settings:
    return Settings(
        archive=ArchiveSettings(
            id="arc_0123456789abcdef",
            agency="Town of Rivermouth",
            jurisdiction="CA-ON",
            time_zone="America/Toronto",
            languages=("en", "fr", "as", "ur"),
        ),
        capture=CaptureSettings(allow_hosts=allow_hosts, **capture),  # type: ignore[arg-type]
    )


def make(place: Path, *allow_hosts: str, **capture: object) -> tuple[Path, Path]:
    """An empty archive below `place`, and its configuration directory."""
    made = make_archive(
        place / "archive",
        settings(*allow_hosts, **capture),
        administrator="Clerk",
        secret=SECRET,
        now=NOW,
        config_directory=place / "config",
    )
    return made.directory, place / "config"


def clerk(archive: Archive) -> Person:
    return archive.people.find("Clerk")


def capture_town(place: Path) -> Town:
    now = Ticking()
    with serve(night=1) as site:
        directory, config = make(place, site_of(site.url))
        (place / "plan.toml").write_text(example_plan(), encoding="utf-8")
        with Archive.open(directory, config_directory=config) as archive:
            actor = clerk(archive)
            number = load_file_plan(archive, place / "plan.toml", actor=actor, now=now())
            activate_file_plan(archive, number, actor=actor, now=now())
            add_account(
                archive,
                handle="@rivermouth",
                url=site.url,
                site="",
                department="Communications",
                contact="Town Clerk",
                actor=actor,
                now=now(),
            )
            first = capture_account(archive, "@rivermouth", actor=actor, depth=1, now=now)
            site.night = 2
            now.moment += timedelta(days=1)
            second = capture_account(archive, "@rivermouth", actor=actor, depth=1, now=now)
            archive.finish_run(at=now())
    return Town(directory, config, (tuple(first), tuple(second)))


def threads(archive: Archive) -> list[Record]:
    return [each for each in archive.catalogue.records() if each.kind is RecordKind.THREAD]
