//! Trust anchors: the keys that are trusted without anybody vouching for them.
//!
//! Those of the root are built in, as digests from <https://data.iana.org/root-anchors/root-anchors.xml>. Others are read
//! from text as zone files have it, with DS or DNSKEY records, one a line or in parentheses; the `trust-anchor-file` of
//! unbound and the output of `dig DNSKEY` are such texts. RFC 4033 §3.1; RFC 7958 §2.1.3; RFC 1035 §5.1.

use super::algorithm::{is_digest_supported, is_supported};
use super::delegation::Voucher;
use super::name;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKey, PublicKeyBuf};
use hickory_proto::rr::Name;

/// KSK-2017, valid from 2017-02-02, and KSK-2024, valid from 2024-07-18.
const ROOT: &str = "\
. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
";

/// More than this in one file is no file of trust anchors.
const ANCHORS_MAX: usize = 256;
/// The same, in octets.
const SIZE_MAX: usize = 1 << 20;

/// What is trusted, by zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchors(Vec<(Name, Voucher)>);

/// Why a text has no trust anchors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnchors {
    /// A line cannot be read.
    #[error("line {line}: {reason}")]
    Line {
        /// Which one, counted from one.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is nothing in it.
    #[error("no DS or DNSKEY record in it")]
    Empty,
    /// There is something in it, and nothing that counts.
    #[error(
        "none of its keys can be used: their algorithms, or the digests of them, are not known here, or out of use"
    )]
    Useless,
    /// There is too much in it.
    #[error("too long for a file of trust anchors: {ANCHORS_MAX} records in a mebibyte are read")]
    TooLong,
}

impl Anchors {
    /// The keys of the root zone, by IANA.
    pub fn iana() -> Self {
        Self::parse(ROOT).expect("what is built in is tested")
    }

    /// Reads DS and DNSKEY records; records of other types are passed over.
    pub fn parse(text: &str) -> Result<Self, NoAnchors> {
        let mut found = Vec::new();
        if text.len() > SIZE_MAX {
            return Err(NoAnchors::TooLong);
        }
        for (line, words) in entries(text)? {
            match record(&words) {
                Ok(Some(_)) if found.len() == ANCHORS_MAX => return Err(NoAnchors::TooLong),
                Ok(record) => found.extend(record),
                Err(reason) => return Err(NoAnchors::Line { line, reason }),
            }
        }
        match () {
            () if found.is_empty() => Err(NoAnchors::Empty),
            // RFC 4035 §5.2 makes a zone of such keys an unsigned one; whoever names them did not mean that.
            () if !found.iter().any(|(_, voucher)| is_usable(voucher)) => Err(NoAnchors::Useless),
            () => Ok(Self(found)),
        }
    }

    /// The zones of which keys are trusted; one stands there several times if several of its keys are.
    pub fn zones(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|(zone, _)| zone)
    }

    /// The deepest zone at or above a name of which keys are trusted.
    pub(super) fn above(&self, wanted: &Name) -> Option<&Name> {
        let zones = self.0.iter().map(|(zone, _)| zone).filter(|zone| zone.zone_of(wanted));
        zones.max_by_key(|zone| name::depth(zone))
    }

    /// What is trusted of a zone.
    pub(super) fn of(&self, wanted: &Name) -> Vec<Voucher> {
        self.0.iter().filter(|(zone, _)| zone == wanted).map(|(_, voucher)| voucher.clone()).collect()
    }
}

/// Whether signatures can be checked by a key.
fn is_usable(voucher: &Voucher) -> bool {
    match voucher {
        Voucher::Digest(digest) => is_supported(digest.algorithm()) && is_digest_supported(digest.digest_type()),
        Voucher::Key(key) => is_supported(PublicKey::algorithm(key.public_key())),
    }
}

/// Whether a comment says that nobody trusts the key on its line (yet, or any more): unbound keeps the states of RFC 5011
/// §4 so, of which 2 (valid) and 3 (missing) are trusted.
fn is_set_aside(line: &str) -> bool {
    let state = line.split_once(";;state=").and_then(|(_, state)| state.trim_start().chars().next());
    state.is_some_and(|state| !matches!(state, '2' | '3'))
}

/// Records as words, with the number of their first line: without comments, and with lines in parentheses joined.
fn entries(text: &str) -> Result<Vec<(usize, Vec<&str>)>, NoAnchors> {
    let mut entries: Vec<(usize, Vec<&str>)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        if is_set_aside(line) && !open {
            continue;
        }
        // No data of these records has a semicolon in it.
        let mut rest = line.split(';').next().unwrap_or(line);
        if !open {
            entries.push((at + 1, Vec::new()));
        }
        let Some((_, words)) = entries.last_mut() else { continue };
        while let Some(end) = rest.find(['(', ')']) {
            words.extend(rest[..end].split_ascii_whitespace());
            if open == (rest.as_bytes()[end] == b'(') {
                return Err(NoAnchors::Line { line: at + 1, reason: "parentheses do not match" });
            }
            open = !open;
            rest = &rest[end + 1..];
        }
        words.extend(rest.split_ascii_whitespace());
    }
    match open {
        true => Err(NoAnchors::Line { line: text.lines().count(), reason: "a parenthesis is not closed" }),
        false => Ok(entries),
    }
}

/// `owner [TTL] [class] type data`, TTL and class in either order; none if it is of another type, or a directive.
fn record(words: &[&str]) -> Result<Option<(Name, Voucher)>, &'static str> {
    let Some((owner, rest)) = words.split_first().filter(|(owner, _)| !owner.starts_with('$')) else {
        return Ok(None);
    };
    let mut rest = rest;
    while let Some((word, behind)) = rest.split_first() {
        let is_ttl = word.starts_with(|first: char| first.is_ascii_digit());
        if !is_ttl && !word.eq_ignore_ascii_case("IN") {
            break;
        }
        rest = behind;
    }
    let (kind, data) = rest.split_first().ok_or("a record has a type")?;
    let mut owner = Name::from_ascii(owner).map_err(|_| "its owner is no domain name")?;
    owner.set_fqdn(true);
    let voucher = match kind.to_ascii_uppercase().as_str() {
        "DS" => digest(data).map(Voucher::Digest),
        "DNSKEY" => key(data).map(Voucher::Key),
        _ => return Ok(None),
    };
    voucher.map(|voucher| Some((owner, voucher)))
}

/// RFC 4034 §5.3: tag, algorithm, sort of digest, digest.
fn digest(data: &[&str]) -> Result<DS, &'static str> {
    let [tag, algorithm, sort, digits @ ..] = data else { return Err("a DS record has four parts") };
    let tag = tag.parse().map_err(|_| "a key tag is a number below 65536")?;
    let algorithm = Algorithm::from_u8(algorithm.parse().map_err(|_| "an algorithm is a number below 256")?);
    let sort: u8 = sort.parse().map_err(|_| "a digest type is a number below 256")?;
    let digest = unhex(&digits.concat()).ok_or("a digest consists of pairs of hexadecimal digits")?;
    let length = match sort {
        1 => 20,
        2 => 32,
        4 => 48,
        _ => digest.len(),
    };
    if digest.is_empty() || digest.len() != length {
        return Err("the digest is of another length than its type");
    }
    Ok(DS::new(tag, algorithm, DigestType::from(sort), digest))
}

/// RFC 4034 §2.2: flags, protocol, algorithm, key.
fn key(data: &[&str]) -> Result<DNSKEY, &'static str> {
    let [flags, "3", algorithm, digits @ ..] = data else {
        return Err("a DNSKEY record has four parts, the second is 3");
    };
    let flags: u16 = flags.parse().map_err(|_| "flags are a number below 65536")?;
    let algorithm = Algorithm::from_u8(algorithm.parse().map_err(|_| "an algorithm is a number below 256")?);
    let key = BASE64_STANDARD.decode(digits.concat()).ok().filter(|key| !key.is_empty());
    let key = key.ok_or("a key is written in base64")?;
    let key = DNSKEY::with_flags(flags, PublicKeyBuf::new(key, algorithm));
    if !key.zone_key() || key.revoke() {
        return Err("it is no key of a zone, or it is revoked");
    }
    Ok(key)
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some(value(*pair.first()?)? << 4 | value(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KSK-2017, as the root zone shows it.
    const KSK_2017: &str = "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7S\
        WXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK\
        /b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555\
        KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=";
    /// KSK-2024.
    const KSK_2024: &str = "AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyGwCJNnOAlFNKF2jBosZBU5eeHsp\
        aQWOmOElZsjICMQMC3aeHbGiShvZsx4wMYSjH8e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qyJNg/wOZqqzL/dL/q8PkcR\
        U5oUKEpUge71M3ej2/7CPqpdVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGOHOijtzN+u1TQNatX2XBuzZNQ1K+s2CXkPIZo7s6JgZyvaBevYtxPvYLw\
        4z9mR7K2vaF18UYH9Z9GNUUeayffKC73PYc=";

    #[test]
    fn the_digests_that_are_built_in_are_those_of_the_keys_of_the_root() {
        let digests = Anchors::iana();
        let text = format!(". 172800 IN DNSKEY 257 3 8 {KSK_2017}\n. IN 3600 dnskey 257 3 8 {KSK_2024} ; new\n");
        let keys = Anchors::parse(&text).unwrap();
        for ((zone, digest), (_, key)) in digests.0.iter().zip(&keys.0) {
            let (Voucher::Digest(digest), Voucher::Key(key)) = (digest, key) else { panic!("one of each") };
            assert!(zone.is_root());
            assert_eq!(key.calculate_key_tag().unwrap(), digest.key_tag());
            assert!(digest.covers(zone, key).unwrap(), "{}", digest.key_tag());
        }
        assert_eq!(digests.0.len(), 2);
    }

    #[test]
    fn texts_of_other_programs_are_read() {
        let digest = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
        for (text, wanted) in [
            (format!(". DS 20326 8 2 {digest}"), 1),
            (
                format!("; comment\n\n.\t3600\tIN\tDS\t20326 8 2 (\n {} ; half\n {} )\n", &digest[..30], &digest[30..]),
                1,
            ),
            (format!("$ORIGIN .\n. IN 1h DS 20326 8 2 {}\nexample. IN NS a.example.\n", digest.to_lowercase()), 1),
            (format!("example IN DS 1 13 2 {digest}\nexample. IN DS 2 13 2 {digest}\n"), 2),
            (format!(". IN DS 1 200 200 {digest}\n. IN DS 2 13 2 {digest}"), 2),
            // As unbound keeps keys that it follows.
            (
                format!(
                    "; autotrust trust anchor file\n;;id: . 1\n. 86400 IN DNSKEY 257 3 8 {KSK_2017} ;{{id = 20326 (ksk), \
                     size = 2048b}} ;;state=2 [  VALID  ] ;;count=0\n. 86400 IN DNSKEY 257 3 8 {KSK_2024} ;{{id = 38696}} \
                     ;;state=1 [ ADDPEND ] ;;count=3\n"
                ),
                1,
            ),
        ] {
            assert_eq!(Anchors::parse(&text).map(|found| found.0.len()), Ok(wanted), "{text}");
        }
        assert_eq!(Anchors::parse(&format!(". IN DS 1 200 200 {digest}")), Err(NoAnchors::Useless));
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        let digest = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
        for (text, line) in [
            (". IN DS 20326 8 2".to_owned(), 1),
            (format!("\n. IN DS 20326 8 2 {}", &digest[1..]), 2),
            (format!(". IN DS 20326 8 1 {digest}"), 1),
            (format!(". IN DS 70000 8 2 {digest}"), 1),
            (format!(". IN DS 20326 8 2 {}x", &digest[1..]), 1),
            (format!(". IN DS 20326 8 2 {}é", &digest[2..]), 1),
            (format!(". IN DS ( 20326 8 2 {digest}"), 1),
            (format!(". IN DS 20326 8 2 {digest} )\n"), 1),
            (format!(". IN DS ((20326 8 2 {digest}))"), 1),
            (". IN DNSKEY 257 3 8 !!!!".to_owned(), 1),
            (". IN DNSKEY 257 2 8 AwEAAQ==".to_owned(), 1),
            (". IN DNSKEY 385 3 8 AwEAAQ==".to_owned(), 1),
            (". IN DNSKEY 1 3 8 AwEAAQ==".to_owned(), 1),
            (format!("{}. IN DS 20326 8 2 {digest}", "a".repeat(64)), 1),
            (". IN".to_owned(), 1),
        ] {
            let Err(NoAnchors::Line { line: found, .. }) = Anchors::parse(&text) else { panic!("{text} is read") };
            assert_eq!(found, line, "{text}");
        }
        assert_eq!(Anchors::parse(""), Err(NoAnchors::Empty));
        assert_eq!(Anchors::parse("example. IN NS a.example."), Err(NoAnchors::Empty));
        assert_eq!(Anchors::parse(&format!(". DS 1 8 2 {digest}\n").repeat(257)), Err(NoAnchors::TooLong));
    }

    #[test]
    fn the_deepest_zone_that_is_trusted_counts() {
        let digest = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
        let anchors = Anchors::parse(&format!("example. DS 1 8 2 {digest}\na.example. DS 1 8 2 {digest}")).unwrap();
        for (wanted, above) in [("x.a.example.", Some("a.example.")), ("b.example.", Some("example.")), ("test.", None)]
        {
            let above = above.map(|above| Name::from_ascii(above).unwrap());
            assert_eq!(anchors.above(&Name::from_ascii(wanted).unwrap()), above.as_ref());
        }
    }
}
