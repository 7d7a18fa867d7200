//! What came of a message: lines for people, JSON for scripts, one exit code.
//!
//! A failure is told as what was tried, with whom, their words, and what follows; recipients of one fate share
//! one telling. The fields of the JSON are in `object`.

use super::compose::Outgoing;
use super::form::{self, in_order, plan, recipient, route, text, timing, unreadable};
use super::object::{Object, Queue, Saved, Status, Summary};
use super::outcome::Print;
use super::remote_id::remote_id;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::login::Server;
use mailkit::account::Reason;
use mailkit::envelope::ForwardPath;
use mailkit::error::{Kind, Result};
use mailkit::sasl::Mechanism;
use mailkit::smtp::outcome::{Ending, Outcome, Phase};
use mailkit::status::Fate;
use mailkit::submit::{self, Rehearsal, Submitted, direct};
use mailkit::wire::session::Tls;
use mailkit::world::Content;
use std::net::IpAddr;
use std::time::Duration;

/// A server that never stops talking does not get to fill the terminal; JSON has all of it.
const WORDS_MAX: usize = 1000;
/// Octets printed at a time.
const PIECE: usize = 64 * 1024;

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fared {
    /// The server was asked.
    Tried(Outcome),
    /// An earlier run with the same key had done it.
    Before,
    /// An earlier run with the same key does not know, so nothing was tried.
    UnknownBefore,
    /// The queue of this machine has it; what the server said before, if it was asked.
    Queued(Option<Outcome>),
}

/// What became of each.
pub(super) type Fates = Vec<(ForwardPath, Fared)>;

/// How the server was reached.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub(super) ip: Option<IpAddr>,
    pub(super) tls: Option<Tls>,
    pub(super) login: Option<Mechanism>,
    pub(super) timing: submit::Timing,
    /// The proxy, if it went through one.
    pub(super) proxy: Option<String>,
    /// The ways to exchangers, if it went there directly.
    pub(super) ways: Vec<direct::Way>,
    /// Whom each recipient's exchanger was.
    pub(super) hosts: Vec<(ForwardPath, String)>,
}

impl Reached {
    /// Who judged a recipient, where that was not the one server.
    fn host(&self, path: &ForwardPath) -> Option<&str> {
        self.hosts.iter().find(|(known, _)| known == path).map(|(_, host)| host.as_str())
    }
}

/// All there is to tell of a run.
pub(super) struct Report<'a> {
    pub(super) message: &'a Outgoing,
    pub(super) server: Option<&'a Server<'a>>,
    pub(super) recipients: Fates,
    pub(super) reached: Reached,
    /// The code for the signal that came, if one did.
    pub(super) stopped: Option<Exit>,
    pub(super) key: Option<String>,
    pub(super) queue: Queue,
    pub(super) saved: Saved,
    pub(super) dns: Option<Duration>,
    pub(super) total: Duration,
    pub(super) warnings: Vec<String>,
}

/// Shows what would be sent; `login` is as whom.
pub(super) fn dry_run(
    context: &Context,
    message: &Outgoing,
    server: Option<&Server<'_>>,
    login: Option<&str>,
    total: Duration,
) -> Result<Exit> {
    if context.is_json() {
        let mut object = plan(message, server, total);
        object.message = text(message)?;
        context.object(&in_order(&object))?;
        return Ok(Exit::OK);
    }
    let (mut buffer, mut at) = (vec![0; PIECE], 0);
    loop {
        let count = message.content.read_at(at, &mut buffer).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        context.octets(&buffer[..count])?;
        at += count as u64;
    }
    context.say(&format!("envelope from <{}>", message.envelope.reverse_path));
    for recipient in &message.envelope.recipients {
        context.say(&format!("envelope to   <{recipient}>"));
    }
    if let Some(server) = server {
        if let (Some((name, _)), Some(why)) = (server.account, server.why) {
            context.say(&format!("account       {name}, {}", why.describe()));
        }
        let login = login.map(|user| format!(", logged in as {user}")).unwrap_or_default();
        context.say(&format!("would go to   {}{login}", server.endpoint.authority()));
    }
    Ok(Exit::OK)
}

/// Shows what a server would do with the message.
pub(super) fn rehearsed(
    context: &Context,
    message: &Outgoing,
    server: &Server<'_>,
    rehearsal: &Rehearsal,
    total: Duration,
) -> Result<Exit> {
    let exit = rehearsal.obstacle.as_ref().and_then(Outcome::kind).map_or(Exit::OK, Exit::from);
    if context.is_json() {
        let reached = Reached {
            ip: rehearsal.ip,
            tls: rehearsal.tls.clone(),
            login: rehearsal.login,
            timing: rehearsal.timing,
            ..Reached::default()
        };
        let mut object = plan(message, Some(server), total);
        object.exit = exit.code();
        object.route = Some(route(&server.endpoint, &reached));
        object.timing_ms = timing(&reached.timing, None, total);
        object.offers = Some(rehearsal.extensions.lines());
        object.message = text(message)?;
        object.warnings.extend(rehearsal.obstacle.as_ref().map(|obstacle| obstacle.text.clone()));
        context.object(&in_order(&object))?;
        return Ok(exit);
    }
    let at = rehearsal.ip.map(|ip| format!(" at {ip}")).unwrap_or_default();
    context.say(&format!("reached       {}{at}", server.endpoint.authority()));
    context.say(&match &rehearsal.tls {
        Some(tls) => format!("encryption    {} {}", tls.version, tls.cipher),
        None => "encryption    none".to_owned(),
    });
    context.say(&match rehearsal.login {
        Some(mechanism) => format!("login         {}", mechanism.name()),
        None => "login         none".to_owned(),
    });
    context.say(&format!("offers        {}", rehearsal.extensions.lines().join(", ")));
    context.say(&match rehearsal.extensions.size_max {
        Some(max) => format!("size          {} octets of {max}", message.content.size()),
        None => format!("size          {} octets", message.content.size()),
    });
    match &rehearsal.obstacle {
        Some(obstacle) => context.complain(&format!("the message could not go there\n  {}", words(obstacle))),
        None => context.say("nothing was sent"),
    }
    Ok(exit)
}

/// Reports the outcome of each recipient and says which code the process ends with.
pub(super) fn outcome(context: &Context, report: &Report<'_>, print: Option<Print>) -> Result<Exit> {
    tell_all(context, report, print).map_err(|error| {
        let word = report.summary();
        error.hint(format!("the message itself is {word}; that nobody could be told changes nothing"))
    })
}

fn tell_all(context: &Context, report: &Report<'_>, print: Option<Print>) -> Result<Exit> {
    let exit = report.exit();
    if context.is_json() {
        context.object(&in_order(&report.object()))?;
        return Ok(exit);
    }
    for warning in &report.warnings {
        context.warn(warning);
    }
    let host = report.server.map(|server| server.endpoint.authority()).unwrap_or_default();
    if let Some((server, (name, _))) = report.server.and_then(|server| Some((server, server.account?))) {
        let why = server.why.map(Reason::describe).unwrap_or_default();
        context.detail(&format!("by the account {name}, {why}"));
    }
    for (fared, paths) in groups(&report.recipients, &report.reached) {
        let each = |what: &str| paths.iter().for_each(|path| context.detail(&format!("{path}: {what}")));
        match fared {
            Fared::Tried(outcome) if outcome.is_accepted() => each(&format!("accepted: {}", words(outcome))),
            Fared::Tried(outcome) => {
                let of_way = paths.first().and_then(|path| report.reached.host(path));
                context.complain(&tell(report.message, of_way.unwrap_or(&host), outcome, &paths));
            }
            Fared::Before => each("done by an earlier run with the same key"),
            Fared::Queued(None) => each("in the queue of this machine"),
            Fared::Queued(Some(outcome)) => each(&format!("in the queue of this machine: {}", words(outcome))),
            Fared::UnknownBefore => context.complain(&format!(
                "an earlier run with the same key may have sent the message to {}, or not\n  nothing was sent now; \
                 look whether it arrived, then use another key, or --resend-unknown",
                whom(&paths)
            )),
        }
    }
    let count = report.recipients.len();
    let is = |wanted: Status| report.recipients.iter().filter(|(_, fared)| status(fared) == wanted).count();
    let (accepted, queued) = (is(Status::Accepted), is(Status::Queued));
    match count - accepted - queued {
        0 if queued > 0 => context.note(&format!("accepted for {accepted} of {count} recipients, queued for {queued}")),
        0 if report.recipients.iter().all(|(_, fared)| *fared == Fared::Before) => {
            context.note("sent by an earlier run with the same key; nothing was sent now");
        }
        0 => context.note(&format!("accepted for {accepted} of {count} recipients")),
        failed if accepted + queued > 0 => {
            context
                .complain(&format!("accepted for {} of {count} recipients, but not for {failed}", accepted + queued));
        }
        _ => {}
    }
    // Who asked for a name gets a line only for a message that somebody has.
    if accepted + queued > 0 {
        let name = match print {
            Some(Print::MessageId) => report.message.message_id.as_ref(),
            Some(Print::QueueId) => report.queue.remote_id.as_ref().or(report.queue.local_id.as_ref()),
            None => None,
        };
        if let Some(name) = name {
            context.line(&mailkit::message::safe::terminal(name))?;
        }
    }
    Ok(exit)
}

impl Report<'_> {
    /// What the process ends with. A signal that came when all was done has stopped nothing.
    pub(super) fn exit(&self) -> Exit {
        let exit = exit(&self.recipients);
        self.stopped.filter(|_| exit != Exit::OK).unwrap_or(exit)
    }

    /// What became of the message as a whole, in a word.
    pub(super) fn summary(&self) -> Summary {
        summary(&self.recipients)
    }

    /// The code of each recipient.
    pub(super) fn codes(&self) -> Vec<Option<u16>> {
        let code = |fared: &Fared| said(fared).and_then(|outcome| outcome.code).map(|code| code.get());
        self.recipients.iter().map(|(_, fared)| code(fared)).collect()
    }

    fn object(&self) -> Object {
        Object {
            exit: self.exit().code(),
            outcome: self.summary(),
            idempotency_key: self.key.clone(),
            route: match self.reached.ways.is_empty() {
                true => self.server.map(|server| route(&server.endpoint, &self.reached)),
                false => Some(form::direct(&self.reached.ways)),
            },
            recipients: self
                .recipients
                .iter()
                .map(|(path, fared)| recipient(self.message, path, Some(fared)))
                .collect(),
            queue: Queue {
                remote_id: self.queue.remote_id.clone(),
                local_id: self.queue.local_id.clone(),
                runner: self.queue.runner,
            },
            saved: Saved {
                status: self.saved.status,
                mailbox: self.saved.mailbox.clone(),
                reason: self.saved.reason.clone(),
            },
            timing_ms: timing(&self.reached.timing, self.dns, self.total),
            warnings: self.warnings.clone(),
            ..plan(self.message, self.server, self.total)
        }
    }
}

/// What the server calls the message: as its last words to the first recipient who has it say.
pub(super) fn server_s_name(submitted: &Submitted) -> Option<String> {
    let taken = submitted.recipients.iter().find(|(_, outcome)| outcome.is_accepted());
    taken.and_then(|(_, outcome)| remote_id(&outcome.text)).map(str::to_owned)
}

/// What the server said in this run.
pub(super) fn said(fared: &Fared) -> Option<&Outcome> {
    match fared {
        Fared::Tried(outcome) | Fared::Queued(Some(outcome)) => Some(outcome),
        Fared::Queued(None) | Fared::Before | Fared::UnknownBefore => None,
    }
}

pub(super) fn status(fared: &Fared) -> Status {
    match fared {
        Fared::Before => Status::Accepted,
        Fared::Queued(_) => Status::Queued,
        Fared::UnknownBefore => Status::Unknown,
        Fared::Tried(outcome) => match outcome.ending {
            Ending::Accepted => Status::Accepted,
            Ending::Failed(Fate::Permanent) => Status::Refused,
            Ending::Failed(Fate::Transient) => Status::Deferred,
            Ending::Withheld => Status::Withheld,
            Ending::Unknown => Status::Unknown,
        },
    }
}

fn summary(recipients: &[(ForwardPath, Fared)]) -> Summary {
    let count = |wanted: Status| recipients.iter().filter(|(_, fared)| status(fared) == wanted).count();
    let (accepted, queued, all) = (count(Status::Accepted), count(Status::Queued), recipients.len());
    match (count(Status::Unknown), count(Status::Deferred)) {
        (unknown, _) if unknown > 0 => Summary::Unknown,
        _ if recipients.iter().all(|(_, fared)| *fared == Fared::Before) => Summary::Duplicate,
        _ if accepted == all => Summary::Accepted,
        _ if accepted + queued == all => Summary::Queued,
        _ if accepted + queued > 0 => Summary::Partial,
        (_, deferred) if deferred > 0 => Summary::Deferred,
        _ => Summary::Rejected,
    }
}

/// 0 if somebody has it for each; else 1 if for some; else the code that all failures share, or the most careful.
fn exit(recipients: &[(ForwardPath, Fared)]) -> Exit {
    if recipients.iter().any(|(_, fared)| status(fared) == Status::Unknown) {
        return Exit::from(Kind::Protocol);
    }
    // Those from whom the message was withheld follow those for whom it was refused.
    let judged: Vec<&Fared> =
        recipients.iter().map(|(_, fared)| fared).filter(|fared| status(fared) != Status::Withheld).collect();
    let failures: Vec<&Outcome> = judged
        .iter()
        .filter_map(|fared| match fared {
            Fared::Tried(outcome) if !outcome.is_accepted() => Some(outcome),
            _ => None,
        })
        .collect();
    let exits: Vec<Exit> = failures.iter().filter_map(|outcome| outcome.kind()).map(Exit::from).collect();
    match exits.split_first() {
        None => Exit::OK,
        Some(_) if exits.len() < judged.len() => Exit::PARTIAL,
        Some((first, rest)) if rest.iter().all(|exit| exit == first) => *first,
        // Different reasons: if any may pass, trying again is worth it, and nothing was delivered yet.
        Some(_) if failures.iter().any(|outcome| outcome.ending == Ending::Failed(Fate::Transient)) => {
            Exit::from(Kind::Temporary)
        }
        Some(_) => Exit::from(Kind::Unavailable),
    }
}

/// Recipients that share an outcome, in the order of the first of each. To RCPT each has an answer of its own.
fn groups<'a>(recipients: &'a [(ForwardPath, Fared)], reached: &Reached) -> Vec<(&'a Fared, Vec<&'a ForwardPath>)> {
    let mut groups: Vec<(&Fared, Vec<&ForwardPath>)> = Vec::new();
    for (path, fared) in recipients {
        let is_alone = matches!(fared, Fared::Tried(outcome) if outcome.phase == Phase::Rcpt);
        let is_same = |(known, paths): &&mut (&Fared, Vec<&ForwardPath>)| {
            let one_host = paths.first().is_none_or(|first| reached.host(first) == reached.host(path));
            *known == fared && !is_alone && one_host
        };
        match groups.iter_mut().find(is_same) {
            Some((_, paths)) => paths.push(path),
            None => groups.push((fared, vec![path])),
        }
    }
    groups
}

/// One by name, many by number.
fn whom(paths: &[&ForwardPath]) -> String {
    match paths {
        [path] => path.to_string(),
        _ => format!("{} recipients", paths.len()),
    }
}

/// What was tried, with whom, their words, what follows.
fn tell(message: &Outgoing, host: &str, outcome: &Outcome, paths: &[&ForwardPath]) -> String {
    let whom = whom(paths);
    let tried = match outcome.phase {
        Phase::Connect | Phase::Greeting => "to talk".to_owned(),
        Phase::Hello => "EHLO".to_owned(),
        Phase::Tls => "STARTTLS".to_owned(),
        Phase::Xclient => "XCLIENT".to_owned(),
        Phase::Auth => "the login".to_owned(),
        Phase::Mail => format!("MAIL FROM:<{}>", message.envelope.reverse_path),
        Phase::Rcpt => format!("RCPT TO:<{whom}>"),
        Phase::Data => format!("DATA for {whom}"),
        Phase::Dot => format!("the message for {whom}"),
    };
    let (told, follows) = match outcome.ending {
        Ending::Unknown => (
            format!("{host} may have the message for {whom}, or not"),
            "nobody knows whether it was delivered; look before trying again",
        ),
        // The exit code says the same: 76, not 75.
        Ending::Failed(_) if outcome.kind() == Some(Kind::Protocol) => (
            match outcome.phase {
                Phase::Connect | Phase::Greeting => format!("{host} does not greet as a mail server does"),
                _ => format!("{host} gave no sensible answer to {tried}"),
            },
            "not delivered; the server breaks the protocol, so look into that before trying again",
        ),
        // The other side's code, and so its words.
        Ending::Failed(fate) if outcome.code.is_some() => match fate {
            Fate::Permanent => (format!("{host} refused {tried}"), "permanent: trying again will not help"),
            Fate::Transient => (format!("{host} refused {tried} for now"), "not delivered; try again later"),
        },
        Ending::Failed(Fate::Permanent) => {
            (format!("not sent to {whom} by {host}"), "permanent: trying again will not help")
        }
        Ending::Failed(Fate::Transient) => (format!("not sent to {whom} by {host}"), "not delivered; try again later"),
        Ending::Withheld => (format!("not sent to {whom}"), "nothing was sent to anybody"),
        Ending::Accepted => (format!("{host} accepted {tried}"), ""),
    };
    let lead = if outcome.code.is_some() { "it said: " } else { "" };
    format!("{told}\n  {lead}{}\n  {follows}", words(outcome))
}

fn words(outcome: &Outcome) -> String {
    let code = outcome.code.map(|code| format!("{code} ")).unwrap_or_default();
    let enhanced = outcome.enhanced.filter(|_| outcome.code.is_some()).map(|e| format!("{e} ")).unwrap_or_default();
    let words = format!("{code}{enhanced}{}", outcome.text);
    match words.get(..words.floor_char_boundary(WORDS_MAX)) {
        Some(start) if start.len() < words.len() => format!("{start} [...]"),
        _ => words,
    }
}
