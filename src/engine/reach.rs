//! Whom an address can belong to: a host on the internet, one nearby, this machine, or nobody.
//!
//! What DNS says of strangers may point anywhere, also into the network that asks. Judges addresses and no names.
//! RFC 6890; RFC 1918; RFC 6598; RFC 4193.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whom an address can belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A host on the internet.
    Public,
    /// A host in whatever private network one happens to be in (RFC 1918, RFC 6598, RFC 4193, link-local).
    Private,
    /// The machine itself: 127/8, 0/8, `::1`, `::`.
    Loopback,
    /// No single host at all: multicast, reserved.
    Nobody,
}

/// Who could be meant by an address.
pub fn reach(ip: IpAddr) -> Reach {
    match ip.to_canonical() {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) => reach_v6(ip),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    let [first, second, ..] = ip.octets();
    match (first, second) {
        (0 | 127, _) => Reach::Loopback,
        (224.., _) => Reach::Nobody,
        // RFC 6598: between a provider and its customers.
        (100, 64..128) => Reach::Private,
        _ if ip.is_private() || ip.is_link_local() => Reach::Private,
        _ => Reach::Public,
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    match ip {
        ip if ip.is_loopback() || ip.is_unspecified() => Reach::Loopback,
        ip if ip.is_multicast() => Reach::Nobody,
        ip if ip.is_unique_local() || ip.is_unicast_link_local() => Reach::Private,
        _ => Reach::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sorted_by_whom_they_reach() {
        for (ip, wanted) in [
            ("192.0.2.1", Reach::Public),
            ("2001:db8::1", Reach::Public),
            ("100.63.0.1", Reach::Public),
            ("100.64.0.1", Reach::Private),
            ("10.0.0.1", Reach::Private),
            ("172.31.255.255", Reach::Private),
            ("192.168.1.1", Reach::Private),
            ("169.254.1.1", Reach::Private),
            ("fd00::1", Reach::Private),
            ("fe80::1", Reach::Private),
            ("127.0.0.1", Reach::Loopback),
            ("127.255.0.1", Reach::Loopback),
            ("0.0.0.0", Reach::Loopback),
            ("::1", Reach::Loopback),
            ("::", Reach::Loopback),
            ("::ffff:127.0.0.1", Reach::Loopback),
            ("::ffff:10.0.0.1", Reach::Private),
            ("224.0.0.1", Reach::Nobody),
            ("255.255.255.255", Reach::Nobody),
            ("ff02::1", Reach::Nobody),
        ] {
            assert_eq!(reach(ip.parse().expect(ip)), wanted, "{ip}");
        }
    }
}
