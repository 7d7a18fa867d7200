//! Which addresses are meant: one, all of a domain, or those that look alike.
//!
//! `*` stands for any run of characters. Letters of either case are one: a rule that is about whom one may write to
//! must not be got around by capitals. Knows nothing of accounts. RFC 5321 §2.4, RFC 5233 §3 (`+detail`).

use crate::address::{Address, Domain};
use crate::message::wildcard::is_like;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// `bob@hamburger.example`, `*@hamburger.example`, `alice+*@*.example`, `ops-?@hamburger.example`, `hamburger.example`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// As it was written, in lower case.
    text: String,
    local: String,
    domain: String,
}

impl Pattern {
    /// Reads a pattern: an `@` with something on both sides, or the domain alone, which means all of it.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@').unwrap_or(("*", text));
        if local.is_empty() || domain.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return None;
        }
        let domain = match domain.contains(['*', '?']) {
            false => Domain::parse(domain).ok()?.to_ascii().to_string(),
            // Labels that are written out may be beyond ASCII beside those that are not.
            true => domain.split('.').map(label).collect::<Option<Vec<_>>>()?.join("."),
        };
        Some(Self { text: text.to_lowercase(), local: local.to_lowercase(), domain: domain.to_lowercase() })
    }

    /// Whether the address is meant.
    pub fn matches(&self, address: &Address) -> bool {
        let domain = address.domain().to_ascii().to_string().to_lowercase();
        is_like(&self.local, &address.local_part().to_lowercase()) && is_like(&self.domain, &domain)
    }

    /// How much it leaves open: the less, the more exactly it was meant. One address leaves nothing open, part of the
    /// local parts of a domain less than all of them, one domain less than many.
    pub fn openness(&self) -> usize {
        let is_open = |part: &str| part.contains(['*', '?']);
        let domains = if is_open(&self.domain) { 4000 } else { 0 };
        let local_parts = if self.local == "*" { 2000 } else { 0 };
        match is_open(&self.local) || is_open(&self.domain) {
            // No address is longer than this (RFC 5321 §4.5.3.1).
            true => domains + local_parts + 400_usize.saturating_sub(self.text.len()),
            false => 0,
        }
    }
}

fn label(label: &str) -> Option<String> {
    match label.contains(['*', '?']) {
        true => label.is_ascii().then(|| label.to_owned()),
        false => Some(Domain::parse(label).ok()?.to_ascii().to_string()),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
        for bad in ["", "@", "bob@", "@hamburger.example", "bob @x", "bob\n@x"] {
            assert_eq!(Pattern::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn patterns_match_whole_addresses_without_regard_to_case_or_label_form() {
        for (pattern, address, wanted) in [
            ("*@example.org", "bob@example.org", true),
            ("*@example.org", "Bob@EXAMPLE.org", true),
            ("*@example.org", "bob@mail.example.org", false),
            ("*@example.org", "bob@example.org.evil.example", false),
            ("*@example.org", "bob@notexample.org", false),
            ("example.org", "bob@example.org", true),
            ("example.org", "bob@mail.example.org", false),
            ("*@*.example.org", "bob@a.b.example.org", true),
            ("*@*.example.org", "bob@example.org", false),
            ("ops-?@example.org", "ops-1@example.org", true),
            ("ops-?@example.org", "ops-12@example.org", false),
            ("BOB@example.org", "bob@example.org", true),
            ("bob@example.org", "bobby@example.org", false),
            ("*@exämple.org", "bob@xn--exmple-cua.org", true),
            ("*@xn--exmple-cua.org", "bob@exämple.org", true),
            ("*@*.exämple.org", "bob@mail.xn--exmple-cua.org", true),
            ("jürgen@example.org", "JÜRGEN@example.org", true),
            ("*@[192.0.2.1]", "bob@[192.0.2.1]", true),
            ("*@example.org", "\"x@example.org\"@evil.example", false),
            ("*a*b*@example.org", "xaxxbx@example.org", true),
            ("*a*b*@example.org", "xbxxax@example.org", false),
            ("*", "bob@example.org", true),
        ] {
            let address = Address::parse(address).expect(address);
            assert_eq!(Pattern::parse(pattern).expect(pattern).matches(&address), wanted, "{pattern} {address}");
        }
        for bad in ["", "@", "bob@", "@example.org", "a b@example.org", "*@exa mple.org", "bob@-..", "bob@ä*.org"] {
            assert!(Pattern::parse(bad).is_none(), "{bad}");
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
