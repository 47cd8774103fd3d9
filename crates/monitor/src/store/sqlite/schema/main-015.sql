-- Several accounts on one server. `name` is unique, and no longer what people read: that is `title`, which two may have the same.
-- `plan` names limits of the configuration; where it is null there are none.
ALTER TABLE account ADD COLUMN title TEXT;
ALTER TABLE account ADD COLUMN plan TEXT;
