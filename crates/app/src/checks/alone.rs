//! For clients whose question cannot be given up half way: it goes on by itself, and the next one waits for it.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::outcome::Outcome;

/// Lets one question at a time run to its end, also when nobody waits for it any more.
#[derive(Clone, Debug, Default)]
pub struct Alone(Arc<Mutex<()>>);

impl Alone {
    /// Asks once the question before has ended.
    ///
    /// What hangs holds its one connection, and the check fails on and on; it never holds a second one.
    #[expect(clippy::disallowed_methods, reason = "a question that is given up would leave its connection unfinished")]
    pub async fn ask(&self, question: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
        let alone = self.0.clone().lock_owned().await;
        let asked = tokio::spawn(async move {
            let outcome = question.await;
            drop(alone);
            outcome
        });
        match asked.await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Outcome::fail("the runtime is shutting down"),
        }
    }
}
