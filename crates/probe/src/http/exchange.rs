//! One request and its answer over one connection, HTTP/1.1 or HTTP/2.
//!
//! The connection is driven inside the asking's own future; what HTTP/2 must run beside it dies with it.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use allswell_core::{Phase, Reason};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Received;
use super::body::Body;
use super::broken;
use super::wire::Watched;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::progress::now;
use crate::stream::Stream;

/// More headers than any honest server sends, and fewer than would hurt.
const HEADERS_MAX: usize = 1024;
const HEAD_BYTES_MAX: usize = 256 * 1024;
/// The library calls a larger head a protocol error. Above ours, so that ours has a name.
const HTTP2_HEAD_BYTES_MAX: u32 = 1024 * 1024;
/// RFC 9110, 15.2 sets no limit to interim answers; this one leaves room for every honest use.
const INTERIM_MAX: u32 = 32;

/// A failed exchange: what went wrong, and whether the server said that it did not even look at the request.
pub(crate) struct Broken {
    pub fault: Fault,
    pub unprocessed: bool,
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self { fault, unprocessed: false }
    }
}

/// Sends `request` and receives the head of the answer, and its body unless `skip_body` says that nobody wants it.
pub(crate) async fn exchange(
    stream: Stream,
    http2: bool,
    request: Request<Full<Bytes>>,
    max_body: u64,
    skip_body: impl Fn(&Received) -> bool,
    draft: &mut Draft,
) -> Result<(), Broken> {
    // Chunks of one byte each are six bytes long; twice that is no honest answer any more.
    let bytes_max = max_body.saturating_mul(12).saturating_add(1024 * 1024);
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&draft.wire), bytes_max));
    // The first bytes of HTTP/2 are the connection's own, and no part of any answer.
    draft.progress.begin_first_byte((!http2).then(|| Arc::clone(&draft.wire)));
    if http2 {
        over_http2(io, request, max_body, skip_body, draft).await
    } else {
        over_http1(io, request, max_body, skip_body, draft).await
    }
}

async fn over_http1(
    io: TokioIo<Watched>,
    mut request: Request<Full<Bytes>>,
    max_body: u64,
    skip_body: impl Fn(&Received) -> bool,
    draft: &mut Draft,
) -> Result<(), Broken> {
    let interim = Interim::watch(&mut request);
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(2 * HEAD_BYTES_MAX)
        .handshake(io)
        .await
        .map_err(|error| broken::head(&error, &draft.wire))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| broken::head(&error, &draft.wire))?;
        receive(response, max_body, skip_body, draft).await
    };
    tokio::select! {
        biased;
        result = answer => result,
        () = interim.too_many() => Err(Fault::new(
            Reason::HttpProtocol,
            format!("more than {INTERIM_MAX} interim answers (1xx) and no final one"),
        ).into()),
        // Its end is told to the answer as well, which is polled first.
        () = until_cancelled(connection) => unreachable!("a connection that ended stays pending"),
    }
}

async fn over_http2(
    io: TokioIo<Watched>,
    request: Request<Full<Bytes>>,
    max_body: u64,
    skip_body: impl Fn(&Received) -> bool,
    draft: &mut Draft,
) -> Result<(), Broken> {
    let beside = Arc::new(Mutex::new(JoinSet::new()));
    let answer = async {
        let (mut sender, connection) = http2::Builder::new(Beside(Arc::downgrade(&beside)))
            .max_header_list_size(HTTP2_HEAD_BYTES_MAX)
            .handshake(io)
            .await
            .map_err(|error| broken::head(&error, &draft.wire))?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(|error| broken::head(&error, &draft.wire))?;
            let bytes: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
            if response.headers().len() > HEADERS_MAX || bytes > HEAD_BYTES_MAX {
                return Err(broken::head_too_large().into());
            }
            receive(response, max_body, skip_body, draft).await
        };
        tokio::select! {
            biased;
            result = answer => result,
            () = until_cancelled(connection) => unreachable!("a connection that ended stays pending"),
        }
    };
    let result = answer.await;
    drop(beside);
    result
}

/// Closing ends the connection for good: a probe each second would fill the table of waiting ones, and nothing of
/// ours is under way any more when the answer is here.
pub(crate) fn close_at_once(stream: &tokio::net::TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "cannot set SO_LINGER");
    }
}

/// Drives a connection, and never ends.
async fn until_cancelled(connection: impl Future<Output = hyper::Result<()>>) {
    if let Err(error) = connection.await {
        tracing::trace!(%error, "the connection ended");
    }
    std::future::pending::<()>().await;
}

async fn receive(
    response: Response<Incoming>,
    max_body: u64,
    skip_body: impl Fn(&Received) -> bool,
    draft: &mut Draft,
) -> Result<(), Broken> {
    let (head, mut incoming) = response.into_parts();
    let began = if head.version == hyper::Version::HTTP_2 { None } else { draft.wire.first_byte() };
    draft.progress.begin_at(Phase::Transfer, began.unwrap_or_else(now));
    let body = Body::new(&head.headers, max_body);
    let (status, version, headers) = (head.status, head.version, head.headers);
    let received = draft.http.insert(Received { status, version, headers, body, trailers: None });
    if !skip_body(received) {
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken::body(&error, &draft.wire))?;
            match frame.into_data() {
                Ok(data) => received.body.push(&data)?,
                Err(frame) => received.trailers = frame.into_trailers().ok(),
            }
        }
        received.body.finish()?;
    }
    draft.progress.end();
    Ok(())
}

/// Counts interim answers.
struct Interim {
    enough: Arc<Notify>,
}

impl Interim {
    fn watch(request: &mut Request<Full<Bytes>>) -> Self {
        let (enough, count) = (Arc::new(Notify::new()), AtomicU32::new(0));
        let watching = Arc::clone(&enough);
        hyper::ext::on_informational(request, move |_| {
            if count.fetch_add(1, Ordering::Relaxed) >= INTERIM_MAX {
                watching.notify_one();
            }
        });
        Self { enough }
    }

    async fn too_many(&self) {
        self.enough.notified().await;
    }
}

/// Runs what HTTP/2 needs beside the request, as long as its owner lives.
#[derive(Clone)]
struct Beside(Weak<Mutex<JoinSet<()>>>);

impl<F> hyper::rt::Executor<F> for Beside
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        if let Some(tasks) = self.0.upgrade() {
            tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(future);
        }
    }
}
