//! A look at a server: what it says at each step, also to whoever it is asked to take us for.
//!
//! Goes as far as RCPT and takes that back, so nothing is ever sent to anybody. How it goes on is the steps' business
//! in the file above; here the conversation is only listened to. RFC 5321 §3.3, §4.1.1.5; Postfix's XCLIENT_README.

use super::{Client, Dialect, succeed};
use crate::address::Domain;
use crate::engine::dial::Security;
use crate::envelope::Envelope;
use crate::net::connection::Connection;
use crate::net::dialogue::Dialogue;
use crate::smtp::client::Request;
use crate::smtp::extension::Extensions;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::transaction::{self, Facts};
use crate::smtp::xclient::{self, Attribute};

impl Client {
    /// Begins as [`Client::open`] does, but keeps what is heard, and stays where it ends: how, is said beside it.
    pub async fn inspect(
        connection: Connection,
        name: &str,
        helo: &Domain,
        dialect: Dialect,
        security: Security,
    ) -> (Self, Result<(), Outcome>) {
        let mut client = Self::new(connection, name, dialect);
        client.dialogue.listen();
        let begun = client.begin(helo, &security).await;
        (client, begun)
    }

    /// The conversation, in which what was said is kept.
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// Asks to be taken for another client. The server then begins anew, and is greeted again.
    pub async fn speak_for(&mut self, client: &[Attribute], helo: &Domain) -> Result<(), Outcome> {
        let requests = xclient::plan(client, &self.extensions)
            .map_err(|not_offered| Outcome::failed_here(Phase::Xclient, not_offered.to_string()))?;
        for request in requests {
            let reply = self.ask(Phase::Xclient, request).await?;
            succeed(Phase::Xclient, &reply)?;
        }
        self.hello(helo).await
    }

    /// Asks whether each recipient would be taken, and takes it back. Gives an outcome for each of them, in order.
    pub async fn would_take(&mut self, envelope: &Envelope) -> Vec<Outcome> {
        let count = envelope.recipients.len();
        match self.offer(envelope).await {
            Ok(outcomes) => outcomes,
            Err(outcome) => vec![outcome; count],
        }
    }

    async fn offer(&mut self, envelope: &Envelope) -> Result<Vec<Outcome>, Outcome> {
        // There is no message, so nothing is said of its size.
        let extensions = Extensions { size: false, size_max: None, ..self.extensions.clone() };
        let facts = Facts { size: 0, is_eight_bit: false, has_utf8_header: false };
        let plan = transaction::plan(envelope, facts, &extensions)?;
        let reply = self.ask(Phase::Mail, plan.mail).await?;
        succeed(Phase::Mail, &reply)?;
        self.is_begun = true;
        let mut outcomes = Vec::new();
        let mut end = None;
        for recipient in plan.recipients {
            outcomes.push(match (&end, recipient) {
                (Some(end), _) => Outcome::clone(end),
                (None, Err(unfit)) => unfit,
                (None, Ok(request)) => match self.ask(Phase::Rcpt, request).await {
                    Ok(reply) => Outcome::of(Phase::Rcpt, &reply),
                    Err(lost) => end.insert(lost).clone(),
                },
            });
        }
        if end.is_none() && self.ask(Phase::Rcpt, Request::rset()).await.is_ok_and(|reply| reply.code.is_success()) {
            self.is_begun = false;
        }
        Ok(outcomes)
    }
}
