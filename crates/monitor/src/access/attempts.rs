//! How often somebody may guess a password: by where the guess comes from, and by whom it is about.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use allswell_core::Mono;
use allswell_core::throttle::{Limit, Throttle};

use super::Address;

/// From one place: an office behind one address signs in on Monday morning.
const BY_PLACE: Limit = Limit { burst: 30, every: Duration::from_secs(20) };
/// About one user, wherever it comes from.
const BY_USER: Limit = Limit { burst: 10, every: Duration::from_secs(60) };
/// Of so many places, and of so many users, it is known how often they tried.
const KNOWN_MAX: usize = 20_000;

/// Who guessed how often lately.
#[derive(Debug)]
pub(super) struct Attempts(Mutex<Both>);

#[derive(Debug)]
struct Both {
    places: Throttle<IpAddr>,
    users: Throttle<Address>,
}

impl Attempts {
    /// Nobody did.
    pub(super) fn none() -> Self {
        let (places, users) = (Throttle::new(BY_PLACE, KNOWN_MAX), Throttle::new(BY_USER, KNOWN_MAX));
        Self(Mutex::new(Both { places, users }))
    }

    /// Takes a guess from `from` about `user`, before it is looked at: many at once count as many.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn take(&self, from: IpAddr, user: &Address, now: Mono) -> Result<(), Duration> {
        let (place, mut both) = (customer(from), self.both());
        both.places.take(&place, now)?;
        both.users.take(user, now).inspect_err(|_| both.places.give_back(&place))
    }

    /// The guess was right, and counts as none.
    pub(super) fn give_back(&self, from: IpAddr, user: &Address) {
        let mut both = self.both();
        both.places.give_back(&customer(from));
        both.users.give_back(user);
    }

    fn both(&self) -> MutexGuard<'_, Both> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one customer of a provider has: an address of IPv4, 64 bits of IPv6.
pub fn customer(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !0 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono::after(Duration::from_secs(seconds))
    }

    fn user(number: usize) -> Address {
        Address::new(&format!("user{number}@example.com")).expect("an address")
    }

    fn from(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_user_is_guessed_about_ten_times_and_then_once_a_minute_from_wherever() {
        let attempts = Attempts::none();
        for number in 0..10 {
            assert_eq!(attempts.take(from(&format!("192.0.2.{number}")), &user(1), at(0)), Ok(()));
        }
        let take = |n: usize, now| attempts.take(from(&format!("192.0.2.{n}")), &user(1), now);
        let taken = |now| (11..200).filter(|n| take(*n, now).is_ok()).count();
        assert_eq!(taken(at(59)), 0);
        assert_eq!(taken(at(60)), 1);
        assert_eq!(taken(at(3_600)), 10);
        assert_eq!(attempts.take(from("192.0.2.1"), &user(2), at(3_600)), Ok(()), "others sign in meanwhile");
    }

    #[test]
    fn one_place_guesses_thirty_times_about_whomever() {
        let attempts = Attempts::none();
        let taken = |from: IpAddr, now| (0..200).filter(|n| attempts.take(from, &user(*n), now).is_ok()).count();
        assert_eq!(taken(from("2001:db8:1:2::1"), at(0)), 30);
        assert_eq!(taken(from("2001:db8:1:2:ffff::9"), at(0)), 0, "the same place");
        assert_eq!(taken(from("2001:db8:1:3::1"), at(0)), 30);
        assert_eq!(taken(from("::ffff:192.0.2.1"), at(0)), 30);
        assert_eq!(taken(from("192.0.2.1"), at(19)), 0);
        assert_eq!(taken(from("192.0.2.1"), at(20)), 1);
    }

    #[test]
    fn who_knows_the_password_is_never_slowed_down() {
        let attempts = Attempts::none();
        for _ in 0..1_000 {
            attempts.take(from("192.0.2.1"), &user(1), at(0)).expect("it was given back");
            attempts.give_back(from("192.0.2.1"), &user(1));
        }
    }
}
