//! `mailkit pop`: retrieves messages by POP3 into a Maildir, or prints them.
//!
//! What is fetched and in which order it is made safe is `fetch`'s business.

use super::context::Context;
use super::exit::Exit;
use super::login::{self, LoginArgs, Service};
use mailkit::endpoint::Endpoint;
use mailkit::error::{Error, Kind, Result};
use mailkit::fetch::{self, Keep, Source, Summary};
use mailkit::net::clock::SystemClock;
use mailkit::store::disk::RealDisk;
use mailkit::store::maildir::Maildir;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Retrieve messages from a maildrop by POP3
///
/// Into a Maildir each message comes once: a message is on disk before it counts as retrieved, and only then
/// may the server delete it. Nothing is printed when all is well, unless --json or -v asks for it.
///
/// Ends with 0 if everything new was retrieved, 1 if the server kept some messages back, 75 if trying again may help.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit pop pop3://bob@127.0.0.1:1110 --password-env PASSWORD --to maildir:Mail
  mailkit pop pop3://bob@127.0.0.1:1110 --password-cmd 'echo secret' --to - | grep '^Subject:'")]
pub(super) struct Args {
    /// The server as a URL such as pop3s://bob@pop.example.org, or an account of the configuration
    #[arg(value_name = "URL|ACCOUNT")]
    server: Option<String>,

    /// Where messages go: maildir:PATH, or - to print all of them as an mbox; an account's own Maildir if not given
    #[arg(long, value_name = "TARGET")]
    to: Option<Target>,

    /// Which messages stay on the server: all of them, or none once they are safe here
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Kept::All)]
    keep: Kept,

    #[command(flatten)]
    login: LoginArgs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Maildir(PathBuf),
    Output,
}

impl std::str::FromStr for Target {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_prefix("maildir:")) {
            ("-", _) => Ok(Self::Output),
            (_, Some(path)) if !path.is_empty() => Ok(Self::Maildir(path.into())),
            _ => Err("a target is maildir:PATH, or - for standard output"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kept {
    /// They stay
    All,
    /// They are deleted once they are safe here
    None,
}

/// Connects, retrieves, reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let server = login::server(context, args.server.as_deref(), Service::Pop)?;
    let of_account = || server.account.and_then(|(_, account)| account.maildir.clone()).map(Target::Maildir);
    let target = args.to.clone().or_else(of_account).ok_or_else(|| {
        Error::new(Kind::Usage, "nowhere to put the messages").hint("say where: --to maildir:PATH, or --to -")
    })?;
    if target == Target::Output && args.keep == Kept::None {
        return Err(Error::new(Kind::Usage, "--keep none needs a Maildir")
            .hint("what is only printed cannot be known to be safe, so it stays on the server"));
    }
    if target == Target::Output && context.is_json() {
        return Err(Error::new(Kind::Usage, "--json and --to - both want standard output"));
    }
    let endpoint = &server.endpoint;
    let summary = context.block_on(async {
        let credentials = args.login.credentials(context, &server).await?.ok_or_else(|| {
            Error::new(Kind::Usage, "nobody to log in as")
                .hint("name the user with --user or in the URL: pop3://user@host")
        })?;
        let name = login::source(&credentials, endpoint);
        // Opened first: a target that cannot be used should not cost a conversation.
        let maildir = match &target {
            Target::Maildir(path) => Some(Maildir::open(Arc::new(RealDisk), path)?),
            Target::Output => None,
        };
        let source = Source {
            endpoint,
            way: args.login.way(context, &server, args.login.tls(Some(&server))?).await?,
            credentials,
            trace: context.trace()?,
        };
        let session = fetch::open(&*args.login.connect(Some(&server))?, source).await?;
        let bar = context.progress("retrieving", 0);
        let progress = |done: usize, all: usize| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        };
        let keep = match args.keep {
            Kept::All => Keep::All,
            Kept::None => Keep::None,
        };
        let result = match maildir {
            Some(mut maildir) => fetch::into_maildir(session, &mut maildir, &name, keep, &SystemClock, progress).await,
            None => fetch::into_stream(session, &mut Output(context), &SystemClock, progress).await,
        };
        bar.finish_and_clear();
        result
    })?;
    report(context, endpoint, &target, &summary)
}

fn report(context: &Context, endpoint: &Endpoint, target: &Target, summary: &Summary) -> Result<Exit> {
    let exit = if summary.refused.is_empty() { Exit::OK } else { Exit::PARTIAL };
    if context.is_json() {
        let refused: Vec<_> =
            summary.refused.iter().map(|(number, text)| json!({"number": number, "text": text})).collect();
        context.object(&json!({
            "schema": "mailkit.pop/1",
            "exit": exit.code(),
            "server": endpoint.authority(),
            "target": match target {
                Target::Maildir(path) => path.to_string_lossy(),
                Target::Output => "-".into(),
            },
            "listed": summary.listed,
            "fetched": summary.fetched,
            "octets": summary.octets,
            "known": summary.known,
            "deleted": summary.deleted,
            "refused": refused,
        }))?;
        return Ok(exit);
    }
    for (number, text) in &summary.refused {
        context.complain(&format!("{} did not give message {number}\n  it said: {text}", endpoint.authority()));
    }
    context.detail(&format!(
        "{}: {} messages, {} of them new ({} octets), {} deleted there",
        endpoint.authority(),
        summary.listed,
        summary.fetched,
        summary.octets,
        summary.deleted
    ));
    Ok(exit)
}

/// Standard output as messages are printed on it: as they are, whatever is in them.
struct Output<'a>(&'a Context);

impl Write for Output<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.octets(octets).map(|()| octets.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_maildir_or_the_output() {
        for (text, wanted) in [
            ("-", Some(Target::Output)),
            ("maildir:Mail/work", Some(Target::Maildir("Mail/work".into()))),
            ("maildir:", None),
            ("Mail", None),
            ("", None),
            ("mbox:x", None),
        ] {
            assert_eq!(text.parse::<Target>().ok(), wanted, "{text}");
        }
    }
}
