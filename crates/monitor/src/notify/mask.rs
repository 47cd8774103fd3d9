//! Leaves a channel's secrets out of what the other side said: some repeat what they were sent.

use super::clean::line;

/// What must not be shown.
#[derive(Clone)]
pub(crate) struct Mask(Vec<String>);

impl Mask {
    /// Hides `secrets`, and of those that are URLs each part that may be one by itself.
    pub fn new<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        let mut hidden = Vec::new();
        for secret in secrets {
            hidden.push(secret.to_owned());
            if let Ok(url) = url::Url::parse(secret) {
                hidden.push(format!("{}?{}", url.path(), url.query().unwrap_or_default()));
                hidden.push(url.path().to_owned());
                hidden.extend(
                    url.path_segments().into_iter().flatten().map(str::to_owned).filter(|part| part.len() >= 6),
                );
                hidden.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
                hidden.extend(url.password().map(str::to_owned));
            }
        }
        hidden.retain(|text| text.len() >= 3);
        hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(hidden)
    }

    /// The text without them, on one line.
    pub fn text(&self, text: &str) -> String {
        line(&self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***")), 600)
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mask(…)")
    }
}
