//! What each reason is called for good, how bad it is, which standard decides, and what can be done about it.

use super::why::Why;

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As it may be: nothing is signed, and nobody has promised that it would be.
    Info,
    /// It was meant to be signed, and is not for those who follow the standards of today.
    Warn,
    /// Those who check signatures do not believe it, or cannot know.
    Error,
}

/// What a reason amounts to for what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Provably nobody vouches for it (RFC 4033 §5).
    Insecure,
    /// Somebody vouches for it, and it does not fit.
    Bogus,
    /// It cannot be known.
    Indeterminate,
}

impl Why {
    /// Its name in lists of findings and in JSON; it never changes.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "dnssec.expired",
            Self::NotYetValid { .. } => "dnssec.not-yet-valid",
            Self::NoSignature { .. } => "dnssec.no-signature",
            Self::BadSignature { .. } => "dnssec.bad-signature",
            Self::NoKey { .. } => "dnssec.no-key",
            Self::UnsupportedSignature { .. } => "dnssec.unsupported-signature",
            Self::SignerNotParent { .. } => "dnssec.signer-not-parent",
            Self::SignerNoZone { .. } => "dnssec.signer-no-zone",
            Self::LabelCount { .. } => "dnssec.label-count",
            Self::WildcardUnproven { .. } => "dnssec.wildcard-unproven",
            Self::NoDnskey { .. } => "dnssec.no-dnskey",
            Self::NoKeyMatchesDs { .. } => "dnssec.ds-mismatch",
            Self::KeysNotSigned { .. } => "dnssec.keys-not-signed",
            Self::AnchorMismatch { .. } => "dnssec.anchor-mismatch",
            Self::Stripped { .. } => "dnssec.stripped",
            Self::NoAnchor { .. } => "dnssec.no-anchor",
            Self::MissingDenial { .. } => "dnssec.missing-denial",
            Self::NotSigned { .. } => "dnssec.not-signed",
            Self::OptedOut { .. } => "dnssec.opted-out",
            Self::UnsupportedAlgorithm { .. } => "dnssec.unsupported-algorithm",
            Self::UnsupportedDigest { .. } => "dnssec.unsupported-digest",
            Self::IterationsTooMany { .. } => "dnssec.nsec3-iterations",
            Self::TooMuchWork { .. } => "dnssec.too-much-work",
            Self::AliasLoop { .. } => "dnssec.alias-loop",
            Self::TooManyAliases { .. } => "dnssec.too-many-aliases",
            Self::AliasTooLong { .. } => "dnssec.alias-too-long",
            Self::NoAnswer { .. } => "dnssec.no-answer",
            Self::Failed { .. } => "dnssec.failed",
        }
    }

    /// What it means for what was asked.
    pub fn class(&self) -> Class {
        match self {
            Self::NotSigned { .. }
            | Self::OptedOut { .. }
            | Self::UnsupportedAlgorithm { .. }
            | Self::UnsupportedDigest { .. }
            | Self::IterationsTooMany { .. } => Class::Insecure,
            Self::Stripped { .. }
            | Self::NoAnchor { .. }
            | Self::TooMuchWork { .. }
            | Self::AliasLoop { .. }
            | Self::TooManyAliases { .. }
            | Self::AliasTooLong { .. }
            | Self::NoAnswer { .. }
            | Self::Failed { .. } => Class::Indeterminate,
            Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::NoSignature { .. }
            | Self::BadSignature { .. }
            | Self::NoKey { .. }
            | Self::UnsupportedSignature { .. }
            | Self::SignerNotParent { .. }
            | Self::SignerNoZone { .. }
            | Self::LabelCount { .. }
            | Self::WildcardUnproven { .. }
            | Self::NoDnskey { .. }
            | Self::NoKeyMatchesDs { .. }
            | Self::KeysNotSigned { .. }
            | Self::AnchorMismatch { .. }
            | Self::MissingDenial { .. } => Class::Bogus,
        }
    }

    /// How bad it is.
    pub fn level(&self) -> Level {
        match (self, self.class()) {
            (Self::NotSigned { .. } | Self::OptedOut { .. }, _) => Level::Info,
            (Self::NoAnchor { .. } | Self::Stripped { .. }, _) | (_, Class::Insecure) => Level::Warn,
            (_, Class::Bogus | Class::Indeterminate) => Level::Error,
        }
    }

    /// The standard that decides.
    pub fn standard(&self) -> &'static str {
        match self {
            Self::Expired { .. } | Self::NotYetValid { .. } => "RFC 4035 §5.3.1; RFC 4034 §3.1.5",
            Self::NoSignature { .. } => "RFC 4035 §2.2, §5",
            Self::BadSignature { .. } => "RFC 4035 §5.3.3",
            Self::NoKey { .. } | Self::LabelCount { .. } => "RFC 4035 §5.3.1",
            Self::SignerNotParent { .. } | Self::SignerNoZone { .. } => "RFC 4035 §5.3.1",
            Self::UnsupportedSignature { .. } => "RFC 4035 §2.2; RFC 6840 §5.11",
            Self::WildcardUnproven { .. } => "RFC 4035 §5.3.4; RFC 5155 §8.8",
            Self::NoDnskey { .. } | Self::NoKeyMatchesDs { .. } | Self::KeysNotSigned { .. } => "RFC 4035 §5.2",
            Self::AnchorMismatch { .. } => "RFC 4033 §3.1; RFC 5011",
            Self::Stripped { .. } => "RFC 4035 §3.2.1; RFC 3225 §3",
            Self::NoAnchor { .. } => "RFC 4033 §5",
            Self::MissingDenial { .. } => "RFC 4035 §5.4; RFC 5155 §8",
            Self::NotSigned { .. } => "RFC 4035 §5.2; RFC 4033 §5",
            Self::OptedOut { .. } => "RFC 5155 §6, §9.2",
            Self::UnsupportedAlgorithm { .. } => "RFC 8624 §3.1; RFC 9905 §2; RFC 4035 §5.2",
            Self::UnsupportedDigest { .. } => "RFC 8624 §3.3; RFC 6840 §5.2",
            Self::IterationsTooMany { .. } => "RFC 9276 §3.1, §3.2",
            Self::TooMuchWork { .. } => "RFC 4035 §5.3.3; RFC 9276 §3.2",
            Self::AliasLoop { .. } | Self::TooManyAliases { .. } => "RFC 1034 §3.6.2",
            Self::AliasTooLong { .. } => "RFC 6672 §2.2",
            Self::NoAnswer { .. } | Self::Failed { .. } => "RFC 4035 §4.7",
        }
    }

    /// What can be done, by whoever runs the zone unless it says otherwise.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "sign the zone again, and let something watch that it is signed in time",
            Self::NotYetValid { .. } => "set the clock of the signer; if ours is wrong, set ours",
            Self::NoSignature { .. } => "sign all records of the zone, and let all of its servers have the signed one",
            Self::BadSignature { .. } => {
                "sign the zone again; if it is right at its servers, somebody on the way changes it"
            }
            Self::NoKey { .. } => "publish the key until nothing that it has signed is in any cache (RFC 6781 §4.1)",
            Self::UnsupportedSignature { .. } => "sign everything by each algorithm that the zone has keys of",
            Self::SignerNotParent { .. } | Self::SignerNoZone { .. } => "let the zone that has the records sign them",
            Self::LabelCount { .. } => "sign the zone again by a signer that counts labels rightly",
            Self::WildcardUnproven { .. } => "let the server send the proof along with what a wildcard gives",
            Self::NoDnskey { .. } => "publish the keys, or have the DS records removed from the zone above",
            Self::NoKeyMatchesDs { .. } => "have the DS records in the zone above changed to those of the key in use",
            Self::KeysNotSigned { .. } => "sign the keys of the zone by the key that the zone above vouches for",
            Self::AnchorMismatch { .. } => {
                "bring the trust anchors of this machine up to date; or somebody on the way lies"
            }
            Self::Stripped { .. } => "ask a name server that passes signatures on",
            Self::NoAnchor { .. } => "configure a trust anchor above the name on this machine",
            Self::MissingDenial { .. } => {
                "let the zone be signed whole, with its NSEC or NSEC3 records, and its servers send them"
            }
            Self::NotSigned { .. } => "sign the zone, and have its DS record published in the zone above",
            Self::OptedOut { .. } => "sign the zone, and have its DS record published in the zone above",
            Self::UnsupportedAlgorithm { .. } => "change to algorithm 13 (ECDSAP256SHA256)",
            Self::UnsupportedDigest { .. } => "have a DS record with digest 2 (SHA-256) published in the zone above",
            Self::IterationsTooMany { .. } => "set the iterations of NSEC3 to 0 and its salt to none, or use NSEC",
            Self::TooMuchWork { .. } => "remove keys and signatures that are not needed, and let NSEC3 iterate 0 times",
            Self::AliasLoop { .. } | Self::TooManyAliases { .. } => "let the alias lead to the name of the host itself",
            Self::AliasTooLong { .. } => "use shorter names",
            Self::NoAnswer { .. } | Self::Failed { .. } => "see whether the name servers of the zone, and ours, answer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::budget::Spent;
    use super::*;
    use crate::world::Timestamp;
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::{Name, RecordType};
    use std::collections::BTreeSet;

    /// One of each, with names that could do harm.
    fn all() -> Vec<Why> {
        let name = Name::from_labels([&b"\x1b[2Jx"[..], b"example"]).unwrap();
        let (owner, zone, other) = (|| name.clone(), || name.clone(), || Box::new(name.clone()));
        let (kind, at, tag, tags) = (RecordType::MX, Timestamp::UNIX_EPOCH, 7, || vec![7, 8]);
        vec![
            Why::Expired { owner: owner(), kind, at },
            Why::NotYetValid { owner: owner(), kind, at },
            Why::NoSignature { owner: owner(), kind, zone: other() },
            Why::BadSignature { owner: owner(), kind, zone: other(), tag },
            Why::NoKey { owner: owner(), kind, zone: other(), tag },
            Why::UnsupportedSignature { owner: owner(), kind, zone: other(), algorithm: 5 },
            Why::SignerNotParent { owner: owner(), kind, signer: other() },
            Why::SignerNoZone { owner: owner(), kind, signer: other() },
            Why::LabelCount { owner: owner(), kind, labels: 9 },
            Why::WildcardUnproven { owner: owner(), kind, zone: other() },
            Why::NoDnskey { zone: zone() },
            Why::NoKeyMatchesDs { zone: zone(), tags: tags() },
            Why::KeysNotSigned { zone: zone(), tags: tags() },
            Why::AnchorMismatch { zone: zone(), tags: tags() },
            Why::Stripped { zone: zone() },
            Why::NoAnchor { name: zone() },
            Why::MissingDenial { name: zone(), kind, zone: other() },
            Why::NotSigned { zone: zone(), parent: other() },
            Why::OptedOut { name: zone(), zone: other() },
            Why::UnsupportedAlgorithm { zone: zone(), algorithms: (0..200).collect() },
            Why::UnsupportedDigest { zone: zone(), digests: vec![3] },
            Why::IterationsTooMany { zone: zone(), count: 51, limit: 50 },
            Why::TooMuchWork { what: Spent::Hashes, limit: 4000 },
            Why::AliasLoop { name: zone() },
            Why::TooManyAliases { name: zone(), limit: 12 },
            Why::AliasTooLong { name: zone() },
            Why::NoAnswer { name: zone(), kind, said: "no answer within 5 seconds".to_owned() },
            Why::Failed { name: zone(), kind, rcode: ResponseCode::ServFail },
        ]
    }

    #[test]
    fn each_reason_has_a_name_a_sentence_a_standard_and_a_remedy() {
        let page = include_str!("../../../docs/dnssec.md");
        let mut ids = BTreeSet::new();
        for why in all() {
            let (id, text) = (why.id(), why.to_string());
            assert!(ids.insert(id), "{id} is there twice");
            assert!(text.len() < 300 && !text.contains(char::is_control) && !text.ends_with('.'), "{text}");
            assert!(why.standard().starts_with("RFC ") && why.fix().len() > 10, "{id}");
            let worth = format!("{:?}", why.class()).to_lowercase();
            let row = page.lines().find(|line| line.contains(&format!("`{id}`")));
            assert!(row.is_some_and(|row| row.ends_with(&format!("| {worth} |"))), "{id} is {worth}: {row:?}");
        }
        assert_eq!(ids.len(), page.matches("`dnssec.").count());
    }

    #[test]
    fn limits_stand_on_the_page_as_they_are() {
        let limits = super::super::budget::Limits::default();
        let page = include_str!("../../../docs/dnssec.md");
        let (questions, signatures) = (limits.queries, limits.verifications);
        for said in [
            format!("\n{questions} questions to the resolver, {signatures} signatures checked, 4,000 rounds"),
            format!("{} digests of keys, {} aliases", limits.digests, limits.aliases),
            format!("\n{} signatures are looked at, of keys with one tag {}", limits.signatures, limits.keys),
            format!("of a zone {} DS records, of a proof {} sets", limits.delegations, limits.proofs),
            format!("more than {} further iterations", limits.iterations),
        ] {
            assert!(page.contains(&said), "{said}");
        }
        assert_eq!(limits.hashes, 4000);
    }
}
