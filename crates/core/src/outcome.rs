//! What one asking gave: a verdict, a reason out of a closed list, and how long each phase took.

use std::fmt;
use std::time::Duration;

/// What one asking says about the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// All is well.
    Pass,
    /// It works, but somebody should look.
    Warn,
    /// It does not do its job.
    Fail,
    /// We could not ask: nothing is known about the target, and nothing may be concluded.
    Unknown,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Warn, Self::Fail, Self::Unknown];

    /// The word used in JSON, databases and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of one asking, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Finding the address.
    Dns,
    /// The TCP handshake, all addresses and attempts together.
    Connect,
    /// The TLS handshake, a STARTTLS dialogue before it included.
    Tls,
    /// From the request's first byte out to the answer's first byte in.
    FirstByte,
    /// From the first byte of the answer to its last.
    Transfer,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 5] = [Self::Dns, Self::Connect, Self::Tls, Self::FirstByte, Self::Transfer];

    /// The word used in JSON, conditions and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::FirstByte => "first_byte",
            Self::Transfer => "transfer",
        }
    }
}

/// How long each phase took; a phase that was not reached or not needed is `None`.
///
/// Over redirects the phases of all hops are added up. The phase that failed carries the time until it failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Finding the address; `None` for an IP literal.
    pub dns: Option<Duration>,
    /// The TCP handshake.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// Waiting for the answer.
    pub first_byte: Option<Duration>,
    /// Reading the answer.
    pub transfer: Option<Duration>,
}

impl Phases {
    /// The time of one phase.
    pub const fn of(&self, phase: Phase) -> Option<Duration> {
        match phase {
            Phase::Dns => self.dns,
            Phase::Connect => self.connect,
            Phase::Tls => self.tls,
            Phase::FirstByte => self.first_byte,
            Phase::Transfer => self.transfer,
        }
    }

    /// Adds `took` to one phase.
    pub fn add(&mut self, phase: Phase, took: Duration) {
        let slot = match phase {
            Phase::Dns => &mut self.dns,
            Phase::Connect => &mut self.connect,
            Phase::Tls => &mut self.tls,
            Phase::FirstByte => &mut self.first_byte,
            Phase::Transfer => &mut self.transfer,
        };
        *slot = Some(slot.unwrap_or_default() + took);
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal $word:literal;)+) => {
        /// Why an outcome is not a plain pass: the closed list. Codes and words are stored and never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[doc = $doc])+ $variant = $code,)+ }

        impl Reason {
            /// Every reason, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word used in JSON, databases and metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)+ }
            }
        }
    };
}

reasons! {
    /// The name does not exist (NXDOMAIN) or has no address.
    DnsNotFound = 1 "dns_not_found";
    /// The resolver answered, but could not resolve the name (SERVFAIL, REFUSED, garbage).
    DnsFailure = 2 "dns_failure";
    /// The deadline passed while resolving, and our resolver answers for other names.
    DnsTimeout = 3 "dns_timeout";
    /// The operator's address policy forbids the address.
    AddressForbidden = 9 "address_forbidden";
    /// Nobody listens on the port.
    ConnectRefused = 10 "connect_refused";
    /// No route to the host or network, from the network's own answer.
    ConnectUnreachable = 11 "connect_unreachable";
    /// The deadline passed before the TCP handshake ended.
    ConnectTimeout = 12 "connect_timeout";
    /// The connection was reset or closed before the answer was complete.
    ConnectionLost = 13 "connection_lost";
    /// The certificate is past its end.
    TlsExpired = 20 "tls_expired";
    /// The certificate's time has not begun.
    TlsNotYetValid = 21 "tls_not_yet_valid";
    /// The certificate does not name the host.
    TlsWrongName = 22 "tls_wrong_name";
    /// The chain leads to no trusted root.
    TlsUntrusted = 23 "tls_untrusted";
    /// The certificate signed itself and is no trusted root.
    TlsSelfSigned = 24 "tls_self_signed";
    /// The server did not send the intermediate certificate; browsers may know it, API clients do not.
    TlsIncompleteChain = 25 "tls_incomplete_chain";
    /// No common version, cipher, curve or protocol.
    TlsUnsupported = 26 "tls_unsupported";
    /// The handshake broke for another reason (an alert, garbage, a wanted client certificate).
    TlsHandshake = 27 "tls_handshake";
    /// The deadline passed during the TLS handshake.
    TlsTimeout = 28 "tls_timeout";
    /// The certificate ends within the days to warn.
    CertificateExpiring = 29 "certificate_expiring";
    /// The deadline passed before the first byte of the answer.
    FirstByteTimeout = 30 "first_byte_timeout";
    /// The deadline passed while the answer was coming in.
    TransferTimeout = 31 "transfer_timeout";
    /// The answer breaks the protocol's rules.
    HttpProtocol = 40 "http_protocol";
    /// The answer's headers are larger than allowed.
    HeadersTooLarge = 41 "headers_too_large";
    /// The answer's body is larger than allowed, counted after decompression.
    BodyTooLarge = 42 "body_too_large";
    /// The body could not be decompressed or decoded.
    Decode = 43 "decode";
    /// More redirects than allowed, or a loop.
    TooManyRedirects = 44 "too_many_redirects";
    /// A redirect that must not be followed (scheme, downgrade, no or bad location).
    RedirectRefused = 45 "redirect_refused";
    /// The answer breaks the rules of a protocol other than HTTP (DNS, a database, gRPC, WebSocket).
    Protocol = 46 "protocol";
    /// The status code is not an expected one.
    Status = 50 "status";
    /// A condition does not hold or could not be evaluated.
    Condition = 51 "condition";
    /// The other side did not say what was expected (tcp expect, STARTTLS dialogue).
    Expectation = 52 "expectation";
    /// The app's health document says that it works with less than all its parts.
    HealthDegraded = 53 "health_degraded";
    /// The app's health document says that it does not work.
    HealthUnhealthy = 54 "health_unhealthy";
    /// The other side refused the user or the password.
    Authentication = 55 "authentication";
    /// The other side answered with an error of its own (an SQL error, a gRPC status).
    Refused = 56 "refused";
    /// It works, but slower than allowed.
    Slow = 60 "slow";
    /// More packets were lost than allowed.
    PacketLoss = 61 "packet_loss";
    /// A call that was expected did not come in time (heartbeat).
    HeartbeatMissed = 62 "heartbeat_missed";
    /// The job said itself that it failed (heartbeat).
    HeartbeatFailed = 63 "heartbeat_failed";
    /// Ours: no route from here, or the network around us is gone.
    OwnNetwork = 100 "own_network";
    /// Ours: our resolver does not answer.
    OwnResolver = 101 "own_resolver";
    /// Ours: our process did not get the CPU in time.
    OwnStarved = 102 "own_starved";
    /// Ours: our store is failing.
    OwnStore = 103 "own_store";
    /// Ours: out of file descriptors, ports or memory, or a bug.
    OwnFault = 104 "own_fault";
    /// Ours: nobody could have called us, because we were not running or stood still.
    OwnAbsence = 105 "own_absence";
}

impl Reason {
    /// The number kept in databases.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// The reason with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }

    /// The reason for a deadline that passed in `phase`.
    pub const fn timeout(phase: Phase) -> Self {
        match phase {
            Phase::Dns => Self::DnsTimeout,
            Phase::Connect => Self::ConnectTimeout,
            Phase::Tls => Self::TlsTimeout,
            Phase::FirstByte => Self::FirstByteTimeout,
            Phase::Transfer => Self::TransferTimeout,
        }
    }

    /// Whether a deadline passed.
    pub const fn is_timeout(self) -> bool {
        matches!(
            self,
            Self::DnsTimeout | Self::ConnectTimeout | Self::TlsTimeout | Self::FirstByteTimeout | Self::TransferTimeout
        )
    }

    /// Whether a dead network of ours would look the same: a reason to check our own connectivity first.
    pub const fn may_be_our_network(self) -> bool {
        self.is_timeout()
            || matches!(self, Self::DnsNotFound | Self::DnsFailure | Self::ConnectUnreachable | Self::ConnectionLost)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one asking gave. The evidence for it (headers, body, certificate) stays with who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it says about the target.
    pub verdict: Verdict,
    /// Why it is not a plain pass; `None` with [`Verdict::Pass`] alone.
    pub reason: Option<Reason>,
    /// From the moment of asking to the verdict.
    pub latency: Duration,
}

impl Outcome {
    /// All was well.
    pub const fn pass(latency: Duration) -> Self {
        Self { verdict: Verdict::Pass, reason: None, latency }
    }

    /// It worked, but `reason`.
    pub const fn warn(reason: Reason, latency: Duration) -> Self {
        Self { verdict: Verdict::Warn, reason: Some(reason), latency }
    }

    /// It did not work, because of `reason`.
    pub const fn fail(reason: Reason, latency: Duration) -> Self {
        Self { verdict: Verdict::Fail, reason: Some(reason), latency }
    }

    /// We could not ask, because of `reason`, which is ours.
    pub const fn unknown(reason: Reason, latency: Duration) -> Self {
        Self { verdict: Verdict::Unknown, reason: Some(reason), latency }
    }

    /// The outcome with a pass above `limit` turned into a warning that it was slow.
    #[must_use]
    pub fn slower_than(self, limit: Option<Duration>) -> Self {
        match (self.verdict, limit) {
            (Verdict::Pass, Some(limit)) if self.latency > limit => Self::warn(Reason::Slow, self.latency),
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_lead_back_to_their_reason() {
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            assert_eq!(Reason::from_word(reason.as_str()), Some(reason));
        }
        assert_eq!(Reason::from_code(0), None);
        assert_eq!(Reason::from_word("bad luck"), None);
    }

    #[test]
    fn every_phase_has_its_timeout() {
        for phase in Phase::ALL {
            assert!(Reason::timeout(phase).is_timeout());
            assert!(Reason::timeout(phase).as_str().starts_with(phase.as_str()));
        }
    }

    #[test]
    fn only_a_pass_can_be_too_slow() {
        let limit = Some(Duration::from_millis(100));
        let slow = Duration::from_millis(101);
        assert_eq!(Outcome::pass(slow).slower_than(limit), Outcome::warn(Reason::Slow, slow));
        assert_eq!(Outcome::pass(Duration::from_millis(100)).slower_than(limit).verdict, Verdict::Pass);
        assert_eq!(Outcome::pass(slow).slower_than(None).verdict, Verdict::Pass);
        let failed = Outcome::fail(Reason::Status, slow);
        assert_eq!(failed.slower_than(limit), failed);
    }

    #[test]
    fn phases_of_several_hops_add_up() {
        let mut phases = Phases::default();
        phases.add(Phase::Dns, Duration::from_millis(2));
        phases.add(Phase::Dns, Duration::from_millis(3));
        assert_eq!(phases.of(Phase::Dns), Some(Duration::from_millis(5)));
        assert_eq!(phases.of(Phase::Tls), None);
    }
}
