//! `mailkit account add`: from an address to an account that works, with questions or without.
//!
//! What is known is gathered first: from the arguments, from a list of providers, from those who know the domain. The
//! rest is asked for where there is a terminal; elsewhere the error names the option that would have answered. The
//! account is tried before it is written, and written as a whole or not at all.

use super::check;
use super::discover::{Dns, parse_address};
use super::wizard::{self, Next};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::account::{Config, Draft, Edit, Keep, is_name, keep_in_file, user_file, wallet};
use mailkit::address::Address;
use mailkit::checkup::{self, Step};
use mailkit::discover::{Chosen, Found, choose};
use mailkit::endpoint::{Endpoint, Protocol};
use mailkit::error::{Error, Kind, Result};
use mailkit::provider::{Provider, Way, provider};
use mailkit::secret::Secret;
use mailkit::wire::secured::Fingerprint;
use std::path::{Path, PathBuf};

/// Add an account
///
/// Finds the servers of an address, asks for what is missing, tries the account, and writes it behind the others;
/// nothing else in the file changes, and what it was before is kept beside it. Without a terminal nothing is asked:
/// then the options have to say it all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account add alice@gmail.com --secret-cmd 'pass mail/gmail' --print --no-test
  mailkit account add --email alice@hamburger.example --user alice --imap-url imap://127.0.0.1:1143 \
--smtp-url smtp://127.0.0.1:1587 --secret-cmd 'pass mail/local' --name local")]
pub(super) struct Add {
    /// The address; or the URL of a server, with the address in --email
    #[arg(value_name = "ADDRESS|URL")]
    who: Option<String>,

    /// The address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// What the account is called in the configuration; the first part of the domain if not given
    #[arg(long)]
    name: Option<String>,

    /// The name in front of the address, as recipients see it
    #[arg(long, value_name = "NAME")]
    real_name: Option<String>,

    /// The name to log in with, if it is not the address
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Where the mailboxes are: imaps://host
    #[arg(long, value_name = "URL", help_heading = "Servers")]
    imap_url: Option<String>,

    /// Where the maildrop is: pop3s://host
    #[arg(long, value_name = "URL", help_heading = "Servers")]
    pop_url: Option<String>,

    /// Where messages are submitted: smtps://host
    #[arg(long, value_name = "URL", help_heading = "Servers")]
    smtp_url: Option<String>,

    /// Take the servers of this provider: gmail, outlook, yahoo, icloud, fastmail and others
    #[arg(long, value_name = "NAME", help_heading = "Servers", conflicts_with_all = ["imap_url", "pop_url", "smtp_url"])]
    provider: Option<String>,

    #[command(flatten)]
    dns: Dns,

    /// Trust the certificate, or the key, with this SHA-256 fingerprint, and no other; may be given several times
    #[arg(long, value_name = "sha256:HEX", help_heading = "Servers")]
    pin: Vec<Fingerprint>,

    /// How to log in: password, oauth, none, or a mechanism by its name
    #[arg(long, value_name = "WAY", help_heading = "Login")]
    auth: Option<String>,

    /// What the provider calls your client, for oauth
    #[arg(long, value_name = "ID", help_heading = "Login")]
    client_id: Option<String>,

    /// A command prints the password
    #[arg(long, value_name = "COMMAND", group = "secret", help_heading = "Login")]
    secret_cmd: Option<String>,

    /// The password is in this environment variable
    #[arg(long, value_name = "VARIABLE", group = "secret", help_heading = "Login")]
    secret_env: Option<String>,

    /// The password is the first line of this file
    #[arg(long, value_name = "FILE", group = "secret", help_heading = "Login")]
    secret_file: Option<PathBuf>,

    /// The password is in the keyring, or will be put there
    #[arg(long, group = "secret", help_heading = "Login")]
    secret_keyring: bool,

    /// Ask for the password each time
    #[arg(long, group = "secret", help_heading = "Login")]
    secret_prompt: bool,

    /// Make it the account that is meant when none is named; the first one is so anyhow
    #[arg(long)]
    default: bool,

    /// Print the section and write nothing
    #[arg(long)]
    print: bool,

    /// Do not try whether it works
    #[arg(long)]
    no_test: bool,

    /// Take what was found, even servers that only unsigned DNS names; ask for nothing but a password
    #[arg(long)]
    yes: bool,
}

/// Gathers, asks, tries, writes.
pub(super) fn run(args: &Add, context: &Context) -> Result<Exit> {
    let is_asked = context.is_attended() && !args.yes;
    let email = match args.who.as_deref().filter(|who| !who.contains("://")).or(args.email.as_deref()) {
        Some(text) => parse_address(text)?,
        None if is_asked => wizard::address()?,
        None => return Err(missing("no address is given", "give it as an argument, or with --email")),
    };
    context.block_on(async {
        let (mut draft, found) = begin(args, context, email).await?;
        let mut typed = None;
        let has_keyring = is_asked && wallet::is_there().await;
        loop {
            if is_asked {
                typed = wizard::complete(context, &mut draft, &found, typed, has_keyring)?;
            } else {
                settle(args, &mut draft, &found)?;
                typed = password(context, args, &draft)?;
            }
            free(context, &draft.name)?;
            let steps = try_out(args, context, &draft, typed.as_ref()).await?;
            let Some(kind) = checkup::kind(&steps) else { break };
            let next = if is_asked { wizard::after_failure()? } else { Next::GiveUp };
            match next {
                Next::Change => {}
                Next::Write => break,
                Next::GiveUp => return Err(unusable(kind, &draft, &steps)),
            }
        }
        if args.print {
            context.octets(draft.section().as_bytes())?;
            return Ok(Exit::OK);
        }
        if is_asked && !wizard::may_write(context, &draft, &target(context)?)? {
            return Err(Error::new(Kind::Usage, "nothing was written"));
        }
        write(context, &draft, typed.as_ref()).await
    })
}

/// What the arguments say, and what others know.
async fn begin(args: &Add, context: &Context, email: Address) -> Result<(Draft, Found)> {
    let mut draft = Draft::new(email.clone());
    let of_who = args.who.as_deref().filter(|who| who.contains("://"));
    let named = [
        (&args.smtp_url, "--smtp-url", "smtp"),
        (&args.imap_url, "--imap-url", "imap"),
        (&args.pop_url, "--pop-url", "pop"),
    ];
    for (url, option, key) in named {
        if let Some(url) = url {
            place(&mut draft, url, option, Some(key))?;
        }
    }
    if let Some(url) = of_who {
        place(&mut draft, url, "the URL", None)?;
    }
    let found = match args.provider.as_deref() {
        _ if draft.servers().next().is_some() => Found::default(),
        Some(name) => Found::of(Some(known(name)?), &email),
        None => match Found::known(&email) {
            found if !found.candidates.is_empty() => found,
            _ => {
                context.note(&format!("looking for the servers of {email}"));
                args.dns.outside(context)?.discover(&email, context).await?
            }
        },
    };
    fill(&mut draft, &choose(&found.candidates));
    if let Some(name) = &args.name {
        if !is_name(name) {
            return Err(missing(&format!("{name:?} is no name of an account"), "use letters, digits, - and _"));
        }
        draft.name.clone_from(name);
    }
    draft.shown.clone_from(&args.real_name);
    draft.user = args.user.clone().or(draft.user);
    draft.auth.clone_from(&args.auth);
    draft.pins.clone_from(&args.pin);
    draft.keep = keep(args)?;
    draft.oauth = token_giver(&found).map(|who| (who, args.client_id.clone()));
    let config = context.config()?;
    if let Some((name, _)) = config.accounts.iter().find(|(_, account)| account.default).filter(|_| args.default) {
        return Err(missing(
            &format!("{name} is the default already"),
            &format!("add it without --default, then say: mailkit account default {}", draft.name),
        ));
    }
    draft.is_default = args.default || config.accounts.is_empty();
    Ok((draft, found))
}

fn known(name: &str) -> Result<&'static Provider> {
    provider(name).ok_or_else(|| {
        let all: Vec<&str> = Provider::names().collect();
        missing(&format!("{name} is no provider that is known here"), &format!("known are {}", all.join(", ")))
    })
}

/// Who hands out tokens, by name or by URL.
pub(super) fn token_giver(found: &Found) -> Option<String> {
    let by_name = found.provider.and_then(Provider::oauth).map(str::to_owned);
    let by_url = || {
        found.issuer.as_ref().map(|issuer| match issuer.contains("://") {
            true => issuer.clone(),
            false => format!("https://{issuer}"),
        })
    };
    by_name.or_else(by_url)
}

/// Puts a server in its place, by what is spoken there.
pub(super) fn place(draft: &mut Draft, url: &str, what: &str, wanted: Option<&str>) -> Result<()> {
    let wrong = |why: String| Error::new(Kind::Usage, format!("{what}: {why}"));
    let endpoint = Endpoint::parse(url).map_err(|error| wrong(error.to_string()))?;
    let (key, place) = match endpoint.protocol {
        Protocol::Smtp | Protocol::Lmtp => ("smtp", &mut draft.smtp),
        Protocol::Imap => ("imap", &mut draft.imap),
        Protocol::Pop3 => ("pop", &mut draft.pop),
        Protocol::Sieve => return Err(wrong(format!("{endpoint} is no server of mail"))),
    };
    if wanted.is_some_and(|wanted| wanted != key) {
        return Err(wrong(format!("{endpoint} is a server of another kind")));
    }
    *place = Some(endpoint);
    Ok(())
}

/// Takes the servers that were chosen; a login name that is not the address comes with them.
pub(super) fn fill(draft: &mut Draft, chosen: &Chosen<'_>) {
    let email = draft.email.to_string();
    let mut users: Vec<&str> = chosen.servers().map(|server| server.user.as_str()).collect();
    users.dedup();
    let is_one = users.len() == 1;
    draft.user = users.first().filter(|user| is_one && **user != email).map(|user| (*user).to_owned());
    for server in chosen.servers() {
        let user = Some(server.user.clone()).filter(|user| !is_one && *user != email);
        let endpoint = Some(Endpoint { user, ..server.endpoint.clone() });
        match server.endpoint.protocol {
            Protocol::Smtp | Protocol::Lmtp => draft.smtp = endpoint,
            Protocol::Imap => draft.imap = endpoint,
            Protocol::Pop3 => draft.pop = endpoint,
            // Nobody looks for it.
            Protocol::Sieve => {}
        }
    }
}

fn keep(args: &Add) -> Result<Option<Keep>> {
    let file = match &args.secret_file {
        Some(path) if path.starts_with("~") => Some(path.clone()),
        Some(path) => Some(std::path::absolute(path).map_err(|error| Error::input(path, error))?),
        None => None,
    };
    let command = args.secret_cmd.clone().map(Keep::Command);
    let variable = args.secret_env.clone().map(Keep::Env);
    let kept = command.or(variable).or(file.map(Keep::File)).or(args.secret_keyring.then_some(Keep::Keyring));
    Ok(kept.or(args.secret_prompt.then_some(Keep::Prompt)))
}

/// Where nobody is asked, all must be said or found.
fn settle(args: &Add, draft: &mut Draft, found: &Found) -> Result<()> {
    if draft.servers().next().is_none() {
        let kind = if found.is_unanswered() { Kind::Temporary } else { Kind::Config };
        let hint = "name them with --imap-url and --smtp-url, or with --provider; mailkit account discover tells who \
                    was asked";
        return Err(Error::new(kind, format!("nobody names servers for {}", draft.email)).hint(hint));
    }
    let domain = draft.email.domain().to_ascii().to_string();
    let chosen = choose(&found.candidates);
    if let Some(server) = chosen.to_confirm(&domain).next().filter(|_| !args.yes) {
        let what = format!("{} lies outside of {domain}, and only unsigned DNS names it", server.endpoint.host);
        return Err(missing(&what, "--yes takes it; --imap-url and --smtp-url name others"));
    }
    let ways: Vec<Way> = chosen.servers().flat_map(|server| server.ways.clone()).collect();
    let is_token_only = !ways.is_empty() && !ways.contains(&Way::Password);
    if draft.auth.is_none() && is_token_only {
        draft.auth = Some("oauth".to_owned());
    }
    match draft.auth.as_deref() {
        Some("oauth") => {
            let Some((_, client)) = &draft.oauth else {
                let hint = "say it in [oauth.NAME] and add oauth = {...} by hand";
                return Err(missing("nobody says who gives out tokens for this address", hint));
            };
            if client.is_none() {
                return Err(missing("no client is named", "--client-id is what the provider calls yours"));
            }
            draft.keep = None;
        }
        Some("none") => (draft.oauth, draft.keep) = (None, None),
        _ if draft.keep.is_none() => {
            let hint = "name one of --secret-cmd, --secret-env, --secret-file, --secret-keyring";
            return Err(missing("nobody says where the password is", hint));
        }
        _ => draft.oauth = None,
    }
    Ok(())
}

/// The password that is to be kept, if it is not kept yet and somebody can be asked.
fn password(context: &Context, args: &Add, draft: &Draft) -> Result<Option<Secret>> {
    let is_new = draft.keep == Some(Keep::Keyring) && context.is_attended() && !args.print;
    is_new.then(|| context.ask_password(&format!("Password of {}", draft.email))).transpose()
}

/// Whether nobody is called so yet.
fn free(context: &Context, name: &str) -> Result<()> {
    match context.config()?.accounts.contains_key(name) {
        false => Ok(()),
        true => Err(missing(
            &format!("there is an account {name} already"),
            &format!("give this one another --name, or change that one: mailkit account edit {name}"),
        )),
    }
}

/// What it would be like as an account. One that takes tokens cannot be tried before there is one.
async fn try_out(args: &Add, context: &Context, draft: &Draft, typed: Option<&Secret>) -> Result<Vec<Step>> {
    let config = Config::parse(&draft.section(), Path::new("the new account"))?;
    let (name, account) = config.account(Some(&draft.name))?;
    if args.no_test || draft.is_oauth() {
        return Ok(Vec::new());
    }
    context.note("trying it");
    let steps = check::steps(context, name, account, typed).await?;
    let lines = check::lines(name, &steps);
    match checkup::kind(&steps) {
        Some(_) => lines.iter().for_each(|line| context.say(line)),
        None => lines.iter().for_each(|line| context.note(line)),
    }
    Ok(steps)
}

fn unusable(kind: Kind, draft: &Draft, steps: &[Step]) -> Error {
    let first = steps.iter().find(|step| step.kind.is_some());
    let why = first.map_or_else(String::new, |step| format!(": {}", step.text));
    Error::new(kind, format!("{} does not work{why}", draft.name))
        .hint("nothing was written; --no-test writes it all the same")
}

/// The file to which an account is added.
fn target(context: &Context) -> Result<PathBuf> {
    context.globals.config.last().cloned().map_or_else(user_file, Ok)
}

async fn write(context: &Context, draft: &Draft, typed: Option<&Secret>) -> Result<Exit> {
    let mut file = Edit::open(&target(context)?)?;
    draft.put_into(&mut file)?;
    let path = file.path().display().to_string();
    match (&draft.keep, typed) {
        (Some(Keep::Keyring), Some(secret)) => {
            wallet::set(&draft.name, Secret::new(secret.expose().to_owned()), context.is_attended()).await?;
        }
        (Some(Keep::File(path)), Some(secret)) => keep_in_file(path, secret)?,
        _ => {}
    }
    let backup = file.write()?;
    if context.is_json() {
        let backup = backup.map(|path| path.display().to_string());
        context.object(&serde_json::json!({
            "schema": "mailkit.account/1", "account": draft.name, "file": path, "backup": backup,
        }))?;
    }
    context.note(&format!("{} is in {path}", draft.name));
    if draft.is_oauth() {
        context.say(&format!("next: mailkit auth login {}", draft.name));
    }
    Ok(Exit::OK)
}

fn missing(what: &str, hint: &str) -> Error {
    Error::new(Kind::Usage, what).hint(hint)
}
