//! How many tests ran, read from what the runners print.

use std::fmt;
use std::ops::AddAssign;

/// Tests and steps that were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Went well.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Were not run.
    pub skipped: u64,
}

impl Tally {
    /// One thing that went well.
    pub const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// One thing that did not.
    pub const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// Counts what was skipped as failed.
    pub const fn strict(self) -> Self {
        Self { passed: self.passed, failed: self.failed + self.skipped, skipped: 0 }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// Reads one line of nextest's, cargo test's or pytest's output; lines that sum nothing up give nothing.
pub fn read(line: &str) -> Option<Tally> {
    let line = without_colour(line);
    match line.trim().strip_prefix("Summary [") {
        Some(summary) => sum(summary.split_once("run:")?.1, ','),
        // Where nextest shows what a failed test printed, the same line stands further in.
        None => match line.strip_prefix("test result: ") {
            Some(result) => sum(result.split_once(". ")?.1, ';'),
            None => pytest(line.trim()),
        },
    }
}

/// `1 failed, 85 passed, 2 skipped in 4.28s`: only the last line of pytest ends so.
fn pytest(line: &str) -> Option<Tally> {
    let (list, took) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
    let counts =
        list.split(", ").all(|part| part.split_once(' ').is_some_and(|(count, _)| count.parse::<u64>().is_ok()));
    let seconds = took.split_whitespace().next()?.strip_suffix('s')?.parse::<f64>().is_ok();
    (counts && seconds).then(|| sum(list, ','))?
}

/// Adds up `2 passed (1 slow), 1 failed, 1 timed out, 0 skipped`.
fn sum(list: &str, separator: char) -> Option<Tally> {
    let mut tally = Tally::default();
    for part in list.split(separator) {
        let mut words = part.split_whitespace();
        let count: u64 = match words.next()?.parse() {
            Ok(count) => count,
            // `finished in 0.01s`
            Err(_) => continue,
        };
        match words.next()? {
            "passed" => tally.passed += count,
            "skipped" | "ignored" => tally.skipped += count,
            "failed" | "timed" | "exec" | "error" | "errors" => tally.failed += count,
            _ => {}
        }
    }
    Some(tally)
}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(u64, u64, u64)>) {
        let tally = read(line).map(|tally| (tally.passed, tally.failed, tally.skipped));
        assert_eq!(tally, expected, "{line}");
    }

    #[test]
    fn summaries_of_nextest_are_read() {
        check("     Summary [   0.123s] 45 tests run: 45 passed, 0 skipped", Some((45, 0, 0)));
        check(
            "     Summary [  61.500s] 12/14 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped",
            Some((9, 3, 3)),
        );
        check(
            "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m1\u{1b}[0m test run: \u{1b}[1m1\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped",
            Some((1, 0, 0)),
        );
    }

    #[test]
    fn summaries_of_cargo_test_are_read() {
        let rest = "0 measured; 0 filtered out; finished in 0.01s";
        check(&format!("test result: ok. 5 passed; 0 failed; 1 ignored; {rest}"), Some((5, 0, 1)));
        check(&format!("test result: FAILED. 5 passed; 2 failed; 0 ignored; {rest}"), Some((5, 2, 0)));
        check(
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.36s",
            None,
        );
    }

    #[test]
    fn summaries_of_pytest_are_read() {
        check("1 failed, 85 passed, 2 skipped in 4.28s", Some((85, 1, 2)));
        check("===== 3 passed, 1 error in 61.02s (0:01:01) =====", Some((3, 1, 0)));
        check("collected 3 items in 1.2s", None);
    }

    #[test]
    fn other_lines_are_no_summaries() {
        check("        PASS [   0.005s] (1/2) allswell-core time::tests::durations", None);
        check("test time::tests::durations ... ok", None);
        check("", None);
    }

    #[test]
    fn the_closing_line_names_skipped_tests_only_when_there_are_any() {
        assert_eq!(Tally { passed: 3, failed: 0, skipped: 0 }.to_string(), "3 passed, 0 failed");
        assert_eq!(Tally { passed: 3, failed: 0, skipped: 2 }.to_string(), "3 passed, 0 failed, 2 skipped");
        assert_eq!(Tally { passed: 3, failed: 0, skipped: 2 }.strict().to_string(), "3 passed, 2 failed");
    }
}
