//! All that speaks against a certificate, the worst first, in the words of reports.
//!
//! The TLS library stops at the first fault that it comes to. Whoever has to mend a certificate wants to do so once, so here
//! signatures, name and days are looked at one by one, after the library has refused. What it accepts nobody here objects to.
//! RFC 5280 §4.1.2.5, §6; RFC 9525.

use super::certified::Certified;
use super::{judge, refusal};
use crate::wire::secured::{Flaw, Objection, Verified};
use crate::world::Timestamp;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use std::time::Duration;

/// Names of a certificate that are told.
const NAMES_MAX: usize = 3;

/// What is judged.
pub(super) struct Shown<'a> {
    /// The server's own certificate.
    pub own: &'a CertificateDer<'a>,
    /// Those that came along with it.
    pub others: &'a [CertificateDer<'a>],
    /// The name that is looked for.
    pub name: &'a ServerName<'a>,
    /// As of when.
    pub at: UnixTime,
}

/// What speaks against it; nothing, if it is good. `verified` is what it would be worth if it were.
pub(super) fn objections(verifier: &dyn ServerCertVerifier, verified: Verified, shown: &Shown<'_>) -> Vec<Objection> {
    let verify = |at| verifier.verify_server_cert(shown.own, shown.others, shown.name, &[], at).err();
    let Some(first) = verify(shown.at) else { return Vec::new() };
    let own = Certified::read(shown.own);
    let mut errors = vec![first];
    // To a pin, and to what DNS names, neither names nor days matter.
    if verified == Verified::Pkix {
        if errors.iter().any(is_of_days) {
            // Those who sign are only looked for by the library where the days are right.
            errors.extend(good_day(shown).and_then(verify).filter(|error| !is_of_days(error)));
        }
        errors.extend(own.as_ref().and_then(|own| days(own, shown.at)));
        errors
            .extend(ParsedCertificate::try_from(shown.own).and_then(|own| verify_server_name(&own, shown.name)).err());
    }
    let mut objections: Vec<Objection> = Vec::new();
    for error in &errors {
        let flaw = judge::flaw(error);
        // Another fault of a sort for which there is no name is the first one's, said once more.
        if objections.iter().all(|known| known.flaw != flaw) {
            let text = worded(flaw, refusal::objection(error), shown, own.as_ref());
            objections.push(Objection { flaw, text });
        }
    }
    objections.sort_by_key(|objection| objection.flaw);
    objections
}

fn is_of_days(error: &Error) -> bool {
    matches!(judge::flaw(error), Flaw::Expired | Flaw::NotYetValid)
}

/// What the certificate's own days say.
fn days(own: &Certified, at: UnixTime) -> Option<Error> {
    let at = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    Some(match () {
        () if at > own.ends.as_second() => CertificateError::Expired.into(),
        () if at < own.begins.as_second() => CertificateError::NotValidYet.into(),
        () => return None,
    })
}

/// The last time at which all that was shown is good; if there is none, or not all can be read, the last of the
/// certificate's own days.
fn good_day(shown: &Shown<'_>) -> Option<UnixTime> {
    let own = Certified::read(shown.own)?;
    let others: Option<Vec<Certified>> = shown.others.iter().map(|other| Certified::read(other)).collect();
    let all = others.iter().flatten().chain([&own]);
    let begins = all.clone().map(|one| one.begins).max()?;
    let ends = all.map(|one| one.ends).min().filter(|ends| *ends >= begins).unwrap_or(own.ends);
    u64::try_from(ends.as_second()).ok().map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

/// What speaks against it, with what it says of itself. The words are partly a stranger's.
fn worded(flaw: Flaw, text: String, shown: &Shown<'_>, own: Option<&Certified>) -> String {
    let Some(own) = own else { return text };
    let day = |time: Timestamp| time.to_string().split('T').next().unwrap_or_default().to_owned();
    match flaw {
        // Its own days are not over, so those of another one in its chain are.
        Flaw::Expired if days(own, shown.at).is_none() => "one that vouches for it has expired".to_owned(),
        Flaw::Expired => format!("it has expired (its last day was {})", day(own.ends)),
        Flaw::NotYetValid if days(own, shown.at).is_none() => "one that vouches for it is not valid yet".to_owned(),
        Flaw::NotYetValid => format!("it is not valid yet (its first day is {})", day(own.begins)),
        Flaw::OtherName if !own.names.is_empty() => {
            let names = own.names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
            match own.names.len().saturating_sub(NAMES_MAX) {
                0 => format!("it is for another name: {names}"),
                more => format!("it is for another name: {names} and {more} more"),
            }
        }
        Flaw::Untrusted if shown.others.is_empty() && own.subject == own.issuer => "it is signed by itself".to_owned(),
        Flaw::Untrusted if !own.issuer.is_empty() => format!("{text} (its issuer is {})", own.issuer),
        Flaw::OtherName | Flaw::Untrusted | Flaw::Other => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Trust;
    use super::super::client::verifier;
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

    fn params(names: &[&str], years: (i32, i32)) -> CertificateParams {
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names).expect("names");
        (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
        params
    }

    fn authority(name: &str, years: (i32, i32)) -> CertificateParams {
        let mut params = params(&[], years);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn key() -> KeyPair {
        KeyPair::generate().expect("a key")
    }

    #[test]
    fn each_fault_is_told_and_the_worst_first() {
        let root = CertifiedIssuer::self_signed(authority("root", (2000, 2050)), key()).expect("an authority");
        let stranger = CertifiedIssuer::self_signed(authority("stranger", (2000, 2050)), key()).expect("an authority");
        let other_sort = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
        let namesake = CertifiedIssuer::self_signed(authority("root", (2000, 2050)), other_sort).expect("an authority");
        let middle = CertifiedIssuer::signed_by(authority("middle", (2000, 2024)), key(), &root).expect("one below");
        let signed = |names: &[&str], years, by: &CertifiedIssuer<'_, KeyPair>| {
            params(names, years).signed_by(&key(), by).expect("a certificate").der().clone()
        };
        let own =
            |names: &[&str], years| params(names, years).self_signed(&key()).expect("a certificate").der().clone();
        let trust = Trust::Authorities(root.pem().into_bytes());
        let verifier = verifier(&trust).expect("an authority");
        let name = ServerName::try_from("mx.x.test").expect("a name");
        let (of_middle, of_root) = (middle.der().clone(), root.der().clone());
        const OLD: &str = "it has expired (its last day was 2024-01-01)";
        const EARLY: &str = "it is not valid yet (its first day is 2030-01-01)";
        const ELSE: &str = "it is for another name: a.test";
        const ITSELF: &str = "it is signed by itself";
        const STRANGE: &str = "nobody we trust has signed it (its issuer is CN=stranger)";
        const FALSE: &str =
            "nobody we trust has signed it, though somebody of the same name is trusted (its issuer is CN=root)";
        let mx: &[&str] = &["mx.x.test"];
        let (now, past, later) = ((2000, 2040), (2000, 2024), (2030, 2040));
        for (case, chain, wanted) in [
            ("good", vec![signed(mx, now, &root)], &[][..]),
            ("old", vec![signed(mx, past, &root)], &[OLD]),
            ("early", vec![signed(mx, later, &root)], &[EARLY]),
            ("another's", vec![signed(&["a.test"], now, &root)], &[ELSE]),
            ("a stranger's", vec![signed(mx, now, &stranger)], &[STRANGE]),
            ("its own", vec![own(mx, now)], &[ITSELF]),
            ("old and another's", vec![signed(&["a.test"], past, &root)], &[ELSE, OLD]),
            ("early and a stranger's", vec![signed(mx, later, &stranger)], &[STRANGE, EARLY]),
            ("all of it", vec![signed(&["a.test"], past, &stranger)], &[STRANGE, ELSE, OLD]),
            ("all of it, its own", vec![own(&["a.test"], past)], &[ITSELF, ELSE, OLD]),
            (
                "below one that is old",
                vec![signed(&["a.test"], now, &middle), of_middle.clone()],
                &[ELSE, "one that vouches for it has expired"],
            ),
            ("both old", vec![signed(mx, past, &middle), of_middle, of_root], &[OLD]),
            (
                "of many names",
                vec![signed(&["a.test", "b.test", "c.test", "d.test", "e.test"], now, &root)],
                &["it is for another name: a.test, b.test, c.test and 2 more"],
            ),
            ("in the name of one who is trusted", vec![signed(mx, now, &namesake)], &[FALSE]),
            ("garbage", vec![CertificateDer::from(vec![0x30, 0])], &["it cannot be read"]),
        ] {
            let (own, others) = chain.split_first().expect("a certificate");
            let at = UnixTime::since_unix_epoch(Duration::from_secs(1_767_225_600));
            let found = objections(&*verifier, Verified::Pkix, &Shown { own, others, name: &name, at });
            let texts: Vec<&str> = found.iter().map(|objection| objection.text.as_str()).collect();
            assert_eq!(texts, wanted, "{case}");
        }
    }
}
