//! The forms of Spring Boot Actuator and of MicroProfile Health, for readers that know only those.

use crate::clock::ms;
use crate::json::Json;
use crate::page::{Details, Page};
use crate::result::{CheckResult, Status};

/// `UP`, `DOWN`, and `components` with `details`.
pub fn spring(page: &Page) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.name("status").text(whole(page));
        page.identity.write(json, "instance");
        if page.checks.is_empty() {
            return;
        }
        json.name("components").object(|json| {
            for check in &page.checks {
                json.name(&check.name).object(|json| {
                    json.name("status").text(up_or_down(check));
                    details(json, page, check, "details", "error");
                });
            }
        });
    });
    json.into_text()
}

/// `UP`, `DOWN`, and a list of named checks with `data`.
pub fn micro_profile(page: &Page) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.name("status").text(whole(page));
        page.identity.write(json, "instance");
        json.name("checks").list(|json| {
            for check in &page.checks {
                json.object(|json| {
                    json.name("name").text(&check.name);
                    json.name("status").text(up_or_down(check));
                    details(json, page, check, "data", "reason");
                });
            }
        });
    });
    json.into_text()
}

fn whole(page: &Page) -> &'static str {
    if page.code() == 200 { "UP" } else { "DOWN" }
}

/// Both dialects know two words only; what nobody knows is not up.
fn up_or_down(check: &CheckResult) -> &'static str {
    match check.status {
        Status::Ok | Status::Warn => "UP",
        Status::Error | Status::Unknown => "DOWN",
    }
}

fn details(json: &mut Json, page: &Page, check: &CheckResult, name: &str, why: &str) {
    if page.view.details < Details::Full {
        return;
    }
    json.name(name).object(|json| {
        json.text_field(why, check.message.as_deref());
        if let Some(took) = check.response_time {
            json.name("responseTimeMs").number(ms(took));
        }
    });
}
