//! How well a name is protected, and the sentence that says so.
//!
//! Pure: policies, senders and findings in, words out. RFC 7208 §8; RFC 9989 §4.4, §5.1, §5.4.

use super::report::{Notes, Policies, Sender, Standing, Verdict};
use super::table;
use crate::engine::exchangers::NoExchangers;
use crate::probe::report::{Finding, Level};
use std::cmp::Reverse;

/// A name is protected if others refuse what is not its owner's, and can tell.
pub(super) fn verdict(policies: &Policies, missing: Option<&NoExchangers>) -> Verdict {
    match missing {
        Some(NoExchangers::NoSuchDomain) => return Verdict::NoSuchDomain,
        Some(NoExchangers::Temporary(_)) => return Verdict::Unknown,
        _ => {}
    }
    // RFC 9989 §4.4.2: who passes SPF in the domain's name passes DMARC, whatever that asks for.
    if policies.spf.is_open {
        return Verdict::Open;
    }
    let (spf, dmarc) = (policies.spf.standing, policies.dmarc.standing);
    let says_no = matches!(policies.spf.others, Some("fail" | "softfail"));
    match (spf, dmarc) {
        (Standing::Unknown, _) | (_, Standing::Unknown) => Verdict::Unknown,
        (Standing::Good, Standing::Good) => Verdict::Protected,
        (_, Standing::Good) => Verdict::InPart,
        // DMARC that asks for nothing, or is only tried out, keeps nobody out: then it is SPF alone that can.
        (Standing::Good | Standing::Weak, _) if says_no => Verdict::InPart,
        _ => Verdict::Open,
    }
}

/// Aliases without end, which are an error of the zone and nothing to wait for, and why nothing else can be said then.
pub(super) fn endless(missing: Option<&NoExchangers>, notes: &mut Notes) -> Option<String> {
    let id = match missing? {
        NoExchangers::AliasLoop { .. } => "mx.alias-loop",
        NoExchangers::AliasChain { .. } => "mx.alias-chain",
        _ => return None,
    };
    let why = missing?.to_string();
    let fix = "let the alias lead to the name of the host itself";
    notes.note(id, Level::Error, why.clone(), "RFC 1034 §3.6.2", fix);
    Some(why)
}

/// `example.org protects its name: SPF refuses others (-all), …; weakest is MTA-STS: testing, 7 days.`
pub(super) fn sentence(
    title: &str,
    verdict: Verdict,
    policies: &Policies,
    (senders, findings): (&[Sender], &[Finding]),
) -> String {
    let start = match verdict {
        Verdict::NoSuchDomain => return format!("{title} does not exist."),
        Verdict::Unknown => format!("How well {title} protects its name cannot be said now"),
        Verdict::Protected => format!("{title} protects its name"),
        Verdict::InPart => format!("{title} protects its name in part"),
        Verdict::Open => format!("{title} does not protect its name"),
    };
    let spf = match (policies.spf.standing, policies.spf.stance) {
        (Standing::Good | Standing::Weak, Some(stance)) => format!("SPF {stance}"),
        (_, Some(stance)) if policies.spf.is_open => format!("SPF {stance}"),
        (Standing::Missing, _) => "no SPF".into(),
        (Standing::Unknown, _) => "SPF unknown".into(),
        _ => "SPF broken".into(),
    };
    let dmarc = match (policies.dmarc.standing, policies.dmarc.policy) {
        (Standing::Unknown, _) => "DMARC unknown".into(),
        (_, Some(policy)) => format!("DMARC {policy}"),
        (Standing::Broken, None) => "DMARC broken".into(),
        (_, None) => "no DMARC".to_owned(),
    };
    let weakest = match weakest(policies, findings) {
        Some((name, why)) => format!("; weakest is {name}: {why}"),
        None => String::new(),
    };
    format!("{start}: {spf}, {dmarc}{}{weakest}.", of_senders(senders, findings))
}

/// What SPF says of the senders, and what else is wrong with them.
fn of_senders(senders: &[Sender], findings: &[Finding]) -> String {
    let failing = senders.iter().filter(|sender| sender.spf.result != "pass").count();
    let (who, start) = match (senders.len(), failing) {
        (0, _) => return String::new(),
        (1, 0) => ("", ", the sender passes SPF".to_owned()),
        (1, _) => ("", format!(", the sender gets {}", senders[0].spf.result)),
        (all, failing) => ("one of them ", format!(", {} of {all} senders pass SPF", all - failing)),
    };
    let mut wrong: Vec<&str> = Vec::new();
    // Of exchangers the same names are notes only.
    for finding in findings.iter().filter(|finding| finding.level == Level::Error) {
        let what = match finding.id {
            "ptr.none" => "has no name (PTR)",
            "ptr.unconfirmed" => "has a name that does not lead back (PTR)",
            "ptr.generic" => "has a name as customers get it (PTR)",
            "sender.listed" => "is on a list of bad addresses",
            _ => continue,
        };
        if !wrong.contains(&what) {
            wrong.push(what);
        }
    }
    let and = if failing == 0 { " but " } else { " and " };
    let wrong = wrong.iter().map(|what| format!("{who}{what}")).collect::<Vec<_>>().join(" and ");
    if wrong.is_empty() { start } else { format!("{start}{and}{wrong}") }
}

/// The policy that needs its owner most, and why: what is wrong goes before what is missing, what protects the name before
/// what protects the way, and names of addresses come last, for they protect nothing.
fn weakest<'a>(policies: &'a Policies, findings: &'a [Finding]) -> Option<(&'static str, &'a str)> {
    let all = table(policies).into_iter().filter_map(|(name, standing, summary)| {
        let is_own = |finding: &&Finding| Some(name) == policy(finding.id);
        let error = findings.iter().filter(is_own).find(|finding| finding.level == Level::Error);
        let is_core = matches!(name, "SPF" | "DMARC" | "DKIM");
        let is_guess = name == "DKIM" && policies.dkim.is_guess;
        let rank = match (standing, error) {
            (Standing::Broken, _) | (_, Some(_)) => 0,
            (Standing::Missing | Standing::Weak, None) if name == "PTR" => 6,
            // A key that nobody has guessed may be there all the same.
            (Standing::Missing, None) if is_guess => 3,
            (Standing::Missing, None) if is_core => 1,
            (Standing::Weak, None) if is_core => 2,
            (Standing::Weak, None) => 4,
            (Standing::Missing, None) => 5,
            _ => return None,
        };
        let why = match (standing, error) {
            (Standing::Broken, _) | (_, None) => summary,
            (_, Some(error)) => error.text.as_str(),
        };
        Some((rank, is_core, name, why))
    });
    let worst = all.min_by_key(|(rank, is_core, ..)| (*rank, Reverse(*is_core)));
    worst.map(|(_, _, name, why)| (name, why))
}

/// The policy that a finding is about.
fn policy(id: &str) -> Option<&'static str> {
    Some(match id.split('.').next()? {
        "spf" => "SPF",
        "dkim" => "DKIM",
        "dmarc" => "DMARC",
        "sts" => "MTA-STS",
        "tlsrpt" => "TLS-RPT",
        "bimi" => "BIMI",
        "dane" => "DANE",
        _ => return None,
    })
}
