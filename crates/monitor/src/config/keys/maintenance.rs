//! The keys of planned maintenance.

use super::{Block, Given, Kind, NAME_MAX, TAG_MAX, TEXT, YEAR, key};

/// The days of the week, as `weekly` takes them.
pub(in super::super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A window of planned maintenance.
pub(in super::super) static MAINTENANCE: Block = Block {
    title: "maintenance",
    keys: &[
        key("name", TEXT, Given::Required, "Its name, as those of monitors are; unlike any other window's."),
        key(
            "monitors",
            Kind::List { of: &TEXT, most: 1_000 },
            Given::Words("at least one of `monitors`, `groups` and `tags`"),
            "The names of the monitors that it covers.",
        ),
        key(
            "groups",
            Kind::List { of: &Kind::Text { most: NAME_MAX }, most: 100 },
            Given::Words("as `monitors`"),
            "All monitors of these groups.",
        ),
        key(
            "tags",
            Kind::List { of: &Kind::Text { most: TAG_MAX }, most: 100 },
            Given::Words("as `monitors`"),
            "All monitors with one of these tags.",
        ),
        key(
            "from",
            TEXT,
            Given::Words("one of `from`, `weekly` and `cron`"),
            "Once, from this moment on: `2026-12-24T22:00` by the clock of `timezone`, or `2026-12-24T21:00Z`.",
        ),
        key(
            "until",
            TEXT,
            Given::Words("until somebody ends it"),
            "The end of what is `from` a moment on, written as that; or write `duration`.",
        ),
        key(
            "weekly",
            Kind::List { of: &Kind::Word(&DAYS), most: 7 },
            Given::Words("as `from`"),
            "On these days of each week, from `at` on.",
        ),
        key("at", Kind::Text { most: 5 }, Given::Words("needed by `weekly`"), "The time of day, `02:00`."),
        key(
            "cron",
            TEXT,
            Given::Words("as `from`"),
            "From each of these moments on: minute, hour, day of the month, month, day of the week.",
        ),
        key(
            "duration",
            Kind::Duration { least: std::time::Duration::from_secs(60), most: YEAR },
            Given::Words("needed by `weekly` and `cron`"),
            "How long, in real time: as long on days on which clocks are moved as on others.",
        ),
        key(
            "timezone",
            TEXT,
            Given::Words("`UTC`"),
            "Whose clock is meant, like `Europe/Berlin`. What begins in the hour that is left out begins when the clock is moved; \
             what begins in the hour that comes twice begins once, the first time.",
        ),
    ],
};
