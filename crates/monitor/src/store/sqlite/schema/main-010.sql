-- Messages that go together: they wait under the name of a gathering until it is due; then the oldest of them carries the others.
CREATE TABLE gathering (
    account INTEGER NOT NULL REFERENCES account,
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (account, channel, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX gathering_due ON gathering (account, due);

ALTER TABLE outbox ADD COLUMN gathering TEXT;
ALTER TABLE outbox ADD COLUMN carrier INTEGER REFERENCES outbox;
CREATE INDEX outbox_gathering ON outbox (account, channel, gathering, id) WHERE gathering IS NOT NULL;
CREATE INDEX outbox_carried ON outbox (carrier, id) WHERE carrier IS NOT NULL;

-- What waits for others, or is carried by another one, is not due by itself.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (account, next, id, lease_until, monitor, incident, channel, created, sent, dead)
    WHERE sent IS NULL AND dead IS NULL AND gathering IS NULL AND carrier IS NULL;
CREATE INDEX outbox_waiting ON outbox (account, created, sent, dead) WHERE sent IS NULL AND dead IS NULL;
