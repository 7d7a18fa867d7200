//! `mailkit mx check`: what a domain publishes about mail in its name and to it, and what is wrong with that.
//!
//! What is asked and what it is worth, `probe::check` knows; here are the arguments and the sources. How it is shown is
//! `checked`'s business.

use super::bulk::{self, Line};
use super::checked::{Object, exit, exit_of_changes, page};
use super::columns::Width;
use super::earlier::{Earlier, Sort};
use super::forms::{bad_line, compared, end};
use super::given::{Extent, Given};
use super::lookup::{FailOn, JOBS, JOBS_MAX};
use super::names::{BadLine, Named, Target, names, once};
use crate::cli::console::{json, terminal_columns};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::host;
use crate::cli::resolver::ResolverArgs;
use futures_util::future::join_all;
use mailkit::account::TlsFiles;
use mailkit::address::Domain;
use mailkit::discover::Names;
use mailkit::dns::dnssec::Why;
use mailkit::dns::server::Server;
use mailkit::engine::http::{Find, Http, SystemNames};
use mailkit::engine::reach::{Reach, reach};
use mailkit::engine::sts::fetch_text;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::clock::SystemClock;
use mailkit::net::resolve::SystemResolver;
use mailkit::net::tcp::{Tcp, own_addresses};
use mailkit::net::tls::Trust;
use mailkit::net::trace::Trace;
use mailkit::probe::Level;
use mailkit::probe::check::{Asked, Checkup, Fetch, check};
use mailkit::world::{Clock, Later, RecordKind};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What `--diff` reads.
static REPORTS: Sort = Sort {
    schema: "mailkit.check/1",
    command: "mx check",
    changes: mailkit::probe::check::changes,
    verdicts: mailkit::probe::check::verdicts,
};
/// How long a web server is waited for that should give a policy: somebody waits.
const PATIENCE: Duration = Duration::from_secs(20);
/// What an address literal is here.
const NO_DOMAIN: &str = "an address of a host, and publishes nothing";
/// Selectors and lists that are asked at once.
const NAMES_MAX: usize = 50;

/// Judge what a domain publishes about its mail: SPF, DKIM, DMARC, MTA-STS, TLS-RPT, BIMI, DANE, names of addresses
///
/// The first line is the verdict; below it stands one line for each policy, and then what is wrong, by which standard,
/// and what to do. SPF is followed through everything it includes, and its look-ups are counted (-v shows each). DMARC
/// is found by the walk up the tree (RFC 9989). Keys of DKIM are asked for by --selector, or guessed. The policy of
/// MTA-STS is fetched from the domain's web server, and held against its exchangers.
///
/// With --sender it also shows how a host that sends the domain's mail looks to others: the name of its address, its
/// EHLO name, what SPF and DMARC say of it, and lists of addresses, if named.
///
/// Ends with 0 if nothing was found that is as bad as --fail-on says, 1 if something was, 68 if the domain does not
/// exist, 75 if DNS does not say everything now and nothing of level error was found; of several domains, with what lasts
/// before what may be over soon: 68, 1, 65, 75. A line of standard input that names no domain is 65.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit mx check example.org
  mailkit mx check -v @192.0.2.53 alice@example.org
  mailkit mx check @192.0.2.53 --ip 192.0.2.7 --dnsbl list.example.org example.org || echo 'not ready to send'
  cut -d@ -f2 addresses | sort -u | mailkit mx check --jsonl @192.0.2.53 - | jq .verdict")]
pub(super) struct Check {
    /// Domains, or addresses or URLs whose domain is meant; - reads them from standard input, one a line; @RESOLVER asks
    /// that server: an address or a name, perhaps with a port, or @tcp://, @tls://, @https:// and where it is. With -v each
    /// question is told on standard error, with -vv each reply as it came
    #[arg(required = true, value_name = "@RESOLVER|DOMAIN|ADDRESS|-")]
    targets: Vec<String>,

    /// Look at the DKIM key of this selector; may be given several times; without it the usual ones are tried
    #[arg(long, value_name = "NAME")]
    selector: Vec<String>,

    /// Print one JSON object a line, as --json does
    #[arg(long)]
    jsonl: bool,

    /// End with 1 if something this bad was found; error if not given
    #[arg(long, value_name = "LEVEL", value_enum, conflicts_with = "diff")]
    fail_on: Option<FailOn>,

    /// Say what has changed since an earlier report on the same domains, in a file that --json wrote; 1 if anything has
    ///
    /// Of several domains only those are shown that something is different about, and the last line counts them. A list on
    /// standard input is taken for the whole list: domains that it does not have any more are told. A domain that is named
    /// twice is asked about once. --fail-on says something else, and does not go with it.
    #[arg(long, value_name = "FILE")]
    diff: Option<PathBuf>,

    /// Trust the certificate authorities in this PEM file, and no others, where a policy is fetched
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Look at this machine as a sender of the domain's mail
    #[arg(long, help_heading = "As a sender")]
    sender: bool,

    /// Look at this address as a sender of the domain's mail, instead of those of this machine; may be given several
    /// times
    #[arg(long, value_name = "IP", help_heading = "As a sender")]
    ip: Vec<IpAddr>,

    /// What the sender says in EHLO; the name of this machine if not given
    #[arg(long, value_name = "NAME", help_heading = "As a sender")]
    helo: Option<String>,

    /// Ask this list of addresses about the sender; may be given several times
    #[arg(long, value_name = "ZONE", help_heading = "As a sender")]
    dnsbl: Vec<String>,

    /// How many domains to check at once
    #[arg(long, value_name = "COUNT", default_value_t = JOBS, value_parser = clap::value_parser!(u16).range(1..=i64::from(JOBS_MAX)), help_heading = "Many domains")]
    jobs: u16,

    /// Print what is known first, not in the order of the names
    #[arg(long, help_heading = "Many domains")]
    unordered: bool,

    #[command(flatten)]
    resolver: ResolverArgs,
}

/// Checks what was named and prints what comes of it.
pub(super) fn run(args: &Check, context: &Context) -> Result<Exit> {
    let given = Given::parse(&args.targets)?.nonempty()?;
    let extent = given.extent();
    let Given { server, targets, is_input_meant } = given;
    if let Some(literal) = targets.iter().find(|target| matches!(target.domain, Domain::Literal(_))) {
        let what = format!("{} is {NO_DOMAIN}", literal.domain);
        return Err(Error::new(Kind::Usage, what).hint("name a domain"));
    }
    let asks_senders = args.sender || !args.ip.is_empty();
    if !asks_senders && (args.helo.is_some() || !args.dnsbl.is_empty()) {
        return Err(Error::new(Kind::Usage, "--helo and --dnsbl are about a sender").hint("add --sender or --ip"));
    }
    let question = Question {
        selectors: labels(&args.selector, "--selector")?,
        senders: senders(args)?,
        helo: helo(args.helo.as_deref())?,
        blocklists: labels(&args.dnsbl, "--dnsbl")?,
    };
    let trust = TlsFiles { ca: args.ca.clone(), ..TlsFiles::default() }.read()?.trust;
    context.block_on(async {
        let dns = args.resolver.resolver(server.as_ref(), context)?;
        let dns = Arc::new(args.resolver.judging(dns, SystemClock.now()).await?.0);
        let web = Web { dns: dns.clone(), is_named: server.is_some(), trust, trace: context.trace()? };
        let printer = Printer {
            context,
            server: server.as_ref(),
            is_json: context.is_json() || args.jsonl,
            fail_on: args.fail_on.unwrap_or(FailOn::Error).into(),
            earlier: args.diff.as_deref().map(|path| Earlier::read(path, &REPORTS)).transpose()?,
            extent,
        };
        let work = |named: Named| {
            let (dns, web, printer, question) = (&dns, &web, &printer, &question);
            async move {
                let target = match named {
                    Named::Domain(target) => target,
                    Named::Bad(line) => return bad_line(context, printer.is_json, &line),
                    Named::End(error) => return Err(error),
                };
                if let (Domain::Literal(_), Some(line)) = (&target.domain, target.line) {
                    let bad = BadLine { line, text: target.domain.to_string(), why: NO_DOMAIN.to_owned() };
                    return bad_line(context, printer.is_json, &bad);
                }
                let mut checkup = check(&**dns, web, &question.about(target)).await;
                if checkup.is_unsure() {
                    advise(dns, &question.selectors, &mut checkup).await;
                }
                printer.checkup(&checkup)
            }
        };
        let print = |text: &str| context.octets(text.as_bytes());
        let jobs = (usize::from(args.jobs), !args.unordered);
        let names = names(targets, is_input_meant);
        let tally = match &printer.earlier {
            Some(_) => bulk::run(once(names), work, jobs, print).await?,
            None => bulk::run(names, work, jobs, print).await?,
        };
        end(context, extent, printer.earlier.as_ref(), tally, (printer.is_json, "not in DNS"))
    })
}

/// Where answers were not believed, advises what mends that, as `mx lookup` does.
async fn advise(dns: &SystemResolver, selectors: &[String], checkup: &mut Checkup) {
    let domain = checkup.ascii.clone();
    let below = ["_dmarc", "_mta-sts", "_smtp._tls", "default._bimi"].map(str::to_owned);
    let keys = selectors.iter().map(|selector| format!("{selector}._domainkey"));
    let names = below.into_iter().chain(keys).map(|label| format!("{label}.{domain}"));
    let names: Vec<String> = std::iter::once(domain.clone()).chain(names).collect();
    // Most of it was asked a moment ago, and is remembered; what is silent is waited for once, not one after the other.
    let asked = names.iter().map(|name| dns.judged(name, RecordKind::Txt));
    for judged in join_all(asked).await.into_iter().flatten() {
        // Who merely does not answer may do so later.
        let mendable = |why: &&Why| !matches!(why, Why::NoAnswer { .. } | Why::Failed { .. });
        if let Some(why) = judged.security.why().filter(mendable) {
            checkup.remedy(&why.to_string(), why.fix());
        }
    }
}

/// Prints checkups one after the other.
struct Printer<'a> {
    context: &'a Context,
    server: Option<&'a Server>,
    is_json: bool,
    fail_on: Level,
    /// What to compare with.
    earlier: Option<Earlier>,
    extent: Extent,
}

impl Printer<'_> {
    fn checkup(&self, checkup: &Checkup) -> Result<Line> {
        let earlier = self.earlier.as_ref();
        let changes = earlier.map(|earlier| earlier.compare(&checkup.ascii, checkup)).transpose()?;
        let exit = match earlier.zip(changes.as_ref()) {
            Some((earlier, changes)) => {
                let exit = exit_of_changes(checkup, changes);
                earlier.count(changes, exit);
                exit
            }
            None => exit(checkup, self.fail_on),
        };
        if self.is_json {
            let object = Object::new(checkup, exit, self.server, changes);
            return Ok(Line { text: format!("{}\n", json(&object)?), is_page: false, exit });
        }
        if let Some(changes) = changes {
            let text = compared(&checkup.domain, &changes, exit, self.extent);
            return Ok(Line { text, is_page: false, exit });
        }
        let is_verbose = self.context.globals.verbose > 0;
        let width = Width::of(terminal_columns());
        let page = page(checkup, (is_verbose, is_verbose || self.fail_on == Level::Info), width);
        Ok(Line { text: format!("{page}\n"), is_page: true, exit })
    }
}

/// What is asked of every domain.
struct Question {
    selectors: Vec<String>,
    senders: Vec<IpAddr>,
    helo: String,
    blocklists: Vec<String>,
}

impl Question {
    fn about(&self, target: Target) -> Asked {
        Asked {
            domain: target.domain,
            local_part: target.local_part,
            selectors: self.selectors.clone(),
            senders: self.senders.clone(),
            helo: self.helo.clone(),
            blocklists: self.blocklists.clone(),
            now: SystemClock.now(),
        }
    }
}

/// Names that become part of a question.
fn labels(names: &[String], option: &str) -> Result<Vec<String>> {
    if names.len() > NAMES_MAX {
        return Err(Error::new(Kind::Usage, format!("{option} is given more than {NAMES_MAX} times")));
    }
    let is_label = |label: &str| {
        let is_sign = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(is_sign)
    };
    let read = |name: &String| {
        let name = name.trim_end_matches('.');
        let is_name = name.len() <= 200 && name.split('.').all(is_label);
        is_name
            .then(|| name.to_ascii_lowercase())
            .ok_or_else(|| Error::new(Kind::Usage, format!("{option} {}: this is no name in DNS", terminal(name))))
    };
    names.iter().map(read).collect()
}

/// What the sender says in EHLO. Clients say anything, and here nothing is said to anybody: it need not be a name.
fn helo(told: Option<&str>) -> Result<String> {
    match told {
        None => Ok(host::helo(None)?.to_ascii().to_string()),
        Some(text) if (1..=255).contains(&text.len()) && !text.chars().any(char::is_control) => Ok(text.to_owned()),
        Some(text) => Err(Error::new(Kind::Usage, format!("--helo {}: nobody says this in EHLO", terminal(text)))),
    }
}

/// The addresses that are looked at: those named, or those of this machine that others see.
fn senders(args: &Check) -> Result<Vec<IpAddr>> {
    if !args.ip.is_empty() {
        // RFC 7208 §5: IPv4 in the dress of IPv6 is IPv4.
        return Ok(args.ip.iter().map(IpAddr::to_canonical).collect());
    }
    if !args.sender {
        return Ok(Vec::new());
    }
    let public: Vec<IpAddr> = own_addresses().into_iter().filter(|ip| reach(*ip) == Reach::Public).collect();
    if public.is_empty() {
        let what = "this machine has no address that others see";
        return Err(Error::new(Kind::Usage, what).hint("name the one they see: --ip 192.0.2.7"));
    }
    Ok(public)
}

/// The web servers of domains.
struct Web {
    dns: Arc<SystemResolver>,
    is_named: bool,
    trust: Trust,
    trace: Option<Trace>,
}

impl Fetch for Web {
    fn policy<'a>(&'a self, domain: &'a str) -> Later<'a, std::result::Result<Vec<u8>, String>> {
        Box::pin(async move {
            let names = Names(&*self.dns);
            // Who names a name server wants its word on this, too.
            let find: &dyn Find = if self.is_named { &names } else { &SystemNames };
            let http = Http::new(&Tcp, find, &self.trust, self.trace.as_ref());
            fetch_text(&http, domain, PATIENCE).await
        })
    }
}
