//! DANE for one exchanger: below which names its TLSA records are looked for, and what DNS has said of them in the end.
//!
//! Pure: what is known of the host comes in, then the answers that were had, one for each name in its order. What
//! follows for a conversation, [`super::guard`] says, by how much a sender wants.
//! RFC 7672 §2.1, §2.2, §3.2; RFC 7671 §7.

use super::tlsa::Published;
use crate::wire::association::Association;
use crate::world::{Answer, LookupError};

/// What is known of an exchanger before its TLSA records are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Host<'a> {
    /// Its name, as the MX record has it; of a domain without such records the domain itself.
    pub name: &'a str,
    /// The names that an alias led to on the way to its addresses.
    pub aliases: &'a [String],
    /// The domain that it takes mail for.
    pub domain: &'a str,
    /// The names that an alias of the domain led to on the way to its MX records.
    pub domain_aliases: &'a [String],
    /// DNSSEC vouches for its being an exchanger of the domain.
    pub is_exchanger: bool,
    /// DNSSEC vouches for its addresses, and for each alias before them.
    pub has_addresses: bool,
    /// DNSSEC vouches for its being an alias, wherever that leads.
    pub is_alias: bool,
}

/// What DNS has said of the records below one base domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The base domain.
    pub base: String,
    /// What was said.
    pub said: Result<Answer, LookupError>,
}

/// What an exchanger has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// DNSSEC does not vouch for the way to it, so that no records could be the right ones.
    Unvouched,
    /// No records that DNSSEC vouches for.
    Nothing,
    /// That is not known now.
    Unknown(String),
    /// Records, and none that can be used.
    Unusable,
    /// Records.
    Named {
        /// Those that count.
        associations: Vec<Association>,
        /// The names that a certificate may carry for which a named authority vouches; the first, the base domain, is
        /// asked for.
        names: Vec<String>,
    },
}

impl<'a> Host<'a> {
    /// The base domains below which records count, best first. None, and nobody needs to be asked; some servers of
    /// unsigned names choke on the question (RFC 7672 §2.2.2).
    pub fn bases(&self) -> Vec<&'a str> {
        match () {
            // RFC 7672 §2.2.1: who names the exchanger could name another.
            () if !self.is_exchanger => Vec::new(),
            () if self.has_addresses => self.candidates(),
            // RFC 7672 §2.2.2, "insecure CNAME": the name itself is signed, and where it leads is not.
            () if self.is_alias && !self.aliases.is_empty() => vec![self.name],
            () => Vec::new(),
        }
    }

    /// All base domains that there could be. RFC 7672 §2.2.2, "secure CNAME": the end of a chain of aliases goes before
    /// its beginning. §2.2.3: what is between them is never one.
    pub fn candidates(&self) -> Vec<&'a str> {
        self.aliases.last().map(String::as_str).into_iter().chain([self.name]).collect()
    }

    /// The names that a certificate may carry for which a named authority vouches: the first is also asked for (SNI,
    /// RFC 7672 §8.1).
    pub fn names(&self, base: &str) -> Vec<String> {
        // RFC 7672 §3.2.2: the base domain, the domain, and what that is an alias of. Beyond it, what the host was called
        // before its own aliases were followed: where these are vouched for, so is that name.
        let mut names = vec![base.to_owned()];
        let end = self.domain_aliases.last().map(String::as_str);
        for name in [self.name, self.domain].into_iter().chain(end) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// What it has, by the answers that were had below its base domains.
    pub fn standing(&self, looked: &[Looked]) -> Standing {
        let bases = self.bases();
        if bases.is_empty() {
            return Standing::Unvouched;
        }
        let counting = looked.iter().filter(|looked| bases.contains(&looked.base.as_str()));
        let Some(Looked { base, said }) = counting.into_iter().find(|looked| is_settled(&looked.said)) else {
            return Standing::Nothing;
        };
        match said {
            Ok(answer) => match Published::of(&answer.records) {
                Published::Nothing => Standing::Nothing,
                Published::Unusable => Standing::Unusable,
                Published::Usable(associations) => Standing::Named { associations, names: self.names(base) },
            },
            Err(why) => Standing::Unknown(why.to_string()),
        }
    }
}

/// Whether an answer below one base domain makes it needless to ask below the next.
pub fn is_settled(said: &Result<Answer, LookupError>) -> bool {
    match said {
        // RFC 7672 §2.2.3: records that nobody vouches for count no more than none; anybody could have made them.
        Ok(answer) => answer.is_authentic,
        // RFC 7672 §2.1.2: somebody may keep them from us.
        Err(LookupError::Temporary(_)) => true,
        // RFC 7672 §2.1.1: that there are none is an answer, vouched for or not.
        Err(LookupError::NoSuchName | LookupError::NoRecords) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Record;

    fn host(aliases: &[String]) -> Host<'_> {
        Host { name: "a.test", aliases, domain: "x.test", is_exchanger: true, has_addresses: true, ..Host::default() }
    }

    #[test]
    fn records_stand_below_the_end_of_the_aliases_first_as_far_as_dnssec_vouches_for_them() {
        let aliases = ["b.test".to_owned(), "c.test".to_owned()];
        let (plain, alias) = (host(&[]), host(&aliases));
        for (host, wanted) in [
            (plain, vec!["a.test"]),
            (alias, vec!["c.test", "a.test"]),
            (Host { has_addresses: false, ..plain }, vec![]),
            // There is no alias that could be vouched for.
            (Host { has_addresses: false, is_alias: true, ..plain }, vec![]),
            (Host { has_addresses: false, ..alias }, vec![]),
            (Host { has_addresses: false, is_alias: true, ..alias }, vec!["a.test"]),
            (Host { is_exchanger: false, ..plain }, vec![]),
            (Host { is_exchanger: false, is_alias: true, ..alias }, vec![]),
        ] {
            assert_eq!(host.bases(), wanted, "{host:?}");
        }
        assert_eq!(Host { is_exchanger: false, ..alias }.candidates(), ["c.test", "a.test"]);
    }

    #[test]
    fn a_certificate_may_carry_the_name_of_host_base_or_domain_each_once() {
        let end = ["far.test".to_owned(), "end.test".to_owned()];
        let of = |name, domain, domain_aliases| Host { name, domain, domain_aliases, ..Host::default() };
        assert_eq!(of("a.test", "x.test", &[][..]).names("c.test"), ["c.test", "a.test", "x.test"]);
        assert_eq!(of("MX.test", "x.test", &[]).names("mx.test"), ["mx.test", "x.test"]);
        assert_eq!(of("x.test", "x.test", &[]).names("x.test"), ["x.test"]);
        assert_eq!(of("a.test", "x.test", &end).names("a.test"), ["a.test", "x.test", "end.test"]);
    }

    #[test]
    fn the_first_answer_that_settles_it_counts_and_none_for_a_name_that_does_not() {
        let record = |usage| Record::Tlsa { usage, selector: 1, matching: 1, data: vec![7; 32] };
        let answer =
            |usage, is_authentic| Ok(Answer { records: vec![record(usage)], is_authentic, ..Answer::default() });
        let down = || Err(LookupError::Temporary("SERVFAIL".into()));
        let aliases = ["c.test".to_owned()];
        for (first, second, wanted) in [
            (answer(3, true), answer(1, true), "c.test"),
            (answer(1, true), answer(3, true), "unusable"),
            (answer(3, false), answer(3, true), "a.test"),
            (Err(LookupError::NoSuchName), answer(3, true), "a.test"),
            (Err(LookupError::NoRecords), answer(3, false), "nothing"),
            (Err(LookupError::NoRecords), Err(LookupError::NoSuchName), "nothing"),
            (down(), answer(3, true), "unknown"),
            (answer(3, false), down(), "unknown"),
        ] {
            let looked = [("c.test", first), ("a.test", second)];
            let looked = looked.map(|(base, said)| Looked { base: base.to_owned(), said });
            let told = |host: Host<'_>| match host.standing(&looked) {
                Standing::Named { names, .. } => names[0].clone(),
                other => format!("{other:?}").split('(').next().unwrap_or_default().to_lowercase(),
            };
            assert_eq!(told(host(&aliases)), wanted, "{looked:?}");
            assert_eq!(told(Host { is_exchanger: false, ..host(&aliases) }), "unvouched");
        }
        // Where only the name itself is vouched for, what stands at the end of its aliases does not matter.
        let looked = [Looked { base: "c.test".to_owned(), said: answer(3, true) }];
        let half = Host { has_addresses: false, is_alias: true, ..host(&aliases) };
        assert_eq!(half.standing(&looked), Standing::Nothing);
    }
}
