-- Who may ask: `digest` is the SHA-256 of a random text that is nowhere written down. `scopes` are words with spaces between.
CREATE TABLE api_key (
    -- Never reused: answers are remembered by it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    used INTEGER,
    UNIQUE (account, name)
) STRICT;

-- Requests that are done once, by their idempotency key. Without `status` nobody knows yet how it ended.
CREATE TABLE once (
    account INTEGER NOT NULL REFERENCES account,
    caller INTEGER NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER,
    headers TEXT,
    body BLOB,
    PRIMARY KEY (account, caller, key)
) STRICT;
CREATE INDEX once_oldest ON once (account, at);
