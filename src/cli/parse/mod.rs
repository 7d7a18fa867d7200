//! `mailkit parse`: what messages consist of, for people and for scripts.
//!
//! `sources` says what is read, each action (one file each) what is done with a message, and `driver` runs the one action
//! that was asked for over all messages. Only `verify` touches the network, to ask DNS for keys. Whatever is printed was
//! written by a stranger, so all of it goes through `message::safe` or JSON's escapes.

pub(super) mod addresses;
mod auth;
pub(super) mod calendar;
mod column;
mod convert;
mod crew;
mod decrypt;
mod destination;
mod driver;
pub(super) mod extract;
mod filter;
mod flags;
mod folder;
mod gnupg;
pub(super) mod header;
mod json;
mod letter;
mod letters;
pub(super) mod links;
pub(super) mod lint;
mod open;
mod own;
mod pick;
mod raw;
pub(super) mod report;
pub(super) mod route;
mod scan;
mod sheet;
mod sources;
mod thread;
pub(super) mod tree;
mod unpack;
pub(super) mod unsubscribe;
mod verify;
mod view;

use super::context::Context;
use super::exit::Exit;
pub(super) use auth::Authentication;
pub(super) use destination::Destination;
use driver::{Action, Manner};
pub(super) use json::{Document, Person, names};
pub(super) use letters::Letters;
use mailkit::error::{Error, Kind, Result};
pub(super) use scan::{Glance, Row};
use sources::Input;
pub(super) use thread::ThreadRow;
pub(super) use verify::Verification;

/// Show what a message consists of: header fields, parts with their IMAP numbers, defects
///
/// Reads files, mailboxes and directories of messages. An option asks for something else than this view: fields, the text,
/// files, what a report or an invitation says, who vouches for a message. Nothing that a message names is ever fetched.
/// Exit code 1 if what is asked for is in no message; an error with one message does not keep the others
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("paths").multiple(true))]
#[command(after_help = "Examples:\n  \
    mailkit parse message.eml\n  \
    mailkit parse -H Subject - < message.eml\n  \
    mailkit parse --jsonl archive.mbox.gz\n  \
    mailkit parse --scan ~/Maildir\n  \
    mailkit parse -H Subject --where 'from:@crepes.example age<2w' ~/Maildir\n  \
    mailkit parse --thread archive.mbox\n  \
    find . -name '*.eml' -print0 | mailkit parse --files-from - -0 --jsonl")]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    view: view::View,
    #[command(flatten)]
    scan: scan::Scan,
    #[command(flatten)]
    header: header::Header,
    #[command(flatten)]
    extract: extract::Extract,
    #[command(flatten)]
    convert: convert::Convert,
    #[command(flatten)]
    report: report::Report,
    #[command(flatten)]
    calendar: calendar::Calendar,
    #[command(flatten)]
    links: links::Links,
    #[command(flatten)]
    unsubscribe: unsubscribe::Unsubscribe,
    #[command(flatten)]
    route: route::Route,
    #[command(flatten)]
    auth: auth::Auth,
    #[command(flatten)]
    own: own::Own,
    #[command(flatten)]
    verify: verify::Verify,
    #[command(flatten)]
    decrypt: decrypt::Decrypt,
    #[command(flatten)]
    filter: filter::Filter,
    #[command(flatten)]
    addresses: addresses::Addresses,
    #[command(flatten)]
    thread: thread::Thread,
    #[command(flatten)]
    lint: lint::Lint,
}

impl Args {
    /// What is to be done: at most one of the group `wish` is given, and what has no place in it stands alone. Of those
    /// that need more than their own options, `tellers` has the one that was asked for.
    fn action<'a>(&'a self, tellers: [Option<&'a dyn Action>; 3]) -> Result<&'a dyn Action> {
        let asked = [
            self.view.action(),
            self.scan.action(),
            self.header.action(),
            self.addresses.action(),
            self.extract.action(),
            self.convert.action(),
            self.report.action(),
            self.calendar.action(),
            self.links.action(),
            self.unsubscribe.action(),
            self.thread.action(),
            self.lint.action(),
        ];
        let mut asked = asked.into_iter().chain(tellers).flatten();
        match (asked.next(), asked.next()) {
            (Some(_), Some(_)) => {
                let two = Error::new(Kind::Usage, "these options ask for two things at once");
                Err(two.hint("--raw stands alone or with -H; --strip, --redact and --output alone or with --to"))
            }
            (action, _) => Ok(action.unwrap_or(&self.view)),
        }
    }
}

/// Prints what `args` ask for.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    if args.input.is_live() {
        context.await_message("pipe messages in, or name their files")?;
    }
    args.convert.prepare(context)?;
    let verifier = args.verify.action(context);
    let (judge, teller) = (args.auth.action(&args.own), args.route.action(&args.own));
    let action = args.action([
        verifier.as_ref().map(|verifier| verifier as &dyn Action),
        judge.as_ref().map(|judge| judge as &dyn Action),
        teller.as_ref().map(|teller| teller as &dyn Action),
    ])?;
    let reading = args.input.reading(action.needs_body());
    let opener = args.decrypt.within(action, verifier.as_ref(), reading, context);
    let action = opener.as_ref().map_or(action, |opener| opener as &dyn Action);
    let strict = args.lint.strictly(action);
    let action = strict.as_ref().map_or(action, |strict| strict);
    driver::run(action, (&args.input, &args.filter), &args.manner, context)
}
