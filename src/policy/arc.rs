//! The chain that servers sign who pass a message on: what each of them found, in sets that hold on to one another.
//!
//! A good chain says that nobody changed what the sets say since they were written, and that nobody changed the message
//! since the last one. Whether those who wrote them can be believed is not for the chain to say.
//! RFC 8617 §4, §5.2.

use super::dkim::{Algorithm, Canon, Checked, Claim, Form, Keys, Letter, Signer, Tags, Verdict, without_value};
use crate::message::view::Message;
use crate::world::{Resolve, Timestamp};
use std::collections::BTreeMap;

/// RFC 8617 §4.2.1: no chain is longer.
const SETS_MAX: usize = 50;

/// The field in which a set's owner signs the sets.
const SEAL: &str = "ARC-Seal";
/// The field in which it signs the message.
const MESSAGE_SIGNATURE: &str = "ARC-Message-Signature";
/// The field that says what it found.
const RESULTS: &str = "ARC-Authentication-Results";

/// A chain that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// What came of it.
    pub verdict: Verdict,
    /// Why; a sentence.
    pub why: String,
    /// The sets, the oldest first, as far as they were in order.
    pub sets: Vec<Set>,
    /// The signature over the message, of the newest set.
    pub message: Option<Checked>,
}

/// What one server signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The number, from 1.
    pub instance: usize,
    /// Whose seal it is.
    pub domain: String,
    /// Under which name the key is.
    pub selector: String,
    /// What it says the chain was worth before: `none`, `pass`, `fail`.
    pub chain: String,
    /// Whether the seal is good; none if it was not looked at, because a newer one is not.
    pub seal: Option<Verdict>,
}

/// The three fields of a set.
struct Fields<'o> {
    results: &'o [u8],
    message: &'o [u8],
    seal: &'o [u8],
}

/// A seal as it says.
struct Seal {
    signer: Signer,
    algorithm: Algorithm,
    chain: String,
    value: Vec<u8>,
}

/// Looks at the chain of a message; none if there is not a single field of one.
pub async fn verify(message: &Message<'_>, resolve: &dyn Resolve, now: Timestamp) -> Option<Chain> {
    let letter = Letter::of(message);
    let broken = |why: String| Chain { verdict: Verdict::Fail, why, sets: Vec::new(), message: None };
    let sets = match collect(&letter) {
        Ok(sets) if sets.is_empty() => return None,
        Ok(sets) => sets,
        Err(why) => return Some(broken(why)),
    };
    let seals: Result<Vec<Seal>, String> = sets.iter().map(|set| Seal::parse(set.seal)).collect();
    let seals = match seals {
        Ok(seals) => seals,
        Err(why) => return Some(broken(format!("a seal cannot be read: {why}"))),
    };
    let claim = Claim::read(sets.last()?.message, Form::Arc);
    let names = seals.iter().map(|seal| seal.signer.record.clone()).chain(claim.record());
    let keys = Keys::ask(resolve, names).await;
    Some(judge(&sets, &seals, claim, &letter, &keys, now))
}

/// The sets in order, or why there is no order (RFC 8617 §5.2, steps 1 and 2).
fn collect<'o>(letter: &Letter<'o>) -> Result<Vec<Fields<'o>>, String> {
    let by_instance = |name: &'static str| -> Result<BTreeMap<u64, &'o [u8]>, String> {
        let mut found = BTreeMap::new();
        // One more than there may be shows that there are too many.
        for field in letter.named(name).take(SETS_MAX + 1) {
            let instance = instance(name, field).ok_or(format!("an {name} field has no number"))?;
            if found.insert(instance, field).is_some() {
                return Err(format!("there are two {name} fields with the number {instance}"));
            }
        }
        Ok(found)
    };
    let (results, messages, seals) = (by_instance(RESULTS)?, by_instance(MESSAGE_SIGNATURE)?, by_instance(SEAL)?);
    let count = results.len().max(messages.len()).max(seals.len());
    if count > SETS_MAX {
        return Err(format!("there are more than {SETS_MAX} sets"));
    }
    let numbers = 1..=count as u64;
    let set = |number: u64| {
        let field = |found: &BTreeMap<u64, &'o [u8]>| found.get(&number).copied();
        Some(Fields { results: field(&results)?, message: field(&messages)?, seal: field(&seals)? })
    };
    numbers.map(|number| set(number).ok_or(format!("set {number} is not whole"))).collect()
}

fn value_of(field: &[u8]) -> &[u8] {
    field.splitn(2, |octet| *octet == b':').nth(1).unwrap_or_default()
}

/// The number of the set that a field belongs to.
fn instance(name: &str, field: &[u8]) -> Option<u64> {
    let value = value_of(field);
    // Results are no list of tags, but begin with one.
    let list = if name == RESULTS { value.split(|octet| *octet == b';').next()? } else { value };
    Tags::parse(list).ok()?.number("i").ok().flatten()
}

impl Seal {
    fn parse(field: &[u8]) -> Result<Self, String> {
        let tags = Tags::parse(value_of(field))?;
        // RFC 8617 §4.1.3: what is sealed is not for the sealer to choose.
        if tags.get("h").is_some() {
            return Err("it has h=".to_owned());
        }
        let chain = tags.get("cv").ok_or("cv= is missing")?.to_ascii_lowercase();
        let value = tags.octets("b").ok_or("b= is missing or not base64")?;
        Ok(Self { signer: Signer::parse(&tags)?, algorithm: Algorithm::parse(&tags)?, chain, value })
    }
}

/// RFC 8617 §5.2, steps 3 to 6.
fn judge(
    sets: &[Fields<'_>],
    seals: &[Seal],
    claim: Claim<'_>,
    letter: &Letter<'_>,
    keys: &Keys,
    now: Timestamp,
) -> Chain {
    let set = |(index, seal): (usize, &Seal)| Set {
        instance: index + 1,
        domain: seal.signer.domain.clone(),
        selector: seal.signer.selector.clone(),
        chain: seal.chain.clone(),
        seal: None,
    };
    let mut chain = Chain {
        verdict: Verdict::Fail,
        why: String::new(),
        sets: seals.iter().enumerate().map(set).collect(),
        message: None,
    };
    // A chain that was broken once says so in its last set and stays broken.
    if let Some((at, _)) =
        seals.iter().enumerate().find(|(at, seal)| seal.chain != if *at == 0 { "none" } else { "pass" })
    {
        let said = &seals[at].chain;
        return Chain { why: format!("set {} says that the chain before it is {said}", at + 1), ..chain };
    }
    let message = claim.check(letter, keys, now);
    let (verdict, why) = (message.verdict, message.why.clone());
    chain.message = Some(message);
    if verdict != Verdict::Pass {
        let verdict = if verdict == Verdict::TempError { verdict } else { Verdict::Fail };
        return Chain { verdict, why: format!("the newest signature over the message: {why}"), ..chain };
    }
    for (at, seal) in seals.iter().enumerate().rev() {
        let (verdict, why) = seal_verdict(&sets[..=at], seal, keys);
        chain.sets[at].seal = Some(verdict);
        if verdict != Verdict::Pass {
            let whole = if verdict == Verdict::TempError { verdict } else { Verdict::Fail };
            return Chain { verdict: whole, why: format!("the seal of set {}: {why}", at + 1), ..chain };
        }
    }
    Chain { verdict: Verdict::Pass, why: "all seals are good, and so is the newest signature".to_owned(), ..chain }
}

/// Whether a seal is true of the sets up to its own.
fn seal_verdict(sets: &[Fields<'_>], seal: &Seal, keys: &Keys) -> (Verdict, String) {
    let record = &seal.signer.record;
    let key = match keys.usable(record, seal.algorithm) {
        Ok(key) => key,
        Err(end) => return end,
    };
    let mut data = Vec::new();
    for (at, set) in sets.iter().enumerate() {
        for field in [set.results, set.message] {
            Canon::Relaxed.field(field, &mut data);
            data.extend_from_slice(b"\r\n");
        }
        if at + 1 < sets.len() {
            Canon::Relaxed.field(set.seal, &mut data);
            data.extend_from_slice(b"\r\n");
        } else {
            Canon::Relaxed.field(&without_value(set.seal), &mut data);
        }
    }
    match key.verifies(&data, &seal.value) {
        true => (Verdict::Pass, "it is good".to_owned()),
        false => (Verdict::Fail, "it does not match: a set was changed, or another key was used".to_owned()),
    }
}

#[cfg(test)]
mod tests;
