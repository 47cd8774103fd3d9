//! `/api/v1/try`: a monitor that is not saved, asked once.

use std::sync::Arc;
use std::time::Duration;

use allswell_core::Reason;
use allswell_probe::{Answer, Certificate, Question, health};
use axum::Json;
use axum::extract::RawQuery;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::wire::PhasesMs;
use super::written::Written;
use super::{Mine, Problem, Query, openapi, read};

/// The longest that somebody waits for a trial.
const LONGEST: Duration = Duration::from_secs(25);
/// How many trials run at the same time.
const AT_ONCE: usize = 16;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// What one asking brought back, all of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Trial {
    #[schema(schema_with = openapi::outcome)]
    outcome: &'static str,
    /// Why it was no plain pass.
    #[schema(schema_with = openapi::reason)]
    reason: Option<&'static str>,
    /// The same in a sentence.
    detail: Option<String>,
    /// What was asked, secrets masked.
    target: String,
    /// The HTTP status.
    status: Option<u16>,
    phases_ms: PhasesMs,
    /// Which address was asked.
    address: Option<String>,
    http_version: Option<&'static str>,
    final_url: Option<String>,
    body_bytes: Option<u64>,
    /// Each condition, whether it held, and where it did not the value that was there.
    conditions: Vec<Condition>,
    /// What the service says of itself, each of its dependencies included.
    #[schema(schema_with = openapi::any_object_or_null)]
    health: Option<health::Document>,
    #[schema(schema_with = openapi::any_object_or_null)]
    certificate: Option<Certificate>,
    /// The beginning of what it said.
    #[schema(schema_with = openapi::any_object_or_null)]
    said: Option<Value>,
}

/// A condition, held against the answer.
#[derive(Serialize, ToSchema)]
pub(super) struct Condition {
    /// As it is written.
    condition: String,
    /// `null` where there was no answer to hold it against.
    held: Option<bool>,
    /// Why it did not hold, with the value that was there.
    why: Option<String>,
    /// What was there, `status is 200`, also where it held; `null` where it looks at nothing that can be shown, and where a
    /// monitor was checked and not tried.
    seen: Option<String>,
}

/// What a mask in the body stands for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Like {
    /// The monitor whose secrets are meant where the body has `***`: its number or its name.
    monitor: Option<String>,
}

impl Trial {
    pub(super) fn of(question: &Question, answer: &Answer) -> Self {
        let failed = |text: &str| answer.failed_conditions.iter().find(|failed| failed.condition == text);
        // Conditions are held against an answer alone; without one they neither held nor failed.
        let was_held = answer.outcome.reason.is_none_or(is_of_an_answer);
        let seen = |text: &str| answer.seen.iter().find(|seen| seen.condition == text && !seen.what.is_empty());
        let conditions = question.conditions().map(|text| Condition {
            condition: text.to_owned(),
            held: was_held.then(|| failed(text).is_none()),
            why: failed(text).map(|failed| failed.why.clone()),
            seen: seen(text).map(|seen| seen.what.clone()),
        });
        Self {
            outcome: answer.outcome.verdict.as_str(),
            reason: answer.outcome.reason.map(|reason| reason.as_str()),
            detail: answer.detail.clone(),
            target: question.target().to_owned(),
            status: answer.status,
            phases_ms: PhasesMs::new(&answer.phases, answer.outcome.latency),
            address: answer.place(),
            http_version: answer.http_version,
            final_url: answer.final_url.clone(),
            body_bytes: answer.body_bytes,
            conditions: conditions.collect(),
            health: answer.health.clone(),
            certificate: answer.certificate.clone(),
            said: answer.evidence.as_ref().and_then(|said| serde_json::to_value(said).ok()),
        }
    }
}

/// Try a monitor without saving it
///
/// Asks once and tells all that came back. The body has the keys of a monitor; its name may be left out.
#[utoipa::path(post, path = "/api/v1/try", operation_id = "try_monitor", tag = "monitors", params(Like),
    request_body = openapi::MonitorSpec, responses((status = 200, body = Trial), openapi::RefusalsOfOneWrite))]
pub(super) async fn once(Mine(state): Mine, query: RawQuery, Written(spec): Written) -> Result<Json<Trial>, Problem> {
    let query = Query::read(query, &["monitor"])?;
    let like = match query.value("monitor") {
        Some(key) => Some(state.resources.id(key).ok_or_else(|| read::no_monitor(key))?),
        None => None,
    };
    let mut config = state.resources.read(spec, like).map_err(Problem::refused)?;
    if let Some(question) = Arc::get_mut(&mut config.question) {
        question.explain();
    }
    if config.question.heartbeat().is_some() {
        return Err(Problem::conflict(
            "a heartbeat is not asked; it waits to be called",
            "save it, and call its address",
        ));
    }
    let _place = PLACES.try_acquire().map_err(|_| Problem::busy())?;
    let answer = state.prober.ask(&config.question, deadline(config.policy.timeout.min(LONGEST))).await;
    let answer = Answer { outcome: answer.outcome.slower_than(config.policy.degraded_above), ..answer };
    Ok(Json(Trial::of(&config.question, &answer)))
}

/// Whether a reason is found in an answer, and not on the way to one.
const fn is_of_an_answer(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::CertificateExpiring
            | Reason::Status
            | Reason::Condition
            | Reason::HealthDegraded
            | Reason::HealthUnhealthy
            | Reason::Slow
    )
}

#[expect(clippy::disallowed_methods, reason = "the prober's deadline is on tokio's clock")]
fn deadline(within: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + within
}
