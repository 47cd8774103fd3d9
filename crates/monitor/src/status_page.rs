//! A status page as it is configured.

use std::fmt;
use std::sync::Arc;

use crate::access::Digest;

/// One page: what it shows, how it looks, who may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Its address is `/s/SLUG/`.
    pub slug: String,
    /// The slugs that it had before, the first one first; they lead to it.
    pub formerly: Vec<String>,
    /// What it is called.
    pub title: String,
    /// One or two sentences below the title.
    pub description: Option<String>,
    /// Where logo and title lead.
    pub link: Option<String>,
    /// The picture beside the title.
    pub logo: Option<Logo>,
    /// The one for dark surroundings.
    pub logo_dark: Option<Logo>,
    /// The colour of buttons and of the line at the top.
    pub accent: Option<Colour>,
    /// The one for dark surroundings.
    pub accent_dark: Option<Colour>,
    /// The host that shows this page and nothing else, in lower case.
    pub domain: Option<String>,
    /// Who may see it.
    pub access: Access,
    /// Whether visitors may subscribe to its news.
    pub subscribe: bool,
    /// What it shows, in order.
    pub sections: Vec<Section>,
}

impl Page {
    /// The slug that it began with, by which subscribers and their links know it whatever it is called now.
    pub fn origin(&self) -> &str {
        self.formerly.first().unwrap_or(&self.slug)
    }

    /// All slugs that lead to it.
    pub fn slugs(&self) -> impl Iterator<Item = &str> + Clone {
        std::iter::once(&self.slug).chain(&self.formerly).map(String::as_str)
    }
}

/// Who may see a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Who knows the password.
    Password(Digest),
    /// Who has the link with the token.
    Token(Digest),
}

impl Access {
    /// The words for who may see a page.
    pub const WORDS: [&str; 3] = ["public", "password", "token"];

    /// The word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Password(_) => "password",
            Self::Token(_) => "token",
        }
    }

    /// What of the secret is known here.
    pub const fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Public => None,
            Self::Password(digest) | Self::Token(digest) => Some(digest),
        }
    }
}

impl fmt::Debug for Access {
    /// Leaves the digest out: a short password could be found from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "Public",
            Self::Password(_) => "Password(***)",
            Self::Token(_) => "Token(***)",
        })
    }
}

/// A part of a page with a heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The heading; none when a page has just one part.
    pub name: Option<String>,
    /// Monitors by name, each as the public is to see it.
    pub components: Vec<Component>,
    /// All monitors of these groups, under their own names.
    pub groups: Vec<String>,
    /// All monitors with one of these tags, under their own names.
    pub tags: Vec<String>,
}

/// A monitor as the public is to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The monitor's name.
    pub monitor: String,
    /// What the page calls it.
    pub name: String,
    /// What it is, in a few words.
    pub about: Option<String>,
}

/// A picture beside the title.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    /// The file it was read from, or `data:`.
    pub from: String,
    /// Its media type.
    pub kind: &'static str,
    /// The file.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.from, self.bytes.len())
    }
}

/// A colour of the screen: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Reads `#0f62fe` or `#06e`.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let digit = |at: usize| u8::from_str_radix(digits.get(at..=at)?, 16).ok();
        let channel = |index: usize| match digits.len() {
            3 => digit(index).map(|digit| digit * 17),
            6 => Some(digit(2 * index)? * 16 + digit(2 * index + 1)?),
            _ => None,
        };
        Some(Self([channel(0)?, channel(1)?, channel(2)?]))
    }

    /// Black or white, whichever is easier to read on it (WCAG 2.2, contrast ratio): at least 4.5 : 1 on any colour.
    pub fn text_on_it(self) -> Self {
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            dark if dark <= 0.040_45 => dark / 12.92,
            bright => ((bright + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue] = self.0.map(linear);
        let luminance = 0.212_6 * red + 0.715_2 * green + 0.072_2 * blue;
        if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) { Self([0; 3]) } else { Self([255; 3]) }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_both_lengths_and_nothing_else_is() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Colour::read(text).map(|colour| colour.to_string()).as_deref(), expected, "{text}");
        };
        check("#0F62fe", Some("#0f62fe"));
        check("#06e", Some("#0066ee"));
        for wrong in ["0f62fe", "#0f62f", "#ggg", "#", "red", "#äöü", "#é1"] {
            check(wrong, None);
        }
    }

    #[test]
    fn text_is_readable_on_any_colour() {
        let check = |colour: &str, expected: &str| {
            assert_eq!(Colour::read(colour).expect("a colour").text_on_it().to_string(), expected, "{colour}");
        };
        check("#000", "#ffffff");
        check("#0f62fe", "#ffffff");
        check("#ffd400", "#000000");
        check("#fff", "#000000");
    }
}
