//! What a receiver's answer means for the message.

use std::time::{Duration, SystemTime};

use allswell_core::Wall;
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::notify::Delivery;
use crate::notify::clean::line;

/// So much of the answer's body is read.
const BODY_MAX: usize = 4 * 1024;
/// Nobody makes us wait longer.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// Judges `response` of the receiver called `name`, received at `now`.
pub(super) async fn judge(response: Response<Incoming>, name: &str, now: Wall) -> Delivery {
    let (head, body) = response.into_parts();
    let said = said(head.status, &beginning(body).await);
    let why = |hint: &str| format!("the receiver {name} answered {said}{hint}");
    let after = retry_after(&head.headers, now);
    match head.status.as_u16() {
        200..=299 => Delivery::Accepted { answer: said },
        // RFC 9110 15.6.4, RFC 6585 4: it has too much to do, whatever the message.
        429 | 503 => Delivery::Unreachable { why: why(""), after },
        // RFC 9110 15.5.9, RFC 8470 5.2: these may be repeated.
        408 | 425 | 500..=599 => Delivery::Later { why: why(""), after },
        301 | 308 => Delivery::Refused { why: why(&moved(&head.headers)) },
        400..=499 => Delivery::Refused { why: why(hint(head.status)) },
        _ => Delivery::Later { why: why("; redirects are not followed, and only 2xx is an acceptance"), after },
    }
}

fn said(status: StatusCode, body: &str) -> String {
    let reason = status.canonical_reason().map(|reason| format!(" {reason}")).unwrap_or_default();
    let body = line(body, 200);
    let body = if body.is_empty() { body } else { format!(": {body}") };
    format!("{}{reason}{body}", status.as_u16())
}

/// The way out of a refusal that is known by its number.
fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; see the channel's secret and headers",
        StatusCode::NOT_FOUND | StatusCode::GONE => "; see the channel's url",
        _ => "",
    }
}

fn moved(headers: &HeaderMap) -> String {
    // The path may hold a token, so only the host is told.
    let host = headers
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| url::Url::parse(location).ok());
    let host =
        host.as_ref().and_then(|url| url.host_str()).map(|host| format!(" on {}", line(host, 100))).unwrap_or_default();
    format!("; redirects are not followed, write the new url{host} into the channel")
}

/// The beginning of the body, as far as it comes; the status line has decided already.
async fn beginning(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < BODY_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(&data[..data.len().min(BODY_MAX - bytes.len())]);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How long to wait, by seconds or by a date (RFC 9110 10.2.3), one hour at most.
fn retry_after(headers: &HeaderMap, now: Wall) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            Wall::from_ms(i64::try_from(at.as_millis()).ok()?).since(now)
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_bounded() {
        let check = |value: &str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            let now = crate::notify::samples::NOW;
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{value}");
        };
        check("120", Some(120));
        check("86400", Some(3_600));
        check("Sat, 21 Nov 2026 11:41:15 GMT", Some(120));
        check("Sat, 21 Nov 2026 11:00:00 GMT", Some(0));
        check("Sat, 21 Nov 2099 11:00:00 GMT", Some(3_600));
        check("-1", None);
        check("soon", None);
        check("99999999999999999999", None);
        assert_eq!(retry_after(&HeaderMap::new(), crate::notify::samples::NOW), None);
    }
}
