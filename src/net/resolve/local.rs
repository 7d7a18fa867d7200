//! Names that no name server is asked about: those of the hosts file, and those that are nobody's.
//!
//! The hosts file is the administrator's own word, and read when an address or the name of one is first asked for.
//! RFC 6761 §6.3, §6.4; RFC 7686 §2.

use crate::dns::question::Question;
use crate::world::LookupError;
use hickory_proto::op::Query;
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_resolver::Hosts;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

/// What is known without asking.
pub(super) struct Local {
    /// None if the hosts file is not to be read; empty if it cannot be.
    hosts: Option<OnceLock<Hosts>>,
}

impl Local {
    /// With the hosts file.
    pub(super) fn system() -> Self {
        Self { hosts: Some(OnceLock::new()) }
    }

    /// Without it.
    pub(super) fn none() -> Self {
        Self { hosts: None }
    }

    /// What there is to say without asking; none if somebody has to be asked.
    pub(super) fn answer(&self, question: &Question) -> Option<Result<Vec<RData>, LookupError>> {
        self.in_hosts(question).map(Ok).or_else(|| special(&question.name, question.kind))
    }

    fn in_hosts(&self, question: &Question) -> Option<Vec<RData>> {
        let hosts = self.hosts.as_ref()?;
        if !matches!(question.kind, RecordType::A | RecordType::AAAA | RecordType::PTR) {
            return None;
        }
        let hosts = hosts.get_or_init(|| Hosts::from_system().unwrap_or_default());
        let known = hosts.lookup_static_host(&Query::query(question.name.clone(), question.kind))?;
        let data: Vec<RData> = known.answers().iter().map(|record| record.data.clone()).collect();
        (!data.is_empty()).then_some(data)
    }
}

/// What is said of names which no server may say anything else about, or learn who was meant.
fn special(name: &Name, kind: RecordType) -> Option<Result<Vec<RData>, LookupError>> {
    let top = name.iter().next_back()?;
    let is = |special: &str| top.eq_ignore_ascii_case(special.as_bytes());
    if is("localhost") {
        return Some(match kind {
            RecordType::A => Ok(vec![RData::A(Ipv4Addr::LOCALHOST.into())]),
            RecordType::AAAA => Ok(vec![RData::AAAA(Ipv6Addr::LOCALHOST.into())]),
            _ => Err(LookupError::NoRecords),
        });
    }
    (is("invalid") || is("onion")).then_some(Err(LookupError::NoSuchName))
}
