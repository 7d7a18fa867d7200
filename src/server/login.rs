//! Logins on one connection: each failure makes the next answer wait longer, and is held against the place.

use super::failures::Failures;
use crate::sasl::{Credentials, LoginRefusal};
use crate::users::{Directory, Users};
use std::net::IpAddr;
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
}

impl Login {
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
