//! Whether the database behind a deadpool of Diesel connections answers.

use std::sync::Arc;

use deadpool::managed::{Manager, Pool};
use deadpool_diesel::{Connection, Error};
use diesel::r2d2::R2D2Connection;
use tokio::sync::Mutex;

use crate::check::{Check, CheckContext, HealthCheck};
use crate::outcome::{Cause, Outcome};

/// Pings through the service's own pool. Its name is `database` until [`Check::named`] gives another one.
///
/// Diesel blocks, so a ping that hangs cannot be stopped: the check fails on and on, and holds one connection, never more. A
/// pool whose connections are all in use for half of the check's time is `pool exhausted`.
pub fn deadpool_diesel<C, M>(pool: Pool<M>) -> Check
where
    C: R2D2Connection + Send + 'static,
    M: Manager<Type = Connection<C>, Error = Error> + 'static,
{
    Check::of(Ping { pool, one: Arc::default() }).component("datastore")
}

struct Ping<M: Manager> {
    pool: Pool<M>,
    one: Arc<Mutex<()>>,
}

impl<C, M> HealthCheck for Ping<M>
where
    C: R2D2Connection + Send + 'static,
    M: Manager<Type = Connection<C>, Error = Error> + 'static,
{
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self, context: &CheckContext) -> Outcome {
        let alone = self.one.clone().lock_owned().await;
        let connection = match tokio::time::timeout(context.timeout() / 2, self.pool.get()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Outcome::fail(Cause::from_error(&error)),
            Err(_) => return Outcome::fail(self.waited()),
        };
        let pinged = connection.interact(move |connection| {
            let _alone = alone;
            connection.ping()
        });
        match pinged.await {
            Ok(Ok(())) => Outcome::pass(),
            Ok(Err(error)) => Outcome::fail(Cause::from_error(&error)),
            Err(error) => Outcome::fail(Cause::from_error(&error)),
        }
    }
}

impl<M: Manager> Ping<M> {
    fn waited(&self) -> Cause {
        let status = self.pool.status();
        if status.size >= status.max_size && status.available == 0 {
            return Cause::new(
                "pool exhausted",
                &format!("all {} connections of the pool are in use", status.max_size),
            );
        }
        Cause::public("timed out while connecting")
    }
}
