-- what is left of a paper of the archive's own that was destroyed: its number is never given again
CREATE TABLE paper_stubs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    place TEXT NOT NULL, -- of its files below the archive, '' where it was rows alone or lies elsewhere
    request_number TEXT NOT NULL DEFAULT '', -- of a bundle: what it answered
    last_page INTEGER NOT NULL DEFAULT 0, -- of a bundle: the last number it gave a page
    gone_at TEXT NOT NULL,
    certificate TEXT NOT NULL
)
