//! What one answer shows: a judgement with the checks behind it, cut to what its reader may see. The forms write it.

use std::sync::Arc;

use allswell_core::Now;

use crate::json::Json;
use crate::judge::{Judgement, Probe, Situation, judge};
use crate::result::CheckResult;
use crate::watch::Worker;

/// How much a document shows to those without the token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Details {
    /// The status, the time and the version.
    None,
    /// The names of the checks too, with one word each.
    #[default]
    Names,
    /// Times and messages too; a message is a class such as `connection refused`, never an error's own text.
    Full,
}

/// The words of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `healthy`, `degraded`, `unhealthy`.
    #[default]
    Uptime,
    /// `up`, `ready`, and a `detail` sentence with every 503.
    Kubernetes,
}

/// Who this process is. Shown in every document.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The version people speak of.
    pub version: Option<String>,
    /// The commit or image it was made of.
    pub release_id: Option<String>,
    /// When it started, as documents write it.
    pub started_at: String,
    /// Host and process.
    pub instance: String,
}

impl Identity {
    /// Writes the fields that documents of any form may carry. A problem (RFC 9457) has an `instance` of its own.
    pub fn write(&self, json: &mut Json, instance: &str) {
        json.text_field("version", self.version.as_deref());
        json.text_field("release_id", self.release_id.as_deref());
        json.name("started_at").text(&self.started_at);
        json.name(instance).text(&self.instance);
    }
}

/// How much a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// What is shown of the checks.
    pub details: Details,
    /// The texts of the log instead of their classes; the checks of every probe.
    pub trusted: bool,
}

/// What one answer shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// What was asked.
    pub probe: Probe,
    /// The words to use.
    pub style: Style,
    /// How much is shown.
    pub view: View,
    /// The moment it was made.
    pub at: Now,
    /// The answer.
    pub judgement: Judgement,
    /// The checks the probe looks at, in the order of registration; empty where nothing is to be shown of them.
    pub checks: Vec<CheckResult>,
    /// Who we are.
    pub identity: Arc<Identity>,
    /// The workers of the runtime that are stuck; for trusted readers.
    pub workers: Vec<Worker>,
    /// What somebody should look at, though nothing failed.
    pub worry: Option<String>,
}

impl Page {
    /// Judges and cuts.
    pub fn new(
        probe: Probe,
        style: Style,
        view: View,
        at: Now,
        mut checks: Vec<CheckResult>,
        situation: &Situation,
        identity: Arc<Identity>,
    ) -> Self {
        let judgement = judge(probe, &checks, situation);
        checks.retain(|check| probe.looks_at(check));
        Self { probe, ..Self::judged(judgement, style, view, at, checks, situation, identity) }
    }

    /// Cuts what was judged already.
    pub fn judged(
        judgement: Judgement,
        style: Style,
        view: View,
        at: Now,
        mut checks: Vec<CheckResult>,
        situation: &Situation,
        identity: Arc<Identity>,
    ) -> Self {
        if view.details == Details::None {
            checks.clear();
        }
        if view.trusted {
            checks.iter_mut().for_each(|check| check.message = check.detail.take().or(check.message.take()));
        }
        let workers = if view.trusted { situation.workers.clone() } else { Vec::new() };
        let worry = situation.worry.clone().filter(|_| view.details != Details::None);
        Self { probe: Probe::Readiness, style, view, at, judgement, checks, identity, workers, worry }
    }

    /// The HTTP status that says the same.
    pub fn code(&self) -> u16 {
        if self.judgement.passes() { 200 } else { 503 }
    }

    /// The word for the whole, in the style that was chosen.
    pub fn word(&self) -> &'static str {
        let judgement = &self.judgement;
        match (self.style, self.probe, &judgement.reason) {
            (Style::Uptime, ..) => judgement.overall.as_str(),
            (Style::Kubernetes, Probe::Liveness, None) => "up",
            (Style::Kubernetes, Probe::Liveness, Some(_)) => "down",
            (Style::Kubernetes, Probe::Startup, None) => "started",
            (Style::Kubernetes, _, None) => "ready",
            (Style::Kubernetes, _, Some(reason)) => reason.word(),
        }
    }

    /// Why it is not 200, for who reads this page; what it worries about, when it is.
    pub fn reason(&self) -> Option<String> {
        match &self.judgement.reason {
            Some(reason) if self.view.details == Details::None => Some(reason.class().to_owned()),
            Some(reason) => Some(reason.named()),
            None => self.worry.clone(),
        }
    }

    /// The sentence for people, with every 503 in the style of Kubernetes.
    pub fn detail(&self) -> Option<String> {
        let reason = self.judgement.reason.as_ref().filter(|_| self.style == Style::Kubernetes)?;
        Some(if self.view.details == Details::None { reason.class().to_owned() } else { reason.sentence() })
    }
}
