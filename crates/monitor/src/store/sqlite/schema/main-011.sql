-- What a user's app knows too. `step` is the half minute, counted from 1970, whose code was taken last: none is taken twice.
CREATE TABLE second_factor (
    member INTEGER PRIMARY KEY REFERENCES member ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES account,
    secret BLOB NOT NULL,
    step INTEGER NOT NULL
) STRICT;

-- Codes on paper for who has lost the app: those that were not used yet, as SHA-256.
CREATE TABLE recovery_code (
    member INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    digest BLOB NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    PRIMARY KEY (member, digest)
) STRICT, WITHOUT ROWID;
