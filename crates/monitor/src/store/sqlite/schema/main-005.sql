-- What is configured through the API: monitors, channels and what holds for them, as written. Holds secrets.
-- `revision` counts the changes of an account; a resource keeps the number of its last one, so none is ever given twice.
ALTER TABLE account ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

CREATE TABLE resource (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    revision INTEGER NOT NULL,
    spec TEXT NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX resource_name ON resource (account, kind, name);

-- What a monitor was called before. Jobs that call a heartbeat by an old address still reach it.
CREATE TABLE former_name (
    monitor INTEGER NOT NULL REFERENCES monitor,
    name TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    PRIMARY KEY (monitor, name)
) STRICT, WITHOUT ROWID;
