// Shared by tests/wire.rs and fuzz/fuzz_targets/wire.rs.

use mailkit::message::prepare::prepare;
use mailkit::net::connection::Connection;
use mailkit::net::dialogue::Dialogue;
use mailkit::world::Content;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::duplex;
use tokio::runtime::Runtime;

/// Sends a text as a message, line ends repaired, and looks at every octet that a server would hear.
pub(crate) fn check(runtime: &Runtime, text: &[u8]) {
    let given: Arc<dyn Content> = Arc::new(text.to_vec());
    // A header section beyond its limit is refused; then nothing is sent.
    let Ok(prepared) = prepare(&given, None, true) else { return };
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
            dialogue.send_text(&prepared.content, |_| {}).await.unwrap_or_else(|broken| panic!("{}", broken.error));
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
    let mut sent = prepared.content.to_vec().expect("it lies in memory");
    if !sent.is_empty() && !sent.ends_with(b"\r\n") {
        sent.extend_from_slice(b"\r\n");
    }
    assert_eq!(unstuffed, sent, "what is heard is what was sent");
}
