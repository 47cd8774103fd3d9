//! Monitors from URLs on the command line.

use std::collections::HashSet;
use std::sync::Arc;

use allswell_probe::{Question, QuestionError, scheme};
use serde_json::json;
use url::Url;

use super::ask::Written as Asking;
use super::keys::NAME_MAX;
use super::monitor::fingerprint;
use super::problem::{Code, Errors, Found, Problems};
use super::source::{Source, Span, quotable, without_url_secrets};
use super::spec::Spec;
use super::{Config, MonitorConfig, Written};

/// A monitor for each of `urls`, by the defaults of `config` and with names that `config` does not have yet.
pub(super) fn monitors(urls: &[String], config: &Config) -> Result<Vec<MonitorConfig>, Errors> {
    let mut names: HashSet<_> = config.monitors.iter().map(|monitor| monitor.name.clone()).collect();
    let mut problems = Problems::default();
    let mut monitors = Vec::new();
    let lines: Vec<_> = urls.iter().map(|url| url.replace(char::is_control, " ")).collect();
    let mut start = 0;
    for line in &lines {
        match read(line, config) {
            Ok(asked) => monitors.push(monitor(asked, &mut names, config)),
            Err(why) => {
                let span = Span { start, end: start + line.len() };
                problems.push(Found::new(Code::WrongQuestion, span, without_url_secrets(&why)));
            }
        }
        start += line.len() + 1;
    }
    let mut source = Source::new("command line".to_owned(), lines.join("\n"));
    source.hide(Vec::new());
    problems.finish(&source).map(|()| monitors)
}

struct Asked {
    name: String,
    written: Asking<'static>,
    question: Question,
}

fn read(text: &str, config: &Config) -> Result<Asked, String> {
    let (name, kind, block) = match scheme::read(text) {
        Some(meant) => meant.map(|meant| (None, meant.kind, meant.settings.into()))?,
        None => settings(text).map(|(name, kind, block)| (Some(name), kind, block))?,
    };
    let written = Asking { kind, block };
    let question = written.question(&[], config.defaults.certificate_days).map_err(|error| match error {
        QuestionError::Field { why, .. } | QuestionError::Condition { why, .. } => why,
    })?;
    let name = name.unwrap_or_else(|| question.target().to_owned());
    Ok(Asked { name, written, question })
}

/// The name, the kind and the settings that a URL stands for.
fn settings(text: &str) -> Result<(String, &'static str, serde_json::Value), String> {
    let shown = quotable(text);
    if !text.contains("://") {
        return Err(format!("`{shown}` names no protocol; write `https://{shown}`, or `tcp://host:port`"));
    }
    let url = Url::parse(text).map_err(|error| format!("`{shown}` is no URL: {error}"))?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| format!("`{shown}` names no host"))?;
    let place = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
    match url.scheme() {
        "http" | "https" => {
            let name = format!("{place}{}", url.path().trim_end_matches('/'));
            Ok((name, "http", json!({ "url": text })))
        }
        scheme @ ("tcp" | "tls") => {
            let has_more = !matches!(url.path(), "" | "/") || url.query().is_some() || !url.username().is_empty();
            let port = url.port().or((scheme == "tls").then_some(443)).filter(|_| !has_more);
            let port = port.ok_or_else(|| format!("`{shown}` is no {scheme} address; write `{scheme}://host:port`"))?;
            let kind = if scheme == "tcp" { "tcp" } else { "tls" };
            Ok((place, kind, json!({ "address": format!("{host}:{port}") })))
        }
        scheme => Err(format!(
            "`{scheme}://` cannot be asked; write http://, https://, tcp://, tls:// or {}",
            scheme::SCHEMES
        )),
    }
}

fn monitor(asked: Asked, names: &mut HashSet<String>, config: &Config) -> MonitorConfig {
    let Asked { name, written, question } = asked;
    let own = &config.defaults;
    let policy = own.policy();
    let fingerprint = fingerprint(&format!("{}{}", written.kind, written.block), own, &own.channels, &[]);
    let (question, channels) = (Arc::new(question), own.channels.clone());
    let name = unlike(&name, names);
    let spec = spec(&name, &written);
    MonitorConfig {
        name,
        question,
        policy,
        channels,
        tags: Vec::new(),
        group: None,
        telling: own.telling,
        depends_on: Vec::new(),
        paused: false,
        renamed_from: None,
        spec,
        fingerprint,
    }
}

/// What would stand in a file for it.
fn spec(name: &str, written: &Asking<'_>) -> Written {
    let mut spec = Spec::empty();
    spec.set("name", Spec::Text(name.to_owned()));
    spec.set(written.kind, Spec::from_json(&written.block.to_string()).unwrap_or_else(|_| Spec::empty()));
    Written::of(&spec)
}

/// The name, with a number behind it when it is taken.
fn unlike(name: &str, names: &mut HashSet<String>) -> String {
    let room = NAME_MAX - 8;
    let name: String = name.chars().take(room).collect();
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
    let free = free.expect("there are more numbers than names");
    names.insert(free.clone());
    free
}
