-- The way to an account of one's own for who asked for one: `digest` is the SHA-256 of a random text that only a mail holds.
CREATE TABLE sign_up (
    address TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    expires INTEGER NOT NULL
) STRICT;
