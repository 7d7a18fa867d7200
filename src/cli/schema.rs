//! `mailkit schema`: the shape of what `--json` prints, as JSON Schema, from the types that print it.
//!
//! Each names its version. Within a version fields are only added, so whoever reads should pass over what is unknown;
//! the schema itself says what this program prints and no more. JSON Schema 2020-12.

use super::console::Failure;
use super::context::Context;
use super::exit::Exit;
use super::imap;
use super::mx;
use super::parse::{self, addresses, calendar, extract, header, links, lint, report, route, unsubscribe};
use super::relay::listing;
use super::send::object;
use mailkit::error::{Error, Kind, Result};
use mailkit::wire::event::Event;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// Print the JSON Schema of what a command prints with --json
///
/// Without a name, lists the names there are.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit schema
  mailkit schema send > send.schema.json")]
pub(super) struct Args {
    /// What to describe; without it, the names are listed
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Something that is printed as JSON.
struct Described {
    name: &'static str,
    what: &'static str,
    make: fn() -> Schema,
}

const ALL: [Described; 37] = [
    Described { name: "addresses", what: "people: mailkit parse --addresses", make: of::<addresses::People> },
    Described {
        name: "attachments",
        what: "what of a message can be saved: mailkit parse -l",
        make: of::<extract::Listing<'static>>,
    },
    Described {
        name: "authentication",
        what: "what servers say about a message: mailkit parse --auth",
        make: of::<parse::Authentication<'static>>,
    },
    Described { name: "calendar", what: "appointments: mailkit parse --calendar", make: of::<calendar::Object> },
    Described { name: "check", what: "what a domain publishes: mailkit mx check", make: of::<mx::Checked<'static>> },
    Described { name: "dates", what: "dates: mailkit parse --dates", make: of::<addresses::Days> },
    Described { name: "error", what: "an error of any command, on standard error", make: of::<Failure> },
    Described { name: "fields", what: "header fields: mailkit parse -H", make: of::<header::Object<'static>> },
    Described { name: "files", what: "what was saved: mailkit parse -x", make: of::<extract::Saved<'static>> },
    Described {
        name: "imap-append",
        what: "what was put into a mailbox: mailkit imap append",
        make: of::<imap::append::Object>,
    },
    Described { name: "imap-caps", what: "what a server offers: mailkit imap caps", make: of::<imap::caps::Object> },
    Described {
        name: "imap-change",
        what: "what was changed on a server: mailkit imap flag, move, copy, rm, mkdir, rename, rmdir",
        make: of::<imap::change::Changed>,
    },
    Described {
        name: "imap-event",
        what: "what happened in a mailbox: mailkit imap idle",
        make: of::<imap::idle::Object>,
    },
    Described { name: "imap-mailbox", what: "a mailbox of a server: mailkit imap ls", make: of::<imap::ls::Object> },
    Described { name: "imap-saved", what: "a file: mailkit imap fetch --save", make: of::<imap::fetch::Saved> },
    Described {
        name: "imap-scan",
        what: "a message of a mailbox in one line: mailkit imap scan, search",
        make: of::<imap::scan::Row>,
    },
    Described {
        name: "imap-structure",
        what: "what a message consists of: mailkit imap fetch --structure",
        make: of::<imap::fetch::Object>,
    },
    Described { name: "imap-sync", what: "what came of a run: mailkit imap sync", make: of::<imap::sync::Object> },
    Described { name: "links", what: "where a message leads: mailkit parse --links", make: of::<links::Object> },
    Described { name: "lint", what: "what is wrong with a message: mailkit parse --lint", make: of::<lint::Object> },
    Described { name: "message", what: "a message: mailkit parse", make: of::<parse::Document<'static>> },
    Described { name: "mx", what: "where a domain's mail goes: mailkit mx lookup", make: of::<mx::Domain<'static>> },
    Described {
        name: "mx-diff",
        what: "what has changed for several domains: mailkit mx lookup --diff or check --diff",
        make: of::<mx::Sum>,
    },
    Described {
        name: "mx-line",
        what: "a line of the input of mailkit mx lookup or check that names no domain",
        make: of::<mx::BadLineObject<'static>>,
    },
    Described { name: "pop", what: "the result of mailkit pop", make: of::<super::pop::report::Object> },
    Described { name: "probe", what: "what was seen of a server: mailkit mx probe", make: of::<mx::Object> },
    Described { name: "queue", what: "a message in the queue: mailkit relay queue", make: of::<listing::Object> },
    Described { name: "report", what: "what a report tells: mailkit parse --report", make: of::<report::Object> },
    Described { name: "route", what: "the way of a message: mailkit parse --route", make: of::<route::Object> },
    Described { name: "scan", what: "a message in one line: mailkit parse --scan", make: of::<parse::Row> },
    Described { name: "send", what: "the result of mailkit send", make: of::<object::Object> },
    Described { name: "thread", what: "a row of threads: mailkit parse --thread", make: of::<parse::ThreadRow> },
    Described { name: "trace", what: "an event of a trace: --trace=FILE.jsonl, mailkit mx talk", make: of::<Event> },
    Described {
        name: "trace-diff",
        what: "how two traces differ: mailkit trace diff",
        make: of::<super::trace::Object>,
    },
    Described {
        name: "unsubscribe",
        what: "ways off a list: mailkit parse --unsubscribe",
        make: of::<unsubscribe::Object>,
    },
    Described {
        name: "unsubscribed",
        what: "the result of mailkit unsubscribe",
        make: of::<super::unsubscribe::Object>,
    },
    Described {
        name: "verification",
        what: "what came of signatures: mailkit parse --verify",
        make: of::<parse::Verification>,
    },
];

/// Prints a schema, or the names.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let Some(name) = &args.name else {
        for Described { name, what, .. } in ALL {
            context.line(&format!("{name:<16}{what}"))?;
        }
        return Ok(Exit::OK);
    };
    let known = ALL.iter().find(|known| known.name == name).ok_or_else(|| {
        let names = ALL.map(|known| known.name).join(", ");
        Error::new(Kind::Usage, format!("there is no schema {name:?}")).hint(format!("there is {names}"))
    })?;
    let schema = serde_json::to_string_pretty(&(known.make)())
        .map_err(|error| Error::new(Kind::Software, "a schema cannot be printed").caused_by(error))?;
    context.line(&schema)?;
    Ok(Exit::OK)
}

/// As it is printed: what may be left out is not required, what may be null says so.
fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
