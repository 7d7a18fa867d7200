//! An SMTP or LMTP conversation: from the greeting to a message's last reply.
//!
//! Greeting, deadlines and security live here; handing messages over is `transact`'s business.
//! RFC 5321 §3, §4.5.3.2; RFC 2033; RFC 3207; RFC 4954.

mod cargo;
mod inspect;
mod transact;

use super::dial::Security;
use crate::address::Domain;
use crate::error::{Error, Kind};
use crate::net::connection::Connection;
use crate::net::dialogue::Dialogue;
use crate::net::entropy::SystemEntropy;
use crate::net::tls::ClientTls;
use crate::sasl::{Credentials, Ground, Mechanism, Unfit, nonce, with_reason};
use crate::smtp::client::{Login, Request};
use crate::smtp::extension::Extensions;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::reply::Reply;
use crate::status::{EnhancedStatus, Fate};
use crate::wire::session::Tls;
use lettre::transport::smtp::extension::ClientId;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// RFC 5321 §4.5.3.2.1 to §4.5.3.2.3: greeting, MAIL and RCPT.
const COMMAND_WAIT: Duration = Duration::from_secs(5 * 60);
/// RFC 5321 §4.5.3.2.4 and §4.5.3.2.5: DATA, and each block of the message.
const DATA_WAIT: Duration = Duration::from_secs(3 * 60);
/// RFC 5321 §4.5.3.2.6: a shorter wait for the last reply makes duplicates.
const DOT_WAIT: Duration = Duration::from_secs(10 * 60);
/// Nothing is lost when QUIT is not answered.
const QUIT_WAIT: Duration = Duration::from_secs(5);

/// Which dialect is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 5321.
    Smtp,
    /// RFC 2033: LHLO, and a reply for each recipient after the dot.
    Lmtp,
}

pub use cargo::{Cargo, Manner, Partial};

/// A conversation that is past its greeting.
pub struct Client {
    dialogue: Dialogue,
    extensions: Extensions,
    dialect: Dialect,
    /// A transaction was begun and not ended: the next one has to say RSET first (RFC 5321 §4.1.4).
    is_begun: bool,
    /// How long the TLS handshake took.
    handshake: Option<Duration>,
}

impl Client {
    /// Greets and is greeted: TLS as asked for, then EHLO. `name` is whose certificate is expected.
    pub async fn open(
        connection: Connection,
        name: &str,
        helo: &Domain,
        dialect: Dialect,
        security: Security,
    ) -> Result<Self, Outcome> {
        let mut client = Self::new(connection, name, dialect);
        match client.begin(helo, &security).await {
            Ok(()) => Ok(client),
            Err(outcome) => {
                // RFC 5321 §3.1, §4.1.1.10: whoever is refused, or has enough, says so before hanging up.
                client.quit().await;
                Err(outcome)
            }
        }
    }

    /// Over a connection on which nothing has been said yet.
    fn new(connection: Connection, name: &str, dialect: Dialect) -> Self {
        let dialogue = Dialogue::new(connection, name, COMMAND_WAIT);
        Self { dialogue, extensions: Extensions::default(), dialect, is_begun: false, handshake: None }
    }

    /// What the server offers.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Whether the server offers all of these keywords; if not, nothing is to be sent to it. STARTTLS is fulfilled by
    /// a connection that is encrypted already.
    pub fn require(&self, keywords: &[String]) -> Result<(), Outcome> {
        let is_there = |keyword: &str| {
            self.extensions.offers(keyword) || (keyword.eq_ignore_ascii_case("STARTTLS") && self.tls().is_some())
        };
        match keywords.iter().find(|keyword| !is_there(keyword)) {
            None => Ok(()),
            Some(missing) => {
                let text = format!("the server does not offer {}, which is required", missing.to_ascii_uppercase());
                Err(Outcome::failed_here(Phase::Hello, text))
            }
        }
    }

    /// What the TLS handshake settled, if there was one.
    pub fn tls(&self) -> Option<&Tls> {
        self.dialogue.tls()
    }

    /// How long the TLS handshake took, if there was one.
    pub fn handshake(&self) -> Option<Duration> {
        self.handshake
    }

    /// The server's address, while the connection stands.
    pub fn address(&self) -> Option<IpAddr> {
        self.dialogue.address().map(|address| address.ip())
    }

    /// Logs in, and says how. A password goes over TLS or over loopback, never in clear over a wire, unless that is
    /// wanted.
    pub async fn login(&mut self, credentials: &Credentials) -> Result<Mechanism, Outcome> {
        self.try_login(credentials).await.map_err(|outcome| match credentials.secret() {
            // Some servers repeat what they did not understand.
            Some(secret) => Outcome { text: secret.veil(&outcome.text).into_owned(), ..outcome },
            None => outcome,
        })
    }

    async fn try_login(&mut self, credentials: &Credentials) -> Result<Mechanism, Outcome> {
        let ground = Ground {
            offered: &self.extensions.auth,
            host: self.dialogue.peer(),
            port: self.dialogue.address().map_or(0, |address| address.port()),
            is_private: self.tls().is_some() || self.dialogue.crosses_no_wire(),
            exporter: self.dialogue.tls().and_then(Tls::exporter),
        };
        let mechanism = ground.choose(credentials).map_err(|unfit| match unfit {
            Unfit::InClear(_) => Outcome::failed_here(Phase::Tls, unfit.to_string()),
            _ => Outcome::failed_here(Phase::Auth, unfit.to_string()),
        })?;
        let decision = ground.told(mechanism);
        let proof = ground.proof(mechanism, credentials, &nonce(&SystemEntropy));
        self.dialogue.decided(decision);
        let mut login = Login::new(proof.map_err(|error| Outcome::failed_here(Phase::Auth, error.to_string()))?);
        let mut request = login.begin();
        loop {
            let reply = ask(&mut self.dialogue, Phase::Auth, request).await;
            // Why we broke off counts, whatever the server says to that, if anything.
            if let Some(failure) = login.failure() {
                return Err(match failure.is_protocol() {
                    true => Outcome::broken(Phase::Auth, failure.to_string()),
                    false => Outcome::failed_here(Phase::Auth, failure.to_string()),
                });
            }
            let reply = reply?;
            if let Some(next) = login.next(&reply) {
                request = next;
                continue;
            }
            succeed(Phase::Auth, &reply).map_err(|outcome| Outcome {
                text: with_reason(&outcome.text, login.reason()).into_owned(),
                ..outcome
            })?;
            login.end().map_err(|error| Outcome::failed_here(Phase::Auth, error.to_string()))?;
            return Ok(mechanism);
        }
    }

    /// Ends every wait from now on when `stop` is cancelled; the outcomes then say how far it came.
    pub fn stop_with(&mut self, stop: CancellationToken) {
        self.dialogue.stop_with(stop);
    }

    /// Says goodbye. The answer does not matter, but whoever is asked to wait a moment for it should get it.
    pub async fn quit(mut self) {
        if self.dialogue.is_stopped() {
            return self.dialogue.hang_up(&Request::quit()).await;
        }
        self.dialogue.set_patience(QUIT_WAIT);
        let _ = self.dialogue.ask(&mut Request::quit()).await;
        self.dialogue.close().await;
    }

    /// From the greeting to the last EHLO.
    async fn begin(&mut self, helo: &Domain, security: &Security) -> Result<(), Outcome> {
        if let Security::Implicit(tls) = security {
            self.secure(tls).await?;
        }
        let greeting = hear(&mut self.dialogue, Phase::Greeting).await?;
        succeed(Phase::Greeting, &greeting)?;
        self.hello(helo).await?;
        match security {
            Security::Required(tls) | Security::Opportunistic(tls) if self.extensions.starttls => {
                let reply = self.ask(Phase::Tls, Request::start_tls()).await?;
                succeed(Phase::Tls, &reply)?;
                self.secure(tls).await?;
                // RFC 3207 §4.2: what was said before counts no more.
                self.hello(helo).await
            }
            Security::Required(_) => {
                Err(Outcome::failed_here(Phase::Tls, "the server does not offer TLS, which is required".to_owned()))
            }
            Security::Implicit(_) | Security::Opportunistic(_) | Security::None => Ok(()),
        }
    }

    async fn secure(&mut self, tls: &ClientTls) -> Result<(), Outcome> {
        let (name, begun) = (self.dialogue.peer().to_owned(), Instant::now());
        self.dialogue.start_tls(tls, &name).await.map_err(|error| broken_tls(&error))?;
        self.handshake = Some(begun.elapsed());
        Ok(())
    }

    async fn hello(&mut self, helo: &Domain) -> Result<(), Outcome> {
        let name = client_id(helo);
        let first = match self.dialect {
            Dialect::Smtp => Request::ehlo(name.clone()),
            Dialect::Lmtp => Request::lhlo(&name),
        };
        let reply = self.ask(Phase::Hello, first).await?;
        if reply.code.is_success() {
            self.extensions = Extensions::parse(&reply);
            return Ok(());
        }
        // RFC 5321 §3.2: servers that do not know EHLO say 500 or 502.
        if self.dialect == Dialect::Smtp && matches!(reply.code.get(), 500 | 502) {
            let reply = self.ask(Phase::Hello, Request::helo(&name)).await?;
            succeed(Phase::Hello, &reply)?;
            self.extensions = Extensions::default();
            return Ok(());
        }
        Err(Outcome::of(Phase::Hello, &reply))
    }

    async fn ask(&mut self, phase: Phase, request: Request) -> Result<Reply, Outcome> {
        ask(&mut self.dialogue, phase, request).await
    }
}

fn client_id(helo: &Domain) -> ClientId {
    match helo {
        Domain::Name(_) => ClientId::Domain(helo.to_ascii().to_string()),
        Domain::Literal(IpAddr::V4(ip)) => ClientId::Ipv4(*ip),
        Domain::Literal(IpAddr::V6(ip)) => ClientId::Ipv6(*ip),
    }
}

async fn ask(dialogue: &mut Dialogue, phase: Phase, mut request: Request) -> Result<Reply, Outcome> {
    ask_in_turn(dialogue, &mut request).await.map_err(|error| lost(phase, Some(&error)))
}

/// A reply that comes by itself.
async fn hear(dialogue: &mut Dialogue, phase: Phase) -> Result<Reply, Outcome> {
    dialogue.answer(&mut Request::awaited()).await.map_err(|error| lost(phase, Some(&error)))
}

/// Asks, unless the server has said something already. A goodbye is the answer to whatever would have been asked next.
async fn ask_in_turn(dialogue: &mut Dialogue, request: &mut Request) -> Result<Reply, Error> {
    match unasked(dialogue).await? {
        Some(goodbye) => Ok(goodbye),
        None => dialogue.ask(request).await,
    }
}

/// What the server has said without being asked, if that is a goodbye (RFC 5321 §3.8). By any other words all further
/// replies would be taken for answers to something else, so they are an error. In both cases it is not talked to again.
async fn unasked(dialogue: &mut Dialogue) -> Result<Option<Reply>, Error> {
    if !dialogue.has_spoken().await? {
        return Ok(None);
    }
    dialogue.fall_silent();
    let reply = dialogue.answer(&mut Request::awaited()).await?;
    match reply.code.get() {
        421 => Ok(Some(reply)),
        code => {
            let words = format!("{code} {}", reply.text());
            Err(Error::new(Kind::Protocol, "the server spoke without being asked").said(words))
        }
    }
}

fn succeed(phase: Phase, reply: &Reply) -> Result<(), Outcome> {
    if reply.code.is_success() { Ok(()) } else { Err(Outcome::of(phase, reply)) }
}

fn lost(phase: Phase, error: Option<&Error>) -> Outcome {
    match error {
        None => Outcome::lost(phase, "the server closed the connection"),
        Some(error) if error.kind() == Kind::Protocol => Outcome::broken(phase, sentence(error)),
        Some(error) if error.kind() == Kind::Unavailable && phase < Phase::Dot => {
            Outcome::failed_here(phase, sentence(error))
        }
        Some(error) => Outcome::lost(phase, sentence(error)),
    }
}

fn broken_tls(error: &Error) -> Outcome {
    match error.fate() {
        Fate::Permanent => Outcome::failed_here(Phase::Tls, sentence(error)),
        Fate::Transient => Outcome::refused_here(Phase::Tls, EnhancedStatus::new(4, 7, 0), sentence(error)),
    }
}

fn sentence(error: &Error) -> String {
    let mut text = error.to_string();
    // Whatever they said, it is one line here: nobody else's lines stand among ours.
    for (lead, more) in [(": ", error.answer()), ("; ", error.advice())] {
        if let Some(more) = more {
            text.push_str(lead);
            text.push_str(&more.lines().collect::<Vec<_>>().join(" "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Envelope, ForwardPath, ReversePath};
    use crate::secret::Secret;
    use crate::smtp::outcome::Ending;
    use crate::smtp::transaction::Facts;
    use crate::world::Content;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
    use tokio::time::Instant;

    /// A server that says its next reply when it hears the next word, and nothing any more when it has no reply left.
    fn server(replies: &'static [(&'static str, &'static str)]) -> DuplexStream {
        let (near, far) = duplex(64 * 1024);
        tokio::spawn(async move {
            let mut far = BufReader::new(far);
            let mut line = String::new();
            for (word, reply) in replies {
                while !line.starts_with(word) {
                    line.clear();
                    far.read_line(&mut line).await.expect("text");
                }
                far.write_all(reply.as_bytes()).await.expect("somebody listens");
                line.clear();
            }
            std::future::pending::<()>().await;
        });
        near
    }

    async fn open(replies: &'static [(&'static str, &'static str)], peer: &str) -> Result<Client, Outcome> {
        let connection =
            Connection::new(Box::new(server(replies)), peer.parse::<std::net::SocketAddr>().expect("an address"), None);
        let helo = Domain::parse("crepes.example").expect("a name");
        Client::open(connection, "mx.hamburger.example", &helo, Dialect::Smtp, Security::None).await
    }

    /// How a message to one recipient ends.
    async fn send(replies: &'static [(&'static str, &'static str)]) -> Outcome {
        let mut client = match open(replies, "192.0.2.1:25").await {
            Ok(client) => client,
            Err(outcome) => return outcome,
        };
        let recipient = ForwardPath::parse("<bob@hamburger.example>").expect("a path");
        let envelope = Envelope::new(ReversePath::Null, vec![recipient]);
        let content = b"Subject: x\r\n\r\n".to_vec();
        let facts = Facts { size: content.size(), is_eight_bit: false, has_utf8_header: false };
        let cargo = Cargo { envelope: &envelope, content: &content, facts, manner: Manner::default() };
        let outcome = client.transact(&cargo, |_| {}).await.pop().expect("an outcome");
        client.quit().await;
        outcome
    }

    const REPLIES: [(&str, &str); 6] = [
        ("", "220 mx\r\n"),
        ("EHLO", "250 mx\r\n"),
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "354 go\r\n"),
        (".", "250 ok\r\n"),
    ];

    #[tokio::test(start_paused = true)]
    async fn a_server_that_falls_silent_is_waited_for_as_long_as_the_standard_asks_and_no_longer() {
        let lost = Ending::Failed(Fate::Transient);
        for (replies, phase, ending, minutes) in [
            (0, Phase::Greeting, lost, 5),
            (1, Phase::Hello, lost, 5),
            (2, Phase::Mail, lost, 5),
            (3, Phase::Rcpt, lost, 5),
            (4, Phase::Data, lost, 3),
            // It may have the message.
            (5, Phase::Dot, Ending::Unknown, 10),
            // It has it; that QUIT is not answered changes nothing.
            (6, Phase::Dot, Ending::Accepted, 0),
        ] {
            let start = Instant::now();
            let outcome = send(&REPLIES[..replies]).await;
            assert_eq!((outcome.phase, outcome.ending), (phase, ending), "{outcome:?}");
            let waited = start.elapsed();
            let goodbye = if ending == Ending::Accepted { QUIT_WAIT } else { Duration::ZERO };
            assert_eq!(waited.as_secs(), (Duration::from_secs(minutes * 60) + goodbye).as_secs(), "{phase}");
        }
    }

    #[tokio::test]
    async fn with_a_reply_too_many_none_is_taken_for_a_judgement() {
        let replies = &[
            ("", "220 mx\r\n"),
            ("EHLO", "250-mx\r\n250 PIPELINING\r\n"),
            ("DATA", "250 ok\r\n250 ok\r\n550 5.1.1 no such user\r\n354 go\r\n"),
        ];
        let outcome = send(replies).await;
        assert_eq!((outcome.phase, outcome.kind()), (Phase::Data, Some(Kind::Protocol)), "{outcome:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_goes_over_no_wire_in_clear() {
        for (peer, wanted) in
            [("192.0.2.1:25", Err(Kind::Unavailable)), ("[::ffff:127.0.0.1]:25", Ok(Mechanism::Plain))]
        {
            let replies = &[("", "220 mx\r\n"), ("EHLO", "250-mx\r\n250 AUTH PLAIN\r\n"), ("AUTH", "235 ok\r\n")];
            let mut client = open(replies, peer).await.unwrap_or_else(|outcome| panic!("{outcome:?}"));
            let answer = client.login(&Credentials::new("bob", Secret::new("hunter2".into()))).await;
            assert_eq!(answer.map_err(|outcome| outcome.kind().expect("a failure")), wanted, "{peer}");
        }
    }
}
