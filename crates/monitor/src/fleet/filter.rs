//! The language in which monitors are looked for: `status:down tag:eu p95>500 uptime<99.9 cert<14d payments`.
//!
//! Words separated by spaces, all of which must hold; `-` before one turns it round; quotes keep spaces together.

use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::Presence;

use super::{Index, Row};

/// No filter of a person is longer.
const WORDS_MAX: usize = 64;

/// What a row must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(Vec<Word>);

#[derive(Clone, Debug, PartialEq)]
struct Word {
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// What stays as it is while the list does, and is looked up for all rows at once.
    Listed(Listed),
    /// What a look at the row says.
    Seen(Seen),
}

#[derive(Clone, Debug, PartialEq)]
enum Listed {
    /// Somewhere in name, target, group or tags.
    Text(String),
    Name(String),
    Tag(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Group(String),
    Kind(String),
    Status(Presence),
    /// A number, compared; a row that has none does not hold.
    Number(Measure, Compared, f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Measure {
    /// Milliseconds of the last asking.
    Latency,
    /// Milliseconds.
    P95,
    /// Percent.
    Uptime,
    /// Whole days until the certificate ends.
    Certificate,
}

const MEASURES: [(&str, Measure); 4] =
    [("p95", Measure::P95), ("latency", Measure::Latency), ("uptime", Measure::Uptime), ("cert", Measure::Certificate)];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Compared {
    More,
    Less,
}

/// A text that is no filter, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct NotAFilter {
    /// What is wrong.
    pub said: String,
    /// What would do.
    pub hint: String,
}

impl Filter {
    /// Reads what a person wrote.
    ///
    /// # Errors
    /// [`NotAFilter`] names the word and what would do.
    pub fn read(text: &str) -> Result<Self, NotAFilter> {
        let words = words(text)?;
        if words.len() > WORDS_MAX {
            return Err(wrong(format!("there are {} words", words.len()), format!("write at most {WORDS_MAX}")));
        }
        let mut words = words.iter().map(|word| read(word)).collect::<Result<Vec<_>, _>>()?;
        // Few rows are left to be looked at when the others are looked up first.
        words.sort_by_key(|word| matches!(word.test, Test::Seen(_)));
        Ok(Self(words))
    }

    /// Of each of `rows`, whose index this is, whether it is looked for, as it is `now`; `None` when all are.
    pub(super) fn sift(&self, rows: &[Row], index: &Index, now: Wall) -> Option<Vec<bool>> {
        if self.is_empty() {
            return None;
        }
        let mut fitting = vec![true; rows.len()];
        for Word { negated, test } in &self.0 {
            let mut keep = |holds: &dyn Fn(usize) -> bool| {
                for (place, fits) in fitting.iter_mut().enumerate() {
                    *fits = *fits && holds(place) != *negated;
                }
            };
            match test {
                Test::Listed(listed) => {
                    let holding = listed.holding(rows, index);
                    keep(&|place| holding[place]);
                }
                Test::Seen(seen) => keep(&|place| seen.holds(&rows[place], now)),
            }
        }
        Some(fitting)
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Divides at spaces outside quotes; the quotes go.
fn words(text: &str) -> Result<Vec<String>, NotAFilter> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for c in text.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if quoted {
        return Err(wrong("a quote is not closed".to_owned(), "close it with `\"`".to_owned()));
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

fn read(word: &str) -> Result<Word, NotAFilter> {
    let (negated, word) = match word.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, word),
    };
    let comparison = MEASURES.iter().find_map(|(name, measure)| {
        let rest = word.strip_prefix(name)?;
        let compared = if rest.starts_with('>') { Compared::More } else { Compared::Less };
        Some((*name, *measure, compared, rest.strip_prefix(['>', '<'])?))
    });
    if let Some((name, measure, compared, value)) = comparison {
        return Ok(Word { negated, test: Test::Seen(Seen::Number(measure, compared, measure.number(name, value)?)) });
    }
    let test = match word.split_once(':') {
        // A URL and `host:port` are looked for as they are.
        Some((field, value)) if is_field(field) => named(field, value)?,
        _ => Test::Listed(Listed::Text(word.to_lowercase())),
    };
    Ok(Word { negated, test })
}

const FIELDS: [&str; 5] = ["status", "tag", "group", "kind", "name"];

fn is_field(word: &str) -> bool {
    FIELDS.contains(&word)
}

fn named(field: &str, value: &str) -> Result<Test, NotAFilter> {
    if value.is_empty() {
        return Err(wrong(format!("`{field}:` says nothing"), format!("write what it should be: `{field}:...`")));
    }
    Ok(match field {
        "tag" => Test::Listed(Listed::Tag(value.to_owned())),
        "group" => Test::Seen(Seen::Group(value.to_owned())),
        "kind" => Test::Seen(Seen::Kind(value.to_owned())),
        "name" => Test::Listed(Listed::Name(value.to_lowercase())),
        _ => {
            let status = Presence::ALL.into_iter().find(|presence| presence.as_str() == value);
            let known = Presence::ALL.map(Presence::as_str).join(", ");
            Test::Seen(Seen::Status(
                status.ok_or_else(|| wrong(format!("there is no status `{value}`"), format!("known are {known}")))?,
            ))
        }
    })
}

impl Measure {
    /// What `name` is compared with.
    fn number(self, name: &str, value: &str) -> Result<f64, NotAFilter> {
        let plain = |value: &str| value.parse::<f64>().ok().filter(|number| number.abs() <= 1e9);
        let time = || allswell_core::time::parse_duration(value).ok();
        let (read, hint) = match self {
            Self::Latency | Self::P95 => (
                plain(value).filter(|ms| *ms >= 0.0).or_else(|| Some(time()?.as_secs_f64() * 1e3)),
                format!("write milliseconds or a time: `{name}>500`, `{name}>1.5s`"),
            ),
            Self::Uptime => (
                plain(value.trim_end_matches('%')).filter(|percent| (0.0..=100.0).contains(percent)),
                format!("write percent: `{name}<99.9`"),
            ),
            Self::Certificate => (
                plain(value).or_else(|| Some(time()?.as_secs_f64() / 86_400.0)).filter(|days| days.fract() == 0.0),
                format!("write whole days: `{name}<14`, `{name}<14d`"),
            ),
        };
        read.ok_or_else(|| wrong(format!("`{name}` cannot be compared with `{value}`"), hint))
    }

    /// The number of `row`.
    fn of(self, row: &Row, now: Wall) -> Option<f64> {
        let ms = |latency: Duration| latency.as_secs_f64() * 1e3;
        match self {
            Self::Latency => row.latency().map(ms),
            Self::P95 => row.p95.map(ms),
            Self::Uptime => row.shares(now)?.uptime_rounded(),
            Self::Certificate => row.certificate_days_left(now).map(|days| days as f64),
        }
    }
}

fn wrong(said: String, hint: String) -> NotAFilter {
    NotAFilter { said, hint }
}

impl Listed {
    /// Of each of `rows`, whether it holds.
    fn holding(&self, rows: &[Row], index: &Index) -> Vec<bool> {
        match self {
            Self::Text(text) => index.with_text(rows, text),
            Self::Name(text) => index.with_name(rows, text),
            Self::Tag(tag) => index.tagged(rows, tag),
        }
    }
}

impl Seen {
    fn holds(&self, row: &Row, now: Wall) -> bool {
        match self {
            Self::Group(group) => row.facts.group.as_ref() == Some(group),
            Self::Kind(kind) => row.facts.kind == *kind,
            Self::Status(status) => row.status == *status,
            Self::Number(measure, compared, than) => measure.of(row, now).is_some_and(|number| match compared {
                Compared::More => number > *than,
                Compared::Less => number < *than,
            }),
        }
    }
}
