//! The certificates of exchangers in DNS, judged as far as records go; nobody connects.
//!
//! Whether DNSSEC vouches for an answer is the resolver's word here: an answer says so of itself, and one that does not
//! counts for nothing. RFC 7672 §2.1, §2.2, §3.1; RFC 7671 §10.1.

use super::report::{Dane as Told, DaneHost, Notes, Standing, counted};
use crate::engine::dane::{Interest, Search, search};
use crate::engine::exchangers::{Exchanger, Exchangers};
use crate::policy::dane::Standing as Dane;
use crate::probe::report::Level;
use crate::world::{LookupError, Resolve};
use futures_util::future::join_all;

/// Exchangers whose records are asked for.
const HOSTS_MAX: usize = 20;
/// Where exchangers take mail.
const PORT: u16 = 25;

/// What there is for one exchanger.
pub(super) struct Facts {
    host: String,
    state: State,
}

enum State {
    /// Records that can be used, and how many.
    Usable(usize),
    Unusable,
    /// There are some, for which nobody vouches.
    Unsigned(usize),
    Nothing,
    Unknown(String),
}

/// Asks for the records of all exchangers.
pub(super) async fn gather(dns: &dyn Resolve, domain: &str, found: &Exchangers) -> Vec<Facts> {
    let mut hosts: Vec<&Exchanger> = Vec::new();
    for host in found.hosts.iter().filter(|host| !host.host.starts_with('[')).take(HOSTS_MAX) {
        if hosts.iter().all(|known| known.host != host.host) {
            hosts.push(host);
        }
    }
    let asked = hosts.into_iter().map(|host| async move {
        let search = search(dns, (domain, found), host, PORT, Interest::Any).await;
        Facts { host: host.host.clone(), state: state(&search) }
    });
    join_all(asked).await
}

fn state(search: &Search) -> State {
    match (&search.standing, search.told().map(|looked| &looked.said)) {
        (Dane::Named { associations, .. }, _) => State::Usable(associations.len()),
        (Dane::Unusable, _) => State::Unusable,
        (Dane::Unknown(why), _) => State::Unknown(why.clone()),
        (Dane::Unvouched | Dane::Nothing, Some(Ok(answer))) => State::Unsigned(answer.records.len()),
        (Dane::Unvouched, Some(Err(LookupError::Temporary(why)))) => State::Unknown(why.clone()),
        (Dane::Unvouched | Dane::Nothing, _) => State::Nothing,
    }
}

/// Judges what there is, or that the exchangers are not known. Good is nothing here: whether a record fits the certificate
/// of its host, only a connection tells.
pub(super) fn judge(facts: &[Facts], is_known: bool, unauthentic: Option<&str>, notes: &mut Notes) -> Told {
    for one in facts {
        let host = Some(one.host.as_str());
        match &one.state {
            State::Unusable => {
                let text = "none of its TLSA records can be used: senders encrypt, and verify nothing";
                let fix = "publish 3 1 1 of the host's own key";
                notes.about("dane.unusable", Level::Error, host, text, "RFC 7672 §3.1", fix);
            }
            State::Unsigned(count) => {
                let text = match unauthentic {
                    Some(why) => {
                        format!(
                            "it has {}; whether DNSSEC vouches for that is not known: {why}",
                            counted(*count as u64, "TLSA record")
                        )
                    }
                    None => format!(
                        "it has {}, and DNSSEC does not vouch for that: it counts for nothing",
                        counted(*count as u64, "TLSA record")
                    ),
                };
                let (level, fix) = match unauthentic {
                    Some(_) => (Level::Info, "ask a name server that checks DNSSEC"),
                    None => (Level::Warn, "sign the zones of the domain and of the host"),
                };
                notes.about("dane.unsigned", level, host, text, "RFC 7672 §2.2", fix);
            }
            State::Unknown(why) => {
                let text = format!("its TLSA records are not known: {why}");
                let fix = "mend the name servers: senders who check hold their mail back";
                notes.about("dane.unknown", Level::Warn, host, text, "RFC 7672 §2.1.2", fix);
            }
            State::Usable(_) | State::Nothing => {}
        }
    }
    let count = |is: fn(&State) -> bool| facts.iter().filter(|one| is(&one.state)).count();
    let usable = count(|state| matches!(state, State::Usable(_)));
    let unsigned = count(|state| matches!(state, State::Unsigned(_)));
    let unknown = count(|state| matches!(state, State::Unknown(_)));
    let unusable = count(|state| matches!(state, State::Unusable));
    let all = facts.len();
    let (standing, summary) = match () {
        () if !is_known => (Standing::Unknown, "exchangers not known now".to_owned()),
        () if all == 0 => (Standing::Unneeded, "no exchangers".to_owned()),
        () if unusable > 0 => (Standing::Broken, format!("unusable for {unusable} of {all} exchangers")),
        () if unknown > 0 => (Standing::Unknown, format!("not known for {unknown} of {all} exchangers")),
        () if usable == all => {
            let how = "records signed, not compared (mx lookup --probe --dane compares)";
            (Standing::Present, format!("{all} of {all} exchangers: {how}"))
        }
        () if usable > 0 => (Standing::Weak, format!("{usable} of {all} exchangers")),
        () if unsigned > 0 && unauthentic.is_some() => (Standing::Unknown, "records, not checked by DNSSEC".into()),
        () if unsigned > 0 => (Standing::Weak, "records, not signed".to_owned()),
        () => (Standing::Missing, "no records".to_owned()),
    };
    if usable > 0 && usable < all {
        let text =
            format!("only {usable} of {all} exchangers have TLSA records: who attacks makes senders use the others");
        notes.note("dane.in-part", Level::Warn, text, "RFC 7672 §2.2.1", "publish records for all of them");
    }
    let host = |one: &Facts| {
        let (state, records) = match &one.state {
            State::Usable(count) => ("usable", *count),
            State::Unusable => ("unusable", 0),
            State::Unsigned(count) => ("unsigned", *count),
            State::Nothing => ("nothing", 0),
            State::Unknown(_) => ("unknown", 0),
        };
        DaneHost { host: one.host.clone(), state, records }
    };
    Told { standing, summary, hosts: facts.iter().map(host).collect() }
}
