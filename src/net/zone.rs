//! Names from a text: a whole DNS for tests and the demo.
//!
//! Reads the master file format, with as many origins as it likes, and answers as a resolver would
//! that asked the servers of these zones: aliases followed, wildcards filled in, "no such name"
//! kept apart from "no such records". Names can be made to fail and to recover while in use.
//! RFC 1035 §5; RFC 1034 §3.6.2, §4.3.2; RFC 4592 §3.3; RFC 8020.

use super::resolve::{absolute, follow, host};
use crate::error::{Error, Kind, Result};
use crate::world::{Answer, Later, LookupError, RecordKind, Resolve, Trail};
use hickory_proto::rr::{Name, RData};
use hickory_proto::serialize::txt::Parser;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Records without a TTL of their own, in a text without `$TTL`.
const TTL_SECONDS: u32 = 300;

/// A resolver that knows the names of one text and no others.
pub struct Zone {
    names: BTreeMap<String, Vec<(u32, RData)>>,
    failing: Mutex<BTreeSet<String>>,
    signed: BTreeSet<String>,
}

impl Zone {
    /// Reads zone text. Names before the first `$ORIGIN` are absolute. `$INCLUDE` is refused: it would read files.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: String| Error::new(Kind::Data, "read the zone").caused_by(why);
        let is_include = |line: &str| line.trim_start().to_ascii_uppercase().starts_with("$INCLUDE");
        if let Some(line) = text.lines().find(|line| is_include(line)) {
            return Err(bad(format!("{} is not supported here", line.trim())));
        }
        let text = format!("$TTL {TTL_SECONDS}\n{text}\n");
        let (_, sets) = Parser::new(text, None, Some(Name::root())).parse().map_err(|error| bad(error.to_string()))?;
        let mut names: BTreeMap<String, Vec<(u32, RData)>> = BTreeMap::new();
        for (key, set) in sets {
            let records = names.entry(host(&Name::from(key.name))).or_default();
            records.extend(set.records_without_rrsigs().map(|record| (record.ttl, record.data.clone())));
        }
        Ok(Self { names, failing: Mutex::default(), signed: BTreeSet::new() })
    }

    /// From now on this name and all below it answer as if their servers were down.
    pub fn fail(&self, name: &str) {
        self.failing().insert(canonical(name));
    }

    /// The same with this name and all below it signed: what is said of them is authentic.
    pub fn signed(mut self, name: &str) -> Self {
        self.signed.insert(canonical(name));
        self
    }

    /// Takes [`Zone::fail`] back.
    pub fn recover(&self, name: &str) {
        self.failing().remove(&canonical(name));
    }

    fn failing(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.failing.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn find(&self, name: &str, kind: RecordKind) -> Trail {
        let asked = canonical(name);
        let is_signed = |name: &String| ancestors(name).any(|above| self.signed.contains(above));
        let name = match absolute(&asked) {
            Ok(name) => name,
            Err(why) => return Trail::from(Err(why)),
        };
        let mut trail = follow(name, kind, |name| {
            let name = &host(name);
            if ancestors(name).any(|above| self.failing().contains(above)) {
                return Err(LookupError::Temporary("the name server answered: Server Failure".into()));
            }
            let here = self.records_of(name).ok_or(LookupError::NoSuchName)?;
            Ok(here.iter().map(|(ttl, data)| (*ttl, data)))
        });
        if let Ok(answer) = &mut trail.found {
            answer.is_authentic = is_signed(&asked) && answer.aliases.iter().all(is_signed);
        }
        trail
    }

    /// What a name has: its own records, nothing if only names below it exist, or what a wildcard gives it.
    fn records_of(&self, name: &str) -> Option<&[(u32, RData)]> {
        if let Some(records) = self.names.get(name) {
            return Some(records);
        }
        if self.is_above_others(name) {
            return Some(&[]);
        }
        // RFC 4592 §3.3.1: only the wildcard below the closest name that exists counts.
        let encloser =
            ancestors(name).skip(1).find(|above| self.names.contains_key(*above) || self.is_above_others(above))?;
        self.names.get(&format!("*.{encloser}")).map(Vec::as_slice)
    }

    fn is_above_others(&self, name: &str) -> bool {
        let below = format!(".{name}");
        self.names.keys().any(|other| other.ends_with(&below))
    }
}

impl Resolve for Zone {
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        Box::pin(std::future::ready(self.find(name, kind).found))
    }

    fn trail<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Trail> {
        Box::pin(std::future::ready(self.find(name, kind)))
    }
}

fn canonical(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_lowercase()
}

/// The name itself, then each one above it, without the root.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, above)| above))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Record;

    const ZONE: &str = r#"
alone.example MX 10 mx.far.example
$ORIGIN cases.test.
$TTL 600
@       SOA ns host 1 3600 600 86400 60
@       NS ns
a       60 A 127.0.1.1
        AAAA ::1
many    MX 20 d.cases.test.
        MX 5 A
nullmx  MX 0 .
cnamed  CNAME many
chain   CNAME cnamed
dangling CNAME gone
loopa   CNAME loopb
loopb   CNAME loopa
*.wild  MX 10 a
deep.down.below A 127.0.1.2
nothing TXT "no mail " "here"
_25._tcp.a TLSA 3 1 1 00ff
_imaps._tcp SRV 0 1 993 A
_pop3s._tcp SRV 0 0 0 .
1.1.0.127.in-addr.arpa. PTR A
$ORIGIN other.test.
@       MX 10 mx
mx      A 127.0.2.1
"#;

    fn mx(preference: u16, exchange: &str) -> Record {
        Record::Mx { preference, exchange: exchange.into() }
    }

    fn srv(weight: u16, port: u16, target: &str) -> Record {
        Record::Srv { priority: 0, weight, port, target: target.into() }
    }

    #[tokio::test]
    async fn names_records_and_their_absence_are_kept_apart() {
        let zone = Zone::parse(ZONE).expect("a zone");
        for (name, kind, wanted) in [
            ("alone.example", RecordKind::Mx, Ok(vec![mx(10, "mx.far.example")])),
            ("MANY.cases.test.", RecordKind::Mx, Ok(vec![mx(20, "d.cases.test"), mx(5, "a.cases.test")])),
            ("nullmx.cases.test", RecordKind::Mx, Ok(vec![mx(0, ".")])),
            ("a.cases.test", RecordKind::A, Ok(vec![Record::A([127, 0, 1, 1].into())])),
            ("a.cases.test", RecordKind::Aaaa, Ok(vec![Record::Aaaa(std::net::Ipv6Addr::LOCALHOST)])),
            ("a.cases.test", RecordKind::Mx, Err(LookupError::NoRecords)),
            ("nothing.cases.test", RecordKind::Txt, Ok(vec![Record::Txt(b"no mail here".to_vec())])),
            ("_imaps._tcp.cases.test", RecordKind::Srv, Ok(vec![srv(1, 993, "a.cases.test")])),
            ("_pop3s._tcp.cases.test", RecordKind::Srv, Ok(vec![srv(0, 0, ".")])),
            (
                "_25._tcp.a.cases.test",
                RecordKind::Tlsa,
                Ok(vec![Record::Tlsa { usage: 3, selector: 1, matching: 1, data: vec![0, 255] }]),
            ),
            ("1.1.0.127.in-addr.arpa", RecordKind::Ptr, Ok(vec![Record::Ptr("a.cases.test".into())])),
            ("nothing.cases.test", RecordKind::A, Err(LookupError::NoRecords)),
            ("down.below.cases.test", RecordKind::A, Err(LookupError::NoRecords)),
            ("nx.cases.test", RecordKind::A, Err(LookupError::NoSuchName)),
            ("x.a.cases.test", RecordKind::A, Err(LookupError::NoSuchName)),
            ("dangling.cases.test", RecordKind::Mx, Err(LookupError::NoSuchName)),
            ("any.wild.cases.test", RecordKind::Mx, Ok(vec![mx(10, "a.cases.test")])),
            ("x.any.wild.cases.test", RecordKind::Mx, Ok(vec![mx(10, "a.cases.test")])),
            ("any.wild.cases.test", RecordKind::A, Err(LookupError::NoRecords)),
            ("other.test", RecordKind::Mx, Ok(vec![mx(10, "mx.other.test")])),
            ("elsewhere.test", RecordKind::Mx, Err(LookupError::NoSuchName)),
            ("test", RecordKind::Mx, Err(LookupError::NoRecords)),
        ] {
            assert_eq!(zone.lookup(name, kind).await.map(|answer| answer.records), wanted, "{name} {kind:?}");
        }
    }

    #[tokio::test]
    async fn aliases_are_followed_and_told_and_a_circle_ends() {
        let zone = Zone::parse(ZONE).expect("a zone");
        let chain = zone.lookup("chain.cases.test", RecordKind::Mx).await.expect("an answer");
        assert_eq!(chain.aliases, ["cnamed.cases.test", "many.cases.test"]);
        assert_eq!((chain.records.len(), chain.ttl), (2, 600));
        assert_eq!(zone.lookup("a.cases.test", RecordKind::A).await.expect("an answer").ttl, 60);
        let circle = zone.lookup("loopa.cases.test", RecordKind::Mx).await;
        assert!(matches!(circle, Err(LookupError::Temporary(_))), "{circle:?}");
    }

    #[tokio::test]
    async fn an_answer_is_authentic_if_all_of_it_is_signed() {
        let zone = Zone::parse(ZONE).expect("a zone").signed("Many.cases.test.").signed("chain.cases.test");
        for (name, wanted) in [("many", true), ("chain", false), ("cnamed", false), ("a", false)] {
            let kind = if name == "a" { RecordKind::A } else { RecordKind::Mx };
            let answer = zone.lookup(&format!("{name}.cases.test"), kind).await.expect(name);
            assert_eq!(answer.is_authentic, wanted, "{name}");
        }
        let zone = Zone::parse(ZONE).expect("a zone").signed("cases.test");
        assert!(zone.lookup("chain.cases.test", RecordKind::Mx).await.expect("an answer").is_authentic);
    }

    #[tokio::test]
    async fn a_failing_name_takes_those_below_along_until_it_recovers() {
        let zone = Zone::parse(ZONE).expect("a zone");
        zone.fail("Other.test.");
        for name in ["other.test", "mx.other.test", "new.other.test"] {
            let answer = zone.lookup(name, RecordKind::A).await;
            assert!(matches!(answer, Err(LookupError::Temporary(_))), "{name}: {answer:?}");
        }
        assert!(zone.lookup("a.cases.test", RecordKind::A).await.is_ok());
        zone.recover("other.test");
        assert!(zone.lookup("mx.other.test", RecordKind::A).await.is_ok());
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["a MX ten mx", "a A 300.1.1.1", "a BOGUS x", "$INCLUDE /etc/passwd", "  $include x", "\"", "a A"] {
            assert!(Zone::parse(text).is_err(), "{text}");
        }
        assert!(Zone::parse("").is_ok() && Zone::parse("; nothing\n").is_ok());
    }
}
