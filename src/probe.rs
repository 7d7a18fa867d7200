//! Where a domain's mail goes, judged: the reports behind `mailkit mx lookup` and `mailkit mx probe`.
//!
//! A report on a domain is made in steps: what DNS says (`records`), what the domain publishes about its servers
//! (`published`), what each of these says (`visit`, `visited`), what is wrong with that (`trouble`), and the verdict, one
//! sentence for all of it (`verdict`, `outlook`); `survey` has the order. A look at one server is made by `server` and judged by
//! `opinion`. All findings there are stand in `known`. Prints nothing and knows no exit codes: the commands do.
//! RFC 5321 §5.1.

mod answer;
mod barred;
mod certificate;
pub mod check;
mod diff;
mod known;
mod manners;
mod opinion;
mod outlook;
mod published;
mod question;
mod records;
mod report;
mod server;
mod sighting;
mod signed;
mod survey;
mod trouble;
mod unseen;
mod verdict;
mod visit;
mod visited;

pub use diff::{changes, verdicts};
pub use known::{ALL as KNOWN, Known};
pub use manners::{Manners, Pace};
pub use published::{MtaSts, Tlsa, TlsaRecord, TlsaState};
pub use report::{
    ClientService, Dns, Dnssec, Finding, Host, HostAddress, Level, Policies as DomainPolicies, Report, Verdict,
};
pub use server::{Look, look_at, unreached};
pub use sighting::{Class, Failure, Said, Sighting, State, Tls};
pub use survey::Survey;
pub use visit::Visiting;
pub use visited::{Fit, Standing, Visited};

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
