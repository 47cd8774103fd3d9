//! Asks a DNS server and looks at its records (RFC 1035): over UDP with TCP behind it, over TCP, or over TLS (RFC 7858).

mod ask;
mod exchange;
mod records;

use std::net::IpAddr;
use std::time::Duration;

use allswell_core::time::parse_duration;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use serde::Deserialize;

use crate::dialer;
use crate::question::{dial_options, host_and_port};
use crate::{QuestionError, tls};

pub(crate) use ask::ask;

/// What to ask a DNS server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The name to ask for; for PTR an IP address will do.
    pub name: String,
    /// The type of record.
    #[serde(default, rename = "type")]
    pub kind: Kind,
    /// The server to ask, `host` or `host:port`, instead of the system's.
    #[serde(default)]
    pub server: Option<String>,
    /// How to reach it.
    #[serde(default)]
    pub transport: Transport,
    /// The values the records must have.
    #[serde(default)]
    pub expect: Vec<String>,
    /// Whether there may be other values.
    #[serde(default, rename = "match")]
    pub compare: Compare,
    /// The response code that is well, `NOERROR` when not given.
    #[serde(default)]
    pub rcode: Option<String>,
    /// Whether the answer must be (or must not be) authoritative.
    #[serde(default)]
    pub authoritative: Option<bool>,
    /// The shortest time to live that is well.
    #[serde(default)]
    pub min_ttl: Option<String>,
    /// The longest time to live that is well.
    #[serde(default)]
    pub max_ttl: Option<String>,
    /// How to speak TLS, with `transport: tls`.
    #[serde(default)]
    pub tls: tls::Options,
    /// `any` (the default), `ipv4`, `ipv6`: which addresses of the server to ask.
    #[serde(default)]
    pub ip_version: dialer::IpVersion,
    /// The address of a DNS server that knows the server's name, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
}

/// The type of record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are named by the RFCs")]
pub enum Kind {
    #[default]
    A,
    Aaaa,
    Cname,
    Mx,
    Ns,
    Txt,
    Soa,
    Srv,
    Caa,
    Ptr,
}

impl Kind {
    const fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Cname => RecordType::CNAME,
            Self::Mx => RecordType::MX,
            Self::Ns => RecordType::NS,
            Self::Txt => RecordType::TXT,
            Self::Soa => RecordType::SOA,
            Self::Srv => RecordType::SRV,
            Self::Caa => RecordType::CAA,
            Self::Ptr => RecordType::PTR,
        }
    }
}

/// How to reach a DNS server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP, and TCP when the answer does not fit.
    #[default]
    Udp,
    /// TCP from the beginning.
    Tcp,
    /// TLS, RFC 7858.
    Tls,
}

/// How values are compared with those that are expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// These values and no others, in any order.
    #[default]
    Set,
    /// These values, and others may stand beside them.
    Subset,
}

/// A DNS question, ready to be asked.
pub(crate) struct Prepared {
    pub name: Name,
    pub kind: RecordType,
    /// `None`: the system's.
    pub server: Option<(String, u16)>,
    pub transport: Transport,
    pub expect: Vec<String>,
    pub compare: Compare,
    pub code: ResponseCode,
    pub authoritative: Option<bool>,
    pub min_ttl: Option<Duration>,
    pub max_ttl: Option<Duration>,
    pub client: Option<Box<tls::Client>>,
    pub dial: dialer::Options,
    /// What is asked first, for people.
    shown: String,
}

impl Prepared {
    /// Checks `settings` and reads the files they name.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let kind = settings.kind.record_type();
        let name = name(&settings.name, kind).map_err(|why| QuestionError::field("name", why))?;
        let code = settings.rcode.as_deref().map_or(Ok(ResponseCode::NoError), code);
        let code = code.map_err(|why| QuestionError::field("rcode", why))?;
        let port = if settings.transport == Transport::Tls { 853 } else { 53 };
        let server = settings.server.as_deref().map(|text| server(text, port)).transpose()?;
        let client = match (settings.transport, &server) {
            (Transport::Tls, None) => {
                let why = "`tls` needs a `server`: the system's are not known to speak it";
                return Err(QuestionError::field("transport", why));
            }
            (Transport::Tls, Some(_)) => Some(Box::new(tls::Client::new(&settings.tls, &["dot"])?)),
            _ => None,
        };
        let expect = settings.expect.iter().enumerate().map(|(index, text)| {
            records::normalized(text, kind)
                .map_err(|why| QuestionError::field(format!("expect[{index}]"), format!("`{text}` {why}")))
        });
        let duration = |field: &str, text: &Option<String>| {
            let text = text.as_deref().map(parse_duration).transpose();
            text.map_err(|wrong| QuestionError::field(field, wrong.to_string()))
        };
        let (min_ttl, max_ttl) = (duration("min_ttl", &settings.min_ttl)?, duration("max_ttl", &settings.max_ttl)?);
        if let (Some(least), Some(most)) = (min_ttl, max_ttl)
            && least > most
        {
            return Err(QuestionError::field("min_ttl", "is longer than `max_ttl`; no answer could be well"));
        }
        Ok(Self {
            shown: format!("{} {kind}", settings.name.trim()),
            name,
            kind,
            server,
            transport: settings.transport,
            expect: expect.collect::<Result<_, _>>()?,
            compare: settings.compare,
            code,
            authoritative: settings.authoritative,
            min_ttl,
            max_ttl,
            client,
            dial: dial_options(settings.ip_version, settings.resolver.as_deref())?,
        })
    }

    /// `dns example.com MX at 192.0.2.53:53`.
    pub fn target(&self) -> String {
        match &self.server {
            Some((host, port)) => format!("dns {} at {}", self.shown, crate::question::joined(host, *port)),
            None => format!("dns {}", self.shown),
        }
    }

    /// The server's host; the name that is asked for when it is the system's server.
    pub fn host(&self) -> &str {
        let name = || self.shown.split(' ').next().unwrap_or_default();
        self.server.as_ref().map_or_else(name, |(host, _)| host)
    }
}

fn name(text: &str, kind: RecordType) -> Result<Name, String> {
    let text = text.trim();
    if kind == RecordType::PTR
        && let Ok(address) = text.parse::<IpAddr>()
    {
        return Ok(Name::from(address));
    }
    let wrong = |why: String| format!("`{text}` is no DNS name{why}; write one like example.com");
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!("`{text}` is an address; only `type: PTR` asks for those"));
    }
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c == '/') {
        return Err(wrong(String::new()));
    }
    let mut name = Name::from_str_relaxed(text).map_err(|error| wrong(format!(" ({error})")))?;
    name.set_fqdn(true);
    Ok(name)
}

fn server(text: &str, port: u16) -> Result<(String, u16), QuestionError> {
    let text = text.trim();
    let whole = match text.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]:{port}"),
        Ok(address) => format!("{address}:{port}"),
        Err(_) if text.contains(':') => text.to_owned(),
        Err(_) => format!("{text}:{port}"),
    };
    host_and_port("server", &whole)
}

const CODES: [(&str, ResponseCode); 6] = [
    ("NOERROR", ResponseCode::NoError),
    ("FORMERR", ResponseCode::FormErr),
    ("SERVFAIL", ResponseCode::ServFail),
    ("NXDOMAIN", ResponseCode::NXDomain),
    ("NOTIMP", ResponseCode::NotImp),
    ("REFUSED", ResponseCode::Refused),
];

fn code(text: &str) -> Result<ResponseCode, String> {
    let found = CODES.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
    let known = || CODES.map(|(word, _)| word).join(", ");
    found.map(|(_, code)| *code).ok_or_else(|| format!("`{text}` is no response code; known are {}", known()))
}

/// A response code as people write it.
fn word(code: ResponseCode) -> String {
    CODES.iter().find(|(_, known)| *known == code).map_or_else(|| code.to_string(), |(word, _)| (*word).to_owned())
}
