//! Calls a heartbeat.

use std::collections::BTreeMap;
use std::time::Duration;

use allswell_core::Verdict;
use allswell_probe::{AddressPolicy, Answer, Prober, Question, Settings, http};
use anyhow::{Context, ensure};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(10);
/// How long to wait before the second try; twice as long before each one after.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// A heartbeat that can be called.
pub struct Heartbeat {
    /// Its address without a slash at its end. Who knows it may call.
    address: SecretString,
    run: uuid::Uuid,
    prober: Prober,
}

impl Heartbeat {
    /// Reads a token, or a whole address.
    pub fn read(text: &str, server: &str) -> anyhow::Result<Self> {
        let text = text.trim().trim_end_matches('/');
        let is_address = text.starts_with("http://") || text.starts_with("https://");
        let address = if is_address {
            text.to_owned()
        } else {
            let is_token =
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            ensure!(is_token, "the heartbeat is neither a token nor an address; `allswell heartbeats` lists them");
            format!("{}/heartbeat/{text}", server.trim_end_matches('/'))
        };
        // Nothing of it is repeated: who reads it may call.
        let url = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.context("the heartbeat's address is no URL; write https://host/heartbeat/TOKEN")?;
        ensure!(
            url.query().is_none() && url.fragment().is_none(),
            "the heartbeat's address has something behind its path"
        );
        Ok(Self { address: address.into(), run: uuid::Uuid::now_v7(), prober: Prober::new(AddressPolicy::default()) })
    }

    /// Tells that the job has begun; once, because the end tells more.
    pub async fn start(&self) {
        if let Err(why) = self.call("start", String::new()).await {
            eprintln!("allswell: cannot tell that the job has begun: {why}");
        }
    }

    /// Tells how the job ended; again and again until `patience` is over.
    pub async fn end(&self, code: u8, said: String, patience: Duration) {
        let (mut wait, mut waited) = (FIRST_WAIT, Duration::ZERO);
        while let Err(why) = self.call(&code.to_string(), said.clone()).await {
            if waited + wait > patience {
                eprintln!("allswell: cannot tell that the job has ended: {why}");
                return;
            }
            tokio::time::sleep(wait).await;
            waited += wait;
            wait *= 2;
        }
    }

    async fn call(&self, what: &str, said: String) -> Result<(), String> {
        let url = format!("{}/{what}?rid={}", self.address.expose_secret(), self.run);
        let settings = http::Settings {
            url,
            method: Some("POST".to_owned()),
            headers: BTreeMap::from([("Content-Type".to_owned(), "text/plain; charset=utf-8".into())]),
            body: Some(said.into()),
            basic_auth: None,
            bearer_token: None,
            max_redirects: None,
            expected_status: Vec::new(),
            max_body: None,
            ip_version: allswell_probe::dialer::IpVersion::Any,
            resolver: None,
            connect: None,
            tls: allswell_probe::tls::Options::default(),
        };
        let question =
            Question::new(Settings::Http(settings), &[], 0).map_err(|_| "its address cannot be asked".to_owned())?;
        let answer = self.prober.ask(&question, deadline()).await;
        match answer.outcome.verdict {
            Verdict::Pass | Verdict::Warn => Ok(()),
            Verdict::Fail | Verdict::Unknown => Err(self.in_words(&answer)),
        }
    }

    fn in_words(&self, answer: &Answer) -> String {
        let detail = answer.detail.clone().unwrap_or_else(|| "no answer".to_owned());
        let token = self.address.expose_secret().rsplit('/').next().unwrap_or_default();
        let detail = if token.len() >= 4 { detail.replace(token, "***") } else { detail };
        match answer.status {
            Some(404) => format!("{detail}; is the token the right one? `allswell heartbeats` lists them"),
            _ => detail,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a call is counted from here")]
fn deadline() -> tokio::time::Instant {
    tokio::time::Instant::now() + CALL
}
