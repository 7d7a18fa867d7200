//! What a signature says of itself, before anybody looks whether it is true.
//!
//! `DKIM-Signature`, and `ARC-Message-Signature`, which differs by its version and by what `i=` means.
//! RFC 6376 §3.5, §6.1.1; RFC 8617 §4.1.2.

use super::canon::Canon;
use super::tags::Tags;
use idna::domain_to_ascii;

/// Which field a signature stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Form {
    /// `DKIM-Signature`
    Dkim,
    /// `ARC-Message-Signature`
    Arc,
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `rsa-sha256`
    RsaSha256,
    /// `rsa-sha1`, which proves nothing any more.
    RsaSha1,
    /// `ed25519-sha256`
    Ed25519Sha256,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::RsaSha256, Self::RsaSha1, Self::Ed25519Sha256];

    /// The name in `a=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::RsaSha1 => "rsa-sha1",
            Self::Ed25519Sha256 => "ed25519-sha256",
        }
    }

    pub(in crate::policy) fn parse(tags: &Tags) -> Result<Self, String> {
        let name = tags.get("a").ok_or("a= is missing")?;
        let known = Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name));
        known.ok_or(format!("the algorithm {name} is unknown"))
    }
}

/// Whose key it is and where that is published: what every kind of signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Signer {
    /// `d=`, as people read it.
    pub(in crate::policy) domain: String,
    /// `s=`
    pub(in crate::policy) selector: String,
    /// The name of the key's record.
    pub(in crate::policy) record: String,
}

impl Signer {
    pub(in crate::policy) fn parse(tags: &Tags) -> Result<Self, String> {
        let name = |tag: &str| {
            let value = tags.get(tag).filter(|value| !value.is_empty()).ok_or(format!("{tag}= is missing"))?;
            // RFC 8616 §4: names may be written as people read them.
            let ascii = domain_to_ascii(value).map_err(|_| format!("{tag}= is no name"))?;
            let is_label = |label: &str| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
            };
            let is_name = ascii.len() <= 253 && ascii.split('.').all(is_label);
            is_name.then_some((value.to_lowercase(), ascii)).ok_or(format!("{tag}= is no name"))
        };
        let ((domain, ascii), (selector, ascii_selector)) = (name("d")?, name("s")?);
        Ok(Self { domain, selector, record: format!("{ascii_selector}._domainkey.{ascii}") })
    }
}

/// A signature over header fields and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Signature {
    pub(in crate::policy) signer: Signer,
    pub(super) algorithm: Algorithm,
    /// `i=`: on whose behalf.
    pub(super) identity: String,
    pub(super) header: Canon,
    pub(super) body: Canon,
    pub(super) body_hash: Vec<u8>,
    /// Names of fields, in lower case.
    pub(super) signed: Vec<String>,
    /// How many octets of the body are signed.
    pub(super) length: Option<u64>,
    pub(super) made: Option<u64>,
    pub(super) expires: Option<u64>,
    pub(super) value: Vec<u8>,
}

impl Signature {
    /// Reads the tags of a signature.
    pub(super) fn parse(tags: &Tags, form: Form) -> Result<Self, String> {
        let signer = Signer::parse(tags)?;
        match (form, tags.get("v")) {
            // RFC 8617 §4.1.2: a version there says nothing.
            (Form::Dkim, Some("1")) | (Form::Arc, _) => {}
            (Form::Dkim, _) => return Err("v= is not 1".to_owned()),
        }
        let octets = |name: &str| tags.octets(name).filter(|octets| !octets.is_empty());
        let signed = tags.list("h").filter(|names| !names.is_empty()).ok_or("h= is missing")?;
        // RFC 6376 §5.4: a signature that leaves out whose message it is vouches for nobody.
        if !signed.iter().any(|name| name == "from") {
            return Err("From is not signed".to_owned());
        }
        if tags.list("q").is_some_and(|ways| !ways.iter().any(|way| way == "dns/txt")) {
            return Err("the key is published in a way that is unknown".to_owned());
        }
        let (header, body) = Canon::parse_pair(tags.get("c")).ok_or("c= is unknown")?;
        let identity = match form {
            Form::Dkim => tags.get("i").map_or_else(|| format!("@{}", signer.domain), str::to_owned),
            Form::Arc => String::new(),
        };
        if form == Form::Dkim && !is_below(&identity, &signer.domain) {
            return Err("i= is not in the domain of d=".to_owned());
        }
        let (made, expires) = (tags.number("t")?, tags.number("x")?);
        if made.zip(expires).is_some_and(|(made, expires)| expires <= made) {
            return Err("it expires before it was made".to_owned());
        }
        Ok(Self {
            algorithm: Algorithm::parse(tags)?,
            identity,
            header,
            body,
            body_hash: octets("bh").ok_or("bh= is missing or not base64")?,
            signed,
            length: tags.number("l")?,
            made,
            expires,
            value: octets("b").ok_or("b= is missing or not base64")?,
            signer,
        })
    }

    /// Whether the identity is in the signing domain itself, as a key with `t=s` demands.
    pub(super) fn is_of_domain_itself(&self) -> bool {
        domain_of(&self.identity).is_none_or(|domain| ascii(domain) == ascii(&self.signer.domain))
    }
}

fn domain_of(identity: &str) -> Option<&str> {
    identity.rsplit_once('@').map(|(_, domain)| domain)
}

/// A domain as DNS has it: what is compared, since it may be written in two ways (RFC 8616 §4).
pub(super) fn ascii(domain: &str) -> String {
    domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase())
}

/// Whether an identity is in the domain or in one below it.
fn is_below(identity: &str, domain: &str) -> bool {
    let Some(host) = domain_of(identity).map(ascii) else { return false };
    host.strip_suffix(ascii(domain).as_str()).is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// A signature's field without the value of `b=`, as it was when the signature was made (RFC 6376 §3.7).
pub(in crate::policy) fn without_value(field: &[u8]) -> Vec<u8> {
    let colon = memchr::memchr(b':', field).map_or(0, |at| at + 1);
    let mut out = Vec::with_capacity(field.len());
    out.extend_from_slice(&field[..colon]);
    for (index, tag) in field[colon..].split(|octet| *octet == b';').enumerate() {
        if index > 0 {
            out.push(b';');
        }
        let equals = memchr::memchr(b'=', tag).filter(|at| tag[..*at].trim_ascii() == b"b");
        out.extend_from_slice(equals.map_or(tag, |at| &tag[..=at]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "v=1; a=rsa-sha256; d=crepes.example; s=key1; h=from:to; bh=AAAA; b=AAAA";

    fn read(list: &str) -> Result<Signature, String> {
        Signature::parse(&Tags::parse(list.as_bytes())?, Form::Dkim)
    }

    #[test]
    fn a_signature_says_what_it_covers() {
        let good = read(GOOD).expect("a signature");
        assert_eq!((good.header, good.body, good.identity.as_str()), (Canon::Simple, Canon::Simple, "@crepes.example"));
        assert_eq!(good.signer.record, "key1._domainkey.crepes.example");
        let idn = read("v=1; a=rsa-sha256; d=bücher.example; s=k; h=from; bh=AAAA; b=AAAA").expect("a signature");
        assert_eq!(idn.signer.record, "k._domainkey.xn--bcher-kva.example");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        for (from, to, why) in [
            ("v=1; ", "", "v= is not 1"),
            ("v=1", "v=2", "v= is not 1"),
            ("rsa-sha256", "rsa-md5", "the algorithm rsa-md5 is unknown"),
            ("d=crepes.example; ", "", "d= is missing"),
            ("d=crepes.example", "d=crepes..example", "d= is no name"),
            ("s=key1", "s=a b", "s= is no name"),
            ("s=key1", "s=x.evil.example.", "s= is no name"),
            ("h=from:to", "h=to:subject", "From is not signed"),
            ("h=from:to; ", "", "h= is missing"),
            ("bh=AAAA", "bh=", "bh= is missing or not base64"),
            ("; b=AAAA", "; b=A!AA", "b= is missing or not base64"),
            ("h=from:to", "h=from:to; c=nofws", "c= is unknown"),
            ("h=from:to", "h=from:to; i=@evil.example", "i= is not in the domain of d="),
            ("h=from:to", "h=from:to; i=@evilcrepes.example", "i= is not in the domain of d="),
            ("h=from:to", "h=from:to; t=9; x=9", "it expires before it was made"),
            ("h=from:to", "h=from:to; l=-1", "l= is not a number"),
            ("h=from:to", "h=from:to; q=http", "the key is published in a way that is unknown"),
        ] {
            let list = GOOD.replace(from, to);
            assert_eq!(read(&list).expect_err(&list), why);
        }
        assert!(read(&GOOD.replace("h=from:to", "h=from:to; i=a@mail.crepes.example")).is_ok());
        let idn = GOOD.replace("crepes.example", "bücher.example; i=@mail.xn--bcher-kva.example");
        assert!(read(&idn).is_ok_and(|signature| !signature.is_of_domain_itself()));
    }

    #[test]
    fn a_servers_signature_may_bear_a_version_and_has_to_name_the_author() {
        let read = |list: &str| Signature::parse(&Tags::parse(list.as_bytes())?, Form::Arc);
        assert!(read(GOOD).is_ok() && read(&GOOD.replace("v=1; ", "")).is_ok());
        assert_eq!(read(&GOOD.replace("from:", "")).expect_err("nobody"), "From is not signed");
    }

    #[test]
    fn only_the_value_of_the_signature_is_taken_out() {
        for (field, wanted) in [
            ("DKIM-Signature: v=1; b=ab\r\n c=; bh=xx", "DKIM-Signature: v=1; b=; bh=xx"),
            ("dkim-signature:b = ab", "dkim-signature:b ="),
            ("X: bb=1; B=2;\r\n b=3\r\n", "X: bb=1; B=2;\r\n b="),
            ("X: a", "X: a"),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_value(field.as_bytes())), wanted);
        }
    }
}
