//! Simulated faults over HTTP, for trying out what stands around the service. Off unless the builder says otherwise.

use std::time::Duration;

use allswell_core::time::parse_duration;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::routing::post;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Response};

use crate::builder::Misuse;
use crate::endpoints::{response, same};
use crate::forms::Query;
use crate::health::Health;
use crate::json::Json;

/// How long a fault lasts that says nothing else.
const LASTING: Duration = Duration::from_secs(60);

/// The longest a fault lasts.
const LASTING_MAX: Duration = Duration::from_secs(3_600);

/// The most memory that a simulated leak takes.
const LEAK_MAX: usize = 1 << 30;

/// Paths that guides use, with the check, its names there and here, and whether it fails.
const ALIASES: [(&str, &str, bool, &str); 4] = [
    ("/simulate_db_failure", "database", true, "Database connection simulated as failed"),
    ("/simulate_db_recovery", "database", false, "Database connection simulated as recovered"),
    ("/simulate_external_service_failure", "external_service", true, "External service simulated as unavailable"),
    ("/simulate_external_service_recovery", "external_service", false, "External service simulated as available"),
];

/// Whether the route is one of these, which a simulation must not close.
pub(crate) fn is_fault_path(route: &str) -> bool {
    route.starts_with("/faults/") || ALIASES.iter().any(|(path, ..)| *path == route)
}

/// Who may simulate faults over HTTP.
#[derive(Clone)]
pub enum FaultAccess {
    /// Whoever sends `Authorization: Bearer` with this token.
    Token(String),
    /// Everybody: for a machine that only its user can reach.
    Everybody,
}

impl std::fmt::Debug for FaultAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Token(_)) { "Token(***)" } else { "Everybody" })
    }
}

impl FaultAccess {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let Self::Token(token) = self else { return true };
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        bearer.is_some_and(|given| same(token.as_bytes(), given))
    }

    /// Why it cannot be used.
    pub(crate) fn misuse(&self) -> Option<String> {
        let Self::Token(token) = self else { return None };
        let sentence =
            "the token for faults is empty, so everybody would have it; give a secret, or say FaultAccess::Everybody";
        token.trim().is_empty().then(|| sentence.to_owned())
    }
}

impl Health {
    /// The endpoints that simulate faults, if the builder allows them.
    pub(crate) fn fault_endpoints<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let mut router = Router::new();
        let Some(access) = &self.0.settings.faults else { return router };
        let (health, admits) = (self.clone(), access.clone());
        let on_check = move |Path((verb, check)): Path<(String, String)>, request: Request| async move {
            let (parts, _) = request.into_parts();
            health.simulated(&admits, &parts, |health| health.simulate(&verb, Some(&check), &parts))
        };
        let (health, admits) = (self.clone(), access.clone());
        let on_service = move |Path(verb): Path<String>, request: Request| async move {
            let (parts, _) = request.into_parts();
            health.simulated(&admits, &parts, |health| health.simulate(&verb, None, &parts))
        };
        router = router.route("/faults/{verb}/{check}", post(on_check)).route("/faults/{verb}", post(on_service));
        for (path, check, fails, message) in ALIASES {
            let (health, admits) = (self.clone(), access.clone());
            let alias = move |request: Request| async move {
                let (parts, _) = request.into_parts();
                health.simulated(&admits, &parts, |health| {
                    if fails { health.faults().fail(check, LASTING_MAX) } else { health.faults().recover(check) }?;
                    Ok(message.to_owned())
                })
            };
            router = router.route(path, post(alias));
        }
        router
    }

    fn simulated(
        &self,
        access: &FaultAccess,
        request: &Parts,
        simulate: impl FnOnce(&Self) -> Result<String, Misuse>,
    ) -> Response<Body> {
        if !access.admits(&request.headers) {
            return said(401, "detail", "send the token for faults as `Authorization: Bearer ...`");
        }
        match simulate(self) {
            Ok(message) => said(200, "message", &message),
            Err(Misuse(sentence)) => said(400, "detail", &sentence),
        }
    }

    fn simulate(&self, verb: &str, check: Option<&str>, request: &Parts) -> Result<String, Misuse> {
        let query = Query(request.uri.query().unwrap_or_default());
        let lasting = duration(&query, "for", LASTING)?.min(LASTING_MAX);
        let faults = self.faults();
        match (verb, check) {
            ("fail", Some(check)) => faults.fail(check, lasting)?,
            ("slow", Some(check)) => faults.slow(check, duration(&query, "by", Duration::from_secs(5))?, lasting)?,
            ("hang", Some(check)) => faults.hang(check, lasting)?,
            ("recover", Some(check)) => {
                faults.recover(check)?;
                return Ok(format!("{check} is left alone"));
            }
            ("recover", None) => {
                faults.recover_all();
                return Ok("everything is left alone".to_owned());
            }
            ("refuse", None) => faults.refuse(lasting),
            ("block_worker", None) => {
                faults.block_worker(duration(&query, "for", Duration::from_secs(5))?.min(LASTING_MAX))
            }
            ("leak", None) => {
                let bytes = query.value("bytes").unwrap_or("67108864").parse();
                let bytes = bytes
                    .map_err(|_| Misuse("`bytes` is no number of bytes; write for instance 67108864".to_owned()))?;
                faults.leak(usize::min(bytes, LEAK_MAX), lasting);
            }
            _ => {
                let sentence = "there is no such fault; there are fail, slow, hang and recover with a check, and recover, \
                                refuse, block_worker and leak without";
                return Err(Misuse(sentence.to_owned()));
            }
        }
        let of = check.map(|check| format!(" {check}")).unwrap_or_default();
        Ok(format!("{verb}{of} for {}", allswell_core::time::humane(lasting)))
    }
}

fn duration(query: &Query<'_>, name: &str, default: Duration) -> Result<Duration, Misuse> {
    query.value(name).map_or(Ok(default), |text| parse_duration(text).map_err(|error| Misuse(error.to_string())))
}

fn said(code: u16, name: &str, text: &str) -> Response<Body> {
    let mut json = Json::default();
    json.object(|json| json.text_field(name, Some(text)));
    response(code, "application/json", json.into_text().into())
}
