-- Who is written to when a status page has news, once they have said yes in a mail. `asked` is when that mail was written last.
CREATE TABLE subscriber (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    page TEXT NOT NULL,
    address TEXT NOT NULL,
    asked INTEGER NOT NULL,
    confirmed INTEGER
) STRICT;
CREATE UNIQUE INDEX subscriber_address ON subscriber (account, page, address);

-- What subscribers of a page were told. The empty name is there from the first time on that anybody could have been told.
CREATE TABLE page_news (
    account INTEGER NOT NULL REFERENCES account,
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, page, name)
) STRICT, WITHOUT ROWID;

-- Mails that are to be sent; gone once they are. `body` is a list of news, and empty where it asks for the yes.
CREATE TABLE page_mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    subscriber INTEGER NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    next INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX page_mail_due ON page_mail (account, next);
CREATE INDEX page_mail_subscriber ON page_mail (subscriber);
