//! Whose key it is: all names that are on it, and who vouches for each of them.
//!
//! What is said of a signature names one of them and is sure of the key as if it were sure of that name. Yet whoever has
//! a key can put any name on it, beside the one that others vouch for; and many people have several addresses.
//! GnuPG's doc/DETAILS, "Format of the colon listings".

use super::{Signature, Trust, address_in};

/// A key and the names on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    fingerprint: String,
    names: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    text: String,
    trust: Trust,
}

impl Owner {
    /// Reads a listing of keys. Names that were revoked or have expired are none.
    pub fn read(listing: &[u8]) -> Vec<Self> {
        let text = String::from_utf8_lossy(listing);
        let mut owners: Vec<Self> = Vec::new();
        for line in text.lines() {
            let mut members = line.split(':');
            let (kind, validity) = (members.next().unwrap_or_default(), members.next().unwrap_or_default());
            let value = members.nth(7).unwrap_or_default();
            match (kind, owners.last_mut()) {
                ("pub" | "crt" | "crs", _) => owners.push(Self::default()),
                // Those of keys below it follow.
                ("fpr", Some(owner)) if owner.fingerprint.is_empty() => owner.fingerprint = value.to_owned(),
                ("uid", Some(owner)) => {
                    owner.names.extend(trust(validity).map(|trust| Name { text: unescape(value), trust }));
                }
                _ => {}
            }
        }
        owners
    }

    /// Tells a signature that was made with this key whose it is, above all whether that is the author; false if it was
    /// made with another key. In OpenPGP each name is vouched for by itself, a certificate is as a whole.
    pub fn signed(&self, signature: &mut Signature, author: Option<&str>, is_each: bool) -> bool {
        let made_with = signature.primary.as_ref().or(signature.fingerprint.as_ref());
        if made_with != Some(&self.fingerprint) {
            return false;
        }
        signature.addresses = Some(self.names.iter().filter_map(|name| address_in(&name.text)).collect());
        let of_author = |name: &&Name| author.map(str::to_lowercase).is_some_and(|a| address_in(&name.text) == Some(a));
        let of_signer = |name: &&Name| signature.signer.as_ref() == Some(&name.text);
        let name = self.names.iter().find(of_author).or_else(|| self.names.iter().find(of_signer));
        if let Some(name) = name.filter(|_| is_each) {
            (signature.signer, signature.trust) = (Some(name.text.clone()), name.trust);
        }
        true
    }
}

/// Who vouches for a name; none if it is none any more.
fn trust(validity: &str) -> Option<Trust> {
    Some(match validity.chars().next() {
        Some('i' | 'd' | 'r' | 'e') => return None,
        Some('u') => Trust::Ultimate,
        Some('f') => Trust::Full,
        Some('m') => Trust::Marginal,
        Some('n') => Trust::Never,
        _ => Trust::Undefined,
    })
}

/// `\x3a` and the like.
fn unescape(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        octets.extend_from_slice(&rest.as_bytes()[..at]);
        let octet = rest.get(at + 2..at + 4).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(octet.unwrap_or(b'\\'));
        rest = &rest[at + if octet.is_some() { 4 } else { 1 }..];
    }
    octets.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;
    use proptest::prelude::*;

    /// As gpg 2.2 lists it; one name is good, one was revoked, and one nobody vouches for.
    const LISTING: &str = "tru::1:1795318898:1795491698:3:1:5\n\
        pub:f:255:22:6AE782B3A8130948:1795318898:1795491698::-:::scESC:::::ed25519:::0:\n\
        fpr:::::::::82A2B69189E0CC13BD8CE02E6AE782B3A8130948:\n\
        uid:-::::1795318898::818C::Alice <alice@crepes.example>::::::::::0:\n\
        uid:f::::1795318898::7E00::Eve\\x3a x <Eve@evil.example>::::::::::0:\n\
        uid:r::::1795318898::7E00::Eve <eve@old.example>::::::::::0:\n\
        sub:u:255:18:1B46447DD96C0BE5:1795318898:1795491698:::::e:::::cv25519::\n\
        fpr:::::::::A7C33386A0ADA7BA8482BB971B46447DD96C0BE5:\n";
    const STATUS: &str = "[GNUPG:] GOODSIG 6AE782B3A8130948 Alice <alice@crepes.example>\n\
        [GNUPG:] VALIDSIG 82A2B69189E0CC13BD8CE02E6AE782B3A8130948 2026-11-22 1795318901 0 4 0 22 8 00 82A2B69189E0CC13BD8CE02E6AE782B3A8130948\n\
        [GNUPG:] TRUST_FULLY 0 pgp\n";

    #[test]
    fn a_name_is_as_good_as_those_who_vouch_for_it_and_not_as_its_key() {
        let owners = Owner::read(LISTING.as_bytes());
        assert_eq!(owners.len(), 1);
        for (author, signer, trust, is_named) in [
            ("Alice@crepes.example", "Alice <alice@crepes.example>", Trust::Undefined, true),
            ("eve@evil.example", "Eve: x <Eve@evil.example>", Trust::Full, true),
            ("eve@old.example", "Alice <alice@crepes.example>", Trust::Undefined, false),
        ] {
            let mut signature = Outcome::read(STATUS.as_bytes()).signatures.remove(0);
            assert_eq!(signature.trust, Trust::Full);
            assert!(owners[0].signed(&mut signature, Some(author), true));
            assert_eq!((signature.signer.as_deref(), signature.trust), (Some(signer), trust), "{author}");
            assert_eq!(signature.names(author), Some(is_named), "{author}");
        }
        let other = &Owner::read(LISTING.replace("82A2B691", "00000000").as_bytes())[0];
        assert!(!other.signed(&mut Outcome::read(STATUS.as_bytes()).signatures[0], None, true));
    }

    #[test]
    fn a_certificate_names_its_owner_beside_its_subject() {
        let listing = "crt::2048:1:4657A5C67C61194F:20261122T034140:20261124T034140:34F92B47::CN=Test CA::esES::::::23:\n\
            fpr:::::::::BF769F5564BEF00B81E983F14657A5C67C61194F:::2EE982D8BDE0FF25F5443A34962526BDEABDC282:\n\
            uid:::::::::CN=Alice::\nuid:::::::::<alice@crepes.example>::\n";
        let status = "[GNUPG:] GOODSIG BF769F5564BEF00B81E983F14657A5C67C61194F /CN=Alice\n\
            [GNUPG:] VALIDSIG BF769F5564BEF00B81E983F14657A5C67C61194F 2026-11-22 20261122T034141 20261124T034139 0 0 1 8 00\n\
            [GNUPG:] TRUST_FULLY 0 shell\n";
        let mut signature = Outcome::read(status.as_bytes()).signatures.remove(0);
        assert_eq!(signature.names("alice@crepes.example"), None);
        assert!(Owner::read(listing.as_bytes())[0].signed(&mut signature, Some("alice@crepes.example"), false));
        assert_eq!(signature.names("alice@crepes.example"), Some(true));
        assert_eq!((signature.signer.as_deref(), signature.trust), (Some("/CN=Alice"), Trust::Full));
    }

    proptest! {
        #[test]
        fn no_listing_makes_the_reader_panic(text in "((pub|uid|fpr):[a-z]?:::::::(:|\\\\x[0-9a-fé]{0,3}){0,5}\n|x){0,9}") {
            Owner::read(text.as_bytes());
        }
    }
}
