//! A domain's policy for mail that is sent to it, and where it hears of trouble, judged.
//!
//! RFC 8461 §3.1, §3.2, §3.3, §4.1, §5; RFC 8460 §3.

use super::report::{MtaSts, Notes, Standing, TlsRpt, counted};
use crate::engine::exchangers::Exchangers;
use crate::policy::sts::{Mode, Policy, count, id, is_meant};
use crate::policy::tlsrpt::Published;
use crate::probe::report::Level;
use std::time::Duration;

/// Below this a policy is forgotten before it helps: who can lie in DNS for a day can undo it.
const AGE_MIN: Duration = Duration::from_secs(86_400);
/// RFC 8461 §3.2 speaks of weeks.
const AGE_GOOD: Duration = Duration::from_secs(7 * 86_400);

/// What was found out about a policy.
pub(super) struct Facts {
    /// The texts at `_mta-sts`, or why they are not known.
    pub(super) texts: Result<Vec<Vec<u8>>, String>,
    /// What the web server gave, if there is a record and somebody asked.
    pub(super) fetched: Option<Result<Vec<u8>, String>>,
}

/// Judges a policy by the exchangers there really are.
pub(super) fn judge(facts: &Facts, (found, takes_mail): (Option<&Exchangers>, bool), notes: &mut Notes) -> MtaSts {
    let plain = |standing, summary: &str| MtaSts {
        standing,
        summary: summary.to_owned(),
        id: None,
        mode: None,
        max_age: None,
        uncovered: Vec::new(),
    };
    let texts = match &facts.texts {
        Ok(texts) => texts,
        Err(why) => {
            let text = format!("whether there is an MTA-STS record is not known: {why}");
            notes.note("sts.unknown", Level::Warn, text, "RFC 8461 §3.1", "ask again later");
            return plain(Standing::Unknown, why);
        }
    };
    let count = count(texts);
    let Some(id) = id(texts) else {
        if count == 0 && !texts.iter().any(|text| is_meant(text)) {
            if !takes_mail {
                return plain(Standing::Unneeded, "no exchangers");
            }
            let text = "there is no MTA-STS policy, so who sits on the way can switch TLS off";
            let fix = "publish a policy, first with mode: testing";
            notes.note("sts.none", Level::Info, text, "RFC 8461 §3", fix);
            return plain(Standing::Missing, "no record");
        }
        let (summary, text) = match count {
            0 => (
                "no usable record",
                "a text at _mta-sts does not begin with v=STSv1; and counts for nothing".to_owned(),
            ),
            1 => ("no usable record", "the MTA-STS record is none: an id of letters and digits is missing".to_owned()),
            count => ("several records", format!("there are {count} MTA-STS records, and so none counts")),
        };
        let fix = "publish one record: v=STSv1; id=20261120T120000;";
        notes.note("sts.record", Level::Error, text, "RFC 8461 §3.1", fix);
        return plain(Standing::Broken, summary);
    };
    let with_id = |standing, summary: &str| MtaSts { id: Some(id.clone()), ..plain(standing, summary) };
    let octets = match &facts.fetched {
        None => return with_id(Standing::Unknown, "record there, policy not fetched"),
        Some(Err(why)) => {
            let text = format!("DNS tells of an MTA-STS policy, which cannot be fetched: {why}");
            let fix = "serve it at https://mta-sts.DOMAIN/.well-known/mta-sts.txt, with a certificate for that name";
            notes.note("sts.unreachable", Level::Error, text, "RFC 8461 §3.3", fix);
            return with_id(Standing::Broken, "policy cannot be fetched");
        }
        Some(Ok(octets)) => octets,
    };
    let policy = match Policy::parse(octets) {
        Ok(policy) => policy,
        Err(why) => {
            let text = format!("what is published as MTA-STS policy is none: {why}");
            notes.note("sts.policy", Level::Error, text, "RFC 8461 §3.2", "mend it, and give the record a new id");
            return with_id(Standing::Broken, "policy is none");
        }
    };
    unknown_fields(octets, notes);
    of_policy(&policy, id, found, notes)
}

fn of_policy(policy: &Policy, id: String, found: Option<&Exchangers>, notes: &mut Notes) -> MtaSts {
    let hosts = found.map_or(&[][..], |found| &found.hosts);
    let mut uncovered: Vec<String> =
        hosts.iter().filter(|host| !policy.names(&host.host)).map(|host| host.host.clone()).collect();
    uncovered.dedup();
    if policy.mode == Mode::None {
        uncovered.clear();
    }
    for host in &uncovered {
        let (level, text) = match policy.mode {
            Mode::Enforce => (Level::Error, "the MTA-STS policy does not name this exchanger: it gets no mail"),
            Mode::Testing | Mode::None => (Level::Warn, "the MTA-STS policy does not name this exchanger"),
        };
        let fix = "add it to the policy, and give the record a new id";
        notes.about("sts.uncovered", level, Some(host), text, "RFC 8461 §4.1", fix);
    }
    match policy.mode {
        Mode::Testing => {
            let text = "the MTA-STS policy is only tried out (mode: testing): nothing is refused for it";
            notes.note("sts.testing", Level::Warn, text, "RFC 8461 §5", "set mode: enforce when the reports are good");
        }
        Mode::None => {
            let text = "the MTA-STS policy is taken back (mode: none)";
            notes.note("sts.taken-back", Level::Info, text, "RFC 8461 §8.3", "");
        }
        Mode::Enforce => {}
    }
    let days = policy.age.as_secs() / 86_400;
    if policy.mode != Mode::None && policy.age < AGE_MIN {
        let text = format!(
            "the MTA-STS policy counts for {} only, so it protects nobody",
            counted(policy.age.as_secs(), "second")
        );
        notes.note("sts.short", Level::Warn, text, "RFC 8461 §3.2, §10.2", "set max_age to some weeks");
    } else if policy.mode == Mode::Enforce && policy.age < AGE_GOOD {
        let text = format!("the MTA-STS policy counts for {}, and weeks are meant", counted(days, "day"));
        notes.note("sts.brief", Level::Info, text, "RFC 8461 §3.2", "set max_age to some weeks");
    }
    let (standing, mode) = match policy.mode {
        Mode::Enforce if !uncovered.is_empty() => (Standing::Broken, "enforce"),
        Mode::Enforce if policy.age < AGE_MIN => (Standing::Weak, "enforce"),
        Mode::Enforce => (Standing::Good, "enforce"),
        Mode::Testing => (Standing::Weak, "testing"),
        Mode::None => (Standing::Missing, "none"),
    };
    let age = if days > 0 { counted(days, "day") } else { counted(policy.age.as_secs(), "second") };
    let left_out = match uncovered.len() {
        0 => String::new(),
        1 => format!(", does not name {}", uncovered[0]),
        more => format!(", does not name {more} exchangers"),
    };
    let summary = format!("{mode}, {age}{left_out}");
    let max_age = Some(policy.age.as_secs());
    MtaSts { standing, summary, id: Some(id), mode: Some(mode), max_age, uncovered }
}

fn unknown_fields(octets: &[u8], notes: &mut Notes) {
    let text = String::from_utf8_lossy(octets);
    let is_known = |name: &str| matches!(name, "version" | "mode" | "max_age" | "mx");
    let names = text.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim());
    for name in names.filter(|name| !is_known(name)).take(5) {
        let text = format!("nobody knows the field {name:?} of the MTA-STS policy");
        notes.note("sts.unknown-field", Level::Info, text, "RFC 8461 §3.2", "remove it if it is a slip of the pen");
    }
}

/// Judges where a domain hears of trouble with TLS.
pub(super) fn reports(found: Result<Published, String>, takes_mail: bool, notes: &mut Notes) -> TlsRpt {
    let plain = |standing, summary: String| TlsRpt { standing, summary, rua: Vec::new() };
    match found {
        Err(why) => {
            let text = format!("whether there is a TLS-RPT record is not known: {why}");
            notes.note("tlsrpt.unknown", Level::Warn, text, "RFC 8460 §3", "ask again later");
            plain(Standing::Unknown, why)
        }
        Ok(Published::Nothing) if !takes_mail => plain(Standing::Unneeded, "no exchangers".into()),
        Ok(Published::Nothing) => {
            let text = "nobody is told of trouble with TLS on the way to it (no TLS-RPT record)";
            let fix = "publish v=TLSRPTv1; rua=mailto:... at _smtp._tls";
            notes.note("tlsrpt.none", Level::Info, text, "RFC 8460 §3", fix);
            plain(Standing::Missing, "no record".into())
        }
        Ok(Published::Several(count)) => {
            let text = format!("there are {count} TLS-RPT records, and so none counts");
            notes.note("tlsrpt.several", Level::Error, text, "RFC 8460 §3", "leave one record");
            plain(Standing::Broken, format!("{count} records, so none"))
        }
        Ok(Published::Broken(_, why)) => {
            let text = format!("the TLS-RPT record counts for nothing: {why}");
            notes.note("tlsrpt.syntax", Level::Error, text, "RFC 8460 §3", "write v=TLSRPTv1; rua=mailto:...");
            plain(Standing::Broken, why.to_owned())
        }
        Ok(Published::Record { places, others, .. }) => {
            for other in &others {
                let text = format!("TLS-RPT reports cannot go to {other:?}");
                notes.note("tlsrpt.place", Level::Error, text, "RFC 8460 §3", "write mailto:... or https://...");
            }
            let rua: Vec<String> = places.iter().map(ToString::to_string).collect();
            match rua.as_slice() {
                [] => plain(Standing::Broken, "no usable place for reports".into()),
                _ => TlsRpt { standing: Standing::Good, summary: rua.join(", "), rua },
            }
        }
    }
}
