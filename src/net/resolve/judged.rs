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
}

fn response(sight: &Arc<Sight>) -> Response {
    let reply = &sight.reply;
    let ours = |records: &[Record]| records.iter().filter(|record| is_internet(record)).cloned().collect();
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
