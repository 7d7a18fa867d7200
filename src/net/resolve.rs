//! DNS for real: the client of name servers behind [`Resolve`].
//!
//! Names are always absolute, so that no search list turns `example` into `example.my.lan`; every
//! lookup has a deadline of its own, because waits multiply with servers and
//! attempts. NXDOMAIN and "no such records" are answers, everything else is a reason to ask later: a circle
//! of aliases too, since somebody will mend it. hickory-resolver lends what the system is configured for. Knows nothing of
//! mail routing.
//! RFC 1034 §3.6.2; RFC 2308 §2; RFC 6761 §6.3, §6.4; RFC 7686 §2.

mod judge;
mod judged;
mod local;
mod records;
mod trusted;

pub(super) use records::{absolute, follow, host};

use super::dns::{Client, Sight, Upstream, Watch};
use super::tls::Trust;
use super::trace::Trace;
use crate::dns::dnssec::{Anchors, Security, Validated, Why};
use crate::dns::plan::Patience;
use crate::dns::question::{Question, Wishes};
use crate::dns::server::{Server, Transport};
use crate::error::{Error, Kind, Result};
use crate::message::safe::terminal;
use crate::wire::event::Happening;
use crate::world::{Answer, Clock, Later, LookupError, Obstacle, RecordKind, Resolve, Trail};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{DNSClass, Name, Record, RecordType};
use hickory_resolver::system_conf::read_system_conf;
pub use judge::Voucher;
use judge::{Judge, Trial};
use local::Local;
use records::{ALIASES_MAX, follow_from, record_type, shown, to_record, too_many_aliases};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use trusted::{is_here, trusts_ad};

/// The end of a lookup: two attempts of five seconds at each of two servers fit, and no user waits longer.
pub const DEADLINE: Duration = Duration::from_secs(20);
/// Where the system's name servers are named.
const CONFIGURATION: &str = "/etc/resolv.conf";
/// Seconds for which what this machine says of itself is good.
const LOCAL_TTL: u32 = 86_400;

/// Asks real name servers.
pub struct SystemResolver {
    client: Client,
    local: Local,
    /// Whether answers are wanted with a word about them.
    is_authentic: bool,
    /// Who judges answers here; without it the servers' word counts.
    judge: Option<Judge>,
    /// Why nobody judges here where somebody was meant to.
    given_up: Option<Obstacle>,
    /// A server whose word does not count, if there is one.
    untrusted: Option<String>,
    deadline: Duration,
    trace: Option<Trace>,
}

/// Whom to ask, and how.
#[derive(Clone, Default)]
pub struct Asking {
    /// Over connections only.
    pub is_stream_only: bool,
    /// Each time anew.
    pub is_forgetful: bool,
    /// How long a server has in each round, unless it is as long as always.
    pub wait: Option<Duration>,
    /// Who is told of each reply.
    pub watch: Option<Watch>,
}

impl SystemResolver {
    /// Asks the servers that the machine is configured for (`/etc/resolv.conf`, `/etc/hosts`).
    pub fn from_system() -> Result<Self> {
        Self::from_system_with(Asking::default())
    }

    /// The same, in a way of one's own.
    pub fn from_system_with(asking: Asking) -> Result<Self> {
        let (config, options) = read_system_conf().map_err(|error| {
            Error::new(Kind::Config, "cannot read the system's resolver configuration").caused_by(error)
        })?;
        let trusts_all = std::fs::read_to_string(CONFIGURATION).is_ok_and(|text| trusts_ad(&text));
        let servers = config.name_servers().iter().map(|server| {
            let port = server.connections.first().map_or(Transport::Udp.port(), |connection| connection.port);
            Upstream::new(Server::at((server.ip, port).into()), &Trust::System)
        });
        let rounds = u32::try_from(options.attempts).unwrap_or(u32::MAX);
        let patience = Patience { wait: options.timeout, rounds, ..Patience::default() };
        Ok(Self::build(servers.collect::<Result<_>>()?, patience, asking, Local::system(), trusts_all))
    }

    /// Asks this server only.
    pub fn at(server: SocketAddr) -> Result<Self> {
        Ok(Self::over(Upstream::new(Server::at(server), &Trust::System)?, Asking::default()))
    }

    /// Asks this server only, however it is asked.
    pub fn over(server: Upstream, asking: Asking) -> Self {
        Self::build(vec![server], Patience::default(), asking, Local::none(), false)
    }

    fn build(servers: Vec<Upstream>, patience: Patience, asking: Asking, local: Local, trusts_all: bool) -> Self {
        let untrusted = servers.iter().find(|server| !trusts_all && !server.ip().is_some_and(is_here));
        let untrusted = untrusted.map(|server| server.host().to_owned());
        let wait = asking.wait.unwrap_or(patience.wait);
        let patience = Patience { wait, is_stream_only: asking.is_stream_only, ..patience };
        let client = Client::new(servers, patience, !asking.is_forgetful, asking.watch);
        let (judge, given_up) = (None, None);
        Self { client, local, is_authentic: false, judge, given_up, untrusted, deadline: DEADLINE, trace: None }
    }

    /// Whether what the servers say of DNSSEC counts: they are on this machine, or the administrator says so.
    pub fn is_trusted(&self) -> bool {
        self.untrusted.is_none()
    }

    /// The same, which asks with each question whether the answer is authentic.
    pub fn authentic(self) -> Result<Self> {
        Ok(Self { is_authentic: true, judge: None, ..self })
    }

    /// The same where answers were to be judged here, and cannot be. Why not is told along, and not tried again.
    pub fn authentic_instead(self, obstacle: Obstacle) -> Result<Self> {
        Ok(Self { given_up: Some(obstacle), ..self.authentic()? })
    }

    /// The same, which judges each answer itself, from these trust anchors on, as of the time of this clock. Nobody's
    /// word counts then.
    pub fn validating(self, anchors: Anchors, clock: Arc<dyn Clock>) -> Self {
        Self { is_authentic: true, judge: Some(Judge::new(anchors, clock, None)), ..self }
    }

    /// The same, which judges each answer itself from the moment on when signatures first come through from these trust
    /// anchors; until then the servers' word counts, as far as it ever does.
    pub fn validating_if_possible(self, anchors: Anchors, clock: Arc<dyn Clock>) -> Self {
        Self { is_authentic: true, judge: Some(Judge::new(anchors, clock, Some(Trial::default()))), ..self }
    }

    /// Who says what answers are worth, as far as is known now.
    pub async fn voucher(&self) -> Voucher {
        let late = |_| Voucher::Nobody { why: "the name server did not answer in time".to_owned(), may_pass: true };
        tokio::time::timeout(self.deadline, self.found_voucher()).await.unwrap_or_else(late)
    }

    /// An answer with all that was found on the way to it; none if answers are not judged here, or that takes too long.
    pub async fn judged(&self, name: &str, kind: RecordKind) -> Option<Validated> {
        let (judge, name) = (self.judge().await.ok()?, absolute(name).ok()?);
        tokio::time::timeout(self.deadline, judge.look_at(&self.client, &name, record_type(kind))).await.ok()
    }

    /// Writes each question down with its answer, and what went to the servers for it.
    pub fn traced(self, trace: Option<Trace>) -> Self {
        if let Some(trace) = &trace {
            self.client.write_down(trace.clone());
        }
        Self { trace, ..self }
    }

    /// What a server says to one question, whole: codes of failure are something that is said. Names that no server may
    /// be asked about are asked about all the same. An error is a sentence: nobody has answered.
    pub async fn inspect(&self, question: &Question, wishes: Wishes) -> Result<Arc<Sight>, String> {
        let said = tokio::time::timeout(self.deadline, self.client.ask(question, wishes)).await;
        said.unwrap_or(Err(super::dns::Trouble::Silent)).map_err(|trouble| trouble.to_string())
    }

    /// The records of a kind that a name has, or what it is an alias of has; authentic if every answer on the way was.
    async fn ask(&self, name: &str, kind: RecordKind) -> Trail {
        let mut trail = Trail::from(Err(LookupError::NoRecords));
        trail.found = match absolute(name) {
            Ok(name) => self.follow(name, kind, &mut trail).await,
            Err(why) => Err(why),
        };
        trail
    }

    /// The same, and writes down where aliases lead.
    async fn follow(&self, mut name: Name, kind: RecordKind, trail: &mut Trail) -> Result<Answer, LookupError> {
        let first = host(&name);
        let judge = self.judge().await.ok();
        if let Some(judge) = judge
            && self.local.answer(&Question { name: name.clone(), kind: record_type(kind) }).is_none()
        {
            let judged = judge.look_at(&self.client, &name, record_type(kind)).await;
            // RFC 4033 §5: below no anchor everything is as it was before there was DNSSEC.
            if !matches!(judged.security, Security::Indeterminate(Why::NoAnchor { .. })) {
                *trail = judged::trail(&judged, kind);
                return trail.found.clone();
            }
        }
        let mut found = Answer { is_authentic: true, ttl: u32::MAX, ..Answer::default() };
        loop {
            let question = Question { name, kind: record_type(kind) };
            if let Some(known) = self.local.answer(&question) {
                let records = known?.iter().filter_map(|data| to_record(data, kind)).collect();
                let (aliases, ttl) = (trail.aliases.clone(), found.ttl.min(LOCAL_TTL));
                return Ok(Answer { records, aliases, ttl, is_authentic: false });
            }
            let sight = self.question(&question).await?;
            found.is_authentic &=
                sight.reply.is_authentic() && self.is_authentic && self.is_trusted() && judge.is_none();
            // What an answer says about names that nobody asked for does not count.
            let answers = sight.reply.answers();
            let (here, end) = follow_from(question.name.clone(), kind, |name| {
                let name = name.clone();
                let of_name = answers.iter().filter(move |record| record.name == name && is_internet(record));
                Ok(of_name.map(|record| (record.ttl, &record.data)))
            });
            found.ttl = found.ttl.min(sight.left(end.ttl));
            trail.aliases.extend(end.aliases);
            match here {
                // RFC 6604 §3: the code is about the name at the end of the aliases that stand in the reply.
                _ if sight.reply.code() == ResponseCode::NXDomain => return Err(LookupError::NoSuchName),
                Ok(records) => return Ok(Answer { records, aliases: trail.aliases.clone(), ..found }),
                // A server that resolves for us tells all there is; one that does not stops at the end of its own zones.
                Err(LookupError::NoRecords) if end.name != question.name && !is_final(&sight) => name = end.name,
                Err(why) => {
                    trail.is_endless = end.is_endless;
                    return Err(why);
                }
            }
            let mut before = trail.aliases.iter().rev().skip(1).chain([&first]);
            if before.any(|name| Some(name) == trail.aliases.last()) || trail.aliases.len() > ALIASES_MAX {
                trail.is_endless = true;
                return Err(too_many_aliases());
            }
        }
    }

    /// A server's answer to one question, that there is no such name included: a failure is none.
    async fn question(&self, question: &Question) -> Result<Arc<Sight>, LookupError> {
        let said = self.client.ask(question, self.wishes()).await;
        let sight = said.map_err(|trouble| LookupError::Temporary(trouble.to_string()))?;
        if let Some(why) = no_answer(&sight) {
            return Err(LookupError::Temporary(why.to_owned()));
        }
        match sight.reply.code() {
            ResponseCode::NoError | ResponseCode::NXDomain => Ok(sight),
            code => {
                let words = sight.reply.extended_errors();
                let words = words.iter().map(|error| match error.words.as_str() {
                    "" => format!(" (extended error {})", error.code),
                    words => format!(" ({words})"),
                });
                Err(LookupError::Temporary(format!("the name server answered: {code}{}", words.collect::<String>())))
            }
        }
    }

    /// How servers are asked: one whose word would not count, as always.
    fn wishes(&self) -> Wishes {
        if self.is_authentic && self.is_trusted() { Wishes::AUTHENTIC } else { Wishes::default() }
    }

    /// Who judges answers here; an error has the reason why nobody does, if there is one.
    async fn judge(&self) -> Result<&Judge, Option<Why>> {
        match &self.judge {
            Some(judge) => judge.is_in_office(&self.client).await.map(|()| judge).map_err(Some),
            None => Err(None),
        }
    }

    async fn found_voucher(&self) -> Voucher {
        let ours = match self.judge().await {
            Ok(judge) => {
                // Where the keys that are trusted are not seen with their signatures, nothing else is either.
                return match judge.anchored(&self.client).await {
                    Ok(()) => Voucher::Ours,
                    Err(why) => Voucher::Nobody { may_pass: judge::may_pass(&why), why: why.to_string() },
                };
            }
            Err(why) => why.map(|why| Obstacle { may_pass: judge::may_pass(&why), why: why.to_string() }),
        };
        let ours = ours.or_else(|| self.given_up.clone());
        let nobody = |theirs: Obstacle| match &ours {
            None => Voucher::Nobody { why: theirs.why, may_pass: theirs.may_pass },
            Some(Obstacle { why, may_pass }) => Voucher::Nobody {
                why: format!("{}; and it cannot be checked here: {why}", theirs.why),
                may_pass: *may_pass || theirs.may_pass,
            },
        };
        if let Some(server) = &self.untrusted {
            let why = format!(
                "the name server {server} is not on this machine, and what it says of DNSSEC could be anybody's"
            );
            return nobody(Obstacle { why, may_pass: false });
        }
        // The root is signed: a server that checks signatures knows it for authentic, or cannot reach it.
        match self.client.ask(&Question::root_servers(), self.wishes()).await {
            Ok(sight) if sight.reply.is_authentic() && sight.reply.code() == ResponseCode::NoError => Voucher::Server,
            Ok(sight) => {
                let why = "the name server does not check DNSSEC".to_owned();
                nobody(Obstacle { why, may_pass: judge::is_passing(sight.reply.code()) })
            }
            Err(trouble) => {
                let why = format!("the name server does not say whether it checks DNSSEC: {trouble}");
                nobody(Obstacle { why, may_pass: true })
            }
        }
    }

    fn note(&self, name: &str, kind: RecordKind, answer: &Result<Answer, LookupError>, took: Duration) {
        let Some(trace) = &self.trace else { return };
        let said = match answer {
            Ok(answer) => {
                let aliases = answer.aliases.iter().map(|alias| format!("alias of {alias}"));
                aliases.chain(answer.records.iter().map(shown)).collect()
            }
            Err(why) => vec![why.to_string()],
        };
        let what = Happening::Dns {
            record: record_type(kind).to_string(),
            name: terminal(name).into_owned(),
            answer: said.iter().map(|said| terminal(said).into_owned()).collect(),
            authentic: answer.as_ref().is_ok_and(|answer| answer.is_authentic),
        };
        trace.happened(what, Some(took), !matches!(answer, Err(LookupError::Temporary(_))));
    }
}

impl Resolve for SystemResolver {
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        Box::pin(async move { self.trail(name, kind).await.found })
    }

    fn trail<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Trail> {
        Box::pin(async move {
            let late = |_| Trail::from(Err(LookupError::Temporary("the name server did not answer in time".into())));
            let begun = Instant::now();
            let trail = tokio::time::timeout(self.deadline, self.ask(name, kind)).await.unwrap_or_else(late);
            self.note(name, kind, &trail.found, begun.elapsed());
            trail
        })
    }

    fn unauthentic(&self) -> Later<'_, Option<Obstacle>> {
        Box::pin(async move {
            if !self.is_authentic {
                return Some(Obstacle { why: "nobody asked whether they are".to_owned(), may_pass: false });
            }
            match self.voucher().await {
                Voucher::Ours | Voucher::Server => None,
                Voucher::Nobody { why, may_pass } => Some(Obstacle { why, may_pass }),
            }
        })
    }
}

/// Whether a record is of the class that was asked for.
fn is_internet(record: &Record) -> bool {
    record.dns_class == DNSClass::IN
}

/// Whether a server has said all there is: RFC 2308 §2.2, an absence comes with an SOA.
fn is_final(sight: &Sight) -> bool {
    sight.reply.has_authority(RecordType::SOA)
}

/// Why what was said is no answer, whatever its code says: that nothing stands there means nothing then.
fn no_answer(sight: &Sight) -> Option<&'static str> {
    if sight.reply.is_truncated() {
        // RFC 2181 §9: what was left out may be all that there is.
        return Some("what the name server says is cut short, even on a connection");
    }
    sight.reply.is_referral().then_some(LookupError::REFERRAL)
}

#[cfg(test)]
pub(super) mod tests;
