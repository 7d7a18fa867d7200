//! IMAP beside other programs: who idles hears what they did to the Maildir.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;

use mailkit::server::Service;
use mailkit::store::memory::MemoryDisk;
use mailkit::world::{Disk, Stream};
use stage::Wishes;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

/// Far more than the server needs, and no time at all on a clock that waits for nobody.
const PATIENCE: Duration = Duration::from_secs(60);

struct Talk(BufReader<Box<dyn Stream>>);

impl Talk {
    async fn ask(&mut self, line: &str, end: &str) -> String {
        self.0.write_all(line.as_bytes()).await.unwrap();
        let read = async {
            let mut heard = String::new();
            loop {
                let start = heard.len();
                assert!(self.0.read_line(&mut heard).await.unwrap() > 0, "the server hung up behind {heard}");
                if heard[start..].starts_with(end) {
                    return heard;
                }
            }
        };
        timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{end} did not come"))
    }
}

#[tokio::test(start_paused = true)]
async fn who_idles_hears_what_another_program_did() {
    let disk = MemoryDisk::new();
    let wishes = Wishes { users: vec!["bob".into()], ..Wishes::default() };
    let server = Arc::new(stage::server_on(&wishes, disk.clone()).await.unwrap());
    let mut talk = Talk(BufReader::new(stage::connect(&server, Service::Imap, false)));
    talk.ask("", "* OK").await;
    talk.ask("a LOGIN bob secret\r\n", "a OK").await;
    talk.ask("b CREATE Work\r\n", "b OK").await;
    talk.ask("c SELECT Work\r\n", "c OK").await;
    talk.ask("d IDLE\r\n", "+ ").await;

    let maildir = Path::new("/data/mail/bob/Maildir/.Work");
    for number in 1..3 {
        let mut file = disk.create(&maildir.join(format!("new/{number}"))).unwrap();
        file.append(b"Subject: pickles\n\nHow about pickles?\n").unwrap();
        talk.ask("", &format!("* {number} EXISTS")).await;
    }
    disk.rename(&maildir.join("new/1"), &maildir.join("cur/1:2,S")).unwrap();
    talk.ask("", "* 1 FETCH (UID 1 FLAGS (\\Seen").await;
    disk.remove(&maildir.join("new/2")).unwrap();
    talk.ask("", "* 2 EXPUNGE").await;
    disk.rename(maildir, Path::new("/data/mail/bob/Maildir/.Play")).unwrap();
    talk.ask("", "* BYE The open mailbox is gone").await;
}
