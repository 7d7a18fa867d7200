//! `mailkit relay`: the queue of a data directory: works on it, lists it, hurries it.
//!
//! `options` turns arguments into a relay, `listing` and `watch` print. A daemon that works on the
//! directory already is asked through its control socket; only without one does a command work itself.

mod accounts;
pub(super) mod listing;
pub(super) mod options;
pub(super) mod watch;

use super::context::Context;
use super::data;
use super::exit::Exit;
use super::stop::Stop;
use mailkit::address::Domain;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::control::{self, Control};
use mailkit::relay::order::{Order, Reply};
use mailkit::store::disk::RealDisk;
use mailkit::store::spool::{Spool, SpoolId, Wake};
use options::{HostArgs, RelayArgs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use watch::Watch;

/// Relay mail: work on the queue, list it, hurry it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(Run),
    Queue(Queue),
    Flush(Flush),
}

/// Which data directory is meant.
#[derive(Debug, clap::Args)]
struct DataArgs {
    /// The data directory; as configured for serve, else the user's own if not given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Deliver what is in the queue to other hosts, until stopped
///
/// Mail goes to the exchangers that DNS names, or to a smarthost. What cannot be delivered now is tried
/// again after 1, 5 and 15 minutes, then every 30 minutes, then less often; after five days, or when it is
/// refused for good, the sender gets a report. `mailkit serve` does all this itself: use this command only
/// where it does not run. Each outcome is a line on standard error, or an object with --json.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit relay run --data /var/lib/mailkit --hostname mx.crepes.example
  mailkit relay run --smarthost smtps://alice@smtp.example.org --smarthost-password-env SMTP_PASSWORD")]
struct Run {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    host: HostArgs,

    #[command(flatten)]
    relay: RelayArgs,
}

/// List the messages that wait, whether or not a daemon is at work
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit relay queue
  mailkit relay queue --data /var/lib/mailkit --json")]
struct Queue {
    #[command(flatten)]
    data: DataArgs,
}

/// Try what waits in the queue now
///
/// Wakes the daemon that works on the data directory; where none runs, makes one attempt itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit relay flush
  mailkit relay flush --data /var/lib/mailkit --domain hamburger.example")]
struct Flush {
    /// Only this message, by the id that `relay queue` shows
    #[arg(value_name = "ID", conflicts_with = "domain")]
    id: Option<SpoolId>,

    /// Only recipients in this domain
    #[arg(long, value_name = "NAME")]
    domain: Option<Domain>,

    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    host: HostArgs,

    #[command(flatten)]
    relay: RelayArgs,
}

/// Does what the arguments say.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Run(run) => {
            context.serves()?;
            let data = data::directory(context, run.data.data.as_deref())?;
            context.block_on_all_cores(work(context, &data, run))
        }
        Command::Queue(queue) => {
            let data = data::directory(context, queue.data.data.as_deref())?;
            context.block_on(listing::list(context, &data))
        }
        Command::Flush(flush) => {
            let data = data::directory(context, flush.data.data.as_deref())?;
            let wake = match (&flush.id, &flush.domain) {
                (Some(id), _) => Wake::Message(*id),
                (None, Some(domain)) => Wake::Domain(domain.clone()),
                (None, None) => Wake::All,
            };
            context.block_on(hurry(context, &data, wake, flush))
        }
    }
}

async fn work(context: &Context, data: &Path, run: &Run) -> Result<Exit> {
    let stop = Stop::on_signals()?.token().clone();
    let spool = open(data).await?;
    let control = Control::open(data)?;
    let (watch, observer) = Watch::new(context);
    let relay = run.relay.relay(context, &run.host, spool, observer).await?;
    if context.is_json() {
        context.object(&serde_json::json!({"ready": true, "data": data}))?;
    }
    let obedient = relay.clone();
    let obey = move |order: String| {
        let relay = obedient.clone();
        async move { relay.obey(&order).await }
    };
    let (worked, (), printed) = tokio::join!(
        async {
            let worked = relay.run(stop.clone()).await;
            stop.cancel();
            worked
        },
        control.serve(stop.clone(), obey),
        watch.print_until(&stop),
    );
    worked.and(printed).map(|()| Exit::OK)
}

async fn hurry(context: &Context, data: &Path, wake: Wake, flush: &Flush) -> Result<Exit> {
    let order = Order::Flush(wake.clone());
    if let Some(answer) = control::ask(data, &order.to_string()).await? {
        return match answer.parse() {
            Ok(Reply::Done(count)) => told(context, count, true),
            Ok(Reply::Refused(why)) => Err(Error::new(Kind::Temporary, "the daemon could not do it").said(why)),
            Err(_) => Err(Error::new(Kind::Protocol, "the daemon gave no sensible answer").said(answer)),
        };
    }
    if !data::spool(data).is_dir() {
        return Err(no_queue(data));
    }
    let (watch, observer) = Watch::new(context);
    let relay = flush.relay.relay(context, &flush.host, open(data).await?, observer).await?;
    let count = relay.flush(wake).await?;
    let end = CancellationToken::new();
    let pass = async {
        let passed = relay.pass().await;
        end.cancel();
        passed
    };
    let (passed, printed) = tokio::join!(pass, watch.print_until(&end));
    passed.and(printed)?;
    told(context, count, false)
}

fn told(context: &Context, count: usize, daemon: bool) -> Result<Exit> {
    if context.is_json() {
        context.object(&serde_json::json!({"schema": "mailkit.flush/1", "woken": count, "daemon": daemon}))?;
    } else {
        let whose = if daemon { "the daemon tries them now" } else { "no daemon runs here, so they were tried once" };
        context.detail(&format!("{count} recipients need not wait for their time; {whose}"));
    }
    Ok(Exit::OK)
}

async fn open(data: &Path) -> Result<Spool> {
    let (clock, entropy) = (options::clock(), options::entropy());
    Spool::open(Arc::new(RealDisk), clock, entropy, &data::spool(data), mailkit::store::IndexAt::File).await
}

fn no_queue(data: &Path) -> Error {
    Error::new(Kind::NoInput, format!("there is no queue in {}", data.display()))
        .hint("name the data directory with --data")
}
