-- Who signs in, by mail address in small letters. `password` is what Argon2id made of it, in PHC form.
CREATE TABLE member (
    -- Never reused: answers are remembered by it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    address TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX member_of ON member (account, id);

-- Who is signed in: `digest` is the SHA-256 of a random text that only the browser has.
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    member INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE,
    came_from TEXT NOT NULL,
    agent TEXT NOT NULL,
    began INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT;
CREATE INDEX session_of ON session (account, member, id);
