//! The copy of a sent message for its writer: where it goes is settled before the message is, and put there after.
//!
//! Nothing here can make an error of a message that was sent: what fails is told and no more. A provider that keeps
//! copies by itself gets no second one.

use super::super::context::Context;
use super::super::login::{LoginArgs, Server};
use super::object::{Saved, Saving};
use mailkit::account::Account;
use mailkit::account::sent::{Copies, keeps_copies};
use mailkit::endpoint::Endpoint;
use mailkit::envelope::Envelope;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::address_list;
use mailkit::message::overview::Overview;
use mailkit::store::disk::RealDisk;
use mailkit::store::maildir::Maildir;
use mailkit::world::{Content, Entropy};
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// The mailbox for sent mail where nobody says which it is.
const SENT: &str = "Sent";
/// Octets of a header section that are looked at for recipients.
const HEADER_MAX: usize = 1024 * 1024;
/// Octets copied at a time.
const PIECE: usize = 64 * 1024;

/// Where a copy goes.
pub(super) enum Place<'a> {
    /// Nowhere, and why.
    Nowhere(&'static str),
    /// Into a mailbox on a server: the one for sent mail if it has no name here.
    /// `is_elsewhere`: on another host than the one that takes the message.
    Server { server: Server<'a>, mailbox: Option<String>, is_elsewhere: bool },
    /// Into a Maildir in the account's own (Maildir++).
    Maildir { root: PathBuf, mailbox: String },
}

impl<'a> Place<'a> {
    /// What follows from the rule and the account. An error says that nothing could be kept there.
    pub(super) fn new(copies: &Copies, server: Option<&Server<'a>>) -> Result<Self> {
        let mailbox = match copies {
            Copies::None => return Ok(Self::Nowhere("nobody asked for it")),
            Copies::Auto if server.is_some_and(|server| keeps_copies(&server.endpoint.host)) => {
                return Ok(Self::Nowhere("the provider saves what is sent"));
            }
            Copies::Auto => None,
            Copies::Mailbox(name) => Some(name.clone()),
        };
        match server.and_then(|server| server.account) {
            Some((name, account @ Account { imap: Some(imap), .. })) => {
                let is_elsewhere = server.is_some_and(|server| server.endpoint.host != imap.host);
                let server = Server { endpoint: imap.clone(), account: Some((name, account)), why: None };
                Ok(Self::Server { server, mailbox, is_elsewhere })
            }
            Some((_, Account { maildir: Some(maildir), .. })) => {
                Ok(Self::Maildir { root: maildir.clone(), mailbox: mailbox.unwrap_or_else(|| SENT.to_owned()) })
            }
            _ if mailbox.is_none() => Ok(Self::Nowhere("no account says where copies are kept")),
            _ => Err(Error::new(Kind::Usage, "a copy needs an account: no mailboxes are known").hint(
                "name the account with --server, and its server with imap = \"URL\" or a directory with maildir",
            )),
        }
    }

    /// Puts the copy there.
    pub(super) async fn save(
        &self,
        context: &Context,
        login: &LoginArgs,
        content: &dyn Content,
        entropy: &dyn Entropy,
    ) -> Saved {
        let (mailbox, done) = match self {
            Self::Nowhere(why) => return Saved::skipped(why),
            Self::Maildir { root, mailbox } => (mailbox.clone(), into_maildir(root, mailbox, content, entropy)),
            Self::Server { server, mailbox, is_elsewhere } => {
                // What was said about the one server is not said to the other.
                let other = is_elsewhere.then(|| login.for_another_host());
                let login = other.as_ref().unwrap_or(login);
                let done = onto_server(context, login, server, mailbox.as_deref(), content).await;
                match done {
                    Ok(mailbox) => (mailbox, Ok(())),
                    Err(error) => (mailbox.clone().unwrap_or_else(|| SENT.to_owned()), Err(error)),
                }
            }
        };
        match done {
            Ok(()) => Saved { status: Saving::Saved, mailbox: Some(mailbox), reason: None },
            Err(error) => {
                let reason = [Some(error.to_string()), error.answer().map(str::to_owned)].into_iter().flatten();
                let reason = reason.collect::<Vec<_>>().join(": ");
                Saved { status: Saving::Failed, mailbox: Some(mailbox), reason: Some(reason) }
            }
        }
    }
}

async fn onto_server(
    context: &Context,
    login: &LoginArgs,
    server: &Server<'_>,
    mailbox: Option<&str>,
    content: &dyn Content,
) -> Result<String> {
    let endpoint: &Endpoint = &server.endpoint;
    let credentials = login.credentials(context, server).await?;
    let source = mailkit::sync::Source {
        endpoint,
        way: login.way(context, server, login.tls(Some(server))?).await?,
        credentials: credentials.ok_or_else(|| Error::new(Kind::Config, "nobody to log in as"))?,
        trace: context.trace()?,
    };
    let mut session = mailkit::sync::open(&*login.connect(Some(server))?, source).await?;
    let wire_name = match mailbox {
        Some(name) => mailkit::engine::imap::wire_name(name),
        None => session.sent_mailbox().await?.unwrap_or_else(|| SENT.to_owned()),
    };
    let done = session.append_seen(&wire_name, content).await?;
    session.logout().await;
    let shown = mailkit::imap::name::decode(wire_name.as_bytes()).unwrap_or(wire_name);
    match done {
        Ok(()) => Ok(shown),
        Err(refusal) => {
            Err(Error::new(refusal.kind, format!("{} does not take it", endpoint.authority())).said(refusal.text))
        }
    }
}

fn into_maildir(root: &std::path::Path, mailbox: &str, content: &dyn Content, entropy: &dyn Entropy) -> Result<()> {
    if mailbox.is_empty() || mailbox.contains(['/', '\0']) || mailbox.starts_with('.') {
        return Err(Error::new(Kind::Data, format!("{mailbox} is no name of a mailbox in a Maildir")));
    }
    // The Maildir itself first: others would not take a directory in nothing for a mailbox.
    Maildir::open(Arc::new(RealDisk), root)?;
    let mut maildir = Maildir::open(Arc::new(RealDisk), &root.join(format!(".{mailbox}")))?;
    let mut chance = [0; 16];
    entropy.fill(&mut chance);
    let name: String = chance.iter().map(|octet| format!("{octet:02x}")).collect();
    let mut arrival = maildir.begin(&format!("{name}.mailkit"));
    let mut copy = || -> io::Result<()> {
        let mut buffer = vec![0; PIECE];
        let mut at = 0;
        loop {
            let count = content.read_at(at, &mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            arrival.write_all(&buffer[..count])?;
            at += count as u64;
        }
    };
    copy().map_err(|error| Error::new(Kind::Io, "cannot write the copy").caused_by(error))?;
    maildir.commit_seen(vec![arrival])
}

/// A message with a Bcc field in front: those of the envelope whom neither To nor Cc names.
pub(super) struct WithBlind<'a> {
    head: Vec<u8>,
    rest: &'a dyn Content,
}

impl<'a> WithBlind<'a> {
    pub(super) fn new(envelope: &Envelope, rest: &'a dyn Content) -> Result<Self> {
        let header = beginning(rest, HEADER_MAX)?;
        let overview = Overview::of(mailkit::message::field::fields(&header));
        let named = overview.to.iter().chain(&overview.cc).cloned().collect::<Vec<_>>();
        let named: HashSet<_> = address_list::mailboxes(&named).filter_map(|mailbox| mailbox.address().ok()).collect();
        let blind = envelope.recipients.iter().filter(|path| path.address().is_none_or(|one| !named.contains(one)));
        let blind: Vec<String> = blind.map(ToString::to_string).collect();
        let head = match blind.is_empty() {
            true => String::new(),
            // A line for each, folded (RFC 5322 §2.2.3).
            false => format!("Bcc: {}\r\n", blind.join(",\r\n ")),
        };
        Ok(Self { head: head.into_bytes(), rest })
    }
}

impl Content for WithBlind<'_> {
    fn size(&self) -> u64 {
        self.head.len() as u64 + self.rest.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match offset.checked_sub(self.head.len() as u64) {
            Some(offset) => self.rest.read_at(offset, buffer),
            None => self.head.read_at(offset, buffer),
        }
    }
}

/// The beginning of a message.
pub(super) fn beginning(content: &dyn Content, max: usize) -> Result<Vec<u8>> {
    let mut octets = vec![0; max.min(usize::try_from(content.size()).unwrap_or(max))];
    let mut len = 0;
    while let Some(rest) = octets.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match content.read_at(len as u64, rest) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) => return Err(Error::new(Kind::Io, "the message cannot be read").caused_by(error)),
        }
    }
    octets.truncate(len);
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailkit::envelope::{ForwardPath, ReversePath};

    #[test]
    fn blind_recipients_are_named_in_front() {
        let path = |text: &str| ForwardPath::parse(&format!("<{text}>")).expect(text);
        let message = b"To: Bob <bob@x>\r\nCc: carol@x\r\n\r\nHello\r\n".to_vec();
        for (recipients, wanted) in
            [(vec!["bob@x", "carol@x"], ""), (vec!["bob@x", "dave@x", "erin@x"], "Bcc: dave@x,\r\n erin@x\r\n")]
        {
            let envelope = Envelope::new(ReversePath::Null, recipients.into_iter().map(path).collect());
            let with = WithBlind::new(&envelope, &message).expect("it can be read");
            let whole = [wanted.as_bytes(), &message].concat();
            assert_eq!(with.size(), whole.len() as u64);
            assert_eq!(beginning(&with, usize::MAX).expect("it can be read"), whole);
        }
    }
}
