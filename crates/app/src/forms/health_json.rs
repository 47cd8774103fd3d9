//! `application/health+json`, after draft-inadarei-api-health-check-06 (which never became an RFC).
//!
//! The draft: `warn` comes with 2xx or 3xx, `fail` with 4xx or 5xx; `output` is left out when all is well (3.5, 4.7).

use crate::clock::{ms, rfc3339};
use crate::json::Json;
use crate::judge::Overall;
use crate::page::{Details, Page};
use crate::result::{CheckResult, Status};

/// Writes a page.
pub fn write(page: &Page) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.name("status").text(match page.judgement.overall {
            Overall::Healthy => "pass",
            Overall::Degraded => "warn",
            Overall::Unhealthy => "fail",
        });
        json.text_field("version", page.identity.version.as_deref());
        json.text_field("releaseId", page.identity.release_id.as_deref());
        // The draft knows no word for these two, and lets readers skip what they do not know.
        json.name("startedAt").text(&page.identity.started_at);
        json.name("instance").text(&page.identity.instance);
        json.text_field("output", page.reason().as_deref());
        if !page.checks.is_empty() {
            json.name("checks").object(|json| page.checks.iter().for_each(|check| one(json, page, check)));
        }
    });
    json.into_text()
}

fn one(json: &mut Json, page: &Page, check: &CheckResult) {
    json.name(&format!("{}:responseTime", check.name)).list(|json| {
        json.object(|json| {
            json.name("componentType").text(check.component);
            json.name("status").text(match check.status {
                Status::Ok => "pass",
                Status::Warn => "warn",
                Status::Error | Status::Unknown => "fail",
            });
            if page.view.details < Details::Full {
                return;
            }
            if let Some(took) = check.response_time {
                json.name("observedValue").number(ms(took)).name("observedUnit").text("ms");
            }
            json.text_field("time", check.time.map(rfc3339).as_deref());
            if check.status != Status::Ok {
                json.text_field("output", check.message.as_deref());
            }
        });
    });
}
