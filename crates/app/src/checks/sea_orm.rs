//! Whether the database behind SeaORM answers.

use sea_orm::{ConnAcquireErr, DatabaseConnection, DatabaseConnectionType, DbErr};

use super::alone::Alone;
use crate::check::Check;
use crate::outcome::{Cause, Outcome};

/// Pings through the service's own SeaORM connection. Its name is `database` until [`Check::named`] gives another one.
///
/// With the feature of the database (`sqlx-postgres`, `sqlx-mysql`, `sqlx-sqlite`) beside `sea-orm`, the pool inside is asked as
/// [`sqlx`](super::sqlx()) does, which tells an exhausted pool from a database that is down. Without it, SeaORM does not say which
/// connection it uses: a ping that hangs is not given up, and holds one connection at most.
pub fn sea_orm(connection: DatabaseConnection) -> Check {
    match &connection.inner {
        #[cfg(feature = "sqlx-postgres")]
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            super::sqlx(connection.get_postgres_connection_pool().clone())
        }
        #[cfg(feature = "sqlx-mysql")]
        DatabaseConnectionType::SqlxMySqlPoolConnection(_) => {
            super::sqlx(connection.get_mysql_connection_pool().clone())
        }
        #[cfg(feature = "sqlx-sqlite")]
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
            super::sqlx(connection.get_sqlite_connection_pool().clone())
        }
        _ => {
            let alone = Alone::default();
            Check::new("database", move || {
                let (connection, alone) = (connection.clone(), alone.clone());
                async move { alone.ask(ping(connection)).await }
            })
            .component("datastore")
        }
    }
}

async fn ping(connection: DatabaseConnection) -> Outcome {
    match connection.ping().await {
        Ok(()) => Outcome::pass(),
        Err(error @ DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) => {
            Outcome::fail(Cause::new("no connection from the pool", &error.to_string()))
        }
        Err(error) => Outcome::fail(Cause::from_error(&error)),
    }
}
