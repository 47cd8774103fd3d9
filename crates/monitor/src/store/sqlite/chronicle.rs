//! Notes and marks in `main.db`, results without details from `results.db`.

use std::ops::Range;
use std::sync::Arc;

use allswell_core::Wall;
use allswell_core::series::Sample;
use allswell_core::uptime::Mark;
use async_trait::async_trait;

use super::{SqliteStore, main, results};
use crate::model::{IncidentId, MonitorId};
use crate::store::{ChronicleStore, IncidentRow, MarkRow, MonitorRow, NewMark, NewNote, Standing, StoreError};

#[async_trait]
impl ChronicleStore for SqliteStore {
    async fn monitor(&self, key: &str) -> Result<Option<MonitorRow>, StoreError> {
        let key = key.to_owned();
        let work = move |connection: &_, account| main::monitor(connection, account, &key);
        let mut found = self.read("read a monitor", work).await?;
        if let Some(monitor) = &mut found {
            monitor.enlisted.last_asked = results::last_asked(&self.files.heads, monitor.enlisted.id);
        }
        Ok(found)
    }

    async fn standings(&self, monitors: Vec<MonitorId>, window: Range<Wall>) -> Result<Vec<Standing>, StoreError> {
        let known = self.histories(monitors, window).await?;
        let heads = Arc::clone(&self.files.heads);
        let work = move |connection: &mut _| {
            let ids: Vec<_> = known.iter().map(|(monitor, _)| monitor.enlisted.id).collect();
            let last = results::last(connection, &heads, &ids)?;
            let standing = |((monitor, marks), last)| Standing { monitor, marks, last };
            Ok(known.into_iter().zip(last).map(standing).collect())
        };
        self.files.results_readers.read("read results", work).await
    }

    async fn histories(
        &self,
        monitors: Vec<MonitorId>,
        window: Range<Wall>,
    ) -> Result<Vec<(MonitorRow, Vec<Mark>)>, StoreError> {
        let work = move |connection: &_, account| main::histories(connection, account, &monitors, &window);
        let mut known = self.read("read monitors", work).await?;
        for (monitor, _) in &mut known {
            monitor.enlisted.last_asked = results::last_asked(&self.files.heads, monitor.enlisted.id);
        }
        Ok(known)
    }

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
        if !self.may_read(monitor).await? {
            return Ok(Vec::new());
        }
        let heads = Arc::clone(&self.files.heads);
        let work = move |connection: &mut _| results::read_samples(connection, &heads, monitor, &range);
        self.files.results_readers.read("read results", work).await
    }
}
