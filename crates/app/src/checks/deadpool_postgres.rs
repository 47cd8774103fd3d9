//! Whether PostgreSQL answers through a deadpool of tokio-postgres.

use deadpool_postgres::{Object, Pool};

use crate::check::{Check, CheckContext, HealthCheck};
use crate::outcome::{Cause, Outcome};

/// An empty query through the service's own pool. Its name is `database` until [`Check::named`] gives another one.
///
/// A pool whose connections are all in use for half of the check's time is `pool exhausted`.
pub fn deadpool_postgres(pool: Pool) -> Check {
    Check::of(Ping(pool)).component("datastore")
}

struct Ping(Pool);

impl HealthCheck for Ping {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self, context: &CheckContext) -> Outcome {
        let object = match tokio::time::timeout(context.timeout() / 2, self.0.get()).await {
            Ok(Ok(object)) => object,
            Ok(Err(error)) => return Outcome::fail(Cause::from_error(&error)),
            Err(_) => return Outcome::fail(self.waited()),
        };
        let mut held = Held(Some(object));
        let object = held.0.as_ref().expect("given above");
        match object.simple_query("").await {
            Ok(_) => {
                drop(held.0.take());
                Outcome::pass()
            }
            Err(error) => Outcome::fail(Cause::from_error(&error)),
        }
    }
}

impl Ping {
    fn waited(&self) -> Cause {
        let status = self.0.status();
        if status.size >= status.max_size && status.available == 0 {
            return Cause::new(
                "pool exhausted",
                &format!("all {} connections of the pool are in use", status.max_size),
            );
        }
        Cause::public("timed out while connecting")
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
