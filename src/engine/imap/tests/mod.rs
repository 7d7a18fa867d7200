//! Conversations with servers that say what a test wants them to say.

mod changing;
mod many;
mod reading;
mod watching;

use super::*;
use crate::net::connection::Connection;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// What a server heard, and in how many turns.
#[derive(Debug, Default, Clone)]
pub(super) struct Log(Arc<Mutex<(Vec<String>, usize)>>);

impl Log {
    /// The commands, without their tags.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").0.clone()
    }

    /// How often the server had nothing more to do than to wait for us.
    pub(super) fn turns(&self) -> usize {
        self.0.lock().expect("nobody panicked").1
    }
}

/// A session with a server that answers each command line, and the octets of literals as they are, by what `answer`
/// makes of them: `TAG` stands for the tag. It ends when the answer to a line is "hang up".
pub(super) fn session(offers: &str, answer: impl FnMut(&str) -> String + Send + 'static) -> (Session, Log) {
    let (near, far) = duplex(1 << 20);
    let log = Log::default();
    tokio::spawn(serve(far, log.clone(), answer));
    let connection = Connection::new(Box::new(near), SocketAddr::from(([127, 0, 0, 1], 143)), None);
    let offers = offers.split(' ').map(str::to_owned).collect();
    (Session::new(connection, b"", "imap.example".to_owned(), Some(offers)), log)
}

async fn serve(mut far: tokio::io::DuplexStream, log: Log, mut answer: impl FnMut(&str) -> String) {
    let mut buffer = vec![0; 1 << 20];
    let mut unread = Vec::new();
    let mut tag = String::new();
    loop {
        let Ok(count @ 1..) = far.read(&mut buffer).await else { return };
        unread.extend_from_slice(&buffer[..count]);
        let mut out = String::new();
        while let Some(end) = unread.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let is_command = line.strip_prefix('m').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let (said, rest) = if is_command { line.split_once(' ').expect("a tag") } else { ("", line.as_str()) };
            if is_command {
                tag = said.to_owned();
            }
            log.0.lock().expect("nobody panicked").0.push(rest.to_owned());
            let answered = answer(rest);
            if answered == "hang up" {
                return drop(far.write_all(out.as_bytes()).await);
            }
            out += &answered.replace("TAG", &tag);
        }
        log.0.lock().expect("nobody panicked").1 += 1;
        if far.write_all(out.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// UIDs.
pub(super) fn uids(numbers: impl IntoIterator<Item = u32>) -> Vec<Uid> {
    numbers.into_iter().filter_map(Uid::new).collect()
}

/// `TAG OK` to everything.
pub(super) fn ok(_: &str) -> String {
    "TAG OK done\r\n".to_owned()
}
