//! Which addresses may be connected to.
//!
//! The ranges are those of the IANA special-purpose address registries (RFC 6890). An IPv4 address inside an IPv6
//! address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is judged as well as the address around it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Which addresses may be connected to. Checked for every resolved address of every hop, IPv4 in IPv6 unwrapped.
///
/// The default suits a self-hosted monitor that watches its own network: everything but the cloud metadata
/// addresses, which hand out credentials, is allowed.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    /// Whether addresses that are not globally routable are refused.
    pub deny_private: bool,
    /// Networks that are allowed all the same.
    pub allow: Vec<IpNet>,
}

/// Where clouds hand credentials to their machines: AWS, GCP and Azure, AWS ECS and EKS, Alibaba, Oracle, Azure's wire server.
const METADATA: [IpAddr; 8] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

impl AddressPolicy {
    /// Why `address` must not be connected to; `None` when it may.
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        if self.allow.iter().any(|network| network.contains(&address)) {
            return None;
        }
        let inside = embedded(address);
        if inside.into_iter().flatten().any(|v4| self.refusal(IpAddr::V4(v4)).is_some()) {
            return Some("it carries an IPv4 address that is refused");
        }
        if METADATA.contains(&address) {
            return Some("it is a cloud metadata address");
        }
        // What only wraps an allowed IPv4 address goes where that address lies.
        if inside[0].is_some() && is_wrapper(address) {
            return None;
        }
        if self.deny_private && !is_global(address) { Some("it is not globally routable") } else { None }
    }
}

/// The IPv4 addresses inside an IPv6 address: at most two, the one it leads to first.
fn embedded(address: IpAddr) -> [Option<Ipv4Addr>; 2] {
    let IpAddr::V6(v6) = address else { return [None, None] };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // IPv4-mapped (RFC 4291 2.5.5.2) and NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => [Some(v4(high, low)), None],
        // NAT64 of a local network (RFC 8215), read as its usual /96.
        [0x64, 0xff9b, 1, .., high, low] => [Some(v4(high, low)), None],
        // IPv4-compatible (RFC 4291 2.5.5.1); `::` and `::1` are not.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => [Some(v4(high, low)), None],
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => [Some(v4(high, low)), None],
        // Teredo (RFC 4380 4): the server, and the client with its bits flipped.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            [Some(v4(!client_high, !client_low)), Some(v4(high, low))]
        }
        // ISATAP (RFC 5214 6.1).
        [.., 0 | 0x200, 0x5efe, high, low] => [Some(v4(high, low)), None],
        _ => [None, None],
    }
}

/// Whether all that an IPv6 address does is lead to an IPv4 address.
fn is_wrapper(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if matches!(
        v6.segments(),
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] | [0x2002, ..]
    ))
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let refused = match address.octets() {
        [0 | 10 | 127, ..] => true,
        [100, second, ..] => (64..128).contains(&second),
        [169, 254, ..] | [192, 168, ..] => true,
        [172, second, ..] => (16..32).contains(&second),
        // Protocol assignments, documentation, the 6to4 relays.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Benchmarks.
        [198, 18 | 19, ..] => true,
        // Multicast, reserved, broadcast.
        [first, ..] => first >= 224,
    };
    !refused
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Teredo and other protocol assignments, documentation, 6to4 without a good IPv4 address.
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        [0x2002, ..] => false,
        [0x3fff, second, ..] => second >= 0x1000,
        // Only 2000::/3 is given out to the world.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(policy: &AddressPolicy, address: &str) -> bool {
        policy.refusal(address.parse().expect("an address")).is_some()
    }

    #[test]
    fn the_world_is_always_allowed() {
        let strict = AddressPolicy { deny_private: true, allow: Vec::new() };
        for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(!refused(&strict, address), "{address}");
            assert!(!refused(&AddressPolicy::default(), address), "{address}");
        }
    }

    #[test]
    fn what_is_not_the_world_is_refused_when_wanted() {
        let strict = AddressPolicy { deny_private: true, allow: Vec::new() };
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "100::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "2001:0:808:808:0:0:80ff:fffe",
            "2001:db8:1:2:0:5efe:a00:1",
            "2606::5efe:a00:1",
        ] {
            assert!(refused(&strict, address), "{address}");
        }
    }

    #[test]
    fn metadata_is_refused_in_every_disguise_unless_named() {
        let open = AddressPolicy::default();
        for address in [
            "169.254.169.254",
            "fd00:ec2::254",
            "100.100.100.200",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "::169.254.169.254",
            "2001:0:a9fe:a9fe::1",
            "fe80::5efe:a9fe:a9fe",
        ] {
            assert!(refused(&open, address), "{address}");
        }
        assert!(!refused(&open, "127.0.0.1"));
        assert!(!refused(&open, "169.254.1.1"));
        let named = AddressPolicy { deny_private: true, allow: vec!["169.254.169.254/32".parse().expect("a network")] };
        assert!(!refused(&named, "169.254.169.254"));
        assert!(!refused(&named, "::ffff:169.254.169.254"));
        assert!(refused(&named, "169.254.169.253"));
    }

    #[test]
    fn named_networks_are_allowed() {
        let policy = AddressPolicy {
            deny_private: true,
            allow: vec!["127.0.0.0/8".parse().expect("a network"), "fd12::/16".parse().expect("a network")],
        };
        assert!(!refused(&policy, "127.0.0.5"));
        assert!(!refused(&policy, "::ffff:127.0.0.5"));
        assert!(!refused(&policy, "fd12::7"));
        assert!(refused(&policy, "10.0.0.1"));
        assert!(refused(&policy, "::1"));
    }
}
