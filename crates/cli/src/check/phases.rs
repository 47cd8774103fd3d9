//! How long each phase took, as rows with bars.

use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::{Phase, Verdict};
use allswell_probe::{Answer, Certificate};

use crate::layout::{Layout, count, visible_width};

/// How wide the longest bar is at most.
const BAR_WIDTH: usize = 30;
/// How wide the longest bar is at least.
const BAR_WIDTH_MIN: usize = 5;
/// What stands before a bar: indent, name, time.
const BEFORE_BAR: usize = 24;

/// The rows; empty when no phase was reached.
pub fn rows(answer: &Answer, layout: Layout) -> String {
    let reached: Vec<_> = Phase::ALL.into_iter().filter_map(|phase| Some((phase, answer.phases.of(phase)?))).collect();
    let notes: Vec<_> = reached.iter().map(|(phase, _)| note(*phase, answer)).collect();
    let room =
        layout.width.saturating_sub(BEFORE_BAR + 2 + notes.iter().map(|note| visible_width(note)).max().unwrap_or(0));
    let bar_width = room.clamp(BAR_WIDTH_MIN, BAR_WIDTH);
    let longest = reached.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let culprit = culprit(answer, &reached);
    let rows = reached.iter().zip(notes).map(|((phase, took), note)| {
        let bar = bar(*took, longest, bar_width);
        let bar = if culprit == Some(*phase) { layout.paint.red(&bar) } else { layout.paint.cyan(&bar) };
        format!("  {:<10}  {:>8}  {bar}  {note}", name(*phase), time(*took)).trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

const fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => "DNS",
        Phase::Connect => "connect",
        Phase::Tls => "TLS",
        Phase::FirstByte => "first byte",
        Phase::Transfer => "transfer",
    }
}

/// `0.4 ms`, `14 ms`, `5.0 s`.
pub fn time(took: Duration) -> String {
    if took < Duration::from_micros(9_950) { format!("{:.1} ms", took.as_secs_f64() * 1e3) } else { humane(took) }
}

/// The phase to look at: the one in which the asking failed, or the one that took most of a long time.
fn culprit(answer: &Answer, reached: &[(Phase, Duration)]) -> Option<Phase> {
    let failed = answer.outcome.verdict == Verdict::Fail;
    let is_cut = answer.status.is_none() && answer.outcome.reason.is_some_and(super::is_of_the_way);
    let (longest, took) = reached.iter().max_by_key(|(_, took)| *took)?;
    let is_most = *took >= Duration::from_secs(1) && *took * 2 >= answer.outcome.latency;
    match reached.last() {
        Some((last, _)) if failed && is_cut => Some(*last),
        _ if failed && is_most => Some(*longest),
        _ => None,
    }
}

/// `took` as a bar, in eighths of a cell; something is always seen.
fn bar(took: Duration, longest: Duration, width: usize) -> String {
    let share = if longest.is_zero() { 0.0 } else { took.as_secs_f64() / longest.as_secs_f64() };
    let eighths = ((share * width as f64 * 8.0).round() as usize).max(1);
    let part = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let mut bar = "█".repeat(eighths / 8);
    bar.extend((eighths % 8).checked_sub(1).map(|index| part[index]));
    bar
}

fn note(phase: Phase, answer: &Answer) -> String {
    match phase {
        Phase::Dns => String::new(),
        Phase::Connect => answer.address.map(|address| address.to_string()).unwrap_or_default(),
        Phase::Tls => answer.certificate.as_ref().map(of_tls).unwrap_or_default(),
        Phase::FirstByte => answer.http_version.unwrap_or_default().to_owned(),
        Phase::Transfer => answer.body_bytes.map(bytes).unwrap_or_default(),
    }
}

fn of_tls(certificate: &Certificate) -> String {
    let version = certificate.protocol.as_deref().map(|protocol| format!("{}, ", protocol.trim_start_matches("TLSv")));
    format!("{}certificate {}", version.unwrap_or_default(), days(certificate.days_left))
}

fn days(left: i64) -> String {
    match left {
        -1 => "ended less than a day ago".to_owned(),
        // Whole days until its end: -4 begins three days after it.
        ..0 => format!("ended {} ago", count(left.unsigned_abs() - 1, "day")),
        0 => "ends within a day".to_owned(),
        _ => format!("{} left", count(left.unsigned_abs(), "day")),
    }
}

/// `412 bytes`, `3.1 KiB`, `2.0 MiB`.
fn bytes(number: u64) -> String {
    match number {
        0..1_024 => count(number, "byte"),
        1_024..1_048_576 => format!("{:.1} KiB", number as f64 / 1_024.0),
        _ => format!("{:.1} MiB", number as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_end_in_both_directions() {
        let check = |left: i64, words: &str| assert_eq!(days(left), words);
        check(30, "30 days left");
        check(1, "1 day left");
        check(0, "ends within a day");
        check(-1, "ended less than a day ago");
        check(-2, "ended 1 day ago");
        check(-4, "ended 3 days ago");
    }

    #[test]
    fn the_longest_bar_has_the_whole_width_and_the_shortest_is_seen() {
        let ms = Duration::from_millis;
        assert_eq!(bar(ms(80), ms(80), 5), "█████");
        assert_eq!(bar(ms(40), ms(80), 5), "██▌");
        assert_eq!(bar(ms(0), ms(80), 5), "▏");
        assert_eq!(bar(ms(0), ms(0), 5), "▏");
    }

    #[test]
    fn sizes_and_times_are_written_for_people() {
        assert_eq!([1, 412, 3_174, 2_097_152].map(bytes), ["1 byte", "412 bytes", "3.1 KiB", "2.0 MiB"]);
        let times = [420, 9_900, 9_960, 14_400, 5_031_000].map(|us| time(Duration::from_micros(us)));
        assert_eq!(times, ["0.4 ms", "9.9 ms", "9 ms", "14 ms", "5.0 s"]);
    }
}
