//! Every mechanism in every protocol, from our clients to our server: who gets in, who does not, and what a trace shows.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod printed;
mod stage;

use mailkit::address::Domain;
use mailkit::engine::dial::Security;
use mailkit::engine::{imap, pop3, smtp};
use mailkit::error::Kind;
use mailkit::net::connection::Connection;
use mailkit::net::tls::{ClientTls, Trust};
use mailkit::net::trace::Trace;
use mailkit::sasl::{Credentials, Mechanism, Permit, base64};
use mailkit::secret::Secret;
use mailkit::server::{Server, Service};
use mailkit::store::memory::MemoryDisk;
use mailkit::users;
use mailkit::wire::record::NewFollow;
use mailkit::wire::transcript::Side;
use mailkit::world::Stream;
use stage::Wishes;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const PASSWORD: &str = "hunter2 canary";
const TOKEN: &str = "canary.token-of-bob";
/// SHA-256 of it.
const TOKEN_HASH: &str = "cd43174409dc180815630da62db38f1571124f06be74a966e113a3badab7d67f";

/// Where a trace goes.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// What was written, and what each word of it is in base64.
    fn in_all_forms(&self) -> String {
        let text = self.text();
        let decoded = |word: &str| {
            base64::decode(word.as_bytes()).ok().map(|octets| String::from_utf8_lossy(&octets).into_owned())
        };
        let words: Vec<String> = text.split_whitespace().filter_map(decoded).collect();
        text + &words.join("\n")
    }
}

async fn server() -> Arc<Server> {
    let line = users::line(&Secret::new(PASSWORD.to_owned()), [&[1; 16], &[2; 16]]).unwrap();
    let users_file = format!("bob:{line} {{BEARER-SHA256}}{TOKEN_HASH}\n");
    Arc::new(stage::server_on(&Wishes { users_file, ..Wishes::default() }, MemoryDisk::new()).await.unwrap())
}

/// Logs in at one service; the kind of the failure, if it fails.
async fn login(
    server: &Arc<Server>,
    service: Service,
    tls: bool,
    credentials: &Credentials,
    paper: &Paper,
) -> Result<(), Kind> {
    let trust = ClientTls::new(&Trust::Anyone).unwrap();
    let security = if tls { Security::Implicit(trust) } else { Security::None };
    login_over(stage::connect(server, service, tls), service, security, credentials, paper).await
}

async fn login_over(
    stream: Box<dyn Stream>,
    service: Service,
    security: Security,
    credentials: &Credentials,
    paper: &Paper,
) -> Result<(), Kind> {
    let follow: NewFollow = match service {
        Service::Submission => mailkit::smtp::follow::follow,
        Service::Pop3 => mailkit::pop3::follow::follow,
        _ => mailkit::imap::follow::follow,
    };
    let tap = Trace::new(Box::new(paper.clone())).tap(Side::Client, follow());
    let peer: SocketAddr = "127.0.0.1:49152".parse().unwrap();
    let connection = Connection::new(stream, peer, Some(tap));
    match service {
        Service::Submission => {
            let helo = Domain::parse("crepes.example").unwrap();
            let client = smtp::Client::open(connection, "localhost", &helo, smtp::Dialect::Smtp, security).await;
            let mut client = client.map_err(|outcome| outcome.kind().unwrap())?;
            let done = client.login(credentials).await;
            client.quit().await;
            done.map(|_| ()).map_err(|outcome| outcome.kind().unwrap())
        }
        Service::Pop3 => {
            let mut client =
                pop3::Session::open(connection, "localhost", security).await.map_err(|error| error.kind())?;
            let done = client.login(credentials).await;
            client.leave().await;
            done.map_err(|error| error.kind())
        }
        _ => {
            let client = imap::Opening::begin(connection, "localhost", security).await.map_err(|error| error.kind())?;
            let session = client.login(credentials).await.map_err(|error| error.kind())?;
            session.logout().await;
            Ok(())
        }
    }
}

/// Logs in at a server that says these, each when it has heard a line; what came of it, and what it heard.
async fn login_at(
    service: Service,
    words: &'static [&'static str],
    credentials: &Credentials,
    paper: &Paper,
) -> (Result<(), Kind>, String) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let heard = tokio::spawn(async move {
        let (far, mut out) = tokio::io::split(far);
        let (mut lines, mut heard) = (BufReader::new(far).lines(), String::new());
        for word in words {
            out.write_all(word.as_bytes()).await.unwrap();
            let Ok(Some(line)) = lines.next_line().await else { return heard };
            heard += &(line + "\n");
        }
        drop(out);
        heard
    });
    let done = login_over(Box::new(near), service, Security::None, credentials, paper).await;
    (done, heard.await.unwrap())
}

fn by(mechanism: Mechanism, password: &str, token: &str) -> Credentials {
    let credentials = match mechanism {
        Mechanism::XOAuth2 | Mechanism::OAuthBearer => Credentials::token("bob", Secret::new(token.to_owned())),
        _ => Credentials::new("bob", Secret::new(password.to_owned())),
    };
    credentials.with(Permit { mechanisms: Some(vec![mechanism]), in_clear: false })
}

const SERVICES: [Service; 3] = [Service::Submission, Service::Pop3, Service::Imap];
const SPOKEN: [Mechanism; 6] = [
    Mechanism::ScramSha256Plus,
    Mechanism::ScramSha256,
    Mechanism::OAuthBearer,
    Mechanism::XOAuth2,
    Mechanism::Plain,
    Mechanism::Login,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mechanism_lets_in_who_knows_the_secret_and_shows_it_to_nobody() {
    let server = server().await;
    let paper = Paper::default();
    for service in SERVICES {
        for tls in [true, false] {
            for mechanism in SPOKEN {
                let right = login(&server, service, tls, &by(mechanism, PASSWORD, TOKEN), &paper).await;
                if mechanism.is_bound() && !tls {
                    assert!(right.is_err(), "{mechanism:?} needs TLS");
                    continue;
                }
                assert_eq!(right, Ok(()), "{service} {mechanism:?}, TLS: {tls}\n{}", paper.text());
                let wrong = login(&server, service, tls, &by(mechanism, "canary, wrong", "canary-wrong"), &paper).await;
                assert_eq!(wrong, Err(Kind::NoPermission), "{service} {mechanism:?}, TLS: {tls}");
            }
        }
    }
    let shown = paper.in_all_forms();
    printed::show(shown.as_bytes(), &[]);
    assert!(shown.contains("AUTHENTICATE SCRAM-SHA-256-PLUS {secret}"), "{shown}");
    for secret in ["canary", "hunter2", "p=", "v=", "Bearer"] {
        assert!(!shown.contains(secret), "a trace shows {secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_strongest_is_taken_when_nothing_is_said() {
    let server = server().await;
    for (tls, wanted) in [(true, "SCRAM-SHA-256-PLUS"), (false, "SCRAM-SHA-256 ")] {
        for service in SERVICES {
            let paper = Paper::default();
            let credentials = Credentials::new("bob", Secret::new(PASSWORD.to_owned()));
            assert_eq!(login(&server, service, tls, &credentials, &paper).await, Ok(()));
            let text = paper.text();
            let said =
                text.lines().find(|line| line.contains("C: ") && line.contains("SCRAM")).unwrap().to_owned() + " ";
            assert!(said.contains(wanted), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_without_keys_are_offered_nothing_they_cannot_do() {
    let hash = users::line(&Secret::new(PASSWORD.to_owned()), [&[1; 16], &[2; 16]]).unwrap();
    let old = hash.split(' ').next().unwrap();
    let users_file = format!("alice:{hash}\nbob:{old}\n");
    let server = stage::server_on(&Wishes { users_file, ..Wishes::default() }, MemoryDisk::new()).await.unwrap();
    let paper = Paper::default();
    let credentials = Credentials::new("bob", Secret::new(PASSWORD.to_owned()));
    let server = Arc::new(server);
    for service in SERVICES {
        assert_eq!(login(&server, service, true, &credentials, &paper).await, Ok(()), "{service}");
    }
    assert!(!paper.text().contains("SCRAM") && paper.text().contains("PLAIN"));
}

#[tokio::test]
async fn who_lets_in_or_asks_on_before_it_has_the_answer_gets_none_and_is_not_believed() {
    let by_login = by(Mechanism::Login, PASSWORD, TOKEN);
    let by_own = Credentials::new("bob", Secret::new(PASSWORD.to_owned()));
    for (service, credentials, words, wanted, last) in [
        (
            Service::Imap,
            &by_login,
            &["* OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] hi\r\n", "+ VXNlcm5hbWU6\r\nc4 OK early\r\n", ""][..],
            Kind::Protocol,
            "c4 AUTHENTICATE LOGIN",
        ),
        (
            Service::Imap,
            &by_login,
            &["* OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] hi\r\n", "+ VXN\r\n* 1 EXISTS\r\n+ UGF\r\n", ""],
            Kind::Protocol,
            "c4 AUTHENTICATE LOGIN",
        ),
        (
            Service::Imap,
            &by_login,
            &["* OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] hi\r\n", "+ VXN\r\nc4 NO [UNAVAILABLE] later\r\n", ""],
            Kind::Temporary,
            "c4 AUTHENTICATE LOGIN",
        ),
        (Service::Imap, &by_own, &["* OK [CAPABILITY IMAP4rev1] hi\r\nc3 OK in\r\n", ""], Kind::Protocol, ""),
        (
            Service::Pop3,
            &by_login,
            &["+OK\r\n", "+OK\r\nSASL LOGIN\r\n.\r\n", "+ VXNlcm5hbWU6\r\n+OK early\r\n", ""],
            Kind::Protocol,
            "AUTH LOGIN",
        ),
        (
            Service::Pop3,
            &by_login,
            &["+OK\r\n", "+OK\r\nSASL LOGIN\r\n.\r\n", "+ VXN\r\n-ERR [SYS/TEMP] later\r\n", ""],
            Kind::Temporary,
            "AUTH LOGIN",
        ),
        (
            Service::Pop3,
            &by_own,
            &["+OK\r\n", "+OK\r\nUSER\r\n.\r\n", "+OK\r\n+OK early\r\n", ""],
            Kind::Protocol,
            "USER bob",
        ),
        (
            Service::Submission,
            &by_login,
            &["220 mx\r\n", "250-mx\r\n250 AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n235 early\r\n", ""],
            Kind::Protocol,
            "AUTH LOGIN",
        ),
    ] {
        let paper = Paper::default();
        let (done, heard) = login_at(service, words, credentials, &paper).await;
        assert_eq!(done, Err(wanted), "{service} {words:?}\n{}", paper.text());
        assert_eq!(heard.lines().last().unwrap_or_default(), last, "{service} {words:?}");
    }
}
