//! Several mailboxes looked at over one connection, without waiting for one before the next.
//!
//! Each is opened and asked at once, so that as many as are under way cost one turn together. What a mailbox that could
//! not be opened was asked is nobody's answer. RFC 9051 §5.5, §6.3.2.

use super::answer::Answer;
use super::pipeline::{Command, Said};
use super::read::{flags_command, least, overview_command, see};
use super::search::found;
use super::select::{self, Answering};
use super::{Access, Refusal, Seen, Selected, Session, Since, View};
use crate::error::Result;
use crate::imap::number::{ModSeq, Uid};
use std::ops::{Bound, RangeInclusive};

/// A mailbox that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Its name on the wire.
    pub wire_name: String,
    /// Whether it is opened to change it.
    pub access: Access,
    /// Since when changes are wanted with the answer.
    pub since: Since,
    /// What else is asked, in this order.
    pub looks: Vec<Look>,
}

impl Scan {
    /// The lowest UID of which an overview is asked for.
    fn least(&self) -> Option<Uid> {
        let ranges = self.looks.iter().filter_map(|look| match look {
            Look::Overview { range } => Some(least(range)),
            _ => None,
        });
        ranges.min().flatten()
    }
}

/// Something that is asked of an open mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// As `Session::flags`.
    Flags {
        /// Of these.
        range: (Bound<Uid>, Bound<Uid>),
        /// Of those that changed.
        changed_since: Option<ModSeq>,
        /// And which are gone.
        with_vanished: bool,
    },
    /// As `Session::overview`.
    Overview {
        /// Of these.
        range: (Bound<Uid>, Bound<Uid>),
    },
    /// The UIDs of all messages, in one answer; for mailboxes of up to some 100,000.
    All,
}

/// What a scan tells of a mailbox.
#[derive(Debug)]
pub enum Found<'a> {
    /// It is open. What changed since may have been told before.
    Opened(Selected),
    /// It cannot be opened, and nothing more comes of it.
    Refused(Refusal),
    /// A message, a change.
    Seen(Seen<'a>),
    /// UIDs that are there.
    Uids(RangeInclusive<Uid>),
    /// The answer to the look of this number is whole.
    Looked(usize, Result<(), Refusal>),
}

/// A command of a scan.
#[derive(Clone, Copy)]
enum Step {
    Open,
    Look(usize),
}

impl Session {
    /// Looks at mailboxes. What is found is told with the number of its mailbox, one mailbox after the other. The last
    /// one that could be opened stays open.
    pub async fn scan_many(
        &mut self,
        scans: &[Scan],
        mut each: impl FnMut(usize, Found<'_>) -> Result<()>,
    ) -> Result<()> {
        let offers = self.capabilities().await?.clone();
        let mut steps = Vec::new();
        let mut commands = Vec::new();
        for (number, scan) in scans.iter().enumerate() {
            let Some(open) = select::command(&scan.wire_name, scan.access, &scan.since) else {
                each(number, Found::Refused(Refusal::unwritable()))?;
                continue;
            };
            steps.push((number, scan, Step::Open));
            commands.push(Command::from(open));
            for (look, asked) in scan.looks.iter().enumerate() {
                steps.push((number, scan, Step::Look(look)));
                commands.push(match asked {
                    Look::Flags { range, changed_since, with_vanished } => {
                        flags_command(*range, *changed_since, *with_vanished)
                    }
                    Look::Overview { range } => overview_command(range, &offers),
                    Look::All if offers.has("ESEARCH") => Command::from("UID SEARCH RETURN (ALL) ALL"),
                    Look::All => Command::from("UID SEARCH ALL"),
                });
            }
        }
        let mut open = self.selected.take();
        let mut messages = self.view.messages;
        let mut answering = None;
        let run = self.run(commands, |command, said| {
            let Some((number, scan, step)) = steps.get(command) else { return Ok(()) };
            let number = *number;
            match (step, said) {
                (Step::Open, Said::Answer(answer)) => {
                    let answering = answering.get_or_insert_with(|| Answering::behind(open.as_deref()));
                    answering.take(answer, &mut |change| each(number, Found::Seen(Seen::Change(change))))
                }
                (Step::Open, Said::End(end)) => {
                    let answering = answering.take().unwrap_or_else(|| Answering::behind(open.as_deref()));
                    open = None;
                    match answering.end(end, scan.access)? {
                        Ok(selected) => {
                            open = Some(scan.wire_name.clone());
                            messages = selected.messages;
                            each(number, Found::Opened(selected))
                        }
                        Err(refusal) => each(number, Found::Refused(refusal)),
                    }
                }
                // Nothing is open, whatever the server believes.
                _ if open.is_none() => Ok(()),
                // Of several looks at one mailbox a server may answer a later one first.
                (Step::Look(_), Said::Answer(answer @ (Answer::Search(_) | Answer::Esearch(_)))) => {
                    found(&answer, &mut |range| each(number, Found::Uids(range)))
                }
                (Step::Look(_), Said::Answer(answer)) => {
                    see(answer, scan.least()).map_or(Ok(()), |seen| each(number, Found::Seen(seen)))
                }
                (Step::Look(look), Said::End(end)) => {
                    let is_there = |refusal: &Refusal| refusal.is("EXPUNGEISSUED");
                    let end = end.map(drop).or_else(|why| if is_there(&why) { Ok(()) } else { Err(why) });
                    each(number, Found::Looked(*look, end))
                }
            }
        });
        run.await?;
        self.selected = open;
        self.view = View { messages, ..View::default() };
        Ok(())
    }
}
