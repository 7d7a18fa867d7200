//! Some zones together, answering as one resolver that passes everything on; and hands that change what it says.

use super::sign::{Key, ds_of};
use super::zone::{Ds, Zone, name};
use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use mailkit::dns::dnssec::{Anchors, Limits, Response, Source, Validated, Validator};
use mailkit::world::{Later, Timestamp};
use std::sync::Mutex;

type Hand = Box<dyn Fn(&Name, RecordType, &mut Response) + Send + Sync>;

pub(crate) struct Internet {
    pub(crate) zones: Vec<Zone>,
    hands: Vec<Hand>,
    pub(crate) limits: Limits,
    asked: Mutex<Vec<(Name, RecordType)>>,
    distrusted: Mutex<Vec<String>>,
}

impl Internet {
    /// Below a signed root and a signed top-level domain, `test`.
    pub(crate) fn of(zones: Vec<Zone>) -> Self {
        let mut all = vec![Zone::signed(".", 1), Zone::signed("test.", 2)];
        all.extend(zones);
        Self::exactly(all)
    }

    pub(crate) fn exactly(mut zones: Vec<Zone>) -> Self {
        zones.sort_by_key(|zone| zone.apex.iter().len());
        for child in 1..zones.len() {
            let apex = zones[child].apex.clone();
            let Some(parent) = zones.iter().rposition(|zone| zone.apex != apex && zone.apex.zone_of(&apex)) else {
                continue;
            };
            let server = name(&format!("ns.{apex}"));
            let mut added =
                vec![Record::from_rdata(apex.clone(), 3600, RData::NS(hickory_proto::rr::rdata::NS(server)))];
            let data: Vec<RData> = match &zones[child].ds {
                Ds::Missing => Vec::new(),
                Ds::Data(data) => data.clone(),
                Ds::Digests(sorts) => {
                    let key = &zones[child].keys[0];
                    sorts.iter().map(|sort| RData::DNSSEC(DNSSECRData::DS(key.ds(&apex, *sort)))).collect()
                }
            };
            added.extend(data.into_iter().map(|data| Record::from_rdata(apex.clone(), 3600, data)));
            zones[parent].records.extend(added);
        }
        let (limits, asked, distrusted) = (Limits::default(), Mutex::default(), Mutex::default());
        Self { zones, hands: Vec::new(), limits, asked, distrusted }
    }

    /// Changes what is said to questions for this name and type.
    pub(crate) fn change(
        mut self,
        wanted: &str,
        kind: RecordType,
        hand: impl Fn(&mut Response) + Send + Sync + 'static,
    ) -> Self {
        let wanted = name(wanted);
        self.hands.push(Box::new(move |name, asked, response| {
            if *name == wanted && asked == kind {
                hand(response);
            }
        }));
        self
    }

    /// Adds to the answer.
    pub(crate) fn add(self, wanted: &str, kind: RecordType, record: Record) -> Self {
        self.change(wanted, kind, move |response| response.answers.push(record.clone()))
    }

    /// Leaves out of all answers what is like this.
    pub(crate) fn hide(mut self, hidden: impl Fn(&Record) -> bool + Send + Sync + 'static) -> Self {
        self.hands.push(Box::new(move |_, _, response| {
            response.answers.retain(|record| !hidden(record));
            response.authorities.retain(|record| !hidden(record));
        }));
        self
    }

    pub(crate) fn zone(&self, apex: &str) -> &Zone {
        let apex = name(apex);
        self.zones.iter().find(|zone| zone.apex == apex).expect("there is one")
    }

    /// The zone itself, to change it after it was delegated to.
    pub(crate) fn zone_mut(&mut self, apex: &str) -> &mut Zone {
        let apex = name(apex);
        self.zones.iter_mut().find(|zone| zone.apex == apex).expect("there is one")
    }

    /// The key of the root, as a trust anchor.
    pub(crate) fn anchors(&self) -> Anchors {
        anchor(&self.zones[0].keys[0], &self.zones[0].apex)
    }

    /// Asks a validator that knows nothing yet.
    pub(crate) fn validate(&self, wanted: &str, kind: RecordType, now: Timestamp) -> Validated {
        let validator = Validator::with_limits(self.anchors(), self.limits);
        self.validate_by(&validator, wanted, kind, now)
    }

    pub(crate) fn validate_by(&self, by: &Validator, wanted: &str, kind: RecordType, now: Timestamp) -> Validated {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        self.asked.lock().expect("nobody panicked").clear();
        self.distrusted.lock().expect("nobody panicked").clear();
        runtime.block_on(by.validate(self, &name(wanted), kind, now))
    }

    /// What the last validator asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").iter().map(|(name, kind)| format!("{name} {kind}")).collect()
    }

    /// What it was told to forget, of the last question.
    pub(crate) fn distrusted(&self) -> Vec<String> {
        self.distrusted.lock().expect("nobody panicked").clone()
    }
}

pub(crate) fn anchor(key: &Key, zone: &Name) -> Anchors {
    Anchors::parse(&anchor_text(key, zone)).expect("it is one")
}

/// A trust anchor in the form of files.
pub(crate) fn anchor_text(key: &Key, zone: &Name) -> String {
    let ds = ds_of(&key.data, zone, 2);
    let digits: String = ds.digest().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{zone} IN DS {} {} 2 {digits}", ds.key_tag(), u8::from(ds.algorithm()))
}

impl Source for Internet {
    fn ask<'a>(&'a self, wanted: &'a Name, kind: RecordType) -> Later<'a, Result<Response, String>> {
        self.asked.lock().expect("nobody panicked").push((wanted.clone(), kind));
        let is_in = |zone: &&Zone| {
            let is_above = zone.apex != *wanted || kind != RecordType::DS || wanted.is_root();
            zone.apex.zone_of(wanted) && is_above
        };
        let mut response = match self.zones.iter().rev().find(is_in) {
            Some(zone) => zone.answer(wanted, kind),
            None => Response { rcode: ResponseCode::ServFail, answers: Vec::new(), authorities: Vec::new() },
        };
        for hand in &self.hands {
            hand(wanted, kind, &mut response);
        }
        Box::pin(std::future::ready(Ok(response)))
    }

    fn distrust(&self, name: &Name, kind: RecordType) {
        self.distrusted.lock().expect("nobody panicked").push(format!("{name} {kind}"));
    }
}
