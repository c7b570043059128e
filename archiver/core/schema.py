"""All tables, as sqlite-utils migrations in order. A released migration is never edited.

Times are ISO 8601 UTC text of fixed width (see `clock.to_iso`), so text order is time order.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from archiver.core.errors import SchemaTooNew

migrations = Migrations("archiver")

_SPINE = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE people (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'active',
    created TEXT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE TABLE logins (
    token_hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people(id),
    expires TEXT NOT NULL
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    handle TEXT NOT NULL,
    url TEXT NOT NULL,
    department TEXT NOT NULL DEFAULT '',
    contact TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'active',
    added TEXT NOT NULL,
    UNIQUE (site, handle)
);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    account_id TEXT REFERENCES accounts(id),
    urls TEXT NOT NULL DEFAULT '[]',
    every TEXT NOT NULL,
    depth INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'active',
    added TEXT NOT NULL,
    last_run TEXT
);

CREATE TABLE records (
    id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    native_root_id TEXT,
    canonical_url TEXT NOT NULL,
    account_id TEXT REFERENCES accounts(id),
    title TEXT NOT NULL DEFAULT '',
    creator_name TEXT NOT NULL DEFAULT '',
    creator_handle TEXT NOT NULL DEFAULT '',
    created TEXT,
    modified TEXT,
    language TEXT NOT NULL DEFAULT 'und',
    keywords TEXT NOT NULL DEFAULT '[]',
    first_captured TEXT NOT NULL,
    last_captured TEXT NOT NULL,
    last_activity TEXT,
    class_code TEXT,
    class_reason TEXT,
    class_plan INTEGER
);
-- identity: (site, kind, native root id), else the canonical URL
CREATE UNIQUE INDEX records_by_native_id ON records (site, kind, native_root_id)
    WHERE native_root_id IS NOT NULL;
CREATE UNIQUE INDEX records_by_url ON records (site, kind, canonical_url) WHERE native_root_id IS NULL;

CREATE TABLE record_corrections (
    id INTEGER PRIMARY KEY,
    record_id TEXT NOT NULL REFERENCES records(id),
    field TEXT NOT NULL,
    value TEXT,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    salt TEXT NOT NULL -- of the commitment to value and reason in the trail
);
CREATE INDEX corrections_by_record ON record_corrections (record_id);
CREATE TABLE record_tags (
    record_id TEXT NOT NULL REFERENCES records(id),
    tag TEXT NOT NULL,
    PRIMARY KEY (record_id, tag)
);

CREATE TABLE captures (
    id TEXT PRIMARY KEY,
    record_id TEXT REFERENCES records(id),
    account_id TEXT,
    job_id TEXT,
    url TEXT NOT NULL,
    final_url TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    warc_records INTEGER NOT NULL DEFAULT 0,
    extractor TEXT NOT NULL DEFAULT '',
    declared TEXT NOT NULL DEFAULT '{}',
    found TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX captures_by_record ON captures (record_id, started);
CREATE INDEX captures_by_url ON captures (url);

CREATE TABLE objects (
    path TEXT PRIMARY KEY,
    capture_id TEXT NOT NULL REFERENCES captures(id),
    role TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE INDEX objects_by_capture ON objects (capture_id);

CREATE TABLE items (
    id TEXT PRIMARY KEY,
    record_id TEXT NOT NULL REFERENCES records(id),
    native_id TEXT NOT NULL,
    parent_id TEXT,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    creator_name TEXT NOT NULL,
    creator_handle TEXT NOT NULL,
    created TEXT,
    modified TEXT,
    language TEXT NOT NULL,
    links TEXT NOT NULL,
    media TEXT NOT NULL,
    source_url TEXT NOT NULL,
    observed TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    gone_after TEXT,
    gone_before TEXT,
    UNIQUE (record_id, native_id)
);
CREATE TABLE item_versions (
    item_id TEXT NOT NULL REFERENCES items(id),
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    seen TEXT NOT NULL,
    capture_id TEXT NOT NULL,
    PRIMARY KEY (item_id, number)
);
-- what the index has yet to learn: one row per change of a record, in order
CREATE TABLE index_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    record_id TEXT NOT NULL
);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    leaf TEXT NOT NULL
);

CREATE TABLE plan_versions (
    number INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    source_toml TEXT NOT NULL,
    loaded_at TEXT NOT NULL,
    loaded_by TEXT NOT NULL,
    activated_at TEXT,
    activated_by TEXT
);
CREATE TABLE record_classes (
    plan_version INTEGER NOT NULL REFERENCES plan_versions(number),
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    parent TEXT,
    description TEXT NOT NULL DEFAULT '',
    schedule_number INTEGER, -- of the class's schedule, which may stem from an earlier plan version
    PRIMARY KEY (plan_version, code)
);
CREATE TABLE schedule_versions (
    plan_version INTEGER NOT NULL REFERENCES plan_versions(number),
    class_code TEXT NOT NULL,
    number INTEGER NOT NULL,
    mandate TEXT NOT NULL,
    trigger TEXT NOT NULL,
    period TEXT NOT NULL,
    cutoff TEXT NOT NULL DEFAULT '',
    action TEXT NOT NULL,
    approvals INTEGER NOT NULL DEFAULT 2,
    effective_from TEXT,
    PRIMARY KEY (class_code, number)
);
CREATE TABLE classification_rules (
    plan_version INTEGER NOT NULL REFERENCES plan_versions(number),
    position INTEGER NOT NULL,
    conditions TEXT NOT NULL,
    class_code TEXT NOT NULL,
    because TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (plan_version, position)
);

CREATE TABLE requests (
    number TEXT PRIMARY KEY,
    law TEXT NOT NULL,
    received TEXT NOT NULL,
    requester TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open',
    opened TEXT NOT NULL,
    opened_by TEXT NOT NULL
);
CREATE TABLE request_searches (
    id INTEGER PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    query TEXT NOT NULL,
    interpreted TEXT NOT NULL,
    analyser_version TEXT NOT NULL,
    watermark INTEGER NOT NULL,
    total INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE TABLE request_hits (
    search_id INTEGER NOT NULL REFERENCES request_searches(id),
    item_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    PRIMARY KEY (search_id, item_id)
);
CREATE TABLE productions (
    id TEXT PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    records INTEGER NOT NULL,
    items INTEGER NOT NULL,
    made_at TEXT NOT NULL,
    made_by TEXT NOT NULL
);
"""


_COMMITMENTS = """
-- salts of the trail's commitments to rows that hold decisions (see core/commitments.py)
CREATE TABLE commitments (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    salt TEXT NOT NULL,
    PRIMARY KEY (kind, key)
);
"""


@migrations()
def m001_spine(db: Database) -> None:
    for statement in _SPINE.split(";"):
        if statement.strip():
            db.conn.execute(statement)


@migrations()
def m005_commitments(db: Database) -> None:
    db.conn.execute(_COMMITMENTS)


def migrate(db: Database) -> None:
    """Bring the catalogue to this version's tables.

    Raises SchemaTooNew where a newer version of the software has written to it.
    """
    unknown = [applied.name for applied in migrations.applied(db) if applied.name not in _STEPS]
    if unknown:
        raise SchemaTooNew(
            f"the catalogue was written by a newer Archiver (migration {', '.join(unknown)} is unknown "
            "here): update Archiver"
        )
    if migrations.pending(db):
        migrations.apply(db)


_STEPS = frozenset({m001_spine.__name__, m005_commitments.__name__})
