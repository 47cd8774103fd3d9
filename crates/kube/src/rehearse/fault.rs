//! Faults and when they come: `hang@30s..60s, kill@70s, slow=2s@80s..90s, refuse@95s..100s, db-down@100s..130s`.

use std::time::Duration;

use allswell_core::time::parse_duration;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As it was written.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// When it begins, counted from the first start.
    pub from: Duration,
    /// When it ends; `None` for what has no length.
    pub to: Option<Duration>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Freezes the process: connections are accepted by the kernel, nothing answers.
    Hang,
    /// Kills the process.
    Kill,
    /// Delays every answer.
    Slow(Duration),
    /// Refuses and cuts connections to the app.
    Refuse,
    /// Refuses and cuts connections to a dependency, or has the app play that it fails.
    Down(String),
}

/// A fault that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot read the fault `{text}`: {why}; write hang@30s..60s, kill@70s, slow=2s@80s..90s, refuse@10s..20s, or NAME-down@10s..40s"
)]
pub struct NotAFault {
    text: String,
    why: &'static str,
}

/// Reads a list of faults, separated by commas.
///
/// # Errors
/// [`NotAFault`] with the one that cannot be read.
pub fn parse(list: &str) -> Result<Vec<Fault>, NotAFault> {
    list.split(',').map(|text| one(text.trim())).collect()
}

fn one(text: &str) -> Result<Fault, NotAFault> {
    let wrong = |why| NotAFault { text: text.to_owned(), why };
    let (what, when) = text.split_once('@').ok_or_else(|| wrong("it has no moment"))?;
    let (from, to) = match when.split_once("..") {
        Some((from, to)) => (from, Some(to)),
        None => (when, None),
    };
    let time = |text: &str| parse_duration(text).map_err(|_| wrong("its moment is no duration"));
    let (from, to) = (time(from)?, to.map(time).transpose()?);
    let kind = kind(what).ok_or_else(|| wrong("there is no such fault"))?;
    match (&kind, to) {
        (Kind::Kill, Some(_)) => Err(wrong("a kill has no length")),
        (Kind::Kill, None) => Ok(()),
        (_, None) => Err(wrong("it has no end")),
        (_, Some(to)) if to <= from => Err(wrong("it ends before it begins")),
        _ => Ok(()),
    }?;
    Ok(Fault { name: what.to_owned(), kind, from, to })
}

fn kind(what: &str) -> Option<Kind> {
    match what {
        "hang" => Some(Kind::Hang),
        "kill" => Some(Kind::Kill),
        "refuse" => Some(Kind::Refuse),
        _ => match (what.strip_prefix("slow="), what.strip_suffix("-down")) {
            (Some(delay), _) => parse_duration(delay).ok().map(Kind::Slow),
            (_, Some(name)) if is_name(name) => Some(Kind::Down(name.to_owned())),
            _ => None,
        },
    }
}

/// The name of something an app needs: it may become part of a path.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The beginnings and ends of all faults, in order.
pub(super) struct Schedule(std::collections::VecDeque<(Duration, Fault, bool)>);

impl Schedule {
    pub(super) fn new(faults: &[Fault], zero: Duration) -> Self {
        let begin = |fault: &Fault| Some((zero + fault.from, fault.clone(), true));
        let end = |fault: &Fault| Some((zero + fault.to?, fault.clone(), false));
        let mut moments: Vec<_> = faults.iter().flat_map(|fault| [begin(fault), end(fault)]).flatten().collect();
        moments.sort_by_key(|(at, ..)| *at);
        Self(moments.into())
    }

    pub(super) fn end(&self) -> Option<Duration> {
        self.0.back().map(|(at, ..)| *at)
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn next(&self) -> Duration {
        self.0.front().map_or(Duration::ZERO, |(at, ..)| *at)
    }

    pub(super) fn take(&mut self) -> (Fault, bool) {
        let (_, fault, begins) = self.0.pop_front().expect("asked for only when there is one");
        (fault, begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_with_their_times() {
        let faults = parse("hang@30s..60s, kill@70s,slow=2s@80s..90s, db-down@1m..2m").expect("they can be read");
        let kinds: Vec<&Kind> = faults.iter().map(|fault| &fault.kind).collect();
        assert_eq!(
            kinds,
            [&Kind::Hang, &Kind::Kill, &Kind::Slow(Duration::from_secs(2)), &Kind::Down("db".to_owned())]
        );
        assert_eq!(faults[3].to, Some(Duration::from_secs(120)));
    }

    #[test]
    fn a_fault_that_makes_no_sense_is_refused() {
        for text in [
            "hang",
            "hang@30s",
            "kill@1s..2s",
            "slow@1s..2s",
            "hang@9s..3s",
            "x@1s..2s",
            "-down@1s..2s",
            "a b-down@1s..2s",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
