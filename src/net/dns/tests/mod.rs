//! Questions to name servers that lose, cut, garble, forge and refuse, with the number of queries counted.

mod cookies;
mod stage;
mod streams;

use super::*;
use crate::dns::plan::{Patience, Plan};
use crate::dns::question::{Question, Wishes};
use crate::dns::server::{Server, Transport};
use crate::net::tls::Trust;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use stage::{Act, Asked, Stage, say, soa};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A server on this machine that says nothing for so long says nothing.
const SHORT: Patience = Patience { wait: Duration::from_millis(300), rounds: 2, is_stream_only: false };
/// For those that answer.
const LONG: Patience = Patience { wait: Duration::from_secs(30), ..SHORT };

fn question(name: &str) -> Question {
    Question { name: Name::from_ascii(name).expect(name), kind: RecordType::A }
}

fn upstream(address: SocketAddr) -> Upstream {
    Upstream::new(Server::at(address), &Trust::System).expect("a server")
}

fn client(stages: &[&Stage], patience: Patience) -> Client {
    Client::new(stages.iter().map(|stage| upstream(stage.address)).collect(), patience, true, None)
}

/// What came of a question: the code, how many answers, and over what.
async fn ask(client: &Client, name: &str) -> Result<(ResponseCode, usize, Transport), Trouble> {
    let sight = client.ask(&question(name), Wishes::default()).await?;
    Ok((sight.reply.code(), sight.reply.answers().len(), sight.transport))
}

const GOOD: Result<(ResponseCode, usize, Transport), Trouble> = Ok((ResponseCode::NoError, 1, Transport::Udp));
const BY_TCP: Result<(ResponseCode, usize, Transport), Trouble> = Ok((ResponseCode::NoError, 1, Transport::Tcp));

#[tokio::test]
async fn what_is_cut_short_is_asked_for_over_a_connection() {
    let stage = Stage::new(|asked| vec![say(&if asked.is_stream { asked.address() } else { asked.cut() })]).await;
    assert_eq!(ask(&client(&[&stage], LONG), "a.test.").await, BY_TCP);
    assert_eq!(stage.counts(), (1, 1));
    // Cut within a record, as some do it.
    let stage = Stage::new(|asked| {
        let mut octets = asked.address().to_vec().expect("octets");
        if !asked.is_stream {
            octets[2] |= 2;
            octets.truncate(octets.len() - 15);
        }
        vec![Act::Say(octets)]
    });
    let stage = stage.await;
    assert_eq!(ask(&client(&[&stage], LONG), "a.test.").await, BY_TCP);
    assert_eq!(stage.counts(), (1, 1));
}

/// The right reply, but for one thing.
fn forged(asked: &Asked, number: u16) -> Act {
    let mut reply = asked.address();
    match number % 3 {
        0 => reply.metadata.id = reply.metadata.id.wrapping_add(1 + number),
        1 => reply.queries = vec![hickory_proto::op::Query::query(question("evil.test.").name, RecordType::A)],
        _ => reply.metadata.message_type = hickory_proto::op::MessageType::Query,
    }
    say(&reply)
}

#[tokio::test]
async fn a_few_replies_that_are_not_ours_are_passed_over_and_many_lead_to_a_connection() {
    let few = Stage::new(|asked| (0..3).map(|number| forged(asked, number)).chain([say(&asked.address())]).collect());
    let few = few.await;
    assert_eq!(ask(&client(&[&few], LONG), "a.test.").await, GOOD);
    assert_eq!(few.counts(), (1, 0));
    for kind in 0..3 {
        let many = Stage::new(move |asked| match asked.is_stream {
            true => vec![say(&asked.address())],
            false => (0..4).map(|number| forged(asked, 3 * number + kind)).collect(),
        });
        let many = many.await;
        assert_eq!(ask(&client(&[&many], LONG), "a.test.").await, BY_TCP, "{kind}");
        assert_eq!(many.counts(), (1, 1), "{kind}");
    }
}

#[tokio::test]
async fn nobody_answers_from_another_address_or_port() {
    // The question is known to whoever forges, its id too; but where it comes from is not the server.
    let forger = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let forger = std::sync::Arc::new(forger);
    let real = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let address = real.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let mut buffer = [0; 512];
        let (length, from) = real.recv_from(&mut buffer).await.expect("a query");
        let message = hickory_proto::op::Message::from_vec(&buffer[..length]).expect("a query");
        let asked = Asked { message, is_stream: false, before: 0 };
        for _ in 0..20 {
            let evil = asked.reply(ResponseCode::NXDomain, |_| {});
            forger.send_to(&evil.to_vec().expect("octets"), from).expect("sent");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        real.send_to(&asked.address().to_vec().expect("octets"), from).await.expect("sent");
    });
    assert_eq!(ask(&Client::new(vec![upstream(address)], LONG, true, None), "a.test.").await, GOOD);
    server.await.expect("it ran");
}

#[tokio::test]
async fn garbage_is_passed_over_or_asked_for_again_over_a_connection() {
    let noise = Stage::new(|asked| {
        let id = asked.message.metadata.id.to_be_bytes();
        let junk = [&[][..], &[1], &[0xff; 700], &id, &[id[0], id[1], 0x80, 0, 0, 1]];
        junk.map(|octets| Act::Say(octets.to_vec())).into_iter().take(4).chain([say(&asked.address())]).collect()
    });
    let noise = noise.await;
    assert_eq!(ask(&client(&[&noise], LONG), "a.test.").await, GOOD);
    // Header and question are right; the rest is no message.
    let garbled = |asked: &Asked| {
        let mut octets = asked.address().to_vec().expect("octets");
        let end = octets.len();
        octets[end - 12..].fill(0xff);
        Act::Say(octets)
    };
    let stage = Stage::new(move |asked| vec![if asked.is_stream { say(&asked.address()) } else { garbled(asked) }]);
    let stage = stage.await;
    assert_eq!(ask(&client(&[&stage], LONG), "a.test.").await, BY_TCP);
    assert_eq!(stage.counts(), (1, 1));
    let always = Stage::new(move |asked| vec![garbled(asked)]).await;
    let found = ask(&client(&[&always], LONG), "a.test.").await;
    assert!(matches!(found, Err(Trouble::Garbled(_))), "{found:?}");
    assert_eq!(always.counts(), (1, 1));
}

#[tokio::test]
async fn a_server_that_does_not_know_the_extension_is_asked_without_it() {
    for (code, is_bare) in [(ResponseCode::FormErr, false), (ResponseCode::FormErr, true), (ResponseCode::NotImp, true)]
    {
        let stage = Stage::new(move |asked| {
            vec![say(&match asked.message.edns {
                None => asked.address(),
                Some(_) => asked.reply(code, |reply| {
                    reply.edns = None;
                    if is_bare {
                        reply.queries.clear();
                    }
                }),
            })]
        });
        let stage = stage.await;
        assert_eq!(ask(&client(&[&stage], LONG), "a.test.").await, GOOD, "{code} {is_bare}");
        // One that takes the query for broken may mean the cookie in the extension.
        let times = if code == ResponseCode::FormErr { 3 } else { 2 };
        assert_eq!(stage.counts(), (times, 0));
    }
    let never = Stage::new(|asked| vec![say(&asked.reply(ResponseCode::FormErr, |_| {}))]).await;
    let wanted = Ok((ResponseCode::FormErr, 0, Transport::Udp));
    assert_eq!(ask(&client(&[&never], LONG), "a.test.").await, wanted);
    assert_eq!(never.counts(), (3, 0));
}

#[tokio::test]
async fn a_failure_leads_to_the_next_server_and_silence_too() {
    let fails = Stage::new(|asked| vec![say(&asked.reply(ResponseCode::ServFail, |_| {}))]).await;
    let refuses = Stage::new(|asked| vec![say(&asked.reply(ResponseCode::Refused, |_| {}))]).await;
    let silent = Stage::new(|_| vec![]).await;
    let good = Stage::new(|asked| vec![say(&asked.address())]).await;
    assert_eq!(ask(&client(&[&fails, &refuses, &good], LONG), "a.test.").await, GOOD);
    assert_eq!((fails.counts(), refuses.counts(), good.counts()), ((1, 0), (1, 0), (1, 0)));
    // What is said by all is told: a failure by one that answers is more than silence.
    let found = ask(&client(&[&fails, &silent], SHORT), "a.test.").await;
    assert_eq!(found, Ok((ResponseCode::ServFail, 0, Transport::Udp)));
    // Who was silent once is asked last from then on.
    let both = client(&[&silent, &good], SHORT);
    let before = silent.counts().0;
    for name in ["a.test.", "b.test.", "c.test."] {
        assert_eq!(ask(&both, name).await, GOOD);
    }
    assert_eq!(silent.counts().0, before + 1);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_asked_a_bounded_number_of_times() {
    let silent = Stage::new(|_| vec![]).await;
    let began = std::time::Instant::now();
    assert_eq!(ask(&client(&[&silent], SHORT), "a.test.").await, Err(Trouble::Silent));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(silent.counts(), (3, 0));
    assert!(3 <= Plan::queries_max(1, SHORT));
    let gone = client(&[], SHORT);
    assert_eq!(ask(&gone, "a.test.").await, Err(Trouble::Silent));
    // A port where nobody listens is known at once.
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket").local_addr().expect("bound");
    let found = ask(&Client::new(vec![upstream(closed)], LONG, true, None), "a.test.").await;
    assert!(matches!(found, Err(Trouble::Unreachable(_))), "{found:?}");
}

#[tokio::test]
async fn what_is_being_asked_or_was_answered_is_not_asked_again() {
    let stage = Stage::new(|asked| {
        let name = asked.message.queries[0].name().to_string().to_ascii_lowercase();
        vec![say(&match name.as_str() {
            "zero.test." => asked.reply(ResponseCode::NoError, |reply| reply.answers.push(asked.record(0, 1))),
            "gone.test." => asked.reply(ResponseCode::NXDomain, |reply| reply.authorities.push(soa(60))),
            "unproven.test." => asked.reply(ResponseCode::NXDomain, |_| {}),
            "fails.test." => asked.reply(ResponseCode::ServFail, |_| {}),
            _ => asked.address(),
        })]
    });
    let stage = stage.await;
    for (name, wanted) in
        [("a.test.", 1), ("zero.test.", 3), ("gone.test.", 1), ("unproven.test.", 3), ("fails.test.", 1)]
    {
        let client = client(&[&stage], LONG);
        let before = stage.counts().0;
        let upper = name.to_ascii_uppercase();
        for _ in 0..3 {
            let asked = (0..50).map(|n| ask(&client, if n % 2 == 0 { name } else { &upper }));
            let found = futures_util::future::join_all(asked).await;
            assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{name}");
        }
        assert_eq!(stage.counts().0 - before, wanted, "{name}");
        assert_eq!(client.flying(), 0);
    }
    let forgetful = Client::new(vec![upstream(stage.address)], LONG, false, None);
    let before = stage.counts().0;
    for _ in 0..3 {
        assert_eq!(ask(&forgetful, "a.test.").await, GOOD);
    }
    assert_eq!(stage.counts().0 - before, 3);
}

#[tokio::test]
async fn what_was_not_believed_is_asked_again_after_seconds() {
    let stage = Stage::new(|asked| vec![say(&asked.address())]).await;
    let client = client(&[&stage], LONG);
    // In seconds: when it is asked, and how many queries there were then.
    for (later, is_believed, wanted) in [(0, true, 1), (30, false, 1), (4, false, 1), (2, true, 2), (30, true, 2)] {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(later)).await;
        tokio::time::resume();
        assert_eq!(ask(&client, "a.test.").await, GOOD);
        assert_eq!(stage.counts(), (wanted, 0), "{later}");
        if !is_believed {
            client.distrust(&question("a.test."), Wishes::default());
            // Another way to ask is another question.
            client.distrust(&question("a.test."), Wishes::VALIDATION);
        }
    }
}

#[tokio::test]
async fn who_gives_up_takes_nobody_along() {
    let stage = Stage::new(|asked| match asked.before {
        0 => vec![],
        _ => vec![say(&asked.address())],
    });
    let stage = stage.await;
    let client = client(&[&stage], Patience { wait: Duration::from_millis(500), ..SHORT });
    let hasty = tokio::time::timeout(Duration::from_millis(20), ask(&client, "a.test."));
    let (hasty, patient) = tokio::join!(hasty, ask(&client, "a.test."));
    assert!(hasty.is_err());
    assert_eq!(patient, GOOD);
    // Nobody waits any more, and nothing of it is left.
    let _ = tokio::time::timeout(Duration::from_millis(1), ask(&client, "b.test.")).await;
    assert_eq!(client.flying(), 0);
    assert_eq!(ask(&client, "b.test.").await, GOOD);
}

#[tokio::test]
async fn many_questions_share_few_sockets() {
    let stage = Stage::new(|asked| vec![say(&asked.address())]).await;
    let client = client(&[&stage], LONG);
    for round in 0..2 {
        let names: Vec<String> = (0..400).map(|number| format!("n{number}.r{round}.test.")).collect();
        let found = futures_util::future::join_all(names.iter().map(|name| ask(&client, name))).await;
        assert!(found.iter().all(|found| *found == GOOD));
    }
    assert_eq!(stage.counts(), (800, 0));
    assert!(stage.clients.lock().expect("whole").len() <= 4);
}

#[test]
fn a_client_outlives_the_runtime_in_which_it_began() {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let serving =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let stage = serving.block_on(Stage::new(|asked| {
        vec![say(&if asked.is_stream || asked.before < 2 { asked.address() } else { asked.cut() })]
    }));
    let client = client(&[&stage], LONG);
    for (name, wanted) in [("a.test.", GOOD), ("b.test.", GOOD), ("c.test.", BY_TCP), ("d.test.", BY_TCP)] {
        assert_eq!(run().block_on(ask(&client, name)), wanted, "{name}");
    }
}

#[tokio::test]
async fn each_attempt_can_be_watched() {
    let stage = Stage::new(|asked| match (asked.is_stream, asked.before) {
        (false, 0) => vec![],
        (false, _) => vec![say(&asked.cut())],
        (true, _) => vec![say(&asked.address())],
    });
    let stage = stage.await;
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let notes = seen.clone();
    let watch: Watch = std::sync::Arc::new(move |question, server, transport, said| {
        let said = said.map(|sight| sight.reply.answers().len()).map_err(ToString::to_string);
        notes.lock().expect("whole").push((question.name.to_string(), server.to_owned(), transport, said));
    });
    let client = Client::new(vec![upstream(stage.address)], SHORT, true, Some(watch));
    for _ in 0..2 {
        let sight = client.ask(&question("a.test."), Wishes::default()).await.expect("a reply");
        assert_eq!((sight.sent, &*sight.server), (3, stage.address.to_string().as_str()));
        assert_eq!((sight.left(60), sight.left(0), sight.left(1 << 31)), (60, 0, 0));
    }
    let (name, server) = ("a.test.".to_owned(), stage.address.to_string());
    let silence = "the name server did not answer in time".to_owned();
    let wanted = [
        (name.clone(), server.clone(), Transport::Udp, Err(silence)),
        (name.clone(), server.clone(), Transport::Udp, Ok(0)),
        (name, server, Transport::Tcp, Ok(1)),
    ];
    assert_eq!(*seen.lock().expect("whole"), wanted);
    assert_eq!(stage.udp.load(Ordering::Relaxed), 2);
}
