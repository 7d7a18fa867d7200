//! All that is to be found out about a domain's mail, in its order: DNS, what is published, the servers, the verdict.
//!
//! RFC 5321 §5.1.

use super::report::Report;
use super::visit::Visiting;
use crate::address::Domain;
use crate::engine::exchangers::exchangers;
use crate::engine::sts::Policies;
use crate::error::Result;
use crate::net::resolve::SystemResolver;
use crate::world::Resolve;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is to be found out.
pub struct Survey<'a> {
    /// DNS.
    pub dns: &'a dyn Resolve,
    /// Who that is, for the report.
    pub resolver: &'a str,
    /// On whose word answers are authentic, if TLSA records are to be asked for.
    pub dane: Option<&'a str>,
    /// Who knows the reasons why answers are not authentic, if anybody does.
    pub reasons: Option<&'a SystemResolver>,
    /// Where policies come from, if they are to be asked for.
    pub policies: Option<&'a Policies>,
    /// The port that TLSA records are asked for: that of the servers.
    pub port: u16,
    /// How the servers are visited, if they are.
    pub visiting: Option<Visiting<'a>>,
    /// Whether addresses that only somebody nearby can reach count.
    pub is_private: bool,
    /// A certificate with fewer days left is remarked on.
    pub days_min: i64,
    /// Whether answers can be authentic is asked until it is so.
    pub is_vouched: AtomicBool,
}

impl Survey<'_> {
    /// Finds it out. An error is a mistake of whoever asked.
    pub async fn of(&self, domain: &Domain) -> Result<Report> {
        let mut report = Report::new(domain, exchangers(self.dns, domain).await, self.is_private);
        self.resolver.clone_into(&mut report.dns.resolver);
        if !report.mx.is_empty() {
            if let Some(voucher) = self.dane {
                let obstacle = match self.is_vouched.load(Ordering::Relaxed) {
                    true => None,
                    false => self.dns.unauthentic().await,
                };
                self.is_vouched.store(obstacle.is_none(), Ordering::Relaxed);
                let voucher = obstacle.as_ref().map_or(Ok(voucher), Err);
                report.ask_for_tlsa(self.dns, self.port, voucher).await;
            }
            if let Some(policies) = self.policies {
                report.ask_for_policy(policies).await;
            }
            if let Some(visiting) = &self.visiting {
                report.visit(visiting).await?;
                report.remark_on_visits(self.days_min);
            }
        }
        if let Some(reasons) = self.reasons {
            report.ask_for_reasons(reasons, self.port).await;
        }
        report.conclude();
        Ok(report)
    }
}
