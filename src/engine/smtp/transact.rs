//! A message over an open conversation: MAIL, RCPT, DATA or BDAT, and what is said to each.
//!
//! What to say is planned by `smtp::transaction`, what an answer means is `smtp::outcome`'s. Each recipient gets an
//! outcome of its own, whatever happens; nothing is ever sent a second time.
//! RFC 5321 §3.3, §4.5.3.1.10; RFC 2033 §4.2; RFC 2920 §3.1; RFC 3030 §2.

use super::{COMMAND_WAIT, Cargo, Client, DATA_WAIT, DOT_WAIT, Dialect, Partial, QUIT_WAIT};
use super::{ask, ask_in_turn, hear, lost, unasked};
use crate::envelope::{Envelope, ForwardPath};
use crate::error::{Error, Kind};
use crate::message::downcode::downcode;
use crate::message::rope::Rope;
use crate::net::dialogue::BrokenText;
use crate::smtp::client::Request;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::reply::Reply;
use crate::smtp::transaction::{self, Facts};
use crate::status::{EnhancedStatus, Fate};
use crate::world::Content;
use std::collections::VecDeque;

/// Chunks that are sent before the first of them is answered. Their answers are short, so nobody waits for ever.
const CHUNKS_AHEAD: usize = 8;

impl Client {
    /// Hands a message over. Gives an outcome for each recipient of the envelope, in order. Those for whom there was
    /// no room in a transaction come with the next one, as long as each takes the message to somebody
    /// (RFC 5321 §4.5.3.1.10): so the last one comes. Can be called again for the next message.
    pub async fn transact(&mut self, cargo: &Cargo<'_>, mut progress: impl FnMut(u64)) -> Vec<Outcome> {
        let seven_bit = match self.seven_bit(cargo) {
            Ok(seven_bit) => seven_bit,
            Err(outcome) => return vec![outcome; cargo.envelope.recipients.len()],
        };
        let (content, facts): (&dyn Content, Facts) = match &seven_bit {
            Some(rope) => (rope, Facts { size: rope.size(), is_eight_bit: false, ..cargo.facts }),
            None => (cargo.content, cargo.facts),
        };
        let cargo = Cargo { content, facts, ..*cargo };
        let mut outcomes = self.transaction(&cargo, &mut progress).await;
        let mut has_taken = outcomes.iter().any(Outcome::is_accepted);
        loop {
            let is_left = |outcome: &Outcome| has_taken && outcome.is_too_many();
            let left: Vec<usize> = (0..outcomes.len()).filter(|index| is_left(&outcomes[*index])).collect();
            if left.is_empty() {
                return outcomes;
            }
            let recipients = left.iter().map(|index| cargo.envelope.recipients[*index].clone()).collect();
            let envelope = Envelope { recipients, ..cargo.envelope.clone() };
            let said = self.transaction(&Cargo { envelope: &envelope, ..cargo }, &mut progress).await;
            has_taken = said.iter().any(Outcome::is_accepted);
            for (index, outcome) in left.into_iter().zip(said) {
                outcomes[index] = outcome;
            }
        }
    }

    /// The message in seven bits, if the server takes no more and that is wanted. Without SMTPUTF8 a header section in
    /// UTF-8 goes nowhere anyway; the plan says so in its own words.
    fn seven_bit<'c>(&self, cargo: &Cargo<'c>) -> Result<Option<Rope<'c>>, Outcome> {
        let Facts { is_eight_bit, has_utf8_header, .. } = cargo.facts;
        if !cargo.manner.downcode || !is_eight_bit || has_utf8_header || self.extensions.eight_bit_mime {
            return Ok(None);
        }
        downcode(cargo.content).map(Some).map_err(|error| {
            // RFC 3463 §3.7: conversion was required, and is not possible.
            let status = EnhancedStatus::new(if error.fate() == Fate::Permanent { 5 } else { 4 }, 6, 3);
            let text = format!("the server does not offer 8BITMIME, and {error}");
            Outcome::refused_here(Phase::Mail, status, text)
        })
    }

    async fn transaction(&mut self, cargo: &Cargo<'_>, progress: impl FnMut(u64)) -> Vec<Outcome> {
        let paths = &cargo.envelope.recipients;
        let plan = match transaction::plan(cargo.envelope, cargo.facts, &self.extensions) {
            Ok(plan) => plan,
            Err(outcome) => return vec![outcome; paths.len()],
        };
        let is_all_or_none = cargo.manner.partial == Partial::Abort;
        let by_chunks = cargo.manner.chunking && self.extensions.chunking;
        // Those that are not asked about have their outcome already.
        let mut asked = Vec::new();
        let outcomes: Vec<Result<(), Outcome>> =
            plan.recipients.into_iter().map(|planned| planned.map(|request| asked.push(request))).collect();
        if asked.is_empty() || (is_all_or_none && outcomes.iter().any(Result::is_err)) {
            let refused = outcomes.iter().zip(paths).find(|(outcome, _)| outcome.is_err()).map(|(_, path)| path);
            let withheld = refused.map(Outcome::withheld);
            return outcomes.into_iter().filter_map(|outcome| outcome.err().or_else(|| withheld.clone())).collect();
        }
        let mut requests = Vec::with_capacity(asked.len() + 3);
        if self.is_begun {
            requests.push(Request::rset());
        }
        let before = requests.len();
        requests.push(plan.mail);
        requests.append(&mut asked);
        // RFC 2920 §3.1: DATA may be the last of a group. Once it is said the message must go to whoever was accepted,
        // so it waits where nobody is to have it unless all do.
        let has_data = plan.is_pipelined && !by_chunks && !is_all_or_none;
        if has_data {
            requests.push(Request::data());
        }
        self.dialogue.set_patience(COMMAND_WAIT);
        let (mut replies, end) = self.say(requests, plan.is_pipelined, before).await;
        let data = if has_data && end.is_ok() { replies.pop() } else { None };
        let is_wanted = data.as_ref().is_none_or(|reply| reply.code.is_intermediate());
        if !is_wanted && matches!(self.dialogue.has_spoken().await, Ok(true)) {
            // One reply too many: nobody knows which of them answers what.
            self.dialogue.fall_silent();
            let why = "the server gave more replies than it was asked for";
            return vec![Outcome::broken(Phase::Data, why); paths.len()];
        }
        let mut replies = replies.into_iter().skip(before);
        let mail = replies.next();
        self.is_begun = mail.as_ref().is_some_and(|reply| reply.code.is_success());
        let mut outcomes: Vec<Outcome> = match (&mail, end.as_ref().err()) {
            (Some(reply), _) if !reply.code.is_success() => vec![Outcome::of(Phase::Mail, reply); paths.len()],
            (None, error) => return vec![lost(Phase::Mail, error); paths.len()],
            (Some(_), error) => outcomes
                .into_iter()
                .map(|outcome| match outcome.err() {
                    Some(outcome) => outcome,
                    None => match replies.next() {
                        Some(reply) => Outcome::of(Phase::Rcpt, &reply),
                        None => lost(Phase::Rcpt, error),
                    },
                })
                .collect(),
        };
        if let Err(error) = &end {
            // Whoever was accepted before the connection broke has nothing.
            let is_answered = outcomes.iter().all(|outcome| outcome.code.is_some());
            let phase = if has_data && is_answered { Phase::Data } else { Phase::Rcpt };
            settle(&mut outcomes, &lost(phase, Some(error)));
            return outcomes;
        }
        let is_refused = outcomes.iter().any(|outcome| !outcome.is_accepted());
        if is_all_or_none && is_refused {
            withhold(&mut outcomes, paths);
            self.reset().await;
        } else if !outcomes.iter().any(Outcome::is_accepted) {
            self.cancel(data).await;
        } else if by_chunks {
            self.upload_chunks(cargo.content, &mut outcomes, progress).await;
        } else {
            self.upload(data, cargo.content, &mut outcomes, progress).await;
        }
        outcomes
    }

    /// Says MAIL and the RCPTs, at once if the server can take that. Stops where going on is of no use: when MAIL,
    /// which has `before` others before it, is refused.
    async fn say(
        &mut self,
        mut requests: Vec<Request>,
        is_pipelined: bool,
        before: usize,
    ) -> (Vec<Reply>, Result<(), Error>) {
        if is_pipelined {
            return match unasked(&mut self.dialogue).await {
                Ok(None) => self.dialogue.ask_all(&mut requests).await,
                Ok(Some(goodbye)) => (vec![goodbye; before + 1], Err(Error::new(Kind::Temporary, "it said goodbye"))),
                Err(error) => (Vec::new(), Err(error)),
            };
        }
        let mut replies: Vec<Reply> = Vec::with_capacity(requests.len());
        for request in &mut requests {
            match ask_in_turn(&mut self.dialogue, request).await {
                Ok(reply) => replies.push(reply),
                Err(error) => return (replies, Err(error)),
            }
            if replies.get(before).is_some_and(|mail| !mail.code.is_success()) {
                break;
            }
        }
        (replies, Ok(()))
    }

    /// Ends a transaction in which nobody was accepted. A server that wants the message all the same gets none: a lone
    /// dot (RFC 2920 §3.1), whatever it says to that.
    async fn cancel(&mut self, data: Option<Reply>) {
        if data.is_none_or(|reply| !reply.code.is_intermediate()) {
            return;
        }
        self.dialogue.set_patience(QUIT_WAIT);
        if self.dialogue.send_text(&Vec::new(), |_| {}).await.is_ok() {
            // It has no recipients, so its outcome is nobody's.
            let _ = self.dialogue.answer(&mut Request::awaited()).await;
        }
        self.is_begun = false;
    }

    /// Ends a transaction before anything of the message was sent.
    async fn reset(&mut self) {
        self.dialogue.set_patience(QUIT_WAIT);
        let reply = self.dialogue.ask(&mut Request::rset()).await;
        self.is_begun = !reply.is_ok_and(|reply| reply.code.is_success());
    }

    /// DATA, unless it was said already; then the message, and what is said to it.
    async fn upload(
        &mut self,
        data: Option<Reply>,
        content: &dyn Content,
        outcomes: &mut [Outcome],
        progress: impl FnMut(u64),
    ) {
        self.dialogue.set_patience(DATA_WAIT);
        let data = match data {
            Some(reply) => Ok(reply),
            None => ask(&mut self.dialogue, Phase::Data, Request::data()).await,
        };
        match data {
            Err(outcome) => return settle(outcomes, &outcome),
            Ok(reply) if !reply.code.is_intermediate() => return settle(outcomes, &Outcome::of(Phase::Data, &reply)),
            Ok(_) => {}
        }
        if let Err(broken) = self.dialogue.send_text(content, progress).await {
            return settle(outcomes, &self.last_words(&broken).await);
        }
        self.is_begun = false;
        let first = self.last_reply().await;
        self.conclude(outcomes, first).await;
    }

    /// The message in counted chunks (RFC 3030 §2). The server cannot have it before the last octet of the last one.
    async fn upload_chunks(&mut self, content: &dyn Content, outcomes: &mut [Outcome], mut progress: impl FnMut(u64)) {
        let ahead = if self.extensions.pipelining { CHUNKS_AHEAD } else { 1 };
        let mut waiting = VecDeque::new();
        let mut offset = 0;
        self.dialogue.set_patience(DATA_WAIT);
        loop {
            if waiting.is_empty()
                && let Err(outcome) = self.is_in_step().await
            {
                return settle(outcomes, &outcome);
            }
            let head = |octets, is_last| Request::bdat(octets, is_last);
            let sent = match self.dialogue.send_chunk(content, offset, head, &mut progress).await {
                Ok(sent) => sent,
                Err(broken) => return settle(outcomes, &self.last_words(&broken).await),
            };
            offset += sent;
            waiting.push_back(());
            let is_last = offset >= content.size();
            // The last answer speaks for the message; those before it only say that it may go on.
            while waiting.len() > usize::from(is_last) && (is_last || waiting.len() >= ahead) {
                waiting.pop_front();
                let phase = if is_last { Phase::Dot } else { Phase::Data };
                match hear(&mut self.dialogue, phase).await {
                    Ok(reply) if reply.code.is_success() => {}
                    // All that was sent behind it is answered too; what counts is why the message was refused.
                    Ok(reply) => {
                        self.dialogue.set_last_patience(DOT_WAIT);
                        for () in waiting {
                            let _ = self.dialogue.answer(&mut Request::awaited()).await;
                        }
                        let outcome = match reply.code.fate() {
                            None => {
                                Outcome::broken(phase, format!("the answer to a chunk makes no sense: {}", reply.code))
                            }
                            Some(_) => Outcome::of(Phase::Dot, &reply),
                        };
                        return settle(outcomes, &outcome);
                    }
                    Err(outcome) => return settle(outcomes, &outcome),
                }
            }
            if is_last {
                self.is_begun = false;
                let first = self.last_reply().await;
                return self.conclude(outcomes, first).await;
            }
        }
    }

    /// Whether no answer has come to a chunk that was not sent yet.
    async fn is_in_step(&mut self) -> Result<(), Outcome> {
        match unasked(&mut self.dialogue).await {
            Ok(None) => Ok(()),
            Ok(Some(goodbye)) => Err(Outcome::of(Phase::Data, &goodbye)),
            Err(error) => Err(lost(Phase::Data, Some(&error))),
        }
    }

    /// What is said to a message when it is all there.
    async fn last_reply(&mut self) -> Outcome {
        self.dialogue.set_last_patience(DOT_WAIT);
        match hear(&mut self.dialogue, Phase::Dot).await {
            Ok(reply) => Outcome::of(Phase::Dot, &reply),
            Err(outcome) => outcome,
        }
    }

    /// Gives each recipient what was said to the message; `first` was said already.
    async fn conclude(&mut self, outcomes: &mut [Outcome], first: Outcome) {
        match self.dialect {
            Dialect::Smtp => settle(outcomes, &first),
            // RFC 2033 §4.2: one reply for each recipient that was accepted, in order.
            Dialect::Lmtp => {
                let mut first = Some(first);
                for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_accepted()) {
                    *outcome = match first.take() {
                        Some(first) => first,
                        None => self.last_reply().await,
                    };
                }
            }
        }
    }

    /// What becomes of a message that could not be sent whole. A server that has had enough of it says so and hangs
    /// up; those words are worth more than that the line is dead.
    async fn last_words(&mut self, broken: &BrokenText) -> Outcome {
        let phase = if broken.dot_sent { Phase::Dot } else { Phase::Data };
        self.dialogue.set_patience(QUIT_WAIT);
        match self.dialogue.answer(&mut Request::awaited()).await {
            Ok(reply) if reply.code.fate().is_some() => Outcome::of(phase, &reply),
            _ => lost(phase, Some(&broken.error)),
        }
    }
}

/// Gives those that were accepted so far their outcome.
fn settle(outcomes: &mut [Outcome], outcome: &Outcome) {
    for accepted in outcomes.iter_mut().filter(|outcome| outcome.is_accepted()) {
        *accepted = outcome.clone();
    }
}

/// Keeps the message from those that were accepted, because of the first one that was not.
fn withhold(outcomes: &mut [Outcome], paths: &[ForwardPath]) {
    let refused = outcomes.iter().zip(paths).find(|(outcome, _)| !outcome.is_accepted()).map(|(_, path)| path);
    if let Some(path) = refused {
        settle(outcomes, &Outcome::withheld(path));
    }
}
