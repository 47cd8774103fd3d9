//! What templates may say of a message.

use allswell_core::Wall;
use minijinja::{Value, context};

use crate::notification::{Kind, Notification, rfc3339};
use crate::notify::clean::{block, line};
use crate::notify::wording::Words;

/// The longest text of a kind that is one line.
const LINE_MAX: usize = 600;

/// All names that a template may use, `field` and `text` excepted.
pub(crate) fn of(n: &Notification, key: &str, now: Wall) -> Value {
    let words = Words::of(n, now);
    let short = |text: &Option<String>| text.as_deref().map(|text| line(text, LINE_MAX));
    let facts: Vec<_> = words
        .facts
        .into_iter()
        .map(|fact| context! { label => fact.label, value => fact.value, code => fact.code })
        .collect();
    let checks = n.failing_checks.iter().map(|check| {
        context! { name => line(&check.name, 120), message => short(&check.message) }
    });
    context! {
        kind => n.kind.as_str(),
        resolved => n.kind == Kind::Up,
        tone => words.tone.as_str(),
        shape => words.tone.shape(),
        subject => words.subject,
        title => words.title,
        lead => words.lead,
        late => words.late,
        facts => facts,
        footer => words.footer,
        link => words.link,
        acknowledge => words.acknowledge,
        key => line(key, 300),
        incident => line(&n.incident, 60),
        incident_key => line(&format!("allswell:{}:{}", n.incident, n.began), 200),
        monitor => line(&n.monitor, 120),
        target => line(&n.target, LINE_MAX),
        began => line(&n.began, 60),
        at => line(&n.at, 60),
        now => rfc3339(now),
        ended => ended(n),
        lasted_ms => n.lasted_ms,
        cause => line(&n.cause, LINE_MAX),
        reason => short(&n.reason),
        answer => short(&n.answer),
        body => n.body.as_deref().map(|body| block(body, 2_000)),
        failing_checks => checks.collect::<Vec<_>>(),
        version => short(&n.version),
        certificate_days_left => n.certificate_days_left,
    }
}

/// When the outage ended, once it has: `began` and how long it lasted.
fn ended(n: &Notification) -> Option<String> {
    let began: jiff::Timestamp = n.began.parse().ok()?;
    let ended = Wall::from_ms(began.as_millisecond().saturating_add_unsigned(n.lasted_ms));
    (n.kind == Kind::Up).then(|| rfc3339(ended))
}
