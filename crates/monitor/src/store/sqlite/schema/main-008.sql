-- What people put on the charts: deploys and the like. Without `monitor` it concerns all.
CREATE TABLE mark (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    link TEXT,
    monitor INTEGER REFERENCES monitor
) STRICT;
CREATE INDEX mark_newest ON mark (account, at, id);
