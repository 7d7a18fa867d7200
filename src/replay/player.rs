//! The player: takes one side of a conversation, says its lines and holds what it hears against the other side's.
//!
//! `{*}` and `{name}` in a line that is heard are patterns; where a trace has `{secret}` or `{...}` anything is right to
//! hear, and so is another date, id, tag or size of a message, unless somebody is exact. To say a secret it must be given;
//! for a body that was left out, octets of the same number are said. The first difference ends the play. What a connection
//! is, and whose certificate it shows, is the stage's business.

use super::end::{End, Told};
use super::tolerance::{Tags, tagged, usual};
use super::{Cue, SECRET, is_any_field};
use crate::secret::Secret;
use crate::wire::literal::announced;
use crate::wire::pattern::{Bindings, fill, matches};
use crate::wire::transcript::{Entry, Side};
use crate::world::Stream;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::time::Duration;

/// A body that was left out and is longer is not made up.
const FILLER_MAX: u64 = 64 * 1024 * 1024;
/// Octets of a line of a message that is skipped, on the average: who says shorter ones is not listened to as long.
const LINE_MEAN: u64 = 32;
/// Said for a body of which not even the size is known.
const FILLER: &[u8] = b"\r\n(left out of the trace)\r\n";
/// What holds a secret and is no line is a form, and not longer.
const HEARD_MAX: usize = 64 * 1024;

/// Where a conversation is played.
pub trait Stage: Send {
    /// Opens the connection of this number, or waits for it.
    fn open(&mut self, connection: u32) -> impl Future<Output = Result<End, String>> + Send;

    /// The TLS handshake.
    fn secure(&mut self, stream: Box<dyn Stream>) -> impl Future<Output = Result<Box<dyn Stream>, String>> + Send;
}

/// Plays one side.
pub struct Player<S> {
    stage: S,
    role: Side,
    ends: HashMap<u32, End>,
    /// A line that was heard has announced octets, of which some may have been left out.
    is_counted: bool,
    /// We have asked for more words, as servers do in a login.
    has_challenged: bool,
    /// What names stand for, on both sides.
    pub bindings: Bindings,
    /// What is said where the trace has a secret, one after the other.
    pub secrets: VecDeque<Secret>,
    /// Whether it is a trace that is played, and not what a test asks for: then nobody knows who has to close first.
    pub is_recorded: bool,
    /// Whether even what is another one each time has to be the same in a trace.
    pub is_exact: bool,
    /// The tags that a client uses in the place of those in the trace.
    tags: Tags,
}

impl<S: Stage> Player<S> {
    /// On this stage, the side that `role` says.
    pub fn new(stage: S, role: Side) -> Self {
        let (ends, bindings, secrets) = (HashMap::new(), Bindings::new(), VecDeque::new());
        let (is_recorded, is_exact, tags) = (false, false, Tags::default());
        Self {
            stage,
            role,
            ends,
            is_counted: false,
            has_challenged: false,
            bindings,
            secrets,
            is_recorded,
            is_exact,
            tags,
        }
    }

    /// The stage.
    pub fn stage(&mut self) -> &mut S {
        &mut self.stage
    }

    /// Plays all cues. An error says at which of them it went wrong, and how. With a limit, waits as long between
    /// them as it took when they were recorded, up to the limit.
    pub async fn play(&mut self, cues: &[Cue], pauses: Option<Duration>) -> Result<(), String> {
        let mut before = cues.first().map_or(Duration::ZERO, |cue| cue.at);
        for (index, cue) in cues.iter().enumerate() {
            if let Some(limit) = pauses.filter(|_| self.is_ours(&cue.entry)) {
                tokio::time::sleep(cue.at.saturating_sub(before).min(limit)).await;
            }
            before = cue.at;
            self.step(cue, &cues[index + 1..]).await.map_err(|why| format!("at `{}`: {why}", cue.entry))?;
        }
        Ok(())
    }

    fn is_ours(&self, entry: &Entry) -> bool {
        matches!(entry, Entry::Line { side, .. } | Entry::Raw { side, .. } if *side == self.role)
    }

    /// Plays one cue; `later` are those behind it.
    pub async fn step(&mut self, cue: &Cue, later: &[Cue]) -> Result<(), String> {
        match &cue.entry {
            Entry::Comment(_) | Entry::Note(..) | Entry::Given(_) => Ok(()),
            Entry::Line { connection, side, text } if *side == self.role && text == "{...}" => {
                self.fill_in(*connection, cue.elided).await
            }
            Entry::Line { connection, side, text } if *side == self.role => {
                let text = self.tags.replace(text).unwrap_or_else(|| text.clone());
                let line = self.with_secrets(&fill(&text, &self.bindings))? + "\r\n";
                self.has_challenged = challenges(&line);
                self.end(*connection).await?.say(line.as_bytes()).await
            }
            Entry::Raw { connection, side, octets } if *side == self.role => {
                // Repetitions are written out only where the octets are text.
                let octets = match std::str::from_utf8(octets) {
                    Ok(text) => self.with_secrets(&fill(text, &self.bindings))?.into_bytes(),
                    Err(_) => octets.clone(),
                };
                self.end(*connection).await?.say(&octets).await
            }
            Entry::Line { connection, text, .. } if text == "{...}" => self.skip_to(*connection, cue, later).await,
            Entry::Line { connection, text, .. } => {
                let wanted = self.wanted(text);
                let is_answer = std::mem::take(&mut self.has_challenged);
                let is_secret = self.is_recorded && (is_answer || text.contains(SECRET));
                let end = self.end(*connection).await?;
                if is_secret {
                    end.tell(Told::Nothing);
                }
                let line = end.line().await?;
                let told = end.quoted(&line);
                let line =
                    String::from_utf8(line).map_err(|error| format!("heard octets that are no text: {error}"))?;
                self.is_counted |= announces(&line);
                if self.is_right(&wanted, &line) { Ok(()) } else { Err(format!("heard {told}")) }
            }
            Entry::Raw { connection, octets, .. } if self.is_recorded && cue.elided.is_some() => {
                let len = cue.elided.and_then(|size| usize::try_from(size).ok()).filter(|len| *len <= HEARD_MAX);
                let len = len.ok_or("nobody listens to so much that holds a secret")?;
                let end = self.end(*connection).await?;
                end.tell(Told::Nothing);
                let heard = end.exactly(len).await?;
                let (wanted, heard) = (String::from_utf8_lossy(octets), String::from_utf8_lossy(&heard));
                if self.is_right(&self.wanted(&wanted), &heard) {
                    Ok(())
                } else {
                    Err("heard something else".to_owned())
                }
            }
            Entry::Raw { connection, octets, .. } => {
                let end = self.end(*connection).await?;
                let heard = end.exactly(octets.len()).await?;
                if heard == *octets { Ok(()) } else { Err(format!("heard {}", end.quoted(&heard))) }
            }
            Entry::Tls(connection) => {
                let stream = self.end(*connection).await?.take()?;
                let secured = self.stage.secure(stream).await?;
                self.end(*connection).await?.continue_on(secured);
                Ok(())
            }
            Entry::Cut(connection) if self.role == Side::Client => {
                self.end(*connection).await?.cut();
                Ok(())
            }
            Entry::Cut(connection) | Entry::Closed(connection) => {
                let is_ours = match cue.by {
                    Some(side) => side == self.role,
                    None => matches!(cue.entry, Entry::Closed(_)),
                };
                let is_recorded = self.is_recorded;
                let end = self.end(*connection).await?;
                if is_recorded && is_ours {
                    end.close().await;
                }
                let rest = end.rest().await?;
                if rest.is_empty() { Ok(()) } else { Err(format!("heard {} first", end.quoted(&rest))) }
            }
            Entry::Wait(wait) => {
                tokio::time::sleep(*wait).await;
                Ok(())
            }
            other => Err(format!("{other:?} does not belong into a conversation")),
        }
    }

    /// Whether this is what was to be heard; of a trace, but for what is another one each time.
    fn is_right(&mut self, wanted: &str, heard: &str) -> bool {
        if matches(wanted, heard, &mut self.bindings) {
            return true;
        }
        if !self.is_recorded || self.is_exact {
            return false;
        }
        // A client may count its commands as it likes, and is answered by the tag that it gave.
        let (wanted, heard) = match (self.role, tagged(wanted), tagged(heard)) {
            (Side::Server, Some((tag, wanted)), Some((theirs, heard))) if self.is_like(wanted, heard) => {
                self.tags.learn(tag, theirs);
                (wanted, heard)
            }
            _ => (wanted, heard),
        };
        self.is_like(wanted, heard)
    }

    /// Whether what the other side says is alike, but for what is another one each time.
    fn is_like(&self, wanted: &str, heard: &str) -> bool {
        let mark = if self.role == Side::Server { "C: " } else { "S: " };
        let usual = |text: &str| usual(&format!("{mark}{text}"));
        matches(&usual(wanted), &usual(heard), &mut self.bindings.clone())
    }

    /// Whether a line is the one behind a body that was left out.
    fn is_end_of_body(&self, wanted: &str, heard: &str) -> bool {
        matches(wanted, heard, &mut self.bindings.clone())
            || self.is_recorded && !self.is_exact && self.is_like(wanted, heard)
    }

    /// What is right to hear: a secret that was left out is any.
    fn wanted(&self, text: &str) -> String {
        if self.is_recorded { text.replace(SECRET, "{*}") } else { text.to_owned() }
    }

    fn with_secrets(&mut self, text: &str) -> Result<String, String> {
        if self.is_recorded && is_any_field(text, self.role) {
            return Ok(text.replace(SECRET, "left-out"));
        }
        let mut said = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once(SECRET).filter(|_| self.is_recorded) {
            let secret = self.secrets.pop_front().ok_or("nobody has given the secret that is to be said here")?;
            said.push_str(before);
            said.push_str(secret.expose());
            rest = behind;
        }
        Ok(said + rest)
    }

    /// Says octets in the place of a body that was left out: as many, in lines, the first of them empty, so that
    /// whatever header section was shown ends there.
    async fn fill_in(&mut self, connection: u32, size: Option<u64>) -> Result<(), String> {
        let end = self.end(connection).await?;
        let Some(size) = size else { return end.say(FILLER).await };
        if size > FILLER_MAX {
            return Err(format!("a body of {size} octets was left out, and nobody makes up as many"));
        }
        // At most 64 MiB, as was just seen.
        let mut left = usize::try_from(size).unwrap_or_default();
        if left >= 4 {
            end.say(b"\r\n").await?;
            left -= 2;
        }
        let line = [&[b'x'; 76][..], b"\r\n"].concat();
        let piece = line.repeat(200);
        while left >= piece.len() + line.len() {
            end.say(&piece).await?;
            left -= piece.len();
        }
        let mut last = Vec::with_capacity(left);
        while left - last.len() > line.len() + 1 {
            last.extend_from_slice(&line);
        }
        let room = left - last.len();
        last.extend(std::iter::repeat_n(b'x', room.saturating_sub(2)));
        last.extend_from_slice(&b"\r\n"[2 - room.min(2)..]);
        end.say(&last).await
    }

    /// Skips a body that was left out: up to the next line that is expected, or else to the end.
    async fn skip_to(&mut self, connection: u32, cue: &Cue, later: &[Cue]) -> Result<(), String> {
        // Counted octets may end in the middle of a line; as many were announced just before.
        if let Some(size) = cue.elided.filter(|_| std::mem::take(&mut self.is_counted)) {
            return self.end(connection).await?.skip(size).await;
        }
        let next = later.iter().find_map(|cue| match &cue.entry {
            Entry::Line { connection: other, side, text } if *other == connection && *side != self.role => Some(text),
            _ => None,
        });
        let Some(next) = next else {
            if !self.is_recorded {
                return Err("nothing is expected behind the body".to_owned());
            }
            return self.end(connection).await?.skip(cue.elided.unwrap_or_default()).await;
        };
        let next = self.wanted(next);
        // Another body may be longer, but somebody who never comes to the end of it is not listened to for ever.
        let most = cue.elided.map_or(FILLER_MAX, |size| FILLER_MAX.max(size.saturating_mul(2)));
        let mut turn = self.end(connection).await?.turn();
        let (mut octets, mut lines) = (0, 0);
        while octets <= most && lines <= most / LINE_MEAN {
            if turn.is_over() {
                return Err("what was left out of the trace does not end in time".to_owned());
            }
            let line = self.end(connection).await?.line().await?;
            let text = String::from_utf8_lossy(&line).into_owned();
            if self.is_end_of_body(&next, &text) {
                self.end(connection).await?.put_back(line);
                return Ok(());
            }
            let size = line.len() as u64 + 2;
            turn.heard(size);
            octets += size;
            lines += 1;
        }
        Err(format!("what was left out of the trace does not end after {octets} octets in {lines} lines"))
    }

    async fn end(&mut self, connection: u32) -> Result<&mut End, String> {
        if !self.ends.contains_key(&connection) {
            let end = self.stage.open(connection).await?;
            self.ends.insert(connection, end);
        }
        let end = self.ends.get_mut(&connection).ok_or_else(|| "the connection is closed".to_owned())?;
        // What a trace hides, an error shows no more than it.
        end.tell(match (self.is_recorded, self.has_challenged) {
            (true, true) => Told::Nothing,
            (true, false) => Told::NoLogin,
            (false, _) => Told::Words,
        });
        Ok(end)
    }
}

/// Whether whoever hears this may say a password next (RFC 4954 §4; RFC 9051 §7.6; RFC 5034 §4).
fn challenges(line: &str) -> bool {
    line.starts_with("334") || line.strip_prefix('+').is_some_and(|rest| !rest.starts_with("OK"))
}

/// Whether counted octets follow a line: a literal of IMAP (RFC 9051 §4.3), or a chunk (RFC 3030 §2).
fn announces(line: &str) -> bool {
    let is_chunk = line.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case("BDAT "));
    is_chunk || announced(line.as_bytes()).is_some_and(|literal| literal.is_some())
}
