//! What the server writes to people beside alerts, as subject, text and HTML: one frame for all of it, and the letters to users.

use std::borrow::Cow;

use askama::Template;

/// Subject, text and HTML of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// What a letter says, from its top to its end.
#[derive(Debug, Default)]
pub(crate) struct Said<'a> {
    /// Who writes.
    pub(crate) title: &'a str,
    pub(crate) headline: String,
    pub(crate) intro: Cow<'a, str>,
    pub(crate) items: Vec<Told>,
    pub(crate) action: Action<'a>,
    pub(crate) foot: &'static str,
    /// Where it ends.
    pub(crate) leave: Option<&'a str>,
}

/// A button, with where it leads.
#[derive(Debug, Default)]
pub(crate) struct Action<'a> {
    pub(crate) label: &'static str,
    pub(crate) link: &'a str,
}

/// One thing that happened.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) title: String,
    pub(crate) when: String,
    pub(crate) text: Option<String>,
    pub(crate) link: String,
}

#[derive(Template)]
#[template(path = "letter.html", whitespace = "minimize")]
struct Html<'a> {
    letter: &'a Said<'a>,
}

#[derive(Template)]
#[template(path = "letter.txt", escape = "none")]
struct Text<'a> {
    letter: &'a Said<'a>,
}

impl Said<'_> {
    pub(crate) fn letter(&self, subject: String) -> Letter {
        let text = Text { letter: self }.render().expect("writing to a string cannot fail");
        let html = Html { letter: self }.render().expect("writing to a string cannot fail");
        Letter { subject, text, html }
    }
}

/// The way to a new password at the server that people call `host`.
pub(crate) fn reset(host: &str, link: &str) -> Letter {
    let said = Said {
        title: host,
        headline: "Choose a new password".to_owned(),
        intro: format!(
            "Somebody, probably you, has lost the password of this address at {host}. The link leads to where another one is \
             chosen. It is good once, for an hour."
        )
        .into(),
        action: Action { label: "Choose a new password", link },
        foot: "If it was not you, do nothing: your password stays as it is.",
        ..Said::default()
    };
    said.letter(format!("{host}: choose a new password"))
}

/// The way to an account at the server that people call `host`.
pub(crate) fn sign_up(host: &str, link: &str) -> Letter {
    let said = Said {
        title: host,
        headline: "Make your account".to_owned(),
        intro: format!(
            "Somebody, probably you, wants an account at {host} for this address. The link leads to where you choose a password. It \
             is good once, for a day."
        )
        .into(),
        action: Action { label: "Make the account", link },
        foot: "If it was not you, do nothing: there is no account then.",
        ..Said::default()
    };
    said.letter(format!("{host}: make your account"))
}

/// Tells who wants an account at the server that people call `host`, at `root`, that they are a user there.
pub(crate) fn is_user(host: &str, root: &str) -> Letter {
    let link = format!("{root}/sign-in");
    let said = Said {
        title: host,
        headline: "You can sign in already".to_owned(),
        intro: format!(
            "Somebody, probably you, wants an account at {host} for this address. It has a user there: sign in. If the password is \
             lost, choose another one at {root}/reset."
        )
        .into(),
        action: Action { label: "Sign in", link: &link },
        foot: "If it was not you, do nothing: nothing was changed.",
        ..Said::default()
    };
    said.letter(format!("{host}: you can sign in already"))
}

/// Asks somebody in to the server that people call `host`.
pub(crate) fn invitation(host: &str, role: &str, link: &str) -> Letter {
    let said = Said {
        title: host,
        headline: "You are asked in".to_owned(),
        intro: format!(
            "Somebody who runs Allswell at {host} asks you in ({role}). Choose a password, and you are there. The link is good \
             once, for a week."
        )
        .into(),
        action: Action { label: "Come in", link },
        foot: "If you do not know what this is about, do nothing.",
        ..Said::default()
    };
    said.letter(format!("{host}: you are asked in"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_of_a_letter_have_its_link_and_what_to_do_when_it_was_not_you() {
        let link = "https://ops.example.com/reset?token=aw_x&y";
        let letter = reset("ops.example.com", link);
        assert_eq!(letter.subject, "ops.example.com: choose a new password");
        assert!(letter.text.contains(&format!("Choose a new password: {link}")), "{}", letter.text);
        assert!(
            letter.html.contains("token=aw_x&#38;y") || letter.html.contains("token=aw_x&amp;y"),
            "{}",
            letter.html
        );
        for part in [&letter.text, &letter.html] {
            assert!(part.contains("your password stays as it is") && part.contains("for an hour"), "{part}");
        }
        let made = sign_up("ops.example.com", "https://ops.example.com/sign-up?token=aw_x");
        assert_eq!(made.subject, "ops.example.com: make your account");
        assert!(made.text.contains("Make the account: https://ops.example.com/sign-up?token=aw_x"), "{}", made.text);
        let known = is_user("ops.example.com", "https://ops.example.com");
        assert!(!known.text.contains("token="), "{}", known.text);
        for (part, way) in
            [(&made.text, "for a day"), (&made.html, "for a day"), (&known.text, "/reset"), (&known.html, "/reset")]
        {
            assert!(part.contains(way) && part.contains("If it was not you, do nothing"), "{part}");
        }
        assert!(known.text.contains("Sign in: https://ops.example.com/sign-in"), "{}", known.text);
        let asked = invitation("ops.example.com", "viewer", "https://ops.example.com/join?token=aw_x");
        assert!(asked.text.contains("asks you in (viewer)"), "{}", asked.text);
        assert!(!asked.html.contains("No more of them"), "nobody is on a list: {}", asked.html);
    }
}
