//! Foreign messages on the whole way: send, relay, serve, then read by POP3 and by IMAP.
//!
//! Each one of the corpus comes back as it left, behind the trace fields that the servers put on top; what is
//! refused stands in a table, with its reason. Two servers and all connections are in memory.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

#[path = "corpus/journey.rs"]
mod journey;
#[path = "corpus/read.rs"]
mod read;
mod stage;
mod watchdog;

use journey::{Fate, Town};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What does not arrive, and in which words it is refused, by us before it is sent or by the first server.
const REFUSED: [(&str, &str); 2] = [
    // Every octet from 0 to 255 as it is: no line ends that all servers would read alike.
    (
        "enmime/testdata/encode/part-message-rfc822.golden",
        "prepare: prepare the message: a bare CR in line 5, column 3",
    ),
    // Text in UTF-16, unencoded. RFC 6152 §3 allows octets above 127, and no NUL.
    ("stalwart/resources/eml/thirdparty/005.eml", "prepare: prepare the message: a NUL in it cannot be sent"),
];

/// So many there are at least: a test that finds none would find nothing wrong.
const COUNT_MIN: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_comes_back_as_it_left_or_stands_in_the_table() {
    let _watch = watchdog::over("the corpus", Duration::from_secs(300));
    let (names, messages): (Vec<String>, Vec<Vec<u8>>) = corpus().into_iter().unzip();
    assert!(names.len() >= COUNT_MIN, "only {} messages", names.len());
    let mut town = Town::build().await;
    let fates = town.send_all(&messages).await;
    let mut wrong = Vec::new();
    for (name, fate) in names.iter().zip(&fates) {
        let wanted = REFUSED.iter().find(|(refused, _)| refused == name);
        match (fate, wanted) {
            (Fate::Delivered, None) => {}
            (Fate::Delivered, Some(_)) => wrong.push(format!("{name} is in the table and was not refused")),
            (Fate::Refused(words), Some((_, wanted))) if words.contains(wanted) => {}
            (Fate::Refused(words), _) => wrong.push(format!("{name} is refused: {words}")),
        }
    }
    for (refused, _) in REFUSED.iter().filter(|(refused, _)| !names.iter().any(|name| name == refused)) {
        wrong.push(format!("{refused} is in the table and not in the corpus"));
    }
    let way = town.to_bob();
    let readers = [
        ("POP3", read::by_pop3(&way).await),
        ("POP3 into a Maildir", read::by_pop3_into_maildir(&way).await),
        ("IMAP", read::by_imap(&way).await),
        ("IMAP sync", read::by_imap_sync(&way).await),
    ];
    for (reader, arrived) in readers {
        for (number, (name, fate)) in names.iter().zip(&fates).enumerate() {
            match (fate, arrived.get(&number)) {
                (Fate::Refused(_), None) => {}
                (Fate::Refused(_), Some(_)) => wrong.push(format!("{name} was refused and arrived, by {reader}")),
                (Fate::Delivered, None) => wrong.push(format!("{name} did not arrive, by {reader}")),
                (Fate::Delivered, Some(octets)) => {
                    let (found, wanted) = (read::below_trace(octets), as_it_arrives(&messages[number]));
                    if found != wanted {
                        let at = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
                        wrong.push(format!("{name} is not the same from octet {at} on, by {reader}"));
                    }
                }
            }
        }
        let delivered = fates.iter().filter(|fate| **fate == Fate::Delivered).count();
        assert_eq!(arrived.len(), delivered, "by {reader}");
    }
    assert!(wrong.is_empty(), "{} of {} messages:\n{}", wrong.len(), names.len(), wrong.join("\n"));
}

/// What stands below the trace fields: a text without header section behind an empty line, which keeps it apart.
fn as_it_arrives(message: &[u8]) -> Vec<u8> {
    let message = with_crlf(message);
    let first = message.split(|octet| *octet == b'\r').next().unwrap();
    let name = first.split(|octet| *octet == b':').next().unwrap();
    let is_field =
        name.len() < first.len() && !name.is_empty() && name.trim_ascii_end().iter().all(u8::is_ascii_graphic);
    if is_field || first.is_empty() { message } else { [b"\r\n".as_slice(), &message].concat() }
}

/// All lines end with CRLF, the last one too.
fn with_crlf(message: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        octets.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
        octets.extend_from_slice(b"\r\n");
    }
    octets
}

/// The messages below `tests/messages/corpus`, by their paths there.
fn corpus() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/corpus");
    let (mut found, mut dirs): (BTreeMap<String, Vec<u8>>, Vec<PathBuf>) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                dirs.push(path);
            } else if name != "README.md" {
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}
