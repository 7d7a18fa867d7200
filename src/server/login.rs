//! Logins on one connection: each failure makes the next answer wait longer.
//!
//! Together with the sessions' limit of failures this keeps guessing slow without keeping state about strangers.

use crate::sasl::{Credentials, LoginRefusal};
use crate::users::{Directory, Users};
use std::time::Duration;
use tokio::time::sleep;

/// Checks logins for one connection.
#[derive(Clone)]
pub(super) struct Login {
    users: Users,
    directory: Directory,
    /// What the first failure costs; each further one costs twice as much.
    delay: Duration,
}

impl Login {
    pub(super) fn new(users: Users, directory: Directory, delay: Duration) -> Self {
        Self { users, directory, delay }
    }

    pub(super) async fn check(&mut self, credentials: Credentials) -> Result<String, LoginRefusal> {
        let result = self.users.authenticate(credentials, &self.directory).await;
        if result == Err(LoginRefusal::Bad) {
            sleep(self.delay).await;
            self.delay *= 2;
        }
        result
    }
}
