//! A token that can still be used: the one that is kept, or a new one.
//!
//! Many processes may ask at once; one renews, the others wait and take what it got. What a provider gives is kept
//! before it is used, because the old refresh token may be worth nothing from then on (RFC 9700 §4.14.2): a crash
//! after that loses nothing. One between the provider's answer and the disk may cost a login, and nothing else can
//! be done about it here. RFC 6749 §6.

use super::login::Login;
use super::tokens::Tokens;
use crate::error::{Error, Kind, Result};
use crate::status::Fate;
use crate::world::Later;
use std::time::Duration;

/// A token that ends sooner is renewed: a long message takes a while, and clocks differ.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// Where an account's tokens are kept.
pub trait Keep: Send + Sync {
    /// What is kept, if anything.
    fn load(&self) -> Later<'_, Result<Option<Tokens>>>;
    /// Keeps these instead. When it is well, they survive a power cut.
    fn save<'a>(&'a self, tokens: &'a Tokens) -> Later<'a, Result<()>>;
    /// Until the value ends, nobody else on this machine renews this account's tokens.
    fn lock(&self) -> Later<'_, Result<Box<dyn Send + Sync>>>;
    /// The consent was found to be gone, for the first time.
    fn lost(&self) -> Later<'_, ()>;
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Want {
    /// How long the token has to be good.
    pub at_least: Duration,
    /// A new one, even if the kept one could be used.
    pub is_new: bool,
}

impl Want {
    /// What has to be left of a token that is not renewed.
    pub fn enough(self) -> Duration {
        self.at_least.max(RENEW_BEFORE)
    }
}

/// Gives tokens that are good for as long as is wanted, or the best there is. `account` is for the advice.
pub async fn fresh(login: &Login<'_>, keep: &dyn Keep, want: Want, account: &str) -> Result<Tokens> {
    let enough = want.enough();
    let before = keep.load().await?;
    let is_enough = |tokens: &Tokens| tokens.rest(login.clock.now()) >= enough;
    let before = match before {
        Some(tokens) if is_enough(&tokens) && !want.is_new => return Ok(tokens),
        before => before.map(|tokens| tokens.access),
    };
    let _lock = keep.lock().await?;
    let kept = match keep.load().await? {
        // Another process was faster; what it got is new for us too.
        Some(tokens) if is_enough(&tokens) && before.is_none_or(|old| !old.is_same(&tokens.access)) => {
            return Ok(tokens);
        }
        Some(tokens) if is_enough(&tokens) && !want.is_new => return Ok(tokens),
        kept => kept,
    };
    if login.client.is_own_user {
        let tokens = login.by_client_credentials().await?;
        keep.save(&tokens).await?;
        return Ok(tokens);
    }
    let Some(mut kept) = kept else { return Err(needs_login("nobody has logged in yet", account)) };
    let answer = match &kept.refresh {
        Some(refresh) => {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
            login.client.ask(login.http, &fields, login.clock.now()).await
        }
        None if kept.rest(login.clock.now()).is_zero() || want.is_new => {
            return Err(needs_login("the token has ended, and the provider gave nothing to renew it with", account));
        }
        None => return Ok(kept),
    };
    let renewed = match answer {
        Ok(Ok(renewed)) => renewed,
        Ok(Err(refusal)) if refusal.is_consent_gone() => {
            let said = refusal.into_error("");
            if !kept.is_lost {
                kept.is_lost = true;
                keep.save(&kept).await?;
                keep.lost().await;
            }
            let error = needs_login("the consent has ended or was withdrawn", account);
            return Err(error.said(said.answer().unwrap_or_default()));
        }
        Ok(Err(refusal)) => return Err(refusal.into_error("the provider does not renew the token")),
        // The provider is in trouble, but the token still lasts for what is to be done.
        Err(error) if error.fate() == Fate::Transient && !want.is_new => {
            let rest = kept.rest(login.clock.now());
            return if rest > want.at_least { Ok(kept) } else { Err(error) };
        }
        Err(error) => return Err(error),
    };
    // RFC 6749 §6: who gives no new refresh token means that the old one stays good. So do the scopes.
    let scopes = if renewed.scopes.is_empty() { kept.scopes } else { renewed.scopes };
    let refresh = renewed.refresh.or(kept.refresh);
    let renewed = Tokens { refresh, scopes, client_id: kept.client_id, ..renewed };
    keep.save(&renewed).await?;
    Ok(renewed)
}

/// What only the user can help against.
pub fn needs_login(why: &str, account: &str) -> Error {
    Error::new(Kind::Config, format!("account {account} needs login: {why}"))
        .hint(format!("run mailkit auth login {account}"))
}
