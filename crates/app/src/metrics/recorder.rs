//! Keeps the counts: per route, method and class of the answer one row of atomics, made when first needed.
//!
//! The labels are bounded: routes are those of the router, methods those of RFC 9110, classes seven. A thousand routes are
//! kept apart; what comes after is counted as `_other`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

/// The upper bounds of the histogram's buckets, in seconds; the last one is infinity.
pub const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The same bounds as the clock counts.
const BOUNDS_NS: [u64; BOUNDS.len()] = {
    let mut bounds = [0; BOUNDS.len()];
    let mut at = 0;
    while at < bounds.len() {
        bounds[at] = (BOUNDS[at] * 1e9) as u64;
        at += 1;
    }
    bounds
};

/// How many routes are kept apart.
const ROUTES_MAX: usize = 1_000;

/// The label of requests that no route matched.
const UNMATCHED: &str = "_unmatched";

/// The methods that are kept apart; the last one stands for all others.
pub const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER"];

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It was answered with this status.
    Answered(u16),
    /// The handler panicked.
    Panicked,
    /// The client went away, or a timeout around us ended it, before there was an answer.
    Abandoned,
}

/// The words of the classes.
pub const CLASSES: [&str; 7] = ["1xx", "2xx", "3xx", "4xx", "5xx", "panicked", "abandoned"];

impl Class {
    fn index(self) -> usize {
        match self {
            Self::Answered(code) => usize::from((code / 100).clamp(1, 5)) - 1,
            Self::Panicked => 5,
            Self::Abandoned => 6,
        }
    }
}

/// All counts of a service.
#[derive(Debug)]
pub struct Recorder {
    routes: RwLock<Routes>,
}

#[derive(Debug)]
struct Routes {
    by_path: HashMap<Arc<str>, Arc<Route>>,
    in_order: Vec<Arc<Route>>,
}

/// The counts of a route.
#[derive(Debug)]
pub struct Route {
    /// Its place in the order of first requests.
    pub id: u32,
    /// As the router names it.
    pub path: Arc<str>,
    methods: [OnceLock<Arc<Method>>; METHODS.len()],
}

/// The counts of a route and a method.
#[derive(Debug)]
pub struct Method {
    /// The number of its route.
    pub route: u32,
    /// The place of the method in the list of methods.
    pub method: u8,
    in_flight: AtomicI64,
    cut: AtomicU64,
    classes: [OnceLock<Box<Series>>; CLASSES.len()],
}

#[derive(Debug, Default)]
struct Series {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_ns: AtomicU64,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { routes: RwLock::new(Routes { by_path: HashMap::new(), in_order: Vec::new() }) }
    }
}

impl Recorder {
    /// Where a request is counted. `path` is the route's, `None` when none matched.
    pub fn method(&self, path: Option<&str>, method: &http::Method) -> Arc<Method> {
        let index = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
        self.method_at(path, index)
    }

    /// The same for a method by its place in [`METHODS`].
    pub fn method_at(&self, path: Option<&str>, index: usize) -> Arc<Method> {
        let route = self.route(path.unwrap_or(UNMATCHED));
        route.methods[index].get_or_init(|| Arc::new(Method::new(route.id, index as u8))).clone()
    }

    fn route(&self, path: &str) -> Arc<Route> {
        if let Some(route) = self.routes.read().unwrap_or_else(PoisonError::into_inner).by_path.get(path) {
            return route.clone();
        }
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let path: Arc<str> = if routes.in_order.len() < ROUTES_MAX { path.into() } else { "_other".into() };
        if let Some(route) = routes.by_path.get(&path) {
            return route.clone();
        }
        let id = u32::try_from(routes.in_order.len()).expect("bounded above");
        let route = Arc::new(Route { id, path: path.clone(), methods: Default::default() });
        routes.by_path.insert(path, route.clone());
        routes.in_order.push(route.clone());
        route
    }

    /// `GET /report`, from the numbers of a [`Method`].
    pub fn name(&self, route: u32, method: u8) -> Option<String> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let route = routes.in_order.get(route as usize)?;
        Some(format!("{} {}", METHODS.get(usize::from(method))?, route.path))
    }

    /// Requests that began and did not end.
    pub fn in_flight(&self) -> i64 {
        self.rows().iter().map(|row| row.in_flight).sum()
    }

    /// All counts, in the order of the routes' first requests.
    pub fn rows(&self) -> Vec<Row> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner).in_order.clone();
        let row = |route: &Arc<Route>, index: usize| {
            let method = route.methods[index].get()?;
            Some(method.row(route.path.clone(), METHODS[index]))
        };
        routes.iter().flat_map(|route| (0..METHODS.len()).filter_map(move |index| row(route, index))).collect()
    }
}

impl Method {
    fn new(route: u32, method: u8) -> Self {
        let (in_flight, cut) = (AtomicI64::new(0), AtomicU64::new(0));
        Self { route, method, in_flight, cut, classes: Default::default() }
    }

    /// A request began.
    pub fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A request ended. `cut` when the client did not get the whole answer.
    pub fn end(&self, class: Class, took: Duration, cut: bool) {
        let series = self.classes[class.index()].get_or_init(Box::default);
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_NS.partition_point(|bound| *bound < ns);
        series.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        series.sum_ns.fetch_add(ns, Ordering::Relaxed);
        self.cut.fetch_add(u64::from(cut), Ordering::Relaxed);
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    fn row(&self, route: Arc<str>, method: &'static str) -> Row {
        let series = self.classes.iter().zip(CLASSES).filter_map(|(series, class)| {
            let series = series.get()?;
            let buckets = std::array::from_fn(|at| series.buckets[at].load(Ordering::Relaxed));
            let sum = Duration::from_nanos(series.sum_ns.load(Ordering::Relaxed));
            Some(Ended { class, buckets, sum })
        });
        let (in_flight, cut) = (self.in_flight.load(Ordering::Relaxed), self.cut.load(Ordering::Relaxed));
        Row { route, method, in_flight, cut, ended: series.collect() }
    }
}

/// The counts of a route and a method at one moment.
#[derive(Clone, Debug)]
pub struct Row {
    /// The route.
    pub route: Arc<str>,
    /// The method.
    pub method: &'static str,
    /// Requests under way.
    pub in_flight: i64,
    /// Answers of which the client did not take everything.
    pub cut: u64,
    /// Those that ended, by class.
    pub ended: Vec<Ended>,
}

/// The requests of one class that ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The class: `2xx`, `panicked`.
    pub class: &'static str,
    /// How many took how long; not yet added up.
    pub buckets: [u64; BOUNDS.len() + 1],
    /// How long all took together.
    pub sum: Duration,
}

impl Ended {
    /// How many.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Whether it is our fault.
    pub fn is_error(&self) -> bool {
        matches!(self.class, "5xx" | "panicked")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_falls_into_the_bucket_that_holds_it() {
        let recorder = Recorder::default();
        let method = recorder.method(Some("/"), &http::Method::GET);
        for ms in [0, 1, 2, 30_000, 30_001] {
            method.begin();
            method.end(Class::Answered(204), Duration::from_millis(ms), false);
        }
        let row = &recorder.rows()[0];
        let ended = &row.ended[0];
        assert_eq!((ended.class, ended.count(), row.in_flight), ("2xx", 5, 0));
        assert_eq!((ended.buckets[0], ended.buckets[1], ended.buckets[13], ended.buckets[14]), (2, 1, 1, 1));
    }

    #[test]
    fn no_client_can_make_up_labels() {
        let recorder = Recorder::default();
        for n in 0..2_000 {
            recorder.method(Some(&format!("/{n}")), &http::Method::from_bytes(format!("M{n}").as_bytes()).unwrap());
        }
        let rows = recorder.rows();
        assert_eq!(rows.len(), ROUTES_MAX + 1);
        assert!(rows.iter().all(|row| row.method == "_OTHER"));
        assert_eq!(&*rows.last().unwrap().route, "_other");
    }

    #[test]
    fn a_status_that_nobody_defined_has_a_class() {
        for (code, class) in [(100, "1xx"), (200, "2xx"), (404, "4xx"), (599, "5xx"), (999, "5xx")] {
            assert_eq!(CLASSES[Class::Answered(code).index()], class, "{code}");
        }
    }
}
