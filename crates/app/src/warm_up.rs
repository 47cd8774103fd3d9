//! Warm-up: requests of the service to itself before it is ready, so that the first real request is not the first of all.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use tower_service::Service;

use crate::health::Health;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first wait after a round that failed; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Health {
    /// Has the service answer `GET` requests to these paths, in the process, before it is started: a deployment that fails with
    /// the first real request never gets one.
    ///
    /// `service` is the service's router, with its state. The start is held until every path was answered with something else
    /// than a 5xx; until then the round is repeated, and each failure logged.
    pub fn warm_up<S, R>(&self, service: S, paths: impl IntoIterator<Item = impl Into<String>>)
    where
        S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
        S::Future: Send,
        R: Send,
    {
        let hold = self.startup_hold("warm-up");
        let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        self.0.runtime.spawn(async move {
            let mut wait = FIRST_WAIT;
            while !round(service.clone(), &paths).await {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            hold.release();
        });
    }
}

/// Whether all paths were answered as they should.
async fn round<S, R>(mut service: S, paths: &[String]) -> bool
where
    S: Service<Request<Body>, Response = Response<R>>,
{
    for path in paths {
        let answered = tokio::time::timeout(PATIENCE, ask(&mut service, path)).await;
        let failure = match answered {
            Ok(Ok(code)) if code < 500 => continue,
            Ok(Ok(code)) => format!("answered {code}"),
            Ok(Err(what)) => what.to_owned(),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        tracing::warn!(path, failure, "warm-up failed; the service is not started");
        return false;
    }
    true
}

async fn ask<S, R>(service: &mut S, path: &str) -> Result<u16, &'static str>
where
    S: Service<Request<Body>, Response = Response<R>>,
{
    let request = Request::get(path).header("user-agent", "allswell-warm-up").body(Body::empty());
    let request = request.map_err(|_| "the path cannot be asked for")?;
    std::future::poll_fn(|context| service.poll_ready(context)).await.map_err(|_| "the service is not ready")?;
    Ok(service.call(request).await.map_err(|_| "the service failed")?.status().as_u16())
}
