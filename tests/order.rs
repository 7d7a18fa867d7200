//! A mailbox is in the order in which its messages were accepted.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;
mod watchdog;

use mailkit::server::Service;
use mailkit::store::memory::MemoryDisk;
use stage::Wishes;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

const MESSAGES: usize = 300;

#[tokio::test]
async fn messages_do_not_overtake_each_other() {
    let _watch = watchdog::over("300 messages", Duration::from_secs(120));
    let server = Arc::new(stage::server_on(&Wishes::default(), MemoryDisk::new()).await.unwrap());
    let mut smtp = BufReader::new(stage::connect(&server, Service::Smtp, false));
    smtp.write_all(b"HELO x.example\r\n").await.unwrap();
    for number in 0..MESSAGES {
        let text = format!("MAIL FROM:<>\r\nRCPT TO:<b@x.example>\r\nDATA\r\nSubject: {number}\r\n\r\n.\r\n");
        smtp.write_all(text.as_bytes()).await.unwrap();
        // Greeting and HELO come first; then four replies for each message.
        for _ in 0..if number == 0 { 6 } else { 4 } {
            smtp.read_line(&mut String::new()).await.unwrap();
        }
    }
    let account = server.mailstore().account("catchall").await.unwrap();
    let rows = timeout(Duration::from_secs(60), async {
        loop {
            let rows = account.snapshot("INBOX").await.unwrap().rows;
            if rows.len() == MESSAGES {
                return rows;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    for (number, row) in rows.await.expect("all arrive").iter().enumerate() {
        let octets = account.read("INBOX", row.uid, 0, 10_000).await.unwrap();
        let text = String::from_utf8(octets).unwrap();
        assert!(text.contains(&format!("Subject: {number}\r\n")), "number {number} is\n{text}");
    }
}
