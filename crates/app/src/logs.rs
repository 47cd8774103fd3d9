//! Keeps successes of our own paths out of access logs made with `tracing-subscriber`.
//!
//! A prober that asks every few seconds writes thousands of lines a day that say nothing. What is dropped: events up to a level
//! whose own `uri` or `path`, or that of a span around them, is one of ours, below the level of warnings. A failure, which request logs write as a
//! warning or an error, stays; changes of a check are logged by the health itself, once.

use std::fmt::Debug;
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use crate::health::Health;

/// Names of span fields that hold what was asked for.
const FIELDS: [&str; 6] = ["uri", "path", "url.path", "http.target", "http.route", "http.url"];

/// A filter for one layer: `fmt::layer().with_filter(health.quiet())`.
#[derive(Clone, Debug)]
pub struct Quiet {
    paths: Arc<[String]>,
    /// What lies below it is ours too: `/ready/{check}`.
    parent: Option<Arc<str>>,
}

/// Marks a span of one of our paths.
struct Ours;

impl Health {
    /// A filter that keeps successes of our own paths out of a log.
    pub fn quiet(&self) -> Quiet {
        let paths = &self.0.settings.paths;
        let parent = paths.readiness.first().map(|path| format!("{path}/").into());
        Quiet { paths: paths.lists().into_iter().flatten().cloned().collect(), parent }
    }
}

impl Quiet {
    /// Whether this is a path of ours; the query and what stands before the path do not count.
    fn is_ours(&self, uri: &str) -> bool {
        let path = uri.split(['?', '#']).next().unwrap_or_default();
        let path = match path.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => path,
        };
        self.paths.iter().any(|ours| ours == path)
            || self.parent.as_deref().is_some_and(|parent| path.starts_with(parent))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Filter<S> for Quiet {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, context: &Context<'_, S>) -> bool {
        let level = *event.metadata().level();
        if level == Level::WARN || level == Level::ERROR {
            return true;
        }
        let mut asked = Asked { quiet: self, ours: false };
        event.record(&mut asked);
        if asked.ours {
            return false;
        }
        let ours = |span: tracing_subscriber::registry::SpanRef<'_, S>| span.extensions().get::<Ours>().is_some();
        !context.event_scope(event).is_some_and(|mut scope| scope.any(ours))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut asked = Asked { quiet: self, ours: false };
        attributes.record(&mut asked);
        if let Some(span) = context.span(id).filter(|_| asked.ours) {
            span.extensions_mut().replace(Ours);
        }
    }
}

/// Looks for one of our paths among the fields of a span.
struct Asked<'a> {
    quiet: &'a Quiet,
    ours: bool,
}

impl Visit for Asked<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.ours |= FIELDS.contains(&field.name()) && self.quiet.is_ours(value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if FIELDS.contains(&field.name()) {
            self.record_str(field, format!("{value:?}").trim_matches('"'));
        }
    }
}
