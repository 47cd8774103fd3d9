//! When a rehearsal counts as failed: `restarts>0,ready>60s,never-ready`.

use std::time::Duration;

use super::Verdict;

/// A list of conditions; the first that holds is enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy(Vec<Term>);

#[derive(Clone, Debug, PartialEq)]
enum Term {
    NeverReady,
    More(Measure, f64),
}

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Restarts,
    Dropped,
    Ready,
    Unready,
    Detection,
    Shutdown,
}

const MEASURES: [(&str, Measure); 6] = [
    ("restarts", Measure::Restarts),
    ("dropped", Measure::Dropped),
    ("ready", Measure::Ready),
    ("unready", Measure::Unready),
    ("detection", Measure::Detection),
    ("shutdown", Measure::Shutdown),
];

/// A condition that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot read `{0}`: write never, never-ready, or a measure and its limit like restarts>0, dropped>0, ready>60s, unready>5s, detection>30s, shutdown>10s"
)]
pub struct NotAPolicy(String);

impl Default for Policy {
    /// It never came up, or it was started again.
    fn default() -> Self {
        Self(vec![Term::NeverReady, Term::More(Measure::Restarts, 0.0)])
    }
}

impl Policy {
    /// Reads a list.
    ///
    /// # Errors
    /// [`NotAPolicy`] with the part that cannot be read.
    pub fn parse(text: &str) -> Result<Self, NotAPolicy> {
        if text.trim() == "never" {
            return Ok(Self(Vec::new()));
        }
        text.split(',')
            .map(|part| term(part.trim()).ok_or_else(|| NotAPolicy(part.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The conditions that hold, in words.
    pub fn broken_by(&self, verdict: &Verdict) -> Vec<String> {
        self.0.iter().filter_map(|term| term.broken_by(verdict)).collect()
    }
}

fn term(text: &str) -> Option<Term> {
    if text == "never-ready" {
        return Some(Term::NeverReady);
    }
    let (name, limit) = text.split_once('>')?;
    let (_, measure) = MEASURES.iter().find(|(known, _)| *known == name.trim())?;
    let limit = limit.trim();
    let number = limit.parse().ok().filter(|number: &f64| number.is_finite());
    let number = number.or_else(|| allswell_core::time::parse_duration(limit).ok().map(|d| d.as_secs_f64()))?;
    Some(Term::More(*measure, number))
}

impl Term {
    fn broken_by(&self, verdict: &Verdict) -> Option<String> {
        match self {
            Self::NeverReady => verdict.ready_after.is_none().then(|| "never ready".to_owned()),
            Self::More(measure, limit) => {
                let value = measure.of(verdict)?;
                (value > *limit).then(|| format!("{} {} > {limit}", measure.name(), shown(value)))
            }
        }
    }
}

impl Measure {
    fn name(self) -> &'static str {
        MEASURES.iter().find(|(_, measure)| *measure == self).map_or("", |(name, _)| name)
    }

    fn of(self, verdict: &Verdict) -> Option<f64> {
        let seconds = |duration: Duration| duration.as_secs_f64();
        match self {
            Self::Restarts => Some(f64::from(verdict.restarts)),
            Self::Dropped => verdict.requests.map(|(_, lost)| lost as f64),
            Self::Ready => Some(verdict.ready_after.map_or(f64::INFINITY, seconds)),
            Self::Unready => Some(seconds(verdict.unready)),
            Self::Detection => verdict.detection.map(seconds),
            Self::Shutdown => verdict.shutdown.map(seconds),
        }
    }
}

fn shown(value: f64) -> String {
    match value {
        value if value.is_infinite() => "never".to_owned(),
        value if value.fract() == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_what_broke_it() {
        let verdict = Verdict {
            restarts: 2,
            ready_after: Some(Duration::from_millis(10_500)),
            requests: Some((100, 3)),
            ..Verdict::default()
        };
        let check = |text: &str, broken: &[&str]| {
            assert_eq!(Policy::parse(text).expect("it can be read").broken_by(&verdict), broken, "{text}");
        };
        check("restarts>0, dropped>3", &["restarts 2 > 0"]);
        check("ready>10s,dropped>0", &["ready 10.5 > 10", "dropped 3 > 0"]);
        check("never-ready,detection>1s", &[]);
        check("never", &[]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for text in ["restart>0", "restarts>x", "restarts", "", "ready<3s"] {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
    }
}
