//! Logins: what a guesser meets, and how many sessions a user may have.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;

use mailkit::net::connection::Connection;
use mailkit::net::tls::{ClientTls, Trust};
use mailkit::server::{Server, Service};
use mailkit::store::memory::MemoryDisk;
use mailkit::world::Stream;
use stage::Wishes;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::{sleep, timeout};

/// What is not answered within this time is not answered.
const PATIENCE: Duration = Duration::from_secs(20);

async fn server() -> Arc<Server> {
    let users = ["bob", "alice"].map(str::to_owned).to_vec();
    Arc::new(stage::server_on(&Wishes { users, ..Wishes::default() }, MemoryDisk::new()).await.unwrap())
}

/// A connection inside TLS, greeted.
struct Client(BufReader<Box<dyn Stream>>);

impl Client {
    async fn from(place: &str, server: &Arc<Server>, service: Service) -> Self {
        let peer = format!("{place}:49152").parse().unwrap();
        Self::over(stage::connect_from(peer, server, service, true)).await
    }

    async fn near(server: &Arc<Server>, service: Service) -> Self {
        Self::over(stage::connect(server, service, true)).await
    }

    async fn over(stream: Box<dyn Stream>) -> Self {
        let peer: std::net::SocketAddr = "127.0.0.1:1".parse().unwrap();
        let tls = ClientTls::new(&Trust::Anyone).unwrap();
        let connection = Connection::new(stream, peer, None).connect_tls(&tls, "localhost", PATIENCE).await.unwrap();
        let mut client = Self(BufReader::new(Box::new(connection)));
        client.line().await;
        client
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("an answer in time").unwrap();
        line
    }

    /// Says a line; gives the first line of the answer.
    async fn say(&mut self, text: &str) -> String {
        self.0.write_all(format!("{text}\r\n").as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        self.line().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_from_many_connections_is_not_listened_to_whatever_the_protocol() {
    let server = server().await;
    for at in 0..20 {
        let mut client = Client::from("192.0.2.1", &server, Service::Imap).await;
        assert!(client.say("a LOGIN bob wrong").await.starts_with("a NO [AUTHENTICATIONFAILED] "), "{at}");
    }
    let refused = "Too many failed logins from your network, try again later\r\n";
    let mut imap = Client::from("192.0.2.1", &server, Service::Imap).await;
    assert_eq!(imap.say("a LOGIN bob secret").await, format!("a NO [UNAVAILABLE] {refused}"));
    let mut pop3 = Client::from("192.0.2.1", &server, Service::Pop3).await;
    pop3.say("USER bob").await;
    assert_eq!(pop3.say("PASS secret").await, format!("-ERR [SYS/TEMP] {refused}"));
    let mut smtp = Client::from("192.0.2.1", &server, Service::Submission).await;
    let mut line = smtp.say("EHLO x.example").await;
    while !line.starts_with("250 ") {
        line = smtp.line().await;
    }
    assert_eq!(smtp.say("AUTH PLAIN AGJvYgBzZWNyZXQ=").await, format!("454 4.7.0 {refused}"));
    // Who goes on all the same is sent away in the end.
    smtp.say("AUTH PLAIN AGJvYgBzZWNyZXQ=").await;
    assert!(smtp.say("AUTH PLAIN AGJvYgBzZWNyZXQ=").await.starts_with("421 "));
    let mut elsewhere = Client::from("192.0.2.2", &server, Service::Imap).await;
    assert!(elsewhere.say("a LOGIN bob secret").await.starts_with("a OK "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loopback_is_spared_because_all_users_of_a_web_page_come_from_there() {
    let server = server().await;
    for _ in 0..30 {
        let mut client = Client::near(&server, Service::Imap).await;
        assert!(client.say("a LOGIN bob wrong").await.starts_with("a NO [AUTHENTICATIONFAILED] "));
    }
    let mut client = Client::near(&server, Service::Imap).await;
    assert!(client.say("a LOGIN bob secret").await.starts_with("a OK "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_has_so_many_sessions_and_who_leaves_makes_room() {
    let server = server().await;
    let mut open = Vec::new();
    for _ in 0..50 {
        let mut client = Client::near(&server, Service::Imap).await;
        assert!(client.say("a LOGIN bob secret").await.starts_with("a OK "));
        open.push(client);
    }
    let refused = "Too many sessions of this user, end another one first\r\n";
    let mut one_more = Client::near(&server, Service::Imap).await;
    assert_eq!(one_more.say("a LOGIN bob secret").await, format!("a NO [LIMIT] {refused}"));
    let mut pop3 = Client::near(&server, Service::Pop3).await;
    pop3.say("USER bob").await;
    assert_eq!(pop3.say("PASS secret").await, format!("-ERR [SYS/TEMP] {refused}"));
    let mut another = Client::near(&server, Service::Imap).await;
    assert!(another.say("a LOGIN alice secret").await.starts_with("a OK "));
    drop(open.pop());
    timeout(PATIENCE, async {
        while !Client::near(&server, Service::Imap).await.say("a LOGIN bob secret").await.contains("OK") {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("who left made room");
}
