//! What status pages read from `main.db`.

use allswell_core::Wall;
use async_trait::async_trait;

use super::{SqliteStore, main};
use crate::model::MonitorId;
use crate::store::{PublicIncident, PublicMonitor, PublicStore, StoreError, Wanted};

#[async_trait]
impl PublicStore for SqliteStore {
    async fn public_monitors(&self, wanted: Wanted) -> Result<Vec<PublicMonitor>, StoreError> {
        let work = move |connection: &_, account| main::public_monitors(connection, account, &wanted);
        self.read("read the monitors of status pages", work).await
    }

    async fn public_incidents(
        &self,
        monitors: Vec<MonitorId>,
        since: Wall,
        limit: usize,
    ) -> Result<Vec<PublicIncident>, StoreError> {
        let work = move |connection: &_, account| main::public_incidents(connection, account, &monitors, since, limit);
        self.read("read the incidents of status pages", work).await
    }
}
