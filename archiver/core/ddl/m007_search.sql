-- searches that officers keep: the query as typed, never changed
CREATE TABLE saved_searches (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    query TEXT NOT NULL,
    whole_threads INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    saved_at TEXT NOT NULL,
    saved_by TEXT NOT NULL
);
-- every time one was run, with what it found
CREATE TABLE search_runs (
    id INTEGER PRIMARY KEY,
    search_id TEXT NOT NULL REFERENCES saved_searches(id),
    interpreted TEXT NOT NULL,
    analyser_version TEXT NOT NULL,
    watermark INTEGER NOT NULL,
    total INTEGER NOT NULL,
    records INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX search_runs_by_search ON search_runs (search_id, id);
CREATE TABLE search_run_hits (
    run_id INTEGER NOT NULL REFERENCES search_runs(id),
    item_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    PRIMARY KEY (run_id, item_id)
);
