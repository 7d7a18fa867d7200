//! `parse -H`: header fields by their names, decoded, as they came, or one parameter of them.

use super::driver::Action;
use super::json::{self, HeaderField, Origin};
use super::letter::Letter;
use super::raw::Raw;
use super::sheet::Sheet;
use crate::cli::exit::Exit;
use mailkit::error::Result;
use mailkit::message::field::Field;
use mailkit::message::media::{Disposition, Parameters};
use mailkit::message::words;
use schemars::JsonSchema;
use serde::Serialize;

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

    /// With -H, print only this parameter of the field: `-H Content-Type --param charset`. Exit code 1 if it is absent
    #[arg(long, value_name = "NAME", requires = "header")]
    param: Option<String>,

    #[command(flatten)]
    raw: Raw,
}

/// The header fields of a message that were asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Object<'o> {
    /// In the order in which they were asked for.
    fields: Vec<Asked<'o>>,
    /// Always `mailkit.fields/1`.
    schema: &'static str,
    source: Origin,
}

/// A field, or with --param one parameter of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Asked<'o> {
    Field(HeaderField<'o>),
    Parameter(Parameter<'o>),
}

/// A parameter of a header field.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parameter<'o> {
    /// The header field.
    name: &'o str,
    /// The parameter, as it was asked for.
    param: &'o str,
    value: String,
}

impl Header {
    /// The action, if it was asked for: `--raw` is one of its own where no field is named.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        match self.header.is_empty() {
            true => self.raw.action(),
            false => Some(self),
        }
    }

    /// The fields of a name; of a message within also those of that message, if the part itself has none.
    fn find<'o>(&self, letter: &Letter<'o>, name: &str) -> Vec<Field<'o>> {
        let message = &letter.message;
        let Some(part) = letter.part() else { return Vec::new() };
        let limit = if self.all { usize::MAX } else { 1 };
        let name = name.trim_end_matches(':');
        let of = |part| message.fields(part).filter(|field| field.is(name)).take(limit).collect::<Vec<_>>();
        let own = of(part);
        match message.children(part).next().filter(|_| own.is_empty() && part.media.is_message()) {
            Some(within) => of(within),
            None => own,
        }
    }

    /// What is printed of a field that has only to be known by one parameter; none if it has it not.
    fn parameter(&self, field: &Field<'_>, name: &str) -> Option<String> {
        let Parameters(all) = &Disposition::parse(field.body)?.parameters;
        if !self.raw.is_for_fields() {
            return Parameters(all.clone()).get(name);
        }
        let base = |key: &str| key.split('*').next().is_some_and(|base| base.eq_ignore_ascii_case(name));
        let pieces: Vec<_> = all.iter().filter(|(key, _)| base(key)).map(|(_, value)| value.as_str()).collect();
        (!pieces.is_empty()).then(|| pieces.concat())
    }
}

impl Action for Header {
    /// The fields in the order in which they were asked for.
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let (mut found, mut is_absent) = (Vec::new(), false);
        for name in &self.header {
            let mut fields: Vec<_> = self.find(letter, name).into_iter().map(|field| (field, None)).collect();
            if let Some(name) = &self.param {
                fields.iter_mut().for_each(|(field, value)| *value = self.parameter(field, name));
                fields.retain(|(_, value)| value.is_some());
            }
            is_absent |= fields.is_empty();
            found.append(&mut fields);
        }
        match (is_absent, found.is_empty()) {
            (true, true) => sheet.found_nothing(),
            (true, false) => sheet.ends_with(Exit::PARTIAL),
            (false, _) => {}
        }
        if sheet.is_json() {
            let fields = found.into_iter().map(|(field, value)| match (&self.param, value) {
                (Some(param), Some(value)) => Asked::Parameter(Parameter { name: field.name, param, value }),
                _ => Asked::Field(json::header(field)),
            });
            let fields = fields.collect();
            let source = Origin::of(letter.source);
            return sheet.value(&Object { fields, schema: "mailkit.fields/1", source });
        }
        if self.raw.is_for_fields() {
            self.raw.guard()?;
        }
        for (field, value) in found {
            match (value, self.raw.is_for_fields()) {
                (Some(value), _) => sheet.line(&value),
                (None, false) => sheet.line(&words::decode(field.body)),
                (None, true) => {
                    sheet.octets(field.body);
                    sheet.octets(b"\n");
                }
            }
        }
        Ok(())
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}
