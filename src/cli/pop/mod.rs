//! `mailkit pop`: retrieves messages by POP3 to wherever they are wanted.
//!
//! What is fetched and in which order it is made safe is `fetch`'s business; which servers, where to, and how often
//! stands here.

mod args;
mod mailbox;
mod place;
pub(super) mod report;
mod servers;

pub(super) use args::Args;

use super::context::Context;
use super::exit::Exit;
use super::login::{self, Service};
use super::stop::Stop;
use args::Wishes;
use mailkit::error::{Error, Kind, Result};
use mailkit::fetch::{self, Progress, Retrieval, Source};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::world::{Clock, Entropy};
use std::time::Duration;

/// However often it failed, it is tried again after this time, unless --every says more.
const PAUSE_MOST: Duration = Duration::from_secs(60 * 60);

/// Retrieves from each server, once or again and again.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let servers: Vec<Option<&str>> = match args.servers.as_slice() {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let stop = Stop::on_signals()?;
    context.block_on(async {
        let Some(every) = args.every else {
            return match servers.as_slice() {
                [one] => match (attempt(args, context, *one, &stop).await, stop.exit()) {
                    (Err(error), Some(told)) => {
                        context.explain(&error);
                        Ok(told)
                    }
                    (done, _) => done,
                },
                all => round(args, context, all, &stop).await.map(|(exit, _)| stop.exit().unwrap_or(exit)),
            };
        };
        let mut failures = 0;
        loop {
            let (exit, may_pass) = round(args, context, &servers, &stop).await?;
            if let Some(told) = stop.exit() {
                // What was stopped in its work says so; nothing is lost by that.
                return Ok(if exit == Exit::OK { Exit::OK } else { told });
            }
            if exit != Exit::OK && exit != Exit::PARTIAL && !may_pass {
                return Ok(exit);
            }
            failures = if exit == Exit::OK { 0 } else { failures + 1 };
            let mut chance = [0; 1];
            SystemEntropy.fill(&mut chance);
            let pause = pause(every, failures, chance[0]);
            tokio::select! {
                () = stop.token().cancelled() => return Ok(Exit::OK),
                () = SystemClock.sleep(pause) => {}
            }
        }
    })
}

/// All servers, one after the other. What one of them fails with holds up no other; the gravest code is returned, and
/// whether all that went wrong may pass by itself.
async fn round(args: &Args, context: &Context, servers: &[Option<&str>], stop: &Stop) -> Result<(Exit, bool)> {
    let (mut worst, mut may_pass) = (Exit::OK, true);
    for server in servers {
        if stop.token().is_cancelled() {
            break;
        }
        let exit = match attempt(args, context, *server, stop).await {
            Ok(exit) => exit,
            Err(error) => {
                // A wrong password said again and again locks an account.
                may_pass &= !matches!(error.kind(), Kind::Usage | Kind::Config | Kind::NoPermission | Kind::Software);
                context.explain(&error)
            }
        };
        worst = worst.max(exit);
    }
    Ok((worst, may_pass))
}

/// One retrieval from one server.
async fn attempt(args: &Args, context: &Context, named: Option<&str>, stop: &Stop) -> Result<Exit> {
    let server = login::server(context, named, Service::Pop)?;
    let endpoint = &server.endpoint;
    let wishes = args.wishes(context, server.account.map(|(_, account)| account))?;
    let credentials = args.login.credentials(context, &server).await?.ok_or_else(|| {
        Error::new(Kind::Usage, "nobody to log in as").hint("name the user with --user or in the URL: pop3://user@host")
    })?;
    let name = login::source(&credentials, endpoint);
    // Opened first: a target that cannot be used should not cost a conversation.
    let opened = place::open(context, &args.login, &server, &wishes, &name, args.rebuilds()).await?;
    let source = Source {
        endpoint,
        way: args.login.way(context, &server, args.login.tls(Some(&server))?).await?,
        credentials,
        trace: context.trace()?,
        stop: stop.token().clone(),
    };
    let connect = args.login.connect(Some(&server))?;
    let session = tokio::select! {
        biased;
        () = stop.token().cancelled() => return Err(Error::new(Kind::Temporary, "interrupted")),
        session = fetch::open(&*connect, source) => session?,
    };
    let Wishes { place, rules, selection, .. } = wishes;
    let retrieval = Retrieval {
        target: opened.target,
        register: opened.register,
        source: &name,
        rules,
        selection: &selection,
        is_rebuilt: args.rebuilds(),
        is_headers_only: args.is_headers_only(),
        is_rehearsal: args.dry_run,
        clock: &SystemClock,
    };
    let mut bar = None;
    let progress = |so_far: Progress| {
        let bar = bar.get_or_insert_with(|| context.upload("retrieving", so_far.octets_all));
        bar.set_position(so_far.octets.min(so_far.octets_all));
    };
    let result = fetch::retrieve(session, retrieval, progress).await;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    report::report(context, server.account.map(|(name, _)| name), endpoint, &place, &result?)
}

/// How long to wait: what was asked for, twice as long after each failure, and a little more or less by chance, so that
/// many who began together do not come together.
fn pause(every: Duration, failures: u32, chance: u8) -> Duration {
    let doubled = every.saturating_mul(1 << failures.min(16));
    let pause = doubled.min(PAUSE_MOST.max(every));
    // From 90 to 110 hundredths.
    pause.mul_f64(0.9 + 0.2 * f64::from(chance) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_failures_up_to_an_hour() {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        for (every, failures, wanted) in
            [(5, 0, 5), (5, 1, 10), (5, 3, 40), (5, 4, 60), (5, u32::MAX, 60), (120, 0, 120), (120, 9, 120)]
        {
            let (least, most) = (pause(minutes(every), failures, 0), pause(minutes(every), failures, 255));
            assert_eq!(least, minutes(wanted).mul_f64(0.9), "{every} {failures}");
            assert!(most > minutes(wanted) && most <= minutes(wanted).mul_f64(1.11), "{most:?}");
        }
    }
}
