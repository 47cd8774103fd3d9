-- What must be durable when a call returns. Times are milliseconds since 1970-01-01T00:00:00Z.
-- Every row names its account, so that several accounts, and shards of them, can share these tables later.

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE monitor (
    -- Given once: AUTOINCREMENT never reuses a number, and blocks of results are keyed by it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    interval_ms INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    created INTEGER NOT NULL,
    retired INTEGER
) STRICT;
CREATE UNIQUE INDEX monitor_name ON monitor (account, name) WHERE retired IS NULL;

-- `seq` counts the transitions; a decision is taken only when it follows the last one.
CREATE TABLE monitor_state (
    monitor INTEGER PRIMARY KEY REFERENCES monitor,
    account INTEGER NOT NULL REFERENCES account,
    seq INTEGER NOT NULL,
    confirmed TEXT NOT NULL,
    blind INTEGER NOT NULL,
    since INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    troubles INTEGER NOT NULL,
    successes INTEGER NOT NULL,
    passes INTEGER NOT NULL,
    failures_began INTEGER NOT NULL,
    troubles_began INTEGER NOT NULL,
    successes_began INTEGER NOT NULL,
    passes_began INTEGER NOT NULL
) STRICT;

CREATE TABLE transition (
    monitor INTEGER NOT NULL REFERENCES monitor,
    seq INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    began INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (monitor, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    monitor INTEGER NOT NULL REFERENCES monitor,
    seq INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL,
    began INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    ended INTEGER,
    cause TEXT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (monitor, seq)
) STRICT;
CREATE UNIQUE INDEX incident_open ON incident (monitor) WHERE ended IS NULL;
CREATE INDEX incident_open_newest ON incident (account, opened, monitor, seq) WHERE ended IS NULL;
CREATE INDEX incident_newest ON incident (account, opened, monitor, seq);

CREATE TABLE incident_event (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account,
    monitor INTEGER NOT NULL,
    incident INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    text TEXT NOT NULL,
    evidence TEXT,
    FOREIGN KEY (monitor, incident) REFERENCES incident (monitor, seq)
) STRICT;
CREATE INDEX incident_event_of ON incident_event (monitor, incident, id);

-- One row for each run of the process: between `seen` and the next `started` nobody watched.
CREATE TABLE span (
    account INTEGER NOT NULL REFERENCES account,
    started INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (account, started)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    dedup TEXT NOT NULL,
    monitor INTEGER NOT NULL,
    incident INTEGER NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    next INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    token INTEGER NOT NULL DEFAULT 0,
    sent INTEGER,
    dead INTEGER,
    last_answer TEXT,
    UNIQUE (account, dedup),
    FOREIGN KEY (monitor, incident) REFERENCES incident (monitor, seq)
) STRICT;
-- Partial, so that what was delivered long ago slows nothing down, and with all that claiming asks for, so that messages
-- that wait are not read one by one. The columns `sent` and `dead` are empty there; SQLite reads the row without them.
CREATE INDEX outbox_due ON outbox (account, next, id, lease_until, monitor, incident, channel, created, sent, dead)
    WHERE sent IS NULL AND dead IS NULL;
CREATE INDEX outbox_order ON outbox (monitor, incident, channel, id, sent, dead) WHERE sent IS NULL AND dead IS NULL;
CREATE INDEX outbox_leased ON outbox (account, lease_until, next, sent, dead)
    WHERE lease_until IS NOT NULL AND sent IS NULL AND dead IS NULL;
CREATE INDEX outbox_sent ON outbox (account, sent) WHERE sent IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (account) WHERE dead IS NOT NULL;
CREATE INDEX outbox_newest ON outbox (account, id);
