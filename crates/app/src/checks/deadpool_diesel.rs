//! Whether the database behind a deadpool of Diesel connections answers.

use std::time::Duration;

use deadpool::managed::{Manager, Pool, PoolError};
use deadpool_diesel::{Connection, Error};
use diesel::r2d2::R2D2Connection;
use tokio::time::timeout;

use super::alone::Alone;
use crate::check::{Check, CheckContext, HealthCheck};
use crate::outcome::{Cause, Outcome};

/// Pings through the service's own pool. Its name is `database` until [`Check::named`] gives another one.
///
/// Diesel blocks, so a ping that hangs cannot be stopped: the check fails on and on, and holds one connection, never more. When
/// the pool gives none for half of the check's time, the database is asked beside the pool: if it answers, the pool is exhausted
/// and the database is not to blame.
pub fn deadpool_diesel<C, M>(pool: Pool<M>) -> Check
where
    C: R2D2Connection + Send + 'static,
    M: Manager<Type = Connection<C>, Error = Error> + Sync + 'static,
{
    Check::of(Ping { pool, alone: Alone::default() }).component("datastore")
}

struct Ping<M: Manager> {
    pool: Pool<M>,
    alone: Alone,
}

impl<C, M> HealthCheck for Ping<M>
where
    C: R2D2Connection + Send + 'static,
    M: Manager<Type = Connection<C>, Error = Error> + Sync + 'static,
{
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self, context: &CheckContext) -> Outcome {
        self.alone.ask(asked(self.pool.clone(), context.timeout() / 2)).await
    }
}

async fn asked<C, M>(pool: Pool<M>, patience: Duration) -> Outcome
where
    C: R2D2Connection + Send + 'static,
    M: Manager<Type = Connection<C>, Error = Error>,
{
    match timeout(patience, pool.get()).await {
        Ok(Ok(connection)) => ping(&connection).await,
        Ok(Err(PoolError::Timeout(_))) | Err(_) => beside_the_pool(&pool).await,
        Ok(Err(error)) => Outcome::fail(Cause::from_error(&error)),
    }
}

async fn ping<C: R2D2Connection + Send + 'static>(connection: &Connection<C>) -> Outcome {
    match connection.interact(R2D2Connection::ping).await {
        Ok(Ok(())) => Outcome::pass(),
        Ok(Err(error)) => Outcome::fail(Cause::from_error(&error)),
        Err(error) => Outcome::fail(Cause::from_error(&error)),
    }
}

async fn beside_the_pool<C, M>(pool: &Pool<M>) -> Outcome
where
    C: R2D2Connection + Send + 'static,
    M: Manager<Type = Connection<C>, Error = Error>,
{
    let connection = match pool.manager().create().await {
        Ok(connection) => connection,
        Err(error) => return Outcome::fail(Cause::from_error(&error)),
    };
    let outcome = ping(&connection).await;
    if outcome.verdict != crate::outcome::Verdict::Pass {
        return outcome;
    }
    let max = pool.status().max_size;
    let detail = format!("all {max} connections of the pool are in use; the database itself answers");
    Outcome::fail(Cause::new("pool exhausted", &detail))
}
