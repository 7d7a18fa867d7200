//! The keys that signatures name, asked for once each and all at the same time.
//!
//! RFC 6376 §3.6.2, §6.1.2.

use super::Verdict;
use super::key::{Key, NoKey};
use super::signature::Algorithm;
use crate::world::{LookupError, Record, RecordKind, Resolve};
use futures_util::future::join_all;
use std::collections::{BTreeSet, HashMap};

/// Answers by the name of the record.
#[derive(Debug, Default)]
pub(in crate::policy) struct Keys(HashMap<String, Result<Key, Missing>>);

/// Why a key cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// DNS did not answer.
    Silent(String),
    /// DNS says that there is none.
    Nothing,
    /// There is something that is no key.
    Bad(NoKey),
}

impl Keys {
    /// Asks for these records.
    pub(in crate::policy) async fn ask(resolve: &dyn Resolve, names: impl Iterator<Item = String>) -> Self {
        let names: BTreeSet<String> = names.collect();
        let answers = names.into_iter().map(|name| async {
            let answer = match resolve.lookup(&name, RecordKind::Txt).await {
                Ok(answer) => choose(&answer.records),
                Err(LookupError::Temporary(why)) => Err(Missing::Silent(why)),
                Err(LookupError::NoSuchName | LookupError::NoRecords) => Err(Missing::Nothing),
            };
            (name, answer)
        });
        Self(join_all(answers).await.into_iter().collect())
    }

    pub(super) fn get(&self, name: &str) -> Result<&Key, &Missing> {
        self.0.get(name).map_or(Err(&Missing::Nothing), Result::as_ref)
    }
}

impl Keys {
    /// The key of this name, if a signature of this kind may be believed with it; else what comes of that, and why.
    pub(in crate::policy) fn usable(&self, name: &str, algorithm: Algorithm) -> Result<&Key, (Verdict, String)> {
        let no = |verdict: Verdict, why: &str| Err((verdict, why.to_owned()));
        // RFC 8301 §3.1: nobody verifies these.
        if algorithm == Algorithm::RsaSha1 {
            return no(Verdict::PermError, "SHA-1 proves nothing any more, so such signatures are not accepted");
        }
        let key = self.get(name).map_err(|missing| (missing.verdict(), missing.sentence(name)))?;
        if !key.fits(algorithm) {
            return no(Verdict::PermError, "the key is of another type than the signature");
        }
        if !key.is_for_this {
            return no(Verdict::PermError, "the key is not meant for mail, or not for SHA-256");
        }
        // RFC 8301 §3.2.
        if !key.is_long_enough() {
            let bits = key.bits.unwrap_or_default();
            return no(Verdict::Policy, &format!("a key of {bits} bits proves nothing; it takes 1024 to 8192"));
        }
        Ok(key)
    }
}

/// The first that is a key; where there should be one and are several, others may be about something else.
fn choose(records: &[Record]) -> Result<Key, Missing> {
    let texts = records.iter().filter_map(|record| match record {
        Record::Txt(text) => Some(Key::parse(text)),
        _ => None,
    });
    let mut worst = Missing::Nothing;
    for key in texts {
        match key {
            Ok(key) => return Ok(key),
            Err(why) if worst == Missing::Nothing => worst = Missing::Bad(why),
            Err(_) => {}
        }
    }
    Err(worst)
}

impl Missing {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Silent(_) => Verdict::TempError,
            Self::Nothing | Self::Bad(_) => Verdict::PermError,
        }
    }

    /// The sentence, with the name that was asked for.
    fn sentence(&self, name: &str) -> String {
        match self {
            Self::Silent(why) => format!("the key at {name} could not be asked for: {why}"),
            Self::Nothing => format!("there is no key at {name}"),
            Self::Bad(NoKey::Revoked) => format!("the key at {name} is revoked"),
            Self::Bad(NoKey::Broken(why)) => format!("what stands at {name} is no key: {why}"),
        }
    }
}
