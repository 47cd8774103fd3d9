//! The two text formats of Prometheus: OpenMetrics 1.0 as the library writes it, and the older 0.0.4 that everything reads.

use std::fmt::Write as _;

/// A text format for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `text/plain; version=0.0.4`.
    Prometheus,
    /// `application/openmetrics-text; version=1.0.0`.
    OpenMetrics,
}

impl Format {
    /// The format for a reader that sent this `Accept` header; the older one unless the newer is asked for.
    pub fn accepted(accept: Option<&str>) -> Self {
        match accept {
            Some(accept) if accept.contains("application/openmetrics-text") => Self::OpenMetrics,
            _ => Self::Prometheus,
        }
    }

    /// The value of `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Writes OpenMetrics text as 0.0.4: there a family has the name of its samples, there is no `info`, `UNIT` or end mark.
///
/// The library writes `HELP` before `TYPE` for each family.
pub fn classic(open_metrics: &str) -> String {
    let mut classic = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(text) = line.strip_prefix("# HELP ") {
            help = text.split_once(' ');
        } else if let Some(text) = line.strip_prefix("# TYPE ") {
            let (name, kind) = text.split_once(' ').unwrap_or((text, "untyped"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", kind),
                "info" => ("_info", "gauge"),
                _ => ("", kind),
            };
            if let Some((_, help)) = help.take() {
                let _ = writeln!(classic, "# HELP {name}{suffix} {help}");
            }
            let _ = writeln!(classic, "# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with('#') {
            classic.push_str(line);
            classic.push('\n');
        }
    }
    classic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_infos_carry_the_name_of_their_samples() {
        let open_metrics = "# HELP a Things.\n# TYPE a counter\na_total{x=\"1\"} 2\n\
             # HELP b Version.\n# TYPE b info\nb_info{v=\"1\"} 1\n\
             # HELP c_seconds Age.\n# TYPE c_seconds gauge\n# UNIT c_seconds seconds\nc_seconds 0.5\n# EOF\n";
        let expected = "# HELP a_total Things.\n# TYPE a_total counter\na_total{x=\"1\"} 2\n\
             # HELP b_info Version.\n# TYPE b_info gauge\nb_info{v=\"1\"} 1\n\
             # HELP c_seconds Age.\n# TYPE c_seconds gauge\nc_seconds 0.5\n";
        assert_eq!(classic(open_metrics), expected);
    }

    #[test]
    fn the_newer_format_is_for_those_who_ask() {
        assert_eq!(Format::accepted(None), Format::Prometheus);
        assert_eq!(Format::accepted(Some("*/*")), Format::Prometheus);
        let scraper = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5";
        assert_eq!(Format::accepted(Some(scraper)), Format::OpenMetrics);
    }
}
