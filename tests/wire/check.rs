// Shared by tests/wire.rs and fuzz/fuzz_targets/wire.rs.

use mailkit::address::Address;
use mailkit::message::build::{Attachment, Correspondent, Draft};
use mailkit::message::downcode::downcode;
use mailkit::message::long_text::{self, Text};
use mailkit::message::prepare::{Fixups, prepare};
use mailkit::net::connection::Connection;
use mailkit::net::dialogue::Dialogue;
use mailkit::net::entropy::SeededEntropy;
use mailkit::world::{Content, Timestamp};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::duplex;
use tokio::runtime::Runtime;

/// Sends a text in each way in which `send` takes one, and looks at every octet that a server would hear.
pub(crate) fn check(runtime: &Runtime, text: &[u8]) {
    let given: Arc<dyn Content> = Arc::new(text.to_vec());
    let entropy = SeededEntropy::new(7);
    let from = alice();
    let fixups = || Fixups { from: Some(&from), now: Timestamp::UNIX_EPOCH, entropy: &entropy, domain: None };
    // What is refused is not sent.
    for repair in [false, true] {
        for fixups in [None, Some(fixups())] {
            let Ok(prepared) = prepare(&given, fixups, repair) else { continue };
            send(runtime, &prepared.content);
            let Ok(seven_bit) = downcode(&prepared.content) else { continue };
            assert!(send(runtime, &seven_bit).is_ascii(), "seven bits are enough");
        }
    }
    for draft in drafts(text, &given) {
        if let Ok(written) = draft.write(Timestamp::UNIX_EPOCH, &entropy) {
            send(runtime, &written.content);
        }
    }
}

/// The text as a body, as a subject, and as files that travel with a message.
fn drafts(text: &[u8], given: &Arc<dyn Content>) -> Vec<Draft> {
    let mut plain = Draft::new(alice());
    match long_text::text(given) {
        Ok(Text::Short(text)) => plain.text = text,
        Ok(Text::Long(content)) => plain.long_text = Some(content),
        Err(_) => {}
    }
    let mut named = Draft::new(alice());
    named.subject = Some(String::from_utf8_lossy(text).into_owned());
    named.fields = vec![("X-Test".to_owned(), String::from_utf8_lossy(text).into_owned())];
    let attachment = |media_type: &str| Attachment {
        name: "file".to_owned(),
        media_type: media_type.to_owned(),
        content: given.clone(),
        inline: false,
    };
    let attached = Draft { attachments: vec![attachment("message/rfc822"), attachment("text/plain")], ..plain.clone() };
    vec![plain, named, attached]
}

fn alice() -> Correspondent {
    Correspondent { name: None, address: Address::parse("alice@crepes.example").expect("an address") }
}

/// Sends it, and gives what a server hears, without the end.
fn send(runtime: &Runtime, content: &dyn Content) -> Vec<u8> {
    let wire = runtime.block_on(async {
        let (near, mut far) = duplex(64 * 1024);
        let peer = SocketAddr::from(([127, 0, 0, 1], 25));
        let mut dialogue = Dialogue::new(Connection::new(Box::new(near), peer, None), "mx", Duration::from_secs(10));
        let hear = async {
            let mut wire = Vec::new();
            far.read_to_end(&mut wire).await.expect("a pipe does not break");
            wire
        };
        let say = async {
            dialogue.send_text(content, |_| {}).await.unwrap_or_else(|broken| panic!("{}", broken.error));
            dialogue.close().await;
        };
        tokio::join!(hear, say).0
    });
    let body = wire.strip_suffix(b".\r\n").expect("it ends with a lone dot");
    assert!(body.is_empty() || body.ends_with(b"\r\n"), "the dot is alone");
    let mut unstuffed = Vec::new();
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r\n").expect("no bare LF");
        assert!(!line.contains(&b'\r'), "no bare CR");
        assert_ne!(line, b".", "no dot alone before the end");
        assert!(!line.starts_with(b".") || line.starts_with(b".."), "dots are stuffed");
        unstuffed.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        unstuffed.extend_from_slice(b"\r\n");
    }
    let mut sent = vec![0; usize::try_from(content.size()).expect("it lies in memory")];
    let mut at = 0;
    while at < sent.len() {
        at += content.read_at(at as u64, &mut sent[at..]).expect("it lies in memory");
    }
    if !sent.is_empty() && !sent.ends_with(b"\r\n") {
        sent.extend_from_slice(b"\r\n");
    }
    assert_eq!(unstuffed, sent, "what is heard is what was sent");
    body.to_vec()
}
