-- salts of the trail's commitments to rows that hold decisions (see core/commitments.py)
CREATE TABLE commitments (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    salt TEXT NOT NULL,
    PRIMARY KEY (kind, key)
);
