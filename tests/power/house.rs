//! A server on a disk that can break, and what is in its one mailbox.

use crate::stage::{self, Wishes};
use mailkit::error::Result;
use mailkit::net::clock::FastClock;
use mailkit::relay::event::{AttemptResult, Event};
use mailkit::server::{Server, Service};
use mailkit::store::memory::MemoryDisk;
use mailkit::world::{Stream, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What should happen happens by then.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A message that can be told from all others, and whose every octet is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Letter {
    pub(crate) name: String,
    size: usize,
}

/// A server, its clock, and what it saw fail.
pub(crate) struct House {
    server: Arc<Server>,
    disk: MemoryDisk,
    clock: Arc<FastClock>,
    failed: Arc<Mutex<Vec<String>>>,
}

impl Letter {
    pub(crate) fn new(name: &str, size: usize) -> Self {
        Self { name: name.to_owned(), size }
    }

    pub(crate) fn text(&self) -> String {
        let head = format!("X-Letter: {} {}\r\n\r\n", self.name, self.size);
        let lines = (0..self.size / 50).map(|line| format!("{line:08} of a letter whose every octet is known.\r\n"));
        std::iter::once(head).chain(lines).collect()
    }

    /// From what is in the mailbox, which must be whole.
    fn recognise(octets: &[u8]) -> Self {
        let text = std::str::from_utf8(octets).unwrap();
        let own = text.get(text.find("X-Letter: ").expect("a letter")..).unwrap();
        let (name, size) = own["X-Letter: ".len()..].split("\r\n").next().unwrap().split_once(' ').unwrap();
        let letter = Self::new(name, size.parse().unwrap());
        assert!(own == letter.text(), "{letter} is not whole: {} octets", own.len());
        letter
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "letter {} of {} octets", self.name, self.size)
    }
}

impl House {
    pub(crate) async fn open(disk: &MemoryDisk) -> Result<Arc<Self>> {
        let clock = Arc::new(FastClock::new(Timestamp::now(), 1));
        let failed = Arc::new(Mutex::new(Vec::new()));
        let notes = failed.clone();
        let wishes = Wishes {
            users: vec!["bob".to_owned()],
            clock: Some(clock.clone()),
            observer: Some(Arc::new(move |event: &Event| {
                if let Event::Attempt { result: AttemptResult::Failed, words, .. } = event {
                    notes.lock().unwrap().push(words.clone());
                }
            })),
            ..Wishes::default()
        };
        let server = Arc::new(stage::server_on(&wishes, disk.clone()).await?);
        Ok(Arc::new(Self { server, disk: disk.clone(), clock, failed }))
    }

    pub(crate) fn connect(&self, service: Service) -> Box<dyn Stream> {
        stage::connect(&self.server, service, false)
    }

    /// Tells the server to stop, and lets what waits for the disk wait no longer.
    pub(crate) fn close(&self) {
        self.server.cancel();
        self.clock.turn(Duration::from_secs(60));
    }

    /// What was given up, which nothing here is a reason for.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.failed.lock().unwrap().clone()
    }

    /// Waits until nothing is in the queue, and hurries the clock.
    pub(crate) async fn is_quiet(&self) {
        let begin = Instant::now();
        while !self.is_queue_empty().await {
            assert!(begin.elapsed() < WAIT_MAX, "the queue never empties");
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.clock.turn(Duration::from_secs(60));
        }
    }

    /// Waits until nothing is in the queue, or the disk did so many operations that the rest failed.
    pub(crate) async fn is_quiet_or_disk_fails(&self, at: u64) {
        let begin = Instant::now();
        while self.disk.counts().operations <= at && !self.is_queue_empty().await {
            assert!(begin.elapsed() < WAIT_MAX, "the queue never empties");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn is_queue_empty(&self) -> bool {
        self.server.spool().entries(None, 1).await.is_ok_and(|entries| entries.is_empty())
    }

    /// What is in the mailbox, and how often.
    pub(crate) async fn letters(&self) -> BTreeMap<Letter, usize> {
        let account = self.server.mailstore().account("bob").await.unwrap();
        let mut found = BTreeMap::new();
        for row in account.snapshot("INBOX").await.unwrap().rows {
            let mut octets = Vec::new();
            while let piece @ [_, ..] = &account.read("INBOX", row.uid, octets.len() as u64, 1 << 20).await.unwrap()[..]
            {
                octets.extend_from_slice(piece);
            }
            assert_eq!(octets.len() as u64, row.size);
            *found.entry(Letter::recognise(&octets)).or_insert(0) += 1;
        }
        found
    }
}
