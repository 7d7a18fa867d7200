//! What everybody says first, said without typing: up to a phase, and then on by hand, or gone.
//!
//! RFC 5321 §3.1, §3.3; RFC 3207 §4; RFC 2595; RFC 9051 §6.2.1.

use super::session::Talk;
use super::turn::Grade;
use crate::endpoint::{Protocol, TlsMode};
use crate::error::{Error, Kind, Result};
use crate::smtp::extension::Extensions;
use crate::smtp::outcome::Phase as Step;
use crate::smtp::reply::Reply;
use crate::smtp::xclient::{self, Attribute, NotOffered};
use crate::status::ReplyCode;
use std::fmt;
use std::str::FromStr;

/// How far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The server has greeted.
    Greeting,
    /// It has said what it offers: EHLO, LHLO, CAPA, CAPABILITY.
    Ehlo,
    /// The connection is encrypted, if the URL says so or the server offers it.
    Tls,
    /// We are logged in, if there is somebody to log in.
    Auth,
    /// MAIL was accepted.
    Mail,
    /// RCPT was accepted.
    Rcpt,
    /// DATA was accepted, and the server waits for the message.
    Data,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The last step.
    pub phase: Phase,
    /// Whether to hang up there without a word.
    pub is_dropped: bool,
    /// The reverse-path; empty for the null one.
    pub from: String,
    /// The forward-paths.
    pub recipients: Vec<String>,
    /// For whom the server is asked to take us, behind TLS and before a login.
    pub client: Vec<Attribute>,
}

const NAMES: [(Phase, &str); 7] = [
    (Phase::Greeting, "greeting"),
    (Phase::Ehlo, "ehlo"),
    (Phase::Tls, "tls"),
    (Phase::Auth, "auth"),
    (Phase::Mail, "mail"),
    (Phase::Rcpt, "rcpt"),
    (Phase::Data, "data"),
];

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(phase, _)| *phase).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(_, name)| *name).collect();
            format!("the phases are {}", names.join(", "))
        })
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(phase, _)| phase == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl Talk<'_> {
    /// Says it. An error says at which step the server did not go along.
    pub(super) async fn opening(&mut self, wish: &Wish) -> Result<()> {
        let phase = wish.phase;
        let carries_mail = matches!(self.endpoint.protocol, Protocol::Smtp | Protocol::Lmtp);
        if phase >= Phase::Mail && !carries_mail {
            return Err(Error::new(Kind::Usage, format!("there is no {phase} in this protocol")));
        }
        self.answered().await?;
        self.expect_yes(Step::Greeting, "the server greets with a refusal", Kind::Unavailable)?;
        if phase >= Phase::Ehlo && self.turn.offer().is_empty() {
            self.learn().await?;
        }
        if phase >= Phase::Tls {
            self.encrypt(phase == Phase::Tls).await?;
        }
        if phase >= Phase::Tls && !wish.client.is_empty() {
            self.speak_for(&wish.client).await?;
        }
        if phase == Phase::Auth || phase > Phase::Auth && self.credentials.is_some() {
            self.login(None).await?;
        }
        if phase >= Phase::Mail {
            self.ask(Step::Mail, &format!("MAIL FROM:<{}>", wish.from), "the server refuses MAIL").await?;
        }
        if phase >= Phase::Rcpt {
            for recipient in &wish.recipients {
                self.ask(Step::Rcpt, &format!("RCPT TO:<{recipient}>"), "the server refuses RCPT").await?;
            }
        }
        if phase >= Phase::Data {
            self.ask(Step::Data, "DATA", "the server refuses DATA").await?;
        }
        Ok(())
    }

    /// Asks the server to take us for another client. XCLIENT_README: it greets again, and forgets what was said before.
    async fn speak_for(&mut self, client: &[Attribute]) -> Result<()> {
        let lines = [vec![self.name.clone()], self.turn.offer().to_vec()].concat();
        let offer = ReplyCode::new(250).map(|code| Extensions::parse(&Reply { code, enhanced: None, lines }));
        let refused = |error: NotOffered| Error::new(Kind::Unavailable, error.to_string()).with_peer(&self.name);
        for line in xclient::lines(client, &offer.unwrap_or_default()).map_err(refused)? {
            self.ask(Step::Xclient, &line, "the server does not take us for that client").await?;
        }
        self.learn().await
    }

    pub(super) async fn learn(&mut self) -> Result<()> {
        let helo = self.helo.clone();
        let question = self.turn.ask_offer(&helo);
        let asked = self.ask(Step::Hello, &question, "the server does not say what it offers").await;
        match (asked, self.endpoint.protocol) {
            // RFC 2449 §3: servers that are older than CAPA refuse it, and offer nothing.
            (Err(_), Protocol::Pop3) if self.last().is_some_and(|last| last.grade == Grade::Bad) => Ok(()),
            (asked, _) => asked,
        }
    }

    async fn encrypt(&mut self, is_wanted: bool) -> Result<()> {
        let is_up = self.connection.as_ref().is_some_and(|connection| connection.tls().is_some());
        let offers = self
            .turn
            .offer()
            .iter()
            .any(|word| word.eq_ignore_ascii_case("STARTTLS") || word.eq_ignore_ascii_case("STLS"));
        let is_due = match self.endpoint.tls {
            TlsMode::Implicit => false,
            TlsMode::StartTls => true,
            TlsMode::Opportunistic => offers || is_wanted,
            TlsMode::None => is_wanted,
        };
        if is_up || !is_due {
            return Ok(());
        }
        self.start_tls().await?;
        // RFC 3207 §4.2: what was said before counts no more. A server of ManageSieve has said it anew by now.
        if self.turn.offer().is_empty() { self.learn().await } else { Ok(()) }
    }

    async fn ask(&mut self, step: Step, line: &str, refusal: &str) -> Result<()> {
        self.say_line(line).await?;
        self.answered().await?;
        self.expect_yes(step, refusal, Kind::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_read_as_they_are_printed_and_have_an_order() {
        for (phase, name) in NAMES {
            assert_eq!((name.parse(), phase.to_string().as_str()), (Ok(phase), name));
        }
        assert!(NAMES.is_sorted() && "EHLO".parse::<Phase>().is_err());
    }
}
