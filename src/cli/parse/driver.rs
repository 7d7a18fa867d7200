//! Runs one action over all messages and prints what it says, in their order.
//!
//! What cannot be read, and what an action cannot do, is told in its place; the other messages follow all the same, and
//! the command ends with the first error's code. What was said before an error is printed first, since it was done.
//! Several threads may work on messages at the same time; what they say is printed as if there were one.

use super::crew::{Craft, Crew};
use super::filter::{Filter, Sieve};
use super::letter::Letter;
use super::open::{Opened, open};
use super::sheet::Sheet;
use super::sources::{Input, Item, Items, Reading, Source};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::defect::{Defect, limits};
use mailkit::message::safe;
use std::num::NonZeroUsize;

/// The defect of a header section beyond the limits.
const TOO_LONG: &str = "header-too-long";
/// Octets of output that are gathered before they are written.
const OUTPUT_MAX: usize = 64 * 1024;

/// Something that can be done with a message.
pub(super) trait Action: Sync {
    /// Does it, and says what there is to say.
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()>;

    /// Whether messages have to be told apart by a line with their place, where there are several.
    fn is_headed(&self) -> bool {
        false
    }

    /// Whether more is looked at than the header section: if not, no more is read.
    fn needs_body(&self) -> bool {
        true
    }

    /// Whether it says itself what is missing since a limit was met.
    fn tells_limits(&self) -> bool {
        false
    }

    /// Whether what it says is JSON, though nobody said --json.
    fn needs_json(&self) -> bool {
        false
    }

    /// Whether it works on the part that is meant, which then has to be there.
    fn picks(&self) -> bool {
        true
    }

    /// Whether it speaks about all messages behind the last one, and of none by itself: its values are an array.
    fn is_about_all(&self) -> bool {
        false
    }

    /// Whether it may work on several messages at the same time: it keeps nothing and writes to no file.
    fn is_beside_others(&self) -> bool {
        false
    }

    /// Behind the last message: what is about all of them.
    fn finish(&self, _sheet: &mut Sheet) -> Result<()> {
        Ok(())
    }
}

/// How results are printed, and how fast.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Manner {
    /// Print one JSON value a line, one for each message; with --json, several become one array
    #[arg(long)]
    jsonl: bool,

    /// Threads that work at the same time; without it, one for each processor
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl Manner {
    fn form(&self, is_many: bool, is_json: bool) -> Form {
        match (self.jsonl, is_json) {
            (true, _) => Form::Lines,
            (false, true) if is_many => Form::Array,
            (false, true) => Form::Value,
            (false, false) => Form::Text,
        }
    }

    fn jobs(&self) -> usize {
        self.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }
}

/// How results are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Text,
    /// One value.
    Value,
    /// One array with a value for each message.
    Array,
    /// One value a line.
    Lines,
}

/// What every message meets on its way.
struct Way<'q> {
    reading: Reading,
    sieve: Sieve<'q>,
    form: Form,
}

/// What came of an item.
enum Outcome {
    /// What the action said about a message, and why it said no more.
    Said(Sheet, Source, Option<Error>),
    /// The filter does not mean it.
    Passed,
    /// It holds others.
    More(Items),
    /// It could not be read.
    Failed(Error),
}

/// The action, for every message.
pub(super) fn run(
    action: &dyn Action,
    (input, filter): (&Input, &Filter),
    manner: &Manner,
    context: &Context,
) -> Result<Exit> {
    let reading = input.reading(action.needs_body() || filter.needs_body());
    let (items, is_many) = input.items(&reading)?;
    let is_json = context.is_json() || action.needs_json();
    let form = manner.form(is_many || action.is_about_all(), is_json);
    let way = Way { reading, form, sieve: filter.sieve() };
    let mut printer = Printer {
        form,
        is_many,
        path_end: way.reading.path_end,
        is_headed: is_many && action.is_headed(),
        is_prompt: input.is_live() || context.shows_output(),
        context,
        output: Vec::new(),
        count: 0,
        found: false,
        void: false,
        exit: Exit::OK,
    };
    match action.is_beside_others() && manner.jobs() > 1 {
        true => {
            let work = |item: Item, spare: &mut Vec<u8>| perform(action, item, &way, spare);
            let weigh = |item: &Item| item.weight(&way.reading);
            let craft = Craft { work: &work, weigh: &weigh, jobs: manner.jobs() };
            std::thread::scope(|scope| {
                let mut crew = Crew::new(scope, &craft);
                crew.run(items, &mut |crew, made| settle(crew, made, &mut printer))
            })?;
        }
        false => {
            let mut spare = Vec::new();
            each(items, &mut |item| perform(action, item, &way, &mut spare), &mut printer)?;
        }
    }
    let mut sheet = printer.sheet();
    let done = action.finish(&mut sheet);
    printer.print(&sheet, None)?;
    printer.failed(done.err())?;
    printer.end()
}

/// One item after the other; what an item holds comes in its place.
fn each(items: Items, perform: &mut dyn FnMut(Item) -> Outcome, printer: &mut Printer<'_>) -> Result<()> {
    for item in items {
        if let Some(more) = printer.take(perform(item))? {
            each(more, perform, printer)?;
        }
    }
    Ok(())
}

/// The same with what several threads have done.
fn settle(
    crew: &mut Crew<'_, '_, Item, Outcome, Vec<u8>>,
    made: Vec<Outcome>,
    printer: &mut Printer<'_>,
) -> Result<()> {
    for outcome in made {
        if let Some(more) = printer.take(outcome)? {
            crew.run(more, &mut |crew, made| settle(crew, made, printer))?;
        }
    }
    Ok(())
}

/// Does the action with an item. What an earlier message lay in serves for the next one.
fn perform(action: &dyn Action, item: Item, way: &Way<'_>, spare: &mut Vec<u8>) -> Outcome {
    let mut source = match item {
        Item::Message(source) => source,
        Item::Failed(error) => return Outcome::Failed(error),
        Item::File(place) => match open(place, &way.reading, spare) {
            Ok(Opened::Message(source)) => source,
            Ok(several) => return Outcome::More(several.items()),
            Err(error) => return Outcome::Failed(error),
        },
    };
    let said = way.sieve.pick(&source, &way.reading).map(|letter| {
        let mut sheet = Sheet::new(way.form, way.reading.path_end);
        let error = match letter.part().or(if action.picks() { None } else { Some(letter.message.root()) }) {
            Some(_) => action.run(&letter, &mut sheet).err(),
            None => {
                sheet.found_nothing();
                None
            }
        };
        warn_of_limits(action, &letter, &mut sheet);
        (sheet, error)
    });
    let octets = std::mem::take(&mut source.octets);
    if octets.capacity() <= way.reading.spare_max() {
        *spare = octets;
    }
    said.map_or(Outcome::Passed, |(sheet, error)| Outcome::Said(sheet, source, error))
}

/// Says what is missing since a limit was met, where the action does not.
pub(super) fn warn_of_limits(action: &dyn Action, letter: &Letter<'_>, sheet: &mut Sheet) {
    if !letter.message.is_truncated() || action.tells_limits() {
        return;
    }
    // What has no body to look at misses no part of it.
    let is_missed = |limit: &Defect| {
        action.needs_body() || letter.is_of_part() || (limit.code == TOO_LONG && limit.part == letter.message.root().id)
    };
    for limit in limits(&letter.message).filter(is_missed) {
        sheet.warn(format!("part {}: {}", limit.part, limit.text));
    }
}

/// Where sheets become output.
struct Printer<'c> {
    form: Form,
    /// Whether there may be several messages.
    is_many: bool,
    /// What ends a path.
    path_end: u8,
    /// Whether a line above each message says which it is.
    is_headed: bool,
    /// Whether somebody waits for each message.
    is_prompt: bool,
    context: &'c Context,
    /// What is to be written.
    output: Vec<u8>,
    /// Sheets with something on them.
    count: u64,
    found: bool,
    void: bool,
    exit: Exit,
}

impl Printer<'_> {
    /// Prints what was said; gives back what there is more to do.
    fn take(&mut self, outcome: Outcome) -> Result<Option<Items>> {
        match outcome {
            Outcome::More(items) => return Ok(Some(items)),
            Outcome::Failed(error) => self.failed(Some(error))?,
            Outcome::Passed => self.void = true,
            Outcome::Said(sheet, source, error) => {
                self.print(&sheet, Some(&source))?;
                self.warn(&sheet, &source)?;
                self.found |= !sheet.is_void();
                let name = || source.name();
                self.failed(error.map(|error| if self.is_many { error.about(&name()) } else { error }))?;
            }
        }
        Ok(None)
    }

    fn sheet(&self) -> Sheet {
        Sheet::new(self.form, self.path_end)
    }

    fn print(&mut self, sheet: &Sheet, source: Option<&Source>) -> Result<()> {
        let printed = sheet.printed();
        if !printed.is_empty() {
            let lead = match (self.form, self.count) {
                (Form::Array, 0) => "[".to_owned(),
                (Form::Array, _) => ",\n".to_owned(),
                (Form::Text, count) if self.is_headed => heading(source, count),
                _ => String::new(),
            };
            self.output.extend_from_slice(lead.as_bytes());
            self.output.extend_from_slice(printed);
            if matches!(self.form, Form::Value | Form::Lines) {
                self.output.push(b'\n');
            }
            self.count += 1;
        }
        self.void |= sheet.is_void();
        self.ends_with(sheet.exit());
        if self.is_prompt || self.output.len() >= OUTPUT_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let written = self.context.octets(&self.output);
        self.output.clear();
        written
    }

    fn warn(&mut self, sheet: &Sheet, source: &Source) -> Result<()> {
        if sheet.warnings().is_empty() {
            return Ok(());
        }
        self.flush()?;
        let lead = if self.is_many { format!("{}: ", source.name()) } else { String::new() };
        sheet.warnings().iter().for_each(|warning| self.context.warn(&format!("{lead}{warning}")));
        Ok(())
    }

    fn failed(&mut self, error: Option<Error>) -> Result<()> {
        if let Some(error) = error {
            self.flush()?;
            // It is about the command: every other message would only repeat it.
            if error.kind() == Kind::Usage {
                return Err(error);
            }
            let exit = self.context.explain(&error);
            self.ends_with(exit);
        }
        Ok(())
    }

    fn ends_with(&mut self, exit: Exit) {
        if self.exit == Exit::OK {
            self.exit = exit;
        }
    }

    fn end(mut self) -> Result<Exit> {
        if self.form == Form::Array {
            self.output.extend_from_slice(if self.count == 0 { b"[]\n" } else { b"]\n" });
        }
        self.flush()?;
        Ok(if self.exit == Exit::OK && self.void && !self.found { Exit::PARTIAL } else { self.exit })
    }
}

/// The line above what is said about one of several messages.
fn heading(source: Option<&Source>, count: u64) -> String {
    let Some(source) = source else { return String::new() };
    let gap = if count > 0 { "\n" } else { "" };
    format!("{gap}==> {} <==\n", safe::terminal(&source.name()))
}
