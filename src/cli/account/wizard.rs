//! The dialogue of `mailkit account add`: what was found is shown with its source, and all of it can be changed.
//!
//! Asks, and remembers the answers in the draft; tries nothing and writes nothing, so that whoever leaves it leaves
//! nothing behind.

use super::add::{fill, place, token_giver};
use super::discover::{parse_address, who};
use crate::cli::context::Context;
use dialoguer::{Confirm, Input, Select};
use mailkit::account::{Draft, Keep, is_name, secret_file};
use mailkit::address::Address;
use mailkit::discover::{Candidate, Chosen, Found, Source, choose};
use mailkit::endpoint::Endpoint;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::provider::Way;
use mailkit::secret::Secret;
use std::path::Path;

/// What to do with an account that does not work.
pub(super) enum Next {
    /// Ask again.
    Change,
    /// Write it nevertheless.
    Write,
    /// Leave.
    GiveUp,
}

/// Asks for the address.
pub(super) fn address() -> Result<Address> {
    let valid = |text: &String| Address::parse(text).map(drop).map_err(|error| error.to_string());
    parse_address(&text("Your address", "", valid)?)
}

/// Asks for all that is needed; `typed` is the password of the last round, `has_keyring` whether it can be kept there.
/// Returns the password that is to be kept.
pub(super) fn complete(
    context: &Context,
    draft: &mut Draft,
    found: &Found,
    typed: Option<Secret>,
    has_keyring: bool,
) -> Result<Option<Secret>> {
    servers(context, draft, found)?;
    let user = draft.user.clone().unwrap_or_else(|| draft.email.to_string());
    let user = text("Login name", &user, |_| Ok(()))?;
    draft.user = Some(user).filter(|user| !user.is_empty() && *user != draft.email.to_string());
    let shown =
        text("Your name, as recipients see it (empty for none)", draft.shown.as_deref().unwrap_or(""), |_| Ok(()))?;
    draft.shown = Some(shown).filter(|name| !name.is_empty());
    let taken = &context.config()?.accounts;
    draft.name = text("What the account is called here", &draft.name, |name| {
        match (is_name(name), taken.contains_key(name.as_str())) {
            (true, false) => Ok(()),
            (true, true) => Err("there is one of that name already".to_owned()),
            (false, _) => Err("letters, digits, - and _ make a name".to_owned()),
        }
    })?;
    login(draft, found)?;
    match draft.auth.as_deref() {
        Some("oauth" | "none") => {
            draft.keep = None;
            Ok(None)
        }
        _ => {
            draft.oauth = None;
            secret(context, draft, typed, has_keyring)
        }
    }
}

/// What follows after an account has been tried in vain.
pub(super) fn after_failure() -> Result<Next> {
    let words = ["Change something", "Write it all the same", "Leave, and write nothing"];
    Ok(match select("It does not work", &words, 0)? {
        0 => Next::Change,
        1 => Next::Write,
        _ => Next::GiveUp,
    })
}

/// Shows what would be written where, and asks.
pub(super) fn may_write(context: &Context, draft: &Draft, path: &Path) -> Result<bool> {
    context.say("");
    draft.section().lines().for_each(|line| context.say(&format!("  {line}")));
    confirm(&format!("Add this to {}?", path.display()), true)
}

/// Shows the servers, with whoever named them, until they are agreed upon.
fn servers(context: &Context, draft: &mut Draft, found: &Found) -> Result<()> {
    let mut source = choose(&found.candidates).source();
    if let Some(note) = found.note() {
        context.say(&format!("about this provider: {note}"));
    }
    loop {
        if draft.servers().next().is_none() {
            context.say("nobody names servers that can be used; your provider's help pages do");
            by_hand(draft)?;
        }
        let named = source.map_or("you", who);
        context.say(&format!("servers, as named by {named}:"));
        draft.servers().for_each(|(key, server)| context.say(&format!("  {key:4}  {server}")));
        let doubtful = doubts(draft, found, source);
        doubtful.iter().for_each(|line| context.say(line));
        let others: Vec<Source> = sources(found).into_iter().filter(|other| Some(*other) != source).collect();
        let mut words = vec!["Use them".to_owned(), "Change them by hand".to_owned()];
        words.extend(others.iter().map(|other| format!("See those that come by {}", who(*other))));
        match select("These servers", &words, usize::from(!doubtful.is_empty()))? {
            0 => return Ok(()),
            1 => {
                by_hand(draft)?;
                // What was changed by hand is nobody else's word any more.
                source = None;
            }
            other => {
                let theirs = others.get(other - 2).copied();
                let named: Vec<Candidate> =
                    found.candidates.iter().filter(|one| Some(one.source) == theirs).cloned().collect();
                (draft.smtp, draft.imap, draft.pop) = (None, None, None);
                fill(draft, &choose(&named));
                source = theirs;
            }
        }
    }
}

/// Everybody who named a server, but for those whose word came in clear.
fn sources(found: &Found) -> Vec<Source> {
    let mut all: Vec<Source> = found.candidates.iter().map(|one| one.source).filter(|s| *s != Source::Http).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn doubts(draft: &Draft, found: &Found, source: Option<Source>) -> Vec<String> {
    let domain = draft.email.domain().to_ascii().to_string();
    let named: Vec<Candidate> = found.candidates.iter().filter(|one| Some(one.source) == source).cloned().collect();
    let chosen: Chosen<'_> = choose(&named);
    let outside = chosen.to_confirm(&domain).map(|server| {
        format!("  {} lies outside of {domain}, and only unsigned DNS names it: is it right?", server.endpoint.host)
    });
    outside.collect()
}

/// Asks for each server by URL.
fn by_hand(draft: &mut Draft) -> Result<()> {
    let host = draft.email.domain().to_string();
    loop {
        let all = [
            (
                "IMAP server, as imaps://host (empty for none)",
                "imap",
                draft.imap.take(),
                format!("imaps://imap.{host}"),
            ),
            ("POP3 server, as pop3s://host (empty for none)", "pop", draft.pop.take(), String::new()),
            (
                "SMTP server, as smtps://host (empty for none)",
                "smtp",
                draft.smtp.take(),
                format!("smtps://smtp.{host}"),
            ),
        ];
        let is_new = all.iter().all(|(_, _, now, _)| now.is_none());
        for (question, key, now, likely) in all {
            let now = now.as_ref().map(Endpoint::to_string);
            let initial = now.unwrap_or(if is_new { likely } else { String::new() });
            let mut trial = draft.clone();
            let url = text(question, &initial, |url| match url.trim() {
                "" => Ok(()),
                url => place(&mut trial.clone(), url, "that", Some(key)).map_err(|error| error.to_string()),
            })?;
            if !url.trim().is_empty() {
                place(&mut trial, url.trim(), "that", Some(key))?;
                *draft = trial;
            }
        }
        if draft.servers().next().is_some() {
            return Ok(());
        }
    }
}

/// How to log in, where there is a choice.
fn login(draft: &mut Draft, found: &Found) -> Result<()> {
    let giver = token_giver(found).or_else(|| draft.oauth.take().map(|(giver, _)| giver));
    let Some(giver) = giver else { return Ok(()) };
    let ways: Vec<Way> = choose(&found.candidates).servers().flat_map(|server| server.ways.clone()).collect();
    let is_token = draft.is_oauth() || (!ways.is_empty() && !ways.contains(&Way::Password));
    let words = ["With a password, or an app password", "With OAuth, in a browser"];
    let known = draft.oauth.take().and_then(|(_, client)| client);
    draft.auth = match select("How do you log in?", &words, usize::from(is_token))? {
        0 => draft.auth.take().filter(|auth| auth != "oauth"),
        _ => {
            let valid = |id: &String| if id.is_empty() { Err("it is needed".to_owned()) } else { Ok(()) };
            let question = "Client id, as the provider gave it for a program of yours";
            let id = text(question, known.as_deref().unwrap_or(""), valid)?;
            draft.oauth = Some((giver, Some(id)));
            Some("oauth".to_owned())
        }
    };
    Ok(())
}

/// Where the password is kept, and the password if it is not there yet.
fn secret(context: &Context, draft: &mut Draft, typed: Option<Secret>, has_keyring: bool) -> Result<Option<Secret>> {
    let own = secret_file(&draft.name)?;
    let words = [
        if has_keyring { "In the keyring of this desktop" } else { "In a keyring; but there is none here" }.to_owned(),
        "In a password manager, whose command prints it".to_owned(),
        format!("In a file that only you can read: {}", own.display()),
        "Nowhere: ask each time".to_owned(),
    ];
    let now = match &draft.keep {
        // Whoever takes what is proposed gets what works.
        None if !has_keyring => 2,
        None | Some(Keep::Keyring) => 0,
        Some(Keep::Command(_)) => 1,
        Some(Keep::File(_) | Keep::Env(_)) => 2,
        Some(Keep::Prompt) => 3,
    };
    draft.keep = Some(match (select("Where is the password kept?", &words, now)?, draft.keep.take()) {
        (0, _) => Keep::Keyring,
        (1, old) => {
            let old = if let Some(Keep::Command(line)) = old { line } else { String::new() };
            let valid = |line: &String| if line.trim().is_empty() { Err("it is needed".to_owned()) } else { Ok(()) };
            Keep::Command(text("Command", &old, valid)?)
        }
        (2, Some(given @ (Keep::File(_) | Keep::Env(_)))) => given,
        (2, _) => Keep::File(own.clone()),
        _ => Keep::Prompt,
    });
    match &draft.keep {
        Some(Keep::Command(_) | Keep::Env(_)) => Ok(None),
        // A file that somebody named holds a password of its own.
        Some(Keep::File(path)) if *path != own => Ok(None),
        _ => match typed {
            Some(typed) if !confirm("Type the password again?", true)? => Ok(Some(typed)),
            _ => context.ask_password(&format!("Password of {}", draft.email)).map(Some),
        },
    }
}

fn text(question: &str, initial: &str, valid: impl Fn(&String) -> Result<(), String>) -> Result<String> {
    let input = Input::<String>::new().with_prompt(terminal(question)).with_initial_text(initial).allow_empty(true);
    input.validate_with(|text: &String| valid(text)).interact_text().map_err(left).map(|text| text.trim().to_owned())
}

fn select<T: ToString>(question: &str, words: &[T], now: usize) -> Result<usize> {
    Select::new()
        .with_prompt(terminal(question))
        .items(words.iter().map(T::to_string))
        .default(now)
        .interact()
        .map_err(left)
}

fn confirm(question: &str, now: bool) -> Result<bool> {
    Confirm::new().with_prompt(terminal(question)).default(now).interact().map_err(left)
}

fn left(error: dialoguer::Error) -> Error {
    Error::new(Kind::Usage, "the dialogue ended before all was said").caused_by(error)
}
