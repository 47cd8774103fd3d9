//! What subscribers read: the mail that asks for a yes, and the mails with news.

use allswell_core::Wall;

use super::news::Item;
use super::words;
use crate::letters::{Action, Letter, Said, Told};

/// Asks whether somebody wants the news of the page called `title`; `link` is where to say yes.
pub(super) fn asks(title: &str, link: &str) -> Letter {
    let said = Said {
        title,
        headline: "One click, and you hear of it".to_owned(),
        intro: "Somebody, probably you, asked for news of this page at this address. Say yes, and you get a mail when something \
                breaks, when there is something to tell, and when it works again."
            .into(),
        action: Action { label: "Yes, write to me", link },
        foot: "If it was not you, do nothing: without a yes there are no further mails. The link is good for seven days.",
        ..Said::default()
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
        items: told.collect(),
        action: Action { label: "See the page", link: base },
        foot: "You get this because you subscribed to the page.",
        leave: Some(leave),
        ..Said::default()
    };
    said.letter(subject)
}

fn when(at: Wall) -> String {
    format!("{}, {} UTC", words::whole_day(at), words::time(at, at))
}
