//! A certificate chain as the pages show it.

use allswell_core::Wall;
use allswell_core::uptime::Presence;
use allswell_probe::Certificate;

use super::text;

/// Names of a certificate that are shown before the rest is only counted.
const NAMES: usize = 6;

/// A chain, leaf first.
pub(super) struct View {
    pub(super) shape: &'static str,
    /// `61 days left`, `expired 3 days ago`.
    pub(super) left: String,
    /// Whether it was accepted for the asked name, and how the connection spoke.
    pub(super) accepted: String,
    pub(super) names: String,
    pub(super) links: Vec<Link>,
}

/// One certificate of the chain.
pub(super) struct Link {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) until: String,
}

pub(super) fn view(certificate: &Certificate, now: Wall) -> Option<View> {
    let day_ms = 86_400_000;
    // Counted anew: the facts are stored only when they change.
    let ends = certificate.chain.iter().map(|link| link.not_after_ms).chain([certificate.not_after_ms]).min()?;
    let days_left = (ends - now.ms()).div_euclid(day_ms);
    let presence = match days_left {
        _ if !certificate.trusted => Presence::Down,
        ..0 => Presence::Down,
        0..14 => Presence::Degraded,
        _ => Presence::Up,
    };
    let links = certificate.chain.iter().map(|link| Link {
        subject: text::visible(common_name(&link.subject)),
        issuer: text::visible(common_name(&link.issuer)),
        until: text::clock(Wall::from_ms(link.not_after_ms), now - std::time::Duration::from_secs(86_400 * 800)),
    });
    Some(View {
        shape: text::shape(presence),
        left: days(days_left),
        accepted: accepted(certificate),
        names: names(&certificate.names),
        links: links.collect(),
    })
}

fn days(left: i64) -> String {
    let count = |days: i64| text::count(usize::try_from(days).unwrap_or(usize::MAX), "day");
    match left {
        ..0 => format!("expired {} ago", count(-left)),
        _ => format!("{} left", count(left)),
    }
}

fn accepted(certificate: &Certificate) -> String {
    let verdict = if certificate.trusted { "trusted" } else { "not trusted" };
    match &certificate.protocol {
        Some(protocol) => format!("{verdict}, {}", text::visible(protocol)),
        None => verdict.to_owned(),
    }
}

fn names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES).map(|name| text::visible(name)).collect();
    match names.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The common name out of a subject like `CN=example.com,O=Example`; the whole when there is none.
fn common_name(subject: &str) -> &str {
    let parts = subject.split([',', '+']).map(str::trim);
    parts.into_iter().find_map(|part| part.strip_prefix("CN=")).unwrap_or(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_name_stands_for_the_subject() {
        assert_eq!(common_name("CN=api.example.com,O=Example,C=SE"), "api.example.com");
        assert_eq!(common_name("C=US, O=Let's Encrypt, CN=E7"), "E7");
        assert_eq!(common_name("O=Nobody"), "O=Nobody");
    }

    #[test]
    fn days_are_counted_for_people() {
        assert_eq!(days(61), "61 days left");
        assert_eq!(days(1), "1 day left");
        assert_eq!(days(-3), "expired 3 days ago");
    }
}
