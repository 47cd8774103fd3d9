//! Whether PostgreSQL, MySQL, MariaDB or SQLite answers through an sqlx pool.

use sqlx::pool::PoolConnection;
use sqlx::{ConnectOptions as _, Connection as _, Database, Pool};
use tokio::time::timeout;

use crate::check::{Check, CheckContext, HealthCheck};
use crate::outcome::{Cause, Outcome};

/// Pings through the service's own pool. Its name is `database` until [`Check::named`] gives another one.
///
/// When the pool gives no connection for half of the check's time, the database is asked beside the pool: if it answers, the
/// pool is exhausted and the database is not to blame; if it does not, its own error is told. Either way the check holds one
/// connection at most.
pub fn sqlx<DB: Database>(pool: Pool<DB>) -> Check {
    Check::of(Ping(pool)).component("datastore")
}

struct Ping<DB: Database>(Pool<DB>);

impl<DB: Database> HealthCheck for Ping<DB> {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self, context: &CheckContext) -> Outcome {
        match timeout(context.timeout() / 2, self.0.acquire()).await {
            Ok(Ok(connection)) => ping(connection).await,
            Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) => self.beside_the_pool().await,
            Ok(Err(error)) => Outcome::fail(cause(&error)),
        }
    }
}

async fn ping<DB: Database>(connection: PoolConnection<DB>) -> Outcome {
    let mut held = Held(Some(connection));
    let connection = held.0.as_mut().expect("given above");
    match connection.ping().await {
        Ok(()) => {
            drop(held.0.take());
            Outcome::pass()
        }
        Err(error) => Outcome::fail(cause(&error)),
    }
}

impl<DB: Database> Ping<DB> {
    async fn beside_the_pool(&self) -> Outcome {
        let options = self.0.connect_options();
        let mut connection = match options.connect().await {
            Ok(connection) => connection,
            Err(error) => return Outcome::fail(cause(&error)),
        };
        if let Err(error) = connection.ping().await {
            return Outcome::fail(cause(&error));
        }
        // Its farewell is polite; whether it is heard is no matter here.
        connection.close().await.ok();
        let max = self.0.options().get_max_connections();
        let detail = format!("all {max} connections of the pool are in use; the database itself answers");
        Outcome::fail(Cause::new("pool exhausted", &detail))
    }
}

/// The database's own words are not for strangers; the system's error below them has a class.
fn cause(error: &sqlx::Error) -> Cause {
    if let sqlx::Error::Io(io) = error
        && let Some(class) = crate::outcome::class_of(io)
    {
        return Cause::new(class, &error.to_string());
    }
    Cause::from_error(error)
}

/// A connection that is closed, not given back, when the asking is given up or fails.
struct Held<DB: Database>(Option<PoolConnection<DB>>);

impl<DB: Database> Drop for Held<DB> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
