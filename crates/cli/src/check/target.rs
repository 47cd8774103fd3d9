//! What the command line asks for: a target with the settings that fit its kind.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use allswell_probe::dialer::IpVersion;
use allswell_probe::scheme::{self, Meant};
use allswell_probe::text::tame;
use allswell_probe::tls::{Options, StartTls};
use allswell_probe::{Question, Settings, http, tcp, tls};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use super::How;

/// How much of what was typed an error repeats, in characters.
const QUOTED_MAX: usize = 120;

/// A target.
#[derive(Clone, Debug)]
pub struct Target {
    /// How to ask it.
    pub settings: Settings,
    scheme: &'static str,
}

impl Target {
    /// Reads the URL and takes the flags that fit it, or says which does not.
    pub fn read(text: &str, how: &How) -> Result<Self, String> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else { return Self::without_scheme(text, how) };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => http(text, how),
            "tcp" => tcp(address(rest), how),
            "tls" => tls(&with_port(address(rest), 443), how),
            _ => match scheme::read(text) {
                Some(meant) => other(meant?, how),
                None => {
                    let (scheme, others) = (tame(scheme, 20), scheme::SCHEMES);
                    Err(format!("`{scheme}://` cannot be asked; write http://, https://, tcp://, tls:// or {others}"))
                }
            },
        }
    }

    fn without_scheme(text: &str, how: &How) -> Result<Self, String> {
        let shown = tame(without_user(text), QUOTED_MAX);
        match text.split_once(':') {
            _ if text.is_empty() => {
                Err("the URL is empty; write it whole, like https://api.example.com/ready".to_owned())
            }
            Some((scheme @ ("http" | "https" | "tcp" | "tls"), rest)) if rest.starts_with('/') => {
                let rest = tame(without_user(rest.trim_start_matches('/')), QUOTED_MAX);
                Err(format!("`{shown}` needs two slashes; write `{scheme}://{rest}`"))
            }
            _ if names_a_port(text) => tcp(text, how),
            _ => Err(format!("`{shown}` names no protocol; write `https://{shown}`, or host:port for TCP")),
        }
    }

    /// The URL for people and programs, without secrets.
    pub fn shown(&self, question: &Question) -> String {
        let (first, rest) = question.target().split_once(' ').unwrap_or(("", question.target()));
        let rest = rest.split(" (starttls").next().unwrap_or(rest);
        match self.scheme {
            "http" if first == "GET" => rest.to_owned(),
            "http" => format!("{first} {rest}"),
            "tcp" | "tls" => format!("{}://{rest}", self.scheme),
            _ => question.target().to_owned(),
        }
    }
}

/// Reads a network, or one address as the network of itself.
pub fn network(text: &str) -> Result<IpNet, String> {
    let one = |address: IpAddr| IpNet::from(address);
    text.parse()
        .or_else(|_| text.parse().map(one))
        .map_err(|_| "write a network like 10.0.0.0/8 or fd00::/8".to_owned())
}

/// Reads a number of bytes.
pub fn bytes(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number of bytes, like 1048576".to_owned())
}

/// Reads the name of a protocol that begins in the clear.
pub fn starttls(text: &str) -> Result<StartTls, String> {
    match text {
        "smtp" => Ok(StartTls::Smtp),
        "imap" => Ok(StartTls::Imap),
        "pop3" => Ok(StartTls::Pop3),
        "postgres" => Ok(StartTls::Postgres),
        _ => Err("write smtp, imap, pop3 or postgres".to_owned()),
    }
}

/// What was typed behind user and password: they are not repeated.
fn without_user(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}

fn address(rest: &str) -> &str {
    rest.strip_suffix('/').unwrap_or(rest)
}

/// Whether a text without a protocol is `host:port` and nothing more.
fn names_a_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn with_port(address: &str, port: u16) -> String {
    let has_port = names_a_port(address) && (!address.starts_with('[') || !address.ends_with(']'));
    if has_port || address.is_empty() { address.to_owned() } else { format!("{address}:{port}") }
}

fn http(url: &str, how: &How) -> Result<Target, String> {
    if how.starttls.is_some() {
        return Err("`--starttls` is for tls:// targets, like tls://mail.example.com:587".to_owned());
    }
    if Url::parse(url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some()) {
        return Err("the URL carries a user or a password; give them as --user USER:PASSWORD".to_owned());
    }
    let settings = http::Settings {
        url: url.to_owned(),
        method: how.method.clone(),
        headers: headers(&how.header)?,
        body: how.body.clone(),
        basic_auth: how.user.as_ref().map(user).transpose()?,
        bearer_token: None,
        max_redirects: how.max_redirects,
        expected_status: Vec::new(),
        max_body: how.max_body,
        ip_version: how.ip_version(),
        resolver: how.resolver.clone(),
        connect: how.connect.clone(),
        tls: how.tls(),
    };
    Ok(Target { settings: Settings::Http(settings), scheme: "http" })
}

fn tcp(address: &str, how: &How) -> Result<Target, String> {
    nobody_logs_in(address)?;
    how.only_what_fits("tcp")?;
    let settings = tcp::Settings {
        address: address.to_owned(),
        send: None,
        expect: None,
        ip_version: how.ip_version(),
        resolver: how.resolver.clone(),
    };
    Ok(Target { settings: Settings::Tcp(settings), scheme: "tcp" })
}

fn tls(address: &str, how: &How) -> Result<Target, String> {
    nobody_logs_in(address)?;
    how.only_what_fits("tls")?;
    let settings = tls::Settings {
        address: address.to_owned(),
        starttls: how.starttls,
        tls: how.tls(),
        ip_version: how.ip_version(),
        resolver: how.resolver.clone(),
    };
    Ok(Target { settings: Settings::Tls(settings), scheme: "tls" })
}

/// A kind that has no flags of its own: those for the way and for TLS hold for it as well.
fn other(meant: Meant, how: &How) -> Result<Target, String> {
    let Meant { kind, mut settings, takes_tls } = meant;
    how.only_what_fits(kind)?;
    if let Some(flag) = how.first_of_tls().filter(|_| !takes_tls) {
        return Err(format!("`{flag}` is for targets that speak TLS, and this one does not"));
    }
    let mut set = |key: &str, value: Option<Value>| settings.extend(value.map(|value| (key.to_owned(), value)));
    set("ip_version", (how.ipv4 || how.ipv6).then(|| if how.ipv4 { "ipv4" } else { "ipv6" }.into()));
    set("resolver", how.resolver.clone().map(Value::from));
    set("tls", takes_tls.then(|| how.tls_as_written()).filter(|_| how.first_of_tls().is_some()));
    let tagged = Map::from_iter([(kind.to_owned(), Value::Object(settings))]);
    let settings = serde_json::from_value(Value::Object(tagged)).map_err(|error| error.to_string())?;
    Ok(Target { settings, scheme: kind })
}

fn nobody_logs_in(address: &str) -> Result<(), String> {
    match address.contains('@') {
        true => Err("an address has no user and no password; write host:port, like db.example.com:5432".to_owned()),
        false => Ok(()),
    }
}

impl How {
    const fn ip_version(&self) -> IpVersion {
        match (self.ipv4, self.ipv6) {
            (true, _) => IpVersion::Ipv4,
            (_, true) => IpVersion::Ipv6,
            _ => IpVersion::Any,
        }
    }

    fn tls(&self) -> Options {
        Options {
            ca: self.ca.clone(),
            client_cert: self.client_cert.clone(),
            client_key: self.client_key.clone(),
            server_name: self.server_name.clone(),
            insecure: self.insecure,
        }
    }

    /// Refuses the first flag that means nothing for `scheme`.
    fn only_what_fits(&self, scheme: &str) -> Result<(), String> {
        let of_http = [
            ("--method", self.method.is_some()),
            ("--header", !self.header.is_empty()),
            ("--user", self.user.is_some()),
            ("--body", self.body.is_some()),
            ("--max-body", self.max_body.is_some()),
            ("--max-redirects", self.max_redirects.is_some()),
            ("--connect", self.connect.is_some()),
        ];
        let given = |flags: &[(&'static str, bool)]| flags.iter().find(|(_, given)| *given).map(|(flag, _)| *flag);
        if let Some(flag) = given(&of_http) {
            let instead =
                if flag == "--connect" { "; name the address itself, and the host with --server-name" } else { "" };
            return Err(format!("`{flag}` is for http:// and https:// targets, not for {scheme}://{instead}"));
        }
        if self.starttls.is_some() && !matches!(scheme, "tcp" | "tls") {
            return Err(format!("`--starttls` is for tls:// targets, not for {scheme}://"));
        }
        match self.first_of_tls().filter(|_| scheme == "tcp") {
            Some(flag) => Err(format!("`{flag}` is for https:// and tls:// targets, not for tcp://")),
            None => Ok(()),
        }
    }

    /// The first flag that means something for TLS alone.
    fn first_of_tls(&self) -> Option<&'static str> {
        let flags = [
            ("--ca", self.ca.is_some()),
            ("--client-cert", self.client_cert.is_some()),
            ("--server-name", self.server_name.is_some()),
            ("--insecure", self.insecure),
            ("--starttls", self.starttls.is_some()),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }

    /// The flags for TLS as a configuration has them.
    fn tls_as_written(&self) -> Value {
        let file = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        json!({
            "ca": file(&self.ca),
            "client_cert": file(&self.client_cert),
            "client_key": file(&self.client_key),
            "server_name": self.server_name,
            "insecure": self.insecure,
        })
    }
}

/// Reads `user:password`.
fn user(given: &SecretString) -> Result<http::BasicAuth, String> {
    let (user, password) = given
        .expose_secret()
        .split_once(':')
        .ok_or("`--user` needs user and password with a colon between them, like --user ops:...")?;
    Ok(http::BasicAuth { user: user.to_owned(), password: password.into() })
}

/// Reads `Name: value`. What was given may be a secret, so that only a good name is ever repeated.
fn headers(given: &[SecretString]) -> Result<BTreeMap<String, SecretString>, String> {
    let mut headers = BTreeMap::new();
    for header in given {
        let named = header
            .expose_secret()
            .split_once(':')
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()));
        let Some((name, value)) = named.filter(|(name, _)| is_a_name(name)) else {
            return Err("`--header` needs a name, a colon and a value, like --header 'X-Api-Key: ...'".to_owned());
        };
        let twice = format!("`--header` names `{}` twice; join the values with a comma", tame(&name, QUOTED_MAX));
        if headers.insert(name, value.into()).is_some() {
            return Err(twice);
        }
    }
    Ok(headers)
}

/// RFC 9110 5.1: a header's name is a token.
fn is_a_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
