//! What else the arguments of `mx lookup` say, read and checked before anybody is asked.

use super::{Lookup, PORTS_MAX};
use crate::cli::host;
use crate::cli::mx::given::Given;
use crate::cli::mx::names::Target;
use mailkit::address::{Address, Domain};
use mailkit::duration;
use mailkit::endpoint::masked;
use mailkit::envelope::ReversePath;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::world::{Clock, Timestamp};
use std::time::Duration;

/// When certificates are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// So long from now.
    In(Duration),
    /// Then.
    Then(Timestamp),
}

/// What is asked of every domain.
pub(super) struct Asked {
    /// Whether servers are visited.
    pub(super) visits: bool,
    /// What is said in EHLO.
    pub(super) helo: Domain,
    /// Whom to ask about.
    pub(super) recipients: Vec<Address>,
    /// From whom that mail would come.
    pub(super) from: ReversePath,
    /// The ports to visit, each once.
    pub(super) ports: Vec<u16>,
    /// When certificates and signatures are judged.
    pub(super) at: Timestamp,
}

/// What is named; where that is nothing, the domains of `--rcpt`.
pub(super) fn given(lookup: &Lookup) -> Result<Given> {
    let mut given = Given::parse(&lookup.targets)?;
    if given.targets.is_empty() && !given.is_input_meant {
        for recipient in &lookup.rcpt {
            let target = Target::from(address_of("--rcpt", recipient)?.domain().clone());
            if !given.targets.contains(&target) {
                given.targets.push(target);
            }
        }
    }
    given.nonempty()
}

impl Asked {
    /// Reads the arguments.
    pub(super) fn read(lookup: &Lookup, given: &Given) -> Result<Self> {
        let visits = lookup.probe || lookup.cert || lookup.catch_all || !lookup.rcpt.is_empty();
        if lookup.from.is_some() && lookup.rcpt.is_empty() && !lookup.catch_all {
            return Err(Error::new(Kind::Usage, "--from goes with --rcpt or --catch-all"));
        }
        if lookup.port.contains(&0) {
            return Err(Error::new(Kind::Usage, "--port 0: there is no such port"));
        }
        let mut ports = Vec::new();
        for port in &lookup.port {
            if !ports.contains(port) {
                ports.push(*port);
            }
        }
        if ports.len() > PORTS_MAX {
            return Err(Error::new(Kind::Usage, format!("--port: more than {PORTS_MAX} of them")));
        }
        let recipients = lookup.rcpt.iter().map(|text| {
            let address = address_of("--rcpt", text)?;
            let domain = address.domain().to_ascii();
            let is_meant = given.is_input_meant || given.targets.iter().any(|one| one.domain.to_ascii() == domain);
            match is_meant {
                true => Ok(address),
                false => Err(Error::new(Kind::Usage, format!("--rcpt {text}: it is at none of the domains"))
                    .hint("name its domain too; a recipient is asked about at the exchangers of its own domain")),
            }
        });
        let recipients = recipients.collect::<Result<Vec<_>>>()?;
        let from = match lookup.from.as_deref() {
            None | Some("" | "<>") => ReversePath::Null,
            Some(text) => ReversePath::Mailbox(address_of("--from", text)?),
        };
        let now = SystemClock.now();
        let at = match lookup.at {
            None => now,
            Some(At::Then(then)) => then,
            Some(At::In(wait)) => now
                .saturating_add(wait)
                .map_err(|error| Error::new(Kind::Usage, "--at: too far away").caused_by(error))?,
        };
        Ok(Self { visits, helo: host::helo(lookup.helo.as_deref())?, recipients, from, ports, at })
    }
}

fn address_of(option: &str, text: &str) -> Result<Address> {
    Address::parse(text)
        .map_err(|error| Error::new(Kind::Usage, format!("{option} {}: not an address", masked(text))).caused_by(error))
}

/// `+14d`, `2026-12-01`, `2026-12-01T00:00:00Z`.
pub(super) fn moment(text: &str) -> Result<At, String> {
    if let Some(wait) = text.strip_prefix('+') {
        return duration::parse(wait).map(At::In).map_err(|error| error.to_string());
    }
    let time = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
    time.map(At::Then).map_err(|_| "write +14d, 2026-12-01 or 2026-12-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::mx::given::Extent;
    use clap::Parser;
    use mailkit::dns::server::Server;

    #[test]
    fn resolver_and_names_may_stand_in_any_order() {
        #[derive(Debug, Parser)]
        struct Line {
            #[command(flatten)]
            lookup: Lookup,
        }
        let line = Line::try_parse_from(["lookup", "x.example.", "@::1", "root@y.example"]).expect("arguments");
        let named = given(&line.lookup).expect("something is named");
        assert_eq!(named.server, Some(Server::at("[::1]:53".parse().expect("an address"))));
        let domains: Vec<_> = named.targets.iter().map(|target| target.domain.to_string()).collect();
        assert!(named.extent() == Extent::Some && domains == ["x.example", "y.example"], "{domains:?}");
        let bad: [&[&str]; 7] = [
            &["@192.0.2.1"],
            &[""],
            &["a..b"],
            &["@1.1.1.1", "@8.8.8.8", "x"],
            &["a@b@c"],
            &["-", "-"],
            &["@192.0.2.1", "--rcpt", "nobody"],
        ];
        for bad in bad {
            let line = Line::try_parse_from([&["lookup"], bad].concat()).expect("arguments");
            assert_eq!(given(&line.lookup).expect_err("a usage error").kind(), Kind::Usage, "{bad:?}");
        }
        let line = Line::try_parse_from(["lookup", "--rcpt", "bob@x.test", "--rcpt", "eve@x.test"]).expect("arguments");
        let named = given(&line.lookup).expect("something is named");
        assert!(named.extent() == Extent::One);
        assert_eq!(named.targets, [Target::from(Domain::Name("x.test".into()))]);
        let line =
            Line::try_parse_from(["lookup", "x.test", "--port", "2525", "--port", "25,2525,25"]).expect("arguments");
        let asked = Asked::read(&line.lookup, &given(&line.lookup).expect("something is named")).expect("it is right");
        assert_eq!(asked.ports, [2525, 25]);
        let line = Line::try_parse_from(["lookup", "-", "x.test"]).expect("arguments");
        assert!(given(&line.lookup).is_ok_and(|named| named.extent() == Extent::List));
    }

    #[test]
    fn a_time_is_said_by_its_distance_or_itself() {
        let then = |text: &str| Ok(At::Then(text.parse().expect("a time")));
        for (text, wanted) in [
            ("+14d", Ok(At::In(Duration::from_secs(14 * 24 * 60 * 60)))),
            ("2026-12-01", then("2026-12-01T00:00:00Z")),
            ("2026-12-01T12:00:00Z", then("2026-12-01T12:00:00Z")),
            ("14d", Err(())),
            ("+", Err(())),
            ("tomorrow", Err(())),
        ] {
            assert_eq!(moment(text).map_err(|_| ()), wanted, "{text}");
        }
    }
}
