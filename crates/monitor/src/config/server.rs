//! The server's own settings.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use allswell_probe::AddressPolicy;
use ipnet::IpNet;
use url::Url;

use super::keys::default;
use super::problem::{Code, Found};
use super::read::{Fields, Reader, nearest};
use super::tree::Node;
use crate::notify::email::{RelaySettings, check_relay};
use crate::plan::Limits;

/// The server's own settings. What the command line says comes first.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address to serve pages and the API at.
    pub listen: Option<SocketAddr>,
    /// The directory of the databases.
    pub data: Option<PathBuf>,
    /// Where people reach the server, for links in messages; without a slash at its end.
    pub public_url: Option<String>,
    /// Addresses (`host:port`) that prove that the network works.
    pub anchors: Vec<String>,
    /// The relay for what the server itself writes to people.
    pub mail: Option<RelaySettings>,
    /// How people come to an account of their own; `None` where they do not.
    pub sign_up: Option<SignUp>,
    /// How long single results are kept.
    pub retention: Duration,
    /// How long messages that follow another one are gathered into one.
    pub gather: Duration,
    /// Which addresses may be connected to.
    pub address_policy: AddressPolicy,
}

/// How people come to an account of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// The plan of new accounts.
    pub plan: String,
    /// The most accounts of the server.
    pub accounts: usize,
    /// Whether all accounts but the first may have addresses connected to that are not globally routable.
    pub private_networks: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: None,
            data: None,
            public_url: None,
            anchors: Vec::new(),
            mail: None,
            sign_up: None,
            retention: default::RETENTION,
            gather: default::GATHER,
            address_policy: AddressPolicy::default(),
        }
    }
}

/// Reads the block `server` beside `plans`.
pub(super) fn server(fields: &Fields<'_>, plans: &BTreeMap<String, Limits>, reader: &mut Reader<'_>) -> Server {
    let anchors = fields.block("connectivity").and_then(|block| block.texts("anchors")).unwrap_or_default();
    Server {
        listen: fields.text("listen").and_then(|text| listen(text, fields, reader)),
        data: fields.directory("data").cloned(),
        public_url: fields.text("public_url").and_then(|text| public_url(text, fields, reader)),
        anchors: anchors.into_iter().filter_map(|(node, text)| anchor(text, node, reader)).collect(),
        mail: fields.block("mail").and_then(|block| mail(block, reader)),
        sign_up: fields.block("sign_up").and_then(|block| sign_up(block, fields, plans, reader)),
        retention: fields.duration("retention").unwrap_or(default::RETENTION),
        gather: fields.duration("gather").unwrap_or(default::GATHER),
        address_policy: fields.block("address_policy").map(|block| policy(block, reader)).unwrap_or_default(),
    }
}

fn refuse(reader: &mut Reader<'_>, node: &Node, what: &str, way_out: &str) {
    let message = format!("`{}` is {what}", reader.quoted(node));
    reader.problems.push(Found::new(Code::WrongValue, node.span, message).label(way_out));
}

fn listen(text: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let address = text.parse().ok();
    if let (None, Some(entry)) = (address, fields.entry("listen")) {
        refuse(
            reader,
            &entry.node,
            "no address to listen at",
            "write it like 127.0.0.1:7878, or 0.0.0.0:7878 for everybody",
        );
    }
    address
}

/// Reads the relay as a channel of type `email` does, with the same checks.
fn mail(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<RelaySettings> {
    if !fields.sound {
        return None;
    }
    let settings: RelaySettings = serde_json::from_value(fields.to_json()).ok()?;
    if let Err(error) = check_relay(&settings) {
        let why = reader.masked(&error.why, fields.node);
        reader.problems.push(Found::new(
            Code::WrongValue,
            fields.span(&error.field),
            format!("`{}` {why}", error.field),
        ));
        return None;
    }
    Some(settings)
}

fn sign_up(
    block: &Fields<'_>,
    server: &Fields<'_>,
    plans: &BTreeMap<String, Limits>,
    reader: &mut Reader<'_>,
) -> Option<SignUp> {
    if server.entry("mail").is_none() {
        let span = server.node.entry("sign_up").map_or(block.node.span, |entry| entry.key_span);
        let found = Found::new(Code::Contradiction, span, "`sign_up` needs `mail`".to_owned());
        reader
            .problems
            .push(found.label("the link to a new account goes by mail: add `mail: { smtp: ..., from: ... }`"));
    }
    let plan = block.text("plan")?;
    if !plans.contains_key(plan) {
        let message = format!("`plan: {}` is no plan", reader.quoted(block.node.find("plan")));
        let label = match nearest(plan, plans.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if plans.is_empty() => "name it under `plans`".to_owned(),
            None => {
                let names: Vec<_> = plans.keys().map(|name| format!("`{name}`")).collect();
                format!("`plans` names {}", names.join(", "))
            }
        };
        reader.problems.push(Found::new(Code::WrongValue, block.span("plan"), message).label(label));
        return None;
    }
    Some(SignUp {
        plan: plan.to_owned(),
        accounts: block.number("accounts").unwrap_or(default::ACCOUNTS) as usize,
        private_networks: block.flag("private_networks").unwrap_or_default(),
    })
}

fn public_url(text: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let is_plain = |url: &Url| {
        let is_http = matches!(url.scheme(), "http" | "https");
        is_http && url.has_host() && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
    };
    let url = Url::parse(text).ok().filter(is_plain);
    if let (None, Some(entry)) = (&url, fields.entry("public_url")) {
        refuse(reader, &entry.node, "no address of a server", "write it like https://status.example.com");
    }
    url.map(|url| url.as_str().trim_end_matches('/').to_owned())
}

fn anchor(text: &str, node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let parts = text.rsplit_once(':').filter(|(host, _)| {
        let is_bare = !host.contains([':', '/', ' ', '@']);
        !host.is_empty() && (is_bare || host.starts_with('[') && host.ends_with(']'))
    });
    if parts.is_none_or(|(_, port)| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        refuse(reader, node, "no `host:port`", "write it like 192.0.2.1:443 or [2001:db8::1]:443");
        return None;
    }
    Some(text.to_owned())
}

fn policy(fields: &Fields<'_>, reader: &mut Reader<'_>) -> AddressPolicy {
    let allow = fields.texts("allow").unwrap_or_default();
    AddressPolicy {
        deny_private: fields.flag("deny_private").unwrap_or_default(),
        allow: allow.into_iter().filter_map(|(node, text)| network(text, node, reader)).collect(),
    }
}

fn network(text: &str, node: &Node, reader: &mut Reader<'_>) -> Option<IpNet> {
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    if network.is_none() {
        refuse(reader, node, "no network", "write it like 10.1.0.0/16, fd00::/8 or 192.0.2.7");
    }
    network
}
