//! Which addresses are everybody's: what a stranger names may lead into the network of whoever follows it.
//!
//! Asks nobody. RFC 6890 and the IANA registries of special-purpose addresses; RFC 6052, RFC 3056 for those within others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address can be anybody's on the Internet: not this machine, not a network behind a router, not a group.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        // Shared among those behind a provider's router (RFC 6598).
        || a == 100 && b & 0xc0 == 64
        || (a, b, c) == (192, 0, 0)
        // Benchmarks (RFC 2544).
        || a == 198 && b & 0xfe == 18
        // Groups, and what was never given out.
        || a >= 224;
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let within = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // Addresses of IPv4 in disguise.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] | [0, 0, 0, 0, 0, 0, high, low] => {
            within(high, low)
        }
        [0x64, 0xff9b, 1, ..] | [0x2001, 0xdb8, ..] | [0x3fff, ..] => false,
        // Teredo, whose ends are anybody's guess, and other protocols' own.
        [0x2001, second, ..] if second < 0x200 => false,
        // Only this much was given out for all.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_inside_is_not_public() {
        for (ip, wanted) in [
            ("1.1.1.1", true),
            ("198.17.0.1", true),
            ("172.32.0.1", true),
            ("100.128.0.1", true),
            ("2606:4700::1111", true),
            ("2001:470::1", true),
            ("64:ff9b::101:101", true),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("::ffff:10.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("2002:7f00:1::", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
        ] {
            assert_eq!(is_public(ip.parse().expect("an address")), wanted, "{ip}");
        }
    }
}
