//! Notes and marks in `main.db`, results without details from `results.db`.

use std::ops::Range;
use std::sync::Arc;

use allswell_core::Wall;
use allswell_core::series::Sample;
use async_trait::async_trait;

use super::{SqliteStore, main, results};
use crate::model::{IncidentId, MonitorId};
use crate::store::{ChronicleStore, IncidentRow, MarkRow, NewMark, NewNote, StoreError};

#[async_trait]
impl ChronicleStore for SqliteStore {
    async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>, StoreError> {
        self.read("read an incident", move |connection, account| main::incident(connection, account, id)).await
    }

    async fn note(&self, id: IncidentId, note: NewNote, now: Wall) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::write_note(connection, account, id, &note, now);
        self.write("write a note", work).await
    }

    async fn add_mark(&self, mark: NewMark) -> Result<MarkRow, StoreError> {
        self.write("write a mark", move |connection, account| main::add_mark(connection, account, mark)).await
    }

    async fn added_marks(&self, range: Range<Wall>, limit: usize) -> Result<Vec<MarkRow>, StoreError> {
        let work = move |connection: &_, account| main::added_marks(connection, account, &range, limit);
        self.read("read marks", work).await
    }

    async fn remove_mark(&self, id: i64) -> Result<bool, StoreError> {
        self.write("delete a mark", move |connection, account| main::remove_mark(connection, account, id)).await
    }

    async fn samples(&self, monitor: MonitorId, range: Range<Wall>) -> Result<Vec<Sample>, StoreError> {
        let heads = Arc::clone(&self.heads);
        let work = move |connection: &mut _| results::read_samples(connection, &heads, monitor, &range);
        self.results_readers.read("read results", work).await
    }
}
