//! The endpoints: `/health`, `/ready`, `/startup`, `/status` with their aliases, for any axum router.
//!
//! A probe is always answered, whatever it says it accepts; HEAD works as GET does; no answer may be stored (RFC 9111 5.2.2.5).

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::routing::get;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::cache::Written;
use crate::check::Check;
use crate::forms::{Form, Query};
use crate::health::Health;
use crate::judge::Probe;
use crate::metrics::{self, Dialect};
use crate::page::{Details, View};

/// Which port a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The service's own.
    Main,
    /// The side port: for operators.
    Side,
}

impl Door {
    pub const ALL: [Self; 2] = [Self::Main, Self::Side];
}

impl Health {
    /// The endpoints, to be merged into the service's router.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.endpoints(Door::Main)
    }

    pub(crate) fn endpoints<S: Clone + Send + Sync + 'static>(&self, door: Door) -> Router<S> {
        let paths = &self.0.settings.paths;
        let mut router = Router::new();
        let probes = [
            (Probe::Liveness, &paths.liveness),
            (Probe::Readiness, &paths.readiness),
            (Probe::Startup, &paths.startup),
            (Probe::Status, &paths.status),
        ];
        for (probe, paths) in probes {
            for path in paths {
                let health = self.clone();
                let answer = move |request: Request| {
                    let health = health.clone();
                    async move { health.answer(probe, door, &request.into_parts().0).await }
                };
                router = router.route(path, get(answer));
            }
        }
        router = router.merge(self.fault_endpoints());
        for path in &paths.metrics {
            let health = self.clone();
            let answer = move |request: Request| async move { health.answer_metrics(&request.into_parts().0) };
            router = router.route(path, get(answer));
        }
        if let Some(path) = paths.readiness.first() {
            let health = self.clone();
            let answer = move |Path(name): Path<String>, request: Request| async move {
                health.answer_one(&name, door, &request.into_parts().0).await
            };
            router = router.route(&format!("{path}/{{check}}"), get(answer));
        }
        router
    }

    async fn answer(&self, probe: Probe, door: Door, request: &Parts) -> Response<Body> {
        let query = Query(request.uri.query().unwrap_or_default());
        let (probe, full) = match probe {
            Probe::Liveness if query.has("full") => (Probe::Status, true),
            probe => (probe, probe == Probe::Status),
        };
        self.refresh(door, |check| full || check.looked_at_by(probe)).await;
        let form = Form::wanted(&query, &request.headers);
        let view = self.view(door, &request.headers);
        let inner = &self.0;
        let plain = form == Form::Json && query.0.is_empty() && view == self.stranger(door);
        if !plain {
            let excluded: Vec<&str> = query.values("exclude").collect();
            let page = inner.page(probe, view, &excluded);
            let (media_type, text) = form.write(&page, &query);
            return response(page.code(), media_type, text.into());
        }
        let written = inner.cache[door as usize].get(probe, inner.version(), inner.clock.mono(), || {
            let page = inner.page(probe, view, &[]);
            Written { code: page.code(), body: Form::Json.write(&page, &query).1.into() }
        });
        response(written.code, "application/json", written.body)
    }

    /// `/ready/{check}` and `/ready/{group}`: one check alone, or some together.
    async fn answer_one(&self, name: &str, door: Door, request: &Parts) -> Response<Body> {
        let members = self.0.settings.groups.iter().find(|group| &*group.name == name).map(|group| &group.members);
        let wanted = |check: &Check| match members {
            Some(members) => members.contains(&check.name),
            None => check.name() == name,
        };
        self.refresh(door, wanted).await;
        let view = self.view(door, &request.headers);
        if let Some(page) = self.0.group_page(name, view) {
            let query = Query(request.uri.query().unwrap_or_default());
            let (media_type, text) = Form::wanted(&query, &request.headers).write(&page, &query);
            return response(page.code(), media_type, text.into());
        }
        let Some(mut result) = self.result(name) else {
            return response(404, "application/json", Bytes::from_static(b"{\"detail\":\"no such check or group\"}"));
        };
        if view.trusted {
            result.message = result.detail.take().or(result.message);
        }
        let code = if result.is_up() { 200 } else { 503 };
        let mut json = crate::json::Json::default();
        if view.details < Details::Full {
            json.object(|json| json.text_field("status", Some(result.status.as_str())));
        } else {
            json.object(|json| crate::forms::result(json, &result));
        }
        response(code, "application/json", json.into_text().into())
    }

    /// The metrics as Prometheus' text format 0.0.4, for services that have a `/metrics` of their own.
    pub fn metrics_text(&self) -> String {
        metrics::write(&self.0, Dialect::Prometheus)
    }

    /// The metrics, in the form that `Accept` asks for.
    fn answer_metrics(&self, request: &Parts) -> Response<Body> {
        let accept = request.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let dialect = Dialect::wanted(accept);
        response(200, dialect.media_type(), metrics::write(&self.0, dialect).into())
    }

    fn view(&self, door: Door, headers: &HeaderMap) -> View {
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        match (self.0.settings.token.as_deref(), bearer) {
            (Some(token), Some(given)) if same(token.as_bytes(), given) => EVERYTHING,
            _ => self.stranger(door),
        }
    }

    fn stranger(&self, door: Door) -> View {
        match door {
            Door::Main => View { details: self.0.settings.details, trusted: false },
            Door::Side => EVERYTHING,
        }
    }
}

const EVERYTHING: View = View { details: Details::Full, trusted: true };

/// Compares in a time that depends on the lengths alone.
pub(crate) fn same(secret: &[u8], given: &[u8]) -> bool {
    let differences = secret.iter().zip(given).fold(0, |differences, (a, b)| differences | (a ^ b));
    secret.len() == given.len() && differences == 0
}

pub(crate) fn response(code: u16, media_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
