//! A retrieval from beginning to end, in the order that makes it safe.
//!
//! A message is durable in its target before its row says so, its row is durable before the server is told to delete
//! it, and it counts as deleted when the server has answered QUIT. After a crash anywhere a second run neither loses a
//! message nor, where the target can tell what it holds, doubles it. RFC 1939 §3 to §7.

use super::look::{Look, Selection, look};
use super::name::message_name;
use super::plan::{self, Plan};
use super::rule::{Keep, Rules, row_of};
use super::target::{Arriving, Target};
use super::writer::{Coming, Word, Writer, Written};
use super::{Progress, Summary, recover};
use crate::engine::pop3::{Maildrop, Session, Sink, Wanted};
use crate::error::{Error, Kind, Result};
use crate::net::pace::Pace;
use crate::pop3::retrieve::Retrieved;
use crate::store::maildrop::{Register, Row, State};
use crate::world::{Clock, Timestamp};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::mpsc::{Sender, channel};

/// Octets that wait for the disk.
const WAITING_MAX: u64 = 8 * 1024 * 1024;
/// Whoever lists messages and gives none of them is not asked without end.
const REFUSED_MAX: usize = 10_000;
/// Rows written in one commit.
const ROWS_MAX: usize = 1000;

/// What a retrieval needs beside the session.
pub struct Retrieval<'a> {
    /// Where messages go.
    pub target: Box<dyn Target>,
    /// What is remembered; nothing for those who fetch everything each time.
    pub register: Option<Box<dyn Register>>,
    /// User and server, the same in each run.
    pub source: &'a str,
    /// What the user wants.
    pub rules: Rules,
    /// Which messages he wants.
    pub selection: &'a Selection,
    /// What is remembered was made anew, and knows no names of this server.
    pub is_rebuilt: bool,
    /// Only header sections are fetched.
    pub is_headers_only: bool,
    /// Nothing is fetched and nothing is deleted: the plan is what is wanted.
    pub is_rehearsal: bool,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// The reader's end of the writer.
struct Reader<'a, P> {
    words: Sender<Word>,
    pace: Pace,
    maildrop: &'a Maildrop,
    manner: Manner<'a>,
    summary: &'a mut Summary,
    open: Option<usize>,
    so_far: Progress,
    progress: P,
}

/// Retrieves. `progress` hears of each message.
pub async fn retrieve(
    mut session: Session,
    retrieval: Retrieval<'_>,
    progress: impl FnMut(Progress),
) -> Result<Summary> {
    let clock = retrieval.clock;
    let done = attempt(&mut session, retrieval, progress).await;
    let (mut summary, register, numbers) = match done {
        Ok(done) => done,
        Err(error) => {
            session.leave().await;
            return Err(error);
        }
    };
    let Some((numbers, mut rows)) = numbers else {
        session.leave().await;
        return Ok(summary);
    };
    let refused = session.delete(&numbers).await?;
    summary.deleted = numbers.len() - refused.len();
    summary.refused.extend(refused.iter().map(|(number, answer)| (*number, answer.text.clone())));
    let kept: HashSet<u32> = refused.into_iter().map(|(number, _)| number).collect();
    let now = clock.now();
    let gone: Vec<Row> = numbers
        .iter()
        .filter(|number| !kept.contains(number))
        .filter_map(|number| rows.remove(number))
        .map(|row| Row { state: State::Deleted, changed: now, ..row })
        .collect();
    if let Some(mut register) = register {
        for rows in gone.chunks(ROWS_MAX) {
            register.commit(rows)?;
        }
    }
    Ok(summary)
}

/// What is to be deleted: numbers, and the rows of those that are remembered.
type Deletions = (Vec<u32>, HashMap<u32, Row>);

/// Everything up to the deletions.
async fn attempt(
    session: &mut Session,
    retrieval: Retrieval<'_>,
    progress: impl FnMut(Progress),
) -> Result<(Summary, Option<Box<dyn Register>>, Option<Deletions>)> {
    let (rules, now) = (retrieval.rules, retrieval.clock.now());
    let mut maildrop = session.maildrop().await?;
    let Retrieval { mut target, mut register, source, selection, .. } = retrieval;
    if register.is_some() {
        recover::identify(session, &mut maildrop).await?;
    }
    let mut plan = plan::plan(&maildrop, register.as_deref_mut(), &mut *target, &rules, source, now)?;
    if let Some(register) = register.as_deref_mut().filter(|_| !rules.again) {
        if retrieval.is_rebuilt || plan::is_reset(&plan, maildrop.len(), register.living()?) {
            recover::reset(session, &maildrop, &mut plan, register, &rules, now).await?;
        }
        if !retrieval.is_rehearsal {
            plan::bury(&plan, &maildrop, register, now)?;
        }
    }
    select(session, &maildrop, &mut plan, selection).await?;
    plan.limit(&maildrop, &rules);
    let mut summary = Summary::of(&maildrop, &plan);
    if retrieval.is_rehearsal {
        summary.plan = Some(plan.describe(&maildrop));
        return Ok((summary, register, None));
    }
    let mut written = Written { register, safe: Vec::new(), refused: Vec::new(), failure: None };
    if !plan.fetch.is_empty() {
        let manner = Manner { source, again: rules.again, is_top: retrieval.is_headers_only, now };
        let writer = Writer { target, register: written.register.take(), pace: Pace::new(WAITING_MAX) };
        let ended;
        (written, ended) = fetch(session, writer, &maildrop, &plan, manner, &mut summary, progress).await?;
        if let Some(failure) = written.failure.take() {
            return Err(failure);
        }
        ended?;
    } else {
        target.close();
    }
    let number = |index: usize| maildrop.get(index).map(|(number, _, _)| number);
    for (index, why) in &written.refused {
        summary.rejected.push((number(*index).unwrap_or_default(), why.clone()));
        summary.fetched = summary.fetched.saturating_sub(1);
    }
    let numbers = deletions(&maildrop, &plan, &written, rules.keep);
    if numbers.is_empty() {
        return Ok((summary, written.register, None));
    }
    let mut rows = HashMap::new();
    if let Some(register) = written.register.as_deref_mut() {
        for index in &numbers {
            let Some((number, size, Some(uid))) = maildrop.get(*index as usize) else { continue };
            let known = register.find(uid)?;
            if let Some(row) = row_of(&known, size).filter(|row| row.state.is_safe()) {
                rows.insert(number, Row { state: State::DeletePending, changed: now, ..row.clone() });
            }
        }
        let pending: Vec<Row> = rows.values().cloned().collect();
        for rows in pending.chunks(ROWS_MAX) {
            register.commit(rows)?;
        }
    }
    let numbers = numbers.into_iter().filter_map(|index| number(index as usize)).collect();
    Ok((summary, written.register, Some((numbers, rows))))
}

/// Asks the user's filters about what would be fetched.
async fn select(session: &mut Session, maildrop: &Maildrop, plan: &mut Plan, selection: &Selection) -> Result<()> {
    if selection.is_empty() || plan.fetch.is_empty() {
        return Ok(());
    }
    let asked = std::mem::take(&mut plan.fetch);
    let looks = look(session, maildrop, &asked, selection).await?;
    for (index, look) in asked.into_iter().zip(looks) {
        match look {
            Look::Take => plan.fetch.push(index),
            Look::Skip => plan.skipped += 1,
            Look::Condemn => plan.condemned.push(index),
        }
    }
    Ok(())
}

/// How messages are fetched.
#[derive(Clone, Copy)]
struct Manner<'a> {
    source: &'a str,
    again: bool,
    is_top: bool,
    now: Timestamp,
}

/// Fetches what the plan says. The inner result is how the conversation ended.
async fn fetch(
    session: &mut Session,
    writer: Writer,
    maildrop: &Maildrop,
    plan: &Plan,
    manner: Manner<'_>,
    summary: &mut Summary,
    progress: impl FnMut(Progress),
) -> Result<(Written, Result<()>)> {
    let (words, hears) = channel();
    let pace = writer.pace.clone();
    let writer = tokio::task::spawn_blocking(move || writer.run(&hears));
    let sizes = plan.fetch.iter().filter_map(|index| maildrop.get(*index as usize)).map(|(_, size, _)| size);
    let (messages_all, octets_all) = (plan.fetch.len(), sizes.fold(0, u64::saturating_add));
    let so_far = Progress { messages: 0, octets: 0, messages_all, octets_all };
    let mut reader = Reader { words, pace, maildrop, manner, summary, open: None, so_far, progress };
    let wanted = plan.fetch.iter().filter_map(|index| {
        let (number, size, _) = maildrop.get(*index as usize)?;
        Some(Wanted { index: *index as usize, number, size, is_top: manner.is_top })
    });
    let ended = session.fetch(wanted, &mut reader).await;
    let broken = reader.open;
    drop(reader);
    let lost = |error| Error::new(Kind::Software, "writing messages failed").caused_by(error);
    let mut written = writer.await.map_err(lost)?;
    let Err(error) = ended else { return Ok((written, Ok(()))) };
    // Behind all others next time: one message must not keep them from coming.
    let troubled = broken.and_then(|index| maildrop.get(index)).and_then(|(_, size, uid)| Some((uid?, size)));
    if let (Some((uid, size)), Some(register), None) = (troubled, written.register.as_deref_mut(), &written.failure)
        && error.kind() != Kind::Io
        && register.find(uid)?.iter().all(|row| !row.state.is_safe())
    {
        register.commit(&[Row { state: State::Troubled, ..plan::delivered(uid, size, manner.now) }])?;
    }
    let (here, all) = (written.safe.len(), plan.fetch.len());
    let error = error.hint(format!("{here} of {all} new messages are safe here; the next run fetches the others"));
    Ok((written, Err(error)))
}

/// The places of what goes from the server: what was safe before and is due, what has become safe with all that is the
/// same, and what the user does not want.
fn deletions(maildrop: &Maildrop, plan: &Plan, written: &Written, keep: Keep) -> Vec<u32> {
    let mut going = vec![false; maildrop.len()];
    let mut go = |index: usize| going.get_mut(index).into_iter().for_each(|goes| *goes = true);
    plan.delete.iter().chain(&plan.condemned).for_each(|index| go(*index as usize));
    if keep == Keep::None {
        let safe: HashSet<usize> = written.safe.iter().copied().collect();
        safe.iter().for_each(|index| go(*index));
        let twins = plan.twins.iter().filter(|(_, of)| safe.contains(&(*of as usize)));
        twins.for_each(|(index, _)| go(*index as usize));
    }
    (0..).zip(going).filter(|(_, goes)| *goes).map(|(index, _)| index).collect()
}

impl<P: FnMut(Progress)> Sink for Reader<'_, P> {
    fn begin(&mut self, wanted: &Wanted) {
        self.open = Some(wanted.index);
        let Manner { source, again, now, .. } = self.manner;
        let uid = self.maildrop.get(wanted.index).and_then(|(_, _, uid)| uid).unwrap_or_default();
        let name = message_name(uid, source, wanted.size, again.then(|| now.as_second()));
        let message = Arriving { name, size: wanted.size, now };
        // Who does not hear it has failed, and says why at the end.
        let _ = self.words.send(Word::Begin(Box::new(Coming { index: wanted.index, uid: uid.to_owned(), message })));
    }

    fn piece(&mut self, octets: &[u8]) -> io::Result<()> {
        self.pace.took(octets.len() as u64);
        self.so_far.octets += octets.len() as u64;
        (self.progress)(self.so_far);
        self.words.send(Word::Piece(octets.to_vec())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn end(&mut self, wanted: &Wanted, what: &Retrieved) -> Result<()> {
        self.open = None;
        let word = match what {
            Retrieved::Whole(octets) => {
                self.summary.fetched += 1;
                self.summary.octets += octets;
                Word::Whole
            }
            Retrieved::Refused(answer) => {
                if self.summary.refused.len() >= REFUSED_MAX {
                    return Err(Error::new(Kind::Protocol, "the server refuses one message after the other"));
                }
                self.summary.refused.push((wanted.number, answer.text.clone()));
                Word::Dropped
            }
        };
        self.so_far.messages += 1;
        (self.progress)(self.so_far);
        self.words.send(word).map_err(|_| Error::new(Kind::Io, "the messages cannot be written"))
    }

    fn pace(&self) -> Pace {
        self.pace.clone()
    }
}
