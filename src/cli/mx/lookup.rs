//! `mailkit mx lookup`: where a domain's mail goes, how it is protected, and why not.
//!
//! What is done and what it means, `probe` knows; here are the arguments. How it is shown is `page`'s business.

mod asked;

use super::bulk;
use super::earlier::{Earlier, Sort};
use super::forms::{Form, Printer, end};
use super::names::{Named, names, once};
use super::services::services;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::guarding;
use crate::cli::resolver::{self, ResolverArgs};
use asked::{Asked, At, given, moment};
use mailkit::account::TlsFiles;
use mailkit::duration;
use mailkit::engine::dial::{CONNECT_MOST, CONNECT_WAIT};
use mailkit::engine::http::Http;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tcp::{Tcp, own_addresses};
use mailkit::net::tls::{DAYS_MIN, Judge};
use mailkit::probe::{Level, Manners, Pace, Survey, Visiting};
use mailkit::world::Entropy;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Domains that are looked up at once.
pub(super) const JOBS: u16 = 20;
/// The most that anybody may want: each of them takes a socket or two.
pub(super) const JOBS_MAX: u16 = 500;
/// New connections in a second, unless told otherwise.
const VISITS_PER_SECOND: u32 = 2;
/// Where exchangers take mail (RFC 5321 §4.5.4.2).
const PORT: u16 = 25;
/// Ports of each address: this is no scanner.
const PORTS_MAX: usize = 8;
/// How long a server has for each answer.
const EACH_WAIT: Duration = Duration::from_secs(30);

/// What `--diff` reads.
static REPORTS: Sort = Sort {
    schema: "mailkit.mx/1",
    command: "mx lookup",
    changes: mailkit::probe::changes,
    verdicts: mailkit::probe::verdicts,
};

/// Days that a certificate may have left: a hundred years of them.
const DAYS_MOST: i64 = 36_525;
/// The longest that anybody has for an answer: no server of SMTP is to be waited for longer (RFC 5321 §4.5.3.2.6).
const EACH_MOST: Duration = Duration::from_secs(10 * 60);

/// Say where a domain's mail goes, how it is protected, and why not
///
/// The first sentence is the answer. Follows the rules of RFC 5321 §5.1: MX records by preference, the domain itself where there
/// are none, nobody where there is a null MX (RFC 7505). Each finding has a name that stays, a reason and a remedy.
///
/// With --probe every address of every exchanger is visited: greeting, EHLO, STARTTLS, certificate, EHLO, QUIT. No message
/// is ever sent. Each address is visited by one connection at a time, and two of them begin in a second, unless --rate
/// says otherwise.
///
/// Ends with 0 if mail can be delivered and nothing is wrong, 1 if there are findings of the level that --fail-on says, 68
/// if the domain does not exist or takes no mail, 75 if DNS or the servers do not answer now, or could not be looked at from
/// here; of several domains, with what lasts before what may be over soon: 68, 1, 65, 75. What --rcpt is answered is a finding about the domain: greylisting is
/// none of level error, and so 0, where mx probe, which speaks for one message, ends with 75. A line of standard input
/// that names no domain is 65.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit mx lookup example.org
  mailkit mx lookup @192.0.2.53 --short alice@example.org bob@bücher.example
  mailkit mx lookup -v @192.0.2.53 example.net
  printf 'example.org\\nexample.net\\n' | mailkit mx lookup @192.0.2.53 --jsonl --jobs 50 -")]
pub(super) struct Lookup {
    /// Domains, or addresses or URLs whose domain is meant; - reads them from standard input, one a line; @RESOLVER asks
    /// that server: an address or a name, perhaps with a port
    ///
    /// @tcp://, @tls:// and @https:// say how it is asked. A name behind # is the one that its certificate must have:
    /// @tls://192.0.2.53#dns.example.org or @https://dns.example.org/dns-query. With -v each question is
    /// told on standard error, with -vv each reply as it came.
    #[arg(required_unless_present = "rcpt", value_name = "@RESOLVER|DOMAIN|ADDRESS|URL|-")]
    targets: Vec<String>,

    /// Print only the MX records, one `10 mx.example.org.` a line
    #[arg(long, group = "form")]
    short: bool,

    /// Print only the name of the host to use, of several domains behind each one's own name
    #[arg(long, group = "form")]
    first: bool,

    /// Print the certificates that the servers show, as PEM
    #[arg(long, group = "form")]
    cert: bool,

    /// Print one JSON object a line, as --json does
    #[arg(long)]
    jsonl: bool,

    /// Say what has changed since an earlier report on the same domains, in a file that --json wrote; 1 if anything has
    ///
    /// Of several domains only those are shown that something is different about, and the last line counts them. A list on
    /// standard input is taken for the whole list: domains that it does not have any more are told. A domain that is named
    /// twice is asked about once. --fail-on, --short, --first and --cert say something else, and do not go with it.
    #[arg(long, value_name = "FILE", group = "form")]
    diff: Option<PathBuf>,

    /// End with 1 if there is a finding of this level, or a worse one; error if not given
    #[arg(long, value_name = "LEVEL", value_enum, conflicts_with = "diff")]
    fail_on: Option<FailOn>,

    /// Look at the TLSA records of the exchangers, and at DNSSEC
    #[arg(long, help_heading = "What to look at")]
    dane: bool,

    /// Look at the domain's policy for those who send to it, and whether it names the exchangers
    #[arg(long, help_heading = "What to look at")]
    mta_sts: bool,

    /// Look for the servers of the domain's own users: SRV records, autoconfig and others
    #[arg(long, help_heading = "What to look at")]
    services: bool,

    /// Visit every address of the exchangers
    #[arg(long, help_heading = "What to look at")]
    probe: bool,

    /// Visit them, and ask whether mail for this address would be taken; may be given several times
    #[arg(long, value_name = "ADDRESS", help_heading = "What to look at")]
    rcpt: Vec<String>,

    /// From whom that mail would come; the null reverse-path, from which reports come, if not given
    #[arg(long, value_name = "ADDRESS", help_heading = "What to look at")]
    from: Option<String>,

    /// Ask, too, about a name that nobody can have, to find out whether any name is taken
    #[arg(long, help_heading = "What to look at")]
    catch_all: bool,

    /// Judge certificates as of then: +14d from now, a date, or a time as 2026-12-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "What to look at")]
    at: Option<At>,

    /// Warn of certificates with fewer days left; 14 if not given
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=DAYS_MOST), help_heading = "What to look at")]
    min_days: Option<i64>,

    /// Visit IPv4 addresses only
    #[arg(short = '4', long, conflicts_with = "ipv6", help_heading = "How to visit")]
    ipv4: bool,

    /// Visit IPv6 addresses only
    #[arg(short = '6', long, help_heading = "How to visit")]
    ipv6: bool,

    /// The ports to visit; TLSA records are looked up for the first
    #[arg(long, value_name = "PORT,...", value_delimiter = ',', default_value = "25", help_heading = "How to visit")]
    port: Vec<u16>,

    /// The name to say in EHLO; the name of this machine if not given
    #[arg(long, value_name = "NAME", help_heading = "How to visit")]
    helo: Option<String>,

    /// Trust the certificate authorities in this PEM file, and no others; also those of web servers that give policies
    #[arg(long, value_name = "FILE", help_heading = "How to visit")]
    ca: Option<PathBuf>,

    /// Visit private and loopback addresses too, and find nothing wrong with them: where the network is one's own
    #[arg(long, help_heading = "How to visit")]
    private: bool,

    /// Give up an address that has not answered by then; 10s if not given, 2m at most
    #[arg(long, value_name = "TIME", value_parser = |text: &str| duration::parse_to(text, CONNECT_MOST), help_heading = "How to visit")]
    connect_timeout: Option<Duration>,

    /// Wait no longer than this for each answer; 30s if not given, 10m at most
    #[arg(long, value_name = "TIME", value_parser = |text: &str| duration::parse_to(text, EACH_MOST), help_heading = "How to visit")]
    timeout: Option<Duration>,

    /// How many domains to look up at once, and servers to visit
    #[arg(long, value_name = "COUNT", default_value_t = JOBS, value_parser = clap::value_parser!(u16).range(1..=i64::from(JOBS_MAX)), help_heading = "Many domains")]
    jobs: u16,

    /// Begin no more than this many in a second: visits, 2 if not given, or without visits domains; 0 for no limit
    #[arg(long, value_name = "COUNT", help_heading = "Many domains")]
    rate: Option<u32>,

    /// Print what is known first, not in the order of the names
    #[arg(long, help_heading = "Many domains")]
    unordered: bool,

    #[command(flatten)]
    resolver: ResolverArgs,
}

/// From which level on findings count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    /// Everything that is remarkable
    Info,
    /// What does not work with all senders
    Warn,
    /// What is broken
    Error,
}

impl From<FailOn> for Level {
    fn from(level: FailOn) -> Self {
        match level {
            FailOn::Info => Self::Info,
            FailOn::Warn => Self::Warn,
            FailOn::Error => Self::Error,
        }
    }
}

/// Looks up what was named and prints it.
pub(super) fn run(lookup: &Lookup, context: &Context) -> Result<Exit> {
    let given = given(lookup)?;
    let (asked, extent) = (Asked::read(lookup, &given)?, given.extent());
    lookup.check(&asked, context.is_json())?;
    context.block_on(async {
        let resolver = lookup.resolver.resolver(given.server.as_ref(), context)?;
        let (resolver, voucher) = match lookup.dane {
            true => lookup.resolver.judging(resolver, asked.at).await?,
            false => (resolver, resolver::NOBODY),
        };
        let resolver = Arc::new(resolver);
        let trace = context.trace()?;
        let tls = TlsFiles { ca: lookup.ca.clone(), ..TlsFiles::default() }.read()?;
        let is_named = given.server.is_some();
        let policies = match lookup.mta_sts {
            true => Some(guarding::policies(context, (&resolver, is_named), &tls, None)?),
            false => None,
        };
        let judge = if asked.visits { Some(Judge::new(&tls.trust)?) } else { None };
        let rate = |default: Option<u32>| lookup.rate.or(default).and_then(NonZeroU32::new);
        let manners = Manners::new(rate(Some(VISITS_PER_SECOND)), usize::from(lookup.jobs));
        let pace = Pace::new(if asked.visits { None } else { rate(None) });
        let own = if asked.visits { own_addresses() } else { Vec::new() };
        let visiting = judge.as_ref().map(|judge| Visiting {
            connect: &Tcp,
            manners: &manners,
            judge,
            helo: &asked.helo,
            ports: &asked.ports,
            is_v6: (lookup.ipv4 || lookup.ipv6).then_some(lookup.ipv6),
            connect_wait: lookup.connect_timeout.unwrap_or(CONNECT_WAIT),
            each_wait: lookup.timeout.unwrap_or(EACH_WAIT),
            recipients: &asked.recipients,
            from: &asked.from,
            chance: lookup.catch_all.then_some(&SystemEntropy as &dyn Entropy),
            is_private: lookup.private,
            own: &own,
            trace: trace.as_ref(),
            at: asked.at,
        });
        let server = given.server.as_ref().map_or_else(|| "system".to_owned(), ToString::to_string);
        let survey = Survey {
            dns: &*resolver,
            resolver: &server,
            dane: lookup.dane.then_some(voucher),
            reasons: lookup.dane.then_some(&*resolver),
            policies: policies.as_ref(),
            port: asked.ports.first().copied().unwrap_or(PORT),
            visiting,
            is_private: lookup.private,
            days_min: lookup.min_days.unwrap_or(DAYS_MIN),
            is_vouched: AtomicBool::new(false),
        };
        let find = guarding::find(&resolver, is_named);
        let http = Http::new(&Tcp, &*find, &tls.trust, trace.as_ref());
        let printer = Printer {
            context,
            form: lookup.form(context),
            fail_on: lookup.fail_on.unwrap_or(FailOn::Error).into(),
            earlier: lookup.diff.as_deref().map(|path| Earlier::read(path, &REPORTS)).transpose()?,
            extent,
        };
        let work = |named: Named| {
            let (survey, pace, resolver, http, printer) = (&survey, &pace, &resolver, &http, &printer);
            async move {
                let domain = match named {
                    Named::Domain(target) => target.domain,
                    Named::Bad(line) => return printer.bad_line(&line),
                    Named::End(error) => return Err(error),
                };
                pace.turn().await;
                let mut report = survey.of(&domain).await?;
                if lookup.services {
                    report.services = Some(services(&domain, &**resolver, http).await);
                }
                printer.report(&report)
            }
        };
        let domains = names(given.targets, given.is_input_meant);
        let print = |text: &str| context.octets(text.as_bytes());
        let jobs = (usize::from(lookup.jobs), !lookup.unordered);
        let tally = match &printer.earlier {
            Some(_) => bulk::run(once(domains), work, jobs, print).await?,
            None => bulk::run(domains, work, jobs, print).await?,
        };
        end(context, extent, printer.earlier.as_ref(), tally, (printer.form == Form::Json, "without mail"))
    })
}

impl Lookup {
    /// Options that say nothing together: who is not told of it believes that they did something.
    fn check(&self, asked: &Asked, is_json: bool) -> Result<()> {
        let wrong = |text: String| Err(Error::new(Kind::Usage, text));
        let forms = [(self.short, "--short"), (self.first, "--first"), (self.cert, "--cert")];
        if (is_json || self.jsonl)
            && let Some((_, form)) = forms.into_iter().find(|(is_given, _)| *is_given)
        {
            let json = if self.jsonl { "--jsonl" } else { "--json" };
            return wrong(format!("{form} and {json} are two forms of the answer: choose one"));
        }
        if let (true, Some((_, form))) = (self.services, forms.into_iter().find(|(is_given, _)| *is_given)) {
            return wrong(format!("{form} shows nothing of --services: leave one of them out"));
        }
        if self.resolver.is_anchored() && !self.dane {
            return wrong("--trust-anchor goes with --dane, which checks signatures".to_owned());
        }
        if self.at.is_some() && !(asked.visits || self.dane) {
            return wrong("--at goes with --probe or --dane, which look at certificates and signatures".to_owned());
        }
        let of_visits = [
            (self.ipv4, "--ipv4"),
            (self.ipv6, "--ipv6"),
            (self.helo.is_some(), "--helo"),
            (self.connect_timeout.is_some(), "--connect-timeout"),
            (self.timeout.is_some(), "--timeout"),
            (self.min_days.is_some(), "--min-days"),
            (self.ca.is_some() && !self.mta_sts && !self.services, "--ca"),
        ];
        match of_visits.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, option)) if !asked.visits => wrong(format!("{option} goes with --probe, which visits servers")),
            _ => Ok(()),
        }
    }

    fn form(&self, context: &Context) -> Form {
        match (context.is_json() || self.jsonl, self.short, self.first, self.cert) {
            (true, ..) => Form::Json,
            (_, true, ..) => Form::Short,
            (_, _, true, _) => Form::First,
            (.., true) => Form::Certificates,
            _ => Form::Page,
        }
    }
}
