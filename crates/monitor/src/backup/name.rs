//! What a backup is called: when it was taken, and whether results are in it.

use std::fmt;
use std::str::FromStr;

use allswell_core::Wall;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

const FORMAT: &str = "%Y-%m-%dT%H%M%SZ";
/// What stands behind the moment where results are in it.
const WITH_RESULTS: &str = "-with-results";

/// `2026-11-22T140846Z`, or `2026-11-22T140846Z-with-results`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    taken: Wall,
    results: bool,
}

/// A text that no backup is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoName;

impl Name {
    /// The name of a backup that is taken at `now`, which counts to the second.
    pub fn new(now: Wall, results: bool) -> Self {
        Self { taken: Wall::from_ms(now.ms().div_euclid(1_000) * 1_000), results }
    }

    /// When it was taken.
    pub const fn taken(self) -> Wall {
        self.taken
    }

    /// Whether results are in it.
    pub const fn results(self) -> bool {
        self.results
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.taken.ms()).unwrap_or_default();
        write!(f, "{}{}", moment.strftime(FORMAT), if self.results { WITH_RESULTS } else { "" })
    }
}

impl FromStr for Name {
    type Err = NoName;

    /// Reads what [`Name`] writes, and nothing else: a name is a folder's, so none may lead elsewhere.
    fn from_str(text: &str) -> Result<Self, NoName> {
        let (moment, results) = text.strip_suffix(WITH_RESULTS).map_or((text, false), |moment| (moment, true));
        let moment = strtime::parse(FORMAT, moment).and_then(|moment| moment.to_datetime()).map_err(|_| NoName)?;
        let moment = moment.to_zoned(TimeZone::UTC).map_err(|_| NoName)?.timestamp();
        let name = Self::new(Wall::from_ms(moment.as_millisecond()), results);
        if name.to_string() == text { Ok(name) } else { Err(NoName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_nothing_else_is_one() {
        let name = |results| Name::new(Wall::from_ms(1_795_356_526_999), results);
        assert_eq!(name(false).to_string(), "2026-11-22T140846Z");
        assert_eq!(name(true).to_string(), "2026-11-22T140846Z-with-results");
        assert_eq!(name(false).taken(), Wall::from_ms(1_795_356_526_000));
        for results in [false, true] {
            assert_eq!(name(results).to_string().parse(), Ok(name(results)));
        }
        for text in [
            "",
            "..",
            "../2026-11-22T140846Z",
            "2026-11-22T140846Z/",
            "2026-11-22T140846Z.partial",
            "2026-11-22T140846Z-with-results-with-results",
            "2026-11-22T140846",
            "2026-13-22T140846Z",
            "2026-11-22T140860Z",
            "2026-1-22T140846Z",
            " 2026-11-22T140846Z",
            "2026-11-22T140846Z\0",
        ] {
            assert_eq!(text.parse::<Name>(), Err(NoName), "{text:?}");
        }
    }
}
