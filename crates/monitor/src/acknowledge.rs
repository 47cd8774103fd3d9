//! Somebody says that an incident is being seen to: in the API, on the command line, by the link in a message.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::model::IncidentId;
use crate::notify::clean::{block, line};
use crate::store::{Acknowledged, Store, StoreError};

/// The longest name of a person, in characters.
const BY_MAX: usize = 128;
/// How many may wait for the engine's next tick.
const WAITING_MAX: usize = 64;
/// The longest note, in characters.
const NOTE_MAX: usize = 2_000;

/// Takes acknowledgements; a copy is as good as the first.
#[derive(Clone)]
pub struct Acknowledger {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    noted: mpsc::Sender<IncidentId>,
}

impl Acknowledger {
    /// One that writes to `store`, and where each incident that was acknowledged comes out, for those who remind people.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> (Self, mpsc::Receiver<IncidentId>) {
        let (noted, acknowledged) = mpsc::channel(WAITING_MAX);
        (Self { store, clock, noted }, acknowledged)
    }

    /// Notes that `by` sees to `incident`; durable when it returns, and on the incident's timeline.
    ///
    /// Only the first one counts: a second changes nothing and is told whose was the first. What is longer than a name or a
    /// note may be is cut, and what would not show as what it is (control characters, turned text) is left out.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was noted.
    pub async fn acknowledge(
        &self,
        incident: IncidentId,
        by: &str,
        note: Option<&str>,
    ) -> Result<Acknowledged, StoreError> {
        let by = name(by);
        let note = note.map(|note| block(note, NOTE_MAX)).filter(|note| !note.is_empty());
        let done = self.store.acknowledge(incident, by, note, self.clock.now().wall).await?;
        if done == Acknowledged::Now {
            // Who listened has stopped; then nobody is reminded any more.
            let _ = self.noted.send(incident).await;
        }
        Ok(done)
    }
    /// Notes that `by` sees to all of `incidents`, as [`Acknowledger::acknowledge`] does for one; says what it did to each.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was noted.
    pub async fn acknowledge_all(&self, incidents: Vec<IncidentId>, by: &str) -> Result<Vec<Acknowledged>, StoreError> {
        let done = self.store.acknowledge_all(incidents.clone(), name(by), self.clock.now().wall).await?;
        for (incident, _) in incidents.iter().zip(&done).filter(|(_, done)| **done == Acknowledged::Now) {
            // As above.
            let _ = self.noted.send(*incident).await;
        }
        Ok(done)
    }
}

/// The name of a person as it is noted.
fn name(by: &str) -> String {
    Some(line(by, BY_MAX)).filter(|by| !by.is_empty()).unwrap_or_else(|| "somebody".to_owned())
}
