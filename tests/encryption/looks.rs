//! A look at a stranger's certificate, wherever the protocol has its handshake.

use super::authority::{Chain, params};
use super::clients::{End, PROTOCOLS, tells, words};
use mailkit::address::Domain;
use mailkit::endpoint::{Endpoint, Protocol};
use mailkit::engine::dial::Way;
use mailkit::engine::look::look;
use mailkit::net::tls::Trust;
use mailkit::wire::secured::Verified;
use mailkit::world::{Connect, Later, Stream};
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;

/// A connection that is there already.
struct Pipe(Mutex<Option<DuplexStream>>);

impl Connect for Pipe {
    fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stream = stream.map(|stream| Box::new(stream) as Box<dyn Stream>);
        Box::pin(std::future::ready(stream.ok_or_else(|| io::ErrorKind::ConnectionRefused.into())))
    }
}

#[tokio::test]
async fn a_strangers_certificate_is_shown_and_nothing_is_told_to_it() {
    for protocol in PROTOCOLS {
        for implicit in [true, false] {
            let scheme = match protocol {
                Protocol::Smtp | Protocol::Lmtp => "smtp",
                Protocol::Pop3 => "pop3",
                Protocol::Imap => "imap",
                Protocol::Sieve => "sieve",
            };
            let scheme = if implicit { format!("{scheme}s") } else { scheme.to_owned() };
            let endpoint = Endpoint::parse(&format!("{scheme}://mail.crepes.example")).expect("a server");
            let chain = Chain::own(&params(&["stranger.example"]));
            let (near, far) = duplex(16 * 1024);
            let config = chain.server();
            let words = words(protocol);
            let server = tokio::spawn(async move {
                let mut end = End::new(far);
                let mut clear = Vec::new();
                if !implicit {
                    end.say(words.greeting).await;
                    end.line().await;
                    end.say(words.offer).await;
                    end.line().await;
                    end.say(words.agree).await;
                    clear = end.heard;
                }
                let mut end = End::new(TlsAcceptor::from(config).accept(end.stream).await.expect("a handshake"));
                if implicit {
                    end.say(words.greeting).await;
                }
                end.serve(&words, words.offer_without_tls).await;
                [clear, end.heard].concat()
            });
            let way = Way::to(vec![([192, 0, 2, 1], 1).into()], Trust::System);
            let helo = Domain::parse("crepes.example").expect("a name");
            let seen = look(&Pipe(Mutex::new(Some(near))), &endpoint, &way, &helo, None).await.expect("a look");
            assert_eq!(seen.chain.len(), 1, "{endpoint}");
            assert_eq!((&seen.chain[0].der, seen.verified), (&chain.certificates[0], Verified::No), "{endpoint}");
            assert!(seen.chain[0].pem().starts_with("-----BEGIN CERTIFICATE-----\nMII"), "{endpoint}");
            let heard = server.await.expect("it served");
            assert!(!tells(&heard), "{endpoint}: {}", heard.escape_ascii());
        }
    }
}
