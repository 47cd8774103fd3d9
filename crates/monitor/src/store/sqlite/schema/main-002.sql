-- What monitors are found by: `tags` is a JSON list of words, sorted; `belongs_to` is the name of a group.
ALTER TABLE monitor ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE monitor ADD COLUMN belongs_to TEXT;
