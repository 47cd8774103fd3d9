//! Hands one mail to one relay (RFC 5321), and says how that ended.
//!
//! lettre speaks SMTP; the connection is ours, so that it goes through the one dialler. What matters is at which step a
//! dialogue ends: before the last dot the relay has nothing, after it the relay may have the mail.

use allswell_probe::dialer::{self, Dialer};
use allswell_probe::tls;
use lettre::message::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Severity;
use secrecy::ExposeSecret;
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::half_taken::{HalfTaken, TRIES_MAX};
use super::line::{Line, Prelude};
use super::settings::{Protection, Route, StartTls};
use crate::notify::clean::line;
use crate::notify::{ChannelError, Delivery};

/// So long a relay may take to say goodbye; it has the mail.
const GOODBYE: Duration = Duration::from_secs(1);

/// A relay and the way to it.
#[derive(Debug)]
pub(super) struct Relay {
    route: Route,
    dialer: Dialer,
    tls: Option<tls::Client>,
    half_taken: HalfTaken,
}

/// Where a dialogue stands, in words that follow "while".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Connecting,
    Greeting,
    Authenticating,
    Naming,
    /// From here on the relay may have the mail.
    Sending,
}

/// What the relay said to the recipients.
#[derive(Debug, Default)]
struct Named {
    /// How many there are.
    all: usize,
    taken: Vec<usize>,
    put_off: Vec<String>,
    refused: Vec<String>,
}

impl Relay {
    /// Makes the way ready; reads the file with the roots.
    pub fn new(route: Route, dialer: Dialer) -> Result<Self, ChannelError> {
        let tls = (route.protection != Protection::StartTls(StartTls::Off)).then(|| {
            let options = tls::Options { ca: route.ca.clone(), ..tls::Options::default() };
            tls::Client::new(&options, &[]).map_err(|error| ChannelError::new("ca", error.to_string()))
        });
        Ok(Self { tls: tls.transpose()?, route, dialer, half_taken: HalfTaken::default() })
    }

    /// The checked settings.
    pub const fn route(&self) -> &Route {
        &self.route
    }

    /// Hands `message` over to all recipients that have not taken it under this `key`.
    pub async fn hand_over(&self, message: &Message, key: &str, deadline: Instant) -> Delivery {
        let mut step = Step::Connecting;
        let ended = timeout_at(deadline, self.converse(message, key, deadline, &mut step)).await;
        let delivery = ended.unwrap_or_else(|_| Err(self.lost(step, "no answer in time")));
        delivery.unwrap_or_else(|other| other)
    }

    async fn converse(
        &self,
        message: &Message,
        key: &str,
        deadline: Instant,
        step: &mut Step,
    ) -> Result<Delivery, Delivery> {
        let (line, safe) = self.open(deadline, step).await?;
        *step = Step::Greeting;
        let mut smtp = AsyncSmtpConnection::connect_with_transport(Box::new(line), &ClientId::default())
            .await
            .map_err(|error| self.ended(*step, &error))?;
        *step = Step::Authenticating;
        self.authenticate(&mut smtp, safe).await?;
        *step = Step::Naming;
        let named = self.name(&mut smtp, message, key).await?;
        if named.taken.is_empty() {
            let _ = timeout(GOODBYE, smtp.quit()).await;
            return Ok(self.nobody_took_it(key, &named));
        }
        let ready = smtp.command(Data).await.map_err(|error| self.judged(*step, "the message", &error))?;
        if !ready.has_code(354) {
            return Err(self.unreachable(format!("it answered DATA with {} instead of 354", ready.code())));
        }
        *step = Step::Sending;
        let answer =
            smtp.message(&message.formatted()).await.map_err(|error| self.judged(*step, "the message", &error))?;
        let said = format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" "));
        if answer.code().severity != Severity::PositiveCompletion {
            return Err(Delivery::Ambiguous { why: self.says(&format!("answered the message with `{said}`")) });
        }
        // The relay has the mail from here on: whatever it says to QUIT, the mail counts as taken.
        let _ = timeout(GOODBYE, smtp.quit()).await;
        Ok(self.some_took_it(key, &named, self.masked(&said)))
    }

    /// Connects, and turns to TLS as the settings want it. Gives the line, and whether a password may be said on it.
    async fn open(&self, deadline: Instant, step: &mut Step) -> Result<(Line, bool), Delivery> {
        let (host, port, options) = (&self.route.host, self.route.port, dialer::Options::default());
        let dialled = |error: dialer::DialError| self.unreachable(error.detail);
        let starttls = match (self.route.protection, &self.tls) {
            (Protection::Tls, Some(tls)) => {
                let secured = self.dialer.connect_tls(host, port, &options, tls, deadline).await.map_err(dialled)?;
                return Ok((Line::new(secured.stream, secured.address, Vec::new()), true));
            }
            (Protection::StartTls(starttls), _) => starttls,
            (Protection::Tls, None) => unreachable!("a relay with TLS has a client for it"),
        };
        let connected = self.dialer.connect(host, port, &options, deadline).await.map_err(dialled)?;
        let Some(tls) = &self.tls else {
            return Ok((Line::new(connected.stream, connected.address, Vec::new()), true));
        };
        *step = Step::Greeting;
        let hello = ClientId::default().to_string();
        let (prelude, offered) = Prelude::begin(connected.stream, &hello).await.map_err(|why| self.unreachable(why))?;
        if offered {
            let (stream, greeting) = prelude.starttls().await.map_err(|why| self.unreachable(why))?;
            let secured = tls.handshake(stream, host).await.result.map_err(|fault| self.unreachable(fault.detail))?;
            return Ok((Line::new(secured, connected.address, greeting), true));
        }
        if starttls == StartTls::Required {
            return Err(self.unreachable("it offers no STARTTLS, which the settings require".to_owned()));
        }
        let (stream, greeting) = prelude.stay();
        Ok((Line::new(stream, connected.address, greeting), connected.address.ip().is_loopback()))
    }

    async fn authenticate(&self, smtp: &mut AsyncSmtpConnection, safe: bool) -> Result<(), Delivery> {
        let Some((user, password)) = &self.route.credentials else { return Ok(()) };
        if !safe {
            let why =
                "it offers no STARTTLS, so the password was not sent; write `starttls: off` to send it in the clear";
            return Err(self.unreachable(why.to_owned()));
        }
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        if smtp.server_info().get_auth_mechanism(&mechanisms).is_none() {
            let why = "it offers neither AUTH PLAIN nor AUTH LOGIN; leave username and password out, or use its port for submission";
            return Err(self.unreachable(why.to_owned()));
        }
        let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
        match smtp.auth(&mechanisms, &credentials).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.judged(Step::Authenticating, "username and password", &error)),
        }
    }

    /// Names sender and recipients, those left out that took this mail before.
    async fn name(&self, smtp: &mut AsyncSmtpConnection, message: &Message, key: &str) -> Result<Named, Delivery> {
        let envelope = message.envelope();
        let international =
            envelope.to().iter().chain(envelope.from()).any(|address| !AsRef::<str>::as_ref(address).is_ascii());
        if international && !smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(self.unreachable("it takes no address with letters beyond ASCII (SMTPUTF8)".to_owned()));
        }
        let parameters = if international { vec![MailParameter::SmtpUtfEight] } else { Vec::new() };
        let sender = Mail::new(envelope.from().cloned(), parameters);
        smtp.command(sender).await.map_err(|error| self.judged(Step::Naming, "the sender", &error))?;
        let took_before = self.half_taken.took(key);
        let mut named = Named { all: envelope.to().len(), ..Named::default() };
        for (index, address) in envelope.to().iter().enumerate() {
            if took_before.contains(&index) {
                continue;
            }
            match smtp.command(Rcpt::new(address.clone(), Vec::new())).await {
                Ok(_) => named.taken.push(index),
                Err(error) if error.is_permanent() => named.refused.push(self.said(&error)),
                Err(error) if error.is_transient() && !closes(&error) => named.put_off.push(self.said(&error)),
                Err(error) => return Err(self.judged(Step::Naming, "a recipient", &error)),
            }
        }
        Ok(named)
    }

    /// The mail was taken for some recipients, now or before; what of the others?
    fn some_took_it(&self, key: &str, named: &Named, answer: String) -> Delivery {
        let (took, tries) = self.half_taken.note(key, &named.taken);
        if !named.put_off.is_empty() && tries < TRIES_MAX {
            let why = format!("{} of {} recipients took it; put off: {}", took, named.all, named.put_off.join("; "));
            return Delivery::Later { why: self.says(&why), after: None };
        }
        self.half_taken.forget(key);
        let without: Vec<&str> = named.refused.iter().chain(&named.put_off).map(String::as_str).collect();
        let answer = if without.is_empty() { answer } else { format!("{answer}; without: {}", without.join("; ")) };
        Delivery::Accepted { answer }
    }

    fn nobody_took_it(&self, key: &str, named: &Named) -> Delivery {
        if !self.half_taken.took(key).is_empty() {
            return self.some_took_it(key, named, "taken before".to_owned());
        }
        if named.put_off.is_empty() {
            return Delivery::Refused {
                why: self.says(&format!("refused every recipient: {}", named.refused.join("; "))),
            };
        }
        let said = named.put_off.iter().chain(&named.refused).map(String::as_str).collect::<Vec<_>>().join("; ");
        Delivery::Later { why: self.says(&format!("put off every recipient: {said}")), after: None }
    }

    /// What a reply that is no consent, or a broken connection, means for the mail.
    fn judged(&self, step: Step, what: &str, error: &Error) -> Delivery {
        let why = || self.says(&format!("did not take {what}: {}", self.said(error)));
        if error.is_permanent() {
            return Delivery::Refused { why: why() };
        }
        if error.is_transient() {
            let why = why();
            return if closes(error) {
                Delivery::Unreachable { why, after: None }
            } else {
                Delivery::Later { why, after: None }
            };
        }
        self.ended(step, error)
    }

    /// The dialogue ended at `step` by an error that says nothing about the mail.
    fn ended(&self, step: Step, error: &Error) -> Delivery {
        if error.status().is_some() {
            return self.unreachable(format!("it said `{}`", self.said(error)));
        }
        self.lost(step, &self.said(error))
    }

    /// The connection was lost at `step`.
    fn lost(&self, step: Step, how: &str) -> Delivery {
        let doing = match step {
            Step::Connecting => "connecting",
            Step::Greeting => "greeting",
            Step::Authenticating => "logging in",
            Step::Naming => "naming sender and recipients",
            Step::Sending => "sending",
        };
        let why = format!("the relay {} was lost while {doing}: {how}", self.place());
        match step {
            Step::Sending => Delivery::Ambiguous { why: format!("{why}; it may have the mail") },
            _ => Delivery::Unreachable { why, after: None },
        }
    }

    fn unreachable(&self, why: String) -> Delivery {
        Delivery::Unreachable {
            why: format!("the relay {} takes no mail now: {}", self.place(), self.masked(&why)),
            after: None,
        }
    }

    fn says(&self, what: &str) -> String {
        format!("the relay {} {what}", self.place())
    }

    /// Where it is: `mail.example.com:587`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.route.host, self.route.port)
    }

    /// What the relay said, with its code, on one line; our own password, which some echo, is masked.
    fn said(&self, error: &Error) -> String {
        let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_else(|| error.to_string());
        let source = if source == "incomplete response" { "it closed the connection".to_owned() } else { source };
        let said = error.status().map_or_else(|| source.clone(), |code| format!("{code} {source}"));
        self.masked(&said)
    }

    fn masked(&self, said: &str) -> String {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let mut said = line(said, 400);
        if let Some((user, password)) = &self.route.credentials {
            let password = password.expose_secret();
            let plain = STANDARD.encode(format!("\0{user}\0{password}"));
            for secret in [plain.as_str(), &STANDARD.encode(password), password] {
                if !secret.is_empty() {
                    said = said.replace(secret, "***");
                }
            }
        }
        said
    }
}

/// RFC 5321 3.8: the relay closes the connection, whatever was asked.
fn closes(error: &Error) -> bool {
    error.status().is_some_and(|code| u16::from(code) == 421)
}
