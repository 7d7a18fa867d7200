//! The story itself, stage by stage.

use super::cast::{Cast, ZONE};
use super::letters::{self, Letter};
use super::stage::{Fact, Stage};
use crate::address::Domain;
use crate::engine::exchangers::exchangers;
use crate::error::{Error, Kind, Result};
use crate::relay::event::{AttemptResult, Event};
use crate::world::Timestamp;
use std::time::Duration;

/// What Alice writes, as people have written it since the first lecture on e-mail.
const LETTER: &str = "Do you like ketchup?\r\nHow about pickles?\r\n";
/// What Bob answers; its lines begin with dots to see whether they arrive.
const ANSWER: &str = "Pickles yes, ketchup no.\r\n.. no ketchup at all\r\n.\r\n";

/// The stages in order. Each is a scene with its own checks.
#[derive(Debug, Clone, Copy)]
enum Scene {
    Submit,
    Lookup,
    Relay,
    ReadByPop3,
    ReadByImap,
    Reply,
    UnknownUser,
    DeadHost,
}

const SCENES: [(Scene, &str); 8] = [
    (Scene::Submit, "Alice's user agent submits a message to her server"),
    (Scene::Lookup, "Her server looks up the mail exchangers of hamburger.example"),
    (Scene::Relay, "It relays the message to the first of them, which puts it into Bob's mailbox"),
    (Scene::ReadByPop3, "Bob reads it by POP3"),
    (Scene::ReadByImap, "Bob reads it by IMAP"),
    (Scene::Reply, "Bob replies, and Alice reads the reply"),
    (Scene::UnknownUser, "Alice writes to somebody who does not exist, and gets a bounce"),
    (Scene::DeadHost, "Alice writes to a host that is dead: retries for five days, then a bounce"),
];

pub(super) struct Story<'c> {
    cast: &'c Cast,
    told: usize,
    sent: Option<Letter>,
}

impl<'c> Story<'c> {
    pub(super) fn new(cast: &'c Cast) -> Self {
        Self { cast, told: 0, sent: None }
    }

    /// Plays the next stage; `None` when the story is over.
    pub(super) async fn next(&mut self) -> Option<Stage> {
        let (scene, title) = *SCENES.get(self.told)?;
        self.told += 1;
        let facts = match self.play(scene).await {
            Ok(facts) => facts,
            Err(error) => vec![Fact::check(false, error.to_string())],
        };
        let held = facts.iter().all(|fact| fact.held);
        Some(Stage { number: self.told, title, facts, conversation: self.cast.notebook.take(), held })
    }

    async fn play(&mut self, scene: Scene) -> Result<Vec<Fact>> {
        match scene {
            Scene::Submit => self.submit().await,
            Scene::Lookup => self.look_up().await,
            Scene::Relay => self.relay().await,
            Scene::ReadByPop3 => self.read_by_pop3().await,
            Scene::ReadByImap => self.read_by_imap().await,
            Scene::Reply => self.reply().await,
            Scene::UnknownUser => self.unknown_user().await,
            Scene::DeadHost => self.dead_host().await,
        }
    }

    async fn submit(&mut self) -> Result<Vec<Fact>> {
        let letter = Letter::new("alice@crepes.example", "bob@hamburger.example", "Dinner", LETTER)?;
        let outcome = letters::submit(self.cast, &self.cast.crepes, &letter).await?;
        let waiting = self.cast.crepes.server.spool().entries(None, 10).await?;
        self.sent = Some(letter);
        Ok(vec![
            Fact::check(outcome.is_accepted(), format!("her server answers: {}", outcome.text)),
            Fact::check(waiting.len() == 1, format!("it waits in the queue ({} message)", waiting.len())),
        ])
    }

    async fn look_up(&mut self) -> Result<Vec<Fact>> {
        let domain = Domain::parse("hamburger.example")
            .map_err(|error| Error::new(Kind::Software, "hamburger.example").caused_by(error))?;
        let found = exchangers(&*self.cast.zone, &domain)
            .await
            .map_err(|error| Error::new(Kind::NoHost, "no exchangers").caused_by(error.to_string()))?;
        let mut facts = vec![Fact::note(format!("the zone, {} lines, is answered from memory", ZONE.lines().count()))];
        for exchanger in &found.hosts {
            let addresses: Vec<String> = exchanger.addresses.iter().map(ToString::to_string).collect();
            facts.push(Fact::note(format!("MX {} {} {}", exchanger.preference, exchanger.host, addresses.join(" "))));
        }
        let first = found.hosts.first().is_some_and(|exchanger| exchanger.host == "mx.hamburger.example");
        facts.push(Fact::check(first, "the lowest preference comes first"));
        Ok(facts)
    }

    async fn relay(&mut self) -> Result<Vec<Fact>> {
        self.cast.crepes.run_relay()?;
        self.cast.hamburger.run_relay()?;
        let relayed = self.cast.crepes.wait_for(|event| is(event, AttemptResult::Delivered)).await?;
        let delivered = self.cast.hamburger.wait_for(|event| is(event, AttemptResult::Delivered)).await?;
        let rest = self.cast.crepes.server.spool().entries(None, 10).await?;
        Ok(vec![
            Fact::note(format!("mx.hamburger.example answers: {}", words(&relayed))),
            Fact::note(format!("there it is {}", words(&delivered))),
            Fact::check(rest.is_empty(), "Alice's queue is empty again"),
        ])
    }

    async fn read_by_pop3(&mut self) -> Result<Vec<Fact>> {
        let messages = letters::read_by_pop3(self.cast, &self.cast.hamburger).await?;
        Ok(self.compare(&messages, "POP3"))
    }

    async fn read_by_imap(&mut self) -> Result<Vec<Fact>> {
        let messages = letters::read_by_imap(self.cast, &self.cast.hamburger).await?;
        Ok(self.compare(&messages, "IMAP"))
    }

    async fn reply(&mut self) -> Result<Vec<Fact>> {
        let answered = self.sent.as_ref().and_then(|letter| letter.message_id.clone());
        let letter =
            Letter::new("bob@hamburger.example", "alice@crepes.example", "Re: Dinner", ANSWER)?.answering(answered)?;
        let outcome = letters::submit(self.cast, &self.cast.hamburger, &letter).await?;
        self.cast.crepes.wait_for(|event| is(event, AttemptResult::Delivered)).await?;
        let messages = letters::read_by_pop3(self.cast, &self.cast.crepes).await?;
        let arrived = messages.last().is_some_and(|message| letters::is_same(&letter, message));
        Ok(vec![
            Fact::check(outcome.is_accepted(), format!("Bob's server answers: {}", outcome.text)),
            Fact::check(arrived, "the text that left equals the text that arrived, dots included"),
        ])
    }

    async fn unknown_user(&mut self) -> Result<Vec<Fact>> {
        let letter = Letter::new("alice@crepes.example", "nobody@hamburger.example", "Hello?", LETTER)?;
        letters::submit(self.cast, &self.cast.crepes, &letter).await?;
        let refused = self.cast.crepes.wait_for(|event| is(event, AttemptResult::Failed)).await?;
        let bounce = self.bounce().await?;
        Ok(vec![
            Fact::note(format!("mx.hamburger.example answers: {}", words(&refused))),
            Fact::check(bounce.contains("Status: 5.1.1"), "the bounce (RFC 3464) says Status: 5.1.1"),
            Fact::check(bounce.contains("nobody@hamburger.example"), "and names nobody@hamburger.example"),
        ])
    }

    async fn dead_host(&mut self) -> Result<Vec<Fact>> {
        let letter = Letter::new("alice@crepes.example", "carol@dead.example", "Anybody there?", LETTER)?;
        letters::submit(self.cast, &self.cast.crepes, &letter).await?;
        let mut facts = Vec::new();
        let (begun, mut age, mut attempts, mut told_late) = (self.cast.now(), Duration::ZERO, 0, None);
        loop {
            let event = self.cast.crepes.wait_for(is_about_carol).await?;
            let Event::Attempt { until, .. } = &event else {
                told_late = told_late.or(Some(age));
                continue;
            };
            (attempts, age) = (attempts + 1, between(begun, self.cast.now()));
            let Some(until) = until else { break };
            let wait = between(self.cast.now(), *until);
            if attempts <= 3 {
                facts.push(Fact::note(format!("attempt {attempts}: {}; again in {}", words(&event), minutes(wait))));
            }
            // From wait to wait: a clock that shows five days more all at once may be wrong, and no mail is given up
            // for that.
            self.cast.clock.turn(wait + Duration::from_secs(1));
        }
        let hours = |age: Duration| age.as_secs() / 3600;
        facts.push(Fact::check(
            told_late.map(hours) == Some(4),
            format!("after {} hours Alice is told that it is late", told_late.map_or(0, hours)),
        ));
        facts.push(Fact::check(
            hours(age) / 24 == 5,
            format!("attempt {attempts}, after {} days, is the last (the clock is turned)", hours(age) / 24),
        ));
        let bounce = self.bounce().await?;
        let status = bounce.lines().find(|line| line.starts_with("Status: ")).unwrap_or_default().to_owned();
        facts.push(Fact::check(
            status.starts_with("Status: 4.") || status.starts_with("Status: 5."),
            format!("the bounce says {status}"),
        ));
        facts.push(Fact::check(bounce.contains("carol@dead.example"), "and names carol@dead.example"));
        let rest = self.cast.crepes.server.spool().entries(None, 10).await?;
        facts.push(Fact::check(rest.is_empty(), "nothing is left in the queue"));
        Ok(facts)
    }

    /// Waits for the next report in Alice's mailbox and returns its text.
    async fn bounce(&self) -> Result<String> {
        self.cast.crepes.wait_for(|event| matches!(event, Event::Report { .. })).await?;
        self.cast.crepes.wait_for(|event| is(event, AttemptResult::Delivered)).await?;
        let messages = letters::read_by_pop3(self.cast, &self.cast.crepes).await?;
        let last = messages.last().map(|octets| String::from_utf8_lossy(octets).into_owned());
        last.ok_or_else(|| Error::new(Kind::NoInput, "there is no bounce in the mailbox"))
    }

    fn compare(&self, messages: &[Vec<u8>], protocol: &str) -> Vec<Fact> {
        let arrived = match (&self.sent, messages) {
            (Some(letter), [message]) => letters::is_same(letter, message),
            _ => false,
        };
        vec![
            Fact::check(messages.len() == 1, format!("{protocol} lists {} message", messages.len())),
            Fact::check(arrived, "the text that left equals the text that arrived"),
        ]
    }
}

fn is(event: &Event, wanted: AttemptResult) -> bool {
    matches!(event, Event::Attempt { result, .. } if *result == wanted)
}

fn words(event: &Event) -> String {
    match event {
        Event::Attempt { words, .. } => words.clone(),
        Event::Report { to, .. } => format!("a report to {to}"),
        Event::Trouble { what } => what.clone(),
    }
}

/// Attempts for her, and reports; the only one while hers is tried is about that.
fn is_about_carol(event: &Event) -> bool {
    match event {
        Event::Attempt { recipient, .. } => recipient.to_string() == "carol@dead.example",
        Event::Report { .. } => true,
        Event::Trouble { .. } => false,
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

fn minutes(wait: Duration) -> String {
    let seconds = wait.as_secs();
    if seconds < 120 { format!("{seconds} seconds") } else { format!("{} minutes", (seconds + 30) / 60) }
}
