-- What was told of one monitor, or of one incident.
CREATE INDEX outbox_about ON outbox (account, monitor, incident, id);
