-- what a schedule version says of who approves, where its records lie and when it is looked at again
ALTER TABLE schedule_versions ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE schedule_versions ADD COLUMN storage TEXT NOT NULL DEFAULT '';
ALTER TABLE schedule_versions ADD COLUMN review_by TEXT;
ALTER TABLE schedule_versions ADD COLUMN keep_copy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE record_classes ADD COLUMN not_a_record INTEGER NOT NULL DEFAULT 0;
-- who approved that a plan which shortens goes into force
CREATE TABLE plan_approvals (
    id INTEGER PRIMARY KEY,
    plan_version INTEGER NOT NULL REFERENCES plan_versions(number),
    person_id TEXT NOT NULL,
    at TEXT NOT NULL,
    sooner TEXT NOT NULL, -- digest of the list of records that it lets go sooner
    UNIQUE (plan_version, person_id, sooner)
);
-- an officer's word on a record's class, or on how long it is kept at the least
CREATE TABLE class_decisions (
    id INTEGER PRIMARY KEY,
    record_id TEXT NOT NULL,
    code TEXT NOT NULL,
    previous TEXT,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX class_decisions_by_record ON class_decisions (record_id);
CREATE TABLE extensions (
    id INTEGER PRIMARY KEY,
    record_id TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX extensions_by_record ON extensions (record_id);
-- typed events that periods count from. Of one subject and type the last entry holds, day NULL takes it back
CREATE TABLE trigger_events (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL, -- record | account | collection
    subject TEXT NOT NULL,
    type TEXT NOT NULL,
    day TEXT,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    matter TEXT NOT NULL,
    mandate TEXT NOT NULL,
    custodian TEXT NOT NULL,
    reason TEXT NOT NULL,
    placed_at TEXT NOT NULL,
    placed_by TEXT NOT NULL,
    released_at TEXT,
    released_by TEXT,
    release_reason TEXT
);
-- what a hold is over, and of a live scope also what comes under it later
CREATE TABLE hold_scopes (
    hold_id TEXT NOT NULL REFERENCES holds(id),
    kind TEXT NOT NULL, -- record | account | collection | query
    value TEXT NOT NULL,
    live INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (hold_id, kind, value)
);
CREATE TABLE hold_records (
    hold_id TEXT NOT NULL REFERENCES holds(id),
    record_id TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (hold_id, record_id)
);
CREATE INDEX hold_records_by_record ON hold_records (record_id);
-- a request that was answered still holds what it covers until the time to appeal has passed
CREATE TABLE request_closings (
    id INTEGER PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    closed TEXT NOT NULL,
    appeal_until TEXT, -- NULL: the request was opened again
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX request_hits_by_record ON request_hits (record_id);
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    class_code TEXT NOT NULL,
    schedule_number INTEGER NOT NULL,
    digest TEXT NOT NULL, -- of the frozen list
    proposed_at TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'proposed', -- proposed | approved | executing | done | withdrawn
    certificate TEXT
);
CREATE TABLE batch_items (
    batch_id TEXT NOT NULL REFERENCES batches(id),
    position INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    due TEXT NOT NULL,
    digest TEXT NOT NULL, -- of the record's evidence as it was proposed
    state TEXT NOT NULL DEFAULT 'proposed',
    reason TEXT NOT NULL DEFAULT '',
    decided_by TEXT,
    decided_at TEXT,
    PRIMARY KEY (batch_id, position)
);
-- a record waits in one batch only
CREATE UNIQUE INDEX batch_items_open ON batch_items (record_id)
    WHERE state IN ('proposed', 'approved', 'executing', 'failed');
CREATE INDEX batch_items_by_record ON batch_items (record_id);
CREATE TABLE batch_approvals (
    id INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches(id),
    person_id TEXT NOT NULL,
    role TEXT NOT NULL,
    at TEXT NOT NULL,
    digest TEXT NOT NULL, -- of the list as this person saw it
    looked_at TEXT NOT NULL DEFAULT '[]', -- the records of the sample
    UNIQUE (batch_id, person_id)
);
-- for each record that went, what its certificate says
CREATE TABLE disposals (
    id INTEGER PRIMARY KEY,
    record_id TEXT NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batches(id),
    position INTEGER NOT NULL,
    at TEXT NOT NULL,
    line TEXT NOT NULL,
    salt TEXT NOT NULL -- of the salted digest in the line
);
CREATE UNIQUE INDEX disposals_by_batch ON disposals (batch_id, position);
-- what has yet to go from copies after records went: unlinked files, the index, snapshots, second copies
CREATE TABLE disposal_residue (
    id INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches(id),
    place TEXT NOT NULL,
    record_id TEXT,
    message TEXT NOT NULL
);
CREATE TABLE fixity_checks (
    path TEXT PRIMARY KEY,
    at TEXT NOT NULL
)
