-- static files that many captures need: assets/ab/sha256-ab...
CREATE TABLE assets (
    sha256 TEXT PRIMARY KEY,
    size INTEGER NOT NULL
);
CREATE TABLE asset_references (
    asset TEXT NOT NULL REFERENCES assets(sha256),
    capture_id TEXT NOT NULL REFERENCES captures(id),
    PRIMARY KEY (asset, capture_id)
);
CREATE INDEX asset_references_by_capture ON asset_references (capture_id);
-- files of an earlier capture of the same record that this one would only have repeated: no foreign key, for
-- a clock that jumped may have a rebuild file the later one first
CREATE TABLE repeated_objects (
    capture_id TEXT NOT NULL REFERENCES captures(id),
    path TEXT NOT NULL,
    PRIMARY KEY (capture_id, path)
);

-- what is left of a destroyed record
CREATE TABLE stubs (
    record_id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    native_root_id TEXT,
    canonical_url TEXT NOT NULL,
    urls TEXT NOT NULL DEFAULT '[]',
    destroyed_at TEXT NOT NULL,
    certificate TEXT NOT NULL
);
CREATE INDEX stubs_by_identity ON stubs (site, native_root_id);
