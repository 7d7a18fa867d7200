//! Runs one action over all messages and prints what it says, in their order.
//!
//! What cannot be read, and what an action cannot do, is told in its place; the other messages follow all the same, and
//! the command ends with the first error's code. What was said before an error is printed first, since it was done.

use super::letter::Letter;
use super::sheet::Sheet;
use super::sources::Source;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::error::{Error, Result};
use mailkit::message::safe;

/// Something that can be done with a message.
pub(super) trait Action {
    /// Does it, and says what there is to say.
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()>;

    /// Whether messages have to be told apart by a line with their place, where there are several.
    fn is_headed(&self) -> bool {
        false
    }

    /// Behind the last message: what is about all of them.
    fn finish(&self, _sheet: &mut Sheet) -> Result<()> {
        Ok(())
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

/// The action, for every message.
pub(super) fn run(
    action: &dyn Action,
    sources: impl Iterator<Item = Result<Source>>,
    (form, is_many): (Form, bool),
    context: &Context,
) -> Result<Exit> {
    let mut printer = Printer { form, is_many, context, count: 0, found: false, void: false, exit: Exit::OK };
    for source in sources {
        match source {
            Ok(source) => {
                let mut sheet = printer.sheet();
                let done = action.run(&Letter::of(&source), &mut sheet);
                let head = action.is_headed().then(|| source.name());
                printer.print(&sheet, head.as_deref())?;
                printer.warn(&sheet, &source);
                printer.found |= !sheet.is_void();
                printer.failed(done.err());
            }
            Err(error) => printer.failed(Some(error)),
        }
    }
    let mut sheet = printer.sheet();
    let done = action.finish(&mut sheet);
    printer.print(&sheet, None)?;
    printer.failed(done.err());
    printer.end()
}

/// Where sheets become output.
struct Printer<'c> {
    form: Form,
    /// Whether there may be several messages.
    is_many: bool,
    context: &'c Context,
    /// Sheets with something on them.
    count: u64,
    found: bool,
    void: bool,
    exit: Exit,
}

impl Printer<'_> {
    fn sheet(&self) -> Sheet {
        Sheet::new(self.form != Form::Text)
    }

    fn print(&mut self, sheet: &Sheet, head: Option<&str>) -> Result<()> {
        let printed = sheet.printed();
        if !printed.is_empty() {
            let lead = match (self.form, self.count) {
                (Form::Array, 0) => "[".to_owned(),
                (Form::Array, _) => ",\n".to_owned(),
                (Form::Text, count) if self.is_many => heading(head, count),
                _ => String::new(),
            };
            self.context.octets(lead.as_bytes())?;
            self.context.octets(printed)?;
            if matches!(self.form, Form::Value | Form::Lines) {
                self.context.octets(b"\n")?;
            }
            self.count += 1;
        }
        self.void |= sheet.is_void();
        self.ends_with(sheet.exit());
        Ok(())
    }

    fn warn(&self, sheet: &Sheet, source: &Source) {
        let lead = if self.is_many { format!("{}: ", source.name()) } else { String::new() };
        sheet.warnings().iter().for_each(|warning| self.context.warn(&format!("{lead}{warning}")));
    }

    fn failed(&mut self, error: Option<Error>) {
        if let Some(error) = error {
            let exit = self.context.explain(&error);
            self.ends_with(exit);
        }
    }

    fn ends_with(&mut self, exit: Exit) {
        if self.exit == Exit::OK {
            self.exit = exit;
        }
    }

    fn end(self) -> Result<Exit> {
        if self.form == Form::Array {
            self.context.octets(if self.count == 0 { b"[]\n" } else { b"]\n" })?;
        }
        Ok(if self.exit == Exit::OK && self.void && !self.found { Exit::PARTIAL } else { self.exit })
    }
}

/// The line above what is said about one of several messages.
fn heading(place: Option<&str>, count: u64) -> String {
    let Some(place) = place else { return String::new() };
    let gap = if count > 0 { "\n" } else { "" };
    format!("{gap}==> {} <==\n", safe::terminal(place))
}
