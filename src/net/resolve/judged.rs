//! Answers that are judged here: where no name server near us does it, the signatures are asked for and checked.
//!
//! What is bogus, or cannot be known, is no answer: whoever waits until it is mended loses nothing (RFC 7672 §2.1.1).
//! RFC 4035 §4.9; RFC 6840 §5.9.

use super::super::dns::{Client, Sight};
use super::records::{ALIASES_MAX, host, to_record, too_many_aliases};
use super::{is_internet, no_answer};
use crate::dns::dnssec::{Alias, Found, Response, Security, Source, Validated, Why};
use crate::dns::question::{Question, Wishes};
use crate::world::{Answer, Later, LookupError, RecordKind, Trail};
use hickory_proto::rr::{Name, Record, RecordType};
use std::sync::Arc;

impl Source for Client {
    fn ask<'a>(&'a self, name: &'a Name, kind: RecordType) -> Later<'a, Result<Response, String>> {
        Box::pin(async move {
            let question = Question { name: name.clone(), kind };
            let said = Client::ask(self, &question, Wishes::VALIDATION).await;
            let sight = said.map_err(|trouble| trouble.to_string())?;
            no_answer(&sight).map_or_else(|| Ok(response(&sight)), |why| Err(why.to_owned()))
        })
    }

    fn distrust(&self, name: &Name, kind: RecordType) {
        Client::distrust(self, &Question { name: name.clone(), kind }, Wishes::VALIDATION);
    }
}

fn response(sight: &Arc<Sight>) -> Response {
    let reply = &sight.reply;
    // What has been remembered for a while may be kept for so much less.
    let aged = |record: &Record| {
        let mut record = record.clone();
        record.ttl = sight.left(record.ttl);
        record
    };
    let ours = |records: &[Record]| records.iter().filter(|record| is_internet(record)).map(aged).collect();
    Response { rcode: reply.code(), answers: ours(reply.answers()), authorities: ours(reply.authorities()) }
}

/// The way that a judgement leaves, and the answer at its end.
pub(super) fn trail(judged: &Validated, kind: RecordKind) -> Trail {
    let is_believed = |alias: &&Alias| !alias.security.is_useless();
    let aliases: Vec<String> = judged.aliases.iter().take_while(is_believed).map(|alias| host(&alias.target)).collect();
    let why = judged.security.why();
    let is_endless =
        aliases.len() > ALIASES_MAX || matches!(why, Some(Why::AliasLoop { .. } | Why::TooManyAliases { .. }));
    let found = if aliases.len() > ALIASES_MAX { Err(too_many_aliases()) } else { answer(judged, &aliases, kind) };
    Trail { aliases, is_endless, found }
}

fn answer(judged: &Validated, aliases: &[String], kind: RecordKind) -> Result<Answer, LookupError> {
    match &judged.security {
        Security::Secure | Security::Insecure(_) => {}
        Security::Bogus(why) => return Err(LookupError::Temporary(format!("DNSSEC: {why}"))),
        Security::Indeterminate(why) => return Err(LookupError::Temporary(why.to_string())),
    }
    match &judged.found {
        Found::Records(found) => {
            let ttl = found.iter().map(|record| record.ttl).min().unwrap_or_default();
            let records: Vec<_> = found.iter().filter_map(|record| to_record(&record.data, kind)).collect();
            match records.is_empty() {
                true => Err(LookupError::NoRecords),
                false => {
                    let is_authentic = judged.security == Security::Secure;
                    Ok(Answer { records, aliases: aliases.to_vec(), ttl, is_authentic })
                }
            }
        }
        Found::NoName => Err(LookupError::NoSuchName),
        Found::NoData => Err(LookupError::NoRecords),
        Found::Nothing => Err(LookupError::Temporary("nothing that can be believed was answered".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::reply::Reply;
    use crate::dns::server::Transport;
    use hickory_proto::op::{Message, MessageType, OpCode};
    use hickory_proto::rr::RData;
    use hickory_proto::rr::rdata::A;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn what_was_remembered_for_a_while_is_good_for_so_much_less() {
        let address = |ttl| Record::from_rdata(Name::root(), ttl, RData::A(A::new(192, 0, 2, 1)));
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.answers = vec![address(60), address(30), address(u32::MAX)];
        message.authorities = vec![address(100)];
        let reply = Reply::parse(&message.to_vec().expect("octets")).expect("a reply");
        let at = Instant::now() - Duration::from_secs(40);
        let (server, transport, took) = ("ns".into(), Transport::Udp, Duration::ZERO);
        let seen = response(&Arc::new(Sight { reply, server, transport, took, sent: 1, at }));
        let left = |records: &[Record]| records.iter().map(|record| record.ttl).collect::<Vec<_>>();
        assert_eq!((left(&seen.answers), left(&seen.authorities)), (vec![20, 0, 0], vec![60]));
    }
}
