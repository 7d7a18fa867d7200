//! The command line: one file per subcommand, each with its `Args` and its `run`.
//!
//! This file knows which subcommands there are and what all of them share; what a subcommand does
//! is a service of the library. Nothing below this room knows of arguments, terminals or exit codes.
//! Subcommands run without a runtime until they ask for one, so that short ones start in no time.

mod account;
mod auth;
mod config;
pub(crate) mod console;
mod context;
mod data;
mod demo;
mod dial;
mod editor;
pub(crate) mod exit;
mod generate;
mod globals;
mod guarding;
mod host;
mod imap;
mod input;
mod late;
mod login;
mod mx;
mod parse;
mod pop;
mod relay;
mod resolver;
mod schema;
mod send;
mod serve;
mod stop;
mod talk;
mod trace;
mod unsubscribe;
mod user;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use context::Context;
use exit::Exit;
use globals::Globals;
use late::{Late, late};
use mailkit::error::{Kind, Result};

/// Sends, receives, relays, fetches and looks into mail.
#[derive(Debug, Parser)]
#[command(name = "mailkit", version, max_term_width = 100, after_long_help = exit::help())]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Send(Late<send::Args>),
    Relay(Late<relay::Args>),
    Serve(Late<serve::Args>),
    User(Late<user::Args>),
    Pop(Late<pop::Args>),
    Imap(Late<imap::Args>),
    Auth(Late<auth::Args>),
    Mx(Late<mx::Args>),
    Parse(Late<parse::Args>),
    Unsubscribe(Late<unsubscribe::Args>),
    Account(Late<account::Args>),
    Config(Late<config::Args>),
    Trace(Late<trace::Args>),
    Schema(Late<schema::Args>),
    Demo(Late<demo::Args>),
    #[command(hide = true)]
    Generate(Late<generate::Args>),
}

impl Command {
    /// The words a user typed for it, as error messages repeat them.
    fn name(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Relay(_) => "relay",
            Self::Serve(_) => "serve",
            Self::User(_) => "user",
            Self::Pop(_) => "pop",
            Self::Imap(_) => "imap",
            Self::Auth(_) => "auth",
            Self::Mx(_) => "mx",
            Self::Parse(_) => "parse",
            Self::Unsubscribe(_) => "unsubscribe",
            Self::Account(_) => "account",
            Self::Config(_) => "config",
            Self::Trace(_) => "trace",
            Self::Schema(_) => "schema",
            Self::Demo(_) => "demo",
            Self::Generate(_) => "generate",
        }
    }

    fn run(&self, context: &Context) -> Result<Exit> {
        match self {
            Self::Send(args) => send::run(args, context),
            Self::Relay(args) => relay::run(args, context),
            Self::Serve(args) => serve::run(args, context),
            Self::User(args) => user::run(args, context),
            Self::Pop(args) => pop::run(args, context),
            Self::Imap(args) => imap::run(args, context),
            Self::Auth(args) => auth::run(args, context),
            Self::Mx(args) => mx::run(args, context),
            Self::Parse(args) => parse::run(args, context),
            Self::Unsubscribe(args) => unsubscribe::run(args, context),
            Self::Account(args) => account::run(args, context),
            Self::Config(args) => config::run(args, context),
            Self::Trace(args) => trace::run(args, context),
            Self::Schema(args) => schema::run(args, context),
            Self::Demo(args) => demo::run(args, context),
            Self::Generate(args) => generate::run(args, context),
        }
    }
}

/// Parses the arguments of this process and does what they say.
pub(crate) fn run() -> Exit {
    let parsed = matches().and_then(|matches| {
        let secret_variables = secret_variables(&matches);
        Cli::from_arg_matches(&matches).map(|cli| (cli, secret_variables))
    });
    let (cli, secret_variables) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return console::explain_usage(error),
    };
    let context = Context::new(cli.command.name(), cli.globals).hiding(secret_variables);
    let exit = match cli.command.run(&context) {
        Ok(exit) => exit,
        Err(error) => context.explain(&error),
    };
    let Err(error) = context.linger() else { return exit };
    // Whoever could not write before has said so.
    if exit == Exit::PIPE || exit == Exit::from(Kind::Io) {
        return exit;
    }
    let told = context.explain(&error);
    if exit == Exit::OK || exit == Exit::PARTIAL { told } else { exit }
}

/// The variables of the environment that hold secrets, as the arguments say: each option that names one is called so,
/// `--password-env`, `--proxy-password-env`.
fn secret_variables(matches: &ArgMatches) -> Vec<String> {
    let own = matches.ids().map(clap::Id::as_str).filter(|id| id.ends_with("_env"));
    let own = own.filter_map(|id| matches.try_get_one::<String>(id).ok().flatten().cloned());
    let below = matches.subcommand().map(|(_, below)| secret_variables(below)).unwrap_or_default();
    own.chain(below).collect()
}

/// What the arguments of this process say. The options of a subcommand are made when it is named, which saves a short one
/// most of its start; help alone has to know them all.
fn matches() -> std::result::Result<ArgMatches, clap::Error> {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand};
    late(command).try_get_matches().or_else(|error| match error.kind() {
        DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand => command().try_get_matches(),
        _ => Err(error),
    })
}

/// The whole of the arguments as clap knows them: for parsing, and for man pages and completions.
fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_consistent() {
        super::command().debug_assert();
    }

    #[test]
    fn variables_with_secrets_are_known_wherever_they_are_named() {
        for (line, wanted) in [
            ("send --password-env A --proxy=socks5://x --proxy-password-env=B", &["A", "B"][..]),
            ("pop pop3://x --password-env A --to -", &["A"]),
            ("imap sync imap://x --maildir m --password-env A", &["A"]),
            ("relay run --data d --smarthost-password-env A", &["A"]),
            ("account add a@x.test --secret-env A", &["A"]),
            ("user add --users u --password-env A alice", &["A"]),
            ("send --password-file A", &[]),
        ] {
            let matches = super::command().try_get_matches_from(["mailkit"].into_iter().chain(line.split(' ')));
            let mut found = super::secret_variables(&matches.expect(line));
            found.sort();
            assert_eq!(found, wanted, "{line}");
        }
    }
}
