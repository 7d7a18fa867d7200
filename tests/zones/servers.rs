//! Name servers that lose, cut, garble, forge and refuse, in front of zones with nothing wrong about them.

use super::Row;
use super::names::{a, cases, mx, with};
use super::stage::{Act, Asked, Stage, octets};
use super::zone::{name, record};
use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{RData, Record, RecordType as T, rdata::NS};
use std::time::Duration;

/// A server that says nothing for so long says nothing.
const SHORT: [&str; 2] = ["--resolver-timeout", "200ms"];

/// The domain is asked for with three questions: MX, A, AAAA.
fn row(shape: &'static str, manner: impl Fn(&Asked, Message) -> Vec<Act> + Send + Sync + 'static) -> Row {
    Row::new(shape, "one.cases.test", Stage::new(cases())).manner(manner)
}

/// Nothing is wrong with the domain, and the server does not matter in the end.
fn well(row: Row) -> Row {
    row.says("Mail to one.cases.test goes to a.cases.test.")
}

/// DNS says nothing.
fn mute(row: Row, why: &str) -> Row {
    row.finds(&["mx.unknown"]).exits(75).says(format!("Where mail to one.cases.test goes cannot be said now: {why}."))
}

/// Datagrams are answered so, and connections as they should be.
fn datagrams(said: impl Fn(&Asked, Message) -> Vec<Act>) -> impl Fn(&Asked, Message) -> Vec<Act> {
    move |asked, reply| if asked.is_stream { vec![asked.fit(reply)] } else { said(asked, reply) }
}

/// The reply of a forger, with this changed.
fn forged(asked: &Asked, change: impl Fn(&mut Message)) -> Act {
    let mut reply = asked.reply(ResponseCode::NoError);
    reply.answers.extend((asked.kind() == T::MX).then(|| mx("one.cases.test.", 1, "evil.test.")));
    change(&mut reply);
    Act::Say(octets(&reply))
}

fn other_id(asked: &Asked, by: u16) -> Act {
    forged(asked, |reply| reply.metadata.id = reply.metadata.id.wrapping_add(by))
}

fn other_question(asked: &Asked) -> Act {
    forged(asked, |reply| reply.queries = vec![Query::query(name("evil.test."), asked.kind())])
}

fn code(code: ResponseCode) -> impl Fn(&Asked, Message) -> Vec<Act> {
    move |asked, _| vec![asked.fit(asked.reply(code))]
}

pub(crate) fn rows() -> Vec<Row> {
    [cut(), forgers(), refusing(), silent(), garbled(), crooked()].into_iter().flatten().collect()
}

fn truncated(asked: &Asked) -> Act {
    let mut reply = asked.reply(ResponseCode::NoError);
    reply.metadata.truncation = true;
    Act::Say(octets(&reply))
}

fn cut() -> Vec<Row> {
    vec![
        well(row("TC on every datagram", datagrams(|asked, _| vec![truncated(asked)])).queries(6)),
        well(
            row(
                "datagrams cut within a record, with TC",
                datagrams(|_, reply| {
                    let mut octets = octets(&reply);
                    octets[2] |= 2;
                    octets.truncate(octets.len().saturating_sub(9).max(33));
                    vec![Act::Say(octets)]
                }),
            )
            .queries(6),
        ),
        well(
            row(
                "datagrams cut within a record, without a word",
                datagrams(|_, reply| {
                    let mut octets = octets(&reply);
                    octets.truncate(octets.len() - 12);
                    vec![Act::Say(octets)]
                }),
            )
            .queries(6),
        ),
        mute(
            row("TC on connections too", |asked, _| vec![truncated(asked)]).queries(2),
            "what the name server says is cut short, even on a connection",
        ),
        mute(
            row("a connection cut within the reply", |asked, reply| match asked.is_stream {
                false => vec![truncated(asked)],
                true => vec![Act::Cut(u16::MAX, octets(&reply))],
            })
            .queries(3),
            "no answer from the name server: the name server closed the connection",
        ),
        mute(
            row("a connection cut within the length", |asked, _| match asked.is_stream {
                false => vec![truncated(asked)],
                true => vec![Act::Cut(500, Vec::new())],
            })
            .queries(3),
            "no answer from the name server: the name server closed the connection",
        ),
        mute(
            row("a connection on which nothing is said", |asked, _| match asked.is_stream {
                false => vec![truncated(asked)],
                true => vec![],
            })
            .with(&SHORT)
            .queries(3),
            "the name server did not answer in time",
        ),
        well(row("connections only", |asked, reply| vec![asked.fit(reply)]).with(&["--tcp"])),
    ]
}

fn forgers() -> Vec<Row> {
    vec![
        well(row(
            "three with a wrong id before the right one",
            datagrams(|asked, reply| (1..4).map(|by| other_id(asked, by)).chain([asked.fit(reply)]).collect()),
        )),
        well(row("only wrong ids", datagrams(|asked, _| (1..40).map(|by| other_id(asked, by)).collect())).queries(6)),
        well(row(
            "a wrong question before the right one",
            datagrams(|asked, reply| vec![other_question(asked), asked.fit(reply)]),
        )),
        well(
            row("only wrong questions", datagrams(|asked, _| (0..9).map(|_| other_question(asked)).collect()))
                .queries(6),
        ),
        well(row(
            "another type before the right one",
            datagrams(|asked, reply| {
                let other = |reply: &mut Message| reply.queries = vec![Query::query(asked.name().clone(), T::TXT)];
                vec![forged(asked, other), asked.fit(reply)]
            }),
        )),
        well(row(
            "a query in place of a reply",
            datagrams(|asked, reply| {
                let query = |reply: &mut Message| reply.metadata.message_type = MessageType::Query;
                vec![forged(asked, query), asked.fit(reply)]
            }),
        )),
        well(row(
            "replies from another port first",
            datagrams(|asked, reply| {
                let Act::Say(octets) = forged(asked, |_| {}) else { return Vec::new() };
                let early = (0..20).map(|_| Act::SayElsewhere(octets.clone()));
                early.chain([Act::Wait(Duration::from_millis(20)), asked.fit(reply)]).collect()
            }),
        )),
        mute(
            row("replies from another port only", |asked, _| {
                let Act::Say(octets) = forged(asked, |_| {}) else { return Vec::new() };
                vec![Act::SayElsewhere(octets)]
            })
            .with(&SHORT)
            .queries(3),
            "the name server did not answer in time",
        ),
        mute(
            row("another question on a connection", |asked, _| vec![other_question(asked)]).with(&["--tcp"]).queries(1),
            "no answer from the name server: what it sent cannot be read (it answers another question)",
        ),
        well(row("records of others in the answer", |asked, mut reply| {
            reply.answers.insert(0, mx("evil.test.", 1, "evil.test."));
            reply.answers.insert(0, a("evil.test.", 66));
            vec![asked.fit(reply)]
        })),
        well(row("an address for the exchanger along with it", |asked, mut reply| {
            reply.additionals.push(a("a.cases.test.", 66));
            vec![asked.fit(reply)]
        })),
        mute(
            row("an answer about another name only", |asked, _| {
                let mut reply = asked.reply(ResponseCode::NoError);
                reply.answers.push(mx("two.cases.test.", 1, "evil.test."));
                vec![asked.fit(reply)]
            })
            .queries(3),
            "",
        )
        .finds(&["mx.nothing"])
        .exits(68)
        .says("it has neither MX nor address records."),
    ]
}

fn refusing() -> Vec<Row> {
    let words = |asked: &Asked, code: u16, words: &str| {
        let mut reply = asked.reply(ResponseCode::ServFail);
        let data = [&code.to_be_bytes()[..], words.as_bytes()].concat();
        reply.edns.get_or_insert_default().options_mut().insert(EdnsOption::Unknown(15, data));
        vec![asked.fit(reply)]
    };
    let no_extension = |code: ResponseCode| {
        move |asked: &Asked, reply: Message| match asked.message.edns {
            None => vec![asked.fit(reply)],
            Some(_) => {
                let mut reply = asked.reply(code);
                reply.edns = None;
                vec![asked.fit(reply)]
            }
        }
    };
    vec![
        mute(row("SERVFAIL", code(ResponseCode::ServFail)).queries(1), "the name server answered: Server Failure"),
        mute(row("REFUSED", code(ResponseCode::Refused)).queries(1), "the name server answered: Query Refused"),
        mute(row("NOTAUTH", code(ResponseCode::NotAuth)).queries(1), "the name server answered: Not authorized"),
        mute(
            row("a code that nobody has given", code(ResponseCode::Unknown(11))).queries(1),
            "the name server answered: Unknown response code",
        ),
        // What chokes on a cookie is asked without it first, and then without the extension.
        mute(row("FORMERR for ever", code(ResponseCode::FormErr)).queries(3), "the name server answered: Form Error"),
        well(row("FORMERR for the extension", no_extension(ResponseCode::FormErr)).queries(7)),
        well(row("NOTIMP for the extension", no_extension(ResponseCode::NotImp)).queries(6)),
        mute(
            row("a failure with words", move |asked, _| words(asked, 22, "nobody \x1b[31mthere")).queries(1).paged(),
            "the name server answered: Server Failure (nobody \\x1b[31mthere)",
        ),
        row("SERVFAIL for addresses", |asked, reply| {
            vec![asked.fit(if asked.kind() == T::MX { reply } else { asked.reply(ResponseCode::ServFail) })]
        })
        .finds(&["mx.address-unknown"])
        .exits(75)
        .says("the addresses of its exchangers are unknown."),
        well(row("SERVFAIL for AAAA", |asked, reply| {
            vec![asked.fit(if asked.kind() == T::AAAA { asked.reply(ResponseCode::ServFail) } else { reply })]
        })),
        well(row("NXDOMAIN for AAAA", |asked, reply| {
            vec![asked.fit(if asked.kind() == T::AAAA { asked.reply(ResponseCode::NXDomain) } else { reply })]
        })),
        mute(
            row("a referral: it does not resolve for us", |asked, _| {
                let mut reply = asked.reply(ResponseCode::NoError);
                let ns = |host: &str| Record::from_rdata(name("cases.test."), 300, RData::NS(NS(name(host))));
                reply.authorities.extend([ns("ns1.cases.test."), ns("ns2.cases.test.")]);
                vec![asked.fit(reply)]
            })
            .queries(1),
            "the name server refers to others; it does not resolve for us",
        ),
        mute(
            row("a referral upwards, to the root", |asked, _| {
                let mut reply = asked.reply(ResponseCode::NoError);
                reply.authorities.push(Record::from_rdata(name("."), 300, RData::NS(NS(name("a.root.test.")))));
                vec![asked.fit(reply)]
            })
            .queries(1),
            "the name server refers to others; it does not resolve for us",
        ),
    ]
}

fn silent() -> Vec<Row> {
    let silence = "the name server did not answer in time";
    vec![
        mute(row("silence", |_, _| vec![]).with(&SHORT).queries(3), silence),
        mute(row("silence on connections", |_, _| vec![]).with(&SHORT).with(&["--tcp"]).queries(1), silence),
        mute(
            row("answers after all patience", |asked, reply| {
                vec![Act::Wait(Duration::from_millis(900)), asked.fit(reply)]
            })
            .with(&SHORT)
            .queries(3),
            silence,
        ),
        well(
            row("every first datagram is lost", |asked, reply| match asked.before {
                0 => vec![],
                _ => vec![asked.fit(reply)],
            })
            .with(&["--resolver-timeout", "1s"])
            .queries(6),
        ),
        row("silence about addresses", |asked, reply| match asked.kind() {
            T::MX => vec![asked.fit(reply)],
            _ => vec![],
        })
        .with(&SHORT)
        .queries(7)
        .finds(&["mx.address-unknown"])
        .exits(75),
        well(
            row("silence about IPv6", |asked, reply| match asked.kind() {
                T::AAAA => vec![],
                _ => vec![asked.fit(reply)],
            })
            .with(&SHORT)
            .queries(5),
        ),
        well(row("everything twice", |asked, reply| {
            let Act::Say(octets) = asked.fit(reply) else { return Vec::new() };
            vec![Act::Say(octets.clone()), Act::Say(octets)]
        })),
    ]
}

fn garbled() -> Vec<Row> {
    /// Header and question are right; this comes behind them, as so many records.
    fn behind(asked: &Asked, count: u16, rest: &[u8]) -> Act {
        let mut reply = asked.reply(ResponseCode::NoError);
        reply.edns = None;
        let mut octets = octets(&reply);
        octets[6..8].copy_from_slice(&count.to_be_bytes());
        octets.extend_from_slice(rest);
        Act::Say(octets)
    }
    let unread = |row: Row| row.finds(&["mx.unknown"]).exits(75).says("");
    let maze = || {
        let mut rest = vec![0, 0, 10, 0, 1, 0, 0, 0, 60, 0x2e, 0xe0];
        rest.extend((0..6000_u16).flat_map(|at| (0xc000 | (40 + 2 * at)).to_be_bytes()));
        rest
    };
    vec![
        well(row("noise before the reply", |asked, reply| {
            let id = asked.message.metadata.id.to_be_bytes();
            let noise = [&[][..], &[1], &[0xff; 700], &id, &[id[0], id[1], 0x80, 0, 0, 1]];
            noise.into_iter().map(|octets| Act::Say(octets.to_vec())).take(4).chain([asked.fit(reply)]).collect()
        })),
        mute(
            row("nothing but noise", |_, _| vec![Act::Say(vec![0xff; 600])]).with(&SHORT).queries(3),
            "the name server did not answer in time",
        ),
        well(
            row(
                "records that break the grammar, on datagrams",
                datagrams(|asked, _| vec![behind(asked, 1, &[0xff; 20])]),
            )
            .queries(6),
        ),
        unread(
            row("records that break the grammar, always", |asked, _| vec![behind(asked, 1, &[0xff; 20])]).queries(2),
        ),
        unread(
            row("a name that is a pointer to itself", |asked, _| {
                let at = 12 + u8::try_from(asked.name().len()).expect("short") + 4;
                vec![behind(asked, 1, &[0xc0, at, 0, 15, 0, 1, 0, 0, 0, 60, 0, 4, 0, 10, 0xc0, 12])]
            })
            .queries(2),
        ),
        unread(
            row("a name that is a pointer forwards", |asked, _| {
                vec![behind(asked, 1, &[0xc0, 200, 0, 15, 0, 1, 0, 0, 0, 60, 0, 4, 0, 10, 0xc0, 12])]
            })
            .queries(2),
        ),
        unread(
            row("pointers to pointers to pointers", move |asked, _| vec![behind(asked, 2, &maze())])
                .with(&["--tcp"])
                .queries(1),
        ),
        unread(row("more records promised than there are", |asked, _| vec![behind(asked, 60_000, &[])]).queries(2)),
        unread(
            row("an MX record of one octet", |asked, _| {
                vec![behind(asked, 1, &[0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 1, 7])]
            })
            .queries(2),
        ),
        unread(
            row("a label of 64 octets", |asked, _| {
                vec![behind(
                    asked,
                    1,
                    &[&[0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 68, 0, 10, 64][..], &[b'a'; 64], &[0]].concat(),
                )]
            })
            .queries(2),
        ),
        unread(
            row("a header and nothing else", |asked, _| {
                let id = asked.message.metadata.id.to_be_bytes();
                vec![Act::Say([&id[..], &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat())]
            })
            .with(&SHORT)
            .queries(3),
        ),
        unread(
            row("an empty message on a connection", |_, _| vec![Act::Say(Vec::new())])
                .with(&SHORT)
                .with(&["--tcp"])
                .queries(1),
        ),
    ]
}

fn crooked() -> Vec<Row> {
    vec![
        row("nothing, and a visit is wanted over the family that the exchanger has not", |asked, reply| {
            vec![asked.fit(reply)]
        })
        .with(&["--probe", "-6", "--helo", "crepes.example"])
        .finds(&["visit.family"])
        .exits(75)
        .says(
            "should go to a.cases.test, which could not be looked at from here: -6 leaves out all addresses but those of \
             IPv6, and there is none of these.",
        ),
        well(row("names in capital letters", |asked, mut reply| {
            for record in &mut reply.answers {
                record.name = name(&record.name.to_string().to_ascii_uppercase());
            }
            vec![asked.fit(reply)]
        })),
        well(row("an MX record of another class", |asked, mut reply| {
            if asked.kind() == T::MX {
                let mut chaos = mx("one.cases.test.", 1, "chaos.cases.test.");
                chaos.dns_class = hickory_proto::rr::DNSClass::CH;
                reply.answers.push(chaos);
            }
            vec![asked.fit(reply)]
        })),
        Row::new(
            "an alias beside MX records",
            "one.cases.test",
            Stage::new(with([record("one.cases.test. CNAME many.cases.test.")])),
        )
        .says("Mail to one.cases.test goes to a.cases.test."),
        row("NXDOMAIN with MX records", |asked, mut reply| {
            reply.metadata.response_code = ResponseCode::NXDomain;
            vec![asked.fit(reply)]
        })
        .queries(1)
        .finds(&["mx.no-domain"])
        .exits(68),
        row("every name has any address", |asked, _| {
            let mut reply = asked.reply(ResponseCode::NoError);
            reply.answers.extend((asked.kind() == T::A).then(|| a(&asked.name().to_string(), 1)));
            vec![asked.fit(reply)]
        })
        .finds(&["mx.implicit"])
        .says("one.cases.test itself."),
    ]
}
