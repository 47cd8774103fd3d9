//! What a condition looks at, and what is made of it when a condition asks for it: once for all conditions.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::json::{self, Json};

use super::Facts;
use super::names::Root;
use super::types::Record;
use super::value::{Value, status_word};

/// The facts, and what was made of them.
pub struct World<'a> {
    facts: &'a Facts<'a>,
    body: OnceCell<Result<Json, String>>,
    headers: OnceCell<BTreeMap<String, String>>,
}

impl<'a> World<'a> {
    /// Nothing is read yet.
    pub fn new(facts: &'a Facts<'a>) -> Self {
        Self { facts, body: OnceCell::new(), headers: OnceCell::new() }
    }

    /// One of the things that can be looked at, or why it is not there.
    pub fn root(&'a self, root: Root) -> Result<Value<'a>, String> {
        let facts = self.facts;
        let absent = |what: &str| Err(what.to_owned());
        match root {
            Root::Status => facts.status.map_or_else(|| absent("there is no status"), |s| Ok(Value::Int(s.into()))),
            Root::Headers => Ok(Value::Headers(self.headers.get_or_init(|| lower_headers(facts.headers)))),
            Root::Text => facts.text.map_or_else(|| absent("the body is no text"), |text| Ok(Value::Text(text))),
            Root::Body => {
                let Some(text) = facts.text else { return absent("there is no body that is text") };
                match self.body.get_or_init(|| json::parse(text, json::VALUES_MAX)) {
                    Ok(json) => Ok(json.into()),
                    Err(why) => absent(why),
                }
            }
            Root::Time => Ok(Value::Group(Record::Time)),
            Root::Certificate => Ok(Value::Group(Record::Certificate)),
            Root::Health => Ok(Value::Group(Record::Health)),
            Root::Version => match facts.health {
                None => absent("the answer is no health document"),
                Some(health) => match &health.version {
                    Some(version) => Ok(Value::Text(version)),
                    None => absent("the health document names no version"),
                },
            },
        }
    }

    /// The member `name` of a group, when this answer has it.
    pub fn of_group(&self, record: Record, name: &str) -> Option<Value<'a>> {
        let facts = self.facts;
        let duration = |duration: Duration| Value::Duration(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX));
        match (record, name) {
            (Record::Time, "total") => Some(duration(facts.total)),
            (Record::Time, "dns") => facts.phases.dns.map(duration),
            (Record::Time, "connect") => facts.phases.connect.map(duration),
            (Record::Time, "tls") => facts.phases.tls.map(duration),
            (Record::Time, "first_byte") => facts.phases.first_byte.map(duration),
            (Record::Time, "transfer") => facts.phases.transfer.map(duration),
            (Record::Certificate, "days_left") => {
                facts.certificate.map(|certificate| Value::Int(certificate.days_left))
            }
            (Record::Health, "status") => facts.health.map(|health| Value::Text(status_word(health.status))),
            (Record::Health, "checks") => facts.health.map(|health| Value::Checks(&health.checks)),
            _ => None,
        }
    }

    /// Why a group has no `name`, though others may have.
    pub fn missing(&self, record: Record, name: &str) -> String {
        match record {
            Record::Time => format!("there is no time.{name}: that phase was not reached or not needed"),
            Record::Certificate => "no certificate was presented".to_owned(),
            Record::Health if self.facts.health.is_none() => "the answer is no health document".to_owned(),
            _ => format!("{} has no {name}", record.name()),
        }
    }
}

fn lower_headers(headers: &[(String, String)]) -> BTreeMap<String, String> {
    let mut lower = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let joined = lower.entry(name.to_ascii_lowercase()).or_default();
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(value);
    }
    lower
}
