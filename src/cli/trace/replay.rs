//! `mailkit trace replay`: the server's side of a trace for a client, or the client's side for a server.
//!
//! What is played, `replay` knows; here are the connections.

use super::{no_trace, not_an_event, questions, whole};
use crate::cli::context::Context;
use crate::cli::dial::DialArgs;
use crate::cli::exit::Exit;
use crate::cli::input::{self, named};
use crate::cli::login;
use mailkit::address::Domain;
use mailkit::dns::server::Server;
use mailkit::duration;
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::{Dial, dial};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::tcp::listen;
use mailkit::net::tls::{ClientTls, Identity, ServerTls};
use mailkit::replay::end::Pace;
use mailkit::replay::player::Player;
use mailkit::replay::stage::{Handshake, Standing};
use mailkit::replay::{self, Cue};
use mailkit::secret::Secret;
use mailkit::wire::transcript::{Entry, Side};
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Hosts that one certificate is for.
const HOSTS_MAX: usize = 100;
/// Numbers of conversations that are told.
const NUMBERS_MAX: usize = 20;
/// With --times, no pause is longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Have a conversation again: play the server of a trace for a client, or its client for a server
///
/// What the other side says has to be what the trace has, but for dates, ids, tags and the size of a message; {*} in a line
/// stands for anything, {name} for what is the same each time, so edit in what else may differ. Where the trace has
/// {secret} or {...}, anything may be said; a body that was left out is made up, as long as it was. The first difference
/// ends it, and is told, with exit code 76.
///
/// As a server it prints its address, takes as many connections as the trace has, each of which gets the next
/// conversation, and ends with the last of them. Where the trace has TLS, also behind STARTTLS, it shows the certificate of
/// --tls-cert, or one of its own, for localhost, 127.0.0.1 and the hosts that were asked for by HTTP. As a client it has one
/// conversation after the other.
///
/// With --dns it answers questions as the name servers of the trace did, over UDP and TCP at one address, until all of them
/// were asked; what is no question is told of and passed over. With --ask it asks a name server all of them again, where the
/// order of records and their TTLs make no difference.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("played").args(["listen", "connect", "dns", "ask"]).required(true))]
#[command(after_help = "Examples:
  mailkit trace replay --listen 127.0.0.1:2525 trace.jsonl
  mailkit trace replay --connect smtp://127.0.0.1:1025 --secrets said.txt trace.txt
  mailkit trace replay --dns 127.0.0.1:5353 dns.jsonl")]
pub(super) struct Replay {
    /// The trace; - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Play the server, at this address; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", conflicts_with = "ca", conflicts_with_all = OF_DIAL)]
    listen: Option<SocketAddr>,

    /// Play the client, with this server
    #[arg(long, value_name = "URL", conflicts_with = "listen")]
    connect: Option<String>,

    /// Play the name servers, at this address
    #[arg(long, value_name = "IP:PORT", conflicts_with_all = ["listen", "connect", "conn", "secrets", "times", "exact"],
        conflicts_with = "ca", conflicts_with_all = OF_DIAL)]
    dns: Option<SocketAddr>,

    /// Ask this name server all that was asked: 192.0.2.53, tcp://, tls://, https://; --ca says who vouches for the latter two
    #[arg(long, value_name = "SERVER", value_parser = Server::parse,
        conflicts_with_all = ["listen", "connect", "dns", "conn", "secrets", "times"], conflicts_with_all = OF_DIAL)]
    ask: Option<Server>,

    /// As a server, show this certificate chain, PEM, where the trace has TLS; without it one is made that nobody vouches for
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with_all = ["connect", "dns", "ask"])]
    tls_cert: Option<PathBuf>,

    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", conflicts_with_all = ["connect", "dns", "ask"])]
    tls_key: Option<PathBuf>,

    /// Let dates, ids, tags and sizes differ no more than anything else; of answers of DNS, order and TTLs
    #[arg(long)]
    pub(super) exact: bool,

    /// Only the conversation of this number; may be given several times
    #[arg(long, value_name = "N")]
    conn: Vec<u32>,

    /// Say what stands in this file where the trace has {secret}: a line for each of them, as it went over the
    /// connection
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,

    /// Pause before each line as long as it took when it was recorded, but never longer than a minute
    #[arg(long)]
    times: bool,

    /// Wait no longer than this for a connection, and for each line
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "30s")]
    pub(super) wait: Duration,

    #[command(flatten)]
    pub(super) dial: DialArgs,
}

/// Options of a connection that --connect opens. The others have none of them, but that --ask may need --ca, and are not to
/// pass over what was asked for.
const OF_DIAL: [&str; 13] = [
    "pin",
    "tls_name",
    "cert",
    "key",
    "proxy",
    "proxy_password_cmd",
    "proxy_password_env",
    "proxy_password_file",
    "source",
    "ipv4",
    "ipv6",
    "connect_timeout",
    "timeout",
];

/// Plays it.
pub(super) fn run(replay: &Replay, context: &Context) -> Result<Exit> {
    if context.globals.trace.is_some() {
        // What is said is in the trace already, and what is heard and differs is told.
        return Err(Error::new(Kind::Usage, "a replay is not written down: --trace is for what is had anew")
            .hint("leave --trace out; what differs is told, and -v tells what does not"));
    }
    let trace = whole(&replay.file)?;
    match (&replay.dns, &replay.ask) {
        (Some(address), _) => return context.block_on(questions::serve(replay, &trace, *address, context)),
        (None, Some(server)) => return context.block_on(questions::ask(replay, &trace, server, context)),
        (None, None) => {}
    }
    let conversations = replay::read(&trace).map_err(|error| not_an_event(&replay.file, &error))?;
    if conversations.is_empty() {
        return Err(no_trace(&replay.file, "there is no conversation in it"));
    }
    if let Some(number) = replay.conn.iter().find(|number| !conversations.contains_key(*number)) {
        return Err(no_such(&replay.file, *number, conversations.into_keys().collect()));
    }
    let wanted = |number: &u32| replay.conn.is_empty() || replay.conn.contains(number);
    let conversations: Vec<_> = conversations.into_iter().filter(|(number, _)| wanted(number)).collect();
    let secrets = match &replay.secrets {
        Some(path) => input::text(path)?.lines().map(|line| Secret::new(line.to_owned())).collect(),
        None => VecDeque::new(),
    };
    match (&replay.listen, &replay.connect) {
        (Some(address), _) => context.block_on(replay.serve(*address, conversations, secrets, context)),
        (None, Some(url)) => context.block_on(replay.visit(url, conversations, secrets, context)),
        (None, None) => Err(Error::new(Kind::Usage, "--listen or --connect says which side is to be played")),
    }
}

impl Replay {
    fn pauses(&self) -> Option<Duration> {
        self.times.then_some(PAUSE_MAX)
    }

    fn standing(&self, stream: Box<dyn mailkit::world::Stream>, handshake: Handshake) -> Standing {
        Standing::new(stream, handshake, Pace::Whole, self.wait)
    }

    /// The certificate to show, where the trace has TLS: the one that was given, or one for all that may be asked for.
    fn identity(&self, conversations: &[(u32, Vec<Cue>)]) -> Result<Option<Identity>> {
        let is_needed = conversations.iter().any(|(_, cues)| has_tls(cues));
        match self.tls_cert.as_ref().zip(self.tls_key.as_ref()) {
            Some(_) if !is_needed => {
                Err(Error::new(Kind::Usage, "there is no TLS in the trace, so nobody is shown a certificate")
                    .hint("leave --tls-cert and --tls-key out"))
            }
            Some((certificates, key)) => input::identity(certificates, key).map(Some),
            None => {
                let here = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
                let names: Vec<String> = here.into_iter().chain(hosts(conversations)).collect();
                is_needed.then(|| Identity::self_signed(&names)).transpose()
            }
        }
    }

    /// The server's side.
    async fn serve(
        &self,
        address: SocketAddr,
        conversations: Vec<(u32, Vec<Cue>)>,
        mut secrets: VecDeque<Secret>,
        context: &Context,
    ) -> Result<Exit> {
        // A key that is no key of the certificate is told of before anybody connects.
        let tls = self.identity(&conversations)?.as_ref().map(ServerTls::new).transpose()?;
        let listener = listen(address)?;
        let at = listener.address().map_err(|error| Error::new(Kind::Temporary, "cannot listen").caused_by(error))?;
        context.line(&at.to_string())?;
        let mut plays = JoinSet::new();
        for (number, cues) in conversations {
            let late = || Error::new(Kind::Temporary, format!("nobody connected for conversation {number}"));
            let accepted = timeout(self.wait, listener.connection()).await.map_err(|_| late())?;
            let stream = accepted.map_err(|error| late().caused_by(error))?;
            let handshake = tls.clone().map_or(Handshake::None, Handshake::Server);
            let mut player = Player::new(self.standing(Box::new(stream), handshake), Side::Server);
            player.is_recorded = true;
            player.is_exact = self.exact;
            player.secrets = secrets_of(&cues, Side::Server, &mut secrets);
            let pauses = self.pauses();
            plays.spawn(async move { (number, player.play(&cues, pauses).await) });
        }
        while let Some(played) = plays.join_next().await {
            let (number, done) = played.map_err(|error| Error::new(Kind::Software, "a play broke").caused_by(error))?;
            done.map_err(|why| differs(number, &why))?;
            context.detail(&format!("conversation {number} is as it was"));
        }
        Ok(Exit::OK)
    }

    /// The client's side.
    async fn visit(
        &self,
        url: &str,
        conversations: Vec<(u32, Vec<Cue>)>,
        mut secrets: VecDeque<Secret>,
        context: &Context,
    ) -> Result<Exit> {
        let endpoint =
            Endpoint::parse(url).map_err(|error| Error::new(Kind::Usage, "the URL of the server").caused_by(error))?;
        let connect = self.dial.connect();
        let tls = self.dial.tls().read()?;
        let ask = |question: &str| context.ask_password(question);
        let server = login::Server { endpoint: endpoint.clone(), account: None, why: None };
        let way = self.dial.way(&ask, &server, context.hidden(), tls).await?;
        for (number, cues) in conversations {
            let dialled = dial(&*connect, Dial { endpoint: &endpoint, way: &way, trace: None }).await?;
            // The system's certificates take a while to load; without TLS nobody needs them.
            let handshake = match has_tls(&cues) {
                true => Handshake::Client(ClientTls::with(&way.tls)?, dialled.name),
                false => Handshake::None,
            };
            let mut player = Player::new(self.standing(Box::new(dialled.connection), handshake), Side::Client);
            player.is_recorded = true;
            player.is_exact = self.exact;
            player.secrets = secrets_of(&cues, Side::Client, &mut secrets);
            player.play(&cues, self.pauses()).await.map_err(|why| differs(number, &why))?;
            context.detail(&format!("conversation {number} is as it was"));
        }
        Ok(Exit::OK)
    }
}

/// What is said of a number that no conversation has. `numbers` are in order; a connection on which nothing was said has none.
fn no_such(path: &Path, number: u32, numbers: Vec<u32>) -> Error {
    let told = match numbers.as_slice() {
        [only] => format!("the only one has the number {only}"),
        [first, .., last] if (last - first) as usize == numbers.len() - 1 => {
            format!("its {} are numbered {first} to {last}", numbers.len())
        }
        _ => {
            let some: Vec<String> = numbers.iter().take(NUMBERS_MAX).map(u32::to_string).collect();
            let more = if numbers.len() > NUMBERS_MAX { ", ..." } else { "" };
            format!("its {} are numbered {}{more}", numbers.len(), some.join(", "))
        }
    };
    Error::new(Kind::Data, format!("{} has no conversation {number}: {told}", named(path).display()))
}

fn has_tls(cues: &[Cue]) -> bool {
    cues.iter().any(|cue| matches!(cue.entry, Entry::Tls(_)))
}

/// The hosts that clients asked for by HTTP (RFC 9112 §3.2), without their ports.
fn hosts(conversations: &[(u32, Vec<Cue>)]) -> BTreeSet<String> {
    let host = |cue: &Cue| match &cue.entry {
        Entry::Line { side: Side::Client, text, .. } => {
            let (_, host) = text.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("host"))?;
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            Domain::parse(name).ok().map(|name| name.to_ascii().to_string())
        }
        _ => None,
    };
    conversations.iter().flat_map(|(_, cues)| cues).filter_map(host).take(HOSTS_MAX).collect()
}

/// The secrets that one side of a conversation says, off the front of all of them.
fn secrets_of(cues: &[Cue], role: Side, all: &mut VecDeque<Secret>) -> VecDeque<Secret> {
    let count: usize = cues.iter().map(|cue| replay::secrets(&cue.entry, role)).sum();
    all.drain(..count.min(all.len())).collect()
}

fn differs(number: u32, why: &str) -> Error {
    Error::new(Kind::Protocol, format!("conversation {number} is not as it was: {why}"))
}
