//! Badges: a label and a value in twenty pixels, for a README or a page of someone else.

use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::uptime::{Presence, Shares};
use askama::Template;

use super::view::{ComponentView, View};
use super::words;
use crate::api::read::WINDOWS;

/// What badges are made of.
#[derive(Clone, Debug)]
pub(super) struct Badges {
    page: Facts,
    components: std::collections::HashMap<String, Facts>,
}

#[derive(Clone, Debug)]
struct Facts {
    name: String,
    presence: Presence,
    /// Of a component; a page has none.
    numbers: Option<([Shares; 4], Option<Duration>)>,
}

/// Why there is no such badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoBadge {
    /// The page has no such component.
    NoComponent,
    /// A parameter is wrong, in a sentence.
    Wrong(String),
}

impl Badges {
    pub(super) fn of(title: &str, view: &View) -> Self {
        let page = Facts { name: title.to_owned(), presence: view.summary.worst, numbers: None };
        let component = |one: &ComponentView| Facts {
            name: one.name.clone(),
            presence: one.facts.presence,
            numbers: Some((one.facts.windows, one.facts.response)),
        };
        Self { page, components: view.components().map(|one| (one.slug.clone(), component(one))).collect() }
    }

    /// The badge of a component, or of the page when none is named; `query` is `metric=uptime&period=30d`.
    ///
    /// # Errors
    /// [`NoBadge`] when there is no such component or no such number.
    pub(super) fn draw(&self, component: Option<&str>, query: &str) -> Result<String, NoBadge> {
        let facts = match component {
            Some(slug) => self.components.get(slug).ok_or(NoBadge::NoComponent)?,
            None => &self.page,
        };
        let parameter = |wanted: &str| {
            url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value)
        };
        let period = parameter("period");
        match (parameter("metric").as_deref(), &facts.numbers) {
            (None | Some("status"), _) => Ok(of_status(facts)),
            (Some("uptime"), Some((windows, _))) => of_uptime(facts, windows, period.as_deref().unwrap_or("30d")),
            (Some("response"), Some((_, response))) => Ok(of_response(facts, *response)),
            (Some("uptime" | "response"), None) => Err(NoBadge::Wrong(
                "a page has a status alone; ask for the badge of a component: badge/NAME.svg".to_owned(),
            )),
            (Some(_), _) => Err(NoBadge::Wrong("`metric` is one of status, uptime, response".to_owned())),
        }
    }
}

fn of_status(facts: &Facts) -> String {
    let value = words::state(facts.presence).to_lowercase();
    badge(&facts.name, &value, colour(facts.presence))
}

fn of_uptime(facts: &Facts, windows: &[Shares; 4], period: &str) -> Result<String, NoBadge> {
    let index = WINDOWS.iter().position(|(name, _)| *name == period);
    let index = index.ok_or_else(|| NoBadge::Wrong("`period` is one of 24h, 7d, 30d, 90d".to_owned()))?;
    let shares = &windows[index];
    let colour = match shares.uptime() {
        None => GREY,
        Some(good) if good >= 99.9 => GREEN,
        Some(fair) if fair >= 99.0 => AMBER,
        Some(_) => RED,
    };
    Ok(badge(&format!("{} uptime {period}", facts.name), &words::uptime(shares), colour))
}

fn of_response(facts: &Facts, response: Option<Duration>) -> String {
    let value = response.map_or_else(|| "no data yet".to_owned(), humane);
    badge(&format!("{} response", facts.name), &value, BLUE)
}

// White text has a contrast of 4.5 : 1 and more on each.
const GREEN: &str = "#08705a";
const AMBER: &str = "#8a5000";
const RED: &str = "#b3200e";
const VIOLET: &str = "#5b37b8";
const BLUE: &str = "#3b4a8f";
const GREY: &str = "#586272";

const fn colour(presence: Presence) -> &'static str {
    match presence {
        Presence::Up => GREEN,
        Presence::Degraded => AMBER,
        Presence::Down => RED,
        Presence::Maintenance => VIOLET,
        Presence::Unknown | Presence::Paused => GREY,
    }
}

#[derive(Template)]
#[template(path = "status/badge.svg")]
struct Drawing<'a> {
    label: &'a str,
    value: &'a str,
    colour: &'a str,
    width: u32,
    left: u32,
    right: u32,
    value_x: u32,
    label_length: u32,
    value_length: u32,
}

/// How far text and edge are apart.
const PADDING: u32 = 8;

fn badge(label: &str, value: &str, colour: &str) -> String {
    let (label_length, value_length) = (length(label), length(value));
    let (left, right) = (label_length + 2 * PADDING, value_length + 2 * PADDING);
    let value_x = left + PADDING;
    let drawing =
        Drawing { label, value, colour, width: left + right, left, right, value_x, label_length, value_length };
    drawing.render().expect("writing to a string cannot fail")
}

/// How long a text is in Verdana at 11 pixels, near enough: the picture says so too, and text is fitted to it.
fn length(text: &str) -> u32 {
    let tenths = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' => 32,
        ' ' | 'f' | 't' | 'r' | 'I' | '(' | ')' | '-' | '/' => 43,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 104,
        'A'..='Z' => 76,
        c if c.is_ascii() => 68,
        _ => 90,
    };
    text.chars().map(tenths).sum::<u32>().div_ceil(10)
}
