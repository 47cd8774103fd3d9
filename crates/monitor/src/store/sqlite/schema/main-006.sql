-- Every attempt to deliver a message: begun with its claim, ended when it was settled. One that was cut off has no end.
CREATE TABLE attempt (
    delivery INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
    -- The token of its claim, from 1 on.
    number INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    began INTEGER NOT NULL,
    ended INTEGER,
    result TEXT,
    said TEXT,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
