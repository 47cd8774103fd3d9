-- What people were told of a monitor, as JSON; those that are told of an open incident already stay told.
ALTER TABLE monitor_state ADD COLUMN telling TEXT NOT NULL DEFAULT '{}';
UPDATE monitor_state SET telling = (
        SELECT json_object('told', json_object('seq', incident.seq, 'kind', incident.kind, 'began', incident.began,
            'at', incident.opened, 'reminders', 0))
        FROM incident WHERE incident.monitor = monitor_state.monitor AND incident.ended IS NULL)
    WHERE monitor IN (SELECT monitor FROM incident WHERE ended IS NULL);

-- When planned maintenance covered a monitor. Transitions go on meanwhile; this is laid over them.
CREATE TABLE maintenance_span (
    monitor INTEGER NOT NULL REFERENCES monitor,
    began INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    name TEXT NOT NULL,
    ended INTEGER,
    PRIMARY KEY (monitor, began)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX maintenance_span_open ON maintenance_span (monitor) WHERE ended IS NULL;
