//! Which mailboxes there are, and how many messages each has.
//!
//! Where the server can, both in one turn; else the counts of all are asked for together. The open mailbox is not
//! asked for its counts alone, which RFC 9051 §6.3.11 forbids. RFC 9051 §6.3.9; RFC 5819; RFC 5258; RFC 3501 §6.3.9.

use super::answer::Answer;
use super::pipeline::{Command, Said};
use super::{Listed, Refusal, Session};
use crate::error::{Error, Kind, Result};
use crate::imap::client::quoted;
use crate::imap::counts::Counts;
use std::collections::{HashMap, HashSet};

/// Mailboxes that a server may name. Each is opened in each run.
const LISTED_MAX: usize = 100_000;

/// What is asked about mailboxes beside their names, and the counts that cost a server nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ask {
    /// Which are subscribed to.
    pub subscribed: bool,
    /// How many messages are unseen.
    pub unseen: bool,
    /// Octets of all messages, where the server counts them.
    pub size: bool,
}

/// A mailbox with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The mailbox.
    pub listed: Listed,
    /// What is known of its messages; `None` if it holds none, if it is the open one, or if the server does not say.
    pub counts: Option<Counts>,
    /// Why the server does not say.
    pub refused: Option<Refusal>,
}

impl Session {
    /// All mailboxes; instead of one, the line that names it and cannot be read.
    pub async fn list(&mut self) -> Result<Vec<Result<Listed, String>>> {
        let mut found = Found::default();
        let done = self.exec(Command::listing("LIST \"\" \"*\""), |answer| found.take(answer)).await?;
        self.expect(done, "the server does not list its mailboxes")?;
        Ok(found.rows.into_iter().map(|row| row.map(|listing| listing.listed)).collect())
    }

    /// All mailboxes with their counts; instead of one, the line that names it and cannot be read.
    pub async fn list_status(&mut self, ask: Ask) -> Result<Vec<Result<Listing, String>>> {
        let offers = self.capabilities().await?;
        let (is_extended, has_status) = (offers.has("LIST-EXTENDED"), offers.has("LIST-STATUS"));
        let mut items = vec!["MESSAGES", "UIDNEXT", "UIDVALIDITY"];
        let wanted = [
            ("HIGHESTMODSEQ", offers.has_mod_seq()),
            ("MAILBOXID", offers.has("OBJECTID")),
            ("SIZE", ask.size && offers.has("STATUS=SIZE")),
            ("UNSEEN", ask.unseen),
        ];
        items.extend(wanted.into_iter().filter(|(_, is_wanted)| *is_wanted).map(|(item, _)| item));
        let items = items.join(" ");
        let status = format!("STATUS ({items})");
        let options = [
            ("SUBSCRIBED", ask.subscribed && is_extended),
            ("SPECIAL-USE", is_extended && offers.has("SPECIAL-USE")),
            (status.as_str(), has_status),
        ];
        let options: Vec<&str> =
            options.into_iter().filter(|(_, is_wanted)| *is_wanted).map(|(word, _)| word).collect();

        let mut found = Found::default();
        let (mut is_extended, mut has_status) = (is_extended, has_status);
        let plain = "LIST \"\" \"*\"";
        let command = match options.as_slice() {
            [] => plain.to_owned(),
            options => format!("{plain} RETURN ({})", options.join(" ")),
        };
        let mut done = self.exec(Command::listing(command.clone()), |answer| found.take(answer)).await?;
        if done.is_err() && command != plain {
            // It does not do what it offers.
            (found, is_extended, has_status) = (Found::default(), false, false);
            done = self.exec(Command::listing(plain), |answer| found.take(answer)).await?;
        }
        self.expect(done, "the server does not list its mailboxes")?;
        if ask.subscribed && !is_extended {
            let mut subscribed = HashSet::new();
            let asked = self.exec(Command::listing("LSUB \"\" \"*\""), |answer| match answer {
                Answer::Subscribed(_) if subscribed.len() >= LISTED_MAX => Err(too_many()),
                Answer::Subscribed(listed) => {
                    subscribed.insert(listed.wire_name);
                    Ok(())
                }
                _ => Ok(()),
            });
            let done = asked.await?;
            self.expect(done, "the server does not say which mailboxes are subscribed to")?;
            for row in found.rows.iter_mut().flatten() {
                row.listed.is_subscribed = subscribed.contains(&row.listed.wire_name);
            }
        }
        if !has_status {
            self.count_each(&mut found, &items).await?;
        }
        Ok(found.rows)
    }

    /// STATUS of one mailbox, with the counts that cost a server nothing.
    pub async fn status(&mut self, wire_name: &str) -> Result<Result<Counts, Refusal>> {
        let Some(name) = quoted(wire_name) else { return Ok(Err(Refusal::unwritable())) };
        let with_mod_seq = if self.capabilities().await?.has_mod_seq() { " HIGHESTMODSEQ" } else { "" };
        let mut found = None;
        let command = format!("STATUS {name} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN{with_mod_seq})");
        let asked = self.exec(Command::listing(command), |answer| {
            if let Answer::Counts(name, counts) = answer
                && is_same(&name, wire_name)
            {
                found = Some(counts);
            }
            Ok(())
        });
        Ok(asked.await?.map(|_| found.unwrap_or_default()))
    }

    async fn count_each(&mut self, found: &mut Found, items: &str) -> Result<()> {
        let open = self.selected.clone();
        let is_open = |name: &str| open.as_deref().is_some_and(|open| is_same(open, name));
        let asked: Vec<(usize, String)> = found
            .rows
            .iter()
            .enumerate()
            .filter_map(|(row, listing)| Some((row, &listing.as_ref().ok()?.listed)))
            .filter(|(_, listed)| listed.selectable && !is_open(&listed.wire_name))
            .filter_map(|(row, listed)| Some((row, quoted(&listed.wire_name)?)))
            .collect();
        let commands = asked.iter().map(|(_, name)| Command::listing(format!("STATUS {name} ({items})")));
        self.run(commands, |command, said| {
            match said {
                Said::End(Err(refusal)) => {
                    let row = asked.get(command).and_then(|(row, _)| found.rows.get_mut(*row));
                    if let Some(Ok(listing)) = row {
                        listing.refused = Some(refusal);
                    }
                }
                // By their names, in whatever order they come; those of no mailbox are nobody's.
                Said::Answer(Answer::Counts(name, counts)) => {
                    let row = found.places.get(&key(&name)).and_then(|place| found.rows.get_mut(*place));
                    if let Some(Ok(listing)) = row {
                        listing.counts = Some(counts);
                    }
                }
                _ => {}
            }
            Ok(())
        })
        .await
    }
}

/// What a listing has found so far.
#[derive(Default)]
struct Found {
    rows: Vec<Result<Listing, String>>,
    /// Where each mailbox is.
    places: HashMap<String, usize>,
    /// Counts that came before their mailbox.
    early: HashMap<String, Counts>,
}

impl Found {
    fn take(&mut self, answer: Answer<'_>) -> Result<()> {
        match answer {
            Answer::List(listed) => {
                if self.rows.len() >= LISTED_MAX {
                    return Err(too_many());
                }
                let listing = listed.map(|listed| {
                    self.places.insert(key(&listed.wire_name), self.rows.len());
                    let counts = self.early.remove(&key(&listed.wire_name));
                    Listing { listed, counts, refused: None }
                });
                self.rows.push(listing);
            }
            Answer::Counts(name, counts) => {
                match self.places.get(&key(&name)).and_then(|place| self.rows.get_mut(*place)) {
                    Some(Ok(listing)) => listing.counts = Some(counts),
                    _ if self.early.len() < LISTED_MAX => drop(self.early.insert(key(&name), counts)),
                    _ => return Err(too_many()),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn too_many() -> Error {
    Error::new(Kind::Protocol, format!("the server names more than {LISTED_MAX} mailboxes"))
}

/// RFC 9051 §5.1: INBOX has no case.
fn key(wire_name: &str) -> String {
    if wire_name.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { wire_name.to_owned() }
}

pub(super) fn is_same(one: &str, other: &str) -> bool {
    key(one) == key(other)
}
