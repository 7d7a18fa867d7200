//! A message over an open conversation: MAIL, RCPT, DATA, and what is said to each.
//!
//! What to say is planned by `smtp::transaction`, what an answer means is `smtp::outcome`'s. Each recipient gets an
//! outcome of its own, whatever happens. RFC 5321 §3.3, §4.5.3.1.10; RFC 2033 §4.2; RFC 2920.

use super::{COMMAND_WAIT, Cargo, Client, DATA_WAIT, DOT_WAIT, Dialect, QUIT_WAIT, ask, lost};
use crate::envelope::Envelope;
use crate::error::Error;
use crate::smtp::client::Request;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::reply::Reply;
use crate::smtp::transaction;
use crate::world::Content;

impl Client {
    /// Hands a message over. Gives an outcome for each recipient of the envelope, in order. Those for whom there was
    /// no room in a transaction come with the next one, as long as each takes the message to somebody
    /// (RFC 5321 §4.5.3.1.10): so the last one comes.
    pub async fn transact(&mut self, cargo: &Cargo<'_>, mut progress: impl FnMut(u64)) -> Vec<Outcome> {
        let mut outcomes = self.transaction(cargo, &mut progress).await;
        let mut has_taken = outcomes.iter().any(Outcome::is_accepted);
        loop {
            let is_left = |outcome: &Outcome| has_taken && outcome.is_too_many();
            let left: Vec<usize> = (0..outcomes.len()).filter(|index| is_left(&outcomes[*index])).collect();
            if left.is_empty() {
                return outcomes;
            }
            let recipients = left.iter().map(|index| cargo.envelope.recipients[*index].clone()).collect();
            let envelope = Envelope { recipients, ..cargo.envelope.clone() };
            let said = self.transaction(&Cargo { envelope: &envelope, ..*cargo }, &mut progress).await;
            has_taken = said.iter().any(Outcome::is_accepted);
            for (index, outcome) in left.into_iter().zip(said) {
                outcomes[index] = outcome;
            }
        }
    }

    async fn transaction(&mut self, cargo: &Cargo<'_>, progress: impl FnMut(u64)) -> Vec<Outcome> {
        let all = |outcome: Outcome| vec![outcome; cargo.envelope.recipients.len()];
        let plan = match transaction::plan(cargo.envelope, cargo.facts, &self.extensions) {
            Ok(plan) => plan,
            Err(outcome) => return all(outcome),
        };
        self.dialogue.set_patience(COMMAND_WAIT);
        let mut outcomes = Vec::with_capacity(plan.recipients.len());
        let mut requests = vec![plan.mail];
        for recipient in plan.recipients {
            // Those that are not asked about have their outcome already.
            outcomes.push(recipient.map(|request| requests.push(request)));
        }
        let (replies, end) = self.say(requests, plan.is_pipelined).await;
        let mut replies = replies.into_iter();
        match (replies.next(), end.as_ref().err()) {
            (Some(reply), _) if !reply.code.is_success() => return all(Outcome::of(Phase::Mail, &reply)),
            (None, error) => return all(lost(Phase::Mail, error)),
            _ => {}
        }
        let mut outcomes: Vec<Outcome> = outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Err(outcome) => outcome,
                Ok(()) => replies
                    .next()
                    .map_or_else(|| lost(Phase::Rcpt, end.as_ref().err()), |reply| Outcome::of(Phase::Rcpt, &reply)),
            })
            .collect();
        if end.is_ok() && outcomes.iter().any(Outcome::is_accepted) {
            self.upload(cargo.content, &mut outcomes, progress).await;
        } else if let Err(error) = &end {
            // Whoever was accepted before the connection broke has nothing.
            settle(&mut outcomes, &lost(Phase::Rcpt, Some(error)));
        }
        outcomes
    }

    /// What becomes of a message that could not be sent whole. A server that has had enough of it says so and hangs
    /// up; those words are worth more than that the line is dead.
    async fn last_words(&mut self, phase: Phase, error: &Error) -> Outcome {
        self.dialogue.set_patience(QUIT_WAIT);
        match self.dialogue.answer(&mut Request::awaited()).await {
            Ok(reply) if reply.code.fate().is_some() => Outcome::of(phase, &reply),
            _ => lost(phase, Some(error)),
        }
    }

    /// Says MAIL and the RCPTs, at once if the server can take that. Stops where going on is of no use.
    async fn say(&mut self, mut requests: Vec<Request>, is_pipelined: bool) -> (Vec<Reply>, Result<(), Error>) {
        if is_pipelined {
            return self.dialogue.ask_all(&mut requests).await;
        }
        let mut replies: Vec<Reply> = Vec::with_capacity(requests.len());
        for request in &mut requests {
            match self.dialogue.ask(request).await {
                Ok(reply) => replies.push(reply),
                Err(error) => return (replies, Err(error)),
            }
            if replies.len() == 1 && !replies[0].code.is_success() {
                break;
            }
        }
        (replies, Ok(()))
    }

    /// DATA, the message, and what is said to it.
    async fn upload(&mut self, content: &dyn Content, outcomes: &mut [Outcome], progress: impl FnMut(u64)) {
        self.dialogue.set_patience(DATA_WAIT);
        match ask(&mut self.dialogue, Phase::Data, Request::data()).await {
            Err(outcome) => return settle(outcomes, &outcome),
            Ok(reply) if !reply.code.is_intermediate() => return settle(outcomes, &Outcome::of(Phase::Data, &reply)),
            Ok(_) => {}
        }
        if let Err(broken) = self.dialogue.send_text(content, progress).await {
            let phase = if broken.dot_sent { Phase::Dot } else { Phase::Data };
            return settle(outcomes, &self.last_words(phase, &broken.error).await);
        }
        self.dialogue.set_patience(DOT_WAIT);
        match self.dialect {
            Dialect::Smtp => {
                let outcome = match ask(&mut self.dialogue, Phase::Dot, Request::awaited()).await {
                    Ok(reply) => Outcome::of(Phase::Dot, &reply),
                    Err(outcome) => outcome,
                };
                settle(outcomes, &outcome);
            }
            // RFC 2033 §4.2: one reply for each recipient that was accepted, in order.
            Dialect::Lmtp => {
                for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_accepted()) {
                    *outcome = match ask(&mut self.dialogue, Phase::Dot, Request::awaited()).await {
                        Ok(reply) => Outcome::of(Phase::Dot, &reply),
                        Err(outcome) => outcome,
                    };
                }
            }
        }
    }
}

/// Gives those that were accepted so far their outcome.
fn settle(outcomes: &mut [Outcome], outcome: &Outcome) {
    for accepted in outcomes.iter_mut().filter(|outcome| outcome.is_accepted()) {
        *accepted = outcome.clone();
    }
}
