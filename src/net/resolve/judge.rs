//! Who judges answers here, and from when on.
//!
//! Without a trial it judges from the beginning, and what it cannot judge is no answer. With one it does so once the
//! signatures of a trust anchor's zone have come through whole: whether a name server passes them on is not known before
//! it was asked. After that there is no way back: a server that suddenly drops signatures is not believed without them,
//! or whoever can drop them could talk us out of looking (RFC 7672 §2.1.2).
//! RFC 4035 §4.9; RFC 3225 §3.

use super::super::dns::Client;
use crate::dns::dnssec::{Anchors, Validated, Validator, Why};
use crate::world::Clock;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long a name server has to show the keys of the anchor's zone: other questions wait for that.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);
/// How long a failure stands, so that not every question waits anew.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Who says what answers are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voucher {
    /// We, by the signatures.
    Ours,
    /// The name server, by one bit of each answer (AD).
    Server,
    /// Nobody, and why.
    Nobody {
        /// A sentence.
        why: String,
        /// It may be otherwise another time: nobody has answered.
        may_pass: bool,
    },
}

/// Who judges answers here, and when that is.
pub(super) struct Judge {
    validator: Validator,
    clock: Arc<dyn Clock>,
    trial: Option<Trial>,
}

/// Whether signatures come through to us.
#[derive(Default)]
pub(super) struct Trial {
    is_passed: AtomicBool,
    failed: Mutex<Option<(Instant, Why)>>,
}

impl Judge {
    pub(super) fn new(anchors: Anchors, clock: Arc<dyn Clock>, trial: Option<Trial>) -> Self {
        Self { validator: Validator::new(anchors), clock, trial }
    }

    pub(super) async fn look_at(&self, client: &Client, name: &Name, kind: RecordType) -> Validated {
        self.validator.validate(client, name, kind, self.clock.now()).await
    }

    /// Whether it judges; an error is the reason why it cannot, as it was when that was last looked at.
    pub(super) async fn is_in_office(&self, client: &Client) -> Result<(), Why> {
        let Some(trial) = &self.trial else { return Ok(()) };
        if trial.is_passed.load(Ordering::Acquire) {
            return Ok(());
        }
        // Whoever comes meanwhile waits for the same answer.
        let mut failed = trial.failed.lock().await;
        if trial.is_passed.load(Ordering::Acquire) {
            return Ok(());
        }
        if let Some((when, why)) = &*failed
            && when.elapsed() < AGAIN_AFTER
        {
            return Err(why.clone());
        }
        match timeout(SHOWN_WITHIN, self.anchored(client)).await.unwrap_or_else(|_| Err(self.silence())) {
            Ok(()) => {
                trial.is_passed.store(true, Ordering::Release);
                Ok(())
            }
            Err(why) => {
                *failed = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    /// Whether the keys that are trusted are seen with their signatures.
    pub(super) async fn anchored(&self, client: &Client) -> Result<(), Why> {
        let judged = self.look_at(client, &self.zone(), RecordType::DNSKEY).await;
        judged.security.why().cloned().map_or(Ok(()), Err)
    }

    fn zone(&self) -> Name {
        self.validator.anchors().zones().next().cloned().unwrap_or_else(Name::root)
    }

    fn silence(&self) -> Why {
        let said = format!("no answer within {} seconds", SHOWN_WITHIN.as_secs());
        Why::NoAnswer { name: self.zone(), kind: RecordType::DNSKEY, said }
    }
}

/// Whether it is only that nobody has answered, or not for now.
pub(super) fn may_pass(why: &Why) -> bool {
    match why {
        Why::NoAnswer { .. } => true,
        Why::Failed { rcode, .. } => is_passing(*rcode),
        _ => false,
    }
}

/// Whether a server that says this may say something else another time. One that refuses is meant for others, and stays
/// so.
pub(super) fn is_passing(code: ResponseCode) -> bool {
    !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain | ResponseCode::Refused)
}
