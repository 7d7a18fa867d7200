//! `mailkit imap raw`: a conversation by hand with an IMAP server, behind the login.
//!
//! It is `mx talk`, with a server that an account may name and the way to the login gone by itself.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::login::{self, LoginArgs, Service};
use crate::cli::mx::talk::{self, Door};
use mailkit::error::Result;
use std::path::PathBuf;

/// Talk to an IMAP server by hand, logged in: what is typed is said as it stands, and all that is heard is shown
///
/// Commands come from the terminal, from standard input or from --script, each with a tag of its own, as in
/// `a1 SELECT INBOX`. Lines that begin with a dot and a word are for mailkit; .help tells what they do. What is printed is a
/// transcript, with --json each line of it as one of a trace; secrets are left out. `mailkit mx talk` does the same without
/// a login, and with every protocol of mail.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit imap raw imaps://bob@imap.example.org
  printf 'a1 STATUS INBOX (MESSAGES)\\na2 LOGOUT\\n' | mailkit imap raw --account work --times")]
pub(super) struct Args {
    /// The server as a URL such as imaps://bob@imap.example.org, or an account of the configuration
    #[arg(value_name = "URL|ACCOUNT")]
    server: Option<String>,

    /// Say the lines of this file, - for standard input
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,

    /// End with 1 if the last answer does not begin so, as OK or NO
    #[arg(long, value_name = "WORD")]
    expect: Option<String>,

    /// Show when each line was said or heard
    #[arg(long)]
    times: bool,

    #[command(flatten)]
    login: LoginArgs,
}

/// Talks.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let server = login::server(context, args.server.as_deref(), Service::Imap)?;
    let Args { script, expect, times, login, .. } = args;
    talk::behind_login(context, &server, Door { script: script.clone(), expect: expect.clone(), times: *times, login })
}
