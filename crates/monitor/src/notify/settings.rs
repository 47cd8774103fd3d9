//! Channels as a person writes them: `{ type: email, smtp: ..., from: ..., to: [...] }`.
//!
//! All kinds are read through one flat form, so that a mistake is found at its own line whatever the order of the keys is
//! (a tagged enum of serde would buffer the mapping and lose the places).

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::{email, http, webhook};

/// One channel as written in a configuration. Its values are checked when the channel is opened.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub enum Settings {
    /// `type: email`
    Email(email::Settings),
    /// `type: webhook`
    Webhook(webhook::Settings),
    /// `type: slack`, and all others that are data. Made by the configuration's reader, which knows the definitions.
    Http(http::Settings),
}

impl Settings {
    /// The word of its kind: `email`, `webhook`, `slack`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Email(_) => "email",
            Self::Webhook(_) => "webhook",
            Self::Http(settings) => &settings.definition.name,
        }
    }

    /// Whether people read it: then many messages at once go as few. A program is told each by itself.
    pub fn is_read_by_people(&self) -> bool {
        match self {
            Self::Email(_) => true,
            Self::Webhook(_) => false,
            Self::Http(settings) => !settings.definition.follows_incidents(),
        }
    }

    /// Checks the values, as opening the channel does.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Email(settings) => settings.check(),
            Self::Webhook(settings) => webhook::Route::new(settings).map(drop),
            Self::Http(settings) => settings.check(),
        }
    }
}

/// Why a channel cannot be used. Found when it is saved; never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {why}")]
pub struct ChannelError {
    /// The field of the channel: `smtp`, `to[1]`, `headers.X-Key`.
    pub field: String,
    /// What is wrong with the value, and the way out.
    pub why: String,
}

impl ChannelError {
    /// An error about `field`.
    pub(crate) fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { field: field.into(), why: why.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Email,
    Webhook,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    r#type: Kind,
    ca: Option<PathBuf>,
    smtp: Option<SecretString>,
    starttls: Option<email::StartTls>,
    username: Option<String>,
    password: Option<SecretString>,
    from: Option<String>,
    to: Option<Vec<String>>,
    url: Option<SecretString>,
    secret: Option<SecretString>,
    secrets: Option<Vec<SecretString>>,
    headers: Option<BTreeMap<String, SecretString>>,
}

impl Written {
    /// The first field that was written, but belongs to the other kind.
    fn foreign(&self) -> Option<&'static str> {
        let email = [
            ("smtp", self.smtp.is_some()),
            ("starttls", self.starttls.is_some()),
            ("username", self.username.is_some()),
            ("password", self.password.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
        ];
        let webhook = [
            ("url", self.url.is_some()),
            ("secret", self.secret.is_some()),
            ("secrets", self.secrets.is_some()),
            ("headers", self.headers.is_some()),
        ];
        let foreign: &[_] = if self.r#type == Kind::Email { &webhook } else { &email };
        foreign.iter().find(|(_, written)| *written).map(|(field, _)| *field)
    }
}

impl TryFrom<Written> for Settings {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let (kind, other) = match written.r#type {
            Kind::Email => ("email", "webhook"),
            Kind::Webhook => ("webhook", "email"),
        };
        if let Some(field) = written.foreign() {
            return Err(format!("`{field}` belongs to a channel of type {other}, this one is of type {kind}"));
        }
        let missing =
            |field: &str, like: &str| format!("a channel of type {kind} needs `{field}`, like {field}: {like}");
        Ok(match written.r#type {
            Kind::Email => Self::Email(email::Settings {
                relay: email::RelaySettings {
                    smtp: written.smtp.ok_or_else(|| missing("smtp", "\"smtp://mail.example.com:587\""))?,
                    starttls: written.starttls,
                    username: written.username,
                    password: written.password,
                    from: written.from.ok_or_else(|| missing("from", "\"allswell@example.com\""))?,
                    ca: written.ca,
                },
                to: written.to.ok_or_else(|| missing("to", "[\"ops@example.com\"]"))?,
            }),
            Kind::Webhook => Self::Webhook(webhook::Settings {
                url: written.url.ok_or_else(|| missing("url", "\"https://hooks.example.com/allswell\""))?,
                secrets: written.secret.into_iter().chain(written.secrets.unwrap_or_default()).collect(),
                headers: written.headers.unwrap_or_default(),
                ca: written.ca,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<Settings, String> {
        serde_saphyr::from_str(yaml).map_err(|error| error.to_string())
    }

    /// Reads one channel and gives what is wrong with it.
    fn wrong(yaml: &str) -> String {
        match read(yaml) {
            Err(why) => why,
            Ok(settings) => settings.check().expect_err(yaml).to_string(),
        }
    }

    #[test]
    fn the_documented_channels_are_read() {
        let email = read(
            r#"{ type: email, smtp: "smtp://127.0.0.1:2525", from: "allswell@example.com", to: ["ops@example.com"] }"#,
        );
        assert_eq!(email.unwrap().check(), Ok(()));
        let webhook = read(r#"{ type: webhook, url: "http://127.0.0.1:9911/hook", secret: "${env:HOOK_SECRET}" }"#);
        assert_eq!(webhook.unwrap().check(), Ok(()));
        let late_type = read("url: http://127.0.0.1:9911/hook\nsecrets: [new, old]\ntype: webhook").unwrap();
        let Settings::Webhook(settings) = late_type else { panic!("a webhook") };
        assert_eq!(settings.secrets.len(), 2);
    }

    #[test]
    fn a_field_of_the_other_kind_or_of_no_kind_is_named() {
        let check = |yaml: &str, part: &str| {
            let why = wrong(yaml);
            assert!(why.contains(part), "{yaml}: {why}");
        };
        check(
            "{ type: email, url: http://x }",
            "`url` belongs to a channel of type webhook, this one is of type email",
        );
        check("{ type: webhook, to: [a@b.c] }", "`to` belongs to a channel of type email");
        check(
            "{ type: email, from: a@b.c, to: [a@b.c] }",
            "a channel of type email needs `smtp`, like smtp: \"smtp://",
        );
        check("{ type: webhook }", "a channel of type webhook needs `url`");
        check("{ type: fax }", "unknown variant `fax`, expected one of email, webhook");
        check("{ smtp: x }", "missing field `type`");
        check("type: webhook\nurl: http://x\nsecert: x", "line 3 column 1");
        check("type: email\nsmtp: smtp://x\nfrom: a@b.c\nto: 5", "line 4 column 5");
        check("{ type: email, starttls: perhaps }", "`perhaps`");
    }

    #[test]
    fn values_that_cannot_be_used_are_refused_with_their_field() {
        let email = |smtp: &str, rest: &str| wrong(&format!("{{ type: email, smtp: \"{smtp}\", {rest} }}"));
        let people = "from: a@b.c, to: [d@e.f]";
        let check = |why: String, part: &str| assert!(why.contains(part), "{why}");
        check(email("mail.example.com", people), "`smtp`: is no URL");
        check(
            email("http://mail.example.com", people),
            "`smtp`: scheme `http` is unknown; use smtp://, smtps:// or smtp+starttls://",
        );
        check(email("smtp://", people), "`smtp`: names no host");
        check(email("smtp://x/box", people), "`smtp`: has a path");
        check(email("smtps://x", &format!("{people}, starttls: off")), "`starttls`: has no meaning with smtps://");
        check(email("smtp+starttls://x", &format!("{people}, starttls: auto")), "`starttls`: ");
        check(email("smtp://x", &format!("{people}, username: me")), "`password`: ");
        check(email("smtp://x", &format!("{people}, password: p")), "`username`: ");
        check(email("smtp://u:p@x", &format!("{people}, username: me, password: p")), "`username`: is written twice");
        check(email("smtp://x", "from: nobody, to: [d@e.f]"), "`from`: `nobody` is no mail address");
        check(email("smtp://x", "from: a@b.c, to: []"), "`to`: names nobody");
        check(
            email("smtp://x", "from: a@b.c, to: [d@e.f, 'x@y.z, p@q.r']"),
            "`to[1]`: `x@y.z, p@q.r` is no mail address",
        );
        check(email("smtp://x", "from: a@b.c, to: [\"d@e.f\\r\\nBcc: x@y.z\"]"), "`to[0]`: has a line break");
        check(email("smtp://x", "from: \"A\\nB <a@b.c>\", to: [d@e.f]"), "`from`: has a line break");
        let webhook = |rest: &str| wrong(&format!("{{ type: webhook, {rest} }}"));
        check(webhook("url: ftp://x"), "`url`: scheme `ftp` is unknown; use http:// or https://");
        check(webhook("url: x"), "`url`: is no URL");
        check(webhook("url: http://x, secrets: [a, b, c]"), "`secrets`: ");
        check(webhook("url: http://x, secret: ''"), "`secret`: is empty");
        check(webhook("url: http://x, headers: { 'X Y': z }"), "`headers.X Y`: is no header name");
        check(webhook("url: http://x, headers: { X: \"a\\r\\nY: z\" }"), "`headers.X`: ");
        check(webhook("url: http://x, headers: { Content-Length: '5' }"), "`headers.Content-Length`: is set by us");
    }

    #[test]
    fn secrets_are_in_neither_debug_nor_errors() {
        for yaml in [
            r#"{ type: email, smtp: "smtp://me:canary@x", from: a@b.c, to: [d@e.f] }"#,
            r#"{ type: email, smtp: "smtp://x", username: me, password: canary, from: a@b.c, to: [d@e.f] }"#,
            r#"{ type: webhook, url: "http://me:canary@x/canary?canary", secrets: [canary], headers: { X: canary } }"#,
        ] {
            let settings = read(yaml).unwrap();
            assert_eq!(settings.check(), Ok(()));
            assert!(!format!("{settings:?}").contains("canary"), "{settings:?}");
        }
        for yaml in [
            r#"{ type: email, smtp: "smtp://me:canary@x:0x", from: a@b.c, to: [d@e.f] }"#,
            r#"{ type: email, smtp: "canary", from: a@b.c, to: [d@e.f] }"#,
            r#"{ type: webhook, url: "canary" }"#,
            r#"{ type: webhook, url: "http://canary:x@[::" }"#,
            r#"{ type: webhook, url: "http://x", headers: { X: "canary\r\n" } }"#,
        ] {
            assert!(!wrong(yaml).contains("canary"), "{}", wrong(yaml));
        }
    }
}
