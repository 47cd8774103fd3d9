//! Our own form: `{"status","up","ready","started",...}`.
//!
//! A superset of what the usual guides show, so that their readers find what they expect: `status`, `timestamp` and `version`;
//! `checks` with one word each, or with `status`, `response_time_ms` and `message`; `detail` in the style of Kubernetes.

use crate::clock::{ms, rfc3339};
use crate::json::Json;
use crate::page::{Details, Page};
use crate::result::CheckResult;

/// Writes a page.
pub fn write(page: &Page) -> String {
    let mut json = Json::default();
    json.object(|json| {
        let judgement = &page.judgement;
        json.name("status").text(page.word());
        json.name("up").truth(judgement.up).name("ready").truth(judgement.ready);
        json.name("started").truth(judgement.started);
        json.text_field("reason", page.reason().as_deref());
        json.text_field("detail", page.detail().as_deref());
        json.name("timestamp").text(&rfc3339(page.at.wall));
        page.identity.write(json, "instance");
        if page.view.details > Details::None && !page.checks.is_empty() {
            json.name("checks").object(|json| page.checks.iter().for_each(|check| one(json, page, check)));
        }
        if !page.workers.is_empty() {
            json.name("workers").list(|json| page.workers.iter().for_each(|worker| worker.write(json)));
        }
    });
    json.into_text()
}

fn one(json: &mut Json, page: &Page, check: &CheckResult) {
    json.name(&check.name);
    if page.view.details < Details::Full {
        json.text(check.status.as_str());
        return;
    }
    json.object(|json| result(json, check));
}

/// The fields of one check.
pub fn result(json: &mut Json, check: &CheckResult) {
    json.name("status").text(check.status.as_str());
    json.name("response_time_ms");
    match check.response_time {
        Some(took) => json.number(ms(took)),
        None => json.null(),
    };
    json.name("message").text_or_null(check.message.as_deref());
    json.name("critical").truth(check.critical);
    json.text_field("time", check.time.map(rfc3339).as_deref());
    if let Some(age) = check.age {
        json.name("age_ms").whole(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    }
    if check.consecutive_failures > 0 {
        json.name("consecutive_failures").whole(check.consecutive_failures);
    }
    json.text_field("since", check.since.map(rfc3339).as_deref());
}
