//! Who may do what: API keys, their scopes, and the one place that knows which scope a request needs.
//!
//! A key is a random text that is shown once; the store keeps its digest. As long as there is no key at all, everything is
//! open, and the server listens on loopback alone.

mod keyring;
mod need;
mod scope;
mod secret;

pub use keyring::{Admission, Keyring, KeyringError};
pub(crate) use need::need;
pub use scope::{Scope, Scopes};
pub use secret::{Digest, NotAKey, Secret};
