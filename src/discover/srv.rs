//! Servers by DNS: what the SRV records of a domain name.
//!
//! Pure: the records come in, in whatever order. A target outside of the domain is as good as the DNS it came by, and
//! the user has to confirm it (RFC 6186 §6). RFC 6186 §3.4; RFC 8314 §5.1; RFC 2782.

use super::{Begins, Candidate, Service, Source, Trust, endpoint};
use crate::world::Record;

/// The names to ask about, below the domain: the label, what it names, and how TLS begins there.
/// TLS from the first octet comes first (RFC 8314 §3).
pub(super) const LABELS: [(&str, Service, Begins); 6] = [
    ("_submissions._tcp", Service::Smtp, Begins::WithTls),
    ("_submission._tcp", Service::Smtp, Begins::WithStartTls),
    ("_imaps._tcp", Service::Imap, Begins::WithTls),
    ("_imap._tcp", Service::Imap, Begins::WithStartTls),
    ("_pop3s._tcp", Service::Pop, Begins::WithTls),
    ("_pop3._tcp", Service::Pop, Begins::WithStartTls),
];

/// The servers in the records of one label, the first choice first.
pub(super) fn candidates(
    service: Service,
    begins: Begins,
    (records, trust): (&[Record], Trust),
    address: &str,
) -> Vec<Candidate> {
    let mut listed: Vec<(u16, u16, u16, &str)> = records
        .iter()
        .filter_map(|record| match record {
            // RFC 2782: a dot says that the service is decidedly not there.
            Record::Srv { target, .. } if target == "." => None,
            Record::Srv { priority, weight, port, target } => Some((*priority, *weight, *port, target.as_str())),
            _ => None,
        })
        .collect();
    // An account has one server; so the heaviest of equals is taken, not one by lot.
    listed.sort_by_key(|(priority, weight, ..)| (*priority, u16::MAX - *weight));
    let candidate = |(_, _, port, target): (u16, u16, u16, &str)| {
        let endpoint = endpoint(service, target, port, begins)?;
        let user = address.to_owned();
        Some(Candidate { service, endpoint, user, ways: Vec::new(), source: Source::Srv, trust })
    };
    listed.into_iter().filter_map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_decides_then_weight_and_a_dot_is_nobody() {
        for (records, wanted) in [
            (&[(10, 1, 993, "b.x.test"), (0, 1, 993, "a.x.test")][..], "imaps://a.x.test:993 imaps://b.x.test:993"),
            (&[(0, 1, 993, "b.x.test"), (0, 9, 1993, "a.x.test")], "imaps://a.x.test:1993 imaps://b.x.test:993"),
            (&[(0, 0, 0, ".")], ""),
            (&[(0, 0, 993, "a/b@c")], ""),
            (&[], ""),
        ] {
            let record = |(priority, weight, port, target): &(u16, u16, u16, &str)| Record::Srv {
                priority: *priority,
                weight: *weight,
                port: *port,
                target: (*target).to_owned(),
            };
            let records: Vec<Record> = records.iter().map(record).collect();
            let found = candidates(Service::Imap, Begins::WithTls, (&records, Trust::Dns), "me@x.test");
            let found: Vec<String> = found.iter().map(|candidate| candidate.endpoint.to_string()).collect();
            assert_eq!(found.join(" "), wanted);
        }
    }
}
