//! The mail address by which a user is known.

use std::fmt;

/// RFC 5321 4.5.3.1.3: a path has at most 256 octets, its brackets included.
const BYTES_MAX: usize = 254;

/// A mail address, in small letters: nobody tells two people apart by capitals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

/// A text that is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no mail address; write it like ada@example.com")]
pub struct NotAnAddress;

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`NotAnAddress`] when nothing can be sent there.
    pub fn new(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim().to_lowercase();
        let is_good = text.len() <= BYTES_MAX && text.parse::<lettre::Address>().is_ok();
        if is_good { Ok(Self(text)) } else { Err(NotAnAddress) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_without_regard_to_capitals() {
        let read = |text: &str| Address::new(text).map(|address| address.as_str().to_owned());
        assert_eq!(read(" Ada@Example.COM\n"), Ok("ada@example.com".to_owned()));
        for wrong in
            ["", "ada", "ada@", "@example.com", "a b@example.com", "a@b\r\nbcc: c@d.e", "Ada <ada@example.com>"]
        {
            assert_eq!(read(wrong), Err(NotAnAddress), "{wrong}");
        }
        assert_eq!(read(&format!("{}@example.com", "x".repeat(250))), Err(NotAnAddress));
    }
}
