//! Names, IPv6, echo sockets, and the relays that mails go through.

use std::net::IpAddr;
use std::time::Duration;

use allswell_core::time::humane;
use allswell_monitor::config::{ChannelConfig, Config};
use allswell_monitor::notify;
use allswell_probe::AddressPolicy;
use allswell_probe::dialer::{self, Dialer};
use secrecy::ExposeSecret;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;
use url::Url;

use super::Finding;

/// How long a name or a relay may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is slower than this delays every asking.
const SLOW: Duration = Duration::from_millis(500);

/// Names, IPv6 and the relays of `config`.
pub async fn look(name: Option<&str>, config: &Config) -> Vec<Finding> {
    let mut findings = vec![dns(name.unwrap_or("localhost")).await, ipv6()];
    if let Some(mail) = &config.server.mail {
        let fix = "see `smtp` of `server.mail`".to_owned();
        findings.push(relay("server.mail", mail.smtp.expose_secret(), fix).await);
    }
    for (channel, ChannelConfig { settings, .. }) in &config.channels {
        if let notify::Settings::Email(email) = settings {
            let fix =
                format!("see `smtp` of the channel `{channel}`; `allswell channel test {channel}` goes the whole way");
            findings.push(relay(channel, email.relay.smtp.expose_secret(), fix).await);
        }
    }
    findings
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is looked at")]
async fn dns(name: &str) -> Finding {
    let fix =
        "see /etc/resolv.conf for a server that answers; one on this machine (systemd-resolved, unbound) is fastest";
    let began = Instant::now();
    let looked_up = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((name, 0))).await;
    let took = began.elapsed();
    match looked_up {
        Err(_) => Finding::ill("DNS", format!("no answer for `{name}` within {}", humane(PATIENCE)), fix),
        Ok(Err(error)) => Finding::ill("DNS", format!("cannot look up `{name}`: {error}"), fix),
        Ok(Ok(addresses)) => {
            let mut addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
            addresses.sort_unstable();
            addresses.dedup();
            let shown: Vec<_> = addresses.iter().take(4).map(IpAddr::to_string).collect();
            let said = format!("`{name}` is {}, found in {}", shown.join(" and "), humane(took));
            if took > SLOW { Finding::doubtful("DNS", said, fix) } else { Finding::well("DNS", said) }
        }
    }
}

/// Whether there is a way out by IPv6. Without one, targets that have IPv6 alone cannot be asked.
fn ipv6() -> Finding {
    let addresses = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let routes = std::fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
    let is_global = |line: &str| line.split_whitespace().nth(3) == Some("00");
    let has_address = addresses.lines().any(is_global);
    match (has_address, routes.lines().any(is_default_route)) {
        (true, true) => Finding::well("IPv6", "there is an address and a way out"),
        (true, false) => Finding::doubtful(
            "IPv6",
            "there is an address and no way out: each asking of a name with both loses time on it",
            "add a default route, or give monitors `ip_version: ipv4`",
        ),
        (false, _) => Finding::well("IPv6", "there is none; targets are asked over IPv4"),
    }
}

/// A line of `/proc/net/ipv6_route` that leads everywhere, and not into the void of `lo`.
fn is_default_route(line: &str) -> bool {
    let words: Vec<_> = line.split_whitespace().collect();
    let everywhere = words.first().is_some_and(|to| to.bytes().all(|byte| byte == b'0')) && words.get(1) == Some(&"00");
    everywhere && words.last() != Some(&"lo")
}

/// Whether `ping` monitors can ask.
pub fn ping() -> Finding {
    let fix = "`sysctl -w net.ipv4.ping_group_range='0 2147483647'`, or give the binary CAP_NET_RAW; only `ping` monitors need it";
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").unwrap_or_default();
    let bounds: Vec<u64> = range.split_whitespace().filter_map(|bound| bound.parse().ok()).collect();
    let group = u64::from(rustix::process::getegid().as_raw());
    match bounds.as_slice() {
        _ if rustix::process::geteuid().is_root() => Finding::well("ping", "may be sent, by root"),
        [least, most] if (*least..=*most).contains(&group) => Finding::well("ping", "may be sent by this group"),
        _ => Finding::doubtful("ping", format!("may not be sent by group {group}"), fix),
    }
}

/// Whether a relay takes connections and greets as one.
async fn relay(whose: &str, url: &str, fix: String) -> Finding {
    let parsed = Url::parse(url).ok();
    let Some((host, secured, port)) = parsed.as_ref().and_then(host_and_port) else {
        return Finding::ill("mail", format!("the relay of `{whose}` has no host"), fix);
    };
    let said = match greeting(&host, port, secured).await {
        Ok(said) => return Finding::well("mail", format!("the relay of `{whose}`, {host}:{port}, {said}")),
        Err(why) => format!("the relay of `{whose}`, {host}:{port}: {why}"),
    };
    Finding::ill("mail", said, fix)
}

/// The host, whether TLS comes first, and the port.
fn host_and_port(url: &Url) -> Option<(String, bool, u16)> {
    let (secured, port) = match url.scheme() {
        "smtps" => (true, 465),
        "smtp+starttls" => (false, 587),
        _ => (false, 25),
    };
    Some((url.host_str()?.to_owned(), secured, url.port().unwrap_or(port)))
}

#[expect(clippy::disallowed_methods, reason = "the deadline of the greeting is counted from here")]
async fn greeting(host: &str, port: u16, secured: bool) -> Result<String, String> {
    let deadline = Instant::now() + PATIENCE;
    let connected =
        Dialer::new(AddressPolicy::default()).connect(host, port, &dialer::Options::default(), deadline).await;
    let mut stream = connected.map_err(|error| error.detail)?.stream;
    if secured {
        return Ok("takes connections".to_owned());
    }
    let mut bytes = [0; 3];
    let read = tokio::time::timeout_at(deadline, stream.read_exact(&mut bytes)).await;
    match read {
        Ok(Ok(_)) if &bytes == b"220" => Ok("greets".to_owned()),
        Ok(Ok(_)) => Err("it does not greet as a mail server does".to_owned()),
        Ok(Err(_)) => Err("it hung up without a greeting".to_owned()),
        Err(_) => Err(format!("no greeting within {}", humane(PATIENCE))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_route_leads_everywhere_but_not_into_the_void() {
        let zeros = "0".repeat(32);
        let route = |to: &str, length: &str, device: &str| {
            format!("{to} {length} {zeros} 00 {zeros} 00000400 00000001 00000000 00450003   {device}")
        };
        assert!(is_default_route(&route(&zeros, "00", "eth0")));
        assert!(!is_default_route(&route(&zeros, "00", "lo")));
        assert!(!is_default_route(&route("20010db8000000000000000000000000", "20", "eth0")));
        assert!(!is_default_route(""));
    }

    #[test]
    fn relays_have_the_ports_of_their_scheme() {
        let check = |url: &str, expected: (bool, u16)| {
            let (host, secured, port) = host_and_port(&Url::parse(url).expect("a URL")).expect("a host");
            assert_eq!((host.as_str(), (secured, port)), ("mail.example.com", expected), "{url}");
        };
        check("smtp://u:p@mail.example.com", (false, 25));
        check("smtps://mail.example.com", (true, 465));
        check("smtp+starttls://mail.example.com", (false, 587));
        check("smtp://mail.example.com:2525", (false, 2525));
    }
}
