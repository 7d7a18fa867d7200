//! One message on its way: guards, ledger, server, queue, copy, in an order in which a crash never sends it twice.
//!
//! What may not be sent is known before anybody is connected to. The ledger hears of a step before it is taken, and
//! the writer's copy comes last, when nothing it does can change what was sent. Options are in the group files, words
//! for people in `report`.

use super::super::console::exit_of;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::login::Server;
use super::super::stop::Stop;
use super::compose::{self, Outgoing};
use super::copy::{Place, WithBlind};
use super::known::{names, standings, todo, unsettled};
use super::noticed::Noticed;
use super::object::{Queue, Saved, Saving, Summary};
use super::outcome::{DryRun, Queueing};
use super::people::People;
use super::queue::{self, Waiting};
use super::report::{self, Fared, Fates, Reached, Report, server_s_name};
use super::{Args, journal};
use mailkit::account::{Account, state_dir};
use mailkit::address::{Address, Domain};
use mailkit::engine::dial::Way;
use mailkit::envelope::{Envelope, ForwardPath};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tls::TlsOptions;
use mailkit::sasl::Credentials;
use mailkit::status::Fate;
use mailkit::store::disk::RealDisk;
use mailkit::store::ledger::Ledger;
use mailkit::submit::direct::{self, Directed};
use mailkit::submit::{self, Submission, Submitted};
use mailkit::world::{Clock, Content, Timestamp};
use std::time::{Duration, Instant};

/// A message and all that is known about its way before it is made.
pub(super) struct Errand<'a> {
    args: &'a Args,
    context: &'a Context,
    server: Option<&'a Server<'a>>,
    account: Option<&'a Account>,
    place: Place<'a>,
    helo: Domain,
    begun: Instant,
    time: Timestamp,
}

/// How an errand ended.
pub(super) struct Done {
    /// What the process ends with; an error says that the outcome could not be told, and changes nothing of it.
    pub(super) told: Result<Exit>,
    /// For the log; none if nothing was to be sent.
    pub(super) entry: Option<journal::Entry>,
}

/// What the server, or the way to it, did with the message.
pub(super) struct Sent {
    pub(super) recipients: Fates,
    reached: Reached,
    remote_id: Option<String>,
    dns: Option<Duration>,
    stopped: Option<Exit>,
    warnings: Vec<String>,
}

impl<'a> Errand<'a> {
    /// Settles what can be settled without a message.
    pub(super) fn new(args: &'a Args, context: &'a Context, server: Option<&'a Server<'a>>) -> Result<Self> {
        let account = server.and_then(|server| server.account).map(|(_, account)| account);
        queue::expect_sense(args)?;
        Ok(Self {
            args,
            context,
            server,
            account,
            place: Place::new(&args.outcome.copies(account), server)?,
            helo: args.route.helo()?,
            begun: Instant::now(),
            time: in_milliseconds(SystemClock.now()),
        })
    }

    /// Does it.
    pub(super) fn run(&self, people: People) -> Result<Done> {
        let (args, context) = (self.args, self.context);
        if args.outcome.dry_run == Some(DryRun::Message) {
            let mut message = self.compose(people)?;
            args.delivery.ask(&mut message.envelope, &message.originals)?;
            let login = self.server.and_then(|server| args.route.login.name(server));
            let exit = report::dry_run(context, &message, self.server, login.as_deref(), self.begun.elapsed())?;
            return Ok(Done { told: Ok(exit), entry: None });
        }
        let tls = args.route.login.tls(self.server.filter(|_| !args.direct.mx))?;
        let waiting = Waiting::new(context, &args.outcome, &args.route, &args.delivery, self.server)?;
        context.block_on(async {
            let credentials = match self.server.filter(|_| !args.is_queued() && !args.direct.mx) {
                Some(server) => args.route.login.credentials(context, server).await?,
                None => None,
            };
            // Standard input is read when nothing but the network can go wrong any more.
            let mut message = self.compose(people)?;
            args.delivery.ask(&mut message.envelope, &message.originals)?;
            self.ask(&message)?;
            if let (Some(DryRun::Connect), Some(server)) = (args.outcome.dry_run, self.server) {
                let way = args.route.way(context, server, tls).await.map_err(nothing_sent)?;
                let stop = Stop::on_signals()?;
                let submission =
                    self.submission(server, (way, credentials), &message, &message.envelope, &message.content, &stop)?;
                return self.rehearse(submission, &message, server, &stop).await;
            }
            let key = args.outcome.key(&message)?;
            let mut ledger = match &key {
                Some(key) => Some(Ledger::open(&RealDisk, &state_dir()?, key)?),
                None => None,
            };
            let (todo, settled) =
                todo(ledger.as_ref(), message.envelope.recipients.clone(), args.outcome.resend_unknown)?;
            let envelope = Envelope { recipients: todo, ..message.envelope.clone() };
            let mut sent = if envelope.recipients.is_empty() {
                Sent::nothing()
            } else {
                if let Some(ledger) = &mut ledger {
                    ledger.begin(&names(&envelope.recipients), SystemClock.now())?;
                }
                match self.server.filter(|_| !args.is_queued() && !args.direct.mx) {
                    Some(server) => self.send(server, credentials, tls, &message, &envelope, ledger.as_mut()).await?,
                    None if args.direct.mx => self.send_direct(&message, &envelope, ledger.as_mut()).await?,
                    None => Sent::unasked(&envelope),
                }
            };
            // From here on the message is where it is: what fails is told beside that, and never instead of it.
            let mut warnings = std::mem::take(&mut sent.warnings);
            if let Some(ledger) = &mut ledger {
                let settled = ledger.settle(&standings(&sent.recipients), SystemClock.now());
                warnings.extend(settled.err().map(|error| unsettled(&error)));
            }
            let mut queue = Queue { remote_id: sent.remote_id.take(), ..Queue::default() };
            if let Some(waiting) = &waiting {
                let taken =
                    waiting.take(&message, &mut sent.recipients, ledger.as_mut(), &mut queue, &mut warnings).await;
                match taken {
                    Err(error) if !sent.was_tried() => return Err(error),
                    taken => warnings.extend(taken.err().map(|error| error.to_string())),
                }
            }
            let recipients = in_envelope_order(&message.envelope, settled, sent.recipients);
            let mut report = Report {
                message: &message,
                server: self.server.filter(|_| !args.direct.mx),
                recipients,
                reached: sent.reached,
                stopped: sent.stopped,
                key,
                queue,
                saved: Saved::skipped("nothing was sent"),
                dns: sent.dns,
                total: Duration::ZERO,
                warnings,
            };
            drop(ledger);
            self.keep_copy(&mut report).await;
            report.total = self.begun.elapsed();
            let told = report::outcome(context, &report, args.outcome.print);
            let exit = told.as_ref().map_or_else(exit_of, |exit| *exit);
            Ok(Done { told, entry: Some(self.entry(&report, exit)) })
        })
    }

    pub(super) fn compose(&self, people: People) -> Result<Outgoing> {
        compose::compose(&self.args.content, people, self.context, self.account, &SystemClock, &SystemEntropy)
    }

    /// What the account's rules say, and what a person may want to think over.
    pub(super) fn ask(&self, message: &Outgoing) -> Result<()> {
        let guard = self.account.map(Account::guard).unwrap_or_default();
        let recipients = &message.envelope.recipients;
        guard.check(recipients).map_err(|violation| {
            Error::new(Kind::NoPermission, violation.to_string())
                .hint("nothing was sent; the rules are allow-recipients and max-recipients of the account")
        })?;
        if self.args.outcome.yes || self.args.outcome.dry_run.is_some() {
            return Ok(());
        }
        let own = message.envelope.reverse_path.address().map(Address::domain);
        let own = self.account.and_then(|account| account.email.as_ref()).map(Address::domain).or(own);
        if guard.asks(recipients, own) {
            let to = recipients.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            match self.context.asks(&format!("Send to {to}?")) {
                Some(true) => {}
                Some(false) => return Err(not_wanted()),
                None => {
                    return Err(Error::new(Kind::NoPermission, "the account wants a yes before this is sent")
                        .hint("nothing was sent; --yes is that yes"));
                }
            }
        }
        for doubt in &message.doubts {
            // Where nobody can be asked, a doubt stops nothing.
            if self.context.asks(&format!("{doubt}. Send it all the same?")) == Some(false) {
                return Err(not_wanted());
            }
        }
        Ok(())
    }

    /// Submits. That nobody could be reached is an error, unless the queue is there for that.
    pub(super) async fn send(
        &self,
        server: &Server<'_>,
        credentials: Option<Credentials>,
        tls: TlsOptions,
        message: &Outgoing,
        envelope: &Envelope,
        ledger: Option<&mut Ledger>,
    ) -> Result<Sent> {
        let before = Instant::now();
        let way = match self.args.route.way(self.context, server, tls).await {
            Ok(way) => way,
            Err(error) => return self.unreached(envelope, error),
        };
        let dns = Some(before.elapsed());
        let proxy = way.detour.as_ref().map(|detour| detour.proxy.to_string());
        // Up to here a signal ends the process, and nothing has begun.
        let stop = Stop::on_signals()?;
        let size = message.content.size();
        let bar = self.context.upload("sending", size);
        let content = Noticed::new(&message.content, ledger);
        let submission = self.submission(server, (way, credentials), message, envelope, &content, &stop)?;
        let submitted =
            submit::submit(&*self.args.route.login.connect(Some(server))?, submission, |sent| bar.set_position(sent))
                .await;
        bar.finish_and_clear();
        let submitted = match submitted {
            Ok(submitted) => submitted,
            Err(error) => return self.unreached(envelope, error),
        };
        let remote_id = server_s_name(&submitted);
        let Submitted { recipients, ip, tls, login, extensions, timing } = submitted;
        let offered = extensions.iter().flat_map(|offered| self.args.delivery.warnings(offered));
        Ok(Sent {
            recipients: recipients.into_iter().map(|(path, outcome)| (path, Fared::Tried(outcome))).collect(),
            reached: Reached { ip, tls, login, timing, proxy, ..Reached::default() },
            remote_id,
            dns,
            stopped: stop.exit(),
            warnings: offered.map(str::to_owned).collect(),
        })
    }

    /// To the exchangers of the recipients' domains.
    async fn send_direct(&self, message: &Outgoing, envelope: &Envelope, ledger: Option<&mut Ledger>) -> Result<Sent> {
        let (args, stop) = (self.args, Stop::on_signals()?);
        let bar = self.context.upload("sending", message.content.size());
        let content = Noticed::new(&message.content, ledger);
        let cargo = (envelope, &content as &dyn Content, message.needs_utf8);
        let progress = |sent| bar.set_position(sent);
        let token = stop.token().clone();
        let sent = args.direct.send(self.context, cargo, &args.delivery, &args.route, token, progress).await;
        bar.finish_and_clear();
        let Directed { recipients, ways } = sent.map_err(nothing_sent)?;
        let of_way = |way: &direct::Way| {
            let domain = || way.domain.as_ref().map(ToString::to_string);
            way.host.clone().or_else(domain).unwrap_or_else(|| "this host".to_owned())
        };
        let hosts = ways.iter().flat_map(|way| {
            let here = way.recipients.iter().filter_map(|place| envelope.recipients.get(*place));
            here.map(|path| (path.clone(), of_way(way))).collect::<Vec<_>>()
        });
        let hosts = hosts.collect();
        let warnings = ways.iter().flat_map(|way| {
            let offered = way.extensions.iter().flat_map(|offered| args.delivery.warnings(offered));
            let offered = offered.map(|warning| format!("{}: {warning}", of_way(way)));
            way.remarks.iter().cloned().chain(offered).collect::<Vec<_>>()
        });
        let warnings = warnings.collect();
        let taken = recipients.iter().find(|(_, outcome)| outcome.is_accepted());
        let remote_id = taken.and_then(|(_, outcome)| super::remote_id::remote_id(&outcome.text)).map(str::to_owned);
        Ok(Sent {
            recipients: recipients.into_iter().map(|(path, outcome)| (path, Fared::Tried(outcome))).collect(),
            reached: Reached { ways, hosts, ..Reached::default() },
            remote_id,
            dns: None,
            stopped: stop.exit(),
            warnings,
        })
    }

    fn submission<'s>(
        &'s self,
        server: &'s Server<'_>,
        (way, credentials): (Way, Option<Credentials>),
        message: &Outgoing,
        envelope: &'s Envelope,
        content: &'s dyn Content,
        stop: &Stop,
    ) -> Result<Submission<'s>> {
        Ok(Submission {
            endpoint: &server.endpoint,
            way,
            credentials,
            helo: self.helo.clone(),
            envelope,
            content,
            needs_utf8: message.needs_utf8,
            manner: self.args.delivery.manner(),
            required: self.args.delivery.required(),
            trace: self.context.trace()?,
            stop: stop.token().clone(),
        })
    }

    async fn rehearse(
        &self,
        submission: Submission<'_>,
        message: &Outgoing,
        server: &Server<'_>,
        stop: &Stop,
    ) -> Result<Done> {
        let exit = match submit::rehearse(&*self.args.route.login.connect(Some(server))?, submission)
            .await
            .map_err(nothing_sent)?
        {
            Ok(rehearsal) => report::rehearsed(self.context, message, server, &rehearsal, self.begun.elapsed())?,
            Err(Submitted { recipients, ip, tls, login, timing, .. }) => {
                let report = Report {
                    message,
                    server: Some(server),
                    recipients: recipients.into_iter().map(|(path, outcome)| (path, Fared::Tried(outcome))).collect(),
                    reached: Reached { ip, tls, login, timing, ..Reached::default() },
                    stopped: stop.exit(),
                    key: None,
                    queue: Queue::default(),
                    saved: Saved::skipped("nothing was sent"),
                    dns: None,
                    total: self.begun.elapsed(),
                    warnings: Vec::new(),
                };
                report::outcome(self.context, &report, None)?
            }
        };
        Ok(Done { told: Ok(exit), entry: None })
    }

    /// Nobody was reached: with a queue that is what it is for.
    fn unreached(&self, envelope: &Envelope, error: Error) -> Result<Sent> {
        match self.args.outcome.queue {
            Queueing::Tempfail if error.fate() == Fate::Transient && error.kind() == Kind::Temporary => {
                Ok(Sent::unasked(envelope))
            }
            _ => Err(nothing_sent(error)),
        }
    }

    /// The writer's copy, if somebody has the message. It was sent, whatever comes of this.
    async fn keep_copy(&self, report: &mut Report<'_>) {
        if !matches!(report.summary(), Summary::Accepted | Summary::Partial | Summary::Queued) {
            if report.summary() == Summary::Duplicate {
                report.saved = Saved::skipped("sent by an earlier run");
            }
            return;
        }
        let message = report.message;
        let with_blind = match self.args.outcome.keep_bcc {
            true => WithBlind::new(&message.envelope, &message.content).map(Some),
            false => Ok(None),
        };
        report.saved = match with_blind {
            Ok(Some(content)) => self.place.save(self.context, &self.args.route.login, &content, &SystemEntropy).await,
            Ok(None) => self.place.save(self.context, &self.args.route.login, &message.content, &SystemEntropy).await,
            Err(error) => Saved { status: Saving::Failed, mailbox: None, reason: Some(error.to_string()) },
        };
        if let (Saving::Failed, Some(reason)) = (report.saved.status, &report.saved.reason) {
            report.warnings.push(format!("the message was sent, but its copy could not be kept: {reason}"));
        }
    }

    fn entry(&self, report: &Report<'_>, exit: Exit) -> journal::Entry {
        let envelope = &report.message.envelope;
        journal::Entry {
            time: self.time,
            account: self.server.and_then(|server| server.account).map(|(name, _)| name.to_owned()),
            from: Some(envelope.reverse_path.to_string()),
            recipients: names(&envelope.recipients),
            size: Some(report.message.content.size()),
            codes: report.codes(),
            message_id: report.message.message_id.clone(),
            outcome: report.summary().to_string(),
            exit: exit.code(),
        }
    }

    /// The line about a run that came to no outcome.
    pub(super) fn failure(&self, error: &Error) -> journal::Entry {
        journal::Entry {
            time: self.time,
            account: self.server.and_then(|server| server.account).map(|(name, _)| name.to_owned()),
            from: None,
            recipients: Vec::new(),
            size: None,
            codes: Vec::new(),
            message_id: None,
            outcome: "error".to_owned(),
            exit: exit_of(error).code(),
        }
    }
}

impl Sent {
    fn nothing() -> Self {
        Self {
            recipients: Vec::new(),
            reached: Reached::default(),
            remote_id: None,
            dns: None,
            stopped: None,
            warnings: Vec::new(),
        }
    }

    /// Whether a server was asked, about anybody.
    fn was_tried(&self) -> bool {
        self.recipients.iter().any(|(_, fared)| matches!(fared, Fared::Tried(_)))
    }

    /// To be queued for all, without a word from a server.
    fn unasked(envelope: &Envelope) -> Self {
        let recipients = envelope.recipients.iter().map(|path| (path.clone(), Fared::Queued(None))).collect();
        Self { recipients, ..Self::nothing() }
    }
}

fn in_envelope_order(envelope: &Envelope, settled: Fates, sent: Fates) -> Fates {
    let mut all: Vec<_> = settled.into_iter().chain(sent).collect();
    let place = |path: &ForwardPath| envelope.recipients.iter().position(|known| known == path);
    all.sort_by_cached_key(|(path, _)| place(path));
    all
}

/// Finer than anybody reads.
fn in_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn not_wanted() -> Error {
    Error::new(Kind::NoPermission, "not sent: that was a no")
}

/// Nobody was reached: what follows from that.
fn nothing_sent(error: Error) -> Error {
    match (error.kind(), error.advice()) {
        (Kind::Temporary, None) => error.hint("nothing was sent; try again later"),
        _ => error,
    }
}
