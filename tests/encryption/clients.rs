//! The clients under test, and servers with just the words that a login needs.

use mailkit::address::Domain;
use mailkit::endpoint::Protocol;
use mailkit::engine::dial::Security;
use mailkit::engine::imap::Opening;
use mailkit::engine::pop3::Session;
use mailkit::engine::smtp::{Client, Dialect};
use mailkit::error::{Error, Kind};
use mailkit::net::connection::Connection;
use mailkit::sasl::Credentials;
use mailkit::secret::Secret;
use mailkit::smtp::outcome::Outcome;
use mailkit::world::Stream;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) const PROTOCOLS: [Protocol; 3] = [Protocol::Smtp, Protocol::Pop3, Protocol::Imap];

pub(crate) const PASSWORD: &str = "hunter2";

/// What a client says of a failure.
pub(crate) type Told = (Kind, String);

/// Greets, secures, logs in as bob, leaves.
pub(crate) async fn log_in(
    protocol: Protocol,
    stream: Box<dyn Stream>,
    name: &str,
    security: Security,
) -> Result<(), Told> {
    // An address beyond this machine, so that nothing is spared for being on loopback.
    let peer: SocketAddr = ([192, 0, 2, 1], 1).into();
    let connection = Connection::new(stream, peer, None);
    let credentials = Credentials::new("bob", Secret::new(PASSWORD.to_owned()));
    let told = |error: Error| (error.kind(), error.to_string() + error.advice().unwrap_or_default());
    let judged = |outcome: Outcome| (outcome.kind().expect("a failure"), outcome.text);
    match protocol {
        Protocol::Smtp | Protocol::Lmtp => {
            let helo = Domain::parse("crepes.example").expect("a name");
            let mut client = Client::open(connection, name, &helo, Dialect::Smtp, security).await.map_err(judged)?;
            let result = client.login(&credentials).await.map(|_| ()).map_err(judged);
            client.quit().await;
            result
        }
        Protocol::Pop3 => {
            let mut session = Session::open(connection, name, security).await.map_err(told)?;
            let result = session.login(&credentials).await.map_err(told);
            session.leave().await;
            result
        }
        Protocol::Sieve => unreachable!("no client of ours logs in there"),
        Protocol::Imap => {
            let opening = Opening::begin(connection, name, security).await.map_err(told)?;
            opening.login(&credentials).await.map(|_| ()).map_err(told)
        }
    }
}

/// What a server of a protocol says.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) greeting: &'static str,
    /// What it can do, with and without the upgrade.
    pub(crate) offer: &'static str,
    pub(crate) offer_without_tls: &'static str,
    /// What it can do, without a login that we would use.
    pub(crate) offer_without_login: &'static str,
    /// What is said to a client that asks for the upgrade.
    pub(crate) agree: &'static str,
    pub(crate) refuse: &'static str,
    welcome: &'static str,
    good_bye: &'static str,
}

/// `{tag}` stands for the first word of the command.
pub(crate) fn words(protocol: Protocol) -> Words {
    match protocol {
        Protocol::Smtp | Protocol::Lmtp => Words {
            greeting: "220 mx ESMTP\r\n",
            offer: "250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
            offer_without_tls: "250-mx\r\n250 AUTH PLAIN\r\n",
            offer_without_login: "250 mx\r\n",
            agree: "220 2.0.0 Go ahead\r\n",
            refuse: "454 4.7.0 TLS is not available now\r\n",
            welcome: "235 2.7.0 Welcome\r\n",
            good_bye: "221 2.0.0 Bye\r\n",
        },
        Protocol::Pop3 => Words {
            greeting: "+OK POP3\r\n",
            offer: "+OK\r\nSTLS\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
            offer_without_tls: "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
            offer_without_login: "+OK\r\nUSER\r\n.\r\n",
            agree: "+OK Begin\r\n",
            refuse: "-ERR TLS is not available now\r\n",
            welcome: "+OK Welcome\r\n",
            good_bye: "+OK Bye\r\n",
        },
        Protocol::Sieve => unreachable!("no client of ours logs in there"),
        Protocol::Imap => Words {
            greeting: "* OK IMAP4rev1\r\n",
            offer: "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR\r\n{tag} OK\r\n",
            offer_without_tls: "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{tag} OK\r\n",
            offer_without_login: "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK\r\n",
            agree: "{tag} OK Begin\r\n",
            refuse: "{tag} NO TLS is not available now\r\n",
            welcome: "{tag} OK Welcome\r\n",
            good_bye: "* BYE\r\n{tag} OK\r\n",
        },
    }
}

/// A server's end of a pipe; remembers what it heard.
pub(crate) struct End<S> {
    pub(crate) stream: S,
    pub(crate) heard: Vec<u8>,
    unread: Vec<u8>,
    tag: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> End<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, heard: Vec::new(), unread: Vec::new(), tag: String::new() }
    }

    /// The next line; `None` when the client has hung up.
    pub(crate) async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.unread.iter().position(|octet| *octet == b'\n') {
                let line = String::from_utf8_lossy(&self.unread.drain(..=at).collect::<Vec<_>>()).into_owned();
                self.tag = line.split_whitespace().next().unwrap_or_default().to_owned();
                return Some(line);
            }
            let mut buffer = [0; 1024];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => {
                    self.heard.extend_from_slice(&buffer[..count]);
                    self.unread.extend_from_slice(&buffer[..count]);
                }
            }
        }
    }

    /// Whether the client still listens.
    pub(crate) async fn say(&mut self, text: &str) -> bool {
        let text = text.replace("{tag}", &self.tag);
        self.stream.write_all(text.as_bytes()).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Goes on until the client leaves: says what it can do, takes every login.
    pub(crate) async fn serve(&mut self, words: &Words, offer: &str) {
        while let Some(line) = self.line().await {
            let line = line.to_ascii_uppercase();
            let answer = match () {
                () if line.contains("EHLO") || line.contains("CAPA") => offer,
                () if line.contains("QUIT") || line.contains("LOGOUT") => words.good_bye,
                () => words.welcome,
            };
            self.say(answer).await;
        }
    }
}

/// Whether something secret, or the attempt of a login, is among the octets.
pub(crate) fn tells(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard).to_ascii_uppercase();
    ["HUNTER2", "AGJVYGBODW50ZXIY", "AUTH", "USER", "PASS", " LOGIN", "MAIL FROM"]
        .iter()
        .any(|word| text.contains(word))
}
