//! Asks a PostgreSQL server: connect, authenticate (SCRAM, md5, password), one query.

mod ask;
mod session;

use crate::sql::Dialect;

pub(crate) use ask::ask;

/// How a `dsn` is written, as libpq takes it.
pub(crate) const DIALECT: Dialect = Dialect {
    name: "postgres",
    schemes: &["postgres", "postgresql"],
    port: 5432,
    like: "postgres://user:password@host:5432/database?sslmode=verify-full",
    mode: &["sslmode"],
    // What clients call themselves and how long they wait is ours to say.
    ignored: &["application_name", "connect_timeout"],
};
