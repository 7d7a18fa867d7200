//! Which version of TLS a server speaks with whom no handshake comes about.
//!
//! Says hello as a client of 2010 would, reads the version that the server chooses, and breaks off: no keys are made and
//! nothing is encrypted. For those who report on servers, after a handshake of ours has failed.
//! RFC 5246 §7.2, §7.4.1.2, §7.4.1.3, Appendix E.1; RFC 8996.

use crate::net::entropy::SystemEntropy;
use crate::world::{Entropy, Stream};
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An alert of ours: fatal, user_canceled.
const GOODBYE: [u8; 7] = [21, 3, 1, 0, 2, 2, 90];
/// Octets from the beginning of a record to the version in a ServerHello.
const HELLO_HEAD: usize = 11;

/// Cipher suites of all times between TLS 1.0 and 1.2, whatever they are worth: none of them is used.
const SUITES: [u16; 20] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xc009, 0xc013, 0xc00a, 0xc014, 0xc012, 0x009e, 0x0033, 0x0039, 0x0016, 0x009c,
    0x003c, 0x002f, 0x0035, 0x000a, 0x0005, 0x0004,
];

/// Asks. An error says that the connection broke.
pub(super) async fn ask(mut stream: Box<dyn Stream>, name: &ServerName<'_>) -> io::Result<Newest> {
    let mut random = [0; 32];
    SystemEntropy.fill(&mut random);
    answer(&mut stream, &hello(random, name)).await
}

/// The newest version that a server speaks with a client that knows none beyond TLS 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    /// SSL 3.0.
    Ssl30,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2, so it is not too old.
    Tls12,
    /// It speaks TLS, and a version that nobody knows.
    Odd,
    /// It speaks TLS, and none of these versions, as one does that knows TLS 1.3 alone.
    Other,
    /// What it says is not TLS; or it says nothing.
    NoTls,
}

impl Newest {
    /// Whether the server speaks TLS at all.
    pub fn is_tls(self) -> bool {
        self != Self::NoTls
    }

    /// The name of the version, as `TLS 1.0`, if it is too old.
    pub fn too_old(self) -> Option<&'static str> {
        match self {
            Self::Ssl30 => Some("SSL 3.0"),
            Self::Tls10 => Some("TLS 1.0"),
            Self::Tls11 => Some("TLS 1.1"),
            Self::Odd => Some("one that nobody knows"),
            Self::Tls12 | Self::Other | Self::NoTls => None,
        }
    }
}

impl fmt::Display for Newest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.too_old()) {
            (Self::Ssl30, _) => {
                f.write_str("the newest version that the server speaks is SSL 3.0: TLS 1.2 or 1.3 is needed")
            }
            (_, Some(version)) => {
                write!(f, "the newest version that the server speaks is {version}: 1.2 or 1.3 is needed")
            }
            (Self::Tls12, _) => f.write_str("the server speaks TLS 1.2, so it is not too old"),
            (Self::NoTls, _) => f.write_str("what the server says is not TLS"),
            _ => f.write_str("the server speaks TLS, and none of the versions up to 1.2"),
        }
    }
}

async fn answer(stream: &mut Box<dyn Stream>, hello: &[u8]) -> io::Result<Newest> {
    stream.write_all(hello).await?;
    stream.flush().await?;
    let mut head = [0; HELLO_HEAD];
    let mut filled = 0;
    // An alert is shorter.
    while filled < HELLO_HEAD && !is_alert(&head[..filled]) {
        match stream.read(&mut head[filled..]).await? {
            0 => break,
            count => filled += count,
        }
    }
    // Whoever is left in the middle of a handshake deserves a word.
    let _ = stream.write_all(&GOODBYE).await;
    let _ = stream.shutdown().await;
    Ok(chosen(&head[..filled]))
}

fn is_alert(octets: &[u8]) -> bool {
    octets.first() == Some(&21)
}

/// What the beginning of a record means.
fn chosen(octets: &[u8]) -> Newest {
    match octets {
        // A record of the handshake, its version and length; ServerHello, its length; its version.
        [22, 3, _, _, _, 2, _, _, _, 3, 0] => Newest::Ssl30,
        [22, 3, _, _, _, 2, _, _, _, 3, 1] => Newest::Tls10,
        [22, 3, _, _, _, 2, _, _, _, 3, 2] => Newest::Tls11,
        [22, 3, _, _, _, 2, _, _, _, 3, 3] => Newest::Tls12,
        [22, 3, _, _, _, 2, _, _, _, _, _] => Newest::Odd,
        [21, 3, ..] => Newest::Other,
        _ => Newest::NoTls,
    }
}

/// A ClientHello of TLS 1.2, which servers of older versions know how to answer (RFC 5246, Appendix E.1).
fn hello(random: [u8; 32], name: &ServerName<'_>) -> Vec<u8> {
    let suites: Vec<u8> = SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let mut extensions = Vec::new();
    if let ServerName::DnsName(name) = name {
        // RFC 6066 §3: a list of one name of the type host_name.
        let entry = [&[0][..], &counted(name.as_ref().as_bytes())].concat();
        extend(&mut extensions, 0, &counted(&entry));
    }
    // secp256r1, secp384r1, secp521r1; uncompressed points (RFC 8422 §5.1).
    extend(&mut extensions, 10, &counted(&[0, 23, 0, 24, 0, 25]));
    extend(&mut extensions, 11, &[1, 0]);
    // RSA and ECDSA with SHA-256, SHA-384 and SHA-1 (RFC 5246 §7.4.1.4.1).
    extend(&mut extensions, 13, &counted(&[4, 1, 4, 3, 5, 1, 5, 3, 2, 1, 2, 3]));
    // RFC 5746 §3.4: some servers refuse those who do not know it.
    extend(&mut extensions, 0xff01, &[0]);
    let body = [&[3, 3][..], &random, &[0], &counted(&suites), &[1, 0], &counted(&extensions)].concat();
    let message = [&[1, 0][..], &counted(&body)].concat();
    [&[22, 3, 1][..], &counted(&message)].concat()
}

fn extend(extensions: &mut Vec<u8>, kind: u16, data: &[u8]) {
    extensions.extend_from_slice(&kind.to_be_bytes());
    extensions.extend_from_slice(&counted(data));
}

/// Behind two octets that say how many there are.
fn counted(octets: &[u8]) -> Vec<u8> {
    let length = u16::try_from(octets.len()).expect("a hello is a few hundred octets long");
    [&length.to_be_bytes(), octets].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::server::Acceptor;
    use tokio::io::duplex;

    fn name() -> ServerName<'static> {
        ServerName::try_from("mx.x.test").expect("a name")
    }

    #[test]
    fn a_hello_is_one_that_servers_understand() {
        let mut acceptor = Acceptor::default();
        let hello = hello([7; 32], &name());
        acceptor.read_tls(&mut hello.as_slice()).expect("octets");
        let accepted = acceptor.accept().expect("a hello").expect("a whole one");
        assert_eq!(accepted.client_hello().server_name(), Some("mx.x.test"));
        assert_eq!(accepted.client_hello().cipher_suites().len(), SUITES.len());
    }

    #[tokio::test]
    async fn the_version_is_the_one_that_the_server_chooses() {
        let server_hello = |minor: u8| vec![22, 3, minor, 0, 80, 2, 0, 0, 76, 3, minor, 1, 2, 3];
        for (said, wanted, is_tls) in [
            (server_hello(0), Some("SSL 3.0"), true),
            (server_hello(1), Some("TLS 1.0"), true),
            (server_hello(2), Some("TLS 1.1"), true),
            (server_hello(3), None, true),
            (server_hello(9), Some("one that nobody knows"), true),
            (server_hello(1)[..10].to_vec(), None, false),
            // protocol_version; handshake_failure.
            (vec![21, 3, 1, 0, 2, 2, 70], None, true),
            (vec![21, 3, 3, 0, 2, 2, 40], None, true),
            (b"500 5.5.1 what?\r\n".to_vec(), None, false),
            (vec![], None, false),
        ] {
            let (near, mut far) = duplex(1024);
            far.write_all(&said).await.expect("room");
            let peer = tokio::spawn(async move {
                let mut heard = Vec::new();
                // Without an end of its own, unless it says too little.
                if !matches!(said.first(), Some(22)) || said.len() < HELLO_HEAD {
                    far.shutdown().await.expect("an end");
                }
                far.read_to_end(&mut heard).await.expect("octets");
                heard
            });
            let newest = ask(Box::new(near), &name()).await.expect("an answer");
            assert_eq!((newest.too_old(), newest.is_tls()), (wanted, is_tls), "{newest}");
            assert!(peer.await.expect("it ends").ends_with(&GOODBYE));
        }
    }
}
