//! From the spool to the next host: the relay.
//!
//! Takes what is due, hands it over, writes down what came of it, and tries again, reports or is
//! done. `schedule`, `board` and `bounce` decide and are pure; `attempt`, `work` and `queue`
//! do. Gets everything outside itself handed in: spool, DNS, clock, couriers, local mailboxes.
//! RFC 5321 §2.1, §4.5.4, §5.

pub mod attempt;
pub mod board;
pub mod bounce;
pub mod event;
pub mod order;
mod queue;
pub mod schedule;
#[cfg(test)]
mod simulation;
mod work;

use crate::address::Domain;
use crate::engine::guarding::Guarding;
use crate::engine::handover::{Courier, Local};
use crate::engine::route::Rules;
use crate::error::Result;
use crate::store::spool::{Spool, Wake};
use crate::world::{Clock, Entropy, Resolve};
use board::Limits;
use event::Observer;
use schedule::Patience;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The relay. Clones are handles to the same one.
#[derive(Clone)]
pub struct Relay(Arc<work::Worker>);

/// What the relay works with.
#[derive(Clone)]
pub struct Tools {
    /// Where messages wait.
    pub spool: Spool,
    /// DNS.
    pub dns: Arc<dyn Resolve>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Spreads waits and load.
    pub entropy: Arc<dyn Entropy>,
    /// Takes messages to other hosts.
    pub courier: Arc<dyn Courier>,
    /// Takes messages to mailboxes here; without it, none are local.
    pub local: Option<Arc<dyn Local>>,
    /// Is told what happens.
    pub observer: Observer,
}

/// How the relay behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who signs reports.
    pub hostname: String,
    /// The port of other hosts.
    pub port: u16,
    /// All mail that is not local goes there; DNS is not asked for exchangers.
    pub smarthost: Option<Smarthost>,
    /// This host, and whom it may connect to.
    pub rules: Rules,
    /// What the way to exchangers is held to.
    pub guarding: Guarding,
    /// When to try again and when to give up.
    pub patience: Patience,
    /// How much at once.
    pub limits: Limits,
}

/// A host that takes all mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smarthost {
    /// A name or an address.
    pub host: Domain,
    /// Its port.
    pub port: u16,
}

/// Directly to the exchangers on port 25, patient as the standard asks, at public addresses only.
impl Default for Settings {
    fn default() -> Self {
        Self {
            hostname: "localhost".into(),
            port: 25,
            smarthost: None,
            rules: Rules::default(),
            guarding: Guarding::default(),
            patience: Patience::default(),
            limits: Limits::default(),
        }
    }
}

/// Between two looks into the letter box that nobody asked for.
const LETTERS: Duration = Duration::from_secs(60);

impl Relay {
    /// A relay that does nothing yet.
    pub fn new(tools: Tools, settings: Settings) -> Self {
        Self(Arc::new(work::Worker::new(tools, settings)))
    }

    /// Works until `stop`; then lets the attempts under way come to their end, for a while.
    pub async fn run(&self, stop: CancellationToken) -> Result<()> {
        self.take_letters().await?;
        tokio::select! {
            worked = queue::drive(self.0.clone(), stop, queue::Until::Stopped) => worked,
            never = self.take_letters_again() => match never {},
        }
    }

    /// Tries everything that is due once, and what enters the spool meanwhile.
    pub async fn pass(&self) -> Result<()> {
        self.take_letters().await?;
        queue::drive(self.0.clone(), CancellationToken::new(), queue::Until::Quiet).await
    }

    /// Takes in what is in the letter box, makes messages due at once, and forgets which hosts did not answer; says
    /// how many recipients were waiting.
    pub async fn flush(&self, wake: Wake) -> Result<usize> {
        self.take_letters().await?;
        self.0.forget_silence();
        self.0.tools.spool.make_due(wake).await
    }

    async fn take_letters(&self) -> Result<()> {
        let taken = self.0.tools.spool.take_letters().await?;
        taken.troubles.iter().for_each(|trouble| self.0.tell(&event::Event::Trouble { what: trouble.to_string() }));
        Ok(())
    }

    /// What could not be taken in may be later, and not everybody who puts a letter there manages to say so.
    async fn take_letters_again(&self) -> std::convert::Infallible {
        loop {
            self.0.tools.clock.sleep(LETTERS).await;
            if let Err(error) = self.take_letters().await {
                self.0.tell(&event::Event::Trouble { what: error.to_string() });
            }
        }
    }
}
