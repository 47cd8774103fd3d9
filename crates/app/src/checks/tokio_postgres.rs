//! Whether PostgreSQL answers on the service's one connection of tokio-postgres.

use std::sync::Arc;

use tokio_postgres::{Client, Error};

use super::alone::Alone;
use crate::check::Check;
use crate::outcome::{Cause, Outcome};

/// An empty query on the service's own connection, behind the queries that wait there already. Its name is `database` until
/// [`Check::named`] gives another one.
///
/// A `Client` that lost its connection never finds it again: the check then fails until the service makes another one, so
/// [`Check::restart_after`] is worth a thought. Services with a pool take [`deadpool_postgres`](super::deadpool_postgres()).
pub fn tokio_postgres(client: Arc<Client>) -> Check {
    let alone = Alone::default();
    Check::new("database", move || {
        let (client, alone) = (client.clone(), alone.clone());
        async move { alone.ask(ping(client)).await }
    })
    .component("datastore")
}

async fn ping(client: Arc<Client>) -> Outcome {
    match client.simple_query("").await {
        Ok(_) => Outcome::pass(),
        Err(error) => Outcome::fail(cause(&error)),
    }
}

/// The database's own words are not for strangers.
pub(super) fn cause(error: &Error) -> Cause {
    if error.is_closed() {
        return Cause::new("connection lost", &error.to_string());
    }
    Cause::from_error(error)
}
