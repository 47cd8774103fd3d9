//! Text as the Kubernetes API server writes it for `/readyz?verbose`: a line for each check, and a last one for the whole.

use std::fmt::Write as _;

use crate::page::{Details, Page};
use crate::result::Status;

use super::kube_name;

/// `ok`, or with `verbose` and on failure every check in a line.
pub fn write(page: &Page, verbose: bool) -> String {
    let passes = page.code() == 200;
    if passes && !verbose {
        return "ok".to_owned();
    }
    let mut text = String::new();
    let mut line = |mark: char, name: &str, said: &str| {
        writeln!(text, "[{mark}]{name} {said}").expect("writing into a string does not fail");
    };
    for check in &page.checks {
        let shown = check.message.as_deref().filter(|_| page.view.details == Details::Full);
        match (check.status, shown) {
            (Status::Ok, _) => line('+', &check.name, "ok"),
            (Status::Warn, shown) => line('+', &check.name, &format!("ok: {}", shown.unwrap_or("with a warning"))),
            (_, shown) => line('-', &check.name, &format!("failed: {}", shown.unwrap_or("reason withheld"))),
        }
    }
    let name = kube_name(page.probe);
    match page.reason() {
        Some(reason) if !passes => text.push_str(&format!("{name} check failed: {reason}\n")),
        _ => text.push_str(&format!("{name} check passed\n")),
    }
    text
}
