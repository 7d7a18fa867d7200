//! What a further connection to a server settles, where the first one left a question open.
//!
//! At most one is made, after a failure that may have several causes: which version of TLS is spoken where no handshake
//! comes about, and whether a server that does not greet waits for TLS. Nobody is asked twice, and what came of it stands
//! in the trace. RFC 8314 §3.3; RFC 8996.

use super::opinion;
use super::server::{Look, Met};
use super::sighting::{Failure, Sighting, State};
use crate::endpoint::{Endpoint, TlsMode};
use crate::engine::dial::{Dial, Dialled, dial, follow};
use crate::engine::passed::introduce;
use crate::error::Kind;
use crate::net::dialogue::Trouble;
use crate::net::tls::{Newest, Trust, Why};
use crate::smtp::outcome::Phase;
use crate::world::Connect;
use std::time::Duration;

/// Who has not greeted by now may wait for something.
const EARLY: Duration = Duration::from_secs(5);
/// How long the further connection has for each of its steps.
const STEP_WAIT: Duration = Duration::from_secs(10);
/// Where nobody begins with TLS, and some greet late on purpose.
const CLEAR_PORTS: [u16; 6] = [24, 25, 110, 143, 587, 4190];

/// Whether it is not clear from what was seen why TLS failed.
pub(super) fn is_open(sighting: &Sighting) -> bool {
    let failure = sighting.failure.as_ref().filter(|failure| failure.phase == Phase::Tls.name());
    let is_open = matches!(sighting.trouble, Some(Trouble::Handshake(Why::TooOld | Why::Vague)));
    is_open && failure.is_some_and(|failure| failure.code.is_none())
}

/// Asks which version of TLS the server speaks, and tells it in what was seen.
pub(super) async fn settle(connect: &dyn Connect, look: &Look<'_>, sighting: &mut Sighting) {
    // On the heap: it is as large as the look before, and seldom needed.
    let Some(newest) = Box::pin(ask(connect, look, look.endpoint)).await else { return };
    // One that would speak TLS 1.2 with somebody else has another reason, which nobody has told.
    let Some(version) = newest.too_old() else { return };
    sighting.old_tls = Some(version);
    sighting.state = State::Unfit;
    sighting.kind = Some(Kind::Unavailable);
    if let Some(failure) = &mut sighting.failure {
        failure.text = newest.to_string();
    }
    opinion::form(sighting, look.endpoint);
}

/// Ends when it is known that a server which has not greeted yet speaks TLS from the first octet; never, if it does not, or
/// if that is not to be expected of it.
pub(super) async fn tls_comes_first(connect: &dyn Connect, look: &Look<'_>) {
    let endpoint = look.endpoint;
    let is_likely = endpoint.local.is_none()
        && look.proxy.is_none()
        && endpoint.tls != TlsMode::Implicit
        && !CLEAR_PORTS.contains(&endpoint.port);
    if is_likely {
        tokio::time::sleep(EARLY).await;
        let endpoint = Endpoint { tls: TlsMode::Implicit, ..endpoint.clone() };
        if Box::pin(ask(connect, look, &endpoint)).await.is_some_and(Newest::is_tls) {
            return;
        }
    }
    std::future::pending().await
}

/// What there is to say of a server that waits for TLS.
pub(super) fn waits_for_tls(sighting: &mut Sighting, endpoint: &Endpoint) {
    sighting.state = State::Unfit;
    sighting.kind = Some(Kind::Unavailable);
    let url = opinion::begun_with_tls(endpoint);
    sighting.failure = Some(Failure {
        phase: Phase::Greeting.name(),
        code: None,
        enhanced: None,
        text: "it does not greet, since it speaks TLS from the first octet".to_owned(),
        hint: Some(format!("{url} begins with TLS")),
    });
    opinion::form(sighting, endpoint);
}

/// What comes of the question, if it can be asked.
async fn ask(connect: &dyn Connect, look: &Look<'_>, endpoint: &Endpoint) -> Option<Newest> {
    let mut way = look.way.clone();
    // Who the server is does not matter to the question.
    way.tls.trust = Trust::Anyone;
    way.tls.is_question = true;
    way.limits.each = Some(way.limits.each.unwrap_or(STEP_WAIT).min(STEP_WAIT));
    let trace = look.trace.map(|trace| (trace, follow(endpoint.protocol)));
    let dialled = dial(connect, Dial { endpoint, way: &way, trace }).await.ok()?;
    let Dialled { mut connection, name, security, .. } = dialled;
    if let Some(passed) = look.proxy {
        introduce(&mut connection, passed, STEP_WAIT).await.ok()?.ok()?;
    }
    let asked = Look { endpoint, way: &way, ..*look };
    let (met, _) = Met::begin(connection, &name, &asked, security).await;
    let trouble = met.dialogue().trouble();
    met.leave().await;
    match trouble {
        Some(Trouble::Handshake(Why::Asked(newest))) => Some(newest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::server::look_at;
    use super::*;
    use crate::address::Domain;
    use crate::engine::dial::Way;
    use crate::world::{Later, Stream, Timestamp};
    use std::io;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    /// A server that says one of these after the other, the first one unasked, on each of its connections; the last one is
    /// another on the second connection.
    struct Server {
        says: &'static [&'static [u8]],
        ends: [&'static [u8]; 2],
        met: AtomicUsize,
    }

    impl Connect for Server {
        fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
            let (near, mut far) = duplex(16 * 1024);
            let number = self.met.fetch_add(1, Ordering::SeqCst);
            let end = self.ends.get(number).copied().unwrap_or_default();
            let (says, mut heard) = (self.says, [0; 4096]);
            tokio::spawn(async move {
                for words in says {
                    far.write_all(words).await.expect("somebody listens");
                    if far.read(&mut heard).await.is_ok_and(|count| count == 0) {
                        return;
                    }
                }
                if end.is_empty() {
                    std::future::pending::<()>().await;
                }
                let _ = far.write_all(end).await;
                while far.read(&mut heard).await.is_ok_and(|count| count > 0) {}
            });
            Box::pin(async { Ok(Box::new(near) as Box<dyn Stream>) })
        }
    }

    const OLD: &[u8] = &[22, 3, 1, 0, 80, 2, 0, 0, 76, 3, 1];
    const SAFE: &[u8] = &[22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3];
    const VERSION: &[u8] = &[21, 3, 1, 0, 2, 2, 70];
    const HANDSHAKE: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
    const STARTTLS: &[&[u8]] = &[b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go on\r\n"];

    async fn look(url: &str, says: &'static [&'static [u8]], ends: [&'static [u8]; 2]) -> (Sighting, usize) {
        let endpoint = Endpoint::parse(url).expect("a URL");
        let look = Look {
            endpoint: &endpoint,
            way: &Way::to(vec![([192, 0, 2, 1], 25).into()], Trust::Anyone),
            helo: &Domain::parse("crepes.example").expect("a name"),
            proxy: None,
            xclient: &[],
            envelope: None,
            trace: None,
            now: Timestamp::UNIX_EPOCH,
            is_demanding: true,
        };
        let server = Server { says, ends, met: AtomicUsize::new(0) };
        let seen = look_at(&server, &look).await.expect("it can be begun");
        (seen, server.met.into_inner())
    }

    #[tokio::test]
    async fn an_old_server_is_asked_once_more_which_version_it_speaks() {
        let newest = "the newest version that the server speaks is";
        for (ends, old, wanted) in [
            ([VERSION, OLD], Some("TLS 1.0"), format!("{newest} TLS 1.0: 1.2 or 1.3 is needed.")),
            ([HANDSHAKE, OLD], Some("TLS 1.0"), format!("{newest} TLS 1.0: 1.2 or 1.3 is needed.")),
            // What it does not tell is not made up.
            ([HANDSHAKE, SAFE], None, "or wants a certificate of ours (mx.x.test).".to_owned()),
            ([VERSION, VERSION], None, "1.2 or 1.3 is needed (mx.x.test).".to_owned()),
        ] {
            let (seen, met) = look("smtp://mx.x.test?tls=try", STARTTLS, ends).await;
            assert_eq!((seen.old_tls, met), (old, 2), "{}", seen.sentence);
            let sentence = seen.sentence.replace(" (mx.x.test)", "");
            assert!(sentence.ends_with(&wanted.replace(" (mx.x.test)", "")), "{sentence}");
            assert_eq!((seen.state, seen.kind), (State::Unfit, Some(Kind::Unavailable)));
        }
    }

    #[tokio::test]
    async fn what_is_no_tls_is_told_without_advice_that_was_followed_already() {
        const GARBAGE: &[u8] = b"220 mx.x.test ESMTP\r\n";
        for (url, says, is_advised) in [
            ("smtps://mx.x.test", &[][..], true),
            ("imaps://mx.x.test", &[], true),
            ("smtp://mx.x.test?tls=try", STARTTLS, false),
        ] {
            let (seen, met) = look(url, says, [GARBAGE, &[]]).await;
            assert!(seen.sentence.contains("what the server says is not TLS"), "{}", seen.sentence);
            let hint = seen.failure.as_ref().and_then(|failure| failure.hint.as_deref()).unwrap_or_default();
            let advice = format!("{} {hint}", seen.sentence);
            assert_eq!((advice.contains("named without the s"), met), (is_advised, 1), "{url}: {advice}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_waits_for_tls_is_known_by_its_answer_to_it() {
        for (url, ends, state, seconds, met) in [
            ("smtp://mx.x.test:4465?tls=try", [&[][..], HANDSHAKE], State::Unfit, 5, 2),
            ("imap://mx.x.test:4993?tls=none", [&[], SAFE], State::Unfit, 5, 2),
            // What is spoken at a well-known port is known, whatever the scheme says.
            ("smtp://mx.x.test:993?tls=none", [&[], SAFE], State::Unfit, 5, 2),
            // One that says nothing to that either.
            ("smtp://mx.x.test:4465?tls=try", [&[], &[]], State::Lost, 30, 2),
            // Where exchangers are, nobody is disturbed for it.
            ("smtp://mx.x.test?tls=try", [&[], HANDSHAKE], State::Lost, 30, 1),
            ("smtps://mx.x.test:4465", [&[], HANDSHAKE], State::Lost, 30, 1),
        ] {
            let begun = Instant::now();
            let (seen, count) = look(url, &[], ends).await;
            let hint = seen.failure.and_then(|failure| failure.hint).unwrap_or_default();
            assert_eq!(
                (seen.state, begun.elapsed().as_secs(), count),
                (state, seconds, met),
                "{url}: {}",
                seen.sentence
            );
            assert_eq!(hint.contains("imaps://"), url.contains("993"), "{hint}");
            assert_eq!(hint.contains("s://mx.x.test"), !url.starts_with("smtps"), "{hint}");
        }
    }
}
