//! Asks a MySQL or MariaDB server: connect, authenticate (native, `caching_sha2_password`, clear), one query.
//!
//! The protocol: <https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>,
//! <https://mariadb.com/kb/en/clientserver-protocol/>.

mod ask;
mod bytes;
mod login;
mod proof;
mod session;

use crate::sql::Dialect;

pub(crate) use ask::ask;

/// How a `dsn` is written; the words of `ssl-mode` are MySQL's (`REQUIRED`) or PostgreSQL's (`require`).
pub(crate) const DIALECT: Dialect = Dialect {
    name: "mysql",
    schemes: &["mysql", "mariadb"],
    port: 3306,
    like: "mysql://user:password@host:3306/database?ssl-mode=verify-full",
    mode: &["ssl-mode", "sslmode", "sslMode"],
    ignored: &["charset", "connect_timeout"],
};
