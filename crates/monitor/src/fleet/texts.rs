//! Many texts that are looked through at once.

use memchr::memmem::Finder;

/// Stands between two texts. It is in no text: no UTF-8 has it.
const BETWEEN: u8 = 0xff;

/// Texts one behind the other, so that one search goes through all of them.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl FromIterator<String> for Texts {
    fn from_iter<T: IntoIterator<Item = String>>(texts: T) -> Self {
        let mut all = Self::default();
        for text in texts {
            all.bytes.extend(text.into_bytes());
            all.ends.push(all.bytes.len());
            all.bytes.push(BETWEEN);
        }
        all
    }
}

impl Texts {
    /// Of each, whether `wanted` is in it.
    pub(super) fn with(&self, wanted: &str) -> Vec<bool> {
        let mut having = vec![false; self.ends.len()];
        let finder = Finder::new(wanted);
        let (mut from, mut at) = (0, 0);
        while let Some(found) = self.bytes.get(from..).and_then(|rest| finder.find(rest)) {
            while self.ends.get(at).is_some_and(|end| *end < from + found) {
                at += 1;
            }
            let (Some(has), Some(end)) = (having.get_mut(at), self.ends.get(at)) else { break };
            *has = true;
            from = end + 1;
        }
        having
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_found_where_it_is(texts in prop::collection::vec("[ab\u{e9}]{0,4}", 0..12), wanted in "[ab\u{e9}]{0,3}") {
            let expected: Vec<_> = texts.iter().map(|text| text.contains(&wanted)).collect();
            prop_assert_eq!(texts.into_iter().collect::<Texts>().with(&wanted), expected);
        }
    }
}
