//! Which addresses are meant: one, all of a domain, or those that look alike.
//!
//! `*` stands for any run of characters. Letters of either case are one: a rule that is about whom one may write to
//! must not be got around by capitals. Knows nothing of accounts. RFC 5321 §2.4, RFC 5233 §3 (`+detail`).

use crate::address::Address;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// `bob@hamburger.example`, `*@hamburger.example`, `alice+*@*.example`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a pattern: an `@` with something on both sides, or `*` for everybody.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let is_plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let parts = text.rsplit_once('@');
        let is_address = parts.is_some_and(|(local_part, domain)| !local_part.is_empty() && !domain.is_empty());
        (is_plain && (is_address || text == "*")).then_some(Self(text))
    }

    /// Whether the address is meant.
    pub fn matches(&self, address: &Address) -> bool {
        let ascii = address.to_ascii_domain();
        [address, &ascii]
            .iter()
            .any(|address| is_like(self.0.as_bytes(), address.to_string().to_lowercase().as_bytes()))
    }

    /// How much it leaves open: the less, the more exactly it was meant. One address leaves nothing open, part of the
    /// local parts of a domain less than all of them, one domain less than many.
    pub fn openness(&self) -> usize {
        let (local_part, domain) = self.0.rsplit_once('@').unwrap_or(("*", "*"));
        let domains = if domain.contains('*') { 4000 } else { 0 };
        let local_parts = if local_part == "*" { 2000 } else { 0 };
        match self.0.contains('*') {
            // No address is longer than this (RFC 5321 §4.5.3.1).
            true => domains + local_parts + 400_usize.saturating_sub(self.0.len()),
            false => 0,
        }
    }
}

/// Glob by looking back to the last star only: linear in practice, never exponential.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(octet) if text.get(t) == Some(octet) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|octet| *octet == b'*'))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || format!("{text:?} is no pattern of addresses; write bob@example.org, *@example.org or *");
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(wrong()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_case_for_nothing() {
        for (pattern, address, wanted) in [
            ("bob@hamburger.example", "bob@hamburger.example", true),
            ("Bob@Hamburger.example", "bOB@hamburger.example", true),
            ("bob@hamburger.example", "bobby@hamburger.example", false),
            ("bob@hamburger.example", "bob+x@hamburger.example", false),
            ("*@hamburger.example", "anybody@hamburger.example", true),
            ("*@hamburger.example", "anybody@kitchen.hamburger.example", false),
            ("*@hamburger.example", "anybody@nothamburger.example", false),
            ("*@*.hamburger.example", "anybody@kitchen.hamburger.example", true),
            ("*@*.hamburger.example", "anybody@hamburger.example", false),
            ("alice+*@crepes.example", "alice+list@crepes.example", true),
            ("alice+*@crepes.example", "alice@crepes.example", false),
            ("*", "anybody@anywhere.example", true),
            ("*@[192.0.2.1]", "root@[192.0.2.1]", true),
            ("*@xn--bcher-kva.example", "bob@bücher.example", true),
            ("*@bücher.example", "bob@bücher.example", true),
            ("*a*a*a*a*a*a*a*a*b@x.example", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x.example", false),
        ] {
            let read = Pattern::parse(pattern).expect(pattern);
            assert_eq!(read.matches(&Address::parse(address).expect(address)), wanted, "{pattern} {address}");
        }
        for bad in ["", "bob", "@", "bob@", "@hamburger.example", "bob @x", "bob\n@x", "**"] {
            assert_eq!(Pattern::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_says_more_leaves_less_open() {
        let order = [
            "bob@a.example",
            "bob+*@a.example",
            "b*@a.example",
            "*@kitchen.a.example",
            "*@a.example",
            "*@*.a.example",
            "*",
        ];
        let open = order.map(|text| Pattern::parse(text).expect(text).openness());
        assert!(open.is_sorted_by(|a, b| a < b), "{open:?}");
    }
}
