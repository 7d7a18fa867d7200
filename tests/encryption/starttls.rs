//! STARTTLS under attack: whatever somebody on the way says or leaves out, nothing secret is said in clear, and nothing
//! that was said in clear counts afterwards. RFC 3207 §6; RFC 2595; RFC 9051 §11.1.

use super::authority::{Authority, params};
use super::clients::{End, PROTOCOLS, log_in, tells, words};
use mailkit::endpoint::Protocol;
use mailkit::engine::dial::Security;
use mailkit::error::Kind;
use mailkit::net::tls::{ClientTls, Trust};
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

const NAME: &str = "mail.crepes.example";

/// What the server, or whoever is between, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// None: the way it should be.
    Honest,
    /// Its agreement, and answers to what will be asked, in one packet.
    Injected,
    /// The same, but later.
    InjectedLater,
    /// The same, with the greeting: all answers before all questions.
    AnswersFirst,
    /// The offer is left out.
    Stripped,
    /// Offered, then refused.
    Refused,
    /// The client is greeted as somebody known (IMAP).
    PreAuth,
    /// A handshake that goes on for ever, octet by octet.
    Endless,
    /// The end, in the middle of the handshake.
    Cut,
    /// A login that is offered in clear and not behind TLS.
    LoginInClearOnly,
}

struct Heard {
    clear: Vec<u8>,
    secured: Vec<u8>,
}

async fn attack(protocol: Protocol, attack: Attack, config: Arc<ServerConfig>, far: DuplexStream) -> Heard {
    let (words, mut end) = (words(protocol), End::new(far));
    let (offer, agree) = (words.offer, words.agree);
    match attack {
        Attack::PreAuth => {
            end.say("* PREAUTH IMAP4rev1 you are known here\r\n").await;
            end.serve(&words, offer).await;
        }
        Attack::Stripped => {
            end.say(words.greeting).await;
            end.serve(&words, words.offer_without_tls).await;
        }
        Attack::AnswersFirst => {
            end.say(&[words.greeting, offer, agree, words.offer_without_tls].concat()).await;
            drain(&mut end).await;
        }
        _ => {
            end.say(words.greeting).await;
            end.line().await;
            end.say(offer).await;
            end.line().await;
        }
    }
    match attack {
        Attack::PreAuth | Attack::Stripped | Attack::AnswersFirst => {}
        Attack::Refused => {
            end.say(words.refuse).await;
            end.serve(&words, offer).await;
        }
        Attack::Injected => {
            end.say(&[agree, words.offer_without_tls].concat()).await;
            drain(&mut end).await;
        }
        Attack::InjectedLater => {
            end.say(agree).await;
            sleep(Duration::from_secs(1)).await;
            end.say(words.offer_without_tls).await;
            drain(&mut end).await;
        }
        Attack::Endless => {
            end.say(agree).await;
            sleep(Duration::from_secs(1)).await;
            // The beginning of a long message, which is never whole.
            let mut octets = [22, 3, 3, 0x3f, 0xff, 2, 0, 0x3f, 0xf0].into_iter().chain(std::iter::repeat(3));
            while end.stream.write_all(&[octets.next().expect("it repeats")]).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        }
        Attack::Cut => {
            end.say(agree).await;
            let mut hello = [0; 64];
            end.stream.read_exact(&mut hello).await.expect("a hello");
        }
        Attack::Honest | Attack::LoginInClearOnly => {
            end.say(agree).await;
            let clear = std::mem::take(&mut end.heard);
            let stream = TlsAcceptor::from(config).accept(end.stream).await.expect("a handshake");
            let mut secured = End::new(stream);
            let offer = match attack {
                Attack::Honest => words.offer_without_tls,
                _ => words.offer_without_login,
            };
            secured.serve(&words, offer).await;
            return Heard { clear, secured: secured.heard };
        }
    }
    Heard { clear: end.heard, secured: Vec::new() }
}

async fn drain(end: &mut End<DuplexStream>) {
    while end.line().await.is_some() {}
}

async fn play(protocol: Protocol, kind: Attack) -> (Result<(), (Kind, String)>, Heard) {
    let root = Authority::root("root");
    let config = root.sign(&params(&[NAME]), &[]).server();
    let (near, far) = duplex(64 * 1024);
    let server = tokio::spawn(attack(protocol, kind, config, far));
    let trust = Trust::Authorities(root.certificate.pem().into_bytes());
    let security = Security::Required(ClientTls::new(&trust).expect("an authority"));
    let result = log_in(protocol, Box::new(near), NAME, security).await;
    (result, server.await.expect("it ends"))
}

#[tokio::test(start_paused = true)]
async fn each_attack_is_refused_in_its_own_words() {
    use Protocol::{Imap, Pop3, Smtp};
    const INJECTED: &str = "the server spoke on in clear after agreeing to TLS";
    const NO_TLS: &str = "what the server says is not TLS";
    for (kind, protocols, fate, wanted) in [
        (Attack::Injected, &PROTOCOLS[..], Kind::Unavailable, INJECTED),
        (Attack::InjectedLater, &PROTOCOLS, Kind::Unavailable, NO_TLS),
        (Attack::Stripped, &PROTOCOLS, Kind::Unavailable, "the server does not offer TLS, which is required"),
        (Attack::Refused, &[Smtp], Kind::Temporary, "TLS is not available now"),
        (Attack::Refused, &[Pop3, Imap], Kind::Unavailable, "the server offers TLS and then refuses it"),
        (Attack::PreAuth, &[Imap], Kind::Unavailable, "the server takes everybody for somebody it knows"),
        (Attack::Endless, &PROTOCOLS, Kind::Temporary, "the TLS handshake took too long"),
        (Attack::Cut, &PROTOCOLS, Kind::Temporary, "the server closed the connection during the TLS handshake"),
        // SMTP ends when the answer to EHLO is there before EHLO was said.
        (Attack::AnswersFirst, &[Smtp], Kind::Protocol, "the server spoke without being asked"),
        (Attack::AnswersFirst, &[Pop3], Kind::Unavailable, INJECTED),
        (Attack::LoginInClearOnly, &[Smtp], Kind::NoPermission, "the server offers no login"),
        (Attack::LoginInClearOnly, &[Imap], Kind::Unavailable, "the server takes no passwords on this connection"),
    ] {
        for protocol in protocols {
            let (result, heard) = play(*protocol, kind).await;
            let (found, text) = result.expect_err("an attack");
            assert!(text.starts_with(wanted), "{kind:?}, {protocol:?}: {text}");
            assert_eq!(found, fate, "{kind:?}, {protocol:?}: {text}");
            assert!(!tells(&heard.clear), "{kind:?}, {protocol:?}: {}", heard.clear.escape_ascii());
            assert!(!tells(&heard.secured), "{kind:?}, {protocol:?}: {}", heard.secured.escape_ascii());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn answers_before_their_questions_are_no_answers_in_imap() {
    // Each answer carries the tag of its question, which nobody can know before.
    let (result, heard) = play(Protocol::Imap, Attack::AnswersFirst).await;
    let (_, text) = result.expect_err("an attack");
    assert!(!tells(&heard.clear), "{text}: {}", heard.clear.escape_ascii());
}

#[tokio::test(start_paused = true)]
async fn what_is_offered_behind_tls_counts_and_nothing_else() {
    for protocol in PROTOCOLS {
        let (result, heard) = play(protocol, Attack::Honest).await;
        assert_eq!(result, Ok(()), "{protocol:?}");
        assert!(!tells(&heard.clear) && tells(&heard.secured), "{protocol:?}");
    }
    // POP3 always has a login; but not by the mechanism that only the clear text named.
    let (result, heard) = play(Protocol::Pop3, Attack::LoginInClearOnly).await;
    let secured = String::from_utf8_lossy(&heard.secured);
    assert!(result.is_ok() && secured.contains("USER bob") && !secured.contains("AUTH"), "{secured}");
}

#[tokio::test]
async fn without_tls_no_password_goes_over_a_wire() {
    for protocol in PROTOCOLS {
        let (near, far) = duplex(64 * 1024);
        let server = tokio::spawn(async move {
            let (words, mut end) = (words(protocol), End::new(far));
            end.say(words.greeting).await;
            end.serve(&words, words.offer_without_tls).await;
            end.heard
        });
        let (kind, text) = log_in(protocol, Box::new(near), NAME, Security::None).await.expect_err("in clear");
        assert!(text.starts_with("the connection is not encrypted, so the password was not sent"), "{text}");
        assert_eq!(kind, Kind::Unavailable);
        let heard = server.await.expect("it ends");
        assert!(!tells(&heard), "{protocol:?}: {}", heard.escape_ascii());
    }
}
