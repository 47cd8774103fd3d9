//! Ready-made checks, each behind the feature of its name; those that need no other crate are always there.
//!
//! They ask through the service's own pool or client, so that what is checked is what is used. A check whose time is over
//! closes the connection it held instead of giving it back: a database that hangs holds one connection of the check, never more.

#[cfg(any(feature = "deadpool-diesel", feature = "sea-orm", feature = "tokio-postgres"))]
mod alone;
#[cfg(feature = "deadpool-diesel")]
mod deadpool_diesel;
#[cfg(feature = "deadpool-postgres")]
mod deadpool_postgres;
#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "http")]
mod http;
mod memory;
#[cfg(feature = "mongodb")]
mod mongodb;
mod network;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sea-orm")]
mod sea_orm;
#[cfg(feature = "_sqlx")]
mod sqlx;
#[cfg(feature = "tokio-postgres")]
mod tokio_postgres;

#[cfg(feature = "deadpool-diesel")]
pub use deadpool_diesel::deadpool_diesel;
#[cfg(feature = "deadpool-postgres")]
pub use deadpool_postgres::deadpool_postgres;
#[cfg(feature = "disk")]
pub use disk::{Free, disk};
#[cfg(feature = "http")]
pub use http::http;
#[cfg(feature = "https")]
pub use http::https;
pub use memory::memory;
#[cfg(feature = "mongodb")]
pub use mongodb::mongodb;
pub use network::{dns, tcp};
#[cfg(feature = "redis")]
pub use redis::redis;
#[cfg(feature = "sea-orm")]
pub use sea_orm::sea_orm;
#[cfg(feature = "_sqlx")]
pub use sqlx::sqlx;
#[cfg(feature = "tokio-postgres")]
pub use tokio_postgres::tokio_postgres;
