//! `mailkit account check`: whether an account works, step by step, with what to do where it does not.
//!
//! What is looked at in a server, and what it means, `checkup` knows; here are the account and its secret.

use crate::cli::auth::TokenProof;
use crate::cli::context::Context;
use crate::cli::dial::DialArgs;
use crate::cli::exit::Exit;
use crate::cli::host;
use crate::cli::login::{Server, is_external, prove};
use crate::cli::send;
use mailkit::account::{Account, Auth, SecretSource};
use mailkit::checkup::{self, Level, Step, Visit, opinion, visit};
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::clock::SystemClock;
use mailkit::sasl::{Credentials, Permit};
use mailkit::secret::Secret;
use mailkit::world::Clock;
use serde_json::json;

/// Check whether an account works
///
/// Looks at the account itself, its secret, and each of its servers: name, port, certificate, login, what is
/// offered, which mailboxes are there, by the proxy and from the address that the account names. Nothing is changed,
/// and nothing is sent, unless --send says so.
///
/// Ends with 0 if all works, even with warnings; else as the first step that failed does: 78 for the account
/// or its secret, 68 or 75 for a server that is not there, 69 for its certificate, 77 for a refused login.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account check local --send
  mailkit account check --all --json | jq .steps")]
pub(super) struct Check {
    /// The account; the default one if none is named
    #[arg(conflicts_with = "all")]
    name: Option<String>,

    /// Check all accounts
    #[arg(long)]
    all: bool,

    /// If all that is before it works, send a message from the account to its own address
    #[arg(long)]
    send: bool,
}

/// Checks, and prints step by step.
pub(super) fn run(args: &Check, context: &Context) -> Result<Exit> {
    let config = context.config()?;
    let names: Vec<&str> = match args.all {
        true => config.accounts.keys().map(String::as_str).collect(),
        false => vec![config.account(args.name.as_deref().or(context.globals.account.as_deref()))?.0],
    };
    if names.is_empty() {
        return Err(Error::new(Kind::Config, "no account is configured").hint("mailkit account add makes one"));
    }
    context.block_on(async {
        let mut exit = Exit::OK;
        for name in names {
            // Values that stand elsewhere are got for it; what cannot be had is this account's matter alone.
            let steps = match config.account(Some(name)) {
                Ok((_, account)) => {
                    let mut steps = steps(context, name, account, None).await?;
                    if args.send && checkup::kind(&steps).is_none() {
                        steps.push(sent(context, name, account).await.of("smtp"));
                    }
                    steps
                }
                Err(error) => vec![Step::failed("config", &error, None)],
            };
            let outcome = checkup::kind(&steps).map_or(Exit::OK, Exit::from);
            if exit == Exit::OK {
                exit = outcome;
            }
            if context.is_json() {
                context.object(&object(name, outcome, &steps))?;
            } else {
                lines(name, &steps).iter().try_for_each(|line| context.line(&terminal(line)))?;
            }
        }
        Ok(exit)
    })
}

/// All steps of one account; `typed` is its password, if it is kept nowhere yet.
pub(super) async fn steps(
    context: &Context,
    name: &str,
    account: &Account,
    typed: Option<&Secret>,
) -> Result<Vec<Step>> {
    let servers: Vec<&Endpoint> = [&account.smtp, &account.imap, &account.pop].into_iter().flatten().collect();
    let mut steps = vec![settings(account, &servers)];
    let tls = account.tls.files().read().inspect_err(|error| steps.push(Step::failed("tls", error, None))).ok();
    let ways = DialArgs::default().over(Some(account));
    let ways = ways.inspect_err(|error| steps.push(Step::failed("config", error, None))).ok();
    let proofs = match proofs(context, name, account, &servers, typed).await {
        Ok(proofs) => {
            if let Some(place) = place(account, typed) {
                steps.push(Step::ok("secret", format!("there is one: {place}")));
            }
            proofs
        }
        Err(error) => {
            steps.push(Step::failed("secret", &error, None));
            Vec::new()
        }
    };
    let (Some(tls), Some(ways)) = (tls, ways) else { return Ok(steps) };
    let (helo, trace, now) = (host::helo(None)?, context.trace()?, SystemClock.now());
    let visits = servers.iter().enumerate().map(|(index, endpoint)| {
        let credentials = proofs.get(index).and_then(Option::as_ref);
        let (helo, trace, ways, tls) = (&helo, trace.as_ref(), &ways, tls.clone());
        async move {
            let server = Server { endpoint: (*endpoint).clone(), account: Some((name, account)), why: None };
            let ask = |question: &str| context.ask_password(question);
            let way = ways.way(&ask, &server, context.hidden(), tls).await;
            visit(&*ways.connect(), way, &Visit { endpoint, credentials, helo, trace, now }).await
        }
    });
    steps.extend(futures_util::future::join_all(visits).await.into_iter().flatten());
    Ok(steps)
}

/// Sends a message to the account's own address, as `mailkit send` would.
async fn sent(context: &Context, name: &str, account: &Account) -> Step {
    let Some(email) = &account.email else {
        let error = Error::new(Kind::Config, "the account has no address to write to");
        return Step::failed("send", &error, Some("it needs the key email"));
    };
    match send::trial(context, name, &email.to_string()).await {
        Ok(said) => Step { said: Some(said), ..Step::ok("send", format!("a message to {email} was accepted")) },
        Err(error) => Step::failed("send", &error, None),
    }
}

/// Whether the account is whole, by what it says itself.
fn settings(account: &Account, servers: &[&Endpoint]) -> Step {
    let urls: Vec<String> = servers.iter().map(ToString::to_string).collect();
    let email = account.email.as_ref().map(ToString::to_string);
    if servers.is_empty() {
        let error = Error::new(Kind::Config, "the account has no server");
        return Step::failed("config", &error, Some("it needs one of the keys smtp, imap and pop"));
    }
    let text = email.iter().cloned().chain(urls).collect::<Vec<_>>().join(", ");
    match (email.is_some(), account.smtp.is_some()) {
        (true, true) => Step::ok("config", text),
        (false, _) => Step::warn("config", text, "without the key email nobody knows whose account this is"),
        (true, false) => Step::warn("config", text, "without the key smtp it can receive mail and not send any"),
    }
}

/// Where the secret was got from, in words; none if it takes none, or was typed just now.
fn place(account: &Account, typed: Option<&Secret>) -> Option<&'static str> {
    match (&account.auth, &account.secret, typed) {
        (Some(Auth::None), ..) | (_, _, Some(_)) => None,
        (Some(Auth::OAuth), ..) => Some("an access token"),
        (_, Some(source), None) => Some(source.describe()),
        (_, None, None) => Some("typed"),
    }
}

/// For each server, whom to log in as, and with what; none where nobody logs in.
async fn proofs(
    context: &Context,
    name: &str,
    account: &Account,
    servers: &[&Endpoint],
    typed: Option<&Secret>,
) -> Result<Vec<Option<Credentials>>> {
    let users = servers.iter().map(|server| account.login(server));
    match account.auth {
        Some(Auth::None) => Ok(Vec::new()),
        Some(Auth::OAuth) => {
            let mut proofs = Vec::new();
            for user in users {
                let Some(user) = user else { return Err(nobody()) };
                proofs.push(Some(TokenProof::new(context, name, account, user)?.now().await?));
            }
            Ok(proofs)
        }
        _ if servers.is_empty() => Ok(Vec::new()),
        _ => {
            let permit = || Permit { mechanisms: account.mechanisms(), in_clear: false };
            let source = match (typed, &account.secret) {
                (Some(typed), _) => SecretSource::from(Secret::new(typed.expose().to_owned())),
                // It has a line for each server.
                (None, Some(source @ SecretSource::Netrc(_))) => source.clone(),
                (None, _) if is_external(&permit()) => SecretSource::Prompt,
                // Nobody types a password once for each server.
                (None, _) => SecretSource::from(password(context, name, account, servers).await?),
            };
            let ask = |what: &str| Err(Error::new(Kind::Software, format!("{what} was asked for twice")));
            let mut proofs = Vec::new();
            for server in servers {
                let Some(user) = account.login(server) else {
                    proofs.push(None);
                    continue;
                };
                let host = dial::name(&server.host);
                let whose = context.whose(name, Some((&host, &user)));
                proofs.push(Some(prove(&user, permit(), &source, whose, &ask).await?));
            }
            Ok(proofs)
        }
    }
}

fn nobody() -> Error {
    Error::new(Kind::Config, "nobody is named who logs in").hint("add user = ... or email = ...")
}

async fn password(context: &Context, name: &str, account: &Account, servers: &[&Endpoint]) -> Result<Secret> {
    let first = servers.iter().find_map(|server| Some((dial::name(&server.host), account.login(server)?)));
    let Some((host, user)) = &first else { return Err(nobody()) };
    let source = account.secret.as_ref().unwrap_or(&SecretSource::Prompt);
    let ask = || context.ask_password_once((name, user), &format!("Password of {user}"));
    source.fetch(context.whose(name, Some((host, user))), &ask).await
}

/// The steps as a table, with advice below those that need it.
pub(super) fn lines(name: &str, steps: &[Step]) -> Vec<String> {
    let mut lines = vec![format!("{name}: {}", opinion(steps))];
    for step in steps {
        let mark = if step.level == Level::Ok { "ok  " } else { step.level.word() };
        lines.push(format!("  {mark:4}  {:4}  {:12}  {}", step.service.unwrap_or_default(), step.name, step.text));
        let said = step.said.iter().flat_map(|said| said.lines()).map(|line| format!("it said: {line}"));
        for more in said.chain(step.hint.clone()) {
            lines.push(format!("{:28}{more}", ""));
        }
    }
    lines
}

fn object(name: &str, exit: Exit, steps: &[Step]) -> serde_json::Value {
    let steps = steps.iter().map(|step| {
        json!({
            "service": step.service, "step": step.name, "level": step.level.word(), "message": step.text,
            "said": step.said, "hint": step.hint, "exit": step.kind.map_or(0, |kind| Exit::from(kind).code()),
        })
    });
    json!({
        "schema": "mailkit.check/1", "account": name, "exit": exit.code(), "steps": steps.collect::<Vec<_>>(),
    })
}
