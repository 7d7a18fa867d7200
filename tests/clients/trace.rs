//! The trace of a run, held against what really went over the wire: the same lines, without their secrets.

use super::scene::{End, Scene};
use crate::{canary, printed};
use mailkit::wire::pattern::{Bindings, matches};
use mailkit::wire::transcript::{Entry, Side, parse};

/// Reads the trace that the program left, and removes it for the next one.
pub(crate) fn check<'a>(scene: &Scene, ends: impl Iterator<Item = &'a End>) -> Result<(), String> {
    // Without a connection there may be none.
    let Ok(text) = std::fs::read_to_string(scene.trace()) else { return Ok(()) };
    std::fs::remove_file(scene.trace()).map_err(|error| error.to_string())?;
    printed::show(text.as_bytes(), &[]);
    for secret in canary::ALL {
        if let Some(form) = canary::leak(text.as_bytes(), secret) {
            return Err(format!("the trace shows a secret {form}:\n{text}"));
        }
    }
    let entries = parse(&text).map_err(|error| format!("the trace is no transcript: {error}"))?;
    for (number, end) in (1..).zip(ends) {
        // A program that does not know yet that its server is gone says what nobody hears any more.
        let heard = if end.was_cut { Heard::UpToACut } else { Heard::All };
        let of = |wanted: Side| {
            entries.iter().filter(move |entry| match entry {
                Entry::Line { connection, side, .. } | Entry::Raw { connection, side, .. } => {
                    *connection == number && *side == wanted
                }
                _ => false,
            })
        };
        let has_header =
            entries.iter().any(|entry| matches!(entry, Entry::Note(_, note) if note.starts_with("PROXY ")));
        let said = if has_header { behind_header(&end.heard) } else { &end.heard };
        follow(of(Side::Client), said, heard).map_err(|why| format!("the trace of what we said: {why}\n{text}"))?;
        follow(of(Side::Server), &end.said, Heard::UpToTheEnd)
            .map_err(|why| format!("the trace of what we heard: {why}\n{text}"))?;
    }
    Ok(())
}

/// What comes behind a PROXY header, of which the trace has a note: a line, or octets that say how many follow.
fn behind_header(said: &[u8]) -> &[u8] {
    let length = match said.starts_with(b"PROXY ") {
        true => said.iter().position(|octet| *octet == b'\n').map_or(0, |end| end + 1),
        false => 16 + said.get(15).copied().map_or(0, usize::from),
    };
    said.get(length..).unwrap_or_default()
}

/// How much of what one side said has been heard by the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// All of it.
    All,
    /// What came before the server vanished: the trace may go on.
    UpToACut,
    /// What came before the program hung up, perhaps in the middle of a line: the trace may end earlier.
    UpToTheEnd,
}

/// Goes through what was said along the entries about it.
fn follow<'a>(entries: impl Iterator<Item = &'a Entry>, said: &[u8], heard: Heard) -> Result<(), String> {
    let mut lines = said.split_inclusive(|octet| *octet == b'\n').peekable();
    let mut entries = entries.collect::<Vec<_>>().into_iter();
    while let Some(entry) = entries.next() {
        if matches!(entry, Entry::Line { text, .. } if text == "{...}") {
            // A text may hold a line that looks like the one behind it; one that looks like the next two is rare.
            let next = entries.as_slice();
            let is_over = |rest: &mut dyn Iterator<Item = &[u8]>| {
                !next.is_empty() && next.iter().take(2).all(|next| rest.next().is_some_and(|line| shows(next, line)))
            };
            // Counted octets may end in the middle of a line.
            let mut ends_midway = false;
            while lines.peek().is_some() && !ends_midway && !is_over(&mut lines.clone()) {
                let line = lines.next().unwrap_or_default();
                let behind = next.first().is_some_and(|next| (1..line.len()).any(|at| shows(next, &line[at..])));
                let after = lines.peek().zip(next.get(1)).is_none_or(|(line, next)| shows(next, line));
                ends_midway = behind && after;
            }
            if ends_midway {
                entries.next();
            }
            continue;
        }
        match lines.next() {
            Some(line) if shows(entry, line) => {}
            Some(line) if heard == Heard::UpToTheEnd && begins(entry, line) && entries.as_slice().is_empty() => {}
            Some(line) => return Err(format!("`{entry}` is not `{}`", line.escape_ascii())),
            None if heard == Heard::UpToACut => return Ok(()),
            None => return Err(format!("`{entry}` was never said")),
        }
    }
    match lines.next() {
        Some(line) if heard != Heard::UpToTheEnd => Err(format!("`{}` is not in it", line.escape_ascii())),
        _ => Ok(()),
    }
}

fn begins(entry: &Entry, line: &[u8]) -> bool {
    matches!(entry, Entry::Raw { octets, .. } if line.starts_with(octets))
}

fn shows(entry: &Entry, line: &[u8]) -> bool {
    match entry {
        Entry::Line { text, .. } => {
            let spoken = line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok());
            spoken.is_some_and(|line| matches(text, line, &mut Bindings::new()))
        }
        Entry::Raw { octets, .. } => octets == line,
        _ => false,
    }
}
