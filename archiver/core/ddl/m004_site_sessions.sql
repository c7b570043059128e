CREATE TABLE site_sessions (
    id TEXT PRIMARY KEY,
    site TEXT NOT NULL, -- registrable domain
    source TEXT NOT NULL,
    stored TEXT NOT NULL,
    stored_by TEXT NOT NULL,
    box TEXT NOT NULL, -- names its sealed file and key: no value is in the catalogue
    sha256 TEXT NOT NULL, -- of the sealed file
    cookies INTEGER NOT NULL,
    expires TEXT, -- earliest end of the cookies that matter
    check_url TEXT NOT NULL DEFAULT '',
    expect TEXT NOT NULL DEFAULT '',
    checked TEXT,
    check_result TEXT,
    check_reason TEXT NOT NULL DEFAULT '',
    forgotten TEXT
);
CREATE UNIQUE INDEX site_sessions_by_site ON site_sessions (site) WHERE forgotten IS NULL;
ALTER TABLE captures ADD COLUMN access TEXT NOT NULL DEFAULT 'anonymous';
