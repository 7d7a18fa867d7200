//! Values that stand elsewhere: `imap = {env = "IMAP_SERVER"}`, `user = {cmd = ["pass", "mail/user"]}`.
//!
//! Any text of an account, or of a provider of tokens, may be given so, to keep hosts and names out of files that others see. They are got when
//! the account is used, not before: a command for one account never runs the programs of another. Secrets have more
//! sources and rules of their own, see `source`.

use super::tree::{Node, Table, Value};
use crate::error::{Error, Kind, Result};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A program may have to ask for a passphrase.
const WAIT: Duration = Duration::from_secs(30);
/// No address, name or URL is longer.
const TEXT_MAX: u64 = 64 * 1024;

/// Where a text stands, if not here.
#[derive(Debug, PartialEq, Eq)]
enum Elsewhere<'a> {
    Env(&'a str),
    Command(Vec<&'a str>),
}

/// What has sources of its own.
fn is_secret(key: &str) -> bool {
    key == "secret" || key.ends_with("-secret")
}

fn elsewhere(node: &Node) -> Option<Elsewhere<'_>> {
    let table = node.table()?;
    let (key, (_, value)) = table.iter().next().filter(|_| table.len() == 1)?;
    match (key.as_str(), &value.value) {
        ("env", Value::Text(name)) => Some(Elsewhere::Env(name)),
        ("cmd", Value::Array(words)) if !words.is_empty() => {
            words.iter().map(Node::text).collect::<Option<_>>().map(Elsewhere::Command)
        }
        _ => None,
    }
}

/// Takes out of an account all that stands elsewhere, and names the keys it stood behind.
pub(super) fn take_out(account: &mut Table) -> Vec<String> {
    let mut keys = Vec::new();
    account.retain(|key, (_, node)| {
        if is_secret(key) {
            return true;
        }
        if elsewhere(node).is_some() {
            keys.push(key.clone());
            return false;
        }
        if let Value::Table(inner) = &mut node.value {
            keys.extend(take_out(inner).into_iter().map(|inner| format!("{key}.{inner}")));
        }
        true
    });
    keys
}

/// Puts in the place of each such value what is found there. No program is given the variables `hidden`.
pub(super) fn put_in(account: &mut Table, hidden: &[String]) -> Result<()> {
    for (key, (_, node)) in account.iter_mut().filter(|(key, _)| !is_secret(key)) {
        let found = elsewhere(node).map(|place| find(key, &place, hidden)).transpose()?;
        match (&mut node.value, found) {
            (value, Some(text)) => *value = Value::Text(text),
            (Value::Table(inner), None) => put_in(inner, hidden)?,
            _ => {}
        }
    }
    Ok(())
}

fn find(key: &str, place: &Elsewhere<'_>, hidden: &[String]) -> Result<String> {
    let problem = |what: String| Error::new(Kind::Config, format!("no value for {key}: {what}"));
    let text = match place {
        Elsewhere::Env(name) => std::env::var(name).map_err(|_| problem(format!("the variable {name} is not set")))?,
        Elsewhere::Command(words) => run(words, hidden).map_err(problem)?,
    };
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(problem("it is empty".into())),
    }
}

/// What a program prints, within a bounded time.
fn run(words: &[&str], hidden: &[String]) -> std::result::Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    for name in hidden {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|error| format!("cannot run {program}: {error}"))?;
    let Some(output) = child.stdout.take() else { return Err(format!("{program} has no output")) };
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.take(TEXT_MAX).read_to_string(&mut text).map(|_| text);
        // Nobody waits any more when it took too long.
        let _ = tell.send(read);
    });
    let read = told.recv_timeout(WAIT);
    if read.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| format!("{program}: {error}"))?;
    match read {
        Err(_) => Err(format!("{program} said nothing within 30 seconds")),
        Ok(Err(error)) => Err(format!("what {program} says is no text: {error}")),
        Ok(Ok(_)) if !status.success() => Err(format!("{program} failed: {status}")),
        Ok(Ok(text)) => Ok(text),
    }
}
