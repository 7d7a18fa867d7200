//! `mailkit unsubscribe`: off a mailing list, by a way that the list itself offers.
//!
//! What is asked of whom stands in a stranger's message, so nothing is done without a yes; a request goes by https alone,
//! to nobody's private network, is led nowhere else and carries nothing but what RFC 8058 wants, and only where a domain
//! signed that it is wanted. A message goes as any other, from an account. RFC 8058 §3, §4; RFC 2369 §3.2; RFC 6068.

use super::context::Context;
use super::exit::Exit;
use super::resolver::{self, BelievedArgs};
use super::{input, login, send};
use mailkit::address::Address;
use mailkit::dns::server::Server as NameServer;
use mailkit::engine::http::{Find, Http, Request, SystemNames};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::rope;
use mailkit::message::view::Message;
use mailkit::net::clock::SystemClock;
use mailkit::net::public::is_public;
use mailkit::net::tcp::Tcp;
use mailkit::policy::dkim::{self, Checked, Verdict};
use mailkit::reading::unsubscribe::{Target, Unsubscribe};
use mailkit::world::{Clock, Content, Later};
use schemars::JsonSchema;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Octets of a message that are read: the fields stand in front.
const HEADER_MAX: u64 = 1024 * 1024;
/// Octets of a message whose signature is verified.
const MESSAGE_MAX: u64 = 256 * 1024 * 1024;
/// What a good signature has to be about (RFC 8058 §4).
const SIGNED: [&str; 2] = ["List-Unsubscribe", "List-Unsubscribe-Post"];
/// Octets of an answer, which nobody reads.
const ANSWER_MAX: usize = 64 * 1024;
/// What a server of a list may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a message says if the list does not care.
const WORD: &str = "unsubscribe";

/// Take oneself off the mailing list that a message came from
///
/// Says what it would do, and asks nobody; with --yes does it: one request by https if the list offers that (RFC 8058)
/// and DKIM proves that nobody else put it there, else a message to the address it names. A page for people is only
/// shown.
///
/// Ends with 1 if the message names no way, 69 if the list refuses or has a page only, 75 if trying again may help, 77
/// if no good signature is about the request or its web server stands in a private network; as mailkit send if a message
/// is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit unsubscribe newsletter.eml
  mailkit unsubscribe --yes --method mail --server smtp://127.0.0.1:1025 newsletter.eml")]
pub(super) struct Args {
    /// A message of the list; - is standard input
    #[arg(value_name = "FILE", default_value = input::STDIN)]
    file: PathBuf,

    /// Do it
    #[arg(short, long)]
    yes: bool,

    /// Take this way and no other
    #[arg(long, value_name = "WAY", value_enum)]
    method: Option<Method>,

    /// Make the request even if no good DKIM signature is about it, and do not ask DNS for keys
    #[arg(long)]
    allow_unsigned: bool,

    /// Ask this name server for keys of signatures, not the system's: an address or a name, perhaps with a port, or tcp://,
    /// tls://, https:// and where it is
    #[arg(long, value_name = "RESOLVER", value_parser = resolver::named)]
    resolver: Option<NameServer>,

    #[command(flatten)]
    believed: BelievedArgs,

    /// Ask a web server in a private network too, or on this machine
    #[arg(long)]
    allow_private: bool,

    /// Trust the certificate authorities in this PEM file for the web server, and no others
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// The server that takes a message to the list: a URL, or an account of the configuration
    #[arg(long, value_name = "URL|ACCOUNT")]
    server: Option<String>,

    /// Who is on the list, and writes to it
    #[arg(short, long, value_name = "ADDRESS")]
    from: Option<String>,
}

/// The ways there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Method {
    /// One request by https
    OneClick,
    /// A message
    Mail,
}

/// What is printed as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Object {
    /// `mailkit.unsubscribed/1`
    schema: &'static str,
    /// The way that was taken, or would be; null if there is none.
    target: Option<Target>,
    /// Whether it was taken.
    done: bool,
    /// What the web server answered.
    status: Option<u16>,
    /// The domains whose DKIM signatures cover the fields, as RFC 8058 §4 asks.
    signed_by: Vec<String>,
    /// Whether these signatures were verified and are good; else the message only says that it has them.
    verified: bool,
}

/// Says what could be done, or does it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    if args.file.as_os_str() == input::STDIN {
        context.await_message("pipe the message in, or name its file")?;
    }
    let content = input::content(&args.file)?;
    let octets = rope::octets(&*content, 0..HEADER_MAX).map_err(|error| input::unreadable(&args.file, error))?;
    if octets.is_empty() {
        let empty = Error::new(Kind::Data, format!("cannot read {}", input::named(&args.file).display()));
        return Err(empty.caused_by("there is no message in it"));
    }
    let found = Unsubscribe::of(&Message::parse(&octets)).unwrap_or_default();
    let is_wanted = |target: &&Target| match (args.method, target) {
        (None, _) => true,
        (Some(Method::OneClick), target) => matches!(target, Target::OneClick { .. }),
        (Some(Method::Mail), target) => matches!(target, Target::Mail { .. }),
    };
    // A page is for people, so anything else goes before it.
    let ways: Vec<&Target> = found.targets.iter().filter(is_wanted).collect();
    let is_page = |target: &&&Target| matches!(target, Target::Web { .. });
    let target = ways.iter().find(|way| !is_page(way)).or(ways.first()).copied().cloned();
    let errand = Errand { args, context, signed_by: found.signed_by, is_verified: false };
    match target {
        None => errand.nothing(),
        Some(target) if !args.yes => errand.plan(target),
        Some(Target::OneClick { url }) => errand.click(url, &*content),
        Some(Target::Mail { to, subject, body, .. }) => errand.write(&to, subject.as_deref(), body.as_deref()),
        Some(Target::Web { url }) => {
            let hint = "open it in a browser: what a page wants to know is not for a program to guess";
            Err(Error::new(Kind::Unavailable, format!("the list has a page for people only: {url}")).hint(hint))
        }
    }
}

struct Errand<'a> {
    args: &'a Args,
    context: &'a Context,
    signed_by: Vec<String>,
    is_verified: bool,
}

impl Errand<'_> {
    fn nothing(self) -> Result<Exit> {
        match self.args.method {
            None => self.context.warn("the message does not say how to get off a list"),
            Some(_) => self.context.warn("the message does not offer that way off its list"),
        }
        self.tell(None, false, None)?;
        Ok(Exit::PARTIAL)
    }

    /// What would be done.
    fn plan(self, target: Target) -> Result<Exit> {
        if self.context.is_json() {
            self.tell(Some(target), false, None)?;
            return Ok(Exit::OK);
        }
        let mut lines = Vec::new();
        match &target {
            Target::OneClick { url } => {
                lines.push(format!("one request by https would go to {url}"));
                lines.push(self.standing());
            }
            Target::Mail { to, subject, .. } => {
                let to = to.first().map_or("nobody", String::as_str);
                lines.push(format!("a message would go to {to}: {}", subject.as_deref().unwrap_or(WORD)));
            }
            Target::Web { url } => lines.push(format!("there is a page for people only: {url}")),
        }
        if !matches!(target, Target::Web { .. }) {
            lines.push("nothing was done; --yes does it".to_owned());
        }
        lines.iter().try_for_each(|line| self.context.line(&mailkit::message::safe::terminal(line)))?;
        Ok(Exit::OK)
    }

    /// RFC 8058 §4: without a signature over both fields anybody could have put them there.
    fn standing(&self) -> String {
        match self.signed_by.as_slice() {
            [] => "no signature covers the fields that say so, though RFC 8058 asks for one: anybody may have put them there"
                .to_owned(),
            domains => format!("signed by {}, if the signature is good: --yes verifies it first", domains.join(", ")),
        }
    }

    /// The domains that signed what is asked for; an error if there is none.
    fn vouched(&self, content: &dyn Content) -> Result<Vec<String>> {
        let unreadable = |error| input::unreadable(&self.args.file, error);
        let octets = rope::octets(content, 0..MESSAGE_MAX).map_err(unreadable)?;
        let resolver = self.args.believed.resolver(self.args.resolver.as_ref(), self.context)?;
        let message = Message::parse(&octets);
        let verified = async { Ok(dkim::verify(&message, &resolver, SystemClock.now()).await) };
        let (checked, _) = self.context.block_on(verified)?;
        let is_good = |checked: &&Checked| SIGNED.iter().all(|field| checked.vouches_for(field));
        let mut good: Vec<String> = checked.iter().filter(is_good).filter_map(|good| good.domain.clone()).collect();
        good.dedup();
        if !good.is_empty() {
            return Ok(good);
        }
        let why = |checked: &Checked| match checked.verdict {
            Verdict::Pass => format!("{}: not about these fields, or not about all of them", named(checked)),
            _ => format!("{}: {}", named(checked), checked.why),
        };
        let is_open = checked.iter().any(|checked| checked.verdict == Verdict::TempError);
        let (kind, what) = match is_open {
            true => (Kind::Temporary, "nobody can say now whether the list itself put the address there"),
            false => (Kind::NoPermission, "no good DKIM signature shows that the list itself put the address there"),
        };
        let reasons = checked.iter().map(why).collect::<Vec<_>>().join("; ");
        let error = Error::new(kind, what).hint("--allow-unsigned makes the request all the same");
        Err(if reasons.is_empty() { error } else { error.caused_by(reasons) })
    }

    /// One request, to the place that is named and to no other (RFC 8058 §3.1, §3.2).
    fn click(mut self, url: String, content: &dyn Content) -> Result<Exit> {
        let parsed = Url::parse(&url)
            .map_err(|error| Error::new(Kind::Data, "the list's address cannot be understood").caused_by(error))?;
        // Who writes a name in front of the host wants to look like somebody else.
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(Error::new(Kind::Data, "the list's address names a user, and is not asked"));
        }
        if !self.args.allow_unsigned {
            (self.signed_by, self.is_verified) = (self.vouched(content)?, true);
        }
        let (trust, trace) = (login::trust(self.args.ca.as_deref())?, self.context.trace()?);
        let find = Outside { allows_private: self.args.allow_private };
        let response = self.context.block_on(async {
            let request = Request::form(parsed, &[("List-Unsubscribe", "One-Click")])
                .accept("*/*")
                .body_max(ANSWER_MAX)
                .within(PATIENCE);
            Http::new(&Tcp, &find, &trust, trace.as_ref()).ask(request).await
        })?;
        let refused = |kind: Kind, what: &str| Error::new(kind, what).said(format!("HTTP status {}", response.status));
        match response.status {
            200..300 => {}
            300..400 => {
                let what = "the list's web server leads elsewhere, which RFC 8058 does not let it do";
                return Err(
                    refused(Kind::Unavailable, what).hint("try --method mail, or open the address in a browser")
                );
            }
            408 | 425 | 429 | 500.. => return Err(refused(Kind::Temporary, "the list's web server cannot do it now")),
            _ => return Err(refused(Kind::Unavailable, "the list's web server refused")),
        }
        self.context.note(&format!("the list's web server said yes: HTTP status {}", response.status));
        self.tell(Some(Target::OneClick { url }), true, Some(response.status))?;
        Ok(Exit::OK)
    }

    /// A message like any other, which is told as `send` tells. Of several addresses the first gets it: a list needs no
    /// more.
    fn write(self, to: &[String], subject: Option<&str>, body: Option<&str>) -> Result<Exit> {
        let first = to.first().map_or("", String::as_str);
        let address = Address::parse(first)
            .map_err(|error| Error::new(Kind::Data, "the list's address cannot be written to").caused_by(error))?;
        // Whatever the list put there, a subject is one line.
        let line: String = subject.unwrap_or(WORD).split_whitespace().collect::<Vec<_>>().join(" ");
        let text = body.unwrap_or(WORD);
        let mut words =
            vec!["send".to_owned(), "--yes".to_owned(), format!("--subject={line}"), format!("--body={text}")];
        words.extend(self.args.server.iter().map(|server| format!("--server={server}")));
        words.extend(self.args.from.iter().map(|from| format!("--from={from}")));
        words.extend(["--".to_owned(), address.to_string()]);
        send::run(&send::Args::of(words)?, self.context)
    }

    fn tell(self, target: Option<Target>, done: bool, status: Option<u16>) -> Result<()> {
        if !self.context.is_json() {
            return Ok(());
        }
        let (signed_by, verified) = (self.signed_by, self.is_verified);
        let object = Object { schema: "mailkit.unsubscribed/1", target, done, status, signed_by, verified };
        self.context.object(&object)
    }
}

fn named(checked: &Checked) -> &str {
    checked.domain.as_deref().unwrap_or("nobody")
}

/// Names as the system finds them, without those that lead into somebody's network.
struct Outside {
    allows_private: bool,
}

impl Find for Outside {
    fn find<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            let found = SystemNames.find(host, port).await?;
            let public: Vec<SocketAddr> =
                found.into_iter().filter(|address| self.allows_private || is_public(address.ip())).collect();
            match public.is_empty() {
                false => Ok(public),
                true => {
                    let what = format!("{host}: the list's web server stands in a private network, or on this machine");
                    Err(Error::new(Kind::NoPermission, what).hint("--allow-private asks it all the same"))
                }
            }
        })
    }
}
