//! Connections: large replies, lengths that lie, ends in the middle, many questions on one, TLS.

use super::stage::{Act, Stage, say};
use super::*;
use crate::net::tls::{Identity, ServerTls};
use futures_util::future::join_all;

const TCP: Patience = Patience { is_stream_only: true, ..LONG };

#[tokio::test]
async fn a_reply_may_be_as_large_as_a_reply_can_be() {
    let stage = Stage::new(|asked| {
        let full = asked.reply(ResponseCode::NoError, |reply| {
            reply.answers = (0..2700).map(|number| asked.record(60, (number % 250) as u8)).collect();
        });
        vec![say(&if asked.is_stream { full } else { asked.cut() })]
    });
    let stage = stage.await;
    let sight = client(&[&stage], LONG).ask(&question("big.test."), Wishes::default()).await.expect("a reply");
    assert_eq!(sight.reply.answers().len(), 2700);
    assert!((60_000..=65_535).contains(&sight.reply.size()), "{}", sight.reply.size());
}

#[tokio::test]
async fn a_length_that_lies_or_an_end_in_the_middle_ends_the_question() {
    for (name, patience) in [("more", SHORT), ("less", SHORT), ("nothing", SHORT), ("half", TCP), ("at once", TCP)] {
        let stage = Stage::new(move |asked| {
            let octets = asked.address().to_vec().expect("octets");
            let with = |length: u16| [&length.to_be_bytes(), octets.as_slice()].concat();
            match name {
                "more" => vec![Act::Write(with(u16::MAX))],
                "less" => vec![Act::Write(with(14))],
                "nothing" => vec![Act::Write(vec![0; 6])],
                "half" => vec![Act::Write(with(octets.len() as u16)[..20].to_vec()), Act::Cut],
                _ => vec![Act::Cut],
            }
        });
        let stage = stage.await;
        let patience = Patience { is_stream_only: true, ..patience };
        let found = ask(&client(&[&stage], patience), "a.test.").await;
        assert!(found.is_err(), "{name}: {found:?}");
        assert_eq!(stage.counts(), (0, 1), "{name}");
    }
}

#[tokio::test]
async fn one_connection_takes_many_questions_and_answers_come_in_any_order() {
    let held = std::sync::Mutex::new(Vec::new());
    let stage = Stage::new(move |asked| {
        let mut held = held.lock().expect("whole");
        held.push(asked.address());
        // The last one first.
        if held.len() == 50 { held.drain(..).rev().map(|reply| say(&reply)).collect() } else { vec![] }
    });
    let stage = stage.await;
    let client = client(&[&stage], TCP);
    for round in 0..3 {
        let names: Vec<String> = (0..50).map(|number| format!("n{number}.r{round}.test.")).collect();
        let found = join_all(names.iter().map(|name| ask(&client, name))).await;
        assert!(found.iter().all(|found| *found == BY_TCP));
    }
    assert_eq!((stage.counts(), stage.connections.load(Ordering::Relaxed)), ((0, 150), 1));
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_opened_anew() {
    let stage = Stage::new(|asked| vec![say(&asked.address()), Act::Cut]).await;
    let client = client(&[&stage], TCP);
    for number in 0..4 {
        assert_eq!(ask(&client, &format!("n{number}.test.")).await, BY_TCP);
    }
    assert_eq!(stage.connections.load(Ordering::Relaxed), 4);
    // One that takes a second question along to its end.
    let stage = Stage::new(|asked| if asked.before == 1 { vec![Act::Cut] } else { vec![say(&asked.address())] }).await;
    let client = self::client(&[&stage], TCP);
    for number in 0..3 {
        assert_eq!(ask(&client, &format!("n{number}.test.")).await, BY_TCP);
    }
    assert_eq!((stage.counts(), stage.connections.load(Ordering::Relaxed)), ((0, 4), 2));
}

#[tokio::test]
async fn a_server_that_answers_nothing_over_a_connection_is_asked_once() {
    let stage = Stage::new(|_| vec![]).await;
    let patience = Patience { is_stream_only: true, ..SHORT };
    assert_eq!(ask(&client(&[&stage], patience), "a.test.").await, Err(Trouble::Silent));
    assert_eq!(stage.counts(), (0, 1));
    // Cut short over a connection is something that is said, and said no better by asking again.
    let cut = Stage::new(|asked| vec![say(&asked.cut())]).await;
    assert_eq!(ask(&client(&[&cut], TCP), "a.test.").await, Ok((ResponseCode::NoError, 0, Transport::Tcp)));
}

/// A name server behind TLS with this certificate.
async fn behind_tls(identity: &Identity) -> (Stage, SocketAddr) {
    let stage = Stage::new(|asked| vec![say(&asked.address())]).await;
    let tls = ServerTls::new(identity).expect("a certificate");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let inner = stage.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok((stream, _)) = tls.accept(Box::new(stream)).await {
                tokio::spawn(inner.clone().stream(stream));
            }
        }
    });
    (stage, address)
}

#[tokio::test]
async fn a_server_behind_tls_is_asked_if_its_certificate_is_good() {
    let identity = Identity::self_signed(&["dns.test".to_owned()]).expect("a certificate");
    let (stage, address) = behind_tls(&identity).await;
    let trust = Trust::Authorities(identity.certificates.clone().into_bytes());
    let asked = |name: &str, trust: &Trust| {
        let server = Server::parse(&format!("tls://{address}{name}")).expect("a server");
        Client::new(vec![Upstream::new(server, trust).expect("a server")], LONG, true, None)
    };
    let good = asked("#dns.test", &trust);
    for name in ["a.test.", "b.test."] {
        assert_eq!(ask(&good, name).await, Ok((ResponseCode::NoError, 1, Transport::Tls)));
    }
    // Another name, and a certificate that nobody vouches for. Nothing is asked of such a server.
    let before = stage.counts();
    let other = Identity::self_signed(&["dns.test".to_owned()]).expect("a certificate");
    let stranger = Trust::Authorities(other.certificates.into_bytes());
    for (name, trust) in [("#other.test", &trust), ("", &trust), ("#dns.test", &stranger)] {
        let found = ask(&asked(name, trust), "a.test.").await;
        assert!(matches!(&found, Err(Trouble::Unreachable(why)) if why.contains("certificate")), "{name}: {found:?}");
    }
    assert_eq!(stage.counts(), before);
}
