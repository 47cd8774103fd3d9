//! Ninety days as bars: SVG as short as it can be, since a page has many of them.
//!
//! A day is one unit wide and the picture 34 high. What is usual is 20 high and drawn as one dashed line; a day with trouble has
//! the full height and is filled by its share of the day; a day without data is an empty outline. Height and outline say what
//! colour says.

use std::fmt::Write as _;

use allswell_core::uptime::Presence;

use super::days::{DAYS, Day, Look};
use super::words;

/// The height of the picture.
const FULL: f64 = 34.0;
/// What a fill has at least, so that a minute is seen.
const LEAST: f64 = 5.0;
/// The width of a bar; the rest of the unit is the gap.
const WIDTH: f64 = 0.76;

/// The inside of the picture.
pub(super) fn draw(days: &[Day]) -> String {
    let mut drawing = String::new();
    let looks: Vec<Look> = days.iter().map(Day::look).collect();
    let well = lines(&runs(&looks, |look| *look == Look::Well));
    if !well.is_empty() {
        let _ = write!(drawing, "<path class=\"u\" d=\"{well}\"/>");
    }
    for (start, length) in runs(&looks, |look| *look == Look::Nothing) {
        let _ = write!(drawing, "<svg x=\"{start}\" width=\"{length}\" height=\"34\"><use href=\"#e\"/></svg>");
    }
    for presence in [Presence::Maintenance, Presence::Degraded, Presence::Down] {
        let (mut outlines, mut fills) = (String::new(), String::new());
        for (index, look) in looks.iter().enumerate() {
            let Look::Trouble { worst, share, .. } = look else { continue };
            if *worst == presence {
                let height = (FULL * share).max(LEAST);
                let _ = write!(outlines, "M{index} .5h{WIDTH}v33h-{WIDTH}z");
                let _ = write!(fills, "M{index} {FULL}v-{height:.1}h{WIDTH}v{height:.1}z");
            }
        }
        if !fills.is_empty() {
            let shape = words::shape(presence);
            let _ =
                write!(drawing, "<g class=\"{shape}\"><path class=\"o\" d=\"{outlines}\"/><path d=\"{fills}\"/></g>");
        }
    }
    drawing
}

/// The outlines of ninety days without data, which pages draw once and cut from.
pub(super) fn outlines() -> String {
    let one = "h.68v19h-.68zm1 0";
    format!("M.04 14.5{}", one.repeat(DAYS))
}

/// What a reader who sees no bars is told.
pub(super) fn label(days: &[Day]) -> String {
    let count = |wanted: &dyn Fn(&Look) -> bool| days.iter().filter(|day| wanted(&day.look())).count();
    let with =
        |presence: Presence| move |look: &Look| matches!(look, Look::Trouble { worst, .. } if *worst == presence);
    let parts = [
        (count(&|look| *look == Look::Well), "without trouble"),
        (count(&with(Presence::Down)), "with downtime"),
        (count(&with(Presence::Degraded)), "degraded"),
        (count(&with(Presence::Maintenance)), "with maintenance"),
        (count(&|look| *look == Look::Nothing), "without data"),
    ];
    let told = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    format!("{} days: {}", days.len(), told.collect::<Vec<_>>().join(", "))
}

/// Where neighbours begin that are `wanted`, and how many they are.
fn runs(looks: &[Look], wanted: impl Fn(&Look) -> bool) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (index, _) in looks.iter().enumerate().filter(|(_, look)| wanted(look)) {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == index => *length += 1,
            _ => runs.push((index, 1)),
        }
    }
    runs
}

fn lines(runs: &[(usize, usize)]) -> String {
    runs.iter().map(|(start, length)| format!("M{start} 24h{length}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_page::days::days;
    use allswell_core::Wall;
    use allswell_core::uptime::Mark;

    const DAY: i64 = 86_400_000;

    fn drawn(marks: &[(i64, Presence)]) -> (String, String) {
        let marks: Vec<Mark> =
            marks.iter().map(|(ms, presence)| Mark { from: Wall::from_ms(*ms), presence: *presence }).collect();
        let now = Wall::from_ms(90 * DAY);
        let days = days(&marks, &[Wall::from_ms(0)..now], now - std::time::Duration::from_millis(1));
        (draw(&days), label(&days))
    }

    #[test]
    fn equal_days_are_one_line() {
        let (drawing, label) = drawn(&[(0, Presence::Up)]);
        assert_eq!(drawing, "<path class=\"u\" d=\"M0 24h90\"/>");
        assert_eq!(label, "90 days: 90 without trouble");
    }

    #[test]
    fn trouble_has_the_full_height_and_is_filled_by_its_share() {
        let hour = DAY / 24;
        let (drawing, label) =
            drawn(&[(80 * DAY, Presence::Up), (85 * DAY, Presence::Down), (85 * DAY + 12 * hour, Presence::Up)]);
        assert_eq!(
            drawing,
            "<path class=\"u\" d=\"M80 24h5M86 24h4\"/><svg x=\"0\" width=\"80\" height=\"34\"><use href=\"#e\"/></svg>\
             <g class=\"d\"><path class=\"o\" d=\"M85 .5h0.76v33h-0.76z\"/><path d=\"M85 34v-17.0h0.76v17.0z\"/></g>"
        );
        assert_eq!(label, "90 days: 9 without trouble, 1 with downtime, 80 without data");
    }

    #[test]
    fn a_minute_of_trouble_is_seen() {
        let (drawing, _) = drawn(&[(0, Presence::Up), (5 * DAY, Presence::Degraded), (5 * DAY + 60_000, Presence::Up)]);
        assert!(drawing.contains("<path d=\"M5 34v-5.0h0.76v5.0z\"/>"), "{drawing}");
    }
}
