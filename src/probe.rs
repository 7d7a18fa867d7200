//! Where a domain's mail goes, judged: the reports behind `mailkit mx lookup` and `mailkit mx probe`.
//!
//! A report on a domain is made in steps: what DNS says (`records`), then the verdict, one sentence for all of it
//! (`verdict`). A look at one server is made by `server` and judged by `opinion`. All findings there are stand in
//! `known`. Prints nothing and knows no exit codes: the commands do.
//! RFC 5321 §5.1.

mod known;
mod opinion;
mod records;
mod report;
mod server;
mod sighting;
mod verdict;

pub use known::{ALL as KNOWN, Known};
pub use report::{Dns, Finding, Host, HostAddress, Level, Report, Verdict};
pub use server::{Look, Passed, Whose, look_at, unreached};
pub use sighting::{Class, Failure, Said, Sighting, State};

use crate::address::Domain;
use crate::engine::exchangers::{Exchangers, NoExchangers, exchangers};
use crate::world::Resolve;

/// Asks DNS and judges the answer.
pub async fn look_up(dns: &dyn Resolve, domain: &Domain) -> Report {
    judge(domain, exchangers(dns, domain).await)
}

/// Makes the report of what DNS said.
pub fn judge(domain: &Domain, found: Result<Exchangers, NoExchangers>) -> Report {
    let mut report = Report::new(domain, found, false);
    report.conclude();
    report
}
