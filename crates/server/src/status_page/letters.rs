//! What subscribers read: the mail that asks for a yes, and the mails with news.

use allswell_core::Wall;
use askama::Template;

use super::news::Item;
use super::words;

/// Subject, text and HTML of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// A button, with what it does.
struct Action<'a> {
    label: &'static str,
    link: &'a str,
}

struct Told {
    title: String,
    when: String,
    text: Option<String>,
    link: String,
}

#[derive(Template)]
#[template(path = "status/mail.html", whitespace = "minimize")]
struct Html<'a> {
    letter: &'a Said<'a>,
}

#[derive(Template)]
#[template(path = "status/mail.txt", escape = "none")]
struct Text<'a> {
    letter: &'a Said<'a>,
}

struct Said<'a> {
    title: &'a str,
    headline: String,
    intro: &'static str,
    items: Vec<Told>,
    action: Action<'a>,
    foot: &'static str,
    leave: Option<&'a str>,
}

impl Said<'_> {
    fn letter(&self, subject: String) -> Letter {
        let text = Text { letter: self }.render().expect("writing to a string cannot fail");
        let html = Html { letter: self }.render().expect("writing to a string cannot fail");
        Letter { subject, text, html }
    }
}

/// Asks whether somebody wants the news of the page called `title`; `link` is where to say yes.
pub(super) fn asks(title: &str, link: &str) -> Letter {
    let said = Said {
        title,
        headline: "One click, and you hear of it".to_owned(),
        intro: "Somebody, probably you, asked for news of this page at this address. Say yes, and you get a mail when something \
                breaks, when there is something to tell, and when it works again.",
        items: Vec::new(),
        action: Action { label: "Yes, write to me", link },
        foot: "If it was not you, do nothing: without a yes there are no further mails. The link is good for seven days.",
        leave: None,
    };
    said.letter(format!("{title}: do you want its news?"))
}

/// Tells `items` of the page at `base` called `title`; `leave` is where to end it.
pub(super) fn news(title: &str, base: &str, items: &[Item], leave: &str) -> Letter {
    let told = items.iter().map(|item| Told {
        title: item.title.clone(),
        when: when(Wall::from_ms(item.at)),
        text: item.text.clone(),
        link: format!("{base}{}", item.path),
    });
    let headline = match items {
        [] => "News".to_owned(),
        [only] => only.title.clone(),
        [.., last] => format!("{}, and {} more", last.title, items.len() - 1),
    };
    let subject = format!("{title}: {headline}");
    let said = Said {
        title,
        headline,
        intro: "",
        items: told.collect(),
        action: Action { label: "See the page", link: base },
        foot: "You get this because you subscribed to the page.",
        leave: Some(leave),
    };
    said.letter(subject)
}

fn when(at: Wall) -> String {
    format!("{}, {} UTC", words::whole_day(at), words::time(at, at))
}
