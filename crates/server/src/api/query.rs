//! The parameters of a request, read strictly: what is not known or cannot be meant is refused with the way out.

use allswell_core::Wall;
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::request::Parts;
use jiff::Timestamp;

use super::Problem;

/// A request without parameters: any that comes is refused.
pub(crate) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::read(RawQuery(parts.uri.query().map(str::to_owned)), &[]).map(|_| Self)
    }
}

/// The query of a request, each parameter at most once.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `raw`; only the parameters in `known` are allowed.
    pub(crate) fn read(raw: RawQuery, known: &[&str]) -> Result<Self, Problem> {
        let mut query = Self::default();
        let RawQuery(Some(raw)) = raw else { return Ok(query) };
        for (name, value) in url::form_urlencoded::parse(raw.as_bytes()) {
            if !known.contains(&&*name) {
                return Err(Problem::parameter(&name, format!("`{name}` is no parameter here"), ways(known)));
            }
            if query.value(&name).is_some() {
                return Err(Problem::parameter(&name, format!("`{name}` is given twice"), "give it once"));
            }
            query.pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(query)
    }

    /// The text of a parameter.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// How many rows are wanted.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.value("limit") else { return Ok(default) };
        match text.parse() {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => {
                let hint = format!("give a whole number from 1 to {most}");
                Err(Problem::parameter("limit", format!("`limit` cannot be `{text}`"), hint))
            }
        }
    }

    /// A number from 1 on.
    pub(crate) fn number(&self, name: &str, default: usize) -> Result<usize, Problem> {
        let Some(text) = self.value(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if (1..=100_000).contains(&number) => Ok(number),
            _ => Err(Problem::parameter(name, format!("`{name}` cannot be `{text}`"), "give a whole number from 1 on")),
        }
    }

    /// A moment.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<Wall>, Problem> {
        let Some(text) = self.value(name) else { return Ok(None) };
        // A `+` that was not escaped has become a space; only an offset has one.
        let moment: Result<Timestamp, _> = text.replace(' ', "+").parse();
        let moment = moment.map_err(|_| {
            let hint = "write it as RFC 3339: 2026-11-21T12:00:00Z";
            Problem::parameter(name, format!("`{name}` is no moment: `{text}`"), hint)
        })?;
        Ok(Some(Wall::from_ms(moment.as_millisecond())))
    }

    /// The one of `known` that is named by the word that `word` gives for it; `what` is what people call such a thing.
    pub(crate) fn one_of<T: Copy>(
        &self,
        name: &str,
        what: &str,
        known: &[T],
        word: fn(T) -> &'static str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let found = known.iter().copied().find(|one| word(*one) == text);
        let words = || known.iter().copied().map(word).collect::<Vec<_>>();
        let wrong = || Problem::parameter(name, format!("there is no {what} `{text}`"), ways(&words()));
        found.map(Some).ok_or_else(wrong)
    }

    /// Yes or no.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.value(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(text) => Err(Problem::parameter(name, format!("`{name}` cannot be `{text}`"), "write true or false")),
        }
    }
}

fn ways(known: &[&str]) -> String {
    match known {
        [] => "leave the query out".to_owned(),
        _ => format!("known are {}", known.join(", ")),
    }
}

/// What the last part of a path names.
#[derive(Debug)]
pub(crate) struct Key(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(key) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| {
            Problem::parameter("id", "the id in the path is no text", "escape it as UTF-8, like caf%C3%A9")
        })?;
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Result<Query, Problem> {
        Query::read(RawQuery(Some(raw.to_owned())), &["from", "limit", "open"])
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        let problem = result.expect_err("it must be refused");
        let (detail, hint) = problem.sentences();
        format!("{detail}; {}", hint.unwrap_or_default())
    }

    #[test]
    fn parameters_are_read() {
        let query = read("limit=5&open=true&from=2026-11-21T12%3A00%3A00Z").expect("good");
        assert_eq!(query.limit(10, 100), Ok(5));
        assert_eq!(query.flag("open"), Ok(true));
        assert_eq!(query.moment("from"), Ok(Some(Wall::from_ms(1_795_262_400_000))));
        assert_eq!(read("").expect("good").limit(10, 100), Ok(10));
    }

    #[test]
    fn an_offset_may_come_with_its_plus_unescaped() {
        let query = read("from=2026-11-21T13:00:00+01:00").expect("good");
        assert_eq!(query.moment("from"), Ok(Some(Wall::from_ms(1_795_262_400_000))));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_way_out() {
        assert_eq!(refused(read("lmit=5")), "`lmit` is no parameter here; known are from, limit, open");
        assert_eq!(refused(read("limit=5&limit=6")), "`limit` is given twice; give it once");
        for wrong in ["0", "101", "-1", "ten", "", "99999999999999999999"] {
            let query = read(&format!("limit={wrong}")).expect("known");
            let said = format!("`limit` cannot be `{wrong}`; give a whole number from 1 to 100");
            assert_eq!(refused(query.limit(10, 100)), said);
        }
        let query = read("from=yesterday&open=yes").expect("known");
        assert_eq!(
            refused(query.moment("from")),
            "`from` is no moment: `yesterday`; write it as RFC 3339: 2026-11-21T12:00:00Z"
        );
        assert_eq!(refused(query.flag("open")), "`open` cannot be `yes`; write true or false");
    }
}
