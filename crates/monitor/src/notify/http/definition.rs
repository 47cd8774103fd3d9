//! What a kind of channel is: fields that a person fills in, one request, and what the answers mean.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use minijinja::Value;
use serde_json::Value as Json;

use super::context;
use super::template::{Escape, TemplateError, Templates};
use super::text::{Text, fit};
use crate::notification::Notification;
use crate::notify::post::OURS;
use crate::notify::samples;

/// A kind of channel that is one HTTP request.
pub struct Definition {
    /// The word of the kind: `slack`.
    pub name: String,
    /// How messages call it: `a channel of type slack`.
    pub title: String,
    /// What it is, in one sentence.
    pub about: String,
    /// Where the vendor describes the request.
    pub documentation: Option<String>,
    /// What a person writes, in the order of the definition.
    pub fields: Vec<Field>,
    /// What the answers mean.
    pub(crate) answers: Answers,
    parts: Parts,
    templates: Templates,
}

/// Something that a person writes into a channel.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its key.
    pub name: String,
    /// What it means.
    pub about: String,
    /// Whether it is never shown.
    pub secret: bool,
    /// Whether it may be left out; then it is the default, or empty.
    pub optional: bool,
    /// What it is when it is left out.
    pub default: Option<String>,
    /// The words that it may be; any text when there are none.
    pub one_of: Vec<String>,
    /// What it looks like; the definition is tried with it.
    pub like: Option<String>,
}

/// The texts and the request, as templates.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub texts: Vec<Text>,
    pub method: Method,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: Body,
    pub idempotency: Option<Idempotency>,
}

/// The body of a request, as templates.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Json(String),
    Form(BTreeMap<String, String>),
    Text(String),
}

/// Where the other side reads that two messages belong together.
#[derive(Clone, Debug)]
pub(crate) struct Idempotency {
    /// The field of the JSON body: `dedup_key`, `0.labels`.
    pub field: String,
    /// Whether it is the same for all messages of an incident, not only for repetitions of one message.
    pub of_incident: bool,
}

/// What answers mean, beside what holds for all HTTP.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// It was taken.
    pub accepted: Statuses,
    /// Not this message, not now.
    pub later: Statuses,
    /// No message now.
    pub rest: Statuses,
    /// No message ever again: the channel is gone.
    pub gone: Statuses,
    /// The field of the answer that says so as well, and what it must be.
    pub expect: Option<(String, String)>,
    /// The field of the answer that says how many seconds to wait.
    pub retry_after: Option<String>,
}

/// A set of statuses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statuses(pub Vec<RangeInclusive<u16>>);

impl Statuses {
    pub fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }

    /// Reads `202` or `200-299`.
    pub fn read(text: &str) -> Option<RangeInclusive<u16>> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (100 <= from && from <= to && to <= 599).then_some(from..=to)
    }
}

/// A request that is ready to be sent. Holds secrets.
pub(crate) struct Filled {
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("name", &self.name).finish_non_exhaustive()
    }
}

const URL: &str = "request.url";

impl Definition {
    /// Makes a definition of its parts; its templates are read, not tried ([`Definition::try_out`]).
    ///
    /// # Errors
    /// The template that is none, with its line.
    pub(crate) fn new(head: Head, parts: Parts, answers: Answers) -> Result<Self, TemplateError> {
        let mut templates = Templates::new();
        for text in &parts.texts {
            templates.add(&text.path(), text.escape, &text.template)?;
        }
        templates.add(URL, Escape::None, &parts.url)?;
        for (name, value) in &parts.headers {
            templates.add(&format!("request.headers.{name}"), Escape::None, value)?;
        }
        match &parts.body {
            Body::Json(source) => templates.add("request.json", Escape::Json, source)?,
            Body::Text(source) => templates.add("request.text", Escape::None, source)?,
            Body::Form(values) => {
                for (name, value) in values {
                    templates.add(&format!("request.form.{name}"), Escape::None, value)?;
                }
            }
        }
        let Head { name, about, documentation, fields } = head;
        let title = format!("a channel of type {name}");
        Ok(Self { name, title, about, documentation, fields, answers, parts, templates })
    }

    /// Where messages go: depends on the fields alone.
    pub(crate) fn url(&self, fields: &BTreeMap<String, String>) -> Result<String, TemplateError> {
        self.templates.render(URL, Escape::None, &minijinja::context! { field => fields })
    }

    /// Whether a program at the other side follows each incident by itself.
    pub fn follows_incidents(&self) -> bool {
        self.parts.idempotency.as_ref().is_some_and(|idempotency| idempotency.of_incident)
    }

    /// The request that tells `notification` under the idempotency key `key`.
    pub(crate) fn fill(
        &self,
        notification: &Notification,
        key: &str,
        now: allswell_core::Wall,
        fields: &BTreeMap<String, String>,
    ) -> Result<Filled, TemplateError> {
        let told = context::of(notification, key, now);
        let mut texts = BTreeMap::new();
        for text in &self.parts.texts {
            let context = minijinja::context! { field => fields, text => &texts, ..told.clone() };
            let rendered = self.templates.render(&text.path(), text.escape, &context)?;
            texts.insert(text.name.clone(), fit(rendered.trim(), text));
        }
        let context = minijinja::context! { field => fields, text => texts, ..told };
        let mut headers = self.headers(&context)?;
        let (content_type, body) = self.body(&context)?;
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Ok(Filled { method: self.parts.method.clone(), headers, body })
    }

    fn headers(&self, context: &Value) -> Result<HeaderMap, TemplateError> {
        let mut headers = HeaderMap::new();
        for name in self.parts.headers.keys() {
            let path = format!("request.headers.{name}");
            let text = self.templates.render(&path, Escape::None, context)?;
            let wrong = |why: &str| TemplateError { path: path.clone(), line: None, why: why.to_owned() };
            let parsed: HeaderName =
                name.parse().map_err(|_| wrong("is no header name; use letters, digits and dashes"))?;
            if OURS.iter().any(|ours| *ours == parsed) {
                return Err(wrong("is set by us; leave it out"));
            }
            if text.trim().is_empty() {
                continue;
            }
            let mut value = HeaderValue::from_str(text.trim())
                .map_err(|_| wrong("makes a value with a line break or another control character"))?;
            value.set_sensitive(true);
            headers.insert(parsed, value);
        }
        Ok(headers)
    }

    fn body(&self, context: &Value) -> Result<(&'static str, Vec<u8>), TemplateError> {
        match &self.parts.body {
            Body::Json(_) => {
                let text = self.templates.render("request.json", Escape::Json, context)?;
                let json: Json = serde_json::from_str(&text).map_err(|error| no_json(&error, &text))?;
                Ok(("application/json", json.to_string().into_bytes()))
            }
            Body::Text(_) => {
                let text = self.templates.render("request.text", Escape::None, context)?;
                Ok(("text/plain; charset=utf-8", text.trim_end().as_bytes().to_vec()))
            }
            Body::Form(values) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                for name in values.keys() {
                    let value = self.templates.render(&format!("request.form.{name}"), Escape::None, context)?;
                    form.append_pair(name, value.trim_end());
                }
                Ok(("application/x-www-form-urlencoded", form.finish().into_bytes()))
            }
        }
    }

    /// Renders all of it for messages of every kind, complete ones and bare ones, so that no mistake waits for an outage.
    ///
    /// # Errors
    /// The first template that cannot be rendered, with its line; or that the idempotency field is not what it should be.
    pub(crate) fn try_out(&self) -> Result<(), TemplateError> {
        for fields in [self.sample(true), self.sample(false)] {
            self.url(&fields)?;
            for notification in samples::all() {
                self.fill(&notification, "12-7:down:8:ops", samples::NOW, &fields)?;
            }
        }
        self.idempotency_holds()
    }

    /// Values for all fields, or for those alone that must be written.
    fn sample(&self, all: bool) -> BTreeMap<String, String> {
        let value = |field: &Field| match &field.default {
            Some(default) => default.clone(),
            None if field.optional && !all => String::new(),
            None => field.like.clone().or_else(|| field.one_of.first().cloned()).unwrap_or_else(|| "x".to_owned()),
        };
        self.fields.iter().map(|field| (field.name.clone(), value(field))).collect()
    }

    fn idempotency_holds(&self) -> Result<(), TemplateError> {
        let Some(Idempotency { field, of_incident }) = &self.parts.idempotency else { return Ok(()) };
        let wrong = |why: String| TemplateError { path: "idempotency.field".to_owned(), line: None, why };
        let read = |notification: &Notification, key: &str| {
            let filled = self.fill(notification, key, samples::NOW, &self.sample(true))?;
            let body: Json = serde_json::from_slice(&filled.body).unwrap_or_default();
            match at(&body, field) {
                Some(found) if !found.is_null() => Ok(found.clone()),
                _ => Err(wrong(format!("the request has no field `{field}`"))),
            }
        };
        let (down, up) = (samples::down(), samples::up());
        let other = Notification {
            incident: "12-9".to_owned(),
            began: "2026-11-22T00:00:00.000Z".to_owned(),
            ..samples::down()
        };
        let first = read(&down, "12-7:down:8:ops")?;
        let same = read(&up, "12-7:up:9:ops")? == first;
        if first == read(&other, "12-9:down:10:ops")? {
            return Err(wrong(format!("`{field}` is the same for two incidents; make it of `incident_key` or `key`")));
        }
        if same != *of_incident {
            let (is, way_out) = if same { ("the same", "`key`") } else { ("not the same", "`incident_key`") };
            return Err(wrong(format!("`{field}` is {is} for two messages of one incident; make it of {way_out}")));
        }
        Ok(())
    }
}

/// The beginning of a definition.
pub(crate) struct Head {
    pub name: String,
    pub about: String,
    pub documentation: Option<String>,
    pub fields: Vec<Field>,
}

fn no_json(error: &serde_json::Error, text: &str) -> TemplateError {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let why = format!("makes no JSON ({error}); there it makes `{}`", crate::notify::clean::line(line, 100));
    TemplateError { path: "request.json".to_owned(), line: None, why }
}

/// What stands at a path like `parameters.retry_after` or `0.labels`.
pub(crate) fn at<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    path.split('.').try_fold(json, |json, part| match json {
        Json::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => json.get(part),
    })
}
