//! `mailkit auth token`: a token for another program, on standard output.

use super::super::context::Context;
use super::super::exit::Exit;
use super::setup::Setup;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::oauth::Want;
use mailkit::world::{Clock, Timestamp};
use serde_json::json;
use std::time::Duration;

/// Print an account's token, renewed if it has to be
///
/// For other programs: passwordeval of msmtp, PassCmd of mbsync, imap_oauth_refresh_command of mutt. The token is a
/// secret, and it is printed on a terminal too: whoever asks for it gets it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit auth token work
  mailkit auth token work --format oauthbearer --min-valid 10m")]
pub(super) struct Args {
    /// The account of the configuration
    name: String,

    /// How to print it: the token alone, an answer for one of the two mechanisms, or with its end as JSON
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Format::Raw)]
    format: Format,

    /// Renew a token that ends sooner than this, such as 10m; fail if the provider gives none that lasts so long
    #[arg(long, value_name = "TIME", value_parser = mailkit::duration::parse)]
    min_valid: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The token alone
    Raw,
    /// The answer of the mechanism XOAUTH2, in base64
    SaslXoauth2,
    /// The answer of the mechanism OAUTHBEARER (RFC 7628), in base64
    Oauthbearer,
    /// An object with user, token and end
    Json,
}

/// Renews and prints.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let setup = Setup::new(context, &args.name)?;
    let want = Want { at_least: args.min_valid.unwrap_or_default(), is_new: false };
    let tokens = context.block_on(setup.tokens(want))?;
    let rest = tokens.rest(SystemClock.now());
    // A new token of an hour is an hour old by less than a second.
    if rest + Duration::from_secs(2) < want.at_least {
        let what = format!("the provider's tokens last no longer than {} seconds", rest.as_secs());
        return Err(Error::new(Kind::Unavailable, what).hint("ask for less with --min-valid"));
    }
    let token = tokens.access.expose();
    let user = || {
        setup.user.clone().ok_or_else(|| {
            Error::new(Kind::Config, format!("account {} names nobody to log in as", setup.name))
                .hint("add email or user to the account, or take --format raw")
        })
    };
    match if context.is_json() { Format::Json } else { args.format } {
        Format::Raw => context.line(token)?,
        Format::SaslXoauth2 => context.line(&STANDARD.encode(xoauth2(&user()?, token)))?,
        Format::Oauthbearer => context.line(&STANDARD.encode(oauthbearer(&user()?, token)))?,
        Format::Json => context.object(&json!({
            "schema": "mailkit.auth-token/1",
            "account": setup.name,
            "user": setup.user.clone(),
            "token": token,
            "expires": Timestamp::from_second(tokens.expires).map(|time| time.to_string()).ok(),
        }))?,
    }
    Ok(Exit::OK)
}

/// As Google and Microsoft describe it.
fn xoauth2(user: &str, token: &str) -> String {
    format!("user={user}\x01auth=Bearer {token}\x01\x01")
}

/// RFC 7628 §3.1; in a name, `=` and `,` are written out (RFC 5801 §4).
fn oauthbearer(user: &str, token: &str) -> String {
    format!("n,a={},\x01auth=Bearer {token}\x01\x01", user.replace('=', "=3D").replace(',', "=2C"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_are_those_of_the_mechanisms() {
        assert_eq!(xoauth2("bob@x", "t"), "user=bob@x\u{1}auth=Bearer t\u{1}\u{1}");
        assert_eq!(oauthbearer("b=o,b@x", "t"), "n,a=b=3Do=2Cb@x,\u{1}auth=Bearer t\u{1}\u{1}");
    }
}
