//! `/api/v1/monitors/{id}/history`: what was true of a monitor, stretch after stretch.

use allswell_core::uptime::{Presence, Stretch, stretches};
use axum::Json;
use axum::extract::RawQuery;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::series::{Over, beside, range};
use super::{Key, Mine, Problem, Query, openapi, read, wire};

/// So many stretches are told at most.
const MOST: usize = 10_000;

/// What was true of a monitor over a range, in stretches that follow one another.
#[derive(Serialize, ToSchema)]
#[schema(as = History)]
pub(super) struct History {
    /// The monitor's number.
    id: u32,
    /// The monitor's name.
    name: String,
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    /// Oldest first; those with the status that was asked for, where one was.
    stretches: Vec<One>,
}

/// A stretch of time in which one thing was true.
#[derive(Serialize, ToSchema)]
#[schema(as = Stretch)]
struct One {
    /// `unknown` while nobody watched, and for the last seconds: that somebody watches is noted every five.
    #[schema(schema_with = openapi::status)]
    status: &'static str,
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
}

/// Which stretches.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Only {
    /// Only those in which this was true; all where nothing is said.
    #[param(schema_with = openapi::status)]
    status: Option<String>,
}

/// What was true of a monitor, and when
#[utoipa::path(get, path = "/api/v1/monitors/{id}/history", operation_id = "get_history", tag = "monitors",
    params(openapi::Monitor, Over, Only), responses((status = 200, body = History), openapi::RefusalsOfOne))]
pub(super) async fn history(Mine(state): Mine, key: Key, query: RawQuery) -> Result<Json<History>, Problem> {
    let query = Query::read(query, &["from", "to", "status"])?;
    let range = range(&query, &state)?;
    let wanted = query.one_of("status", "status", &Presence::ALL, Presence::as_str)?;
    let monitor = read::monitor(&*state.store, &key.0).await?;
    let marks = state.store.marks(monitor.enlisted.id, range.clone()).await?;
    let watched = state.store.watched(range.clone()).await?;
    let found = {
        let range = range.clone();
        beside(move || {
            let all = stretches(&marks, &watched, &range).into_iter();
            all.filter(|stretch| wanted.is_none_or(|wanted| stretch.presence == wanted)).collect::<Vec<_>>()
        })
        .await?
    };
    if found.len() > MOST {
        let said = format!("there are {} stretches, and {MOST} are told at most", found.len());
        return Err(Problem::parameter("from", said, "ask for a shorter range, or for one `status`"));
    }
    Ok(Json(History {
        id: monitor.enlisted.id.0,
        name: monitor.enlistment.name,
        from: wire::time(range.start),
        to: wire::time(range.end),
        stretches: found.iter().map(One::of).collect(),
    }))
}

impl One {
    fn of(stretch: &Stretch) -> Self {
        Self {
            status: stretch.presence.as_str(),
            from: wire::time(stretch.time.start),
            to: wire::time(stretch.time.end),
        }
    }
}
