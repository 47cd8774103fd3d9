//! The layer around a service: counts a request until the last byte of its answer was taken, and says where each worker is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use allswell_core::Mono;
use axum::extract::MatchedPath;
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::recorder::{Class, Method};
use super::response_time::ResponseTime;
use crate::health::{Health, Inner};

const RESPONSE_TIME: http::HeaderName = http::HeaderName::from_static("x-response-time");

/// Counts requests; see [`Health::layer`].
#[derive(Clone, Debug)]
pub struct MetricsLayer(Health);

impl Health {
    /// The layer that counts requests, measures them to the last byte of their answers, and tells the watchdog in which route
    /// a worker is. Put it on the router with `.layer(health.layer())`, after all routes.
    pub fn layer(&self) -> MetricsLayer {
        MetricsLayer(self.clone())
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = MetricsService<S>;

    fn layer(&self, inner: S) -> MetricsService<S> {
        MetricsService { inner, health: self.0.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Clone, Debug)]
pub struct MetricsService<S> {
    inner: S,
    health: Health,
}

impl<S, B, R> Service<Request<B>> for MetricsService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<Tracked<R>>;
    type Error = S::Error;
    type Future = Measured<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Measured<S::Future> {
        let health = &self.health.0;
        let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let method = health.recorder.method(path, request.method());
        let head = request.method() == http::Method::HEAD;
        let guard = Guard::new(health.clone(), method, head);
        let inner = if health.refuses(path) { None } else { Some(self.inner.call(request)) };
        Measured { inner, guard: Some(guard) }
    }
}

/// Counts one request, once, however it ends.
#[derive(Debug)]
struct Guard {
    health: Arc<Inner>,
    method: Arc<Method>,
    start: Mono,
    /// Not polled yet.
    fresh: bool,
    class: Class,
    /// A body that nobody needs to take: there is none, or the whole of it was handed over.
    complete: bool,
}

impl Guard {
    fn new(health: Arc<Inner>, method: Arc<Method>, head: bool) -> Self {
        method.begin();
        let start = health.clock.mono();
        Self { health, method, start, fresh: true, class: Class::Abandoned, complete: head }
    }

    fn took(&self) -> Duration {
        self.health.clock.mono().since(self.start)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let cut = matches!(self.class, Class::Answered(_)) && !self.complete;
        self.method.end(self.class, self.took(), cut);
    }
}

pin_project! {
    /// The answer to a request that is counted.
    #[derive(Debug)]
    pub struct Measured<F> {
        // None for a request that a simulation refuses.
        #[pin]
        inner: Option<F>,
        guard: Option<Guard>,
    }
}

impl<F, R, E> Future for Measured<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<Tracked<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            let mut guard = this.guard.take().expect("not polled after it was ready");
            guard.class = Class::Answered(503);
            guard.complete = true;
            let mut refused = Response::new(Tracked { inner: None, guard: Some(guard) });
            *refused.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            return Poll::Ready(Ok(refused));
        };
        let result = {
            let guard = this.guard.as_mut().expect("not polled after it was ready");
            // Stays when the handler panics; whoever catches that drops us later, when nothing panics any more.
            guard.class = Class::Panicked;
            // The first poll follows the call at once; the clock is not read twice for it.
            let since = guard.fresh.then_some(guard.start);
            guard.fresh = false;
            let here = guard.health.slots.enter(&guard.method, || since.unwrap_or_else(|| guard.health.clock.mono()));
            let polled = inner.poll(context);
            drop(here);
            guard.class = Class::Abandoned;
            ready!(polled)
        };
        let mut guard = this.guard.take().expect("not polled after it was ready");
        let mut response = match result {
            Ok(response) => response,
            Err(error) => {
                guard.class = Class::Answered(500);
                guard.complete = true;
                return Poll::Ready(Err(error));
            }
        };
        guard.class = Class::Answered(response.status().as_u16());
        guard.complete |= response.body().is_end_stream();
        if guard.health.settings.response_time_header {
            response.headers_mut().insert(RESPONSE_TIME, response_time(guard.took()));
        }
        Poll::Ready(Ok(response.map(|inner| Tracked { inner: Some(inner), guard: Some(guard) })))
    }
}

pin_project! {
    /// The body of an answer that is counted; the request ends with its last byte, or when the body is dropped.
    #[derive(Debug)]
    pub struct Tracked<R> {
        // None for an empty body.
        #[pin]
        inner: Option<R>,
        guard: Option<Guard>,
    }
}

impl<R: Body> Body for Tracked<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let Some(mut inner) = this.inner.as_pin_mut() else { return Poll::Ready(None) };
        let frame = match this.guard.as_ref() {
            Some(guard) => {
                let _here = guard.health.slots.enter(&guard.method, || guard.health.clock.mono());
                ready!(inner.as_mut().poll_frame(context))
            }
            None => ready!(inner.as_mut().poll_frame(context)),
        };
        let last = match &frame {
            None => true,
            // Servers that know the length need not ask again after the last byte.
            Some(Ok(_)) => inner.is_end_stream(),
            Some(Err(_)) => false,
        };
        if last && let Some(mut guard) = this.guard.take() {
            guard.complete = true;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

fn response_time(took: Duration) -> HeaderValue {
    HeaderValue::from_bytes(ResponseTime::new(took).as_bytes()).expect("digits and a point are a header value")
}
