//! `parse -H`: header fields by their names.

use super::driver::Action;
use super::json;
use super::letter::Letter;
use super::sheet::Sheet;
use crate::cli::exit::Exit;
use mailkit::error::Result;
use mailkit::message::words;

/// Which fields are wanted.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Select")]
pub(super) struct Header {
    /// Print this header field, decoded; can be given several times. Exit code 1 if one is absent
    #[arg(short = 'H', long = "header", value_name = "NAME", group = "wish")]
    header: Vec<String>,

    /// With -H, print each field of that name instead of the first
    #[arg(long, requires = "header")]
    all: bool,
}

impl Header {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        (!self.header.is_empty()).then_some(self as &dyn Action)
    }
}

impl Action for Header {
    /// The fields in the order in which they were asked for.
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let message = &letter.message;
        let (mut found, mut is_absent) = (Vec::new(), false);
        for name in &self.header {
            let limit = if self.all { usize::MAX } else { 1 };
            let name = name.trim_end_matches(':');
            let before = found.len();
            found.extend(message.fields(message.root()).filter(|field| field.is(name)).take(limit));
            is_absent |= found.len() == before;
        }
        match (is_absent, found.is_empty()) {
            (true, true) => sheet.found_nothing(),
            (true, false) => sheet.ends_with(Exit::PARTIAL),
            (false, _) => {}
        }
        if sheet.is_json() {
            return sheet.value(&json::headers(found.into_iter()));
        }
        found.iter().for_each(|field| sheet.line(&words::decode(field.body)));
        Ok(())
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn beside_others(&self) -> Option<&(dyn Action + Sync)> {
        Some(self)
    }
}
