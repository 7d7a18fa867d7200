//! `mailkit mx lookup`: what DNS says about a domain's mail, on the terminal or as JSON.
//!
//! Knows how a report looks; what is in it, `probe` decides.

use super::{DNS_PORT, address};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::address::{Address, Domain};
use mailkit::endpoint::masked;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::resolve::SystemResolver;
use mailkit::probe::{Finding, Host, Level, Report, Verdict, look_up};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;

/// List a domain's mail exchangers in order, with their addresses
///
/// Follows the rules of RFC 5321 §5.1: MX records by preference, the domain itself where there are none,
/// nobody where there is a null MX (RFC 7505). Says what is wrong with them, and by which standard.
///
/// Ends with 0 if mail can be delivered, 68 if the domain does not exist or takes no mail,
/// 75 if DNS does not answer; of several domains, with the highest code.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit mx lookup example.org
  mailkit mx lookup @192.0.2.53 --short alice@example.org bob@bücher.example")]
pub(super) struct Lookup {
    /// Domains, or addresses whose domain is meant; @RESOLVER (an IP address, perhaps with a port) asks that server
    #[arg(required = true, value_name = "@RESOLVER|DOMAIN|ADDRESS")]
    targets: Vec<String>,

    /// Print only the MX records, one `10 mx.example.org.` a line
    #[arg(long)]
    short: bool,
}

/// Looks up what was named and prints it.
pub(super) fn run(lookup: &Lookup, context: &Context) -> Result<Exit> {
    let question = Question::parse(&lookup.targets)?;
    context.block_on(async {
        let resolver = match question.server {
            Some(server) => SystemResolver::at(server)?,
            None => SystemResolver::from_system()
                .map_err(|error| error.hint("name a server yourself, as in @192.0.2.53"))?,
        };
        let resolver = resolver.traced(context.trace()?);
        let mut worst = Verdict::Deliverable;
        for (index, domain) in question.domains.iter().enumerate() {
            let report = look_up(&resolver, domain).await;
            worst = worst.max(report.verdict);
            if context.is_json() {
                context.object(&Object::new(&report, question.server))?;
            } else if lookup.short {
                short(&report).iter().try_for_each(|line| context.line(line))?;
                // Silence would leave a script's reader with a bare exit code.
                if report.verdict != Verdict::Deliverable {
                    context.warn(&report.sentence);
                }
            } else {
                let gap = if index == 0 { "" } else { "\n" };
                context.line(&format!("{gap}{}", page(&report)))?;
            }
        }
        Ok(exit(worst))
    })
}

/// What the arguments ask.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    server: Option<SocketAddr>,
    domains: Vec<Domain>,
}

impl Question {
    /// The resolver may stand anywhere among the names, as with `dig`.
    fn parse(targets: &[String]) -> Result<Self> {
        let (servers, names): (Vec<&str>, Vec<&str>) =
            targets.iter().map(String::as_str).partition(|target| target.starts_with('@'));
        let server = match servers.as_slice() {
            [] => None,
            [server] => Some(parse_server(server)?),
            _ => return Err(Error::new(Kind::Usage, "more than one @RESOLVER is given")),
        };
        if names.is_empty() {
            return Err(Error::new(Kind::Usage, "no domain is given"));
        }
        Ok(Self { server, domains: names.into_iter().map(parse_domain).collect::<Result<_>>()? })
    }
}

/// `@` and an address.
pub(super) fn parse_server(text: &str) -> Result<SocketAddr> {
    address(text.strip_prefix('@').unwrap_or(text), DNS_PORT).ok_or_else(|| {
        Error::new(Kind::Usage, format!("{} is not a resolver's address", masked(text)))
            .hint("write an IP address, perhaps with a port: @192.0.2.53 or @[2001:db8::53]:53")
    })
}

/// `example.org`, `example.org.`, `alice@example.org`, `[192.0.2.1]`.
pub(super) fn parse_domain(text: &str) -> Result<Domain> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let wrong = |what: &str| Error::new(Kind::Usage, format!("{} is {what}", masked(text)));
    if name.contains('@') {
        let address = Address::parse(name).map_err(|error| wrong("not an address").caused_by(error))?;
        return Ok(address.domain().clone());
    }
    Domain::parse(name).map_err(|_| wrong("neither a domain nor an address"))
}

/// RFC 5321 sends mail back in the second and third case; the last is worth another try.
fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Deliverable => Exit::OK,
        Verdict::Undeliverable | Verdict::NoMail => Exit::from(Kind::NoHost),
        Verdict::Unknown => Exit::from(Kind::Temporary),
    }
}

/// A report as `--json` prints it.
#[derive(Debug, Serialize)]
struct Object<'a> {
    schema: &'static str,
    exit: u8,
    resolver: String,
    #[serde(flatten)]
    report: &'a Report,
}

impl<'a> Object<'a> {
    fn new(report: &'a Report, server: Option<SocketAddr>) -> Self {
        let resolver = server.map_or_else(|| "system".to_owned(), |server| server.to_string());
        Self { schema: "mailkit.mx/1", exit: exit(report.verdict).code(), resolver, report }
    }
}

/// As `dig +short` prints it, so that scripts need not change. An implicit MX shows as what it stands for.
fn short(report: &Report) -> Vec<String> {
    if report.dns.null_mx {
        return vec!["0 .".into()];
    }
    let line = |host: &Host| match host.host.starts_with('[') {
        true => format!("{} {}", host.preference, host.host),
        false => format!("{} {}.", host.preference, host.host),
    };
    report.mx.iter().map(line).collect()
}

/// The verdict, a table, the findings.
fn page(report: &Report) -> String {
    let mut page = format!("{}\n", report.sentence);
    if !report.mx.is_empty() {
        let width = report.mx.iter().map(|host| host.host.len()).max().unwrap_or(0).max("host".len());
        let _ = writeln!(page, "\n  pref  {:width$}  address", "host");
        let mut group = None;
        for host in &report.mx {
            // A preference stands once, before the first of those that share it.
            let preference = if group.replace(host.preference) == Some(host.preference) {
                String::new()
            } else {
                host.preference.to_string()
            };
            let mut addresses = host.addresses.iter().map(|address| address.ip.to_string());
            let first = addresses.next().unwrap_or_else(|| "none".into());
            let _ = writeln!(page, "  {preference:>4}  {:width$}  {first}", host.host);
            for address in addresses {
                let _ = writeln!(page, "        {:width$}  {address}", "");
            }
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
            page.push_str(&remark(finding, others));
        }
    }
    page.truncate(page.trim_end().len());
    page
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
    format!("{level}: {about}{}{likewise} [{}; {}]\n{fix}", finding.text, finding.id, finding.why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use mailkit::net::zone::Zone;

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
gone2 MX 10 gone
gone2 MX 20 gone3
";

    async fn report(name: &str) -> Report {
        let zone = Zone::parse(ZONE).expect("a zone");
        zone.fail("down.cases.test");
        look_up(&zone, &parse_domain(name).expect(name)).await
    }

    #[tokio::test]
    async fn the_page_has_verdict_table_and_findings() {
        let wanted = "\
Mail to many.cases.test goes to a.cases.test or b.cases.test (2 addresses), then alias.cases.test.

  pref  host              address
     5  a.cases.test      192.0.2.1
        b.cases.test      192.0.2.2
                          2001:db8::2
    10  alias.cases.test  192.0.2.1

warning: alias.cases.test: an alias of a.cases.test; some senders refuse it \
[mx.cname-target; RFC 5321 §5.1, RFC 2181 §10.3]
  name the host itself in the MX record";
        assert_eq!(page(&report("alice@many.cases.test").await), wanted);
    }

    #[tokio::test]
    async fn a_fault_that_many_exchangers_share_is_told_once() {
        let page = page(&report("gone2.cases.test").await);
        assert_eq!(page.matches("mx.no-host").count(), 1);
        assert!(page.contains("gone.cases.test: there is no such host (and 1 more like this)"), "{page}");
    }

    #[tokio::test]
    async fn the_short_form_is_one_record_a_line() {
        for (name, wanted, code) in [
            ("many.cases.test", vec!["5 a.cases.test.", "5 b.cases.test.", "10 alias.cases.test."], 0),
            ("implicit.cases.test", vec!["0 implicit.cases.test."], 0),
            ("nullmx.cases.test.", vec!["0 ."], 68),
            ("nohost.cases.test", vec!["10 gone.cases.test."], 68),
            ("nx.cases.test", vec![], 68),
            ("x.down.cases.test", vec![], 75),
            ("root@[192.0.2.1]", vec!["0 [192.0.2.1]"], 0),
        ] {
            let report = report(name).await;
            assert_eq!(short(&report), wanted, "{name}");
            assert_eq!(exit(report.verdict).code(), code, "{name}");
        }
    }

    #[tokio::test]
    async fn the_object_says_how_it_came_about() {
        let report = report("nx.cases.test").await;
        let object = serde_json::to_value(Object::new(&report, Some(([127, 0, 0, 1], 5353).into()))).expect("JSON");
        for (member, wanted) in [
            ("schema", "mailkit.mx/1".into()),
            ("exit", 68.into()),
            ("resolver", "127.0.0.1:5353".into()),
            ("domain", "nx.cases.test".into()),
            ("verdict", serde_json::Value::from("undeliverable")),
        ] {
            assert_eq!(object[member], wanted, "{member}");
        }
    }

    #[test]
    fn resolver_and_names_may_stand_in_any_order() {
        #[derive(Debug, Parser)]
        struct Line {
            #[command(flatten)]
            lookup: Lookup,
        }
        let line = Line::try_parse_from(["lookup", "x.example.", "@::1", "root@y.example"]).expect("arguments");
        let question = Question::parse(&line.lookup.targets).expect("a question");
        assert_eq!(question.server, Some("[::1]:53".parse().expect("an address")));
        assert_eq!(question.domains, [Domain::Name("x.example".into()), Domain::Name("y.example".into())]);
        for bad in
            [&["@192.0.2.1"][..], &[""], &["a..b"], &["@dns.example", "x"], &["@1.1.1.1", "@8.8.8.8", "x"], &["a@b@c"]]
        {
            let targets: Vec<String> = bad.iter().map(ToString::to_string).collect();
            assert_eq!(Question::parse(&targets).expect_err("a usage error").kind(), Kind::Usage, "{bad:?}");
        }
    }

    #[test]
    fn a_resolver_is_an_address_with_or_without_a_port() {
        for (text, wanted) in [
            ("@192.0.2.53", Some("192.0.2.53:53")),
            ("@127.0.0.1:5353", Some("127.0.0.1:5353")),
            ("@::1", Some("[::1]:53")),
            ("@[::1]", Some("[::1]:53")),
            ("@[::1]:99", Some("[::1]:99")),
            ("@[::1", None),
            ("@1.1.1.1:x", None),
            ("@", None),
        ] {
            assert_eq!(parse_server(text).ok().map(|server| server.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
