CREATE TABLE night_runs (
    id TEXT PRIMARY KEY,
    night TEXT NOT NULL, -- the local day on whose evening it begins
    started TEXT NOT NULL,
    taken_up TEXT NOT NULL DEFAULT '[]', -- when later runs took it up after a kill
    finished TEXT,
    actor TEXT NOT NULL,
    narrowed INTEGER NOT NULL DEFAULT 0, -- it was asked for some accounts only
    trail_size INTEGER NOT NULL, -- events before it
    exit_code INTEGER,
    figures TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE night_notes (
    run_id TEXT NOT NULL REFERENCES night_runs(id),
    at TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '', -- an account's or job's id, '' for the run itself
    note TEXT NOT NULL
);
CREATE INDEX night_notes_by_run ON night_notes (run_id);
-- the queue of a night: one row for each address that is to be looked at
CREATE TABLE night_visits (
    run_id TEXT NOT NULL REFERENCES night_runs(id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    site TEXT NOT NULL,
    account_id TEXT,
    job_id TEXT,
    reason TEXT NOT NULL,
    hint TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'waiting',
    lease_owner TEXT,
    lease_expires TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before TEXT,
    capture_id TEXT,
    outcome TEXT,
    told TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, kind, url)
);
CREATE INDEX night_visits_by_url ON night_visits (url);
CREATE TABLE known_threads (
    url TEXT PRIMARY KEY,
    account_id TEXT,
    job_id TEXT,
    first_found TEXT NOT NULL,
    last_found TEXT NOT NULL,
    hint TEXT NOT NULL DEFAULT '{}', -- as last listed
    seen TEXT NOT NULL DEFAULT '{}' -- as listed before its latest healthy capture
);
CREATE TABLE discovery_marks (
    url TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    marks TEXT NOT NULL
);
