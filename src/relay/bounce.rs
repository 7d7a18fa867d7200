//! What follows from answers: settlements for the spool, and a report to the reverse-path.
//!
//! Delivered is done; permanent failures and those that lasted too long are reported; the rest
//! waits, and its sender is told once that it does. Nothing is ever reported to a null reverse-path,
//! so that no report answers another. Pure: time and chance come in.
//! RFC 5321 §4.5.4.1, §4.5.5, §6.1; RFC 3464; RFC 3463 §3.5.

use super::schedule::Patience;
use crate::engine::handover::Answer;
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::message::dsn::{self, Action, RecipientReport};
use crate::status::{EnhancedStatus, Fate};
use crate::store::spool::{Due, Leased, Outcome, Report, Settlement};
use crate::world::{Entropy, Timestamp};
use std::time::Duration;

/// As much of a message as a report can need: the whole of a short one, the header section of a long one.
pub const ORIGINAL_MAX: usize = 64 * 1024;

/// Of a server's words, this many octets are kept with each recipient. It may say 50 KiB, for each of them.
const WORDS_MAX: usize = 500;

/// "Delivery time expired" (RFC 3463 §3.5).
const EXPIRED: EnhancedStatus = EnhancedStatus::new(4, 4, 7);

/// What follows for one message from one attempt.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// One for each recipient that was tried.
    pub settlements: Vec<Settlement>,
    /// What the sender is to be told; empty if nothing, or if there is nobody to tell.
    pub told: Vec<RecipientReport>,
}

/// Judges the answers that recipients of a message got. `random` spreads the waits.
pub fn judge(
    leased: &Leased,
    answers: &[(Due, Answer)],
    now: Timestamp,
    patience: &Patience,
    mut random: impl FnMut() -> u32,
) -> Judgement {
    let nobody_to_tell = leased.accepted.envelope.reverse_path.is_null();
    let mut judgement = Judgement { settlements: Vec::with_capacity(answers.len()), told: Vec::new() };
    for (due, answer) in answers {
        let (outcome, told) = match answer.fate() {
            None => (Outcome::Delivered { text: quoted(answer) }, None),
            Some(Fate::Permanent) => fail(due, answer, answer.status, None),
            Some(Fate::Transient) => wait(due, answer, now, patience, random()),
        };
        judgement.settlements.push(Settlement { id: leased.id, recipient: due.index, outcome });
        judgement.told.extend(told.filter(|_| !nobody_to_tell));
    }
    judgement
}

/// The report of what the sender is to be told; `None` if that is nothing. `original` is the message, or its
/// first [`ORIGINAL_MAX`] octets.
pub fn report(
    told: &[RecipientReport],
    leased: &Leased,
    original: &[u8],
    hostname: &str,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Option<Report> {
    let ReversePath::Mailbox(to) = &leased.accepted.envelope.reverse_path else { return None };
    if told.is_empty() {
        return None;
    }
    let arrived = leased.accepted.received;
    let id = leased.id.derived(&reason(told));
    let name = id.to_string();
    let report = dsn::Report { id: &name, reporting_mta: hostname, to, arrived, now, recipients: told, original };
    let mut envelope = Envelope::new(ReversePath::Null, vec![ForwardPath::Mailbox(to.clone())]);
    envelope.smtputf8 = to.needs_smtputf8();
    let accepted = crate::store::spool::Accepted {
        envelope,
        received: now,
        user: None,
        origin: format!("report on {}", leased.id),
        // Whoever had no way of their own for the message has none for the report either.
        route: leased.accepted.route.clone(),
    };
    Some(Report { id, accepted, octets: report.to_octets(entropy) })
}

/// What tells one report on a message from another: whom it is about, and what it says of them. Not when, nor what a
/// server said: if an outcome is lost and the attempt repeated, the same report is to come again.
fn reason(told: &[RecipientReport]) -> Vec<u8> {
    let mut lines: Vec<String> = told.iter().map(|told| format!("{} {}\n", told.action, told.recipient)).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.concat().into_bytes()
}

/// Not delivered now: is it worth another attempt?
fn wait(
    due: &Due,
    answer: &Answer,
    now: Timestamp,
    patience: &Patience,
    random: u32,
) -> (Outcome, Option<RecipientReport>) {
    // A clock that was set back makes messages from the future: they are young.
    let age = Duration::try_from(now.duration_since(due.first)).unwrap_or_default();
    let verdict = patience.judge(age, due.attempts.saturating_add(1), due.warned, random);
    let Some(wait) = verdict.wait else {
        let note =
            format!("not delivered within {}, and not tried again", crate::duration::in_words(patience.lifetime));
        return fail(due, answer, EXPIRED, Some(&note));
    };
    let later = |wait: Duration| move |from: Timestamp| from.saturating_add(wait).unwrap_or(Timestamp::MAX);
    let outcome = Outcome::Deferred {
        until: later(wait)(now),
        text: quoted(answer),
        code: answer.status,
        warned: due.warned || verdict.warn,
    };
    let told = verdict.warn.then(|| RecipientReport {
        retry_until: Some(later(patience.lifetime)(due.first)),
        ..told(due, answer, Action::Delayed, answer.status, None)
    });
    (outcome, told)
}

fn fail(due: &Due, answer: &Answer, status: EnhancedStatus, note: Option<&str>) -> (Outcome, Option<RecipientReport>) {
    let text = match note {
        Some(note) => format!("{note}: {}", quoted(answer)),
        None => quoted(answer),
    };
    (Outcome::Failed { text, code: status }, Some(told(due, answer, Action::Failed, status, note)))
}

fn told(due: &Due, answer: &Answer, action: Action, status: EnhancedStatus, note: Option<&str>) -> RecipientReport {
    let words = match (answer.speaker(), &answer.remote) {
        // What we say ourselves says of whom.
        (None, Some(remote)) => format!("{remote}: {}", answer.words),
        _ => answer.words.clone(),
    };
    let words = match note {
        Some(note) => format!("{words}\n{note}"),
        None => words,
    };
    RecipientReport {
        recipient: due.path.clone(),
        action,
        status,
        // RFC 3464 §2.3.5, §2.3.6: only what another host has said is told as its words.
        remote_mta: answer.speaker().map(str::to_owned),
        words: Some(words),
        retry_until: None,
    }
}

/// `mx1.hamburger.example: 550 5.1.1 no such user`, for the queue's own records.
fn quoted(answer: &Answer) -> String {
    let words = answer.in_full();
    let words = &words[..words.floor_char_boundary(WORDS_MAX)];
    match &answer.remote {
        Some(remote) => format!("{remote}: {words}"),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::courier::answer;
    use crate::envelope::ForwardPath;
    use crate::smtp::outcome::{Outcome, Phase};
    use crate::smtp::reply::Reply;
    use crate::status::ReplyCode;
    use crate::world::Timestamp;

    #[test]
    fn what_we_say_of_a_host_is_not_told_as_its_words() {
        let due = Due {
            index: 0,
            path: ForwardPath::parse("<bob@x.test>").expect("a path"),
            due: Timestamp::UNIX_EPOCH,
            first: Timestamp::UNIX_EPOCH,
            attempts: 0,
            warned: false,
            last: None,
        };
        let reply = Reply { code: ReplyCode::new(550).expect("a code"), enhanced: None, lines: vec!["no".into()] };
        for (outcome, remote, words) in [
            (Outcome::of(Phase::Rcpt, &reply), Some("mx.x.test"), "550 no"),
            (Outcome::failed_here(Phase::Tls, "it offers no TLS"), None, "mx.x.test: it offers no TLS"),
            (Outcome::failed_here(Phase::Connect, "no way there"), None, "no way there"),
        ] {
            let answer = answer(&outcome, "mx.x.test", false);
            let told = told(&due, &answer, Action::Failed, answer.status, None);
            assert_eq!((told.remote_mta.as_deref(), told.words.as_deref()), (remote, Some(words)));
        }
    }
}
