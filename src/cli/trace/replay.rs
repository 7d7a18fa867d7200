//! `mailkit trace replay`: the server's side of a trace for a client, or the client's side for a server.
//!
//! What is played, `replay` knows; here are the connections.

use super::{no_trace, not_an_event, whole};
use crate::cli::context::Context;
use crate::cli::dial::DialArgs;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::login::Server;
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
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// With --times, no pause is longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Have a conversation again: play the server of a trace for a client, or its client for a server
///
/// What the other side says has to be what the trace has; {*} in a line stands for anything, {name} for what is the same
/// each time, so edit in what may differ. Where the trace has {secret} or {...}, anything may be said; a body that was
/// left out is made up, as long as it was. The first difference ends it, and is told, with exit code 76.
///
/// As a server it prints its address, takes as many connections as the trace has, each of which gets the next
/// conversation, and ends with the last of them. Where the trace has TLS it shows a certificate of its own, for localhost
/// and 127.0.0.1. As a client it has one conversation after the other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit trace replay --listen 127.0.0.1:2525 trace.jsonl
  mailkit trace replay --connect smtp://127.0.0.1:1025 --secrets said.txt trace.txt")]
pub(super) struct Replay {
    /// The trace; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Play the server, at this address; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", required_unless_present = "connect")]
    listen: Option<SocketAddr>,

    /// Play the client, with this server
    #[arg(long, value_name = "URL", conflicts_with = "listen")]
    connect: Option<String>,

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
    wait: Duration,

    #[command(flatten)]
    dial: DialArgs,
}

/// Plays it.
pub(super) fn run(replay: &Replay, context: &Context) -> Result<Exit> {
    let conversations = replay::read(&whole(&replay.file)?).map_err(|error| not_an_event(&replay.file, &error))?;
    let wanted = |number: &u32| replay.conn.is_empty() || replay.conn.contains(number);
    let conversations: Vec<_> = conversations.into_iter().filter(|(number, _)| wanted(number)).collect();
    if conversations.is_empty() {
        return Err(no_trace(&replay.file, "there is no such conversation in it"));
    }
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

    /// The server's side.
    async fn serve(
        &self,
        address: SocketAddr,
        conversations: Vec<(u32, Vec<Cue>)>,
        mut secrets: VecDeque<Secret>,
        context: &Context,
    ) -> Result<Exit> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let identity =
            conversations.iter().any(|(_, cues)| has_tls(cues)).then(|| Identity::self_signed(&names)).transpose()?;
        let listener = listen(address)?;
        let at = listener.address().map_err(|error| Error::new(Kind::Temporary, "cannot listen").caused_by(error))?;
        context.line(&at.to_string())?;
        let mut plays = JoinSet::new();
        for (number, cues) in conversations {
            let late = || Error::new(Kind::Temporary, format!("nobody connected for conversation {number}"));
            let accepted = timeout(self.wait, listener.connection()).await.map_err(|_| late())?;
            let stream = accepted.map_err(|error| late().caused_by(error))?;
            let handshake = match &identity {
                Some(identity) => Handshake::Server(ServerTls::new(identity)?),
                None => Handshake::None,
            };
            let mut player = Player::new(self.standing(Box::new(stream), handshake), Side::Server);
            player.is_recorded = true;
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
        let server = Server { endpoint: endpoint.clone(), account: None, why: None };
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
            player.secrets = secrets_of(&cues, Side::Client, &mut secrets);
            player.play(&cues, self.pauses()).await.map_err(|why| differs(number, &why))?;
            context.detail(&format!("conversation {number} is as it was"));
        }
        Ok(Exit::OK)
    }
}

fn has_tls(cues: &[Cue]) -> bool {
    cues.iter().any(|cue| matches!(cue.entry, Entry::Tls(_)))
}

/// The secrets that one side of a conversation says, off the front of all of them.
fn secrets_of(cues: &[Cue], role: Side, all: &mut VecDeque<Secret>) -> VecDeque<Secret> {
    let count = |cue: &Cue| match &cue.entry {
        Entry::Line { side, text, .. } if *side == role => text.matches("{secret}").count(),
        _ => 0,
    };
    let count: usize = cues.iter().map(count).sum();
    all.drain(..count.min(all.len())).collect()
}

fn differs(number: u32, why: &str) -> Error {
    Error::new(Kind::Protocol, format!("conversation {number} is not as it was: {why}"))
}
