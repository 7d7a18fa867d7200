//! `mailkit mx check`: what a domain publishes about mail in its name and to it, and what is wrong with that.
//!
//! What is asked and what it is worth, `probe::check` knows; here are the arguments and the sources. How it is shown is
//! `checked`'s business.

use super::checked::{Object, exit, page};
use super::lookup::FailOn;
use super::names::parse_domain;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::host;
use crate::cli::resolver::{self, ResolverArgs};
use mailkit::account::TlsFiles;
use mailkit::address::{Address, Domain};
use mailkit::discover::Names;
use mailkit::dns::server::Server;
use mailkit::endpoint::masked;
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
use mailkit::probe::check::{Asked, Fetch, check};
use mailkit::world::{Clock, Later};
use std::io::{BufRead, Read};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a web server is waited for that should give a policy: somebody waits.
const PATIENCE: Duration = Duration::from_secs(20);
/// Characters of a line of input: no name is longer.
const LINE_MAX: u64 = 4096;
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
/// exist, 75 if DNS does not say everything now; of several domains, with the highest code.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit mx check example.org
  mailkit mx check -v @192.0.2.53 alice@example.org
  mailkit mx check @192.0.2.53 --ip 192.0.2.7 --dnsbl list.example.org example.org || echo 'not ready to send'
  echo example.org | mailkit mx check --json @192.0.2.53 - | jq .verdict")]
pub(super) struct Check {
    /// Domains, or addresses or URLs whose domain is meant; - reads them from standard input, one a line; @RESOLVER asks
    /// that server: an address or a name, perhaps with a port, or @tcp://, @tls://, @https:// and where it is
    #[arg(required = true, value_name = "@RESOLVER|DOMAIN|ADDRESS|-")]
    targets: Vec<String>,

    /// Look at the DKIM key of this selector; may be given several times; without it the usual ones are tried
    #[arg(long, value_name = "NAME")]
    selector: Vec<String>,

    /// End with 1 if something this bad was found
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,

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

    #[command(flatten)]
    resolver: ResolverArgs,
}

/// Checks what was named and prints what comes of it.
pub(super) fn run(args: &Check, context: &Context) -> Result<Exit> {
    let (servers, names): (Vec<&str>, Vec<&str>) =
        args.targets.iter().map(String::as_str).partition(|target| target.starts_with('@'));
    let server = match servers.as_slice() {
        [] => None,
        [server] => Some(resolver::server(server)?),
        _ => return Err(Error::new(Kind::Usage, "more than one @RESOLVER is given")),
    };
    if names.is_empty() {
        return Err(Error::new(Kind::Usage, "no domain is given"));
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
        let mut worst = Exit::OK;
        let mut index = 0;
        for name in names {
            if name != "-" {
                let asked = question.about(name)?;
                worst = worst.max(one(args, context, (&dns, server.as_ref(), &web), asked, index).await?);
                index += 1;
                continue;
            }
            let mut lines = std::io::stdin().lock();
            while let Some(line) = next_line(&mut lines)? {
                let name = line.trim();
                if name.is_empty() || name.starts_with('#') {
                    continue;
                }
                let exit = match question.about(name) {
                    Ok(asked) => one(args, context, (&dns, server.as_ref(), &web), asked, index).await?,
                    // One bad line of many is no reason to leave out the others.
                    Err(error) => {
                        context.warn(&terminal(&error.to_string()));
                        Exit::from(error.kind())
                    }
                };
                worst = worst.max(exit);
                index += 1;
            }
        }
        Ok(worst)
    })
}

/// What is asked of every domain.
struct Question {
    selectors: Vec<String>,
    senders: Vec<IpAddr>,
    helo: String,
    blocklists: Vec<String>,
}

impl Question {
    fn about(&self, text: &str) -> Result<Asked> {
        let domain = parse_domain(text)?;
        if let Domain::Literal(_) = domain {
            let what = format!("{} is an address of a host, and publishes nothing", masked(text));
            return Err(Error::new(Kind::Usage, what).hint("name a domain"));
        }
        let local_part = Address::parse(text.strip_suffix('.').unwrap_or(text)).ok();
        Ok(Asked {
            domain,
            local_part: local_part.map(|address| address.local_part().to_owned()),
            selectors: self.selectors.clone(),
            senders: self.senders.clone(),
            helo: self.helo.clone(),
            blocklists: self.blocklists.clone(),
            now: SystemClock.now(),
        })
    }
}

async fn one(
    args: &Check,
    context: &Context,
    (dns, server, web): (&Arc<SystemResolver>, Option<&Server>, &Web),
    asked: Asked,
    index: usize,
) -> Result<Exit> {
    let checkup = check(&**dns, web, &asked).await;
    let exit = exit(&checkup, args.fail_on.into());
    if context.is_json() {
        context.object(&Object::new(&checkup, exit, server))?;
    } else {
        let gap = if index == 0 { "" } else { "\n" };
        let shows_all = context.globals.verbose || args.fail_on == FailOn::Info;
        context.line(&format!("{gap}{}", page(&checkup, context.globals.verbose, shows_all)))?;
    }
    Ok(exit)
}

/// The next line of input; none at its end.
fn next_line(input: &mut impl BufRead) -> Result<Option<String>> {
    let failed = |error| Error::new(Kind::NoInput, "cannot read names from standard input").caused_by(error);
    let mut line = Vec::new();
    let count = input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line).map_err(failed)?;
    if count as u64 == LINE_MAX && line.last() != Some(&b'\n') {
        return Err(Error::new(Kind::Data, "a line of standard input is too long to be a name"));
    }
    Ok((count > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
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
