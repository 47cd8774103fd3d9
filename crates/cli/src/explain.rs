//! `allswell explain`: what a code means that one of our programs printed, and the way out.

use std::io::Write;
use std::process::ExitCode;

use allswell_core::Reason;
use allswell_kube::lint::catalogue;
use allswell_monitor::config::Code;

use crate::layout::Layout;

/// Say what a code means: of a configuration (V012), of lint (PRB101), or the reason of an outcome (tls_expired).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell explain V012
  allswell explain PRB101
  allswell explain first_byte_timeout
  allswell explain            # all of them, one line each

Exit code: 0 explained, 2 there is no such code.")]
pub struct Args {
    /// The code; all of them when none is given
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// A code and what it means.
struct Explained {
    code: &'static str,
    /// What it is, in a line.
    title: String,
    /// Why it matters, and the way out.
    text: String,
}

/// Prints one, or all.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let all = all();
    let Some(code) = &args.code else {
        let lines: Vec<_> = all.iter().map(|one| format!("{:<20} {}", one.code, one.title)).collect();
        say(&lines.join("\n"));
        return Ok(ExitCode::SUCCESS);
    };
    let wanted = code.trim().replace('-', "_");
    match all.iter().find(|one| one.code.eq_ignore_ascii_case(&wanted)) {
        Some(one) => {
            let layout = Layout::for_stdout();
            let head = format!("{}  {}", layout.paint.bold(one.code), one.title);
            let text =
                if one.text.is_empty() { String::new() } else { format!("\n\n{}", layout.wrapped(0, &one.text)) };
            say(&format!("{head}{text}"));
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprintln!("error: there is no code `{code}`\n  try: {}", nearest(&wanted, &all));
            Ok(ExitCode::from(2))
        }
    }
}

/// Nobody reads a closed standard output.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn all() -> Vec<Explained> {
    let code = |code: Code| {
        let (title, text) = sentence(code.explanation());
        Explained { code: code.as_str(), title, text }
    };
    let rule = |rule: &catalogue::Rule| Explained {
        code: rule.id,
        title: format!("{}: {}", rule.severity, rule.title),
        text: rule.why.to_owned(),
    };
    let reason = |reason: &Reason| Explained {
        code: reason.as_str(),
        title: reason.meaning().trim().to_owned(),
        text: way_out(*reason).to_owned(),
    };
    let codes = Code::ALL.map(code).into_iter();
    codes.chain(catalogue::RULES.iter().map(rule)).chain(Reason::ALL.iter().map(reason)).collect()
}

/// The first sentence, and the rest.
fn sentence(text: &str) -> (String, String) {
    match text.split_once(". ") {
        Some((first, rest)) => (format!("{first}."), rest.to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

/// The codes that begin alike, or where all of them are.
fn nearest(wanted: &str, all: &[Explained]) -> String {
    let alike = |length: usize| -> Vec<&str> {
        let start: String = wanted.chars().take(length).collect::<String>().to_lowercase();
        all.iter().map(|one| one.code).filter(|code| code.to_lowercase().starts_with(&start)).take(8).collect()
    };
    let found = [3, 1].map(alike).into_iter().find(|found| !found.is_empty());
    found.map_or_else(|| "`allswell explain` lists all of them".to_owned(), |found| found.join(", "))
}

/// Where to look first.
const fn way_out(reason: Reason) -> &'static str {
    match reason {
        Reason::DnsNotFound => {
            "Look at the name's records where its zone is kept: a typing error, an expired domain, a record that was deleted. `allswell check dns:///NAME?type=A` asks as this machine does."
        }
        Reason::DnsFailure | Reason::DnsTimeout => {
            "The zone's own servers do not answer well. Ask them one by one with `allswell check dns://SERVER/NAME?type=NS`; DNSSEC signatures that ran out look like this, too."
        }
        Reason::AddressForbidden => {
            "`server.address_policy` keeps probes away from private addresses. Allow the network there if it is meant, or see why a public name leads to a private address."
        }
        Reason::ConnectRefused => {
            "The machine is there, the service is not: it stopped, it listens on another port or on loopback alone, or a firewall rejects."
        }
        Reason::ConnectUnreachable => {
            "A router says that there is no way: look at routes and firewalls between here and there. For IPv6 see `allswell doctor`."
        }
        Reason::ConnectTimeout => {
            "Nobody answers at all: a firewall that drops, a machine that is off, or a queue of connections that is full."
        }
        Reason::ConnectionLost => {
            "The service or something before it hung up in the middle: a crash, a restart, a load balancer whose idle time is shorter."
        }
        Reason::TlsExpired => {
            "Renew the certificate, and see why that did not happen by itself. A server may need a reload to present the new one."
        }
        Reason::TlsNotYetValid => {
            "The clock of who made the certificate, or ours, is wrong. `allswell doctor` looks at ours."
        }
        Reason::TlsWrongName => {
            "The certificate is for other names: the wrong virtual host answers, or the name is missing among the alternative names."
        }
        Reason::TlsUntrusted | Reason::TlsSelfSigned => {
            "Clients will refuse it. If it is your own authority, name its root with `tls.ca`."
        }
        Reason::TlsIncompleteChain => {
            "Configure the server with the full chain: its certificate followed by the intermediate ones. Browsers hide this by fetching them."
        }
        Reason::TlsUnsupported => {
            "Server and client have no version or cipher in common: the server is very old, or allows too little."
        }
        Reason::TlsHandshake | Reason::TlsTimeout => {
            "Look at the server's own log at that moment. A service that wants a client's certificate, or no TLS at all on this port, looks like this."
        }
        Reason::CertificateExpiring => "It still works. Renew it now, and see why that did not happen by itself.",
        Reason::FirstByteTimeout => {
            "The service took the request and thought too long: a slow query, a dependency that hangs, no free worker. Its health document may say which."
        }
        Reason::TransferTimeout => {
            "The answer began and did not end: it is larger than the line allows in that time, or its source dried up."
        }
        Reason::HttpProtocol | Reason::Protocol => {
            "What answers does not speak the protocol: another service on that port, a proxy's page, a broken release."
        }
        Reason::HeadersTooLarge | Reason::BodyTooLarge => {
            "Raise the limit if that size is meant; ask a smaller page if it is not."
        }
        Reason::Decode => {
            "The body is not in the encoding that its headers name. Look at what compresses it on the way."
        }
        Reason::TooManyRedirects | Reason::RedirectRefused => {
            "Follow the redirects by hand with `allswell check URL --max-redirects 0`, and name the last address in the monitor."
        }
        Reason::Status => {
            "The evidence of the incident has the body that came with it. `expected_status` says which ones are well."
        }
        Reason::Condition => {
            "The incident says which part of the condition was not met, with the value. Try it by hand: `allswell check URL -e 'CONDITION'`."
        }
        Reason::Expectation => "The other side said something else than the monitor expects; the evidence has it.",
        Reason::HealthDegraded | Reason::HealthUnhealthy => {
            "The service says it itself, with the failing check by name: begin there."
        }
        Reason::Authentication => {
            "User or password were changed on one side. Secrets are read when the configuration is: reload after a change."
        }
        Reason::Refused => "The other side understood, and said no; its own words are in the result.",
        Reason::Slow => "Compare the phases with those of yesterday: the one that grew says where to look.",
        Reason::PacketLoss => {
            "Ask hops nearer by to find where packets are lost; a busy line and a firewall that limits ICMP look alike."
        }
        Reason::HeartbeatMissed => {
            "The job did not run, did not end, or could not call: see its scheduler first, then its log."
        }
        Reason::HeartbeatFailed => "The job said so itself; the end of its output is in the result.",
        Reason::OwnNetwork | Reason::OwnResolver => {
            "It is this machine, not the target: nobody is told and nothing is counted. `allswell doctor` looks at DNS and routes."
        }
        Reason::OwnStarved => "This machine had no CPU for us in time. Give it more, or ask less often.",
        Reason::OwnStore => "The disk is full or fails: see the log, `/ready`, and `allswell doctor --data DIR`.",
        Reason::OwnFault => {
            "Out of file descriptors, ports or memory, or a mistake of ours. `allswell doctor` looks at limits; the log has the cause."
        }
        Reason::OwnAbsence => "This server was not running when the call may have come, so nothing is concluded.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_once_and_says_something() {
        let all = all();
        let mut codes: Vec<_> = all.iter().map(|one| one.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|one| one.title.len() > 8), "a title");
        assert!(Reason::ALL.iter().all(|reason| way_out(*reason).len() > 30), "a way out");
    }

    #[test]
    fn codes_that_begin_alike_are_offered() {
        assert_eq!(nearest("tls_old", &all()).split(", ").next(), Some("tls_expired"));
        assert_eq!(nearest("xyz", &all()), "`allswell explain` lists all of them");
    }
}
