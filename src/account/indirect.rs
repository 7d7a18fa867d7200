//! Values that stand elsewhere: `imap = {env = "IMAP_SERVER"}`, `user = {cmd = ["pass", "mail/user"]}`.
//!
//! Any text of an account, or of a provider of tokens, may be given so, to keep hosts and names out of files that
//! others see. They are got when the account is used, not before: a command for one account never runs the programs of
//! another. Secrets have more sources and rules of their own, see `source`.

use super::tree::{Node, Table, Value};
use crate::error::{Error, Kind, Result};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A program may have to ask for a passphrase.
const WAIT: Duration = Duration::from_secs(30);
/// Between two looks at a program that is about to end.
const LOOK: Duration = Duration::from_millis(5);
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
        Elsewhere::Command(words) => run(words, hidden, WAIT).map_err(problem)?,
    };
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(problem("it is empty".into())),
    }
}

/// What a program prints, within a bounded time.
fn run(words: &[&str], hidden: &[String], within: Duration) -> std::result::Result<String, String> {
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
        let (mut text, mut output) = (String::new(), output);
        let read = (&mut output).take(TEXT_MAX).read_to_string(&mut text).map(|_| text);
        // What is too long is let go by. Nobody waits any more when it took too long.
        let _ = std::io::copy(&mut output, &mut std::io::sink());
        let _ = tell.send(read);
    });
    let until = Instant::now() + within;
    let read = told.recv_timeout(within);
    let status = loop {
        match child.try_wait().map_err(|error| format!("{program}: {error}"))? {
            Some(status) => break Some(status),
            // It said all it has to say, and may yet take a moment to end.
            None if read.is_ok() && Instant::now() < until => std::thread::sleep(LOOK),
            None => {
                // It may have ended by itself just now.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    match (read, status) {
        (Err(_), _) | (_, None) => Err(format!("{program} did not end within {} seconds", within.as_secs())),
        (Ok(Err(error)), _) => Err(format!("what {program} says is no text: {error}")),
        (Ok(Ok(_)), Some(status)) if !status.success() => Err(format!("{program} failed: {status}")),
        (Ok(Ok(text)), _) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_stays_without_a_word_is_not_waited_for() {
        let begin = Instant::now();
        let stays = |within| run(&["sh", "-c", "echo al; exec >&-; exec sleep 1000"], &[], within);
        assert!(stays(Duration::from_millis(200)).is_err_and(|why| why.contains("did not end")));
        let silent = run(&["sleep", "1000"], &[], Duration::from_millis(200));
        assert!(silent.is_err() && begin.elapsed() < Duration::from_secs(60));
        let long = run(&["sh", "-c", "yes | head -c 200000"], &[], WAIT);
        assert_eq!(long.map(|text| text.len() as u64), Ok(TEXT_MAX));
    }
}
