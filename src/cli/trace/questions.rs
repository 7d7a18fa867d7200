//! The name servers of a trace, played for those who ask, or asked again.
//!
//! What is answered, `replay::answers` knows; here are the sockets, and when it is over.

use super::no_trace;
use super::replay::Replay;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::resolver::upstream;
use mailkit::dns::server::{Server, Transport};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::dns::Desk;
use mailkit::net::tls::Trust;
use mailkit::replay::answers::{Answer, Answers, NoAnswer, difference};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Of what is no query this many are told of, one by one.
const GARBAGE_TOLD: usize = 10;

/// Reads the questions of a trace, of which there must be some.
fn read(replay: &Replay, trace: &str) -> Result<Answers> {
    let answers = Answers::read(trace).map_err(|error| no_trace(&replay.file, error))?;
    match (answers.bare(), answers.is_empty()) {
        (0, true) => Err(no_trace(&replay.file, "there is no question to a name server in it").hint(
            "record some: mailkit --trace=FILE.jsonl mx lookup NAME; conversations are had with --listen or --connect",
        )),
        (0, false) => Ok(answers),
        (bare, _) => Err(no_trace(&replay.file, format!("of {bare} questions in it the octets are missing"))
            .hint("only JSON lines hold the octets: --trace=FILE.jsonl; a trace that was scrubbed has none")),
    }
}

/// Answers each question as it was answered, until none is left that nobody has asked.
pub(super) async fn serve(replay: &Replay, trace: &str, address: SocketAddr, context: &Context) -> Result<Exit> {
    let mut answers = read(replay, trace)?;
    let mut desk = Desk::open(address).await?;
    let failed = |error| Error::new(Kind::Temporary, "cannot listen").caused_by(error);
    context.line(&desk.address().map_err(failed)?.to_string())?;
    let (mut garbage, mut until) = (0, Instant::now() + replay.wait);
    while let Some(missing) = answers.missing() {
        let late = || Error::new(Kind::Temporary, format!("nobody asked for {}", missing.title));
        let asked = timeout_at(until, desk.next()).await.map_err(|_| late())?.map_err(failed)?;
        let left = answers.left();
        match answers.answer(&asked.octets, asked.is_stream) {
            Ok(answer) => {
                // A question that was answered before gives nobody more time.
                if answers.left() < left {
                    until = Instant::now() + replay.wait;
                }
                match answer {
                    Answer::Say(octets) => desk.reply(asked, octets).await,
                    // As nobody answered then.
                    Answer::Silence => drop(asked),
                }
            }
            // This gives nobody more time either: whoever sends garbage for ever would be listened to for ever.
            Err(why @ NoAnswer::NoQuery(_)) => {
                garbage += 1;
                if garbage <= GARBAGE_TOLD {
                    context.warn(&format!("{why}: passed over"));
                }
            }
            Err(why @ NoAnswer::Unknown(_)) => return Err(Error::new(Kind::Protocol, why.to_string())),
        }
    }
    if garbage > GARBAGE_TOLD {
        context.warn(&format!("{garbage} times in all something came that was no query"));
    }
    context.detail("all questions were asked");
    Ok(Exit::OK)
}

/// Asks a server what was asked, and holds its answers against those of the trace.
pub(super) async fn ask(replay: &Replay, trace: &str, server: &Server, context: &Context) -> Result<Exit> {
    let trust = replay.dial.tls().read()?.trust;
    let has_certificate = matches!(server.transport, Transport::Tls | Transport::Https);
    if !has_certificate && !matches!(trust, Trust::System) {
        return Err(Error::new(Kind::Usage, format!("{server} shows no certificate that --ca could be for"))
            .hint("name it as tls:// or https://"));
    }
    let upstream = upstream(server, &trust)?;
    let answers = read(replay, trace)?;
    for exchange in answers.exchanges() {
        let query = Arc::new(exchange.query.clone());
        let now = upstream.repeat(&query, exchange.is_stream, replay.wait).await;
        let Some(before) = &exchange.reply else {
            if now.is_ok() {
                let what = format!("{} had no answer when it was recorded, and has one now", exchange.title);
                return Err(Error::new(Kind::Protocol, what));
            }
            context.detail(&format!("{} has no answer, as it had none", exchange.title));
            continue;
        };
        let now = now.map_err(|why| {
            Error::new(Kind::Temporary, format!("{}: {why}", exchange.title)).with_peer(server.to_string())
        })?;
        if let Some(why) = difference(before, &now, replay.exact) {
            let what = format!("the answer about {} is not as it was: {why}", exchange.title);
            return Err(Error::new(Kind::Protocol, what));
        }
        context.detail(&format!("{} is as it was", exchange.title));
    }
    Ok(Exit::OK)
}
