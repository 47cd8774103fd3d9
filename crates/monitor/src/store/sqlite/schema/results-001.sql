-- The results: a tail in the order of arrival, and one block for each monitor and hour.
-- Numbers of monitors are unique over all accounts, so a block belongs to its monitor's account.

-- One row per commit; it goes when all its results stand in blocks.
CREATE TABLE tail (
    id INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- `id` is the hour since 1970 << 32 | the monitor's number, so that a sweep in order of monitors only appends, and
-- retention frees whole pages. `n` counts all results, `up` those that passed or warned; `sum`, `min` and `max` are the
-- response times of the latter in microseconds.
CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    up INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    min INTEGER,
    max INTEGER,
    data BLOB NOT NULL
) STRICT;

-- How far the sweep is: the results in tail rows up to `done` stand in blocks; of those up to `boundary`, the results of
-- monitors up to `monitor`. `generation` counts the slices, so that readers see each result exactly once.
CREATE TABLE sweep (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL,
    done INTEGER NOT NULL,
    boundary INTEGER NOT NULL,
    monitor INTEGER NOT NULL
) STRICT;
INSERT INTO sweep VALUES (1, 0, 0, 0, -1);

-- When each monitor was asked last, as of its last sweep.
CREATE TABLE asked (
    monitor INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

-- What else was known of results, from `asked` on until the monitor's next row.
CREATE TABLE detail (
    id INTEGER PRIMARY KEY,
    monitor INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (monitor, asked)
) STRICT;

-- Tail rows and blocks that could not be read, kept for whoever wants to look.
CREATE TABLE damaged (
    id INTEGER PRIMARY KEY,
    what TEXT NOT NULL,
    key INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
