//! Monitors and their defaults.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::Policy;
use allswell_core::dependency::leads_to;
use allswell_core::heartbeat::Rhythm;
use allswell_core::telling;
use allswell_probe::Question;
use allswell_probe::heartbeat::Awaited;
use sha2::{Digest, Sha256};

use super::ask::ask;
use super::keys::{MONITOR, NAME_MAX};
use super::problem::{Code, Found};
use super::read::{Fields, Reader, nearest, written};
use super::resource::Known;
use super::source::{Span, quotable};
use super::spec::Spec;
use super::tree::{Entry, Node};
use super::{Defaults, Fingerprint, MonitorConfig, Written};

/// The most of a certificate or key that goes into a fingerprint, in bytes.
const FILE_MAX: u64 = 1 << 20;

/// The names that channels have, those that could not be read included.
pub(super) type ChannelNames<'n> = BTreeSet<&'n str>;

/// Reads the block `defaults`.
pub(super) fn defaults(fields: &Fields<'_>, channels: &ChannelNames<'_>, reader: &mut Reader<'_>) -> Defaults {
    let numbers = Numbers::of(fields);
    let built_in = Defaults::default();
    let defaults = Defaults { channels: told(fields, channels, reader).unwrap_or_default(), ..numbers.over(&built_in) };
    agree(&numbers, &defaults, fields, reader);
    defaults
}

/// Reads one monitor; `None` when something is wrong with it, which was told.
pub(super) fn monitor(
    fields: &Fields<'_>,
    known: &Known<'_>,
    names: &mut HashSet<String>,
    reader: &mut Reader<'_>,
) -> Option<MonitorConfig> {
    let before = reader.problems.count();
    let name = fields.text("name").filter(|name| name_is_good(name, fields.span("name"), reader));
    if let Some(name) = name
        && !names.insert(name.to_owned())
    {
        let found =
            Found::new(Code::WrongName, fields.span("name"), format!("two monitors are named `{}`", quotable(name)));
        reader.problems.push(found.label("name them differently"));
    }
    let renamed_from = fields.text("renamed_from");
    let renamed_from = renamed_from.filter(|name| name_is_good(name, fields.span("renamed_from"), reader));
    let numbers = Numbers::of(fields);
    let own = numbers.over(known.defaults);
    agree(&numbers, &own, fields, reader);
    let tags = tags(fields, reader);
    let channels = told(fields, known.channels, reader).unwrap_or_else(|| known.channels_of(&tags));
    let group = fields.text("group").filter(|name| name_is_good(name, fields.span("group"), reader));
    let kind = kind(fields, reader);
    let is_heartbeat = kind.is_some_and(|entry| entry.key == "heartbeat");
    if is_heartbeat {
        nothing_of_asking(fields, reader);
    }
    let asked = kind.and_then(|entry| ask(entry, fields, own.certificate_days, reader));
    let sound = fields.sound && reader.problems.count() == before;
    let (name, question) = (name?, asked?);
    let paused = fields.flag("paused").unwrap_or_default();
    let policy = match question.heartbeat() {
        Some(awaited) => numbers.of_heartbeat(awaited, own.policy()),
        None => own.policy(),
    };
    let fingerprint = fingerprint(&fields.to_json().to_string(), &own, &channels, &fields.files());
    sound.then(|| MonitorConfig {
        name: name.to_owned(),
        question: Arc::new(question),
        policy,
        channels,
        tags,
        group: group.map(str::to_owned),
        telling: own.telling,
        depends_on: fields
            .texts("depends_on")
            .unwrap_or_default()
            .into_iter()
            .map(|(_, name)| name.to_owned())
            .collect(),
        paused,
        renamed_from: renamed_from.map(str::to_owned),
        spec: written_as(fields.node),
        fingerprint,
    })
}

/// What is written, but for what it was renamed from: once that is done it means nothing.
fn written_as(node: &Node) -> Written {
    let mut spec = Spec::of(node, &MONITOR);
    spec.remove("renamed_from");
    Written::of(&spec)
}

/// The tags of a monitor or a channel, sorted, each once.
pub(super) fn tags(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Vec<String> {
    let written = fields.texts("tags").unwrap_or_default().into_iter();
    let good = written.filter(|(node, tag)| tag_is_good(tag, node.span, reader));
    good.map(|(_, tag)| tag.to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Tells what is wrong with a tag. They stand in queries and lists, so they hold nothing that separates.
fn tag_is_good(tag: &str, span: Span, reader: &mut Reader<'_>) -> bool {
    let wrong = |c: &char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | ':' | '/');
    let Some(wrong) = tag.chars().find(wrong) else { return true };
    let message = format!("the tag `{}` holds `{}`", quotable(tag), wrong.escape_debug());
    let found = Found::new(Code::WrongName, span, message);
    reader.problems.push(found.label("write letters, digits, `-`, `_`, `.`, `:` and `/`"));
    false
}

/// Tells which monitors depend on one that is not there, or in the end on themselves.
pub(super) fn dependencies(monitors: &[&Fields<'_>], reader: &mut Reader<'_>) {
    let mut above: HashMap<&str, Vec<(&Node, &str)>> = HashMap::new();
    for fields in monitors {
        let Some(name) = fields.text("name") else { continue };
        above.insert(name, fields.texts("depends_on").unwrap_or_default());
    }
    for fields in monitors {
        let Some(name) = fields.text("name") else { continue };
        for (node, parent) in fields.texts("depends_on").unwrap_or_default() {
            if !above.contains_key(parent) {
                unknown("monitor", parent, node.span, above.keys().copied(), reader);
            } else if leads_to(parent, name, |of| above.get(of).into_iter().flatten().map(|(_, parent)| *parent)) {
                let message = format!("`{}` depends on itself by way of `{}`", quotable(name), quotable(parent));
                let found = Found::new(Code::Contradiction, node.span, message);
                reader.problems.push(found.label("take one of them out"));
            }
        }
    }
}

/// Tells that there is no such monitor, group or tag.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str>,
    reader: &mut Reader<'_>,
) {
    let found = Found::new(Code::NoSuchMonitor, span, format!("there is no {what} `{}`", quotable(name)));
    reader.problems.push(match nearest(name, known) {
        Some(nearest) => found.label(format!("did you mean `{}`?", quotable(nearest))),
        None => found.label(format!("name a {what} that is there")),
    });
}

/// Tells which keys mean nothing for a heartbeat.
fn nothing_of_asking(fields: &Fields<'_>, reader: &mut Reader<'_>) {
    for name in ["interval", "timeout", "initial_delay"] {
        if let Some(entry) = fields.entry(name) {
            let message = format!("`{name}` means nothing for a heartbeat, which is not asked");
            let found = Found::new(Code::Contradiction, entry.key_span, message);
            reader
                .problems
                .push(found.label("leave it out; `period`, `cron` or `on_calendar` says when calls are expected"));
        }
    }
}

/// Tells what is wrong with a name of a monitor or a channel.
pub(super) fn name_is_good(name: &str, span: Span, reader: &mut Reader<'_>) -> bool {
    let wrong = |why: &str| Found::new(Code::WrongName, span, format!("the name `{}` {why}", quotable(name)));
    let length = name.chars().count();
    let found = if name.trim().is_empty() {
        wrong("is empty").label("write a word")
    } else if length > NAME_MAX {
        wrong(&format!("has {length} characters")).label(format!("at most {NAME_MAX}"))
    } else if name.chars().any(char::is_control) {
        wrong("has a line break or another control character").label("write it on one line")
    } else if name.trim() != name {
        wrong("begins or ends with a space").label("remove it")
    } else {
        return true;
    };
    reader.problems.push(found);
    false
}

/// The numbers that are written in a block.
#[derive(Debug, Default)]
struct Numbers {
    interval: Option<Duration>,
    timeout: Option<Duration>,
    failure_threshold: Option<u32>,
    success_threshold: Option<u32>,
    initial_delay: Option<Duration>,
    degraded_above: Option<Duration>,
    certificate_days: Option<u32>,
    remind_every: Option<Duration>,
    flap_after: Option<u32>,
}

impl Numbers {
    fn of(fields: &Fields<'_>) -> Self {
        Self {
            interval: fields.duration("interval"),
            timeout: fields.duration("timeout"),
            failure_threshold: fields.number("failure_threshold"),
            success_threshold: fields.number("success_threshold"),
            initial_delay: fields.duration("initial_delay"),
            degraded_above: fields.duration("degraded_above"),
            certificate_days: fields.number("certificate_days"),
            remind_every: fields.duration("remind_every"),
            flap_after: fields.number("flap_after"),
        }
    }

    /// A heartbeat counts each call that is expected: one that does not come is down, and one that comes is up again.
    fn of_heartbeat(&self, awaited: &Awaited, policy: Policy) -> Policy {
        let interval = match awaited.policy.rhythm {
            Rhythm::Period(period) => period,
            Rhythm::Calendar(..) => policy.interval,
        };
        Policy {
            interval,
            failure_threshold: self.failure_threshold.unwrap_or(1),
            success_threshold: self.success_threshold.unwrap_or(1),
            ..policy
        }
    }

    /// What holds when the rest comes from `defaults`: an inherited timeout is never longer than the interval.
    fn over(&self, defaults: &Defaults) -> Defaults {
        let interval = self.interval.unwrap_or(defaults.interval);
        Defaults {
            interval,
            timeout: self.timeout.unwrap_or(defaults.timeout.min(interval)),
            failure_threshold: self.failure_threshold.unwrap_or(defaults.failure_threshold),
            success_threshold: self.success_threshold.unwrap_or(defaults.success_threshold),
            initial_delay: self.initial_delay.unwrap_or(defaults.initial_delay),
            degraded_above: self.degraded_above.or(defaults.degraded_above),
            certificate_days: self.certificate_days.unwrap_or(defaults.certificate_days),
            telling: telling::Policy {
                remind_every: self.remind_every.or(defaults.telling.remind_every),
                flap_after: match self.flap_after {
                    None => defaults.telling.flap_after,
                    Some(0) => None,
                    outages => outages,
                },
            },
            channels: defaults.channels.clone(),
        }
    }
}

impl Defaults {
    pub(super) fn policy(&self) -> Policy {
        Policy {
            interval: self.interval,
            timeout: self.timeout.min(self.interval),
            failure_threshold: self.failure_threshold,
            success_threshold: self.success_threshold,
            initial_delay: self.initial_delay,
            degraded_above: self.degraded_above,
        }
    }
}

/// Tells which of the written numbers contradict what holds.
fn agree(numbers: &Numbers, held: &Defaults, fields: &Fields<'_>, reader: &mut Reader<'_>) {
    if let Some(timeout) = numbers.timeout
        && timeout > held.interval
    {
        let (timeout, interval) = (written(timeout), written(held.interval));
        let message = format!("`timeout: {timeout}` is longer than the interval, {interval}");
        let found = Found::new(Code::Contradiction, fields.span("timeout"), message);
        reader.problems.push(found.label(format!("write at most {interval}, or a longer `interval`")));
    }
    if let Some(slow) = numbers.degraded_above
        && slow >= held.timeout
    {
        let (slow, timeout) = (written(slow), written(held.timeout));
        let message = format!("`degraded_above: {slow}` is not below the timeout, {timeout}");
        let found = Found::new(Code::Contradiction, fields.span("degraded_above"), message);
        reader.problems.push(found.label(format!("write less than {timeout}, or a longer `timeout`")));
    }
}

/// The channels that are named in a block, each once.
fn told(fields: &Fields<'_>, channels: &ChannelNames<'_>, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let mut told = Vec::new();
    for (node, name) in fields.texts("channels")? {
        if !channels.contains(name) {
            no_such_channel(node, channels, reader);
        } else if !told.iter().any(|other| other == name) {
            told.push(name.to_owned());
        }
    }
    Some(told)
}

fn no_such_channel(node: &Node, channels: &ChannelNames<'_>, reader: &mut Reader<'_>) {
    let name = reader.quoted(node);
    let found = Found::new(Code::NoSuchChannel, node.span, format!("there is no channel `{name}`"));
    reader.problems.push(match nearest(&name, channels.iter().copied()) {
        Some(nearest) => found.label(format!("did you mean `{}`?", quotable(nearest))),
        None if channels.is_empty() => found.help("define it: `channels: { NAME: { type: email, ... } }`"),
        None => {
            let names: Vec<_> = channels.iter().take(10).map(|name| format!("`{}`", quotable(name))).collect();
            found.help(format!("there are {}", names.join(", ")))
        }
    });
}

/// The one kind of asking that is written.
fn kind<'n>(fields: &Fields<'n>, reader: &mut Reader<'_>) -> Option<&'n Entry> {
    let written: Vec<_> = Question::KINDS.iter().filter_map(|kind| fields.entry(kind)).collect();
    match written.as_slice() {
        [one] => Some(one),
        [] => {
            let span = fields.entry("name").map_or(fields.node.span, |entry| entry.key_span);
            let found = Found::new(Code::Contradiction, span, "the monitor does not say what to ask");
            let kinds = Question::KINDS.map(|kind| format!("`{kind}`")).join(", ");
            let help = format!("add `http: {{ url: ... }}`, `tcp: {{ address: ... }}` or another of {kinds}");
            reader.problems.push(found.help(help));
            None
        }
        [first, others @ ..] => {
            for other in others {
                let message = format!("the monitor has both `{}` and `{}`", first.key, other.key);
                let found = Found::new(Code::Contradiction, other.key_span, message);
                reader.problems.push(found.label("keep one; a second question is a second monitor"));
            }
            None
        }
    }
}

/// A digest of all that makes a monitor what it is: what is written, what holds, and the contents of its files.
pub(super) fn fingerprint(written: &str, held: &Defaults, channels: &[String], files: &[&PathBuf]) -> Fingerprint {
    let mut digest = Sha256::new();
    // Lengths go before contents, so that no two settings give the same bytes.
    let mut add = |bytes: &[u8]| {
        digest.update(bytes.len().to_be_bytes());
        digest.update(bytes);
    };
    add(written.as_bytes());
    add(format!("{held:?}").as_bytes());
    channels.iter().for_each(|channel| add(channel.as_bytes()));
    files.iter().for_each(|path| add(&contents(path)));
    Fingerprint(digest.finalize().into())
}

/// The contents of a file, as far as they count; a file that cannot be read was told by the question.
fn contents(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if path.is_file()
        && let Ok(file) = File::open(path)
    {
        let _ = file.take(FILE_MAX).read_to_end(&mut bytes);
    }
    bytes
}
