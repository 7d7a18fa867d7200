//! All findings that `mailkit mx check` makes: the stable name of each, how bad it usually is, and what it means.
//!
//! One list for scripts and docs/check.md, which tests hold against the code and the page. What is to be done, whoever
//! finds it says. Where `mailkit mx lookup` finds the same, it has the same name there. Judges nothing.

use crate::probe::known::Known;
use crate::probe::report::Level;

macro_rules! known {
    ($($id:literal $level:ident $means:literal $why:literal;)*) => {
        /// The list.
        pub const ALL: &[Known] =
            &[$(Known { id: $id, level: Level::$level, means: $means, why: $why, fix: None }),*];
    };
}

known! {
    "mx.alias-loop" Error "the domain's aliases lead in a circle" "RFC 1034 §3.6.2";
    "mx.alias-chain" Error "there are more aliases in a row than anybody follows" "RFC 1034 §3.6.2";
    "spf.none" Warn "there is no SPF record" "RFC 7208 §3";
    "spf.several" Error "there are several SPF records, of which none counts" "RFC 7208 §4.5";
    "spf.syntax" Error "the SPF record has a mistake, and counts for nothing" "RFC 7208 §4.6, §12";
    "spf.unknown" Warn "DNS does not say now whether there is an SPF record" "RFC 7208 §4.4";
    "spf.too-long" Info "the SPF record may not fit into an answer by UDP" "RFC 7208 §3.4";
    "spf.too-many-lookups" Error "more than ten terms ask DNS" "RFC 7208 §4.6.4";
    "spf.few-lookups-left" Info "nearly all look-ups are used" "RFC 7208 §4.6.4";
    "spf.too-many-voids" Error "more than two terms find nothing" "RFC 7208 §4.6.4";
    "spf.void" Warn "a term finds nothing" "RFC 7208 §4.6.4";
    "spf.too-many-exchangers" Error "an mx term means more than ten exchangers" "RFC 7208 §4.6.4";
    "spf.unknown-term" Warn "what a term means is not known" "RFC 7208 §4.6.4, §5.2";
    "spf.include-none" Error "an include or a redirection leads to a name without record" "RFC 7208 §5.2, §6.1";
    "spf.include-several" Error "it leads to a name with several records" "RFC 7208 §5.2, §6.1";
    "spf.include-syntax" Error "it leads to a record with a mistake" "RFC 7208 §5.2, §6.1";
    "spf.loop" Error "it leads back to a record that leads to it" "RFC 7208 §5.2, §6.1";
    "spf.open" Error "everybody may send" "RFC 7208 §10.1";
    "spf.unclosed" Warn "the record says nothing of those whom it does not mention" "RFC 7208 §4.7, §10.1";
    "spf.wide" Warn "a term means a whole provider's network" "RFC 7208 §11.4";
    "spf.after-all" Warn "a term stands behind all, and is never reached" "RFC 7208 §5.1";
    "spf.redirect-and-all" Warn "a redirection stands beside all, and means nothing" "RFC 7208 §6.1";
    "spf.ptr" Warn "a ptr term is slow and often fails" "RFC 7208 §5.5";
    "spf.mapped" Warn "an ip6 term is an IPv4 address, as which nobody comes" "RFC 7208 §5";
    "spf.unknown-modifier" Info "nobody knows a modifier" "RFC 7208 §6";
    "dkim.missing" Error "there is no key under a selector that was named" "RFC 6376 §3.6.2";
    "dkim.not-guessed" Info "there is no key under the usual selectors" "RFC 6376 §3.1";
    "dkim.several" Error "a key has several records" "RFC 6376 §3.6.2.2";
    "dkim.broken" Error "what is published as a key is none" "RFC 6376 §3.6.1";
    "dkim.version-late" Error "v=DKIM1 stands behind other tags" "RFC 6376 §3.6.1";
    "dkim.revoked" Info "a key is taken back" "RFC 6376 §3.6.1";
    "dkim.unknown" Warn "DNS does not say now whether there is a key" "RFC 6376 §6.1.2";
    "dkim.short" Error "a key is too short to be believed" "RFC 8301 §3.2";
    "dkim.weak" Warn "a key has fewer than 2048 bits" "RFC 8301 §3.2";
    "dkim.hash" Error "a key does not allow SHA-256" "RFC 8301 §3.1";
    "dkim.service" Error "a key is not for mail" "RFC 6376 §3.6.1";
    "dkim.testing" Warn "a key is only tried out" "RFC 6376 §3.6.1";
    "dkim.strict" Info "a key does not count for identities below the domain" "RFC 6376 §3.6.1";
    "dmarc.none" Warn "there is no DMARC record" "RFC 9989 §4.10.1, §5.1";
    "dmarc.several" Error "a name has several DMARC records, of which none counts" "RFC 9989 §4.10";
    "dmarc.version" Error "a text is nearly a record, and does not begin with v=DMARC1" "RFC 9989 §4.7";
    "dmarc.unknown" Warn "DNS does not say now whether there is a DMARC record" "RFC 9989 §4.10";
    "dmarc.organization-unknown" Info "names above the domain do not answer" "RFC 9989 §4.10.2";
    "dmarc.ignored" Error "the record asks for nothing that can be understood" "RFC 9989 §4.10.1";
    "dmarc.none-asked" Warn "the record asks for nothing yet" "RFC 9989 §5.1.7";
    "dmarc.testing" Warn "the policy is only tried out" "RFC 9989 §4.7";
    "dmarc.weaker-below" Warn "names below the domain are less protected" "RFC 9989 §4.7";
    "dmarc.nonexistent" Info "the domain's name does not exist" "RFC 9989 §3.2.13";
    "dmarc.value" Error "the value of a tag means nothing" "RFC 9989 §4.7, §4.8";
    "dmarc.twice" Warn "a tag stands there twice" "RFC 9989 §4.7, §4.8";
    "dmarc.no-tag" Warn "something in the record is no tag" "RFC 9989 §4.7, §4.8";
    "dmarc.unknown-tag" Info "nobody knows a tag" "RFC 9989 §4.7, §4.8";
    "dmarc.old-tag" Info "a tag is gone since RFC 9989" "RFC 9989 §4.7, §4.8";
    "dmarc.size" Info "a place for reports has a limit of size, which is gone" "RFC 9989 §4.7, §4.8";
    "dmarc.destination" Error "a place for reports is no URI" "RFC 9989 §4.7, §4.8";
    "dmarc.scheme" Info "a place for reports is not by mail" "RFC 9989 §4.7";
    "dmarc.no-reports" Warn "reports go nowhere" "RFC 9989 §5.1.4";
    "dmarc.not-accepted" Error "somebody else is to get reports, and does not take them" "RFC 9990 §4";
    "dmarc.acceptance-unknown" Warn "whether somebody else takes reports is not known now" "RFC 9990 §4";
    "sts.none" Info "there is no MTA-STS policy" "RFC 8461 §3";
    "sts.unknown" Warn "DNS does not say now whether there is a policy" "RFC 8461 §3.1";
    "sts.record" Error "the record that announces a policy is broken, or one of several" "RFC 8461 §3.1";
    "sts.unreachable" Error "the policy cannot be fetched" "RFC 8461 §3.3";
    "sts.policy" Error "what is published as policy is none" "RFC 8461 §3.2";
    "sts.unknown-field" Info "nobody knows a field of the policy" "RFC 8461 §3.2";
    "sts.uncovered" Error "the policy does not name an exchanger" "RFC 8461 §4.1";
    "sts.testing" Warn "the policy is only tried out" "RFC 8461 §5";
    "sts.taken-back" Info "the policy is taken back" "RFC 8461 §8.3";
    "sts.short" Warn "the policy counts for less than a day" "RFC 8461 §3.2, §10.2";
    "sts.brief" Info "the policy counts for days, and weeks are meant" "RFC 8461 §3.2";
    "tlsrpt.none" Info "nobody is told of trouble with TLS" "RFC 8460 §3";
    "tlsrpt.several" Error "there are several TLS-RPT records, of which none counts" "RFC 8460 §3";
    "tlsrpt.syntax" Error "the TLS-RPT record counts for nothing" "RFC 8460 §3";
    "tlsrpt.place" Error "a place for reports is neither mailto nor https" "RFC 8460 §3";
    "tlsrpt.unknown" Warn "DNS does not say now whether there is a TLS-RPT record" "RFC 8460 §3";
    "bimi.several" Warn "there are several BIMI records, of which none counts" "draft-brand-indicators-for-message-identification";
    "bimi.syntax" Warn "the BIMI record counts for nothing" "draft-brand-indicators-for-message-identification";
    "bimi.dmarc" Warn "DMARC asks for too little for a picture to be shown" "draft-brand-indicators-for-message-identification";
    "bimi.no-evidence" Info "nobody vouches for the picture" "draft-brand-indicators-for-message-identification";
    "bimi.unknown" Info "DNS does not say now whether there is a BIMI record" "draft-brand-indicators-for-message-identification";
    "dane.unusable" Error "none of an exchanger's TLSA records can be used for mail" "RFC 7672 §3.1";
    "dane.unsigned" Warn "DNSSEC does not vouch for an exchanger's TLSA records" "RFC 7672 §2.2";
    "dane.unknown" Warn "DNS does not say now whether there are TLSA records" "RFC 7672 §2.1.2";
    "dane.in-part" Warn "some exchangers have TLSA records, and others none" "RFC 7672 §2.2.1";
    "ptr.none" Warn "an address has no name" "RFC 1912 §2.1, RFC 8601 §3";
    "ptr.unconfirmed" Warn "an address has a name that does not lead back" "RFC 1912 §2.1, RFC 8601 §3";
    "ptr.generic" Warn "an address has a name as customers get it" "RFC 1912 §2.1, RFC 8601 §3";
    "ptr.several" Info "an address has several names" "RFC 1912 §2.1, RFC 8601 §3";
    "ptr.unknown" Warn "DNS does not say now what an address is called" "RFC 1912 §2.1, RFC 8601 §3";
    "sender.helo" Warn "the EHLO name does not lead to the sender" "RFC 5321 §4.1.4";
    "sender.spf" Error "SPF does not pass the sender" "RFC 7208 §2.6";
    "sender.spf-unknown" Warn "what SPF says of the sender is not known now" "RFC 7208 §2.6";
    "sender.listed" Error "a list of addresses has the sender" "RFC 5782 §2.1";
    "sender.list-useless" Warn "the word of a list of addresses does not count" "RFC 5782 §5";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SOURCES: [&str; 10] = [
        include_str!("bimi.rs"),
        include_str!("dane.rs"),
        include_str!("dkim.rs"),
        include_str!("dmarc.rs"),
        include_str!("ptr.rs"),
        include_str!("report.rs"),
        include_str!("sender.rs"),
        include_str!("spf.rs"),
        include_str!("sts.rs"),
        include_str!("verdict.rs"),
    ];

    /// The names of findings in a text: words in quotes with one dot, behind the name of a policy.
    fn named(source: &str) -> impl Iterator<Item = &str> {
        source.split('"').skip(1).step_by(2).filter(|word| {
            let is_policy = |start: &str| ALL.iter().any(|known| known.id.split('.').next() == Some(start));
            let is_name = |name: &str| name.bytes().all(|sign| sign.is_ascii_lowercase() || sign == b'-');
            word.split_once('.').is_some_and(|(start, name)| is_policy(start) && !name.is_empty() && is_name(name))
        })
    }

    #[test]
    fn the_list_has_every_finding_that_is_made_and_no_other() {
        let made: BTreeSet<&str> = SOURCES.into_iter().flat_map(named).collect();
        let listed: BTreeSet<&str> = ALL.iter().map(|known| known.id).collect();
        assert_eq!(made, listed);
        assert_eq!(listed.len(), ALL.len(), "each finding has a name of its own");
    }
}
