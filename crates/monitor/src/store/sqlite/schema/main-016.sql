-- The way to a new password for who has lost theirs: `digest` is the SHA-256 of a random text that only a mail holds.
CREATE TABLE reset (
    member INTEGER PRIMARY KEY REFERENCES member ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES account,
    digest BLOB NOT NULL UNIQUE,
    expires INTEGER NOT NULL
) STRICT;
