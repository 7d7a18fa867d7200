//! `mailkit account discover`: who names which servers for an address, how far each can be trusted, and which are chosen.
//!
//! Knows how that looks; who is asked, and who wins, `discover` decides.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::resolver::BelievedArgs;
use mailkit::address::Address;
use mailkit::discover::{self, Candidate, Chosen, Found, Names, Web, choose, reach};
use mailkit::dns::server::Server;
use mailkit::endpoint::masked;
use mailkit::engine::http::{Find, Http, SystemNames};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::resolve::SystemResolver;
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::Trust;
use mailkit::world::Later;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// Nobody wants to watch a search for longer; whoever has not answered by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// A server that takes longer to connect to is none that anybody would use.
const REACH_WAIT: Duration = Duration::from_secs(5);

/// Find the servers of an address
///
/// Asks all who may know at once: the list of large providers in this program, the domain's own documents
/// (PACC, autoconfig), DNS (RFC 6186), Thunderbird's collection, and both of these by the domain's mail
/// exchanger. A JMAP service is shown too. All servers of an account are taken from one of them, the best that knows
/// enough; what came without encryption is shown and never taken. No password is needed, and none is sent.
///
/// Ends with 0 if servers were chosen, 1 if nobody knows any, 75 if nobody could be asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account discover alice@gmail.com
  mailkit account discover alice@gmail.com --json | jq .chosen")]
pub(super) struct Discover {
    /// The address
    #[arg(value_name = "ADDRESS")]
    email: String,

    #[command(flatten)]
    dns: Dns,
}

/// Whom to ask about names.
#[derive(Debug, clap::Args)]
pub(super) struct Dns {
    /// Ask this DNS server, not those of the system: an address or a name, perhaps with a port, or tcp://, tls://, https://
    /// and where it is
    #[arg(long, value_name = "RESOLVER", value_parser = crate::cli::resolver::named)]
    resolver: Option<Server>,

    #[command(flatten)]
    believed: BelievedArgs,
}

/// Asks, and prints what was said.
pub(super) fn run(args: &Discover, context: &Context) -> Result<Exit> {
    let address = parse_address(&args.email)?;
    context.block_on(async {
        let outside = args.dns.outside(context)?;
        let found = outside.discover(&address, context).await?;
        let chosen = choose(&found.candidates);
        let servers: Vec<&Candidate> = chosen.servers().collect();
        let reached = reach(&servers, &Tcp, &outside, REACH_WAIT).await;
        let reached = |candidate: &Candidate| {
            let place = servers.iter().position(|server| std::ptr::eq(*server, candidate))?;
            reached.get(place).copied()
        };
        if context.is_json() {
            context.object(&object(&address, &found, &chosen, reached))?;
        } else {
            page(&address, &found, &chosen, reached).lines().try_for_each(|line| context.line(&terminal(line)))?;
        }
        Ok(exit(&found, &chosen))
    })
}

/// The user's address, in a sentence if it is none.
pub(super) fn parse_address(text: &str) -> Result<Address> {
    let what = || format!("{} is not an address", masked(text));
    Address::parse(text).map_err(|error| Error::new(Kind::Usage, what()).caused_by(error))
}

/// DNS and the web as this command sees them.
pub(super) struct Outside {
    resolver: SystemResolver,
    /// Whether that resolver was named by the user.
    is_named: bool,
}

impl Dns {
    /// Gets ready to ask.
    pub(super) fn outside(&self, context: &Context) -> Result<Outside> {
        let resolver = self.believed.judge(self.resolver.as_ref(), context)?;
        Ok(Outside { resolver, is_named: self.resolver.is_some() })
    }
}

impl Outside {
    /// Asks everybody about the servers of an address.
    pub(super) async fn discover(&self, address: &Address, context: &Context) -> Result<Found> {
        let (trust, trace) = (Trust::System, context.trace()?);
        let http = Http::new(&Tcp, self, &trust, trace.as_ref());
        Ok(discover::discover(address, &self.resolver, &Web(&http), PATIENCE).await)
    }
}

impl Find for Outside {
    fn find<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            if self.is_named {
                Names(&self.resolver).find(host, port).await
            } else {
                SystemNames.find(host, port).await
            }
        })
    }
}

fn exit(found: &Found, chosen: &Chosen<'_>) -> Exit {
    match chosen.source() {
        Some(_) => Exit::OK,
        None if found.is_unanswered() => Exit::from(Kind::Temporary),
        None => Exit::PARTIAL,
    }
}

fn ways(candidate: &Candidate) -> Vec<&'static str> {
    candidate.ways.iter().map(|way| way.name()).collect()
}

fn object(
    address: &Address,
    found: &Found,
    chosen: &Chosen<'_>,
    reached: impl Fn(&Candidate) -> Option<bool>,
) -> Value {
    let one = |candidate: &Candidate| {
        json!({
            "service": candidate.service.name(), "url": candidate.endpoint.to_string(), "user": candidate.user,
            "source": candidate.source.name(), "trust": candidate.trust.name(), "auth": ways(candidate),
            "reachable": reached(candidate), "score": candidate.source.score(),
        })
    };
    let errors = found.errors.iter().map(
        |(who, why)| json!({ "asked": who, "message": why.to_string(), "temporary": why.kind() == Kind::Temporary }),
    );
    let domain = address.domain().to_ascii().to_string();
    json!({
        "schema": "mailkit.discover/1",
        "exit": exit(found, chosen).code(),
        "email": address.to_string(),
        "candidates": found.candidates.iter().map(one).collect::<Vec<_>>(),
        "chosen": chosen.source().map(|source| json!({
            "source": source.name(), "smtp": chosen.smtp.map(one), "imap": chosen.imap.map(one),
            "pop": chosen.pop.map(one),
            "confirm": chosen.to_confirm(&domain).map(|server| server.service.name()).collect::<Vec<_>>(),
        })),
        "jmap": found.jmap.iter().map(|jmap| json!({
            "url": jmap.url, "source": jmap.source, "trust": jmap.trust.name(),
        })).collect::<Vec<_>>(),
        "errors": errors.collect::<Vec<_>>(),
        "issuer": found.issuer,
        "note": found.note(),
    })
}

/// A sentence, a table, what the user has to know, and who had nothing to say.
fn page(address: &Address, found: &Found, chosen: &Chosen<'_>, reached: impl Fn(&Candidate) -> Option<bool>) -> String {
    let mut page = match chosen.source() {
        Some(source) => format!("{address}: servers by {}\n", who(source)),
        None => format!("{address}: nobody names servers that can be used\n"),
    };
    let is_chosen = |candidate: &Candidate| chosen.servers().any(|server| std::ptr::eq(server, candidate));
    let mark = |candidate: &Candidate| if is_chosen(candidate) { "*" } else { "" };
    let rows = found.candidates.iter().map(|candidate| {
        let answers = match reached(candidate) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let said = ways(candidate).join(" ");
        [
            mark(candidate).to_owned(),
            candidate.service.name().to_owned(),
            candidate.endpoint.to_string(),
            candidate.user.clone(),
            said,
            candidate.source.name().to_owned(),
            trust(candidate.trust),
            candidate.source.score().to_string(),
            answers.to_owned(),
        ]
    });
    let services = found.jmap.iter().map(|jmap| {
        let [none, service, url] = ["", "jmap", &jmap.url].map(str::to_owned);
        let (source, trust) = (jmap.source.to_owned(), trust(jmap.trust));
        [none.clone(), service, url, none.clone(), none.clone(), source, trust, none.clone(), none]
    });
    let head = ["", "service", "url", "user", "login", "source", "trust", "score", "answers"].map(str::to_owned);
    let rows: Vec<_> = [head].into_iter().chain(rows).chain(services).collect();
    if rows.len() > 1 {
        page.push('\n');
        page.push_str(&table(&rows));
    }
    let domain = address.domain().to_ascii().to_string();
    let mut notes: Vec<String> = found.note().iter().map(|note| (*note).to_owned()).collect();
    notes.extend(found.issuer.as_ref().map(|issuer| format!("tokens are given out by {issuer}")));
    if !found.jmap.is_empty() {
        notes.push("JMAP is shown for the record: it is not spoken here".to_owned());
    }
    notes.extend(chosen.to_confirm(&domain).map(|server| {
        let host = &server.endpoint.host;
        format!(
            "{host} lies outside of {domain}, and only unsigned DNS names it: compare it with what your provider says"
        )
    }));
    for (title, lines) in
        [("", notes), ("nothing from", found.errors.iter().map(|(who, why)| format!("{who}: {why}")).collect())]
    {
        if !lines.is_empty() {
            page.push_str(&format!("\n{title}\n").replace("\n\n", "\n"));
            lines.iter().for_each(|line| page.push_str(&format!("  {line}\n")));
        }
    }
    page
}

/// How something came here, for people.
fn trust(trust: discover::Trust) -> String {
    match trust {
        discover::Trust::Dns => "dns (not validated)".to_owned(),
        trust => trust.name().to_owned(),
    }
}

/// A source in words.
pub(super) fn who(source: discover::Source) -> &'static str {
    use discover::Source as S;
    match source {
        S::Preset => "the list of providers in this program",
        S::Pacc => "the domain's own document, with a digest in DNS (PACC)",
        S::Autoconfig => "the domain's own document (autoconfig)",
        S::Srv => "DNS (SRV records)",
        S::Ispdb => "Thunderbird's collection",
        S::Exchanger => "what is known about the domain's mail exchanger",
        S::Http => "the domain's own document, which came without encryption",
    }
}

/// Rows with columns of equal width.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
