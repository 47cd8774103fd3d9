//! The pages in HTML and their style sheet.

use std::borrow::Cow;
use std::sync::LazyLock;

use allswell_core::Wall;
use allswell_core::time::humane;
use allswell_core::uptime::Presence;
use allswell_monitor::status_page::{Colour, Logo, Page};
use allswell_monitor::store::PublicUpdate;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::days::{DAYS, Day, Look};
use super::planned::Work;
use super::subscribe::Purpose;
use super::view::{ComponentView, IncidentView, SectionView, View};
use super::{bars, words};
use crate::api::wire;
use crate::pages::text::count;

/// The style sheet of all pages.
const CSS: &str = include_str!("../../templates/status/page.css");
/// How many days of trouble a component names.
const DAYS_NAMED: usize = 12;
/// How long ago the past incidents of the first page ended at most, in days.
const PAST_DAYS: u32 = 14;
/// How many of them there are at most.
const PAST_MAX: usize = 8;
/// How many incidents the history has at most.
const HISTORY_MAX: usize = 100;
/// How many updates of one incident the past shows.
const UPDATES_MAX: usize = 10;

/// What every page of one status page has.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    title: &'a str,
    description: Option<&'a str>,
    link: Option<&'a str>,
    css: String,
    /// The style itself, where nothing lies beside the page.
    style: Option<String>,
    /// Where the picture beside the title is.
    logo: Option<Cow<'static, str>>,
    logo_dark: Option<Cow<'static, str>>,
    has_feeds: bool,
    can_subscribe: bool,
}

impl<'a> Frame<'a> {
    /// Of a page to whoever may see it.
    pub(super) fn of(page: &'a Page) -> Self {
        Self {
            title: &page.title,
            description: page.description.as_deref(),
            link: page.link.as_deref(),
            css: css_version(page),
            style: None,
            logo: page.logo.as_ref().map(|_| "logo".into()),
            logo_dark: page.logo_dark.as_ref().map(|_| "logo-dark".into()),
            has_feeds: true,
            can_subscribe: page.subscribe,
        }
    }

    /// Of a page that is complete in itself: nothing lies beside it.
    fn of_preview(page: &'a Page) -> Self {
        let picture = |logo: &Logo| format!("data:{};base64,{}", logo.kind, STANDARD.encode(&logo.bytes)).into();
        Self {
            style: Some(css(page)),
            logo: page.logo.as_ref().map(picture),
            logo_dark: page.logo_dark.as_ref().map(picture),
            has_feeds: false,
            ..Self::of(page)
        }
    }

    /// Of a page to strangers: nothing but its style.
    pub(super) fn of_stranger(page: &'a Page, title: &'a str) -> Self {
        Self {
            title,
            description: None,
            link: None,
            css: css_version(page),
            style: None,
            logo: None,
            logo_dark: None,
            has_feeds: false,
            can_subscribe: false,
        }
    }
}

#[derive(Template)]
#[template(path = "status/page.html", whitespace = "minimize")]
struct Whole<'a> {
    frame: Frame<'a>,
    shape: &'static str,
    headline: &'a str,
    rest: &'a str,
    time: String,
    datetime: String,
    has_outlines: bool,
    outlines: &'static str,
    open: Vec<Incident>,
    sections: Vec<Part<'a>>,
    planned: Vec<Planned>,
    past: Vec<Incident>,
    calm: String,
}

struct Part<'a> {
    name: Option<&'a str>,
    components: Vec<Row<'a>>,
}

/// One component.
struct Row<'a> {
    slug: &'a str,
    name: &'a str,
    about: Option<&'a str>,
    shape: &'static str,
    state: &'static str,
    label: String,
    bars: String,
    since: String,
    uptime: String,
    days_summary: String,
    days: Vec<Trouble>,
    more_days: usize,
}

/// A day that was not well.
struct Trouble {
    day: String,
    shape: &'static str,
    lasted: String,
}

/// Work that is planned.
struct Planned {
    title: String,
    when: String,
    is_now: bool,
}

/// One incident.
struct Incident {
    id: String,
    shape: &'static str,
    sentence: String,
    began: String,
    began_at: String,
    ended: Option<String>,
    age: String,
    updates: Vec<Update>,
}

struct Update {
    time: String,
    datetime: String,
    text: String,
}

/// The first page.
pub(super) fn page(page: &Page, view: &View) -> String {
    first(Frame::of(page), view)
}

/// The first page, complete in itself.
pub(super) fn preview(page: &Page, view: &View) -> String {
    first(Frame::of_preview(page), view)
}

fn first(frame: Frame<'_>, view: &View) -> String {
    static OUTLINES: LazyLock<String> = LazyLock::new(bars::outlines);
    let is_empty = |component: &ComponentView| component.facts.days.iter().any(|day| day.look() == Look::Nothing);
    let since = view.at - std::time::Duration::from_secs(86_400) * PAST_DAYS;
    let past = view.incidents.iter().filter(|incident| incident.ended.is_some_and(|ended| ended >= since));
    let past: Vec<Incident> = past.take(PAST_MAX).map(|incident| Incident::of(incident, view.at)).collect();
    let calm = match past.len() {
        0 => format!("No incidents since {}.", words::whole_day(since)),
        PAST_MAX => format!("The last {PAST_MAX}."),
        _ => format!("No others since {}.", words::whole_day(since)),
    };
    rendered(&Whole {
        frame,
        shape: words::shape(view.summary.worst),
        headline: &view.summary.headline,
        rest: &view.summary.rest,
        time: words::time(view.at, view.at),
        datetime: wire::time(view.at),
        has_outlines: view.components().any(is_empty),
        outlines: &OUTLINES,
        open: view.incidents.iter().filter(|one| one.ended.is_none()).map(|one| Incident::of(one, view.at)).collect(),
        sections: view.sections.iter().filter(|section| !section.components.is_empty()).map(Part::of).collect(),
        planned: view.planned.iter().map(|work| Planned::of(work, view.at)).collect(),
        past,
        calm,
    })
}

impl<'a> Part<'a> {
    fn of(section: &'a SectionView) -> Self {
        Self { name: section.name.as_deref(), components: section.components.iter().map(Row::of).collect() }
    }
}

impl<'a> Row<'a> {
    fn of(component: &'a ComponentView) -> Self {
        let facts = &component.facts;
        let troubles: Vec<Trouble> = facts.days.iter().rev().filter_map(Trouble::of).collect();
        let first = facts.days.iter().position(|day| day.look() != Look::Nothing);
        Self {
            slug: &component.slug,
            name: &component.name,
            about: component.about.as_deref(),
            shape: words::shape(facts.presence),
            state: words::state(facts.presence),
            label: bars::label(&facts.days),
            bars: bars::draw(&facts.days),
            since: match first {
                Some(0) => format!("{DAYS} days ago"),
                Some(first) if first + 1 == facts.days.len() => "watched since today".to_owned(),
                Some(first) => format!("watched for {}", count(facts.days.len() - first, "day")),
                None => "not watched yet".to_owned(),
            },
            uptime: words::uptime(&facts.whole),
            days_summary: format!("{} with trouble or maintenance", count(troubles.len(), "day")),
            more_days: troubles.len().saturating_sub(DAYS_NAMED),
            days: troubles.into_iter().take(DAYS_NAMED).collect(),
        }
    }
}

impl Trouble {
    fn of(day: &Day) -> Option<Self> {
        let Look::Trouble { worst, lasted, .. } = day.look() else { return None };
        Some(Self { day: words::day(day.begin), shape: words::shape(worst), lasted: words::lasted(worst, lasted) })
    }
}

impl Planned {
    fn of(work: &Work, now: Wall) -> Self {
        Self { title: work.title(), when: work.when(now), is_now: work.is_now(now) }
    }
}

impl Incident {
    fn of(incident: &IncidentView, now: Wall) -> Self {
        let is_over = incident.ended.is_some();
        let update = |update: &PublicUpdate| Update {
            time: words::time(update.at, now),
            datetime: wire::time(update.at),
            text: update.text.clone(),
        };
        Self {
            id: incident.id.clone(),
            shape: words::shape(if is_over { Presence::Up } else { incident.presence }),
            sentence: incident.sentence(),
            began: words::time(incident.began, now),
            began_at: wire::time(incident.began),
            ended: incident
                .ended
                .map(|ended| words::time(ended, if is_same_day(incident.began, ended) { ended } else { now })),
            age: humane(now.since(incident.began)),
            updates: incident.updates.iter().take(UPDATES_MAX).map(update).collect(),
        }
    }
}

fn is_same_day(one: Wall, other: Wall) -> bool {
    one.ms().div_euclid(86_400_000) == other.ms().div_euclid(86_400_000)
}

#[derive(Template)]
#[template(path = "status/history.html", whitespace = "minimize")]
struct History<'a> {
    frame: Frame<'a>,
    months: Vec<Month>,
    end: &'static str,
}

struct Month {
    name: String,
    incidents: Vec<Incident>,
}

/// All incidents of a year, by months.
pub(super) fn history(page: &Page, view: &View) -> String {
    let mut months: Vec<Month> = Vec::new();
    for incident in view.incidents.iter().take(HISTORY_MAX) {
        let name = words::month(incident.began);
        if months.last().is_none_or(|month| month.name != name) {
            months.push(Month { name, incidents: Vec::new() });
        }
        let month = months.last_mut().expect("one was pushed above");
        month.incidents.push(Incident::of(incident, view.at));
    }
    let end = match view.incidents.len() {
        0 => "No incidents within a year.",
        few if few <= HISTORY_MAX => "That is all within a year.",
        _ => "Older ones are left out.",
    };
    rendered(&History { frame: Frame::of(page), months, end })
}

#[derive(Template)]
#[template(path = "status/sign_in.html", whitespace = "minimize")]
struct SignIn<'a> {
    frame: Frame<'a>,
    headline: &'static str,
    asks: bool,
    wrong: &'a str,
}

/// What a stranger sees who may come in with the password.
pub(super) fn sign_in(page: &Page, wrong: &str) -> String {
    let frame = Frame::of_stranger(page, &page.title);
    rendered(&SignIn { frame, headline: "This page is for those who know its password", asks: true, wrong })
}

/// What a stranger sees whose link has no token, or an old one.
pub(super) fn not_for_you(page: &Page) -> String {
    let frame = Frame::of_stranger(page, "Status");
    rendered(&SignIn { frame, headline: "This page is private", asks: false, wrong: "" })
}

/// What is said to who subscribes, or leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The mail is on its way.
    LookIntoYourMail,
    /// What was given is no mail address.
    NoAddress,
    /// Too many asked.
    TooMany,
    /// Nothing can be kept now.
    CannotNow,
    /// The link is not good, or not any more.
    NoLink,
    /// The button that does what a link is for.
    Ask(Purpose),
    /// It was done.
    Done(Purpose),
}

#[derive(Template)]
#[template(path = "status/subscription.html", whitespace = "minimize")]
struct Subscription<'a> {
    frame: Frame<'a>,
    headline: &'static str,
    text: &'static str,
    label: Option<&'static str>,
}

/// What is said to who subscribes, or leaves; to strangers too, who come with a link.
pub(super) fn subscription(page: &Page, said: Said) -> String {
    let (headline, text, label) = match said {
        Said::LookIntoYourMail => (
            "Look into your mail",
            "We have written to you, unless you subscribe already. Use the link in the mail; nothing else is sent before.",
            None,
        ),
        Said::NoAddress => ("That is no mail address", "Write it like ada@example.com.", None),
        Said::TooMany => ("Too many at once", "Try again in a minute.", None),
        Said::CannotNow => ("That cannot be kept now", "Nothing was changed. Try again in a minute.", None),
        Said::NoLink => (
            "This link is not good any more",
            "Links that ask for a yes are good for seven days. Subscribe again.",
            None,
        ),
        Said::Ask(Purpose::Confirm) => (
            "Shall we write to you?",
            "You get a mail when something breaks, when there is something to tell, and when it works again.",
            Some("Yes, write to me"),
        ),
        Said::Ask(Purpose::Leave) => ("No more mails?", "Your address is forgotten.", Some("No more mails")),
        Said::Done(Purpose::Confirm) => ("You will hear of it", "Each mail has a link that ends it.", None),
        Said::Done(Purpose::Leave) => ("No more mails", "Your address is forgotten.", None),
    };
    rendered(&Subscription { frame: Frame::of_stranger(page, &page.title), headline, text, label })
}

fn rendered(template: &impl Template) -> String {
    template.render().expect("writing to a string cannot fail")
}

/// The style sheet with the page's own colours.
pub(super) fn css(page: &Page) -> String {
    let variables = |colour: Colour| format!(":root{{--accent:{colour};--on-accent:{}}}", colour.text_on_it());
    let mut css = CSS.to_owned();
    if let Some(accent) = page.accent {
        css.push_str(&variables(accent));
    }
    if let Some(accent) = page.accent_dark.or(page.accent) {
        css.push_str(&format!("@media (prefers-color-scheme:dark){{{}}}", variables(accent)));
    }
    css
}

/// The first digits of the style sheet's SHA-256: pages name it, so that a new version is never hidden by an old copy.
pub(super) fn css_version(page: &Page) -> String {
    Sha256::digest(css(page)).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// A picture of the state, for the browser's tab.
pub(super) fn icon(presence: Presence) -> String {
    let (colour, shape) = match words::shape(presence) {
        "u" => ("#08705a", "<circle cx='8' cy='8' r='7'/><path class='k' d='M4.9 8.3l2.2 2.2 4-4.6'/>"),
        "w" => (
            "#b46a00",
            "<path d='M8 1.2l7 12.6a.8.8 0 0 1-.7 1.2H1.7a.8.8 0 0 1-.7-1.2z'/><path class='k' d='M8 6v4M8 12.3v.1'/>",
        ),
        "d" => (
            "#d23a24",
            "<rect x='1.2' y='1.2' width='13.6' height='13.6' rx='2.6'/><path class='k' d='M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6'/>",
        ),
        "m" => ("#6d4bc3", "<path d='M8 .6L15.4 8 8 15.4.6 8z'/><path class='k' d='M5.3 8h5.4'/>"),
        _ => ("#7c8696", "<circle cx='8' cy='8' r='7'/><path class='k' d='M5.3 8h5.4'/>"),
    };
    let shape = shape.replace(
        "class='k'",
        "fill='none' stroke='#fff' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'",
    );
    format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><g fill='{colour}'>{shape}</g></svg>")
}
