//! `application/problem+json`, RFC 9457: what a 503 says to clients that read problems.

use crate::json::Json;
use crate::page::{Details, Page};

use super::ours;

/// Writes a page that is no success.
pub fn write(page: &Page) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.name("type").text("about:blank");
        json.name("title").text("Service Unavailable");
        json.name("status").whole(page.code());
        json.text_field("detail", page.reason().as_deref());
        page.identity.write(json, "service_instance");
        if page.view.details == Details::None || page.checks.is_empty() {
            return;
        }
        json.name("checks").object(|json| {
            for check in &page.checks {
                json.name(&check.name);
                match page.view.details {
                    Details::Full => json.object(|json| ours::result(json, check)),
                    _ => json.text(check.status.as_str()),
                };
            }
        });
    });
    json.into_text()
}
