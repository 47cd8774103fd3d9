//! What changes something is done to its end, also when nobody waits for the answer any more: what was written is at hand.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Problem;

/// Runs a request that changes something in a task of its own, and waits for it.
#[expect(clippy::disallowed_methods, reason = "a client that hangs up, or waits too long, stops nothing halfway")]
pub(super) async fn whole(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let doing = tokio::spawn(next.run(request));
    doing.await.unwrap_or_else(|_| Problem::busy().into_response())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::Body;
    use axum::http::Method;
    use axum::middleware;
    use axum::routing::any;
    use tokio::sync::Notify;
    use tower::ServiceExt as _;

    use super::*;

    /// A change that waits to be let on, asked with `method` by somebody who hangs up; whether it came to its end.
    async fn ends(method: Method) -> bool {
        let (begun, go, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let change = {
            let (begun, go, ended) = (Arc::clone(&begun), Arc::clone(&go), Arc::clone(&ended));
            async move || {
                begun.notify_one();
                go.notified().await;
                ended.notify_one();
            }
        };
        let router = Router::new().route("/", any(change)).layer(middleware::from_fn(whole));
        let request = Request::builder().method(method).uri("/").body(Body::empty()).expect("a request");
        tokio::select! {
            answer = router.oneshot(request) => panic!("it was not let on: {answer:?}"),
            () = begun.notified() => {}
        }
        if Arc::strong_count(&go) == 1 {
            // Nobody waits to be let on any more.
            return false;
        }
        go.notify_one();
        ended.notified().await;
        true
    }

    #[tokio::test]
    async fn a_change_ends_without_who_asked_for_it_and_a_look_does_not() {
        assert!(ends(Method::POST).await);
        assert!(ends(Method::DELETE).await);
        assert!(!ends(Method::GET).await);
    }
}
