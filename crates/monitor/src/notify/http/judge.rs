//! What an answer means for the message, by the definition and by what holds for all HTTP.

use std::time::Duration;

use allswell_core::Wall;
use serde_json::Value as Json;

use super::definition::{Answers, at};
use crate::notify::Delivery;
use crate::notify::post::{Answer, RETRY_AFTER_MAX};

/// Judges the `answer` of the receiver called `name`, received at `now`; `mask` leaves out what must not be shown.
pub(super) fn judge(
    answers: &Answers,
    answer: &Answer,
    name: &str,
    now: Wall,
    mask: impl Fn(&str) -> String,
) -> Delivery {
    let said = mask(&answer.said());
    let body = serde_json::from_str::<Json>(&answer.body).unwrap_or_default();
    let why = |hint: &str| format!("the receiver {name} answered {said}{hint}");
    let after = after(answers, answer, &body, now);
    let status = answer.status.as_u16();
    if answers.accepted.contain(status) {
        return match &answers.expect {
            Some((field, expected)) if !is(at(&body, field), expected) => {
                Delivery::Refused { why: why(&format!("; that is no acceptance, for `{field}` is not `{expected}`")) }
            }
            _ => Delivery::Accepted { answer: said },
        };
    }
    if answers.gone.contain(status) {
        let hint = "; this channel is gone or closed to us: look it up on the other side, and write what is right into the channel";
        return Delivery::Refused { why: why(hint) };
    }
    if answers.rest.contain(status) {
        return Delivery::Unreachable { why: why(""), after };
    }
    if answers.later.contain(status) {
        return Delivery::Later { why: why(""), after };
    }
    match status {
        // RFC 9110 15.6.4, RFC 6585 4: it has too much to do, whatever the message.
        429 | 503 => Delivery::Unreachable { why: why(""), after },
        // RFC 9110 15.5.9, RFC 8470 5.2: these may be repeated.
        408 | 425 | 500..=599 => Delivery::Later { why: why(""), after },
        301 | 308 => Delivery::Refused { why: why(&answer.moved()) },
        400..=499 => Delivery::Refused { why: why("") },
        _ => Delivery::Later { why: why("; that is no acceptance"), after },
    }
}

fn is(found: Option<&Json>, expected: &str) -> bool {
    match found {
        Some(Json::String(text)) => text == expected,
        Some(other) => serde_json::from_str::<Json>(expected).is_ok_and(|expected| expected == *other),
        None => false,
    }
}

/// How long to wait: by `Retry-After`, or by the field of the vendor's own, the longer of both.
fn after(answers: &Answers, answer: &Answer, body: &Json, now: Wall) -> Option<Duration> {
    let own = answers.retry_after.as_deref().and_then(|field| at(body, field)?.as_f64());
    let own = own.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).map(|wait| wait.min(RETRY_AFTER_MAX));
    answer.retry_after(now).into_iter().chain(own).max()
}
