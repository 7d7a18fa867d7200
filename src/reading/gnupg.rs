//! What `gpg` and `gpgsm` say for programs: lines of status, one after the other.
//!
//! A signature is not good or bad only: by which key, whose that is said to be and who vouches for that, when it was made,
//! and whether the key was good then. Reads what came; runs nothing.
//! GnuPG's doc/DETAILS, "Format of the --status-fd output".

mod owner;

use crate::world::Timestamp;
pub use owner::Owner;

/// Signatures of one run that are told.
const SIGNATURES_MAX: usize = 100;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Signatures, in their order.
    pub signatures: Vec<Signature>,
    /// Whether all of it was decrypted, and nobody changed it since it was encrypted.
    pub is_decrypted: bool,
    /// Texts that came out. More than one means that several messages were glued together, and a signature says
    /// nothing about which.
    pub plaintexts: usize,
    /// Keys to which it is encrypted and that are not here.
    pub missing_keys: Vec<String>,
    /// There was nothing to work on.
    pub has_no_data: bool,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// What came of it.
    pub verdict: Verdict,
    /// The short name of the key.
    pub key_id: Option<String>,
    /// The whole fingerprint of the key that signed.
    pub fingerprint: Option<String>,
    /// The fingerprint of the key to which that one belongs.
    pub primary: Option<String>,
    /// Whose key it says it is.
    pub signer: Option<String>,
    /// The addresses in all names that are on the key and good; none if nobody looked.
    pub addresses: Option<Vec<String>>,
    /// When the signature was made.
    pub made: Option<Timestamp>,
    /// Who vouches that the key is that person's.
    pub trust: Trust,
}

/// What came of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Nothing was said about it.
    #[default]
    Unknown,
    /// It is good.
    Good,
    /// It is good and has expired.
    Expired,
    /// It is good, and the key has expired.
    KeyExpired,
    /// It is good, and the key was revoked.
    KeyRevoked,
    /// It is wrong: something was changed.
    Bad,
    /// The key is not here.
    NoKey,
    /// It cannot be verified.
    Failed,
}

/// How sure it is whose key that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Nothing was said about it.
    #[default]
    Unsaid,
    /// Nobody vouches for it.
    Undefined,
    /// The user does not believe it.
    Never,
    /// Some do.
    Marginal,
    /// Somebody who is trusted does.
    Full,
    /// It is the user's own.
    Ultimate,
}

impl Verdict {
    /// A word for programs and a sentence for people.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unknown => ("unknown", "nothing was said about the signature"),
            Self::Good => ("good", "the signature is good"),
            Self::Expired => ("expired", "the signature was good and has expired"),
            Self::KeyExpired => ("key-expired", "the signature is good, but its key has expired"),
            Self::KeyRevoked => ("key-revoked", "the signature is good, but its key was revoked"),
            Self::Bad => {
                ("bad", "the signature is wrong: what it is about was changed, or it belongs to something else")
            }
            Self::NoKey => ("no-key", "the key to verify the signature is not here"),
            Self::Failed => ("failed", "the signature cannot be verified"),
        }
    }
}

impl Trust {
    /// A word for programs and a sentence for people.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unsaid => ("unsaid", "nothing is known about whose key it is"),
            Self::Undefined => ("undefined", "nobody vouches that the key belongs to that name"),
            Self::Never => ("never", "the key is marked as not to be trusted"),
            Self::Marginal => ("marginal", "somebody half trusted vouches that the key belongs to that name"),
            Self::Full => ("full", "the key is known to belong to that name"),
            Self::Ultimate => ("ultimate", "the key is one of your own"),
        }
    }
}

impl Signature {
    /// Whether the key that signed is here.
    pub fn has_key(&self) -> bool {
        matches!(self.verdict, Verdict::Good | Verdict::Expired | Verdict::KeyExpired | Verdict::KeyRevoked)
    }

    /// Whether the address stands in a name of the key. None if the key names no address at all.
    pub fn names(&self, address: &str) -> Option<bool> {
        let of_signer = || self.signer.as_deref().and_then(address_in).into_iter().collect();
        let named: Vec<String> = self.addresses.clone().unwrap_or_else(of_signer);
        (!named.is_empty()).then(|| named.contains(&address.to_lowercase()))
    }
}

/// The address in a name of a key.
fn address_in(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    // In a certificate it is a member of a name: `/CN=Alice/EMail=alice@crepes.example`.
    if name.starts_with('/') {
        return name.split('/').find_map(|member| member.strip_prefix("email=")).map(str::to_owned);
    }
    let in_brackets = name.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    in_brackets.or_else(|| name.contains('@').then_some(&name)).map(str::to_owned)
}

impl Outcome {
    /// Reads the lines of a run; others among them are passed over.
    pub fn read(status: &[u8]) -> Self {
        let text = String::from_utf8_lossy(status);
        let mut outcome = Self::default();
        for line in text.lines().filter_map(|line| line.strip_prefix("[GNUPG:] ")) {
            let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
            outcome.take(keyword, rest);
        }
        outcome
    }

    fn take(&mut self, keyword: &str, rest: &str) {
        let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        let word = |at: usize| rest.split(' ').nth(at).filter(|word| !word.is_empty());
        match keyword {
            "NEWSIG" => self.begin(),
            "GOODSIG" => self.signed(Verdict::Good, first, behind),
            "EXPSIG" => self.signed(Verdict::Expired, first, behind),
            "EXPKEYSIG" => self.signed(Verdict::KeyExpired, first, behind),
            "REVKEYSIG" => self.signed(Verdict::KeyRevoked, first, behind),
            "BADSIG" => self.signed(Verdict::Bad, first, behind),
            "ERRSIG" => {
                let (made, is_keyless) = (word(4).and_then(time), word(5) == Some("9"));
                let fingerprint = word(6).filter(|fingerprint| *fingerprint != "-").map(str::to_owned);
                self.signed(if is_keyless { Verdict::NoKey } else { Verdict::Failed }, first, "");
                self.change(|signature| (signature.made, signature.fingerprint) = (made, fingerprint));
            }
            "VALIDSIG" => {
                let (fingerprint, made) = (first.to_owned(), word(2).and_then(time));
                let primary = word(9).map(str::to_owned);
                self.change(|signature| {
                    signature.fingerprint = Some(fingerprint);
                    (signature.made, signature.primary) = (made, primary);
                });
            }
            "TRUST_UNDEFINED" => self.change(|signature| signature.trust = Trust::Undefined),
            "TRUST_NEVER" => self.change(|signature| signature.trust = Trust::Never),
            "TRUST_MARGINAL" => self.change(|signature| signature.trust = Trust::Marginal),
            "TRUST_FULLY" => self.change(|signature| signature.trust = Trust::Full),
            "TRUST_ULTIMATE" => self.change(|signature| signature.trust = Trust::Ultimate),
            "PLAINTEXT" => self.plaintexts += 1,
            "DECRYPTION_OKAY" => self.is_decrypted = true,
            // Whatever was said before.
            "DECRYPTION_FAILED" | "BADMDC" => self.is_decrypted = false,
            "NO_SECKEY" if self.missing_keys.len() < SIGNATURES_MAX => self.missing_keys.push(first.to_owned()),
            "NODATA" => self.has_no_data = true,
            _ => {}
        }
    }

    fn begin(&mut self) {
        if self.signatures.len() < SIGNATURES_MAX {
            self.signatures.push(Signature::default());
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Signature)) {
        if let Some(signature) = self.signatures.last_mut() {
            change(signature);
        }
    }

    fn signed(&mut self, verdict: Verdict, key: &str, signer: &str) {
        // Old versions do not say that a new one begins.
        if self.signatures.last().is_none_or(|signature| signature.verdict != Verdict::Unknown) {
            self.begin();
        }
        let signer = Some(unescape(signer)).filter(|signer| !signer.is_empty());
        self.change(|signature| {
            (signature.verdict, signature.key_id, signature.signer) = (verdict, Some(key.to_owned()), signer);
        });
    }
}

/// `%0A` and the like.
fn unescape(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = |at: usize| behind.get(at).and_then(|octet| char::from(*octet).to_digit(16));
        let escaped = (*first == b'%').then(|| Some(hex(0)? * 16 + hex(1)?)).flatten();
        octets.push(escaped.and_then(|octet| u8::try_from(octet).ok()).unwrap_or(*first));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// Seconds since 1970, or `20261122T002748`.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok().filter(|_| seconds > 0);
    }
    let at = |range: std::ops::Range<usize>| text.get(range);
    let iso = format!("{}-{}-{}T{}:{}:{}Z", at(0..4)?, at(4..6)?, at(6..8)?, at(9..11)?, at(11..13)?, at(13..15)?);
    iso.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "0284F53CE306FFF1443CB977E6C5259B176DD91E";

    fn read(lines: &[&str]) -> Outcome {
        Outcome::read(lines.iter().map(|line| format!("[GNUPG:] {line}\n")).collect::<String>().as_bytes())
    }

    #[test]
    fn a_good_signature_is_told_with_its_signer() {
        let outcome = read(&[
            "NEWSIG",
            "KEY_CONSIDERED 0284F53CE306FFF1443CB977E6C5259B176DD91E 0",
            "GOODSIG E6C5259B176DD91E Alice %0A Example <alice@crepes.example>",
            "VALIDSIG 0284F53CE306FFF1443CB977E6C5259B176DD91E 2026-11-22 1795307266 0 4 0 22 8 00 0284F53CE306FFF1443CB977E6C5259B176DD91E",
            "TRUST_ULTIMATE 0 pgp",
        ]);
        let [signature] = outcome.signatures.as_slice() else { panic!("{outcome:?}") };
        assert_eq!((signature.verdict, signature.trust), (Verdict::Good, Trust::Ultimate));
        assert_eq!(signature.signer.as_deref(), Some("Alice \n Example <alice@crepes.example>"));
        assert_eq!((signature.fingerprint.as_deref(), signature.primary.as_deref()), (Some(KEY), Some(KEY)));
        assert_eq!(signature.made.map(|made| made.to_string()).as_deref(), Some("2026-11-22T00:27:46Z"));
        assert_eq!((signature.names("ALICE@crepes.example"), signature.names("eve@x")), (Some(true), Some(false)));
        let outcome = read(&[
            "NEWSIG",
            "GOODSIG 9A628E00A15BE1A3DE21D95FC839E1DE37F400F1 /CN=Alice Example/EMail=alice@crepes.example",
            "VALIDSIG 9A628E00A15BE1A3DE21D95FC839E1DE37F400F1 2026-11-22 20261122T002748 20261222T002747 0 0 1 8 00",
            "TRUST_UNDEFINED 98",
        ]);
        let [signature] = outcome.signatures.as_slice() else { panic!("{outcome:?}") };
        assert_eq!((signature.verdict, signature.trust), (Verdict::Good, Trust::Undefined));
        assert_eq!(signature.names("alice@crepes.example"), Some(true));
        // An address elsewhere in the name of a certificate is not said to be its owner's.
        let unsaid = Signature { signer: Some("/CN=alice@crepes.example".into()), ..Signature::default() };
        assert_eq!(unsaid.names("alice@crepes.example"), None);
        assert_eq!(signature.made.map(|made| made.to_string()).as_deref(), Some("2026-11-22T00:27:48Z"));
    }

    #[test]
    fn everything_else_is_no_good_signature() {
        for (lines, wanted) in [
            (&["NEWSIG", "BADSIG E6C5259B176DD91E Alice"][..], Verdict::Bad),
            (&["NEWSIG", "EXPKEYSIG E6C5 Alice", "VALIDSIG x"], Verdict::KeyExpired),
            (&["REVKEYSIG E6C5 Alice"], Verdict::KeyRevoked),
            (&["EXPSIG E6C5 Alice"], Verdict::Expired),
            (&["NEWSIG", "ERRSIG E6C5 22 8 00 1795307266 9 0284F5", "NO_PUBKEY E6C5"], Verdict::NoKey),
            (&["NEWSIG", "ERRSIG E6C5 22 8 00 1795307266 4 -"], Verdict::Failed),
            (&["NEWSIG"], Verdict::Unknown),
        ] {
            assert_eq!(read(lines).signatures[0].verdict, wanted, "{lines:?}");
        }
        assert_eq!(read(&["NODATA 4", "FAILURE gpg-exit 33554433"]).signatures, []);
        let two = read(&["GOODSIG A x", "TRUST_FULLY", "BADSIG B y"]);
        let verdicts: Vec<_> = two.signatures.iter().map(|signature| (signature.verdict, signature.trust)).collect();
        assert_eq!(verdicts, [(Verdict::Good, Trust::Full), (Verdict::Bad, Trust::Unsaid)]);
        // Only lines that begin so are GnuPG's.
        assert_eq!(Outcome::read(b"gpg: x [GNUPG:] GOODSIG A B\nGOODSIG A B\n"), Outcome::default());
    }

    #[test]
    fn decryption_is_done_when_all_of_it_is() {
        let good = ["BEGIN_DECRYPTION", "PLAINTEXT 62 1795307266 ", "DECRYPTION_OKAY", "GOODMDC", "END_DECRYPTION"];
        assert!(read(&good).is_decrypted && read(&good).plaintexts == 1);
        let failed = read(&["NO_SECKEY 0E99CF09976FCB03", "BEGIN_DECRYPTION", "DECRYPTION_FAILED", "END_DECRYPTION"]);
        assert_eq!((failed.is_decrypted, failed.missing_keys), (false, vec!["0E99CF09976FCB03".to_owned()]));
        assert!(!read(&[&good[..], &["BADMDC"]].concat()).is_decrypted);
        assert!(read(&["NODATA 1"]).has_no_data);
    }

    proptest! {
        #[test]
        fn no_lines_make_the_reader_panic(text in "(\\[GNUPG:\\] (GOODSIG|VALIDSIG|ERRSIG|NEWSIG|PLAINTEXT)[ a-zA-Z0-9%T-]{0,30}\n|x){0,9}") {
            Outcome::read(text.as_bytes());
        }
    }
}
