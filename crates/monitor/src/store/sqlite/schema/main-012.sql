-- Who was asked in and has not come yet: `digest` is the SHA-256 of a random text that only the link holds.
CREATE TABLE invitation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    address TEXT NOT NULL,
    role TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    made INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    UNIQUE (account, address)
) STRICT;
