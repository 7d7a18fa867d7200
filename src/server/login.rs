//! Logins on one connection: each failure makes the next answer wait longer, and is held against the place.
//!
//! That holds for all mechanisms, since all of them end with credentials, or with a claim that is looked at here.
//! RFC 5802 §9.

use super::failures::Failures;
use crate::sasl::{Credentials, Found, LoginRefusal, LookUp, nonce};
use crate::users::{Directory, Users};
use crate::world::Entropy;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Checks logins for one connection.
pub(super) struct Login {
    pub(super) users: Users,
    pub(super) directory: Directory,
    pub(super) failures: Failures,
    /// Where the connection comes from.
    pub(super) from: IpAddr,
    /// What the first failure costs; each further one costs twice as much.
    pub(super) delay: Duration,
    /// Where nonces come from.
    pub(super) entropy: Arc<dyn Entropy>,
    /// What the salts of nobody follow from.
    pub(super) salt_secret: Arc<[u8]>,
}

impl Login {
    /// What a user logs in by SCRAM with. Says nothing about who exists, so it waits for no turn.
    pub(super) fn keys(&self, wanted: &LookUp) -> Found {
        Found { keys: self.users.keys(wanted, &self.directory, &self.salt_secret), nonce: nonce(&*self.entropy) }
    }

    pub(super) async fn check(&mut self, credentials: Credentials) -> Result<String, LoginRefusal> {
        let turn = self.failures.turn(self.from).await.ok_or(LoginRefusal::TooManyFailures)?;
        let result = self.users.authenticate(credentials, &self.directory).await;
        if result == Err(LoginRefusal::Bad) {
            // Others from there need not wait for this one's punishment.
            turn.failed();
            sleep(self.delay).await;
            self.delay *= 2;
        }
        result
    }
}
