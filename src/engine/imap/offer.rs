//! What the server offers, and switching on what has to be.
//!
//! Asked once; who answers a login with it is not asked at all. RFC 9051 §6.1.1, §7.2.2; RFC 5161; RFC 4978;
//! RFC 2971.

use super::Session;
use super::answer::Answer;
use super::pipeline::Ended;
use crate::error::Result;
use crate::imap::capability::Capabilities;
use crate::imap::client::quoted;

impl Session {
    /// What the server can do, now that it knows us. Who does not say offers nothing.
    pub async fn capabilities(&mut self) -> Result<&Capabilities> {
        if self.capabilities.is_none() {
            let mut words = Vec::new();
            let asked = self.exec("CAPABILITY", |answer| {
                if let Answer::Capability(found) = answer {
                    words = found;
                }
                Ok(())
            });
            let _ = asked.await?;
            self.capabilities = Some(Capabilities::new(words));
        }
        Ok(self.capabilities.get_or_insert_default())
    }

    /// Whether the server offers the extension of this name, in capitals.
    pub(super) async fn can(&mut self, name: &str) -> Result<bool> {
        Ok(self.capabilities().await?.has(name))
    }

    /// ENABLE, as far as the server offers it; before a mailbox is opened (RFC 5161 §3.1). Whether each is on.
    pub async fn enable(&mut self, names: &[&str]) -> Result<bool> {
        let offers = self.capabilities().await?;
        let wanted: Vec<&str> = names.iter().copied().filter(|name| offers.has("ENABLE") && offers.has(name)).collect();
        if wanted.len() < names.len() {
            return Ok(false);
        }
        if wanted.iter().all(|name| self.has_enabled(name)) {
            return Ok(true);
        }
        let mut enabled = Vec::new();
        let asked = self.exec(format!("ENABLE {}", wanted.join(" ")), |answer| {
            if let Answer::Enabled(words) = answer {
                enabled = words;
            }
            Ok(())
        });
        if asked.await?.is_ok() {
            // Only what was asked for is on, whatever the server says.
            self.enabled.extend(
                wanted.iter().filter(|name| enabled.iter().any(|word| word == *name)).map(|name| (*name).to_owned()),
            );
        }
        Ok(names.iter().all(|name| self.has_enabled(name)))
    }

    /// Whether an extension was switched on, by its name in capitals. RFC 7162 §3.2.3: QRESYNC brings CONDSTORE.
    pub fn has_enabled(&self, name: &str) -> bool {
        self.enabled.iter().any(|known| known == name || (name == "CONDSTORE" && known == "QRESYNC"))
    }

    /// COMPRESS: both sides pack what they say from now on; whether they do.
    pub async fn compress(&mut self) -> Result<bool> {
        if self.has_enabled(COMPRESS) {
            return Ok(true);
        }
        if !self.can(COMPRESS).await? || self.exec("COMPRESS DEFLATE", |_| Ok(())).await?.is_err() {
            return Ok(false);
        }
        self.wire.compress();
        self.enabled.push(COMPRESS.to_owned());
        Ok(true)
    }

    /// ID: says who we are (RFC 2971 §3.1), where the server wants to know.
    pub async fn identify(&mut self, name: &str, version: &str) -> Result<()> {
        if !self.can("ID").await? {
            return Ok(());
        }
        if let (Some(name), Some(version)) = (quoted(name), quoted(version)) {
            // It is a courtesy, so whatever the server thinks of it is no failure.
            let _: Ended = self.exec(format!("ID (\"name\" {name} \"version\" {version})"), |_| Ok(())).await?;
        }
        Ok(())
    }

    /// NOOP: the server may tell its news.
    pub async fn noop(&mut self) -> Result<()> {
        let done = self.exec("NOOP", |_| Ok(())).await?;
        self.expect(done, "the server does nothing, and not even that").map(drop)
    }
}

const COMPRESS: &str = "COMPRESS=DEFLATE";
