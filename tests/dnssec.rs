//! What answers of signed zones are worth, shape by shape: a whole Internet of zones that sign themselves, in memory.
//!
//! Each row has a shape, what it is worth, and the most it may cost. Zones that other programs have signed are in `signed`.

#[path = "dnssec/answers.rs"]
mod answers;
#[path = "dnssec/bent.rs"]
mod bent;
#[path = "dnssec/broken.rs"]
mod broken;
#[path = "dnssec/dane.rs"]
mod dane;
#[path = "dnssec/denials.rs"]
mod denials;
#[path = "dnssec/downgrade.rs"]
mod downgrade;
#[path = "dnssec/hostile.rs"]
mod hostile;
#[path = "dnssec/internet.rs"]
mod internet;
#[path = "dnssec/knot.rs"]
mod knot;
#[path = "dnssec/recorded.rs"]
mod recorded;
#[path = "dnssec/served.rs"]
mod served;
#[path = "dnssec/sign.rs"]
mod sign;
#[path = "dnssec/signed.rs"]
mod signed;
#[path = "dnssec/trap.rs"]
mod trap;
#[path = "dnssec/zone.rs"]
mod zone;

use hickory_proto::rr::RecordType;
use internet::Internet;
use mailkit::dns::dnssec::Security;
pub(crate) use recorded::found;

/// A shape, a question, and the verdict: `secure` or the name of the reason, what is found, and the most it may cost in
/// questions and in signatures checked.
pub(crate) struct Row {
    pub(crate) shape: &'static str,
    pub(crate) internet: Internet,
    pub(crate) name: &'static str,
    pub(crate) kind: RecordType,
    pub(crate) verdict: &'static str,
    pub(crate) found: &'static str,
    pub(crate) cost: (u32, u32),
}

/// The verdict, in a word.
pub(crate) fn verdict(security: &Security) -> &'static str {
    security.why().map_or("secure", |why| why.id())
}

pub(crate) fn check(rows: Vec<Row>) {
    for row in rows {
        let Row { shape, internet, name, kind, verdict: wanted, found: wanted_found, cost } = row;
        let judged = internet.validate(name, kind, sign::now());
        let said: Vec<String> = judged.steps.iter().map(ToString::to_string).collect();
        let context = format!("{shape}: {}\nasked {:#?}", said.join("\n  "), internet.asked());
        assert_eq!(verdict(&judged.security), wanted, "{context}");
        assert_eq!(found(&judged), wanted_found, "{context}");
        let work = judged.work;
        assert!(work.queries <= cost.0, "{} questions; {context}", work.queries);
        assert!(work.verifications <= cost.1, "{} signatures; {context}", work.verifications);
        assert!(said.iter().all(|step| !step.contains(char::is_control)), "{context}");
    }
}
