-- the finer kind of an outcome, and when a site that throttles wants to be asked again
ALTER TABLE captures ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE captures ADD COLUMN retry_after TEXT;
