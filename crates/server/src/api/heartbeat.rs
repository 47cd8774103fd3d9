//! `/heartbeat/{token}`: where jobs call in. `/start`, `/fail`, `/log` and an exit code say more than that all went well.

use std::time::Duration;

use allswell_core::heartbeat::Beat;
use allswell_monitor::heartbeats::{Busy, Call, Token};
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;

use super::Problem;
use crate::accounts::Accounts;

/// How much of what a job says is kept.
const BODY_BYTES_MAX: usize = 10 * 1024;
/// How long to wait for it. A call must be handed on before the engine gives it up.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// A call that all went well.
pub(super) async fn plain(
    accounts: State<Accounts>,
    Path(token): Path<String>,
    query: RawQuery,
    body: Body,
) -> Response {
    answer(take(&accounts, &token, "", query, body).await)
}

/// A call that says more.
pub(super) async fn telling(
    accounts: State<Accounts>,
    Path((token, what)): Path<(String, String)>,
    query: RawQuery,
    body: Body,
) -> Response {
    answer(take(&accounts, &token, &what, query, body).await)
}

fn answer(taken: Result<(), Problem>) -> Response {
    match taken {
        Ok(()) => (StatusCode::OK, "OK\n").into_response(),
        Err(problem) => {
            let is_busy = problem.status() == StatusCode::SERVICE_UNAVAILABLE;
            let mut response = problem.into_response();
            if is_busy {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            response
        }
    }
}

async fn take(
    accounts: &Accounts,
    token: &str,
    what: &str,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<(), Problem> {
    let at = accounts.first().now().wall;
    let token = Token::of(token);
    let (state, monitor) = accounts.find(|state| state.heartbeats.whose(token)).ok_or_else(|| {
        // The token is not repeated: it may be right elsewhere.
        Problem::not_found("no heartbeat has this token", "`allswell heartbeats` lists the addresses of all heartbeats")
    })?;
    let (beat, exit) = read(what)?;
    let run = run_of(query.as_deref())?;
    let body = beginning(body.into_data_stream()).await;
    let call = Call { monitor, beat, exit, run, at, body };
    state.heartbeats.call(call).map_err(|Busy| Problem::busy())
}

/// What stands behind the token.
fn read(what: &str) -> Result<(Beat, Option<u8>), Problem> {
    match what {
        "" | "success" => Ok((Beat::Success, None)),
        "start" => Ok((Beat::Start, None)),
        "fail" => Ok((Beat::Fail, None)),
        "log" => Ok((Beat::Log, None)),
        code => match code.parse::<u8>() {
            Ok(0) => Ok((Beat::Success, Some(0))),
            Ok(code) => Ok((Beat::Fail, Some(code))),
            Err(_) => Err(Problem::not_found(
                "a heartbeat knows no such word",
                "write nothing, /start, /fail, /log or an exit code from 0 to 255 behind the token",
            )),
        },
    }
}

/// `rid=UUID` tells runs apart that overlap.
fn run_of(query: Option<&str>) -> Result<u128, Problem> {
    let id = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("rid="));
    let Some(id) = id else { return Ok(0) };
    let hint = "write a UUID, like rid=6e1f3c9a-8a0e-4d5c-9f43-0b1f2d3c4e5f";
    uuid::Uuid::parse_str(id).map(|id| id.as_u128()).map_err(|_| Problem::parameter("rid", "`rid` is no UUID", hint))
}

/// The beginning of a body as text, as far as it comes soon.
async fn beginning(mut stream: BodyDataStream) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < BODY_BYTES_MAX
            && let Some(Ok(chunk)) = stream.next().await
        {
            let room = BODY_BYTES_MAX - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
    };
    let _ = tokio::time::timeout(BODY_PATIENCE, read).await;
    String::from_utf8_lossy(&bytes).into_owned()
}
