//! What a receiver's answer means for the message.

use allswell_core::Wall;
use http::StatusCode;

use crate::notify::Delivery;
use crate::notify::post::Answer;

/// Judges the `answer` of the receiver called `name`, received at `now`.
pub(super) fn judge(answer: &Answer, name: &str, now: Wall) -> Delivery {
    let said = answer.said();
    let why = |hint: &str| format!("the receiver {name} answered {said}{hint}");
    let after = answer.retry_after(now);
    match answer.status.as_u16() {
        200..=299 => Delivery::Accepted { answer: said },
        // RFC 9110 15.6.4, RFC 6585 4: it has too much to do, whatever the message.
        429 | 503 => Delivery::Unreachable { why: why(""), after },
        // RFC 9110 15.5.9, RFC 8470 5.2: these may be repeated.
        408 | 425 | 500..=599 => Delivery::Later { why: why(""), after },
        301 | 308 => Delivery::Refused { why: why(&answer.moved()) },
        400..=499 => Delivery::Refused { why: why(hint(answer.status)) },
        _ => Delivery::Later { why: why("; redirects are not followed, and only 2xx is an acceptance"), after },
    }
}

/// The way out of a refusal that is known by its number.
fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; see the channel's secret and headers",
        StatusCode::NOT_FOUND | StatusCode::GONE => "; see the channel's url",
        _ => "",
    }
}
