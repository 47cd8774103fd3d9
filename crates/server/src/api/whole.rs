//! What changes something is done to its end, also when nobody waits for the answer any more: what was written is at hand.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;

use super::Problem;

/// A piece of a body; `None` is its end.
type Piece = Option<Result<Bytes, axum::Error>>;

/// Runs a request that changes something in a task of its own, and waits for it.
///
/// The body stays with who waits: when nobody does any more, what has not come breaks off, and the connection is free.
#[expect(clippy::disallowed_methods, reason = "a client that hangs up, or waits too long, stops nothing halfway")]
pub(super) async fn whole(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let (sender, pieces) = mpsc::channel(1);
    let request = Request::from_parts(head, if body.is_end_stream() { Body::empty() } else { passed_on(pieces) });
    let mut doing = tokio::spawn(next.run(request));
    let done = tokio::select! {
        done = &mut doing => done,
        () = pass_on(body, sender) => doing.await,
    };
    done.unwrap_or_else(|_| Problem::busy().into_response())
}

/// Passes a body on, piece by piece, as far as somebody takes it.
async fn pass_on(body: Body, pieces: mpsc::Sender<Piece>) {
    let mut body = body.into_data_stream();
    while let Some(piece) = body.next().await {
        if pieces.send(Some(piece)).await.is_err() {
            return;
        }
    }
    // Nobody may take the end.
    let _ = pieces.send(None).await;
}

/// The body that is passed on. Without its end it breaks off: half of it is not taken for the whole.
fn passed_on(pieces: mpsc::Receiver<Piece>) -> Body {
    Body::from_stream(stream::unfold(Some(pieces), async |pieces| {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(piece) => Some((piece?, Some(pieces))),
            None => Some((Err(axum::Error::new(BrokenOff)), None)),
        }
    }))
}

/// Nobody waits any more for what the body belongs to.
#[derive(Debug, thiserror::Error)]
#[error("nobody waited for the rest of the body")]
struct BrokenOff;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use std::time::Duration;

    use axum::Router;
    use axum::body::to_bytes;
    use axum::http::Method;
    use axum::middleware;
    use axum::routing::{any, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::{Notify, oneshot};
    use tower::ServiceExt as _;

    use super::super::answered;
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

    /// A change that says how much of its body it got; `None` when the body broke off.
    fn measuring(got: oneshot::Sender<Option<usize>>) -> Router {
        let got = Arc::new(std::sync::Mutex::new(Some(got)));
        let change = async move |body: Body| {
            let length = to_bytes(body, 1_000_000).await.ok().map(|body| body.len());
            let got = got.lock().expect("nothing panics").take();
            got.expect("asked once").send(length).expect("somebody waits");
        };
        Router::new().route("/", post(change)).layer(middleware::from_fn(whole))
    }

    #[tokio::test]
    async fn a_body_comes_through_as_it_is() {
        for pieces in [0, 1, 70] {
            let (got, length) = oneshot::channel();
            let body = Body::from_stream(stream::iter((0..pieces).map(|_| Ok::<_, axum::Error>(vec![7; 10_000]))));
            let request = Request::builder().method(Method::POST).uri("/").body(body).expect("a request");
            measuring(got).oneshot(request).await.expect("it answers");
            assert_eq!(length.await, Ok(Some(pieces * 10_000)));
        }
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "plays a client")]
    async fn a_body_that_does_not_come_keeps_neither_the_task_nor_the_connection() {
        let (got, length_got) = oneshot::channel();
        let patience =
            middleware::from_fn(|request, next: Next| answered(next.run(request), Duration::from_millis(20)));
        let router = measuring(got).layer(patience);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let asking = async {
            let mut line = TcpStream::connect(address).await.expect("it listens");
            let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf";
            line.write_all(request.as_bytes()).await.expect("it is taken");
            let mut answer = String::new();
            line.read_to_string(&mut answer).await.expect("it ends");
            (answer, length_got.await)
        };
        let (answer, length) = tokio::select! {
            told = asking => told,
            served = axum::serve(listener, router) => panic!("it serves no more: {served:?}"),
        };
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert_eq!(length, Ok(None), "what broke off is not taken for the whole");
    }
}
