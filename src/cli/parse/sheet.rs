//! What an action says about one message. The driver prints it, in the order of the messages.
//!
//! Lines made here are safe for a terminal; `octets` are as they are, for whoever asked for them.

use super::driver::Form;
use crate::cli::console;
use crate::cli::exit::Exit;
use mailkit::error::Result;
use mailkit::message::safe;
use serde::Serialize;
use std::path::Path;

/// The output of an action for one message.
#[derive(Debug)]
pub(super) struct Sheet {
    form: Form,
    /// What ends a path.
    path_end: u8,
    octets: Vec<u8>,
    warnings: Vec<String>,
    is_void: bool,
    exit: Exit,
}

impl Sheet {
    /// An empty one, for JSON or for people.
    pub(super) fn new(form: Form, path_end: u8) -> Self {
        Self { form, path_end, octets: Vec::new(), warnings: Vec::new(), is_void: false, exit: Exit::OK }
    }

    /// Whether one JSON value is wanted, and no lines.
    pub(super) fn is_json(&self) -> bool {
        self.form != Form::Text
    }

    /// A line of text, made safe.
    pub(super) fn line(&mut self, text: &str) {
        self.octets.extend_from_slice(safe::terminal(text).as_bytes());
        self.octets.push(b'\n');
    }

    /// Lines that are made safe, and stay lines.
    pub(super) fn lines(&mut self, text: &str) {
        self.octets.extend_from_slice(safe::terminal_lines(text).as_bytes());
    }

    /// A path exactly as it is, so that a script can open it: whatever a stranger chose of it is a safe name.
    pub(super) fn path(&mut self, path: &Path) {
        self.octets.extend_from_slice(path.as_os_str().as_encoded_bytes());
        self.octets.push(self.path_end);
    }

    /// Octets as they are.
    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// The JSON value about this message: one at most. About all of them there may be several.
    pub(super) fn value(&mut self, value: &impl Serialize) -> Result<()> {
        if !self.octets.is_empty() {
            self.octets.extend_from_slice(if self.form == Form::Array { b",\n" } else { b"\n" });
        }
        self.octets.extend_from_slice(console::json(value)?.as_bytes());
        Ok(())
    }

    /// Something that did not stop the action, but that the user should know.
    pub(super) fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    /// What was asked for is not in this message. If it is in none, the command ends with 1.
    pub(super) fn found_nothing(&mut self) {
        self.is_void = true;
    }

    /// The command ends with this code, however the other messages fare; the first code that is said counts.
    pub(super) fn ends_with(&mut self, exit: Exit) {
        if self.exit == Exit::OK {
            self.exit = exit;
        }
    }

    /// What is to be printed on standard output.
    pub(super) fn printed(&self) -> &[u8] {
        &self.octets
    }

    /// What is to be said on standard error.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether nothing was found.
    pub(super) fn is_void(&self) -> bool {
        self.is_void
    }

    /// What the command is to end with.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }
}
