//! `/api/v1/heartbeats`: where jobs call in, and when each is expected.

use allswell_monitor::resources::Waiting;
use axum::Json;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiState, Mine, NoQuery, Problem, openapi, wire};

/// All heartbeats that wait to be called, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = Heartbeats)]
pub(super) struct List {
    heartbeats: Vec<One>,
}

/// A heartbeat, where it is called, and when.
#[derive(Serialize, ToSchema)]
#[schema(as = Heartbeat)]
pub(super) struct One {
    /// The monitor's number.
    id: u32,
    /// The monitor's name.
    name: String,
    /// Where the job calls; `/start`, `/fail`, `/log` or an exit code behind it say more. Who knows it may call.
    url: String,
    /// When calls are expected, in words.
    schedule: String,
    #[schema(schema_with = openapi::status)]
    status: &'static str,
    /// When a call last said how a run ended, or was missed; `null` before.
    #[schema(format = DateTime)]
    last: Option<String>,
    /// When the next call is expected; `null` when the calendar has come to its end.
    #[schema(format = DateTime)]
    expected: Option<String>,
    /// Until when it is in time.
    #[schema(format = DateTime)]
    deadline: Option<String>,
}

/// Heartbeats
///
/// Those that are paused wait for nobody and are not among them.
#[utoipa::path(get, path = "/api/v1/heartbeats", operation_id = "list_heartbeats", tag = "monitors",
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, _: NoQuery) -> Result<Json<List>, Problem> {
    let waiting = state.resources.heartbeats().await.map_err(Problem::refused)?;
    state.fleet.fresh(&*state.store).await?;
    Ok(Json(List { heartbeats: waiting.iter().filter_map(|waiting| One::of(&state, waiting)).collect() }))
}

impl One {
    /// `None` when it went meanwhile.
    fn of(state: &ApiState, waiting: &Waiting) -> Option<Self> {
        let Waiting { name, question, awaits } = waiting;
        let (awaited, row) = (question.heartbeat()?, state.fleet.one(awaits.monitor)?);
        let token = state.heartbeats.token(name, awaited);
        let base = state.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        Some(Self {
            id: awaits.monitor.0,
            name: name.clone(),
            url: format!("{base}/heartbeat/{}", token.expose_secret()),
            schedule: awaited.schedule().to_owned(),
            status: row.status.as_str(),
            last: row.asked.map(wire::time),
            expected: awaits.expected.map(wire::time),
            deadline: awaits.deadline.map(wire::time),
        })
    }
}
