//! The SPF record of a domain, judged.
//!
//! RFC 7208 §3.4, §4.5, §4.6.4, §5, §6.1, §10.1.

use super::report::{self, Notes, Spf, Standing};
use crate::policy::spf::{Branch, Kind, LOOKUPS_MAX, Leaf, Mechanism, Qualifier, State, VOIDS_MAX, Verdict};
use crate::probe::report::Level;
use std::net::IpAddr;

/// RFC 7208 §3.4: what fits into an answer by UDP of old, with room for the question.
const SIZE_MAX: usize = 450;
/// Networks of IPv4 wider than this hold more machines than anybody sends mail from.
const WIDTH_MIN: u8 = 16;
/// The same of IPv6: what a provider is given as a whole.
const WIDTH_MIN_V6: u8 = 32;

/// Judges a record and all it leads to.
pub(super) fn judge(tree: &Branch, takes_mail: bool, notes: &mut Notes) -> Spf {
    let before = notes.0.len();
    let lookups = tree.lookups();
    let voids = tree.voids();
    root(tree, takes_mail, notes);
    for branch in tree.all() {
        terms(branch, std::ptr::eq(branch, tree), notes);
    }
    if lookups > LOOKUPS_MAX {
        let text =
            format!("{lookups} terms of the SPF record ask DNS, and {LOOKUPS_MAX} are allowed: it counts for nothing");
        let fix = "drop senders that are not used any more, or name networks instead of domains";
        notes.note("spf.too-many-lookups", Level::Error, text, "RFC 7208 §4.6.4", fix);
    } else if lookups + 1 >= LOOKUPS_MAX {
        let text = format!("{lookups} of {LOOKUPS_MAX} look-ups of the SPF record are used");
        let fix = "make room before somebody below adds one of theirs";
        notes.note("spf.few-lookups-left", Level::Info, text, "RFC 7208 §4.6.4", fix);
    }
    if voids > VOIDS_MAX {
        let text = format!("{voids} terms of the SPF record find nothing, and {VOIDS_MAX} are allowed");
        notes.note("spf.too-many-voids", Level::Error, text, "RFC 7208 §4.6.4", "remove the terms that find nothing");
    }
    let closing = tree.closing();
    closed(tree, closing, notes);
    let is_wrong = notes.0[before..].iter().any(|finding| finding.level == Level::Error);
    let is_wide = notes.0[before..].iter().any(|finding| finding.id == "spf.wide");
    let is_open = tree.lets_everybody_pass();
    let stance = stance(tree, is_open);
    let (standing, summary) = summary(tree, (closing, stance), (lookups, voids), (is_wrong, is_wide));
    let others = closing.map(|qualifier| Verdict::from(qualifier).name());
    Spf { standing, summary, others, stance, is_open, lookups, voids, tree: shown(tree) }
}

fn root(tree: &Branch, takes_mail: bool, notes: &mut Notes) {
    match &tree.state {
        State::Nothing => {
            let fix = match takes_mail {
                true => "publish one: v=spf1 mx -all, if the exchangers send its mail too",
                false => "a domain that sends no mail says v=spf1 -all",
            };
            let text = "there is no SPF record, so nobody can tell who may send in its name";
            notes.note("spf.none", Level::Warn, text, "RFC 7208 §3", fix);
        }
        State::Several(all) => {
            let text = format!("there are {} SPF records, and so none counts", all.len());
            notes.note("spf.several", Level::Error, text, "RFC 7208 §4.5", "join them into one record");
        }
        State::Broken(_, error) => {
            let text = format!("the SPF record counts for nothing: {error}");
            notes.note("spf.syntax", Level::Error, text, "RFC 7208 §4.6, §12", "mend what stands there");
        }
        State::Silent(why) => {
            let text = format!("whether there is an SPF record is not known: {why}");
            notes.note("spf.unknown", Level::Warn, text, "RFC 7208 §4.4", "ask again later");
        }
        State::Record(text) if text.len() > SIZE_MAX => {
            let text = format!("the SPF record has {} characters, and may not fit into an answer by UDP", text.len());
            notes.note("spf.too-long", Level::Info, text, "RFC 7208 §3.4", "part it, and include the parts");
        }
        State::Record(_) | State::Unfollowed(_) => {}
    }
}

fn terms(branch: &Branch, is_root: bool, notes: &mut Notes) {
    let whose = if is_root { None } else { Some(branch.domain.as_str()) };
    let mut all = None;
    for leaf in &branch.leaves {
        let text = &leaf.term.text;
        match &leaf.term.kind {
            Kind::Redirect(_) if !leaf.is_counted => {
                let text = format!("{text} means nothing beside all");
                let fix = "remove one of the two";
                notes.about("spf.redirect-and-all", Level::Warn, whose, text, "RFC 7208 §6.1", fix);
            }
            Kind::Unknown(name) => {
                let text = format!("nobody knows the modifier {name}");
                let fix = "remove it if it is a slip of the pen";
                notes.about("spf.unknown-modifier", Level::Info, whose, text, "RFC 7208 §6", fix);
            }
            Kind::Directive(qualifier, mechanism) => {
                if let Some(all) = all {
                    let text = format!("{text} stands behind {all}, and is never reached");
                    notes.about(
                        "spf.after-all",
                        Level::Warn,
                        whose,
                        text,
                        "RFC 7208 §5.1",
                        "put all last, or remove it",
                    );
                }
                if *mechanism == Mechanism::All {
                    all = all.or(Some(text));
                }
                odd(text, mechanism, whose, notes);
                wide(text, *qualifier, mechanism, whose, notes);
            }
            Kind::Redirect(_) | Kind::Exp(_) => {}
        }
        below(leaf, whose, notes);
    }
}

fn odd(text: &str, mechanism: &Mechanism, whose: Option<&str>, notes: &mut Notes) {
    match mechanism {
        Mechanism::Ptr(_) => {
            let what = format!("{text} is slow, unreliable, and not to be used");
            notes.about("spf.ptr", Level::Warn, whose, what, "RFC 7208 §5.5", "name addresses or networks instead");
        }
        Mechanism::Ip(IpAddr::V6(ip), _) if ip.to_ipv4_mapped().is_some() => {
            let what = format!("{text} is never the address of a client: such come by IPv4");
            notes.about("spf.mapped", Level::Warn, whose, what, "RFC 7208 §5", "write it with ip4");
        }
        _ => {}
    }
}

/// The bits of an address that count, where more than the address itself may send, of each family that is meant.
fn lengths(mechanism: &Mechanism) -> [Option<u8>; 2] {
    match mechanism {
        Mechanism::Ip(IpAddr::V4(_), length) => [Some(*length), None],
        Mechanism::Ip(IpAddr::V6(_), length) => [None, Some(*length)],
        Mechanism::A(_, cidr) | Mechanism::Mx(_, cidr) => [Some(cidr.v4), Some(cidr.v6)],
        _ => [None, None],
    }
}

fn wide(text: &str, qualifier: Qualifier, mechanism: &Mechanism, whose: Option<&str>, notes: &mut Notes) {
    if qualifier != Qualifier::Pass {
        return;
    }
    let [v4, v6] = lengths(mechanism);
    if v4 == Some(0) || v6 == Some(0) {
        let what = format!("{text} lets everybody send in its name, as +all does");
        return notes.about(
            "spf.open",
            Level::Error,
            whose,
            what,
            "RFC 7208 §10.1",
            "name the networks that really send",
        );
    }
    let fix = "name the networks that really send";
    if let Some(length) = v4.filter(|length| *length < WIDTH_MIN) {
        let what = format!("{text} lets {} addresses send in its name", 1u64 << (32 - u32::from(length)));
        notes.about("spf.wide", Level::Warn, whose, what, "RFC 7208 §11.4", fix);
    } else if let Some(length) = v6.filter(|length| *length < WIDTH_MIN_V6) {
        let what = format!("{text} lets a whole provider's network of IPv6 send in its name (/{length})");
        notes.about("spf.wide", Level::Warn, whose, what, "RFC 7208 §11.4", fix);
    }
}

fn below(leaf: &Leaf, whose: Option<&str>, notes: &mut Notes) {
    let term = &leaf.term.text;
    if let Some(trouble) = &leaf.trouble {
        let is_permanent = trouble.contains("more than ten");
        let (id, level) = match is_permanent {
            true => ("spf.too-many-exchangers", Level::Error),
            false => ("spf.unknown-term", Level::Warn),
        };
        notes.about(id, level, whose, format!("{term}: {trouble}"), "RFC 7208 §4.6.4", "");
    }
    if leaf.is_void {
        let text = format!("{term} finds nothing");
        notes.about("spf.void", Level::Warn, whose, text, "RFC 7208 §4.6.4", "remove the term, or mend the name");
    }
    let Some(branch) = &leaf.branch else { return };
    let (id, level, text) = match &branch.state {
        State::Nothing => (
            "spf.include-none",
            Level::Error,
            format!("{term} leads to a name without SPF record, which spoils the whole"),
        ),
        State::Several(all) => (
            "spf.include-several",
            Level::Error,
            format!("{term} leads to {} records, which spoils the whole", all.len()),
        ),
        State::Broken(_, error) => {
            ("spf.include-syntax", Level::Error, format!("{term} leads to a record that is none: {error}"))
        }
        State::Unfollowed(why) => ("spf.loop", Level::Error, format!("{term}: {why}")),
        State::Silent(why) => ("spf.unknown-term", Level::Warn, format!("{term}: {why}")),
        State::Record(_) => return,
    };
    notes.about(id, level, whose, text, "RFC 7208 §5.2, §6.1", "remove the term, or tell the owner of that name");
}

/// Whether an `all` stands in a record, or in the one that it redirects to.
fn has_all(branch: &Branch) -> bool {
    branch.leaves.iter().any(|leaf| match &leaf.term.kind {
        Kind::Directive(_, mechanism) => *mechanism == Mechanism::All,
        Kind::Redirect(_) => leaf.branch.as_ref().is_some_and(has_all),
        _ => false,
    })
}

/// What a record says of those whom it does not mention.
fn stance(tree: &Branch, is_open: bool) -> Option<&'static str> {
    Some(match tree.closing()? {
        Qualifier::Pass => "lets everybody pass (+all)",
        // A network of all addresses, or somebody else's +all.
        _ if is_open => "lets everybody pass",
        Qualifier::Fail => "refuses others (-all)",
        Qualifier::Softfail => "doubts others (~all)",
        Qualifier::Neutral if has_all(tree) => "says nothing of others (?all)",
        Qualifier::Neutral => "says nothing of others (no all)",
    })
}

fn closed(tree: &Branch, closing: Option<Qualifier>, notes: &mut Notes) {
    match closing {
        Some(Qualifier::Pass) => {
            let text = "the SPF record lets everybody send in its name (+all)";
            notes.note("spf.open", Level::Error, text, "RFC 7208 §10.1", "end it with -all or ~all");
        }
        Some(Qualifier::Neutral) => {
            let text = match has_all(tree) {
                true => "the SPF record says nothing of others (?all)",
                false => "the SPF record has no end: it says nothing of those whom it does not mention",
            };
            notes.note("spf.unclosed", Level::Warn, text, "RFC 7208 §4.7, §10.1", "end it with -all or ~all");
        }
        Some(Qualifier::Fail | Qualifier::Softfail) | None => {}
    }
    // Somebody else's +all is as good as one's own.
    for branch in tree.all().into_iter().skip(1) {
        let opens = |leaf: &Leaf| leaf.term.kind == Kind::Directive(Qualifier::Pass, Mechanism::All);
        if branch.leaves.iter().any(opens) && closing != Some(Qualifier::Pass) {
            let text = "its record lets everybody send, and so does the one that includes it";
            let fix = "do not include it";
            notes.about("spf.open", Level::Error, Some(&branch.domain), text, "RFC 7208 §10.1", fix);
        }
    }
}

fn summary(
    tree: &Branch,
    (closing, stance): (Option<Qualifier>, Option<&str>),
    (lookups, voids): (usize, usize),
    (is_wrong, is_wide): (bool, bool),
) -> (Standing, String) {
    let counts = match voids {
        0 => format!("{lookups} of {LOOKUPS_MAX} look-ups"),
        voids => format!("{lookups} of {LOOKUPS_MAX} look-ups, {voids} void"),
    };
    match &tree.state {
        State::Nothing => (Standing::Missing, "no record".into()),
        State::Several(all) => (Standing::Broken, format!("{} records, so none", all.len())),
        State::Broken(_, error) => (Standing::Broken, error.to_string()),
        State::Silent(why) => (Standing::Unknown, why.clone()),
        State::Unfollowed(why) => (Standing::Broken, (*why).to_owned()),
        State::Record(_) if tree.is_uncertain() => (Standing::Unknown, format!("in part not known now; {counts}")),
        State::Record(_) => {
            let standing = match closing {
                _ if is_wrong => Standing::Broken,
                Some(Qualifier::Fail | Qualifier::Softfail) if !is_wide => Standing::Good,
                _ => Standing::Weak,
            };
            (standing, format!("{}; {counts}", stance.unwrap_or("what it says of others is not known")))
        }
    }
}

fn shown(branch: &Branch) -> report::Branch {
    let (record, trouble, at) = match &branch.state {
        State::Record(text) => (Some(text.clone()), None, None),
        State::Broken(text, error) => (Some(text.clone()), Some(error.what.to_owned()), Some(error.at + 1)),
        State::Several(all) => (None, Some(format!("{} records", all.len())), None),
        State::Nothing => (None, Some("no record".to_owned()), None),
        State::Silent(why) => (None, Some(why.clone()), None),
        State::Unfollowed(why) => (None, Some((*why).to_owned()), None),
    };
    let leaf = |leaf: &Leaf| report::Leaf {
        term: leaf.term.text.clone(),
        is_counted: leaf.is_counted,
        is_void: leaf.is_void,
        is_open: leaf.is_open,
        found: leaf.found.clone(),
        trouble: leaf.trouble.clone(),
        record: leaf.branch.as_ref().map(|branch| Box::new(shown(branch))),
    };
    report::Branch {
        domain: branch.domain.clone(),
        record,
        trouble,
        at,
        lookups: branch.lookups(),
        voids: branch.voids(),
        terms: branch.leaves.iter().map(leaf).collect(),
    }
}
