//! Who may do what: API keys with their scopes, users with their roles.
//!
//! A key is a random text that is shown once; the store keeps its digest. A user signs in with a password, of which the store
//! keeps what Argon2id makes of it, and from then on the browser shows a random text like a key. As long as there is neither
//! key nor user, everything is open, and the server listens on loopback alone.

mod address;
mod announced;
mod attempts;
mod keyring;
mod password;
mod people;
mod role;
mod rows;
mod scope;
mod second_factor;
mod secret;

pub use address::{Address, NotAnAddress};
pub use attempts::customer;
pub use keyring::{Admission, Keyring, KeyringError};
pub use password::{Kept, NotAPassword, Password, PasswordError, Passwords};
pub use people::{
    Join, LIFETIME, NewPerson, People, PeopleError, PersonChange, Reset, SignIn, SignUp, SignedIn, Visitor, WayIn,
};
pub use role::{Need, Role};
pub use scope::{Scope, Scopes};
pub use second_factor::FactorSecret;
pub use secret::{Digest, NotAKey, Secret};
