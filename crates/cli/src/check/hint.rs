//! One sentence on where to look next, made of what was measured and nothing else.

use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::{Phase, Reason, Verdict};
use allswell_probe::Answer;
use allswell_probe::health::Status;
use allswell_probe::text::tame;

/// The sentence; `None` when nothing is to be said.
pub fn of(url: &str, answer: &Answer, timeout: Duration) -> Option<String> {
    let reason = answer.outcome.reason?;
    if answer.outcome.verdict == Verdict::Unknown {
        return Some(
            "This says something about this machine and its network, and nothing about the target.".to_owned(),
        );
    }
    of_dialling(reason, answer)
        .or_else(|| of_certificate(reason, answer))
        .or_else(|| of_waiting(answer, timeout))
        .or_else(|| of_health(reason, answer))
        .or_else(|| of_http(reason, url, answer))
}

fn of_dialling(reason: Reason, answer: &Answer) -> Option<String> {
    let port = answer.address.map(|address| format!(" on port {}", address.port())).unwrap_or_default();
    let words = match reason {
        Reason::DnsNotFound if answer.phases.dns.is_some() => {
            "The resolver works and knows no such name; is it spelled right?".to_owned()
        }
        Reason::ConnectRefused => format!("The host is there and refuses: nothing listens{port}."),
        Reason::ConnectTimeout => {
            "Nothing answers, not even a refusal: either the host is off, or a firewall drops what comes.".to_owned()
        }
        Reason::AddressForbidden => "If it is meant to be asked, let it through with --allow CIDR.".to_owned(),
        _ => return None,
    };
    Some(words)
}

fn of_certificate(reason: Reason, answer: &Answer) -> Option<String> {
    let words = match reason {
        Reason::TlsExpired | Reason::CertificateExpiring => {
            "A renewed certificate is needed; where renewal is automatic, has the server loaded it?"
        }
        Reason::TlsNotYetValid => "Either the certificate came too early, or the clock of this machine is slow.",
        Reason::TlsSelfSigned | Reason::TlsUntrusted => "If the authority is your own, name its root with --ca FILE.",
        Reason::TlsIncompleteChain => {
            "The server must send its intermediate certificate too: browsers may know it, API clients do not."
        }
        Reason::TlsWrongName if answer.certificate.is_some() => {
            "The server may have picked this certificate for want of a better one: is it set up for the name?"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

/// Where the time went, when it was long.
fn of_waiting(answer: &Answer, timeout: Duration) -> Option<String> {
    let reached = Phase::ALL.into_iter().filter_map(|phase| Some((phase, answer.phases.of(phase)?)));
    let (longest, took) = reached.max_by_key(|(_, took)| *took)?;
    let total = answer.outcome.latency;
    if took < Duration::from_secs(1) || took.as_secs_f64() < 0.8 * total.as_secs_f64() {
        return None;
    }
    let cut = answer.outcome.reason.is_some_and(Reason::is_timeout);
    let rest = humane(total.saturating_sub(took));
    Some(match longest {
        Phase::Dns => "The name took longest; everything behind it was fast.".to_owned(),
        Phase::FirstByte if cut => format!(
            "Connecting took {rest}, so the network is fine: the app does not answer within {}. Does it with a longer --timeout?",
            humane(timeout)
        ),
        Phase::FirstByte => match waited_for(answer) {
            Some(name) => format!("Everything but the first byte is fast, so the app waits for its {name}."),
            None => "Everything but the first byte is fast, so the time goes by inside the app.".to_owned(),
        },
        Phase::Transfer if cut => {
            "The answer began at once and did not end: a stream, or a connection that is held open?".to_owned()
        }
        Phase::Transfer => "The answer began at once; what is long is its way here, or the making of it.".to_owned(),
        Phase::Connect | Phase::Tls => return None,
    })
}

/// The one check that failed or is about as slow as the whole answer.
fn waited_for(answer: &Answer) -> Option<String> {
    let waited_ms = answer.phases.first_byte?.as_secs_f64() * 1e3;
    let checks = &answer.health.as_ref()?.checks;
    let slow = |ms: Option<f64>| ms.is_some_and(|ms| ms > 0.5 * waited_ms);
    let mut suspects = checks.iter().filter(|check| check.status == Status::Error || slow(check.response_time_ms));
    let suspect = suspects.next()?;
    suspects.next().is_none().then(|| tame(&suspect.name, 40))
}

/// The checks that failed, when the app itself answered in time.
fn of_health(reason: Reason, answer: &Answer) -> Option<String> {
    let is_told_by_the_app = matches!(reason, Reason::Status | Reason::HealthUnhealthy);
    let document = answer.health.as_ref().filter(|_| is_told_by_the_app)?;
    let failed = document.checks.iter().filter(|check| check.status == Status::Error);
    let names: Vec<_> = failed.map(|check| tame(&check.name, 40)).collect();
    match names.as_slice() {
        [name] => Some(format!("The app itself answers: look at its {name} first.")),
        [one, other] => Some(format!("The app itself answers: look at its {one} and {other} first.")),
        _ => None,
    }
}

fn of_http(reason: Reason, url: &str, answer: &Answer) -> Option<String> {
    let words = match (reason, answer.status) {
        (Reason::Status, Some(401 | 407)) => {
            "It wants credentials: --user USER:PASSWORD, or --header 'Authorization: Bearer ...'."
        }
        (Reason::Status, Some(403)) => "It knows the question and refuses it: are the credentials the right ones?",
        (Reason::Status, Some(404)) => "The server is there, the path is not.",
        (Reason::Status, Some(405)) => "It takes another method here: --method.",
        (Reason::Status, Some(429)) => "It is asked too often.",
        (Reason::Status, Some(502 | 504)) => "A proxy answered: what stands behind it did not.",
        (Reason::BodyTooLarge, _) => "A larger body is taken with --max-body BYTES.",
        (Reason::TooManyRedirects, _) => "If the redirects end somewhere, --max-redirects NUMBER follows more of them.",
        (Reason::TlsHandshake | Reason::TlsUnsupported, _) if url.starts_with("https://") => {
            "The port takes connections; what it speaks, if not TLS, shows http://."
        }
        _ => return None,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use allswell_core::Outcome;
    use allswell_probe::health::{Check, Document, Format};

    use super::*;

    /// An answer that failed for `reason`, with its phases in milliseconds (connect, first byte, transfer).
    fn failed(reason: Reason, phases: [u64; 3]) -> Answer {
        let [connect, first_byte, transfer] = phases.map(Duration::from_millis);
        let total = connect + first_byte + transfer;
        let mut answer = Answer::bare(Outcome::fail(reason, total), None);
        for (phase, took) in [(Phase::Connect, connect), (Phase::FirstByte, first_byte), (Phase::Transfer, transfer)] {
            if !took.is_zero() {
                answer.phases.add(phase, took);
            }
        }
        answer
    }

    /// The answer with an app that says this of its checks.
    fn saying(mut answer: Answer, checks: &[(&str, Status, f64)]) -> Answer {
        let check = |(name, status, ms): &(&str, Status, f64)| Check {
            name: (*name).to_owned(),
            status: *status,
            message: None,
            response_time_ms: Some(*ms),
        };
        let checks = checks.iter().map(check).collect();
        answer.health = Some(Document {
            format: Format::Plain,
            status: Status::Error,
            version: None,
            release_id: None,
            detail: None,
            checks,
        });
        answer
    }

    #[track_caller]
    fn check(answer: &Answer, part: &str) {
        let hint = of("https://api.example.com/", answer, Duration::from_secs(10)).unwrap_or_default();
        assert!(hint.contains(part), "{hint}");
    }

    #[test]
    fn a_slow_first_byte_is_the_app_s_or_its_dependency_s() {
        let slow = failed(Reason::Status, [8, 5_003, 2]);
        check(&slow, "the time goes by inside the app");
        let down = [("redis", Status::Ok, 0.8), ("database", Status::Error, 5_000.0)];
        check(&saying(slow.clone(), &down), "so the app waits for its database");
        let slow_cache = [("cache", Status::Ok, 4_900.0), ("database", Status::Ok, 1.0)];
        check(&saying(slow.clone(), &slow_cache), "so the app waits for its cache");
        let both = [("cache", Status::Error, 1.0), ("database", Status::Error, 1.0)];
        check(&saying(slow, &both), "the time goes by inside the app");
        check(&failed(Reason::FirstByteTimeout, [8, 9_992, 0]), "Connecting took 8 ms, so the network is fine");
    }

    #[test]
    fn a_long_transfer_is_a_stream_or_a_long_way() {
        check(&failed(Reason::TransferTimeout, [8, 30, 9_962]), "a stream, or a connection that is held open?");
        check(&failed(Reason::Condition, [8, 30, 4_000]), "what is long is its way here, or the making of it");
    }

    #[test]
    fn a_fast_answer_of_an_unhealthy_app_leads_to_what_failed() {
        let fast = failed(Reason::Status, [8, 30, 1]);
        check(&saying(fast.clone(), &[("db", Status::Error, 3.0)]), "look at its db first");
        let two = [("db", Status::Error, 3.0), ("queue", Status::Error, 3.0), ("redis", Status::Ok, 1.0)];
        check(&saying(fast.clone(), &two), "look at its db and queue first");
        assert_eq!(of("http://h/", &saying(fast, &[("db", Status::Warn, 3.0)]), Duration::from_secs(10)), None);
    }

    #[test]
    fn a_pass_needs_no_hint_and_our_own_trouble_says_so() {
        let pass = Answer::bare(Outcome::pass(Duration::from_secs(5)), None);
        assert_eq!(of("http://h/", &pass, Duration::from_secs(10)), None);
        let ours = Answer::bare(Outcome::unknown(Reason::OwnResolver, Duration::from_secs(5)), None);
        check(&ours, "nothing about the target");
    }
}
