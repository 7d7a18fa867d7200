//! A message of 100,000 nested messages goes through the server and is looked into, and the server lives.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;
mod watchdog;

use mailkit::server::{Server, Service};
use mailkit::store::memory::MemoryDisk;
use mailkit::world::Stream;
use stage::Wishes;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

/// 100,000 messages, each inside the one before.
fn nested() -> Vec<u8> {
    b"Content-Type: message/rfc822\r\n\r\n".repeat(100_000)
}

struct Talk(BufReader<Box<dyn Stream>>);

impl Talk {
    fn begin(server: &Arc<Server>, service: Service) -> Self {
        Self(BufReader::new(stage::connect(server, service, false)))
    }

    /// Says a line, then reads until a line begins with `end`; returns what was read.
    async fn ask(&mut self, line: &[u8], end: &str) -> String {
        let read = async {
            self.0.write_all(line).await.unwrap();
            let mut heard = String::new();
            loop {
                let start = heard.len();
                assert!(self.0.read_line(&mut heard).await.unwrap() > 0, "the server hung up behind {heard}");
                if heard[start..].starts_with(end) {
                    return heard;
                }
            }
        };
        timeout(Duration::from_secs(60), read).await.expect("an answer in time")
    }
}

#[tokio::test]
async fn a_hundred_thousand_nested_messages_leave_the_server_alive() {
    let _watch = watchdog::over("nested messages", Duration::from_secs(120));
    let server = Arc::new(stage::server_on(&Wishes::default(), MemoryDisk::new()).await.unwrap());
    let mut smtp = Talk::begin(&server, Service::Smtp);
    smtp.ask(b"", "220 ").await;
    smtp.ask(b"HELO x.example\r\n", "250 ").await;
    smtp.ask(b"MAIL FROM:<>\r\n", "250 ").await;
    smtp.ask(b"RCPT TO:<bob@hamburger.example>\r\n", "250 ").await;
    smtp.ask(b"DATA\r\n", "354 ").await;
    smtp.ask(&[nested(), b"\r\n.\r\n".to_vec()].concat(), "250 ").await;

    let mut imap = Talk::begin(&server, Service::Imap);
    imap.ask(b"", "* OK").await;
    imap.ask(b"a LOGIN bob secret\r\n", "a OK").await;
    // Delivery happens behind the 250.
    let delivered = async {
        while !imap.ask(b"b SELECT INBOX\r\n", "b OK").await.contains("* 1 EXISTS") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(60), delivered).await.expect("a delivery in time");
    let structure = imap.ask(b"c FETCH 1 (ENVELOPE BODYSTRUCTURE RFC822.SIZE)\r\n", "c OK").await;
    assert!(
        structure.to_ascii_lowercase().contains("\"rfc822\"") && structure.len() < 100_000,
        "{} octets",
        structure.len()
    );
    imap.ask(b"d SEARCH TEXT nothing\r\n", "d OK").await;
    imap.ask(b"e FETCH 1 BODY.PEEK[1.1.1.HEADER]\r\n", "e OK").await;
    let deep = ["1"; 200].join(".");
    imap.ask(format!("f FETCH 1 BODY.PEEK[{deep}]\r\n").as_bytes(), "f ").await;

    let mut pop3 = Talk::begin(&server, Service::Pop3);
    pop3.ask(b"", "+OK").await;
    pop3.ask(b"USER bob\r\n", "+OK").await;
    pop3.ask(b"PASS secret\r\n", "+OK 1 ").await;
    pop3.ask(b"TOP 1 0\r\n", ".\r\n").await;
    pop3.ask(b"QUIT\r\n", "+OK").await;
    let mut rest = Vec::new();
    pop3.0.read_to_end(&mut rest).await.unwrap();
}
