-- what a request needs beside its number, law and day: the requester's name lies apart
CREATE TABLE request_details (
    number TEXT PRIMARY KEY REFERENCES requests(number),
    law_code TEXT NOT NULL DEFAULT '', -- of a law whose clock is known
    received_at TEXT, -- the moment, where it is known
    channel TEXT NOT NULL DEFAULT '',
    scope TEXT NOT NULL DEFAULT '',
    fee TEXT NOT NULL DEFAULT '',
    urgent INTEGER NOT NULL DEFAULT 0,
    due_set TEXT -- a day that an order names
);
CREATE TABLE requesters (
    id TEXT PRIMARY KEY,
    request_number TEXT NOT NULL UNIQUE REFERENCES requests(number),
    name TEXT NOT NULL,
    contact TEXT NOT NULL DEFAULT ''
);
-- the log of a request: what moves its clock, letters, linked holds, deliveries, appeals
CREATE TABLE request_events (
    id INTEGER PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    kind TEXT NOT NULL,
    day TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '',
    days INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX request_events_by_request ON request_events (request_number, day, id);

CREATE TABLE review_sets (
    id INTEGER PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    watermark INTEGER NOT NULL,
    records INTEGER NOT NULL,
    items INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE TABLE review_members (
    set_id INTEGER NOT NULL REFERENCES review_sets(id),
    item_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    hit INTEGER NOT NULL,
    versions INTEGER NOT NULL, -- texts of the item when it was frozen
    PRIMARY KEY (set_id, item_id)
);
CREATE INDEX review_members_by_record ON review_members (set_id, record_id);
CREATE TABLE review_assignments (
    request_number TEXT NOT NULL REFERENCES requests(number),
    record_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    batch TEXT NOT NULL,
    PRIMARY KEY (request_number, record_id)
);
-- decisions are added, never changed: the newest of a batch that is not undone holds
CREATE TABLE review_batches (
    id INTEGER PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    level INTEGER NOT NULL, -- 1: reviewer, 2: second reviewer
    how TEXT NOT NULL, -- the selection in words
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    undone_at TEXT,
    undone_by TEXT
);
CREATE TABLE review_decisions (
    batch_id INTEGER NOT NULL REFERENCES review_batches(id),
    record_id TEXT NOT NULL,
    item_id TEXT NOT NULL DEFAULT '', -- '' for the record itself
    responsive TEXT NOT NULL,
    release TEXT NOT NULL,
    sections TEXT NOT NULL DEFAULT '[]',
    privileged INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (batch_id, record_id, item_id)
);

CREATE TABLE redactions (
    id TEXT PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    kind TEXT NOT NULL, -- phrase | pattern | person | item | rectangle
    target TEXT NOT NULL, -- JSON: what is redacted
    scope TEXT NOT NULL, -- everywhere | here
    record_id TEXT NOT NULL DEFAULT '',
    item_id TEXT NOT NULL DEFAULT '',
    section TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    lifted_at TEXT,
    lifted_by TEXT
);
CREATE INDEX redactions_by_request ON redactions (request_number);
-- pictures whose text nobody knows: withheld until a person has looked at them
CREATE TABLE picture_clearances (
    id INTEGER PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    capture_id TEXT NOT NULL,
    region TEXT NOT NULL, -- its rectangle: left,top,width,height
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE TABLE leak_acknowledgements (
    id INTEGER PRIMARY KEY,
    request_number TEXT NOT NULL REFERENCES requests(number),
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE TABLE production_details (
    id TEXT PRIMARY KEY REFERENCES productions(id),
    set_id INTEGER NOT NULL,
    profile TEXT NOT NULL,
    prefix TEXT NOT NULL,
    first_number INTEGER NOT NULL,
    width INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    replaces TEXT, -- the production that this one supersedes
    why TEXT NOT NULL DEFAULT '',
    salt TEXT NOT NULL -- of its commitments to what was left out
);
