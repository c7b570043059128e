"""Opens one archive directory and hands out what lies in it.

archive.toml  catalogue.db  objects/  assets/  trail/  snapshots/  search/  productions/  sessions/
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs
from sqlite_utils import Database

from archiver.core import config
from archiver.core.assets import AssetStore, files_of_record
from archiver.core.catalogue import Catalogue
from archiver.core.checkpoints import Checkpoint, append_checkpoint, sign_checkpoint
from archiver.core.commitments import DETAIL, Row, commit_rows
from archiver.core.durable import make_directory, publish, storage_errors, write_durably
from archiver.core.errors import ArchiveBusy, ArchiveExists, ArchiveNotFound, StorageFull, TrailBroken
from archiver.core.events import Event, EventType, Trail
from archiver.core.key_chain import key_changes
from archiver.core.objects import ObjectStore
from archiver.core.people import People
from archiver.core.records import RecordId
from archiver.core.redactions import Redactions
from archiver.core.register import Register
from archiver.core.request_files import RequestFiles
from archiver.core.requests import Requests
from archiver.core.reviews import Reviews
from archiver.core.schema import migrate
from archiver.core.sealing import Vault
from archiver.core.signing import SigningKey, key_path, load_key, make_key
from archiver.core.site_sessions import SiteSessions
from archiver.core.snapshots import snapshots, take_snapshot, trail_size_of
from archiver.core.warc import Resolve

_DIRECTORIES = ("objects", "assets", "trail", "snapshots", "search", "productions")
_BUSY_SECONDS = 30.0
CATALOGUE = "catalogue.db"
DISPOSAL_LOCK = "disposal_lock"
"""Key in the catalogue's `meta`: JSON of since when and for which missing decisions disposal is locked."""
LOST_DECISIONS = "lost_decisions"
"""The same, once two people confirmed the holds and disposal was unlocked: those decisions stay lost."""


@dataclass(frozen=True)
class Change:
    """One open transaction: what is written in it, and the events that tell of it, commit together."""

    db: Database
    at: datetime
    actor: str
    _trail: Trail

    def record(
        self,
        type: EventType,
        subjects: Sequence[str],
        detail: Mapping[str, Any] | None = None,
        *,
        commits: Sequence[Row] = (),
    ) -> Event:
        """Add an event to the trail; `detail` holds ids, enumerations, counts and digests, never content.

        `commits` are the rows of decisions that this change wrote, as they are now: a later change of them
        that no event tells of is found by `archiver verify`.
        """
        told = dict(detail or {})
        if commits:
            told[DETAIL] = commit_rows(self.db, commits)
        return self._trail.append(type, subjects, told, at=self.at, actor=self.actor)


class Archive:
    """One archive, open. Use `Archive.create` or `Archive.open`; close it, or use it in a `with`."""

    def __init__(self, directory: Path, settings: config.Settings, db: Database, config_directory: Path) -> None:
        self.directory = directory
        self.settings = settings
        self.config_directory = config_directory
        self.db = db
        self.objects = ObjectStore(directory / "objects")
        self.assets = AssetStore(directory / "assets")
        self.trail = Trail(db, directory / "trail")
        self.catalogue = Catalogue(db)
        self.register = Register(db)
        self.people = People(db)
        self.requests = Requests(db)
        self.request_files = RequestFiles(db)
        self.reviews = Reviews(db)
        self.redactions = Redactions(db)
        self.site_sessions = SiteSessions(db)

    # -- making and opening -----------------------------------------------------------------

    @classmethod
    def create(cls, directory: Path, settings: config.Settings, *, config_directory: Path | None = None) -> Archive:
        """Make an empty archive and the key that signs its trail's checkpoints.

        Raises ArchiveExists where anything stands in the way; nothing is overwritten.
        """
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise ArchiveExists(f"{directory} is not empty: name a directory that is, or does not exist yet")
        make_directory(directory)
        for name in _DIRECTORIES:
            make_directory(directory / name)
        where = config_directory or user_config_directory()
        make_key(key_path(where, settings.archive.id))
        db = connect(directory / CATALOGUE)
        migrate(db)
        write_durably(directory / config.FILE_NAME, config.write_toml(settings).encode())
        return cls(directory, settings, db, where)

    @classmethod
    def open(cls, directory: Path, *, config_directory: Path | None = None, reconcile: bool = True) -> Archive:
        """Open an archive; what the trail file lacks after a crash is added to it.

        Raises ArchiveNotFound, BadSettings, SchemaTooNew, TrailBroken. `reconcile=False` is for looking at
        an archive whose trail and catalogue may disagree.
        """
        settings = read_settings(directory)
        if not (directory / CATALOGUE).exists():
            raise ArchiveNotFound(f"{directory} has no {CATALOGUE}: `archiver rebuild` makes it anew from the evidence")
        with catalogue_errors(directory / CATALOGUE):
            db = connect(directory / CATALOGUE)
            try:
                migrate(db)
                archive = cls(directory, settings, db, config_directory or user_config_directory())
                if reconcile:
                    with storage_errors(archive.trail.path):
                        archive.trail.publish()
            except BaseException:
                db.close()
                raise
        return archive

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.db.close()

    # -- changing ---------------------------------------------------------------------------

    @contextmanager
    def change(self, *, at: datetime, actor: str) -> Iterator[Change]:
        """One transaction: change and events commit together, then the trail file gets its lines.

        `actor` is a person's id. Raises ArchiveBusy where another process holds the catalogue,
        StorageFull where the disk refuses; then nothing is changed, except where the message says that
        only the trail file could not take its lines: the next start adds them.
        """
        with catalogue_errors(self.directory / CATALOGUE):
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield Change(self.db, at, actor, self.trail)
                self.db.conn.execute("COMMIT")
            except BaseException:
                if self.db.conn.in_transaction:
                    self.db.conn.execute("ROLLBACK")
                raise
        try:
            with storage_errors(self.trail.path):
                self.trail.publish()
        except StorageFull as error:
            raise StorageFull(f"the change is made and stays; only {error}") from error

    @contextmanager
    def run_lock(self) -> Iterator[None]:
        """Only one run captures or rebuilds at a time. Raises ArchiveBusy."""
        descriptor = os.open(self.directory / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ArchiveBusy(f"another run is working on {self.directory}: wait for it to end") from error
            yield
        finally:
            os.close(descriptor)

    def resolver(self, record: RecordId) -> Resolve:
        """Where the files lie that the record's thinned WARCs name."""
        return lambda file: files_of_record(self.objects, self.assets, record, file)

    def finish_run(self, *, at: datetime) -> None:
        """Sign a checkpoint and snapshot the catalogue, where anything happened since the last, in a killed run too."""
        head = self.trail.head()
        newest = next(iter(snapshots(self.directory / "snapshots")), None)
        if newest is not None and trail_size_of(newest) == head.size:
            return
        self.sign_checkpoint(at=at)
        take_snapshot(self.db, self.directory / "snapshots", at=at, trail_size=head.size)

    def sign_checkpoint(self, *, at: datetime) -> Checkpoint | None:
        """Sign the trail as it stands; None where this machine has no key for the archive."""
        key = self.signing_key()
        if key is None:
            return None
        checkpoint = sign_checkpoint(self.settings.archive.id, self.trail.head(), key, at=at)
        append_checkpoint(self.directory / "trail", checkpoint)
        return checkpoint

    def signing_key(self) -> SigningKey | None:
        """This machine's key for the archive, None where it has none."""
        self._finish_rotation()
        return load_key(self.key_file)

    @property
    def key_file(self) -> Path:
        """Where this machine's private key lies: outside the archive and its backups."""
        return key_path(self.config_directory, self.settings.archive.id)

    @property
    def next_key_file(self) -> Path:
        """Where its successor lies until the trail tells of it."""
        return self.key_file.with_suffix(".next.pem")

    def _finish_rotation(self) -> None:
        """Put the new key in the old one's place once its event is in the trail; a crash may have come between."""
        new = load_key(self.next_key_file)
        if new is not None and any(each.new_key == new.public_key for each in key_changes(self.trail.events())):
            publish(self.next_key_file, self.key_file)

    def vault(self) -> Vault:
        """Where the sites' stored logins lie sealed; their keys are outside of the archive."""
        return Vault(self.directory / "sessions", self.config_directory / "session-keys" / self.settings.archive.id)

    def meta(self, key: str) -> str | None:
        row = self.db.conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])


@contextmanager
def catalogue_errors(path: Path) -> Iterator[None]:
    """Tell what SQLite refuses in the archive's own errors: ArchiveBusy, StorageFull, TrailBroken (damaged).

    What the caller did wrong (a broken constraint, a misspelt statement) passes through.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ArchiveBusy(
                f"another process is writing to {path.parent} and has not ended: try again when it is done"
            ) from error
        if code in (
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_CANTOPEN,
        ):
            raise StorageFull(f"{path} could not be written: {error}; nothing was changed") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise TrailBroken(f"{path} is damaged ({error}): run `archiver rebuild`") from error
        raise


def read_settings(directory: Path) -> config.Settings:
    """Raises ArchiveNotFound, BadSettings."""
    path = directory / config.FILE_NAME
    if not path.is_file():
        raise ArchiveNotFound(
            f"{directory} is no archive (it has no {config.FILE_NAME}): "
            f"make one with `archiver init {directory}`, or name another with --archive"
        )
    return config.load_settings(path)


def connect(path: Path) -> Database:
    """The catalogue's connection: durable commits, and deleted content overwritten (secure_delete)."""
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return Database(connection)


def user_config_directory() -> Path:
    """Where keys and tokens lie: `ARCHIVER_CONFIG`, else the user's own configuration directory."""
    named = os.environ.get("ARCHIVER_CONFIG")
    return Path(named) if named else platformdirs.user_config_path("archiver")
