//! A domain's picture, judged by its record only.
//!
//! draft-brand-indicators-for-message-identification §4.2, §7.

use super::report::{Bimi, Dmarc, Notes, Standing};
use crate::policy::bimi::Published;
use crate::probe::report::Level;

/// Judges the record at `default._bimi`.
pub(super) fn judge(found: Result<Published, String>, dmarc: &Dmarc, notes: &mut Notes) -> Bimi {
    const WHY: &str = "draft-brand-indicators-for-message-identification";
    let plain = |standing, summary: String| Bimi { standing, summary, location: None, evidence: None };
    match found {
        Err(why) => {
            let text = format!("whether there is a BIMI record is not known: {why}");
            notes.note("bimi.unknown", Level::Info, text, WHY, "ask again later");
            plain(Standing::Unknown, why)
        }
        Ok(Published::Nothing) => plain(Standing::Unneeded, "no record".into()),
        Ok(Published::Declined) => plain(Standing::Good, "wants no picture shown".into()),
        Ok(Published::Several(count)) => {
            let text = format!("there are {count} BIMI records, and so none counts");
            notes.note("bimi.several", Level::Warn, text, WHY, "leave one record");
            plain(Standing::Broken, format!("{count} records, so none"))
        }
        Ok(Published::Broken(_, why)) => {
            let text = format!("the BIMI record counts for nothing: {why}");
            notes.note("bimi.syntax", Level::Warn, text, WHY, "write v=BIMI1; l=https://...svg; a=https://...pem");
            plain(Standing::Broken, why.to_owned())
        }
        Ok(Published::Picture { location, evidence }) => {
            // It is shown only where a stranger could not have sent the message.
            let is_asked = matches!(dmarc.policy, Some("quarantine" | "reject")) && !dmarc.is_testing;
            let is_asked_below = !matches!(dmarc.subdomains, Some("none"));
            let is_ready = is_asked && is_asked_below;
            if !is_ready {
                let text = "the picture is not shown: DMARC must ask for quarantine or reject, for names below too";
                notes.note("bimi.dmarc", Level::Warn, text, WHY, "raise the policy of DMARC first");
            }
            if evidence.is_none() {
                let text = "nobody vouches for the picture (no a=), so most readers do not show it";
                notes.note("bimi.no-evidence", Level::Info, text, WHY, "get a certificate for the mark");
            }
            let standing = if is_ready { Standing::Good } else { Standing::Weak };
            let vouched = if evidence.is_some() { "picture, vouched for" } else { "picture" };
            Bimi { standing, summary: vouched.to_owned(), location: Some(location), evidence }
        }
    }
}
