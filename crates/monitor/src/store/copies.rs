//! Copies of the whole store, made while others read and write.

use std::path::Path;

use async_trait::async_trait;

use super::StoreError;

/// The part of the store that copies all of it, every account's. What it is asked does not depend on whose view is asked.
#[async_trait]
pub trait CopyStore: Send + Sync {
    /// How many bytes a copy takes at most; what asking gave counts where `results` says so.
    async fn bytes(&self, results: bool) -> Result<u64, StoreError>;

    /// Writes a copy into the folder `into`, as files that a server can start with: what was there at one moment, and is on the disk
    /// when it returns. What asking gave is in it where `results` says so, from a moment before.
    ///
    /// Others read and write meanwhile. A store that closes ends it with an error; what was written until then is left there.
    async fn copy(&self, into: &Path, results: bool) -> Result<(), StoreError>;
}
