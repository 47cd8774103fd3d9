//! Whether MongoDB answers.

use std::sync::{Arc, Mutex, PoisonError};

use mongodb::bson::doc;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{ClientOptions, SelectionCriteria, ServerAddress};
use mongodb::{Client, Database};
use tokio::time::timeout;

use crate::check::{Check, CheckContext, HealthCheck};
use crate::outcome::{Cause, Outcome};

/// `ping` through the service's own client, on any server that it knows. Its name is `database` until [`Check::named`] gives
/// another one.
///
/// When there is no answer for half of the check's time, the server that was chosen is asked on a connection of its own, without
/// TLS and without a user, which `ping` does not need: if it answers, the pool is exhausted and the database is not to blame.
/// Where servers want TLS, that cannot be told, and the check runs out of time.
pub fn mongodb(database: Database) -> Check {
    Check::of(Ping(database)).component("datastore")
}

struct Ping(Database);

impl HealthCheck for Ping {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self, context: &CheckContext) -> Outcome {
        let chosen = Arc::new(Mutex::new(None));
        let note = chosen.clone();
        let any = SelectionCriteria::Predicate(Arc::new(move |server| {
            *note.lock().unwrap_or_else(PoisonError::into_inner) = Some(server.address().clone());
            true
        }));
        let ping = self.0.run_command(doc! { "ping": 1 }).selection_criteria(any);
        match timeout(context.timeout() / 2, ping).await {
            Ok(Ok(_)) => return Outcome::pass(),
            Ok(Err(error)) => return Outcome::fail(cause(&error)),
            Err(_) => {}
        }
        let server = chosen.lock().unwrap_or_else(PoisonError::into_inner).take();
        match server {
            Some(server) => beside_the_pool(server).await,
            None => Outcome::fail(Cause::public("no server is reachable")),
        }
    }
}

async fn beside_the_pool(server: ServerAddress) -> Outcome {
    let mut options = ClientOptions::default();
    options.hosts = vec![server];
    options.direct_connection = Some(true);
    options.max_pool_size = Some(1);
    let client = match Client::with_options(options) {
        Ok(client) => client,
        Err(error) => return Outcome::fail(cause(&error)),
    };
    let pinged = client.database("admin").run_command(doc! { "ping": 1 }).await;
    client.shutdown().immediate(true).await;
    match pinged {
        Ok(_) => {
            Outcome::fail(Cause::new("pool exhausted", "no connection of the pool is free; the server itself answers"))
        }
        Err(error) => Outcome::fail(cause(&error)),
    }
}

/// The database's own words are not for strangers; the system's error below them has a class.
fn cause(error: &Error) -> Cause {
    let class = match &*error.kind {
        ErrorKind::ServerSelection { .. } => "no server is reachable",
        ErrorKind::Authentication { .. } => "login refused",
        ErrorKind::Io(io) => crate::outcome::class_of(io).unwrap_or("failed"),
        _ => "failed",
    };
    Cause::new(class, &error.to_string())
}
