//! One set of records with its signatures, picked out of a section, and the octets that were signed.
//!
//! Records of one owner, class and type are signed together (RFC 4034 §3); whatever else stands in a section is not looked
//! at. RFC 4034 §3.1.8.1, §6.2, §6.3; RFC 4035 §5.3.2.

use super::name;
use hickory_proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable, BinEncoder, NameEncoding};

/// Records of one owner and type, at least one, and what is said to be signatures of them.
#[derive(Debug, Clone)]
pub(super) struct Set<'a> {
    pub(super) owner: &'a Name,
    pub(super) kind: RecordType,
    pub(super) records: Vec<&'a Record>,
    pub(super) signatures: Vec<&'a RRSIG>,
}

impl<'a> Set<'a> {
    /// The set of this owner and type, if the section has one.
    pub(super) fn find(section: &'a [Record], owner: &Name, kind: RecordType) -> Option<Self> {
        let ours = || section.iter().filter(|record| record.dns_class == DNSClass::IN && record.name == *owner);
        let records: Vec<_> = ours().filter(|record| record.record_type() == kind).collect();
        let signatures = ours().filter_map(signature).filter(|signature| signature.input().type_covered == kind);
        let owner = &records.first()?.name;
        Some(Self { owner, kind, signatures: signatures.collect(), records })
    }

    /// The owners of a type of records in a section, each once, as many as are wanted.
    pub(super) fn owners(section: &'a [Record], kind: RecordType, limit: usize) -> Vec<&'a Name> {
        let mut owners: Vec<&Name> = Vec::new();
        for record in section.iter().filter(|record| record.record_type() == kind && record.dns_class == DNSClass::IN) {
            if owners.len() < limit && !owners.contains(&&record.name) {
                owners.push(&record.name);
            }
        }
        owners
    }

    /// The zones that are said to have signed it, of those that could have: the deepest first, and only two. Who signs is
    /// one zone; a second one is looked at so that a single planted signature does no harm.
    pub(super) fn signers(&self) -> Vec<&'a Name> {
        signers(self.signatures.iter().copied(), self.owner, self.kind)
    }

    /// Whether any of the signatures says that it is of this zone.
    pub(super) fn is_signed_by(&self, zone: &Name) -> bool {
        self.signatures.iter().any(|signature| signature.input().signer_name == *zone)
    }

    /// Seconds the records say that they may be kept.
    pub(super) fn ttl(&self) -> u32 {
        self.records.iter().map(|record| record.ttl).min().unwrap_or(0)
    }

    /// What a signature of this set is made over. None if it cannot be written, or the signature is for a longer name.
    pub(super) fn octets(&self, signature: &RRSIG) -> Option<Vec<u8>> {
        let input = signature.input();
        let owner = signed_owner(self.owner, input.num_labels)?;
        let mut all = Vec::with_capacity(512);
        all.extend(u16::from(input.type_covered).to_be_bytes());
        all.push(u8::from(input.algorithm));
        all.push(input.num_labels);
        all.extend(input.original_ttl.to_be_bytes());
        all.extend(input.sig_expiration.get().to_be_bytes());
        all.extend(input.sig_inception.get().to_be_bytes());
        all.extend(input.key_tag.to_be_bytes());
        all.extend(name::octets(&input.signer_name));
        let mut head = name::octets(&owner);
        head.extend(u16::from(self.kind).to_be_bytes());
        head.extend(u16::from(DNSClass::IN).to_be_bytes());
        head.extend(input.original_ttl.to_be_bytes());
        let mut bodies = self.records.iter().map(|record| body(&record.data)).collect::<Option<Vec<_>>>()?;
        // RFC 4034 §6.3: sorted as octets, and each record once.
        bodies.sort_unstable();
        bodies.dedup();
        for body in bodies {
            all.extend(&head);
            all.extend(u16::try_from(body.len()).ok()?.to_be_bytes());
            all.extend(body);
        }
        Some(all)
    }
}

/// The signature in a record, if it is one.
pub(super) fn signature(record: &Record) -> Option<&RRSIG> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some(signature),
        _ => None,
    }
}

/// Which zones may have signed something about a name, deepest first.
pub(super) fn signers<'a>(
    signatures: impl Iterator<Item = &'a RRSIG>,
    owner: &Name,
    kind: RecordType,
) -> Vec<&'a Name> {
    let mut found: Vec<&Name> = Vec::new();
    for signer in signatures.map(|signature| &signature.input().signer_name) {
        // All of them are at or above one name, so that each depth is one name; a long name would take time to compare.
        let is_known = |known: &&Name| name::depth(known) == name::depth(signer);
        if may_sign(signer, owner, kind) && !found.iter().any(is_known) {
            found.push(signer);
        }
    }
    found.sort_by_key(|signer| std::cmp::Reverse(name::depth(signer)));
    found.truncate(2);
    found
}

/// RFC 4035 §5.3.1: a set is signed by the zone it is in; a delegation is in the zone above (RFC 4034 §5).
fn may_sign(signer: &Name, owner: &Name, kind: RecordType) -> bool {
    let is_above = name::is_below(owner, signer);
    is_above || (signer == owner && kind != RecordType::DS)
}

/// RFC 4035 §5.3.2: the owner, or the wildcard that it was made from.
fn signed_owner(owner: &Name, labels: u8) -> Option<Name> {
    match owner.num_labels().cmp(&labels) {
        std::cmp::Ordering::Equal => Some(owner.clone()),
        std::cmp::Ordering::Greater => name::wildcard(&owner.trim_to(usize::from(labels))),
        std::cmp::Ordering::Less => None,
    }
}

/// What a DNAME puts in the place of its owner.
pub(super) fn dname(data: &RData) -> Option<Name> {
    let RData::Unknown { code: RecordType::DNAME, rdata } = data else { return None };
    let mut decoder = BinDecoder::new(&rdata.anything);
    let target = Name::read(&mut decoder).ok()?;
    decoder.is_empty().then_some(target)
}

/// Record data in canonical form (RFC 4034 §6.2; RFC 6840 §5.1).
fn body(data: &RData) -> Option<Vec<u8>> {
    // The library takes it for octets that mean nothing; its name is written small like all others.
    if let Some(target) = dname(data) {
        return Some(name::octets(&target));
    }
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.set_canonical_form(true);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    data.emit(&mut encoder).ok()?;
    Some(octets)
}
