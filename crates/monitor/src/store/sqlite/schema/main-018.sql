-- Accounts that are gone: their numbers are never given again.
CREATE TABLE former_account (
    id INTEGER PRIMARY KEY,
    removed INTEGER NOT NULL
) STRICT;
