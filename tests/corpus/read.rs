//! Reading Bob's mailbox, and telling trace fields from the message below them.

use crate::journey::Pipes;
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::Way;
use mailkit::engine::pop3::Entry;
use mailkit::fetch;
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tls::Trust;
use mailkit::sasl::Credentials;
use mailkit::secret::Secret;
use mailkit::store::maildir::Maildir;
use mailkit::store::memory::MemoryDisk;
use mailkit::store::tree::Layout;
use mailkit::sync::{self, Kinds, Mirror, Place, Policy};
use mailkit::world::{Connect, Disk, Stream};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

/// What a message is called in its reverse-path.
pub(crate) fn name_of(number: usize) -> String {
    format!("m{number}")
}

/// Messages by their number.
pub(crate) type Arrived = BTreeMap<usize, Vec<u8>>;

fn arrived(messages: impl IntoIterator<Item = Vec<u8>>) -> Arrived {
    let mut arrived = Arrived::new();
    for octets in messages {
        let path = octets.strip_prefix(b"Return-Path: <m").expect("a Return-Path comes first");
        let number = path.split(|octet| *octet == b'@').next().unwrap();
        let number = std::str::from_utf8(number).unwrap().parse().unwrap();
        assert!(arrived.insert(number, octets).is_none(), "message {number} is there twice");
    }
    arrived
}

/// What is below the trace fields: `Return-Path`, `Delivered-To`, and a `Received` of each server.
pub(crate) fn below_trace(octets: &[u8]) -> &[u8] {
    let mut rest = octets;
    for name in ["Return-Path: ", "Delivered-To: ", "Received: ", "Received: "] {
        assert!(rest.starts_with(name.as_bytes()), "no {name}in {}", octets.escape_ascii());
        loop {
            let end = rest.windows(2).position(|pair| pair == b"\r\n").expect("a field ends") + 2;
            rest = &rest[end..];
            // Our own fields are folded with tabs; a text may begin with a space.
            if !rest.starts_with(b"\t") || !name.starts_with("Received") {
                break;
            }
        }
    }
    rest
}

/// By the words of the protocol: octets as they come over the wire.
pub(crate) async fn by_pop3(way: &Pipes) -> Arrived {
    let mut session = open_pop3(way).await;
    let list = session.list().await.unwrap();
    let mut messages: Vec<(&Entry, Vec<u8>)> = list.iter().map(|entry| (entry, Vec::new())).collect();
    let (_, end) = session.retrieve(&mut messages).await;
    end.unwrap();
    session.quit().await.unwrap();
    for (entry, octets) in &messages {
        assert_eq!(entry.size, octets.len() as u64, "the size in the list");
    }
    arrived(messages.into_iter().map(|(_, octets)| octets))
}

/// As `mailkit pop --to maildir:PATH` does it: files whose lines end with LF.
pub(crate) async fn by_pop3_into_maildir(way: &Pipes) -> Arrived {
    let disk = MemoryDisk::new();
    let maildir = Maildir::open(Arc::new(disk.clone()), Path::new("/mail")).unwrap();
    let session = open_pop3(way).await;
    let retrieval = fetch::Retrieval {
        target: Box::new(fetch::IntoMaildir::new(maildir)),
        register: None,
        source: "bob@127.0.0.1",
        rules: fetch::Rules::default(),
        selection: &fetch::Selection::default(),
        is_rebuilt: false,
        is_headers_only: false,
        is_rehearsal: false,
        clock: &SystemClock,
    };
    fetch::retrieve(session, retrieval, |_| {}).await.unwrap();
    arrived(files(&disk, Path::new("/mail/new")).iter().map(|octets| crate::with_crlf(octets)))
}

/// By raw IMAP: every message whole, in one FETCH.
pub(crate) async fn by_imap(way: &Pipes) -> Arrived {
    let stream = way.connect(SocketAddr::from(([127, 0, 0, 1], 143))).await.unwrap();
    let mut stream = BufReader::new(stream);
    line(&mut stream).await;
    stream
        .write_all(b"a LOGIN bob secret\r\nb EXAMINE INBOX\r\nc FETCH 1:* (RFC822.SIZE BODY.PEEK[])\r\n")
        .await
        .unwrap();
    let mut messages = Vec::new();
    loop {
        let text = line(&mut stream).await;
        if let Some(length) = text.strip_suffix('}').and_then(|text| text.rsplit_once('{')) {
            let mut octets = vec![0; length.1.parse().unwrap()];
            stream.read_exact(&mut octets).await.unwrap();
            assert!(text.contains(&format!("RFC822.SIZE {} ", octets.len())), "{text}");
            assert_eq!(line(&mut stream).await, ")");
            messages.push(octets);
        }
        for tag in ["a", "b", "c"] {
            if let Some(answer) = text.strip_prefix(&format!("{tag} ")) {
                assert!(answer.starts_with("OK "), "{text}");
            }
        }
        if text.starts_with("c ") {
            return arrived(messages);
        }
    }
}

/// As `mailkit imap sync --maildir PATH` does it. A second run fetches nothing.
pub(crate) async fn by_imap_sync(way: &Pipes) -> Arrived {
    let disk = MemoryDisk::new();
    let place = Place {
        disk: Arc::new(disk.clone()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        maildir: "/mail".into(),
        layout: Layout::MaildirPlusPlus,
        state: None,
    };
    let name = "bob@127.0.0.1";
    let policy = Policy { push: Kinds::NONE, ..Policy::default() };
    let mut mirror = Mirror::open(place, name).await.unwrap();
    let mut count = 0;
    for is_first in [true, false] {
        let source = sync::Source {
            endpoint: &Endpoint::parse("imap://bob@127.0.0.1").unwrap(),
            way: Way::to(vec![SocketAddr::from(([127, 0, 0, 1], 143))], Trust::System),
            credentials: Credentials::new("bob", Secret::new("secret".to_owned())),
            trace: None,
        };
        let session = sync::open(way, source).await.unwrap();
        let report = mirror.sync(session, name, &policy, false, &mut |_, _| {}).await.unwrap();
        assert!(report.refusals == 0 && report.missing == 0, "{report:?}");
        count += report.fetched;
        assert_eq!(report.fetched > 0, is_first, "{report:?}");
    }
    let files = ["/mail/new", "/mail/cur"].map(|dir| files(&disk, Path::new(dir)));
    assert_eq!(files.iter().map(Vec::len).sum::<usize>() as u64, count);
    arrived(files.iter().flatten().map(|octets| crate::with_crlf(octets)))
}

async fn open_pop3(way: &Pipes) -> mailkit::engine::pop3::Session {
    let endpoint = Endpoint::parse("pop3://bob@127.0.0.1").unwrap();
    let source = fetch::Source {
        endpoint: &endpoint,
        way: Way::to(vec![SocketAddr::from(([127, 0, 0, 1], 110))], Trust::System),
        credentials: Credentials::new("bob", Secret::new("secret".to_owned())),
        trace: None,
        stop: tokio_util::sync::CancellationToken::new(),
    };
    fetch::open(way, source).await.unwrap()
}

async fn line(stream: &mut BufReader<Box<dyn Stream>>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line.strip_suffix("\r\n").expect("a whole line").to_owned()
}

fn files(disk: &MemoryDisk, dir: &Path) -> Vec<Vec<u8>> {
    let read = |name: std::ffi::OsString| {
        let file = disk.open(&dir.join(name)).unwrap();
        let mut octets = vec![0; file.size().unwrap() as usize];
        assert_eq!(file.read_at(0, &mut octets).unwrap(), octets.len());
        octets
    };
    disk.read_dir(dir).unwrap().into_iter().map(|entry| read(entry.name)).collect()
}
