-- Who sees to an incident, and since when.
ALTER TABLE incident ADD COLUMN acknowledged INTEGER;
ALTER TABLE incident ADD COLUMN acknowledged_by TEXT;
