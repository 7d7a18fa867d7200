//! `mailkit auth login`: the user's consent, in a browser here, on another device, or by hand.

use super::super::context::Context;
use super::super::exit::Exit;
use super::browser;
use super::setup::Setup;
use mailkit::account::{Grant, Place};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::oauth::{Authorization, LOOPBACK, Login, Loopback, Prompt, Tokens, answer_of};
use mailkit::world::Timestamp;
use serde_json::json;
use std::io::{BufRead, Read};
use std::num::NonZeroU16;
use std::time::Duration;

/// Octets of an address that is pasted; codes and states are a few hundred.
const PASTED_MAX: u64 = 16 * 1024;
/// How long the user may take to consent.
const CONSENT_WAIT: Duration = Duration::from_secs(10 * 60);

/// Get the user's consent and keep the tokens
///
/// Opens a browser where there is a screen. On a machine without one, or over ssh, the consent is given on another
/// device if the provider knows that, else by hand: a browser anywhere is sent to an address, ends at a page that
/// cannot be shown, and the address of that page is pasted here.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit auth login work
  mailkit auth login work --device --client-id 1234.apps.example.org")]
pub(super) struct Args {
    /// The account of the configuration, with auth = \"oauth\"
    name: String,

    /// Consent on another device, with a code to type there
    #[arg(long, group = "way")]
    device: bool,

    /// Consent in any browser, and paste the address it ends at
    #[arg(long, group = "way")]
    paste: bool,

    /// Consent in a browser on this machine, even if there seems to be no screen
    #[arg(long, group = "way")]
    browser: bool,

    /// What the provider calls this client, if the configuration does not say it
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
}

/// How the consent is got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Browser,
    Device,
    Paste,
}

impl Args {
    fn way(&self, grant: Option<Grant>, knows_devices: bool, has_screen: bool) -> Way {
        match grant {
            _ if self.device => Way::Device,
            _ if self.paste => Way::Paste,
            _ if self.browser => Way::Browser,
            Some(Grant::Device) => Way::Device,
            _ if has_screen => Way::Browser,
            None if knows_devices => Way::Device,
            _ => Way::Paste,
        }
    }
}

/// Asks, waits, keeps.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let setup = Setup::new(context, &args.name)?;
    let (tokens, place) = context.block_on(async {
        let web = setup.web()?;
        let http = web.http();
        let client = setup.client(&http, args.client_id.as_deref()).await?;
        let login = Login { client: &client, http: &http, clock: &SystemClock };
        let mut tokens = if setup.is_own_user() {
            login.by_client_credentials().await?
        } else {
            let knows_devices = client.endpoints.device.is_some();
            match args.way(setup.oauth.grant, knows_devices, browser::has_screen(browser::variable)) {
                Way::Device => login.by_device(|prompt| show(context, prompt)).await?,
                Way::Browser => in_browser(context, &setup, &login).await?,
                Way::Paste => by_hand(context, &setup, &login).await?,
            }
        };
        tokens.client_id = args.client_id.clone();
        // Somebody may be renewing the old ones.
        let _lock = setup.vault.lock().await?;
        let place = setup.vault.save(&tokens.print(), None).await?;
        Ok((tokens, place))
    })?;
    if tokens.refresh.is_none() && !setup.is_own_user() {
        context.warn("the provider gave nothing to renew the token with: log in again when it has ended");
    }
    report(context, &setup, &tokens, place)?;
    Ok(Exit::OK)
}

fn report(context: &Context, setup: &Setup, tokens: &Tokens, place: Place) -> Result<()> {
    let stored = match place {
        Place::Keyring => "keyring".to_owned(),
        Place::File => setup.vault.path().display().to_string(),
    };
    if context.is_json() {
        let expires = Timestamp::from_second(tokens.expires).map(|time| time.to_string()).ok();
        return context.object(&json!({
            "schema": "mailkit.auth-login/1",
            "account": setup.name,
            "expires": expires,
            "renewable": tokens.refresh.is_some() || setup.is_own_user(),
            "scopes": tokens.scopes,
            "stored": stored,
        }));
    }
    context.note(&format!("account {} is logged in; its tokens are kept in {stored}", setup.name));
    Ok(())
}

fn show(context: &Context, prompt: &Prompt) {
    context.say(&format!("open {} on any device and type there:", prompt.address));
    context.say(&format!("  {}", prompt.code));
    if let Some(complete) = &prompt.complete {
        context.say(&format!("or open {complete}"));
    }
}

async fn in_browser(context: &Context, setup: &Setup, login: &Login<'_>) -> Result<Tokens> {
    let (back, asked) = question(setup, login)?;
    context.say("open this address to consent, if no browser shows it:");
    context.say(&format!("  {}", asked.url));
    browser::open(asked.url.as_str(), context.hidden());
    login.by_browser(&asked, &back, CONSENT_WAIT).await
}

async fn by_hand(context: &Context, setup: &Setup, login: &Login<'_>) -> Result<Tokens> {
    if context.globals.no_input {
        return Err(Error::new(Kind::Usage, "an address has to be pasted, and --no-input forbids to ask for it")
            .hint("use --device if the provider knows it, or log in on a machine with a screen"));
    }
    // The port is held, so that nobody else on this machine gets what a browser here would bring.
    let (_held, asked) = question(setup, login)?;
    context.say("open this address in any browser and consent:");
    context.say(&format!("  {}", asked.url));
    context.say("the browser ends at a page that it cannot show; paste the address of that page here:");
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().take(PASTED_MAX).read_line(&mut line).map(|_| line)
    });
    let late = |_| Error::new(Kind::NoPermission, "nothing was pasted within 10 minutes").hint("begin again");
    let typed = tokio::time::timeout(CONSENT_WAIT, typed).await.map_err(late)?;
    let unreadable = |error| Error::new(Kind::Io, "cannot read standard input").caused_by(error);
    let typed = typed.map_err(std::io::Error::other).and_then(|read| read).map_err(unreadable)?;
    let answer = answer_of(&typed).ok_or_else(|| {
        Error::new(Kind::Usage, "what was pasted is not the address that the browser ended at")
            .hint("it begins with http:// and holds code= and state=")
    })?;
    login.by_answer(&asked, answer).await
}

/// The question for consent, and the place its answer comes to.
fn question(setup: &Setup, login: &Login<'_>) -> Result<(Loopback, Authorization)> {
    let known = setup.known();
    let back = Loopback::open(setup.oauth.redirect_port.map(NonZeroU16::get))?;
    let redirect = back.address(known.map_or(LOOPBACK, |known| known.redirect_host));
    let extra = known.map_or(&[][..], |known| known.extra);
    let asked = Authorization::new(login.client, &redirect, extra, &SystemEntropy)?;
    Ok((back, asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_what_is_asked_for_or_what_is_possible() {
        let args = |device, paste, browser| Args { name: String::new(), device, paste, browser, client_id: None };
        let auto = args(false, false, false);
        for (args, grant, knows_devices, has_screen, wanted) in [
            (&args(true, false, false), None, false, true, Way::Device),
            (&args(false, true, false), Some(Grant::Device), true, true, Way::Paste),
            (&args(false, false, true), None, true, false, Way::Browser),
            (&auto, None, true, true, Way::Browser),
            (&auto, None, true, false, Way::Device),
            (&auto, None, false, false, Way::Paste),
            (&auto, Some(Grant::Device), false, true, Way::Device),
            (&auto, Some(Grant::Code), true, false, Way::Paste),
        ] {
            assert_eq!(args.way(grant, knows_devices, has_screen), wanted, "{args:?}");
        }
    }
}
