//! Into the queue of this machine: for a message that is to wait, or that no server takes now.
//!
//! It is put into the spool's letter box, which is durable whoever owns the spool, and then the owner is asked to take
//! it in; without one, this command does so itself. What is kept is the way it is to go, never a secret: the server
//! has to be an account's, or one that asks for no login.

use super::super::context::Context;
use super::super::data;
use super::super::login::Server;
use super::super::relay::options::{clock, entropy};
use super::Args;
use super::compose::Outgoing;
use super::delivery::DeliveryArgs;
use super::object::{Queue, Runner};
use super::outcome::{DryRun, OutcomeArgs, Queueing};
use super::report::Fared;
use super::route::RouteArgs;
use mailkit::envelope::{Envelope, ForwardPath};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::control;
use mailkit::relay::order::{Order, Reply};
use mailkit::smtp::outcome::Ending;
use mailkit::status::Fate;
use mailkit::store::IndexAt;
use mailkit::store::disk::RealDisk;
use mailkit::store::ledger::{Ledger, Standing};
use mailkit::store::letterbox;
use mailkit::store::spool::{Accepted, Spool, SpoolId, Wake};
use std::path::PathBuf;
use std::sync::Arc;

/// The queue that a message may go to, and the way it is to go from there.
pub(super) struct Waiting {
    data: PathBuf,
    route: Option<String>,
    user: Option<String>,
}

/// Refuses what contradicts a queue, before anything else happens.
pub(super) fn expect_sense(args: &Args) -> Result<()> {
    if args.direct.mx && (args.outcome.queue != Queueing::Never || args.outcome.dry_run == Some(DryRun::Connect)) {
        return Err(Error::new(Kind::Usage, "--mx sends at once, to whoever takes it")
            .hint("leave out --queue: what is queued without a server goes to the exchangers by itself"));
    }
    if args.is_queued() && args.outcome.dry_run == Some(DryRun::Connect) {
        return Err(Error::new(Kind::Usage, "--dry-run=connect asks the server, and --queue always asks none")
            .hint("nothing was queued; leave out one of them"));
    }
    if args.delivery.is_all_or_none() && args.outcome.queue == Queueing::Tempfail {
        return Err(Error::new(Kind::Usage, "--partial abort and --queue tempfail contradict each other")
            .hint("nothing was sent; what is queued goes to some recipients later than to others"));
    }
    Ok(())
}

/// What was asked for and would not hold for a message that waits. What only concerns the way to a server may hold for
/// the attempt that is made at once.
fn forgotten(queueing: Queueing, route: &RouteArgs, delivery: &DeliveryArgs) -> Vec<&'static str> {
    let at_once = queueing == Queueing::Tempfail;
    let given = [
        ("--require", !delivery.required().is_empty()),
        ("--partial abort", delivery.is_all_or_none()),
        ("--auth-insecure", route.login.is_insecure()),
        ("--chunking", delivery.manner().chunking && !at_once),
        ("--final-timeout", route.final_timeout.is_some() && !at_once),
        ("--helo", route.helo.is_some() && !at_once),
    ];
    given.into_iter().filter_map(|(name, is_given)| is_given.then_some(name)).collect()
}

impl Waiting {
    /// None if nothing is to be queued. An error says that nobody could send it from there.
    pub(super) fn new(
        context: &Context,
        outcome: &OutcomeArgs,
        route: &RouteArgs,
        delivery: &DeliveryArgs,
        server: Option<&Server<'_>>,
    ) -> Result<Option<Self>> {
        if outcome.queue == Queueing::Never {
            return Ok(None);
        }
        let forgotten = forgotten(outcome.queue, route, delivery);
        if !forgotten.is_empty() {
            let what = format!("the queue would not remember {}", forgotten.join(", "));
            return Err(Error::new(Kind::Usage, what).hint("nothing was sent; leave out either, or --queue"));
        }
        let is_secret = server.is_some_and(|server| server.account.is_none() && server.endpoint.user.is_some());
        if route.login.is_given() || is_secret {
            let what = "what waits in the queue needs an account: the options of the login are not kept there";
            return Err(Error::new(Kind::Usage, what)
                .hint("put server, user and secret into [accounts.NAME] of the configuration, and say --server NAME"));
        }
        let name = |server: &Server<'_>| {
            server.account.map_or_else(|| server.endpoint.to_string(), |(name, _)| name.to_owned())
        };
        Ok(Some(Self {
            data: data::directory(context, outcome.data.as_deref())?,
            route: server.map(name),
            user: server.and_then(|server| route.login.name(server)),
        }))
    }

    /// Puts the message into the queue for all whom no server took it for, but may later.
    pub(super) async fn take(
        &self,
        message: &Outgoing,
        recipients: &mut [(ForwardPath, Fared)],
        mut ledger: Option<&mut Ledger>,
        queue: &mut Queue,
        warnings: &mut Vec<String>,
    ) -> Result<()> {
        let waits = |fared: &Fared| match fared {
            Fared::Queued(_) => true,
            Fared::Tried(outcome) => outcome.ending == Ending::Failed(Fate::Transient),
            Fared::Before | Fared::UnknownBefore => false,
        };
        let waiting: Vec<ForwardPath> =
            recipients.iter().filter(|(_, fared)| waits(fared)).map(|(path, _)| path.clone()).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = waiting.iter().map(super::known::name).collect();
        let now = clock().now();
        if let Some(ledger) = &mut ledger {
            // Should we end between the next two steps, nobody knows whether it is in the queue.
            let out: Vec<_> = names.iter().map(|name| (name.clone(), Standing::Out)).collect();
            ledger.settle(&out, now)?;
        }
        let accepted = Accepted {
            envelope: Envelope { recipients: waiting, ..message.envelope.clone() },
            received: now,
            user: self.user.clone(),
            origin: "send".to_owned(),
            route: self.route.clone(),
        };
        let spool = data::spool(&self.data);
        let put = letterbox::put(&RealDisk, &*clock(), &*entropy(), &spool, &accepted, &message.content);
        if let Some(ledger) = &mut ledger {
            let standing = if put.is_ok() { Standing::Queued } else { Standing::Failed };
            let settled: Vec<_> = names.into_iter().map(|name| (name, standing)).collect();
            let settled = ledger.settle(&settled, clock().now());
            warnings.extend(settled.err().map(|error| super::known::unsettled(&error)));
        }
        let id = put?;
        for (_, fared) in recipients.iter_mut().filter(|(_, fared)| waits(fared)) {
            *fared = match std::mem::replace(fared, Fared::Before) {
                Fared::Tried(outcome) => Fared::Queued(Some(outcome)),
                other => other,
            };
        }
        queue.local_id = Some(id.to_string());
        // It is ours for good: what fails from here on only delays it.
        let runner = self.hand_over(id, warnings).await;
        if runner == Runner::None {
            let data = self.data.display();
            warnings.push(format!(
                "the message waits in the queue until somebody works on it: mailkit relay run --data {data}"
            ));
        }
        queue.runner = Some(runner);
        Ok(())
    }

    /// Has the letter taken in, by whoever owns the spool, or by ourselves.
    async fn hand_over(&self, id: SpoolId, warnings: &mut Vec<String>) -> Runner {
        let order = Order::Flush(Wake::Message(id)).to_string();
        match control::ask(&self.data, &order).await {
            Ok(Some(answer)) if matches!(answer.parse(), Ok(Reply::Done(_))) => return Runner::Active,
            Ok(None) => {}
            _ => return Runner::None,
        }
        let spool = data::spool(&self.data);
        // Whoever has it at the moment, without answering, takes letters in next time.
        if let Ok(spool) = Spool::open(Arc::new(RealDisk), clock(), entropy(), &spool, IndexAt::File).await {
            match spool.take_letters().await {
                Ok(taken) => warnings.extend(taken.troubles.iter().map(ToString::to_string)),
                Err(error) => warnings.push(error.to_string()),
            }
        }
        Runner::None
    }
}
