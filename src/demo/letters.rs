//! What the people of the story do: write, submit, read, compare.

use super::cast::{Cast, House, PASSWORD};
use crate::address::{Address, Domain};
use crate::engine::dial::Way;
use crate::engine::imap::{Access, Row};
use crate::engine::pop3::Entry;
use crate::engine::smtp::Manner;
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::error::{Error, Kind, Result};
use crate::fetch;
use crate::imap::number::Uid;
use crate::message::build::{Correspondent, Draft};
use crate::message::view::Message;
use crate::net::clock::SystemClock;
use crate::net::entropy::SystemEntropy;
use crate::net::tcp::Tcp;
use crate::net::tls::Trust;
use crate::sasl::Credentials;
use crate::secret::Secret;
use crate::server::Service;
use crate::smtp::outcome::Outcome;
use crate::submit::{self, Submission};
use crate::sync;
use crate::world::Clock;
use tokio_util::sync::CancellationToken;

/// A message and its envelope.
pub(super) struct Letter {
    draft: Draft,
    envelope: Envelope,
    octets: Vec<u8>,
    pub(super) message_id: Option<String>,
}

impl Letter {
    pub(super) fn new(from: &str, to: &str, subject: &str, text: &str) -> Result<Self> {
        let mut draft = Draft::new(person(from)?);
        draft.to = vec![person(to)?];
        draft.subject = Some(subject.to_owned());
        draft.text = text.to_owned();
        let recipients = vec![ForwardPath::Mailbox(address(to)?)];
        let envelope = Envelope::new(ReversePath::Mailbox(address(from)?), recipients);
        Self { draft, envelope, octets: Vec::new(), message_id: None }.written()
    }

    /// The same as an answer to a message.
    pub(super) fn answering(mut self, message_id: Option<String>) -> Result<Self> {
        self.draft.in_reply_to = message_id.iter().cloned().collect();
        self.draft.references = message_id.into_iter().collect();
        self.written()
    }

    fn written(mut self) -> Result<Self> {
        self.octets = self.draft.to_octets(SystemClock.now(), &SystemEntropy)?;
        let message = Message::parse(&self.octets);
        self.message_id = message.text_field(message.root(), "Message-ID");
        if let Some(id) = &mut self.message_id {
            *id = id.trim_matches(['<', '>', ' ']).to_owned();
        }
        Ok(self)
    }
}

/// Submits a letter to a house's server, logged in as its user.
pub(super) async fn submit(cast: &Cast, house: &House, letter: &Letter) -> Result<Outcome> {
    let endpoint = house.endpoint(Service::Submission)?;
    let submission = Submission {
        endpoint: &endpoint,
        way: Way::to(vec![house.address(Service::Submission)?], Trust::System),
        credentials: Some(credentials(house)),
        helo: Domain::Literal([127, 0, 0, 1].into()),
        envelope: &letter.envelope,
        content: &letter.octets,
        needs_utf8: false,
        manner: Manner::default(),
        required: &[],
        trace: Some(cast.trace.clone()),
        stop: CancellationToken::new(),
    };
    let submitted = submit::submit(&Tcp, submission, |_| {}).await?;
    let outcome = submitted.recipients.into_iter().next().map(|(_, outcome)| outcome);
    outcome.ok_or_else(|| Error::new(Kind::Software, "a submission without recipients"))
}

/// All messages of a house's user, by POP3.
pub(super) async fn read_by_pop3(cast: &Cast, house: &House) -> Result<Vec<Vec<u8>>> {
    let endpoint = house.endpoint(Service::Pop3)?;
    let source = fetch::Source {
        endpoint: &endpoint,
        way: Way::to(vec![house.address(Service::Pop3)?], Trust::System),
        credentials: credentials(house),
        trace: Some(cast.trace.clone()),
        stop: CancellationToken::new(),
    };
    let mut session = fetch::open(&Tcp, source).await?;
    let list = session.list().await?;
    let mut messages: Vec<(&Entry, Vec<u8>)> = list.iter().map(|entry| (entry, Vec::new())).collect();
    let (_, end) = session.retrieve(&mut messages).await;
    end?;
    session.quit().await?;
    Ok(messages.into_iter().map(|(_, octets)| octets).collect())
}

/// All messages in a house's user's INBOX, by IMAP.
pub(super) async fn read_by_imap(cast: &Cast, house: &House) -> Result<Vec<Vec<u8>>> {
    let endpoint = house.endpoint(Service::Imap)?;
    let source = sync::Source {
        endpoint: &endpoint,
        way: Way::to(vec![house.address(Service::Imap)?], Trust::System),
        credentials: credentials(house),
        trace: Some(cast.trace.clone()),
    };
    let mut session = sync::open(&Tcp, source).await?;
    let opened = session.open("INBOX", Access::ReadWrite).await?;
    opened.map_err(|refusal| Error::new(refusal.kind, "INBOX cannot be opened").said(refusal.text))?;
    let (mut uids, mut size) = (Vec::new(), 0);
    // What cannot be read does not come, and the stage finds it missing.
    let mut each = |row: Result<Row, String>| {
        if let Ok(row) = row {
            uids.push(row.uid);
            size += u64::from(row.size);
        }
    };
    while session.rows(&mut each).await?.is_some() {}
    let mut messages = Vec::new();
    let each = |message: Result<(Uid, &[u8]), String>| {
        messages.extend(message.ok().map(|(_, octets)| octets.to_vec()));
        Ok(())
    };
    session.bodies(&uids, size, each).await?;
    session.logout().await;
    Ok(messages)
}

/// Whether what arrived is what left, apart from the trace fields on top.
pub(super) fn is_same(letter: &Letter, arrived: &[u8]) -> bool {
    arrived.ends_with(&letter.octets) && {
        let trace = &arrived[..arrived.len() - letter.octets.len()];
        let names: Vec<&[u8]> = trace
            .split_inclusive(|octet| *octet == b'\n')
            .filter(|line| !line.starts_with(b" ") && !line.starts_with(b"\t"))
            .filter_map(|line| line.split(|octet| *octet == b':').next())
            .collect();
        !names.is_empty() && names.iter().all(|name| [&b"Return-Path"[..], b"Delivered-To", b"Received"].contains(name))
    }
}

fn credentials(house: &House) -> Credentials {
    Credentials::new(house.user(), Secret::new(PASSWORD.to_owned()))
}

fn person(text: &str) -> Result<Correspondent> {
    Ok(Correspondent { name: None, address: address(text)? })
}

fn address(text: &str) -> Result<Address> {
    Address::parse(text).map_err(|error| Error::new(Kind::Software, text.to_owned()).caused_by(error))
}
