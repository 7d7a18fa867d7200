//! Conversations whose acknowledgements are written down. A server may refuse at any point, or hang up.

use crate::Told;
use crate::house::{House, Letter};
use mailkit::server::Service;
use mailkit::world::Stream;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

/// A reply that does not come within this time does not come.
const REPLY_MAX: Duration = Duration::from_secs(30);

struct Talk(BufReader<Box<dyn Stream>>);

impl Talk {
    fn begin(house: &House, service: Service) -> Self {
        Self(BufReader::new(house.connect(service)))
    }

    async fn say(&mut self, octets: &[u8]) -> Option<()> {
        self.0.write_all(octets).await.ok()
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(REPLY_MAX, self.0.read_line(&mut line)).await.expect("an answer in time").ok()?;
        (read > 0).then_some(line)
    }

    /// The last line of an SMTP reply.
    async fn reply(&mut self) -> Option<String> {
        loop {
            let line = self.line().await?;
            if line.as_bytes().get(3) == Some(&b' ') {
                return Some(line);
            }
        }
    }

    /// Says a line of POP3, and whether it is well.
    async fn pop3(&mut self, line: &str) -> Option<bool> {
        self.say(line.as_bytes()).await?;
        Some(self.line().await?.starts_with("+OK"))
    }

    /// The answer to a command of IMAP, with literals if `literal` is the rest of it.
    async fn imap(&mut self, line: &str, literal: &str) -> Option<bool> {
        self.say(line.as_bytes()).await?;
        loop {
            let answer = self.line().await?;
            if answer.starts_with('+') {
                self.say(literal.as_bytes()).await?;
            } else if let Some(answer) = answer.strip_prefix("t ") {
                return Some(answer.starts_with("OK "));
            }
        }
    }
}

/// Delivers one letter after the other; what is refused is left.
pub(crate) async fn deliver(house: &House, letters: &[Letter], told: &Mutex<Told>) {
    try_to_deliver(house, letters, told).await;
}

async fn try_to_deliver(house: &House, letters: &[Letter], told: &Mutex<Told>) -> Option<()> {
    let mut talk = Talk::begin(house, Service::Smtp);
    talk.reply().await?;
    talk.say(b"EHLO client.example\r\n").await?;
    talk.reply().await?;
    for letter in letters {
        talk.say(b"MAIL FROM:<a@client.example>\r\nRCPT TO:<bob@hamburger.example>\r\nDATA\r\n").await?;
        let replies = [talk.reply().await?, talk.reply().await?, talk.reply().await?];
        assert!(replies[0].starts_with("250") && replies[1].starts_with("250"), "{replies:?}");
        if !replies[2].starts_with("354") {
            assert!(replies[2].starts_with("45"), "{replies:?}");
            continue;
        }
        talk.say(letter.text().as_bytes()).await?;
        talk.say(b".\r\n").await?;
        let reply = talk.reply().await?;
        if reply.starts_with("250") {
            told.lock().unwrap().there.insert(letter.clone());
        } else {
            assert!(reply.starts_with("45"), "{reply}");
        }
    }
    talk.say(b"QUIT\r\n").await
}

/// Deletes a message, which counts if QUIT is answered well.
pub(crate) async fn delete_by_pop3(house: &House, number: u32, letter: &Letter, told: &Mutex<Told>) {
    let delete = async {
        let mut talk = Talk::begin(house, Service::Pop3);
        talk.line().await?;
        for line in ["USER bob\r\n", "PASS secret\r\n", &format!("DELE {number}\r\n")] {
            talk.pop3(line).await?.then_some(())?;
        }
        talk.pop3("QUIT\r\n").await?.then_some(())
    };
    if delete.await.is_some() {
        told.lock().unwrap().gone.insert(letter.clone());
    }
}

/// Appends letters, and expunges the first message that is not the one to be deleted by others.
pub(crate) async fn append_and_expunge_by_imap(
    house: &House,
    appended: &[Letter],
    expunged: &Letter,
    told: &Mutex<Told>,
) {
    let talk = async {
        let mut talk = Talk::begin(house, Service::Imap);
        talk.line().await?;
        talk.imap("t LOGIN bob secret\r\n", "").await?.then_some(())?;
        for letter in appended {
            let text = letter.text();
            let command = format!("t APPEND INBOX {{{}}}\r\n", text.len());
            if talk.imap(&command, &(text + "\r\n")).await? {
                told.lock().unwrap().there.insert(letter.clone());
            }
        }
        talk.imap("t SELECT INBOX\r\n", "").await?.then_some(())?;
        talk.imap("t UID STORE 2 +FLAGS (\\Deleted)\r\n", "").await?.then_some(())?;
        talk.imap("t EXPUNGE\r\n", "").await?.then_some(())
    };
    if talk.await.is_some() {
        told.lock().unwrap().gone.insert(expunged.clone());
    }
}
