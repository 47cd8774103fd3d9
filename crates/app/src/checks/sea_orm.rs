//! Whether the database behind SeaORM answers.

use std::sync::Arc;

use sea_orm::DatabaseConnection;
use tokio::sync::Mutex;

use crate::check::Check;
use crate::outcome::{Cause, Outcome};

/// Pings through the service's own SeaORM connection. Its name is `database` until [`Check::named`] gives another one.
///
/// SeaORM does not say which connection it uses, so a ping that hangs is not given up: the check fails on and on, and the one
/// connection that it holds is the most it ever holds. Services on sqlx pools do better with [`sqlx`](super::sqlx()).
pub fn sea_orm(connection: DatabaseConnection) -> Check {
    let one = Arc::new(Mutex::new(()));
    Check::new("database", move || ping(connection.clone(), one.clone())).component("datastore")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a ping that is given up would leave its connection to the pool unfinished"
)]
async fn ping(connection: DatabaseConnection, one: Arc<Mutex<()>>) -> Outcome {
    let alone = one.lock_owned().await;
    let pinged = tokio::spawn(async move {
        let pinged = connection.ping().await;
        drop(alone);
        pinged
    });
    match pinged.await {
        Ok(Ok(())) => Outcome::pass(),
        Ok(Err(error)) => Outcome::fail(Cause::from_error(&error)),
        Err(error) => Outcome::fail(Cause::new("failed", &error.to_string())),
    }
}
