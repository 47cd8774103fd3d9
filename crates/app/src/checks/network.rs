//! Whether a port can be reached, and whether a name is known.

use tokio::net::TcpStream;

use crate::check::Check;
use crate::outcome::{Cause, Outcome};

/// A TCP connection to `address` (`host:port`) is made and closed. Its name is `tcp` until [`Check::named`] gives another one.
pub fn tcp(address: impl Into<String>) -> Check {
    let address = address.into();
    Check::new("tcp", move || connect(address.clone()))
}

#[expect(clippy::disallowed_methods, reason = "asking is connecting; the address is the author's")]
async fn connect(address: String) -> Outcome {
    match TcpStream::connect(&address).await {
        Ok(_) => Outcome::pass(),
        Err(error) => Outcome::fail(Cause::from_error(&error)),
    }
}

/// The system's resolver knows an address for `host`. Its name is `dns` until [`Check::named`] gives another one.
pub fn dns(host: impl Into<String>) -> Check {
    let host = host.into();
    Check::new("dns", move || resolve(host.clone()))
}

async fn resolve(host: String) -> Outcome {
    match tokio::net::lookup_host((host.as_str(), 0)).await.map(|mut addresses| addresses.next()) {
        Ok(Some(_)) => Outcome::pass(),
        Ok(None) => Outcome::fail(Cause::public("no address")),
        Err(error) => Outcome::fail(Cause::new("name not resolved", &error.to_string())),
    }
}
