"""Make an archive with its first administrator, logged in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.config import Settings, parse_settings, write_toml
from archiver.core.errors import BadInput
from archiver.core.events import EventType
from archiver.core.people import MINIMUM_SECRET, Role, keep_token, token_path
from archiver.core.signing import fingerprint


@dataclass(frozen=True, kw_only=True)
class MadeArchive:
    directory: Path
    archive_id: str
    administrator: str  # a person's id
    fingerprint: str  # of the key that signs the trail's checkpoints: what the agency publishes


def make_archive(
    directory: Path,
    settings: Settings,
    *,
    administrator: str,
    secret: str,
    now: datetime,
    config_directory: Path | None = None,
) -> MadeArchive:
    """Raises ArchiveExists, BadSettings, BadInput; then nothing is left behind but an empty directory."""
    parse_settings(write_toml(settings))
    if not administrator.strip() or len(secret) < MINIMUM_SECRET:
        raise BadInput(f"the administrator needs a name and a secret of at least {MINIMUM_SECRET} characters")
    with Archive.create(directory, settings, config_directory=config_directory) as archive:
        with archive.change(at=now, actor="archive") as change:
            person = archive.people.add(administrator, Role.ADMINISTRATOR, secret, now=now, by="archive")
            token, _ = archive.people.issue_token(person, now=now)
            change.record(EventType.ARCHIVE_MADE, [settings.archive.id])
            change.record(
                EventType.PERSON_ADDED, [person.id], {"role": person.role.value}, commits=[("people", person.id)]
            )
        keep_token(token_path(archive.config_directory, settings.archive.id), token)
        archive.finish_run(at=now)
        key = archive.signing_key()
        return MadeArchive(
            directory=directory,
            archive_id=settings.archive.id,
            administrator=person.id,
            fingerprint=fingerprint(key.public_key) if key else "",
        )
