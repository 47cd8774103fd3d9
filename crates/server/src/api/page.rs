//! A page of monitors, as a query asks for it: which, in which order, and where it goes on.

use allswell_monitor::fleet::{Cursor, Filter, NotACursor, NotAFilter, Order, Selection};
use allswell_monitor::model::MonitorId;
use axum::http::Uri;
use utoipa::IntoParams;

use super::{ApiState, Problem, Query, openapi};

/// The most monitors that are told of at once.
const MOST: usize = 10_000;

/// The names of the parameters.
pub(super) const PARAMETERS: [&str; 4] = ["filter", "sort", "limit", "cursor"];

/// Which monitors, and what comes first.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Wanted {
    /// Words that must all hold: `status:down tag:eu group:shop kind:http name:api p95>500 latency<50 uptime<99.9 cert<14d`,
    /// or any text of name, target, group and tags; `-` before a word turns it round.
    filter: Option<String>,
    /// What comes first.
    #[param(schema_with = openapi::order)]
    sort: Option<String>,
}

/// Which page of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Part {
    /// At most so many.
    #[param(minimum = 1, maximum = 10_000, default = 10_000)]
    limit: Option<usize>,
    /// Where to go on: `next` of the page before has it.
    cursor: Option<String>,
}

/// The monitors of a page, and what is known of those that are not on it.
pub(super) struct Page {
    /// The numbers of those that are, in order.
    pub(super) ids: Vec<MonitorId>,
    /// How many monitors there are.
    pub(super) total: usize,
    /// How many the filter let through.
    pub(super) matched: usize,
    /// Where the next page is; `None` when there is none.
    pub(super) next: Option<String>,
}

/// The page that `query` asks for at `path`.
pub(super) async fn page(state: &ApiState, query: &Query, path: &Uri) -> Result<Page, Problem> {
    let limit = query.limit(MOST, MOST)?;
    let selection = Selection {
        filter: filter(query)?,
        order: order(query)?,
        after: cursor(query)?,
        offset: 0,
        limit: Some(limit),
    };
    state.fleet.fresh(&*state.store).await?;
    Ok(state.fleet.read(&selection, |chosen| Page {
        ids: chosen.rows.iter().map(|row| row.facts.id).collect(),
        total: chosen.all,
        matched: chosen.matched,
        next: chosen.next.as_ref().map(|cursor| next(query, path.path(), limit, cursor)),
    }))
}

/// The filter that a query names.
pub(super) fn filter(query: &Query) -> Result<Filter, Problem> {
    let refused = |NotAFilter { said, hint }| Problem::parameter("filter", said, hint);
    Filter::read(query.value("filter").unwrap_or_default()).map_err(refused)
}

/// The order that a query names.
pub(super) fn order(query: &Query) -> Result<Order, Problem> {
    Ok(query.one_of("sort", "order", &Order::ALL, Order::as_str)?.unwrap_or_default())
}

/// The cursor that a query names, which must be of the order that it names.
fn cursor(query: &Query) -> Result<Option<Cursor>, Problem> {
    let Some(text) = query.value("cursor") else { return Ok(None) };
    let cursor: Cursor = text.parse().map_err(|NotACursor| not_a_cursor("`cursor` is none of ours"))?;
    if cursor.order() != order(query)? {
        return Err(not_a_cursor("`cursor` is of another order than `sort`"));
    }
    Ok(Some(cursor))
}

/// A cursor with which nothing goes on.
pub(super) fn not_a_cursor(said: &str) -> Problem {
    Problem::parameter("cursor", said, "ask for the address that `next` gave")
}

fn next(query: &Query, path: &str, limit: usize, cursor: &Cursor) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for name in ["filter", "sort"] {
        if let Some(value) = query.value(name) {
            pairs.append_pair(name, value);
        }
    }
    pairs.append_pair("limit", &limit.to_string()).append_pair("cursor", &cursor.to_string());
    format!("{path}?{}", pairs.finish())
}
