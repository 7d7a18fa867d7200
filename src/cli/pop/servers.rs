//! Another server as a target: messages are handed over by LMTP or SMTP, each in a conversation of its own.
//!
//! The reverse-path is the one that the message came with, as its Return-Path field says; without one it is null, so
//! that nobody is told of what is no business of his. RFC 5321 §4.4; RFC 2033.

use crate::cli::context::Context;
use crate::cli::host;
use crate::cli::login::{self, LoginArgs, Server, Service};
use mailkit::address::{Address, Domain};
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::Way;
use mailkit::engine::smtp::Manner;
use mailkit::envelope::{BodyType, Envelope, ForwardPath, ReversePath};
use mailkit::error::{Error, Kind, Result};
use mailkit::fetch::{Deliver, Handed};
use mailkit::message::field;
use mailkit::net::trace::Trace;
use mailkit::sasl::{Credentials, Factor};
use mailkit::secret::Secret;
use mailkit::smtp::outcome::Phase;
use mailkit::submit::{Submission, submit};
use mailkit::world::{Connect, Content, Later};
use tokio_util::sync::CancellationToken;

/// Header sections are looked at up to here.
const HEADER_MAX: usize = 64 * 1024;
/// Octets looked at for whether they are beyond ASCII.
const PIECE: usize = 64 * 1024;

/// A server that takes each message.
pub(super) struct Handover {
    endpoint: Endpoint,
    way: Way,
    credentials: Option<Credentials>,
    helo: Domain,
    recipient: Address,
    connect: Box<dyn Connect>,
    trace: Option<Trace>,
}

impl Handover {
    /// To the server of this URL, for the owner of the maildrop if nobody else is named.
    pub(super) async fn to(
        context: &Context,
        login: &LoginArgs,
        url: &str,
        from: &Server<'_>,
        recipient: Option<&Address>,
    ) -> Result<Self> {
        let server = login::server(context, Some(url), Service::Smtp)?;
        // What was said about the one server is not said to the other.
        let login = login.for_another_host();
        let owner = || {
            let account = from.account.and_then(|(_, account)| account.email.clone());
            account.or_else(|| Address::parse(&from.endpoint.user.clone()?).ok())
        };
        let recipient = recipient.cloned().or_else(owner).ok_or_else(|| {
            Error::new(Kind::Usage, "nobody to hand the messages over for")
                .hint("say for whom with --recipient ADDRESS")
        })?;
        let has_user = server.endpoint.user.is_some();
        let credentials = if has_user { login.credentials(context, &server).await? } else { None };
        Ok(Self {
            way: login.way(context, &server, login.tls(Some(&server))?).await?,
            connect: login.connect(Some(&server))?,
            endpoint: server.endpoint,
            credentials,
            helo: host::helo(None)?,
            recipient,
            trace: context.trace()?,
        })
    }
}

impl Deliver for Handover {
    fn deliver<'a>(&'a mut self, message: &'a dyn Content) -> Later<'a, Result<Handed>> {
        Box::pin(async move {
            let header = header(message)?;
            let path = field::fields(&header).find(|field| field.is("Return-Path"));
            let path = path.and_then(|field| ReversePath::parse(String::from_utf8_lossy(field.body).trim()).ok());
            let recipients = vec![ForwardPath::Mailbox(self.recipient.clone())];
            let mut envelope = Envelope::new(path.unwrap_or(ReversePath::Null), recipients);
            if is_eight_bit(message)? {
                envelope.body = BodyType::EightBitMime;
            }
            let submission = Submission {
                endpoint: &self.endpoint,
                way: self.way.clone(),
                credentials: self.credentials.as_ref().map(copy),
                helo: self.helo.clone(),
                envelope: &envelope,
                content: message,
                needs_utf8: !header.is_ascii() && std::str::from_utf8(&header).is_ok(),
                manner: Manner::default(),
                required: &[],
                trace: self.trace.clone(),
                stop: CancellationToken::new(),
            };
            let submitted = submit(&*self.connect, submission, |_| {}).await?;
            let Some((_, outcome)) = submitted.recipients.into_iter().next() else {
                return Err(Error::new(Kind::Software, "nobody to hand the message over for"));
            };
            match outcome.kind() {
                None => Ok(Handed::Taken),
                // Whoever is not there, or lets nobody in, would take no other message either.
                Some(kind) if outcome.phase < Phase::Mail => {
                    let what = format!("{} takes no messages", self.endpoint.authority());
                    Err(Error::new(kind, what).said(outcome.text))
                }
                Some(_) => Ok(Handed::Refused(outcome.text)),
            }
        })
    }
}

/// Each conversation takes its own.
pub(super) fn copy(of: &Credentials) -> Credentials {
    let copy = |secret: &Secret| Secret::new(secret.expose().to_owned());
    let made = match &of.factor {
        Factor::Password(password) => Credentials::new(&of.user, copy(password)),
        Factor::Token(token) => Credentials::token(&of.user, copy(token)),
        Factor::External | Factor::Claim(_) => Credentials::external(of.authzid.clone()),
    };
    made.with((*of.permit).clone())
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "the message cannot be read").caused_by(error)
}

/// The header section, or the beginning of a message without an end of it.
fn header(message: &dyn Content) -> Result<Vec<u8>> {
    let mut octets = vec![0; HEADER_MAX];
    let mut len = 0;
    while let Some(rest) = octets.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match message.read_at(len as u64, rest).map_err(unreadable)? {
            0 => break,
            count => len += count,
        }
    }
    octets.truncate(len);
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n");
    octets.truncate(end.map_or(len, |end| end + 2));
    Ok(octets)
}

fn is_eight_bit(message: &dyn Content) -> Result<bool> {
    let (mut buffer, mut at) = (vec![0; PIECE], 0);
    loop {
        let count = message.read_at(at, &mut buffer).map_err(unreadable)?;
        if count == 0 {
            return Ok(false);
        }
        if !buffer.get(..count).unwrap_or_default().is_ascii() {
            return Ok(true);
        }
        at += count as u64;
    }
}
