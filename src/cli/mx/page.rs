//! A report on a domain as `mailkit mx lookup` prints it for people: the verdict, a table, the findings.
//!
//! An ordinary domain fits a screen of 80 columns and 24 lines. Strangers' words are made harmless here.

use super::columns::{Width, table, wrapped};
use mailkit::message::safe::terminal;
use mailkit::probe::{Dnssec, Finding, Fit, Host, Level, Report, Standing, TlsaState, Visited};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Addresses that are shown; JSON has all of them.
const ROWS_MAX: usize = 48;

/// The finding that no trust anchor stands above a name (RFC 4035 §5).
const NO_ANCHOR: &str = "dnssec.no-anchor";

/// The verdict, the tables, the findings, in so many columns. The finding that decides how the process ends, if one does,
/// stands behind the verdict: whoever reads no more than that knows why.
pub(super) fn page(report: &Report, deciding: Option<&Finding>, Width { answer, rest: width }: Width) -> String {
    let why = deciding.map(|finding| reason(&report.sentence, finding)).unwrap_or_default();
    let mut page = format!("{}\n", wrapped("", &terminal(&(report.sentence.clone() + &why)), 2, answer));
    if !report.mx.is_empty() {
        let mut rows = rows(report);
        let more = rows.len().saturating_sub(ROWS_MAX + 1);
        rows.truncate(ROWS_MAX + 1);
        page.push('\n');
        page.push_str(&table(&rows, 2, width));
        if more > 0 {
            let _ = writeln!(page, "  and {more} more (--json shows them)");
        }
        for (name, said) in promises(report) {
            let _ = writeln!(page, "{}", wrapped(&format!("  {name:<7}  "), &terminal(&said), 11, width));
        }
    }
    if let Some(services) = &report.services {
        page.push('\n');
        if services.is_empty() {
            page.push_str("  nobody names servers for the domain's users\n");
        } else {
            let head = ["service", "source", "trust", "url"].map(str::to_owned).to_vec();
            let row = |one: &mailkit::probe::ClientService| {
                [&one.service, &one.source, &one.trust, &one.url].map(|cell| terminal(cell).into_owned()).to_vec()
            };
            page.push_str(&table(&[head].into_iter().chain(services.iter().map(row)).collect::<Vec<_>>(), 3, width));
        }
    }
    if !report.findings.is_empty() {
        page.push('\n');
    }
    let mut told = BTreeSet::new();
    for finding in &report.findings {
        // A domain with the same fault at each of its exchangers gets one line for it, not a screen full.
        if told.insert(finding.id) {
            let others = report.findings.iter().filter(|other| other.id == finding.id).count() - 1;
            page.push_str(&remark_within(finding, others, width));
        }
    }
    page.truncate(page.trim_end().len());
    page
}

/// A finding as a sentence behind the verdict, and only its name where the verdict has said it: what stands behind the colon,
/// of the same host.
fn reason(verdict: &str, finding: &Finding) -> String {
    let Finding { id, text, .. } = finding;
    let host = finding.host.as_deref().unwrap_or_default();
    let core = text.rsplit(": ").next().unwrap_or(text);
    let said = match (verdict.contains(core) && verdict.contains(host), host) {
        (true, _) => String::new(),
        (false, "") => format!(": {text}"),
        (false, host) => format!(": {host}: {text}"),
    };
    let level = match finding.level {
        Level::Info => "Note",
        Level::Warn => "Warning",
        Level::Error => "Error",
    };
    format!(" {level} {id}{said}.")
}

/// What the domain promises its senders, as far as somebody asked: a word, and what there is to say of it.
fn promises(report: &Report) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let vouched = report.dns.vouched_by.as_deref();
    match (report.dns.dnssec, vouched) {
        (Dnssec::Secure, Some(whose)) => lines.push(("DNSSEC", format!("secure: {whose}"))),
        (Dnssec::Insecure, Some(_)) => lines.push(("DNSSEC", "nobody has signed the domain's exchangers".to_owned())),
        _ if report.findings.iter().any(|finding| finding.id == NO_ANCHOR && finding.host.is_none()) => {
            lines.push(("DNSSEC", "not known: no trust anchor stands above the domain's exchangers".to_owned()));
        }
        _ => {}
    }
    let Some(policy) = &report.policies.mta_sts else { return lines };
    let said = match (policy.state, policy.mode) {
        ("none", _) => "no policy".to_owned(),
        // Announced, and not there: the findings say why.
        (_, None) if policy.id.is_some() => "announced, and cannot be had".to_owned(),
        (_, None) => "not known".to_owned(),
        (_, Some("none")) => "taken back (mode none)".to_owned(),
        (_, Some(mode)) => {
            let strangers: BTreeSet<&str> =
                report.mx.iter().filter(|host| host.sts_match == Some(false)).map(|host| host.host.as_str()).collect();
            let named = match strangers.iter().next() {
                None => "names all exchangers".to_owned(),
                Some(one) if strangers.len() == 1 => format!("does not name {one}"),
                Some(_) => format!("does not name {} exchangers", strangers.len()),
            };
            let seconds = policy.max_age.unwrap_or(0);
            let age = match seconds / 86_400 {
                0 => format!("{seconds} seconds"),
                1 => "1 day".to_owned(),
                days => format!("{days} days"),
            };
            format!("mode {mode}, good for {age}, {named}")
        }
    };
    lines.push(("MTA-STS", said));
    lines
}

/// One finding in lines that fit, for itself and for others like it.
pub(super) fn remark_within(finding: &Finding, others: usize, width: usize) -> String {
    let whole = remark(finding, others);
    let lines = whole.lines().zip([9, 4]);
    lines.fold(String::new(), |text, (line, indent)| {
        let line = terminal(line);
        let (blanks, words) = line.split_at(line.len() - line.trim_start().len());
        text + &wrapped(blanks, words, indent, width) + "\n"
    })
}

/// One finding, for itself and for others like it.
pub(super) fn remark(finding: &Finding, others: usize) -> String {
    let level = match finding.level {
        Level::Info => "note",
        Level::Warn => "warning",
        Level::Error => "error",
    };
    let about = finding.host.as_ref().map(|host| format!("{host}: ")).unwrap_or_default();
    let likewise = if others > 0 { format!(" (and {others} more like this)") } else { String::new() };
    let fix = finding.fix.map(|fix| format!("  {fix}\n")).unwrap_or_default();
    let text = terminal(&finding.text);
    format!("{level}: {about}{text}{likewise} [{}; {}]\n{fix}", finding.id, finding.why)
}

/// The exchangers, with what was seen of them.
fn rows(report: &Report) -> Vec<Vec<String>> {
    let is_visited = report.mx.iter().any(|host| !host.probes.is_empty());
    let is_guarded = report.mx.iter().any(|host| host.tlsa.is_some() || host.sts_match.is_some());
    let mut head = vec!["pref", "host", "address"];
    if is_visited {
        head.extend(["tls", "verify", "note"]);
    } else if is_guarded {
        head.push("guard");
    }
    let mut rows = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let mut group = None;
    for host in &report.mx {
        // A preference stands once, before the first of those that share it.
        let is_same = group.replace(host.preference) == Some(host.preference);
        let mut preference = if is_same { String::new() } else { format!("{:>4}", host.preference) };
        let mut name = terminal(&host.host).into_owned();
        let mut row = |address: String, rest: Vec<String>| {
            rows.push([vec![std::mem::take(&mut preference), std::mem::take(&mut name), address], rest].concat());
        };
        let visited = host.probes.iter().map(|visited| visited.ip).collect::<BTreeSet<_>>();
        for visited in &host.probes {
            row(visited.place(), of_visit(host, visited));
        }
        let guard = || if is_guarded && !is_visited { vec![guard(host, report)] } else { Vec::new() };
        for address in host.addresses.iter().filter(|address| !visited.contains(&address.ip)) {
            row(address.ip.to_string(), guard());
        }
        if host.addresses.is_empty() {
            row("none".to_owned(), guard());
        }
    }
    rows
}

/// What is published about an exchanger that nobody visited: whether it keeps that, nobody has seen.
fn guard(host: &Host, report: &Report) -> String {
    let dane = host.tlsa.as_ref().map(|tlsa| match tlsa.state {
        TlsaState::None => "no TLSA",
        TlsaState::Insecure if report.dns.dnssec == Dnssec::Unchecked => "TLSA unchecked",
        TlsaState::Insecure => "TLSA unsigned",
        TlsaState::Unusable => "TLSA unusable",
        TlsaState::Usable => "TLSA not compared",
        TlsaState::Unknown => "TLSA unknown",
    });
    let mode = report.policies.mta_sts.as_ref().and_then(|policy| policy.mode);
    let sts = host.sts_match.map(|is_named| match (is_named, mode) {
        (false, _) => "not in MTA-STS",
        (true, Some("testing")) => "MTA-STS testing",
        (true, _) => "MTA-STS",
    });
    dane.into_iter().chain(sts).collect::<Vec<_>>().join(", ")
}

/// `1.3`, `pkix`, `ends in 3 days`.
fn of_visit(host: &Host, visited: &Visited) -> Vec<String> {
    let tls = visited.tls.as_ref();
    let version = tls.map_or("-", |tls| tls.version.trim_start_matches("TLSv"));
    let verified = tls.map_or("-", |tls| tls.verified);
    let code = visited.failure.as_ref().and_then(|failure| failure.code).map(|code| code.to_string());
    let code = code.unwrap_or_default();
    let state = match visited.state {
        Standing::Ok => "",
        Standing::Skipped => "not visited",
        Standing::Refused => "refused",
        Standing::Timeout => "no answer",
        Standing::Unreachable => "not reached",
        Standing::Greeted4xx | Standing::Deferred => "not now",
        Standing::Greeted5xx | Standing::Rejected => "refuses us",
        Standing::Silent => "silent",
        Standing::HungUp => "hangs up",
        Standing::Broken => "no SMTP",
        Standing::TlsDeclined => "STARTTLS refused",
        Standing::TlsOld => visited.old_tls().map_or("TLS too old", |_| "too old"),
        Standing::TlsFailed => "TLS failed",
    };
    let version = visited.old_tls().map_or(version, |old| old.trim_start_matches("TLS "));
    let mut notes: Vec<String> = [code, state.to_owned()].into_iter().filter(|word| !word.is_empty()).collect();
    notes = if notes.is_empty() { notes } else { vec![notes.join(" ")] };
    if visited.state == Standing::Ok && tls.is_none() {
        notes.push("no STARTTLS".to_owned());
    }
    if visited.dane == Some(Fit::Nomatch) {
        notes.push("TLSA mismatch".to_owned());
    }
    if host.sts_match == Some(false) {
        notes.push("not in MTA-STS".to_owned());
    }
    if let Some(word) = visited.flaw_word().filter(|_| visited.dane != Some(Fit::Match)) {
        notes.push(word.to_owned());
    } else if let Some(days) = tls.and_then(|tls| tls.days_left).filter(|days| *days < 100) {
        notes.push(format!("{days} days left"));
    }
    if let Some(seconds) = visited.slow_seconds() {
        notes.push(format!("slow: {seconds:.0} s"));
    }
    vec![version.to_owned(), verified.to_owned(), notes.join(", ")]
}

#[cfg(test)]
mod tests {
    use super::super::object::deciding;
    use super::*;
    use mailkit::address::Domain;
    use mailkit::net::zone::Zone;
    use mailkit::probe::look_up;

    const ZONE: &str = "
$ORIGIN cases.test.
a A 192.0.2.1
b A 192.0.2.2
b AAAA 2001:db8::2
alias CNAME a
many MX 5 b
many MX 5 a
many MX 10 alias
nullmx MX 0 .
implicit A 192.0.2.9
nohost MX 10 gone
half MX 5 gone
half MX 10 a
gone2 MX 10 gone
gone2 MX 20 gone3
";

    async fn report(name: &str) -> Report {
        let zone = Zone::parse(ZONE).expect("a zone");
        zone.fail("down.cases.test");
        look_up(&zone, &Domain::parse(name).expect(name)).await
    }

    #[tokio::test]
    async fn the_page_has_verdict_table_and_findings() {
        let wanted = "\
Mail to many.cases.test goes to a.cases.test or b.cases.test (2 addresses), then
  alias.cases.test.

  pref  host              address
     5  a.cases.test      192.0.2.1
        b.cases.test      192.0.2.2
                          2001:db8::2
    10  alias.cases.test  192.0.2.1

warning: alias.cases.test: an alias of a.cases.test; some senders refuse it
         [mx.cname-target; RFC 5321 §5.1, RFC 2181 §10.3]
  name the host itself in the MX record";
        assert_eq!(page(&report("many.cases.test").await, None, Width::of(Some(80))), wanted);
    }

    #[tokio::test]
    async fn the_first_line_names_the_finding_that_makes_a_failure() {
        let many = "Mail to many.cases.test goes to a.cases.test or b.cases.test (2 addresses), then alias.cases.test.";
        let half = "Mail to half.cases.test goes to a.cases.test.";
        let error = " Error mx.no-host: gone.cases.test: there is no such host.";
        let warning = " Warning mx.cname-target: alias.cases.test: an alias of a.cases.test; some senders refuse it.";
        for (name, fail_on, wanted) in [
            ("many.cases.test", Level::Error, many.to_owned()),
            ("many.cases.test", Level::Warn, format!("{many}{warning}")),
            ("half.cases.test", Level::Error, format!("{half}{error}")),
            ("half.cases.test", Level::Info, format!("{half}{error}")),
            // Here the verdict itself decides.
            (
                "nohost.cases.test",
                Level::Error,
                "Mail to nohost.cases.test cannot be delivered: none of its exchangers has an address.".to_owned(),
            ),
        ] {
            let report = report(name).await;
            let page = page(&report, deciding(&report, fail_on), Width::of(None));
            assert_eq!(page.lines().next(), Some(wanted.as_str()), "{name}");
        }
    }

    #[tokio::test]
    async fn long_names_do_not_widen_the_page() {
        let label = "m".repeat(60);
        let name = format!("{label}.{label}.{label}.cases.test");
        let zone = format!("$ORIGIN cases.test.\n@ MX 10 {name}.\n@ MX 20 gone.{name}.\n{name}. AAAA 2001:db8::1\n");
        let report = look_up(&Zone::parse(&zone).expect("a zone"), &Domain::parse("cases.test").expect("a name")).await;
        for width in [40, 80, 120] {
            let page = page(&report, report.findings.first(), Width { answer: width, rest: width });
            assert!(page.lines().all(|line| line.chars().count() <= width), "{page}");
            assert!(page.contains("2001:db8::1") && page.contains("[mx.no-host;"), "{page}");
        }
    }

    #[tokio::test]
    async fn a_fault_that_many_exchangers_share_is_told_once() {
        let page = page(&report("gone2.cases.test").await, None, Width::of(Some(80)));
        assert_eq!(page.matches("mx.no-host").count(), 1);
        assert!(page.contains("gone.cases.test: there is no such host (and 1 more like this)"), "{page}");
    }
}
