//! The types of a condition's parts, as far as they are known before there is an answer.

use std::fmt;

/// What is known of a value before there is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Anything: a part of `body`.
    Dyn,
    /// `null`.
    Null,
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// A whole number, never negative.
    Uint,
    /// A number with a fraction.
    Double,
    /// Text.
    String,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A span of time.
    Duration,
    /// A list of anything.
    List,
    /// A map of anything.
    Map,
    /// `headers`: text to text.
    Headers,
    /// `health.checks`: names to checks.
    Checks,
    /// Something with known members.
    Record(Record),
}

/// Something with known members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// `time`.
    Time,
    /// `certificate`.
    Certificate,
    /// `health`.
    Health,
    /// One of `health.checks`.
    Check,
}

/// The words of [`health::Status`](crate::health::Status).
pub const STATUS_WORDS: &[&str] = &["ok", "warn", "error", "unknown"];

impl Record {
    /// Its members with their types.
    pub const fn members(self) -> &'static [(&'static str, Type)] {
        match self {
            Self::Time => &[
                ("dns", Type::Duration),
                ("connect", Type::Duration),
                ("tls", Type::Duration),
                ("first_byte", Type::Duration),
                ("transfer", Type::Duration),
                ("total", Type::Duration),
            ],
            Self::Certificate => &[("days_left", Type::Int)],
            Self::Health => &[("status", Type::Word(STATUS_WORDS)), ("checks", Type::Checks)],
            Self::Check => {
                &[("status", Type::Word(STATUS_WORDS)), ("message", Type::String), ("response_time_ms", Type::Double)]
            }
        }
    }

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Certificate => "certificate",
            Self::Health => "health",
            Self::Check => "a health check",
        }
    }
}

impl Type {
    /// Whether a value of this type may be a yes or no.
    pub const fn may_be_bool(self) -> bool {
        matches!(self, Self::Bool | Self::Dyn)
    }

    /// Whether a value of this type may be text.
    pub const fn may_be_text(self) -> bool {
        matches!(self, Self::String | Self::Word(_) | Self::Dyn)
    }

    /// Whether it is a number.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }

    /// Whether it has keys.
    pub const fn is_map(self) -> bool {
        matches!(self, Self::Map | Self::Headers | Self::Checks)
    }

    /// Whether values of the two types can ever be equal.
    pub fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            (Self::String | Self::Word(_), Self::String | Self::Word(_)) => true,
            (a, b) if a.is_number() && b.is_number() => true,
            (a, b) if a.is_map() && b.is_map() => true,
            (Self::Record(_), Self::Record(_)) => false,
            (a, b) => a == b,
        }
    }

    /// Whether values of the two types have an order.
    pub fn ordered(self, other: Self) -> bool {
        let has_order = |kind: Self| {
            kind.is_number() || kind.may_be_text() || matches!(kind, Self::Duration | Self::Bool | Self::Dyn)
        };
        has_order(self) && has_order(other) && self.meets(other)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dyn => "anything",
            Self::Null => "null",
            Self::Bool => "a yes or no (bool)",
            Self::Int => "a whole number (int)",
            Self::Uint => "a whole number (uint)",
            Self::Double => "a decimal number (double)",
            Self::String | Self::Word(_) => "text (string)",
            Self::Duration => "a duration",
            Self::List => "a list",
            Self::Map | Self::Headers | Self::Checks => "a map",
            Self::Record(_) => "a group of values",
        })
    }
}
