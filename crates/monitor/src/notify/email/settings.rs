//! E-mail: what the settings mean, and the relay they lead to.

use std::path::PathBuf;

use lettre::Address;
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::notify::ChannelError;

/// A channel of type `email` as written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The way its mails go.
    pub relay: RelaySettings,
    /// The recipients.
    pub to: Vec<String>,
}

/// A relay and the sender, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelaySettings {
    /// The relay: `smtp://user:password@host:port`, `smtps://` (TLS from the first byte, port 465) or `smtp+starttls://`
    /// (never in the clear, port 587).
    pub smtp: SecretString,
    /// Whether to turn to TLS after a greeting in the clear; `auto` for `smtp://` when not given.
    pub starttls: Option<StartTls>,
    /// The user, when not in the URL.
    pub username: Option<String>,
    /// The password, when not in the URL.
    pub password: Option<SecretString>,
    /// The sender: `allswell@example.com` or `Allswell <allswell@example.com>`.
    pub from: String,
    /// A PEM file with the roots to trust instead of the system's.
    pub ca: Option<PathBuf>,
}

/// Whether to turn to TLS after a greeting in the clear (RFC 3207).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartTls {
    /// When the relay offers it. Certificates are verified, and a password never leaves in the clear but to this machine.
    Auto,
    /// Always; a relay that does not offer it gets no message.
    Required,
    /// Never.
    Off,
}

/// How a connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// TLS from the first byte.
    Tls,
    /// In the clear first.
    StartTls(StartTls),
}

/// The way to a relay, and the sender: settings that were checked.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    pub credentials: Option<(String, SecretString)>,
    pub from: Mailbox,
    pub ca: Option<PathBuf>,
}

/// More recipients than this are a mailing list's job.
const RECIPIENTS_MAX: usize = 50;

impl Settings {
    /// Checks the values, as opening the channel does.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub(crate) fn check(&self) -> Result<(), ChannelError> {
        Route::new(&self.relay)?;
        recipients(&self.to).map(drop)
    }
}

impl Route {
    /// Checks `settings`.
    pub fn new(settings: &RelaySettings) -> Result<Self, ChannelError> {
        let url = relay_url(settings.smtp.expose_secret()).map_err(|why| ChannelError::new("smtp", why))?;
        let (protection, default_port) = protection(&url, settings.starttls)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Ok(Self {
            port: url.port().unwrap_or(default_port),
            host,
            protection,
            credentials: credentials(&url, settings)?,
            from: mailbox("from", &settings.from)?,
            ca: settings.ca.clone(),
        })
    }
}

/// Checks the values of a relay, as opening it does.
///
/// # Errors
/// [`ChannelError`] names the field and the way out.
pub(crate) fn check_relay(settings: &RelaySettings) -> Result<(), ChannelError> {
    Route::new(settings).map(drop)
}

/// Reads the recipients of a channel.
pub(super) fn recipients(to: &[String]) -> Result<Vec<Mailbox>, ChannelError> {
    if to.is_empty() || to.len() > RECIPIENTS_MAX {
        let why = format!("names {}; write 1 to {RECIPIENTS_MAX} addresses", number(to.len()));
        return Err(ChannelError::new("to", why));
    }
    to.iter().enumerate().map(|(index, text)| mailbox(&format!("to[{index}]"), text)).collect()
}

fn number(people: usize) -> String {
    if people == 0 { "nobody".to_owned() } else { format!("{people} recipients") }
}

/// Reads the relay's URL. No answer quotes it: it may hold a password.
fn relay_url(text: &str) -> Result<Url, String> {
    let like = "write it like smtp://user:password@mail.example.com:587";
    let url = Url::parse(text).map_err(|error| format!("is no URL ({error}); {like}"))?;
    if !matches!(url.scheme(), "smtp" | "smtps" | "smtp+starttls") {
        return Err(format!("scheme `{}` is unknown; use smtp://, smtps:// or smtp+starttls://", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("names no host; {like}"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("has a path, a query or a fragment; {like}"));
    }
    Ok(url)
}

fn protection(url: &Url, starttls: Option<StartTls>) -> Result<(Protection, u16), ChannelError> {
    let clash = |why: &str| Err(ChannelError::new("starttls", why));
    match (url.scheme(), starttls) {
        ("smtps", None) => Ok((Protection::Tls, 465)),
        ("smtps", Some(_)) => clash("has no meaning with smtps://, which is TLS from the first byte; leave it out"),
        ("smtp+starttls", None | Some(StartTls::Required)) => Ok((Protection::StartTls(StartTls::Required), 587)),
        ("smtp+starttls", Some(_)) => {
            clash("contradicts smtp+starttls://, which requires it; leave it out or write smtp://")
        }
        (_, starttls) => Ok((Protection::StartTls(starttls.unwrap_or(StartTls::Auto)), 25)),
    }
}

fn credentials(url: &Url, settings: &RelaySettings) -> Result<Option<(String, SecretString)>, ChannelError> {
    let decoded = |part: &str, field: &str| {
        let text = percent_decode_str(part).decode_utf8();
        text.map(String::from).map_err(|_| ChannelError::new("smtp", format!("its {field} is no UTF-8")))
    };
    let twice = |field: &str| ChannelError::new(field, "is written twice, in the URL and here; keep one of them");
    let username = match (url.username(), &settings.username) {
        ("", name) => name.clone(),
        (name, None) => Some(decoded(name, "user")?),
        (_, Some(_)) => return Err(twice("username")),
    };
    let password = match (url.password(), &settings.password) {
        (None, password) => password.clone(),
        (Some(password), None) => Some(decoded(password, "password")?.into()),
        (Some(_), Some(_)) => return Err(twice("password")),
    };
    match (username, password) {
        (Some(username), Some(password)) => Ok(Some((username, password))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(ChannelError::new("password", "is missing beside `username`; write password: \"${env:NAME}\""))
        }
        (None, Some(_)) => Err(ChannelError::new("username", "is missing beside `password`")),
    }
}

/// Reads `name@host` or `A name <name@host>`, the whole text or nothing.
fn mailbox(field: &str, text: &str) -> Result<Mailbox, ChannelError> {
    if text.chars().any(char::is_control) {
        return Err(ChannelError::new(field, "has a line break or another control character; write one plain address"));
    }
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", text.trim()),
    };
    let why = || format!("`{text}` is no mail address; write it like ops@example.com or Ops <ops@example.com>");
    let address: Address = address.parse().map_err(|_| ChannelError::new(field, why()))?;
    Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}
