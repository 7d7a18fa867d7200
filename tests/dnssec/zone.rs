//! A zone that signs itself, by the library's signer: what the validator reads was not written by it.

use super::sign::{Key, NOW};
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, NSEC, NSEC3, RRSIG, SigInput};
use hickory_proto::dnssec::{Algorithm, Nsec3HashAlgorithm};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{Name, RData, Record, RecordType, SerialNumber};
use mailkit::dns::dnssec::Response;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const DAY: u32 = 86_400;

/// How a zone proves that something is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    Nsec,
    Nsec3 {
        iterations: u16,
        salt: Vec<u8>,
        opt_out: bool,
    },
    /// Made up for each question (RFC 9824).
    Compact,
}

/// How the zone above vouches for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ds {
    /// By digests of these sorts.
    Digests(Vec<u8>),
    /// By these records.
    Data(Vec<RData>),
    /// Not at all.
    Missing,
}

pub(crate) struct Zone {
    pub(crate) apex: Name,
    /// The first signs keys, the last signs everything else; none, and the zone is not signed.
    pub(crate) keys: Vec<Key>,
    /// Keys that are shown beside them.
    pub(crate) shown: Vec<DNSKEY>,
    pub(crate) ds: Ds,
    pub(crate) proof: Proof,
    pub(crate) inception: u32,
    pub(crate) expiration: u32,
    pub(crate) records: Vec<Record>,
}

pub(crate) fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).expect("a name");
    name.set_fqdn(true);
    name
}

/// `owner TYPE data`
pub(crate) fn record(line: &str) -> Record {
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().expect("three words");
    let (owner, kind, data) = (name(word()), word(), word());
    let kind: RecordType = kind.parse().expect("a type");
    let data = match kind {
        // The library does not know it.
        RecordType::DNAME => RData::Unknown { code: kind, rdata: NULL::with(wire(&name(data))) },
        _ => RData::try_from_str(kind, data).expect(line),
    };
    Record::from_rdata(owner, 3600, data)
}

fn wire(name: &Name) -> Vec<u8> {
    let labels = name.iter().flat_map(|label| std::iter::once(label.len() as u8).chain(label.iter().copied()));
    labels.chain([0]).collect()
}

impl Zone {
    /// A zone with two keys that follow from a number.
    pub(crate) fn signed(apex: &str, seed: u8) -> Self {
        let apex = name(apex);
        Self {
            keys: vec![Key::new(seed, 257), Key::new(seed + 100, 256)],
            ds: Ds::Digests(vec![2]),
            ..Self::unsigned_at(apex)
        }
    }

    pub(crate) fn unsigned(apex: &str) -> Self {
        Self::unsigned_at(name(apex))
    }

    fn unsigned_at(apex: Name) -> Self {
        let records = vec![
            record(&format!("{apex} SOA ns.{apex} hostmaster.{apex} 1 3600 600 86400 300").replace("..", ".")),
            record(&format!("{apex} NS ns.{apex}").replace("..", ".")),
        ];
        Self {
            apex,
            keys: Vec::new(),
            shown: Vec::new(),
            ds: Ds::Missing,
            proof: Proof::Nsec,
            inception: NOW - DAY,
            expiration: NOW + 14 * DAY,
            records,
        }
    }

    pub(crate) fn with(mut self, lines: &[&str]) -> Self {
        self.records.extend(lines.iter().map(|line| record(line)));
        self
    }

    pub(crate) fn proof(mut self, proof: Proof) -> Self {
        self.proof = proof;
        self
    }

    pub(crate) fn nsec3(self, iterations: u16, opt_out: bool) -> Self {
        self.proof(Proof::Nsec3 { iterations, salt: b"\xaa\xbb".to_vec(), opt_out })
    }

    pub(crate) fn is_signed(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The records of the zone's keys.
    pub(crate) fn dnskeys(&self) -> Vec<Record> {
        let keys = self.keys.iter().map(|key| key.data.clone()).chain(self.shown.iter().cloned());
        keys.map(|key| self.made(&self.apex, DNSSECRData::DNSKEY(key))).collect()
    }

    fn made(&self, owner: &Name, data: DNSSECRData) -> Record {
        Record::from_rdata(owner.clone(), 3600, RData::DNSSEC(data))
    }

    fn signer(&self, kind: RecordType) -> Option<&Key> {
        if kind == RecordType::DNSKEY { self.keys.first() } else { self.keys.last() }
    }

    /// The signature of a set, or something like it.
    pub(crate) fn signature(&self, set: &[Record], key: &Key, change: impl Fn(&mut SigInput)) -> Record {
        let first = &set[0];
        let mut input = SigInput {
            type_covered: first.record_type(),
            algorithm: Algorithm::ED25519,
            num_labels: first.name.num_labels(),
            original_ttl: first.ttl,
            sig_expiration: SerialNumber::new(self.expiration),
            sig_inception: SerialNumber::new(self.inception),
            key_tag: key.tag(),
            signer_name: self.apex.clone(),
        };
        change(&mut input);
        let octets = key.sign(&first.name, &input, set);
        self.made(&first.name, DNSSECRData::RRSIG(RRSIG::from_sig(input, octets)))
    }

    /// A set with its signature, if the zone has keys.
    pub(crate) fn sealed(&self, set: Vec<Record>) -> Vec<Record> {
        match self.signer(set[0].record_type()) {
            Some(key) => {
                let signature = self.signature(&set, key, |_| {});
                set.into_iter().chain([signature]).collect()
            }
            None => set,
        }
    }

    fn set(&self, owner: &Name, kind: RecordType) -> Vec<Record> {
        if kind == RecordType::DNSKEY && *owner == self.apex {
            return self.dnskeys();
        }
        let is_ours = |record: &&Record| record.name == *owner && record.record_type() == kind;
        self.records.iter().filter(is_ours).cloned().collect()
    }

    /// Types by owner, as proofs have them.
    fn owners(&self) -> BTreeMap<Name, BTreeSet<RecordType>> {
        let mut owners: BTreeMap<Name, BTreeSet<RecordType>> = BTreeMap::new();
        for record in &self.records {
            owners.entry(record.name.clone()).or_default().insert(record.record_type());
        }
        owners.entry(self.apex.clone()).or_default().insert(RecordType::DNSKEY);
        owners
    }

    fn is_there(&self, owner: &Name) -> bool {
        owner.zone_of(&self.apex) || self.records.iter().any(|record| owner.zone_of(&record.name))
    }

    /// What a server of this zone answers.
    pub(crate) fn answer(&self, wanted: &Name, kind: RecordType) -> Response {
        let (mut answers, mut authorities, mut rcode) = (Vec::new(), Vec::new(), ResponseCode::NoError);
        let above = |wanted: &Name| {
            let names = (self.apex.iter().len()..wanted.iter().len()).rev().map(|depth| wanted.trim_to(depth));
            names.collect::<Vec<_>>()
        };
        let exact =
            [kind, RecordType::CNAME].map(|kind| self.set(wanted, kind)).into_iter().find(|set| !set.is_empty());
        let dname =
            above(wanted).into_iter().map(|owner| self.set(&owner, RecordType::DNAME)).find(|set| !set.is_empty());
        if let Some(set) = exact {
            answers = self.sealed(set);
        } else if let Some(set) = dname {
            answers = self.sealed(set);
        } else if self.is_there(wanted) {
            authorities = self.denial(wanted, std::slice::from_ref(wanted), &[]);
        } else {
            let encloser = above(wanted).into_iter().find(|owner| self.is_there(owner)).expect("the apex is there");
            let closer = wanted.trim_to(encloser.iter().len() + 1);
            let wildcard = encloser.prepend_label("*").expect("it fits");
            let wild = [kind, RecordType::CNAME].map(|kind| self.set(&wildcard, kind));
            if let Some(set) = wild.into_iter().find(|set| !set.is_empty()) {
                answers = self.sealed(set);
                answers.iter_mut().for_each(|record| record.name = wanted.clone());
                authorities = self.denial(wanted, &[], &[closer]);
            } else if self.is_there(&wildcard) {
                authorities = self.denial(wanted, &[encloser, wildcard], &[closer]);
            } else {
                authorities = self.denial(wanted, &[encloser], &[closer, wildcard]);
                rcode = if self.proof == Proof::Compact { ResponseCode::NoError } else { ResponseCode::NXDomain };
            }
        }
        Response { rcode, answers, authorities }
    }

    /// The SOA record, and the records that are at these names or cover those.
    fn denial(&self, wanted: &Name, at: &[Name], covers: &[Name]) -> Vec<Record> {
        let mut sent = self.sealed(self.set(&self.apex, RecordType::SOA));
        if !self.is_signed() {
            return sent;
        }
        let mut proofs: Vec<Record> = match &self.proof {
            Proof::Compact => vec![self.compact(wanted)],
            Proof::Nsec => {
                let chain = self.nsec();
                let mut covers = covers.to_vec();
                // A name that is there only because of names below it has no record of its own.
                covers.extend(at.iter().filter(|name| *name == wanted && !chain.contains_key(name)).cloned());
                if !covers.is_empty() {
                    covers.push(wanted.clone());
                }
                covers.retain(|name| !chain.contains_key(name));
                pick(&chain, at, covers.iter(), Name::clone)
            }
            Proof::Nsec3 { iterations, salt, opt_out } => {
                let hash = |name: &Name| self.hashed(name, salt, *iterations);
                let chain = self.chain(*iterations, salt, *opt_out);
                let (mut at, mut covers) = (at.to_vec(), covers.to_vec());
                // RFC 5155 §7.2.4: a delegation that was left out is answered for by what is above it.
                for name in at.clone().iter().filter(|name| !chain.contains_key(&hash(name))) {
                    let depth =
                        (0..name.iter().len()).rev().find(|depth| chain.contains_key(&hash(&name.trim_to(*depth))));
                    at.extend(depth.map(|depth| name.trim_to(depth)));
                    covers.extend(depth.map(|depth| name.trim_to(depth + 1)));
                }
                pick(&chain, &at, covers.iter(), hash)
            }
        };
        proofs.dedup();
        sent.extend(proofs.into_iter().flat_map(|proof| self.sealed(vec![proof])));
        sent
    }

    fn compact(&self, wanted: &Name) -> Record {
        let here = self.owners().remove(wanted).unwrap_or_default();
        let added: &[RecordType] = if self.is_there(wanted) { &[] } else { &[RecordType::Unknown(128)] };
        let kinds = here.into_iter().chain([RecordType::NSEC, RecordType::RRSIG]).chain(added.iter().copied());
        let next = wanted.prepend_label(&b"\0"[..]).expect("it fits");
        self.made(wanted, DNSSECRData::NSEC(NSEC::new(next, kinds)))
    }

    /// All NSEC records.
    fn nsec(&self) -> BTreeMap<Name, Record> {
        let owners = self.owners();
        let next = owners.keys().skip(1).chain([&self.apex]).cloned();
        let made = owners.iter().zip(next).map(|((owner, kinds), next)| {
            let kinds = kinds.iter().copied().chain([RecordType::NSEC, RecordType::RRSIG]);
            (owner.clone(), self.made(owner, DNSSECRData::NSEC(NSEC::new(next, kinds))))
        });
        made.collect()
    }

    fn hashed(&self, name: &Name, salt: &[u8], iterations: u16) -> Name {
        let hash = Nsec3HashAlgorithm::SHA1.hash(salt, name, iterations).expect("it hashes");
        // Its next name is what the library can write as a label.
        let label = NSEC3::new(Nsec3HashAlgorithm::SHA1, false, 0, Vec::new(), hash.as_ref().to_vec(), []);
        let label = label.next_hashed_owner_name_base32().expect("a label").to_string();
        self.apex.prepend_label(label.as_str()).expect("it fits")
    }

    /// All NSEC3 records, by owner.
    fn chain(&self, iterations: u16, salt: &[u8], opt_out: bool) -> BTreeMap<Name, Record> {
        let mut owners = self.owners();
        let is_unsigned_cut = |kinds: &BTreeSet<RecordType>| {
            kinds.contains(&RecordType::NS) && !kinds.contains(&RecordType::SOA) && !kinds.contains(&RecordType::DS)
        };
        if opt_out {
            owners.retain(|_, kinds| !is_unsigned_cut(kinds));
        }
        // RFC 5155 §7.1: names that are there only because of names below them too.
        for owner in owners.keys().cloned().collect::<Vec<_>>() {
            for depth in self.apex.iter().len()..owner.iter().len() {
                owners.entry(owner.trim_to(depth)).or_default();
            }
        }
        let raw =
            |name: &Name| Nsec3HashAlgorithm::SHA1.hash(salt, name, iterations).expect("it hashes").as_ref().to_vec();
        let hashed: BTreeMap<Vec<u8>, (Name, BTreeSet<RecordType>)> = owners
            .into_iter()
            .map(|(owner, kinds)| (raw(&owner), (self.hashed(&owner, salt, iterations), kinds)))
            .collect();
        let first = hashed.keys().next().cloned();
        let next = hashed.keys().skip(1).cloned().chain(first);
        let made = hashed.values().zip(next).map(|((owner, kinds), next)| {
            let signed = kinds.iter().copied().chain([RecordType::RRSIG].into_iter().filter(|_| !kinds.is_empty()));
            let data = NSEC3::new(Nsec3HashAlgorithm::SHA1, opt_out, iterations, salt.to_vec(), next, signed);
            (owner.clone(), self.made(owner, DNSSECRData::NSEC3(data)))
        });
        made.collect()
    }
}

/// The records at some names, and those before others.
fn pick<'a>(
    chain: &BTreeMap<Name, Record>,
    at: &[Name],
    covers: impl Iterator<Item = &'a Name>,
    place: impl Fn(&Name) -> Name,
) -> Vec<Record> {
    let mut picked: Vec<Record> = at.iter().filter_map(|name| chain.get(&place(name)).cloned()).collect();
    for name in covers {
        let before = chain.range(..place(name)).next_back().or_else(|| chain.last_key_value());
        picked.extend(before.map(|(_, record)| record.clone()));
    }
    let mut seen = BTreeSet::new();
    picked.retain(|record| seen.insert(record.name.clone()));
    picked
}
