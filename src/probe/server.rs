//! A look at one server: connects, greets, is greeted, asks, says goodbye, and tells what it saw.
//!
//! Each step has an end, and a short one: somebody waits. Nothing is sent that would change anything. What it means is
//! `opinion`'s business. RFC 5321 §3.1, §3.3; RFC 3207; RFC 2595.

use super::opinion;
use super::question::{is_open, settle, tls_comes_first, waits_for_tls};
use super::sighting::{Sighting, Tls, millis};
use crate::address::Domain;
use crate::endpoint::{Endpoint, Protocol, TlsMode};
use crate::engine::dial::{Dial, Dialled, Security, Way, dial, follow};
use crate::engine::imap::Opening;
use crate::engine::passed::{Passed, introduce};
use crate::engine::smtp::{Client, Dialect};
use crate::engine::{managesieve, pop3};
use crate::envelope::Envelope;
use crate::error::{Error, Kind, Result};
use crate::net::connection::Connection;
use crate::net::dialogue::{Dialogue, Heard};
use crate::net::tls::Trust;
use crate::net::trace::Trace;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::xclient::Attribute;
use crate::world::{Connect, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// The longest that somebody waits for one answer, unless they say otherwise.
const STEP_WAIT: Duration = Duration::from_secs(30);

/// Whom to look at, and as whom.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// How it is reached.
    pub way: &'a Way,
    /// Our name in EHLO.
    pub helo: &'a Domain,
    /// Whose connection we are to say that we pass on.
    pub proxy: Option<&'a Passed>,
    /// As which client; only SMTP has a word for it.
    pub xclient: &'a [Attribute],
    /// For whom we are to ask whether mail would be taken, and from whom; not asked of POP3 and IMAP.
    pub envelope: Option<&'a Envelope>,
    /// Where the conversation is written down.
    pub trace: Option<&'a Trace>,
    /// What time it is.
    pub now: Timestamp,
    /// Whether a certificate that is not accepted ends the look where TLS is a must: nobody asked for that who named a port
    /// only.
    pub is_demanding: bool,
}

/// What there is to say of a server that has no address, or is not reached for another reason.
pub fn unreached(endpoint: &Endpoint, error: &Error) -> Sighting {
    let mut sighting = Sighting::new(endpoint);
    sighting.unreached(error);
    opinion::form(&mut sighting, endpoint);
    sighting
}

/// Looks; and once more, where the first look leaves open why there is no TLS, or no greeting. An error says that it could
/// not be begun, by a mistake of whoever asked.
pub async fn look_at(connect: &dyn Connect, look: &Look<'_>) -> Result<Sighting> {
    let mut sighting = look_once(connect, look, tls_comes_first(connect, look)).await?;
    if is_open(&sighting) {
        settle(connect, look, &mut sighting).await;
    }
    Ok(sighting)
}

/// The same by one connection. `in_vain` ends if it is known that the server's greeting is waited for in vain, because it
/// waits for TLS.
pub(super) async fn look_once(
    connect: &dyn Connect,
    look: &Look<'_>,
    in_vain: impl Future<Output = ()>,
) -> Result<Sighting> {
    let begun_at = Instant::now();
    let mut way = look.way.clone();
    // What is wrong with a certificate is seen better with all the rest of what there is to see.
    way.tls.trust = Trust::Observed(Box::new(way.tls.trust));
    way.limits.each = way.limits.each.or(Some(STEP_WAIT));
    let trace = look.trace.map(|trace| (trace, follow(look.endpoint.protocol)));
    let whom = Dial { endpoint: look.endpoint, way: &way, trace };
    let Dialled { mut connection, name, security, took } = match dial(connect, whom).await {
        Ok(dialled) => dialled,
        Err(error) if error.kind() == Kind::Config => return Err(error),
        Err(error) => return Ok(unreached(look.endpoint, &error)),
    };
    let mut sighting = Sighting::new(look.endpoint);
    sighting.ms.connect = Some(millis(took));
    sighting.ip = connection.peer().ip().map(|ip| ip.to_string());
    sighting.is_demanded = look.is_demanding;
    sighting.crosses_no_wire = connection.peer().crosses_no_wire();
    if let Some(passed) = look.proxy {
        match introduce(&mut connection, passed, STEP_WAIT).await? {
            Ok(said) => sighting.proxy = Some(said),
            Err(error) => return Ok(unreached(look.endpoint, &error)),
        }
    }
    let begun = tokio::select! {
        biased;
        begun = Box::pin(Met::begin(connection, &name, look, security)) => Some(begun),
        () = in_vain => None,
    };
    let Some((mut met, begun_well)) = begun else {
        waits_for_tls(&mut sighting, look.endpoint);
        sighting.ms.total = millis(begun_at.elapsed());
        return Ok(sighting);
    };
    let dialogue = met.dialogue();
    sighting.tls = dialogue.tls().map(|tls| Tls::new(tls, way.tls.name.as_deref().unwrap_or(&name), look.now));
    sighting.shown = dialogue.tls().map(|tls| tls.chain.clone()).unwrap_or_default();
    let ended = match begun_well {
        _ if sighting.proxy.is_some() && chokes(dialogue.heard()) => {
            let text = "it took the PROXY header for a command, so it expects none";
            Err(Outcome::failed_here(Phase::Greeting, text).into())
        }
        Ok(()) => ask(&mut met, look, &mut sighting).await,
        Err(end) => Err(end),
    };
    match ended {
        Ok(()) => {}
        Err(Ended::Outcome(outcome)) => sighting.ended(&outcome),
        Err(Ended::Error(error)) => sighting.failed(&error, met.dialogue().heard()),
    }
    sighting.trouble = met.dialogue().trouble();
    sighting.told(look.endpoint.protocol, met.dialogue().heard());
    match &met {
        // Many greet with it, so that nobody has to ask.
        Met::Imap(opening) => sighting.offers = opening.capabilities().to_vec(),
        Met::Sieve(session) => sighting.offers = session.capabilities(),
        Met::Smtp(_) | Met::Pop(_) => {}
    }
    sighting.ms.tls = met.dialogue().handshake().map(millis);
    met.leave().await;
    sighting.ms.total = millis(begun_at.elapsed());
    opinion::form(&mut sighting, look.endpoint);
    Ok(sighting)
}

/// Somebody who was met.
pub(super) enum Met {
    Smtp(Client),
    Pop(pop3::Session),
    Imap(Opening),
    Sieve(managesieve::Session),
}

/// Why it went no further.
pub(super) enum Ended {
    Outcome(Outcome),
    Error(Error),
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        Self::Outcome(outcome)
    }
}

impl Met {
    pub(super) async fn begin(
        connection: Connection,
        name: &str,
        look: &Look<'_>,
        security: Security,
    ) -> (Self, Result<(), Ended>) {
        match look.endpoint.protocol {
            Protocol::Imap => {
                let (opening, met) = Opening::inspect(connection, name, security).await;
                (Self::Imap(opening), met.map_err(Ended::Error))
            }
            Protocol::Pop3 => {
                let (session, met) = pop3::Session::inspect(connection, name, security).await;
                (Self::Pop(session), met.map_err(Ended::Error))
            }
            Protocol::Sieve => {
                let (session, met) = managesieve::Session::inspect(connection, name, security).await;
                (Self::Sieve(session), met.map_err(Ended::Error))
            }
            protocol @ (Protocol::Smtp | Protocol::Lmtp) => {
                let dialect = if protocol == Protocol::Lmtp { Dialect::Lmtp } else { Dialect::Smtp };
                let (client, met) = Client::inspect(connection, name, look.helo, dialect, security).await;
                (Self::Smtp(client), met.map_err(Ended::Outcome))
            }
        }
    }

    pub(super) fn dialogue(&self) -> &Dialogue {
        match self {
            Self::Smtp(client) => client.dialogue(),
            Self::Pop(session) => session.dialogue(),
            Self::Imap(opening) => opening.dialogue(),
            Self::Sieve(session) => session.dialogue(),
        }
    }

    pub(super) async fn leave(self) {
        match self {
            Self::Smtp(client) => client.quit().await,
            Self::Pop(session) => session.leave().await,
            Self::Imap(opening) => opening.leave().await,
            Self::Sieve(session) => session.leave().await,
        }
    }
}

/// What is asked of a server that has greeted.
async fn ask(met: &mut Met, look: &Look<'_>, sighting: &mut Sighting) -> Result<(), Ended> {
    let is_must = look.is_demanding && matches!(look.endpoint.tls, TlsMode::Implicit | TlsMode::StartTls);
    if let Some(why) = sighting.tls.as_ref().and_then(|tls| tls.objection.as_ref()).filter(|_| is_must) {
        // Whoever asked for a certain server tells nothing to another one.
        return Err(Outcome::failed_here(Phase::Tls, format!("its certificate is not accepted: {why}")).into());
    }
    let Met::Smtp(client) = met else { return Ok(()) };
    if !look.xclient.is_empty() {
        sighting.xclient = look.xclient.iter().map(ToString::to_string).collect();
        client.speak_for(look.xclient, look.helo).await?;
    }
    let Some(envelope) = look.envelope else { return Ok(()) };
    let outcomes = client.would_take(envelope).await;
    sighting.asked(envelope, &outcomes);
    Ok(())
}

/// Whether a server has said to EHLO, or before it, what it thinks of the PROXY header: all that it says from then on
/// is the answer to the question before.
fn chokes(heard: &[Heard]) -> bool {
    let refusals = ["500", "501", "502", "503", "421", "521", "554", "-ERR"];
    let behind_greeting = heard.get(1).and_then(|one| one.lines.first());
    behind_greeting.is_some_and(|line| refusals.iter().any(|word| line.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::super::sighting::State;
    use super::*;
    use crate::envelope::{ForwardPath, ReversePath};
    use crate::world::{Later, Stream};
    use std::io;
    use std::net::SocketAddr;
    use std::sync::{Mutex, PoisonError};
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

    /// A connection that is there already.
    struct Pipe(Mutex<Option<DuplexStream>>);

    impl Connect for Pipe {
        fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
            let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            let stream = stream.map(|stream| Box::new(stream) as Box<dyn Stream>);
            Box::pin(std::future::ready(stream.ok_or_else(|| io::ErrorKind::ConnectionRefused.into())))
        }
    }

    /// Says the replies, one for each line it hears, and from then on an octet now and then, without end.
    fn server(replies: &'static [&'static str], drips: bool) -> DuplexStream {
        let (near, far) = duplex(16 * 1024);
        tokio::spawn(async move {
            let mut far = BufReader::new(far);
            for (index, reply) in replies.iter().enumerate() {
                let mut line = String::new();
                if index > 0 && far.read_line(&mut line).await.is_err() {
                    return;
                }
                far.write_all(reply.as_bytes()).await.expect("somebody listens");
            }
            while drips && far.write_all(b"2").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
            std::future::pending::<()>().await;
        });
        near
    }

    async fn look(replies: &'static [&'static str], drips: bool) -> Sighting {
        look_by("smtp", replies, drips).await
    }

    async fn look_by(scheme: &str, replies: &'static [&'static str], drips: bool) -> Sighting {
        look_over(scheme, server(replies, drips)).await
    }

    async fn look_over(scheme: &str, stream: DuplexStream) -> Sighting {
        let endpoint = Endpoint::parse(&format!("{scheme}://mx.x.test?tls=none")).expect("a URL");
        let way = Way::to(vec![([192, 0, 2, 1], 25).into()], Trust::Anyone);
        let recipients = vec![ForwardPath::parse("<bob@x.test>").expect("a path"); 3];
        let look = Look {
            endpoint: &endpoint,
            way: &way,
            helo: &Domain::parse("crepes.example").expect("a name"),
            proxy: None,
            xclient: &["NAME=x".parse().expect("an attribute")],
            envelope: Some(&Envelope::new(ReversePath::Null, recipients)),
            trace: None,
            now: Timestamp::UNIX_EPOCH,
            is_demanding: true,
        };
        let pipe = Pipe(Mutex::new(Some(stream)));
        look_at(&pipe, &look).await.expect("it can be begun")
    }

    /// Says one line without an end.
    fn flood() -> DuplexStream {
        let (near, mut far) = duplex(16 * 1024);
        tokio::spawn(async move { while far.write_all(&[b'2'; 4096]).await.is_ok() {} });
        near
    }

    #[tokio::test]
    async fn a_greeting_without_an_end_breaks_every_protocol() {
        for scheme in ["smtp", "lmtp", "pop3", "imap", "sieve"] {
            let begun = Instant::now();
            let seen = look_over(scheme, flood()).await;
            assert_eq!((seen.state, seen.kind), (State::Broken, Some(Kind::Protocol)), "{scheme}: {}", seen.sentence);
            assert!(begun.elapsed() < STEP_WAIT && seen.sentence.contains("without an end"), "{}", seen.sentence);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_line_that_is_no_reply_is_told_at_once_with_its_words() {
        for (line, quoted) in [
            (&["SSH-2.0-OpenSSH_9.2\n"], "sent no reply of SMTP (mx.x.test): SSH-2.0-OpenSSH_9.2"),
            (&["SSH-2.0-OpenSSH_9.2\r\n"], "sent no reply of SMTP (mx.x.test): SSH-2.0-OpenSSH_9.2"),
            (&["HTTP/1.1 400 Bad Request\n"], "sent no reply of SMTP (mx.x.test): HTTP/1.1 400 Bad Request"),
            (&["* OK IMAP4rev1 ready\n"], "sent no reply of SMTP (mx.x.test): * OK IMAP4rev1 ready"),
            (&["+OK ready\r\n"], "sent no reply of SMTP (mx.x.test): +OK ready"),
            (&["220 mx ESMTP\n"], "ended a line with LF alone, without CR (mx.x.test): 220 mx ESMTP"),
        ] {
            let begun = Instant::now();
            let seen = look(line, false).await;
            assert_eq!((seen.state, seen.kind), (State::Broken, Some(Kind::Protocol)), "{}", seen.sentence);
            assert_eq!(begun.elapsed(), Duration::ZERO, "{}", seen.sentence);
            assert!(seen.sentence.contains(quoted), "{}", seen.sentence);
            let hint = seen.failure.and_then(|failure| failure.hint);
            assert_eq!(hint.is_some(), line[0].starts_with(['*', '+']), "{hint:?}");
        }
    }

    const REPLIES: [&str; 9] = [
        "220 mx\r\n",
        "250-mx\r\n250 XCLIENT NAME\r\n",
        "220 mx\r\n",
        "250 mx\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "550 no\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
    ];

    #[tokio::test(start_paused = true)]
    async fn a_server_that_falls_silent_or_drips_is_left_after_half_a_minute() {
        let phases = ["greeting", "ehlo", "xclient", "ehlo", "mail", "rcpt", "rcpt", "rcpt"];
        for (replies, phase) in phases.into_iter().enumerate() {
            for drips in [false, true] {
                let begun = Instant::now();
                let seen = look(&REPLIES[..replies], drips).await;
                let failure = seen.failure.expect("it did not come to its end");
                assert_eq!((seen.state, failure.phase), (State::Lost, phase), "{replies}");
                assert_eq!((seen.replies.len(), begun.elapsed()), (replies, STEP_WAIT), "{phase}");
                assert_eq!(seen.kind, Some(Kind::Temporary), "{phase}");
            }
        }
        // All was said but the answers to RSET and QUIT, which do not matter.
        let seen = look(&REPLIES[..8], false).await;
        assert_eq!((seen.state, seen.rcpt.len(), seen.kind), (State::Ok, 3, None));
        let seen = look(&REPLIES, false).await;
        assert_eq!((seen.state, seen.replies.len()), (State::Ok, 9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_of_mailboxes_that_falls_silent_is_told_by_what_it_was_asked() {
        for (scheme, replies, phase) in [
            ("imap", &[][..], "greeting"),
            ("imap", &["* OK hi\r\n"], "capabilities"),
            ("pop3", &[], "greeting"),
            ("pop3", &["+OK hi\r\n"], "capabilities"),
        ] {
            let seen = look_by(scheme, replies, false).await;
            let failure = seen.failure.expect("it did not come to its end");
            assert_eq!((seen.state, failure.phase), (State::Lost, phase), "{scheme} {replies:?}");
        }
    }
}
