//! Mailboxes by their names: made, renamed, removed, subscribed to.
//!
//! RFC 9051 §6.3.4 to §6.3.8.

use super::list::is_same;
use super::{Refusal, Session};
use crate::error::Result;
use crate::imap::client::quoted;

impl Session {
    /// Makes a mailbox. One that is there already is as good.
    pub async fn create(&mut self, wire_name: &str) -> Result<Result<(), Refusal>> {
        // RFC 5530 §3.
        let is_there = |refusal: &Refusal| refusal.is("ALREADYEXISTS");
        Ok(self
            .named("CREATE", wire_name)
            .await?
            .or_else(|refusal| if is_there(&refusal) { Ok(()) } else { Err(refusal) }))
    }

    /// Renames a mailbox, and with it those below it.
    pub async fn rename(&mut self, wire_name: &str, to: &str) -> Result<Result<(), Refusal>> {
        let (Some(from), Some(to)) = (quoted(wire_name), quoted(to)) else { return Ok(Err(Refusal::unwritable())) };
        Ok(self.exec(format!("RENAME {from} {to}"), |_| Ok(())).await?.map(drop))
    }

    /// Removes a mailbox with the messages in it. Some servers end the conversation when it is the open one, so it is
    /// closed first.
    pub async fn delete(&mut self, wire_name: &str) -> Result<Result<(), Refusal>> {
        if self.selected.as_deref().is_some_and(|open| is_same(open, wire_name)) {
            self.unselect().await?;
        }
        self.named("DELETE", wire_name).await
    }

    /// Subscribes to a mailbox.
    pub async fn subscribe(&mut self, wire_name: &str) -> Result<Result<(), Refusal>> {
        self.named("SUBSCRIBE", wire_name).await
    }

    /// Takes a subscription back.
    pub async fn unsubscribe(&mut self, wire_name: &str) -> Result<Result<(), Refusal>> {
        self.named("UNSUBSCRIBE", wire_name).await
    }

    async fn named(&mut self, verb: &str, wire_name: &str) -> Result<Result<(), Refusal>> {
        let Some(name) = quoted(wire_name) else { return Ok(Err(Refusal::unwritable())) };
        Ok(self.exec(format!("{verb} {name}"), |_| Ok(())).await?.map(drop))
    }
}
