//! A mailbox of a server of IMAP as a target: each message is appended there, unseen.
//!
//! One connection, made when there is something to append. RFC 9051 §6.3.12.

use super::servers::copy;
use crate::cli::context::Context;
use crate::cli::login::{self, LoginArgs, Server, Service};
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::Way;
use mailkit::engine::imap::{Session, Upload, wire_name};
use mailkit::error::{Error, Kind, Result};
use mailkit::fetch::{Deliver, Handed};
use mailkit::imap::flag::Flags;
use mailkit::net::trace::Trace;
use mailkit::sasl::Credentials;
use mailkit::sync;
use mailkit::world::{Connect, Content, Later};

/// What a mailbox is called if nobody says it (RFC 9051 §5.1).
const INBOX: &str = "INBOX";

/// A mailbox that takes each message.
pub(super) struct Mailbox {
    endpoint: Endpoint,
    way: Way,
    credentials: Credentials,
    connect: Box<dyn Connect>,
    trace: Option<Trace>,
    wire_name: String,
    session: Option<Session>,
}

/// A server and a mailbox, or a mailbox of the account's own server: `imaps://bob@imap.example/Archive`, `Archive`.
pub(super) fn parse(text: &str) -> (Option<&str>, &str) {
    let Some(start) = text.find("://").map(|at| at + 3) else { return (None, text) };
    let slash = text.get(start..).and_then(|rest| rest.find('/')).map(|at| start + at);
    let (url, name) = slash.map_or((text, ""), |at| (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or("")));
    (Some(url), if name.is_empty() { INBOX } else { name })
}

impl Mailbox {
    /// This one, as the user writes it; `from` is where the messages come from.
    pub(super) async fn of(context: &Context, login: &LoginArgs, text: &str, from: &Server<'_>) -> Result<Self> {
        let (url, name) = parse(text);
        let own = from.account.map(|(name, _)| name);
        if url.is_none() && own.is_none() {
            return Err(Error::new(Kind::Usage, format!("no server is known that has the mailbox {name}"))
                .hint("name it in the URL: --to imap:imaps://user@host/MAILBOX"));
        }
        let server = login::server(context, url.or(own), Service::Imap)?;
        // What was said about the one server is not said to the other.
        let login = login.for_another_host();
        let credentials = login.credentials(context, &server).await?.ok_or_else(|| {
            Error::new(Kind::Usage, "nobody to log in as").hint("name the user in the URL: imaps://user@host/MAILBOX")
        })?;
        Ok(Self {
            way: login.way(context, &server, login.tls(Some(&server))?).await?,
            connect: login.connect(Some(&server))?,
            endpoint: server.endpoint,
            credentials,
            trace: context.trace()?,
            wire_name: wire_name(name),
            session: None,
        })
    }

    async fn append(&mut self, message: &dyn Content) -> Result<Handed> {
        let session = match &mut self.session {
            Some(session) => session,
            none => {
                let source = sync::Source {
                    endpoint: &self.endpoint,
                    way: self.way.clone(),
                    credentials: copy(&self.credentials),
                    trace: self.trace.clone(),
                };
                none.insert(sync::open(&*self.connect, source).await?)
            }
        };
        let flags = Flags::new();
        let upload = Upload { content: message, flags: &flags, arrived: None };
        let done = match session.append_one(&self.wire_name, upload).await? {
            Err(refusal) if refusal.is("TRYCREATE") => match session.create(&self.wire_name).await? {
                Ok(()) => session.append_one(&self.wire_name, upload).await?,
                Err(refusal) => Err(refusal),
            },
            done => done,
        };
        Ok(match done {
            Ok(_) => Handed::Taken,
            Err(refusal) => Handed::Refused(refusal.text),
        })
    }
}

impl Deliver for Mailbox {
    fn deliver<'a>(&'a mut self, message: &'a dyn Content) -> Later<'a, Result<Handed>> {
        Box::pin(self.append(message))
    }

    fn close(&mut self) -> Later<'_, ()> {
        Box::pin(async {
            if let Some(session) = self.session.take() {
                session.logout().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_named_alone_or_behind_its_server() {
        for (text, wanted) in [
            ("Archive/2026", (None, "Archive/2026")),
            ("imaps://bob@imap.example/Archive/2026", (Some("imaps://bob@imap.example"), "Archive/2026")),
            ("imap://127.0.0.1:1143", (Some("imap://127.0.0.1:1143"), "INBOX")),
            ("imap://127.0.0.1:1143/", (Some("imap://127.0.0.1:1143"), "INBOX")),
        ] {
            assert_eq!(parse(text), wanted, "{text}");
        }
    }
}
