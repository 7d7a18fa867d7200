//! What is known of zones from one question to the next, so that a thousand names do not check the root a thousand times.
//!
//! Only what was proven is kept, no longer than records and signatures allow, and it counts only for times like those it
//! was proven for. RFC 4035 §4.5, §5.3.3.

use super::signature::Keys;
use super::step::Step;
use super::why::Why;
use crate::world::Timestamp;
use hickory_proto::dnssec::PublicKey;
use hickory_proto::rr::Name;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many names something is known of.
const NAMES_MAX: usize = 1024;
/// A zone whose keys take more octets than this is looked at anew each time.
const SIZE_MAX: usize = 8192;
/// Seconds after which everything is looked at anew.
const TTL_MAX: u32 = 86_400;

/// What a name is, seen from the zone above.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    /// A zone of its own begins here, and these are its keys.
    Zone(Arc<Keys>),
    /// A zone begins or may begin here that nobody vouches for.
    Insecure(Why),
    /// It belongs to the zone above.
    Same,
}

/// That, with how it was found.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) standing: Standing,
    pub(super) steps: Vec<Step>,
    /// Seconds the records it rests on may be kept.
    pub(super) ttl: u32,
}

/// Findings by name.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<Name, Entry>>);

#[derive(Debug)]
struct Entry {
    finding: Arc<Finding>,
    from: Timestamp,
    until: Timestamp,
}

impl Known {
    /// What is known of a name at this time.
    pub(super) fn get(&self, name: &Name, now: Timestamp) -> Option<Arc<Finding>> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = names.get(name).filter(|entry| entry.from <= now && now < entry.until)?;
        Some(Arc::clone(&entry.finding))
    }

    /// Keeps what was found at this time.
    pub(super) fn put(&self, name: &Name, finding: &Arc<Finding>, now: Timestamp) {
        let kept = now.as_second().saturating_add(i64::from(finding.ttl.min(TTL_MAX)));
        let signed = finding.steps.iter().filter_map(Step::until).map(Timestamp::as_second).min();
        let Ok(until) = Timestamp::from_second(signed.map_or(kept, |signed| signed.min(kept))) else { return };
        if until <= now || finding.size() > SIZE_MAX {
            return;
        }
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MAX && !names.contains_key(name) {
            names.retain(|_, entry| entry.until > now);
            // What would have to be looked up again soonest goes first: the zones at the top live longest.
            let first = names.iter().min_by_key(|(_, entry)| entry.until).map(|(name, _)| name.clone());
            if let Some(first) = first.filter(|_| names.len() >= NAMES_MAX) {
                names.remove(&first);
            }
        }
        names.insert(name.clone(), Entry { finding: Arc::clone(finding), from: now, until });
    }
}

impl Finding {
    fn size(&self) -> usize {
        match &self.standing {
            Standing::Zone(keys) => keys.all.iter().map(|key| key.data.public_key().public_bytes().len() + 32).sum(),
            Standing::Insecure(_) | Standing::Same => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_ends_with_its_time_and_is_never_too_much() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let known = Known::default();
        let finding = |ttl| Arc::new(Finding { standing: Standing::Same, steps: Vec::new(), ttl });
        let name = |number: usize| Name::from_ascii(format!("n{number}.example.")).unwrap();
        known.put(&name(0), &finding(60), at(1000));
        for (second, is_known) in [(999, false), (1000, true), (1059, true), (1060, false)] {
            assert_eq!(known.get(&name(0), at(second)).is_some(), is_known, "{second}");
        }
        known.put(&name(1), &finding(u32::MAX), at(1000));
        assert!(known.get(&name(1), at(1000 + 86_399)).is_some());
        assert!(known.get(&name(1), at(1000 + 86_400)).is_none());
        known.put(&name(2), &finding(0), at(1000));
        assert!(known.get(&name(2), at(1000)).is_none());
        for number in 3..3000 {
            known.put(&name(number), &finding(600), at(2000));
        }
        assert_eq!(known.0.lock().unwrap().len(), NAMES_MAX);
        assert!(known.get(&name(1), at(2000)).is_some(), "what lives longest stays");
        assert!(known.get(&name(2999), at(2000)).is_some(), "and what came last");
    }
}
