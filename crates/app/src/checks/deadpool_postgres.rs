//! Whether PostgreSQL answers through a deadpool of tokio-postgres.

use deadpool::managed::Manager as _;
use deadpool_postgres::{Object, Pool, PoolError};
use tokio::time::timeout;

use super::tokio_postgres::cause;
use crate::check::{Check, CheckContext, HealthCheck};
use crate::outcome::{Cause, Outcome};

/// An empty query through the service's own pool. Its name is `database` until [`Check::named`] gives another one.
///
/// When the pool gives no connection for half of the check's time, the database is asked beside the pool: if it answers, the
/// pool is exhausted and the database is not to blame; if it does not, its own error is told.
pub fn deadpool_postgres(pool: Pool) -> Check {
    Check::of(Ping(pool)).component("datastore")
}

struct Ping(Pool);

impl HealthCheck for Ping {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self, context: &CheckContext) -> Outcome {
        match timeout(context.timeout() / 2, self.0.get()).await {
            Ok(Ok(object)) => ping(object).await,
            Ok(Err(PoolError::Timeout(_))) | Err(_) => self.beside_the_pool().await,
            Ok(Err(PoolError::Backend(error))) => Outcome::fail(cause(&error)),
            Ok(Err(error)) => Outcome::fail(Cause::from_error(&error)),
        }
    }
}

async fn ping(object: Object) -> Outcome {
    let mut held = Held(Some(object));
    let object = held.0.as_ref().expect("given above");
    match object.simple_query("").await {
        Ok(_) => {
            drop(held.0.take());
            Outcome::pass()
        }
        Err(error) => Outcome::fail(cause(&error)),
    }
}

impl Ping {
    async fn beside_the_pool(&self) -> Outcome {
        let manager = self.0.manager();
        let mut client = match manager.create().await {
            Ok(client) => client,
            Err(error) => return Outcome::fail(cause(&error)),
        };
        manager.detach(&mut client);
        if let Err(error) = client.simple_query("").await {
            return Outcome::fail(cause(&error));
        }
        let max = self.0.status().max_size;
        let detail = format!("all {max} connections of the pool are in use; the database itself answers");
        Outcome::fail(Cause::new("pool exhausted", &detail))
    }
}

/// A connection that is closed, not given back, when the asking is given up or fails.
struct Held(Option<Object>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}
