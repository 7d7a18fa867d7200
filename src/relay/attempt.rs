//! One attempt: a message to one destination, over all its hosts if need be.
//!
//! Hosts are tried in the route's order, each with all its addresses, until every recipient is
//! judged by one of them. A host that could not be reached or would not talk judges nobody; one that
//! took, refused or deferred a recipient does, and for that recipient no other host is asked: so no
//! copy is sent twice. Waits for nothing but the courier. RFC 5321 §5.1, §4.2.1.

use crate::engine::chosen::{self, Earlier};
use crate::engine::handover::{Answer, Courier, Parcel};
use crate::engine::route::Route;
use crate::message::dsn::WORDS_MAX;
use crate::status::{EnhancedStatus, Fate};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// RFC 5321 §5.1 asks for two addresses at least.
const ADDRESSES_MIN: usize = 2;
/// After this time no further address is asked: hosts that accept connections and say nothing would each take
/// minutes of a place that others wait for.
const TIME_MAX: Duration = Duration::from_secs(10 * 60);

/// Tries the hosts of a route; gives one answer for each recipient of the parcel, in order.
pub async fn attempt(courier: &dyn Courier, route: &Route, port: u16, parcel: &Parcel) -> Vec<Answer> {
    let nobody = Answer::failed(EnhancedStatus::new(4, 4, 1), "no host was reached");
    let mut answers = vec![Answer { try_next: true, ..nobody }; parcel.envelope.recipients.len()];
    let (begun, mut asked) = (Instant::now(), 0);
    let mut earlier: Option<Earlier> = None;
    'hosts: for hop in &route.hops {
        for ip in &hop.addresses {
            let open: Vec<usize> = (0..answers.len()).filter(|index| answers[*index].try_next).collect();
            if open.is_empty() {
                return answers;
            }
            let recipients = open.iter().filter_map(|index| parcel.envelope.recipients.get(*index).cloned()).collect();
            let address = SocketAddr::new(*ip, port);
            courier.decided(chosen::asked(hop, address, earlier.as_ref()));
            let said = courier.deliver(hop, address, &parcel.only(recipients)).await;
            for (index, answer) in open.into_iter().zip(said) {
                answers[index] = brief(answer);
            }
            let open = answers.iter().find(|answer| answer.try_next);
            earlier = open.map(|answer| Earlier { host: hop.host.clone(), address, words: answer.words.clone() });
            asked += 1;
            if asked >= ADDRESSES_MIN && begun.elapsed() >= TIME_MAX {
                break 'hosts;
            }
        }
    }
    answers.into_iter().map(undecided).collect()
}

/// No more of a server's words than a report repeats: it may say 50 KiB, for each of a hundred recipients.
fn brief(mut answer: Answer) -> Answer {
    answer.words.truncate(answer.words.floor_char_boundary(WORDS_MAX));
    answer.words.shrink_to_fit();
    answer
}

/// What the last host said when no host judged the recipient. That a server will not talk to us, or our password
/// at a smarthost is wrong, says nothing for good about a recipient, whatever the code: it may be put right.
fn undecided(answer: Answer) -> Answer {
    // RFC 7504 §4: a host that takes no mail at all is not to be asked again.
    let takes_none = answer.code.is_some_and(|code| matches!(code.get(), 521 | 556));
    if answer.try_next && answer.fate() == Some(Fate::Permanent) && !takes_none {
        return Answer { status: EnhancedStatus { class: 4, ..answer.status }, ..answer };
    }
    answer
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::route::Hop;
    use crate::envelope::{Envelope, ForwardPath, ReversePath};
    use crate::policy::guard::Guard;
    use crate::status::ReplyCode;
    use crate::world::{Later, Timestamp};
    use std::net::IpAddr;
    use std::sync::{Arc, Mutex};

    /// Answers by address and recipient, and remembers who was asked for whom.
    struct Script {
        lines: Vec<(&'static str, &'static str, Answer)>,
        asked: Mutex<Vec<String>>,
    }

    impl Courier for Script {
        fn deliver<'a>(&'a self, host: &'a Hop, address: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
            let recipients: Vec<String> = parcel.envelope.recipients.iter().map(ToString::to_string).collect();
            let names: Vec<&str> = recipients.iter().filter_map(|name| name.split('@').next()).collect();
            self.asked.lock().expect("no panic").push(format!("{} {} {}", host.host, address.ip(), names.join("+")));
            let answer = |recipient: &String| {
                let ip = address.ip().to_string();
                let line =
                    self.lines.iter().find(|(at, who, _)| *at == ip && (*who == "*" || recipient.starts_with(who)));
                line.map(|(.., answer)| answer.clone()).expect("a line for everybody")
            };
            Box::pin(std::future::ready(recipients.iter().map(answer).collect()))
        }
    }

    fn answer(class: u8, try_next: bool) -> Answer {
        Answer { try_next, ..Answer::failed(EnhancedStatus::new(class, 0, 0), format!("{class}")) }
    }

    pub(in super::super) fn parcel(recipients: &[&str]) -> Parcel {
        let path = |text: &&str| ForwardPath::parse(&format!("<{text}>")).expect(text);
        Parcel {
            id: "1".into(),
            envelope: Envelope::new(ReversePath::Null, recipients.iter().map(path).collect()),
            received: Timestamp::UNIX_EPOCH,
            message: Arc::new(b"Subject: x\r\n\r\n".to_vec()),
        }
    }

    async fn run(lines: Vec<(&'static str, &'static str, Answer)>, recipients: &[&str]) -> (Vec<u8>, Vec<String>) {
        let hop = |host: &str, addresses: &[&str]| Hop {
            host: host.into(),
            preference: Some(10),
            addresses: addresses.iter().map(|ip| ip.parse().expect("an address")).collect(),
            guard: Guard::Usual,
        };
        let hops = vec![hop("a", &["192.0.2.1", "192.0.2.2"]), hop("b", &["192.0.2.3"])];
        let route = Route { hops, remarks: Vec::new() };
        let script = Script { lines, asked: Mutex::default() };
        let answers = attempt(&script, &route, 25, &parcel(recipients)).await;
        let asked = script.asked.into_inner().expect("no panic");
        (answers.iter().map(|answer| answer.status.class).collect(), asked)
    }

    #[tokio::test]
    async fn the_first_host_that_takes_it_is_the_last_one_asked() {
        let (classes, asked) = run(vec![("192.0.2.1", "*", answer(2, false))], &["bob@x"]).await;
        assert_eq!((classes, asked), (vec![2], vec!["a 192.0.2.1 bob".to_owned()]));
    }

    #[tokio::test]
    async fn hosts_that_cannot_be_reached_are_passed_over() {
        let lines = vec![
            ("192.0.2.1", "*", answer(4, true)),
            ("192.0.2.2", "*", answer(4, true)),
            ("192.0.2.3", "*", answer(2, false)),
        ];
        let (classes, asked) = run(lines, &["bob@x"]).await;
        assert_eq!((classes, asked.len()), (vec![2], 3));
    }

    #[tokio::test]
    async fn each_recipient_is_judged_once() {
        let lines = vec![
            ("192.0.2.1", "bob", answer(2, false)),
            ("192.0.2.1", "carol", answer(5, false)),
            ("192.0.2.1", "dave", answer(4, false)),
            ("192.0.2.1", "erin", answer(4, true)),
            ("192.0.2.2", "erin", answer(4, true)),
            ("192.0.2.3", "erin", answer(2, false)),
        ];
        let (classes, asked) = run(lines, &["bob@x", "carol@x", "dave@x", "erin@x"]).await;
        assert_eq!(classes, [2, 5, 4, 2]);
        assert_eq!(asked, ["a 192.0.2.1 bob+carol+dave+erin", "a 192.0.2.2 erin", "b 192.0.2.3 erin"]);
    }

    #[tokio::test]
    async fn when_nobody_is_reached_the_last_reason_stays() {
        let lines = vec![
            ("192.0.2.1", "*", answer(4, true)),
            ("192.0.2.2", "*", answer(4, true)),
            ("192.0.2.3", "*", Answer { words: "timed out".into(), ..answer(4, true) }),
        ];
        let (classes, asked) = run(lines, &["bob@x"]).await;
        assert_eq!((classes, asked.len()), (vec![4], 3));
    }

    /// Takes its time to say nothing.
    struct Tarpit(Duration, Mutex<usize>);

    impl Courier for Tarpit {
        fn deliver<'a>(&'a self, _: &'a Hop, _: SocketAddr, _: &'a Parcel) -> Later<'a, Vec<Answer>> {
            Box::pin(async {
                tokio::time::sleep(self.0).await;
                *self.1.lock().expect("no panic") += 1;
                vec![Answer { words: "x".repeat(50_000), ..answer(4, true) }]
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_hosts_that_say_nothing_do_not_hold_a_place_for_hours() {
        let addresses = (1..=20).map(|number| IpAddr::from([192, 0, 2, number])).collect();
        let hops = vec![Hop { host: "a".into(), preference: None, addresses, guard: Guard::Usual }];
        let route = Route { hops, remarks: Vec::new() };
        for (minutes, wanted) in [(0, 20), (1, 10), (5, 2), (30, 2)] {
            let tarpit = Tarpit(Duration::from_secs(minutes * 60), Mutex::default());
            let answers = attempt(&tarpit, &route, 25, &parcel(&["bob@x"])).await;
            assert_eq!(*tarpit.1.lock().expect("no panic"), wanted, "{minutes} minutes each");
            assert_eq!((answers[0].status.class, answers[0].words.len()), (4, WORDS_MAX));
        }
    }

    #[tokio::test]
    async fn hosts_that_will_not_talk_judge_nobody_for_good() {
        for (words, class) in [("554 5.7.1 not to you", 4), ("521 no mail here", 5), ("535 5.7.8 wrong password", 4)] {
            let code = words.get(..3).and_then(|code| code.parse().ok()).and_then(ReplyCode::new);
            let refusal = Answer { words: words.into(), code, ..answer(5, true) };
            let lines = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(|ip| (ip, "*", refusal.clone()));
            let (classes, asked) = run(lines.into(), &["bob@x"]).await;
            assert_eq!((classes, asked.len()), (vec![class], 3), "{words}");
        }
    }
}
