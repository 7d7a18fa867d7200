//! What a domain publishes about mail in its name and to it, as data: what the terminal shows and `--json` prints.
//!
//! The names of the JSON schema `mailkit.check/1` live here and nowhere else, but for its exit code. Judges nothing.

use crate::probe::report::{Finding, Level, remedy};
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

/// The report on one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checkup {
    /// The domain in U-labels, for people.
    pub domain: String,
    /// The domain in A-labels, for DNS.
    pub ascii: String,
    /// How well its name is protected.
    pub verdict: Verdict,
    /// The verdict as a sentence.
    pub sentence: String,
    /// What it publishes, and what that is worth.
    pub policies: Policies,
    /// How its senders look to others; empty if nobody asked.
    pub senders: Vec<Sender>,
    /// What is remarkable or wrong.
    pub findings: Vec<Finding>,
}

/// How well a name is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Mail that others send in its name is refused or set apart.
    Protected,
    /// Some of what that takes is there.
    InPart,
    /// Everybody can write in its name.
    Open,
    /// There is no such domain.
    NoSuchDomain,
    /// DNS does not answer now.
    Unknown,
}

/// What a domain publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// Who may send mail in its name (RFC 7208).
    pub spf: Spf,
    /// The keys of its signatures (RFC 6376).
    pub dkim: Dkim,
    /// What becomes of mail that nobody vouches for (RFC 9989).
    pub dmarc: Dmarc,
    /// Whether mail to it needs a verified certificate (RFC 8461).
    pub mta_sts: MtaSts,
    /// Where it hears of trouble with TLS (RFC 8460).
    pub tls_rpt: TlsRpt,
    /// Its picture.
    pub bimi: Bimi,
    /// The certificates of its exchangers in DNS (RFC 7672).
    pub dane: Dane,
    /// The names of its exchangers' addresses.
    pub ptr: Ptr,
}

/// How a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// As it should be.
    Good,
    /// There, and not held against what it is about: that takes a connection.
    Present,
    /// There, and not yet what it could be.
    Weak,
    /// Not there.
    Missing,
    /// There, and wrong.
    Broken,
    /// DNS or the web does not say now.
    Unknown,
    /// There is nothing it could be about.
    Unneeded,
}

/// SPF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spf {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// What becomes of those whom the record does not mention: pass, fail, softfail, neutral.
    pub others: Option<&'static str>,
    /// The same in words, with the term that says so: `refuses others (-all)`.
    pub stance: Option<&'static str>,
    /// Whether everybody passes, so that DMARC keeps nobody out either.
    pub is_open: bool,
    /// Terms that ask DNS, here and in the records below; ten are allowed.
    pub lookups: usize,
    /// Of these, those that find nothing; two are allowed.
    pub voids: usize,
    /// The record and all that it leads to.
    pub tree: Branch,
}

/// A record of SPF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Whose it is.
    pub domain: String,
    /// As it is written, if there is exactly one.
    pub record: Option<String>,
    /// What is wrong with it.
    pub trouble: Option<String>,
    /// The character that this begins at, from 1.
    pub at: Option<usize>,
    /// Terms that ask DNS, here and below.
    pub lookups: usize,
    /// Of these, those that find nothing.
    pub voids: usize,
    /// Its terms.
    pub terms: Vec<Leaf>,
}

/// A term of SPF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// As it is written.
    pub term: String,
    /// Whether it asks DNS, and counts.
    pub is_counted: bool,
    /// Whether it found nothing.
    pub is_void: bool,
    /// Whether it depends on the message, and was not looked up.
    pub is_open: bool,
    /// The addresses or exchangers that it means.
    pub found: Vec<String>,
    /// What went wrong.
    pub trouble: Option<String>,
    /// The record that it leads to.
    pub record: Option<Box<Branch>>,
}

/// DKIM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// Whether selectors were guessed: then there may be others.
    pub is_guess: bool,
    /// The selectors that were looked at; of those that were guessed, those that are there.
    pub keys: Vec<Key>,
}

/// A key of DKIM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its selector.
    pub selector: String,
    /// key, revoked, broken, several, nothing, silent.
    pub state: &'static str,
    /// rsa or ed25519.
    pub kind: Option<&'static str>,
    /// The length of an RSA key.
    pub bits: Option<usize>,
    /// Whether it is only tried out.
    pub is_testing: bool,
    /// Where an alias leads, if it is kept by another.
    pub alias: Option<String>,
}

/// DMARC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dmarc {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// The record that counts, as it is written.
    pub record: Option<String>,
    /// Whose record it is.
    pub domain: Option<String>,
    /// The domain of the organization, by the walk up the tree.
    pub organizational_domain: String,
    /// What is asked for mail in the domain's name: none, quarantine, reject.
    pub policy: Option<&'static str>,
    /// The same for names below it.
    pub subdomains: Option<&'static str>,
    /// The same for names that do not exist.
    pub nonexistent: Option<&'static str>,
    /// Whether that is only tried out.
    pub is_testing: bool,
    /// Where aggregate reports go.
    pub rua: Vec<String>,
    /// Where failure reports go.
    pub ruf: Vec<String>,
    /// The names that were asked.
    pub walk: Vec<String>,
}

/// MTA-STS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MtaSts {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// The id in DNS.
    pub id: Option<String>,
    /// enforce, testing, none.
    pub mode: Option<&'static str>,
    /// How long it counts, in seconds.
    pub max_age: Option<u64>,
    /// The exchangers that it does not name.
    pub uncovered: Vec<String>,
}

/// TLS-RPT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsRpt {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// Where reports go.
    pub rua: Vec<String>,
}

/// BIMI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bimi {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// Where the picture is.
    pub location: Option<String>,
    /// Where its evidence is.
    pub evidence: Option<String>,
}

/// DANE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dane {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// Each exchanger.
    pub hosts: Vec<DaneHost>,
}

/// What DNS says about the certificate of an exchanger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaneHost {
    /// Its name.
    pub host: String,
    /// usable, unusable, unsigned, nothing, unknown.
    pub state: &'static str,
    /// How many records can be used.
    pub records: usize,
}

/// Names of exchangers' addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ptr {
    /// How it stands.
    pub standing: Standing,
    /// The same in a few words.
    pub summary: String,
    /// Each address.
    pub addresses: Vec<Address>,
}

/// The names of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address.
    #[schemars(with = "String")]
    pub ip: IpAddr,
    /// The exchanger it belongs to, if it belongs to one.
    pub host: Option<String>,
    /// Its names.
    pub names: Vec<String>,
    /// Those that lead back to it.
    pub confirmed: Vec<String>,
    /// Why its names are not known, if they are not.
    pub unknown: Option<String>,
}

/// How one sender looks to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// Its address and the names of that.
    pub address: Address,
    /// What it says in EHLO.
    pub helo: String,
    /// Whether that name leads to the address; null if DNS does not say now.
    pub helo_leads_here: Option<bool>,
    /// What SPF says of it.
    pub spf: SpfResult,
    /// What SPF says of its EHLO name, for mail without a sender.
    pub spf_helo: SpfResult,
    /// Whether DMARC passes by SPF; null without a DMARC record.
    pub dmarc_by_spf: Option<bool>,
    /// What lists of addresses say.
    pub blocklists: Vec<Listing>,
}

/// What SPF says of a sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpfResult {
    /// The identity: an address, or a name.
    pub identity: String,
    /// pass, fail, softfail, neutral, none, temperror, permerror.
    pub result: &'static str,
    /// What the domain says to those who fail.
    pub explanation: Option<String>,
    /// The terms that decided, from the outermost record inwards, each with its domain.
    pub path: Vec<String>,
    /// Why it is an error, or why there is no result.
    pub why: Option<String>,
    /// Terms that asked DNS.
    pub lookups: usize,
    /// Of these, those that found nothing.
    pub voids: usize,
}

/// What a list of addresses says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// The list.
    pub zone: String,
    /// listed, clear, useless.
    pub state: &'static str,
    /// Its reason, or why its word does not count.
    pub text: Option<String>,
}

/// `1 day`, `2 days`.
pub(super) fn counted(count: impl Into<u128>, what: &str) -> String {
    let count = count.into();
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

/// Findings that are kept: who writes a record with ten thousand mistakes hears of the first.
const FINDINGS_MAX: usize = 500;

/// Findings while they are gathered.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<Finding>);

impl Notes {
    /// One more, about the domain.
    pub(super) fn note(
        &mut self,
        id: &'static str,
        level: Level,
        text: impl Into<String>,
        why: &'static str,
        fix: &'static str,
    ) {
        self.about(id, level, None, text, why, fix);
    }

    /// One more, about a host.
    pub(super) fn about(
        &mut self,
        id: &'static str,
        level: Level,
        host: Option<&str>,
        text: impl Into<String>,
        why: &'static str,
        fix: &'static str,
    ) {
        if self.0.len() >= FINDINGS_MAX {
            return;
        }
        let text = text.into();
        let fix = remedy(&text, Some(fix).filter(|fix| !fix.is_empty()));
        self.0.push(Finding { id, level, host: host.map(str::to_owned), text, why, fix });
    }
}
