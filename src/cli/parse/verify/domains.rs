//! What domains signed: DKIM and ARC, for people and for programs.

use super::Verdict;
use crate::cli::context::Context;
use crate::cli::resolver::BelievedArgs;
use mailkit::dns::server::Server;
use mailkit::error::Result;
use mailkit::message::field::trim_line_end;
use mailkit::message::view::Message;
use mailkit::net::clock::SystemClock;
use mailkit::policy::arc::{self, Chain, Set};
use mailkit::policy::dkim::{self, Checked, Verdict as Finding};
use mailkit::world::{Clock, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// What was found, of what was asked for.
pub(super) struct Found {
    /// Whether lines end with LF alone.
    pub(super) has_lf: bool,
    dkim: Option<(Vec<Checked>, usize)>,
    arc: Option<Option<Chain>>,
}

/// Verifies what is asked for.
pub(super) fn look(
    message: &Message<'_>,
    (dkim, arc): (bool, bool),
    (server, believed): (Option<&Server>, &BelievedArgs),
    context: &Context,
) -> Result<Found> {
    context.block_on(async {
        let resolver = believed.resolver(server, context)?;
        let now = SystemClock.now();
        Ok(Found {
            has_lf: has_bare_lf(message.octets()),
            dkim: if dkim { Some(dkim::verify(message, &resolver, now).await) } else { None },
            arc: if arc { Some(arc::verify(message, &resolver, now).await) } else { None },
        })
    })
}

impl Found {
    /// One that is good is enough: a signature that was broken underway says no more than none (RFC 6376 §6.1).
    pub(super) fn dkim_verdict(&self) -> Verdict {
        let all = self.dkim.as_ref().map_or(&[][..], |(checked, _)| checked);
        let has = |verdict: Finding| all.iter().any(|checked| checked.verdict == verdict);
        match () {
            () if all.is_empty() => Verdict::None,
            () if has(Finding::Pass) => Verdict::Pass,
            () if has(Finding::TempError) => Verdict::Unknown,
            () => Verdict::Fail,
        }
    }

    pub(super) fn has_signature(&self) -> bool {
        let has_chain = self.arc.as_ref().is_some_and(Option::is_some);
        has_chain || self.dkim.as_ref().is_some_and(|(checked, _)| !checked.is_empty())
    }

    pub(super) fn arc_verdict(&self) -> Verdict {
        match self.arc.as_ref().and_then(|chain| chain.as_ref()).map(|chain| chain.verdict) {
            None => Verdict::None,
            Some(Finding::Pass) => Verdict::Pass,
            Some(Finding::TempError) => Verdict::Unknown,
            Some(_) => Verdict::Fail,
        }
    }

    pub(super) fn dkim_object(&self) -> Vec<DomainSignature> {
        self.dkim.iter().flat_map(|(checked, _)| checked).map(DomainSignature::of).collect()
    }

    pub(super) fn arc_object(&self) -> Option<Chained> {
        let chain = self.arc.as_ref()?.as_ref()?;
        let set = |set: &Set| SetObject {
            chain: set.chain.clone(),
            domain: set.domain.clone(),
            instance: set.instance,
            seal: set.seal.map(Finding::name),
            selector: set.selector.clone(),
        };
        Some(Chained {
            message_signature: chain.message.as_ref().map(DomainSignature::of),
            sets: chain.sets.iter().map(set).collect(),
            verdict: chain.verdict.name(),
            why: chain.why.clone(),
        })
    }

    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((checked, left)) = &self.dkim {
            checked.iter().for_each(|checked| checked_lines("dkim", checked, &mut lines));
            match (checked.len(), left) {
                (0, _) => lines.push("dkim: none: no domain signed the message".to_owned()),
                (_, 0) => {}
                (_, left) => lines.push(format!("dkim: {left} more signatures were not looked at")),
            }
        }
        match &self.arc {
            None => {}
            Some(None) => lines.push("arc: none: no server sealed the message".to_owned()),
            Some(Some(chain)) => {
                lines.push(format!("arc: {}: {}", chain.verdict.name(), chain.why));
                for set in &chain.sets {
                    let seal = set.seal.map_or("not looked at", Finding::name);
                    let place = format!("  set {} by {} (key {})", set.instance, set.domain, set.selector);
                    lines.push(format!("{place}: seal {seal}, the chain before it {}", set.chain));
                }
                if let Some(message) = &chain.message {
                    checked_lines("  the message", message, &mut lines);
                }
            }
        }
        lines
    }
}

fn checked_lines(what: &str, checked: &Checked, lines: &mut Vec<String>) {
    let domain = checked.domain.as_deref().unwrap_or("nobody");
    lines.push(format!("{what}: {}, signed by {domain}: {}", checked.verdict.name(), checked.why));
    let indent = " ".repeat(what.len() - what.trim_start().len() + 2);
    let mut add = |line: String| lines.push(format!("{indent}{line}"));
    let Some(algorithm) = checked.algorithm else { return };
    let bits = checked.key_bits.map(|bits| format!(" of {bits} bits")).unwrap_or_default();
    add(format!("{} with the key {}{bits}", algorithm.name(), checked.selector.as_deref().unwrap_or_default()));
    if let Some(identity) = &checked.identity {
        add(format!("on behalf of {identity}"));
    }
    match checked.alignment {
        Some(dkim::Alignment::Same) => add("the domain is that of the author (From)".to_owned()),
        Some(dkim::Alignment::Related) => add("the domain is above or below that of the author (From)".to_owned()),
        Some(dkim::Alignment::Other) => add("the domain is not that of the author (From)".to_owned()),
        None => {}
    }
    add(format!("signed: {}", checked.signed.join(" ")));
    if !checked.unsigned.is_empty() {
        add(format!("not signed, so that anybody may have written it: {}", unsigned(checked).join(", ")));
    }
    if let Some((signed, all)) = checked.body_part {
        add(format!("not signed: the body beyond its first {signed} of {all} octets (l=)"));
    }
    if checked.is_testing {
        add("the domain says that it is only trying signatures out (t=y)".to_owned());
    }
    match (checked.made.and_then(time), checked.expires.and_then(time)) {
        (Some(made), Some(expires)) => add(format!("made {made}, expires {expires}")),
        (Some(made), None) => add(format!("made {made}")),
        (None, Some(expires)) => add(format!("expires {expires}")),
        (None, None) => {}
    }
}

/// A chain of ARC sets.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Chained {
    /// The newest signature over the message; null if it was not looked at.
    message_signature: Option<DomainSignature>,
    /// The oldest first.
    sets: Vec<SetObject>,
    verdict: &'static str,
    why: String,
}

/// What one server sealed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetObject {
    /// What it says the chain was worth before: `none`, `pass`, `fail`.
    chain: String,
    domain: String,
    instance: usize,
    /// Null if it was not looked at.
    seal: Option<&'static str>,
    selector: String,
}

/// A signature of a domain.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainSignature {
    algorithm: Option<&'static str>,
    /// `same`, `related`, `other`: how the domain belongs to that of the author.
    alignment: Option<&'static str>,
    /// Octets of the body that are signed; null if all are.
    body_signed: Option<u64>,
    /// Octets of the body; null if all are signed.
    body_size: Option<u64>,
    /// Of header fields and body.
    canonicalization: Option<String>,
    domain: Option<String>,
    expires: Option<String>,
    identity: Option<String>,
    key_bits: Option<usize>,
    made: Option<String>,
    selector: Option<String>,
    /// The fields that it says it covers.
    signed: Vec<String>,
    /// The domain is trying signatures out.
    testing: bool,
    /// Fields of the message that readers go by and that it does not cover.
    unsigned: Vec<String>,
    /// `pass`, `fail`, `policy`, `temperror`, `permerror`
    verdict: &'static str,
    why: String,
}

impl DomainSignature {
    fn of(checked: &Checked) -> Self {
        Self {
            algorithm: checked.algorithm.map(dkim::Algorithm::name),
            alignment: checked.alignment.map(dkim::Alignment::name),
            body_signed: checked.body_part.map(|(signed, _)| signed),
            body_size: checked.body_part.map(|(_, all)| all),
            canonicalization: checked.forms.map(|(header, body)| format!("{}/{}", header.name(), body.name())),
            domain: checked.domain.clone(),
            expires: checked.expires.and_then(time),
            identity: checked.identity.clone(),
            key_bits: checked.key_bits,
            made: checked.made.and_then(time),
            selector: checked.selector.clone(),
            signed: checked.signed.clone(),
            testing: checked.is_testing,
            unsigned: unsigned(checked),
            verdict: checked.verdict.name(),
            why: checked.why.clone(),
        }
    }
}

/// Whether a line ends with LF alone.
fn has_bare_lf(octets: &[u8]) -> bool {
    let is_bare = |line: &[u8]| line.len() == trim_line_end(line).len() + 1 && line.ends_with(b"\n");
    octets.split_inclusive(|octet| *octet == b'\n').any(is_bare)
}

fn unsigned(checked: &Checked) -> Vec<String> {
    checked.unsigned.iter().map(ToString::to_string).collect()
}

/// A time as a signature has it.
fn time(seconds: u64) -> Option<String> {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map(|time| time.to_string())
}
