//! Whether Redis (or Valkey) answers.

use redis::aio::ConnectionLike;
use redis::{RedisError, cmd};

use crate::check::Check;
use crate::outcome::{Cause, Outcome};

/// PING through the service's own connection: a `ConnectionManager`, which connects again by itself, or a
/// `MultiplexedConnection`, which does not. Its name is `redis` until [`Check::named`] gives another one.
pub fn redis<C: ConnectionLike + Clone + Send + Sync + 'static>(connection: C) -> Check {
    Check::new("redis", move || ping(connection.clone())).component("datastore")
}

async fn ping<C: ConnectionLike>(mut connection: C) -> Outcome {
    match cmd("PING").query_async::<String>(&mut connection).await {
        Ok(answer) if answer == "PONG" => Outcome::pass(),
        Ok(_) => Outcome::fail(Cause::public("not the answer to PING")),
        Err(error) => Outcome::fail(cause(&error)),
    }
}

fn cause(error: &RedisError) -> Cause {
    let class = match error {
        _ if error.is_connection_refusal() => "connection refused",
        _ if error.is_timeout() => "timed out",
        _ if error.is_connection_dropped() => "connection lost",
        _ => return Cause::from_error(error),
    };
    Cause::new(class, &error.to_string())
}
