//! `parse --route`: the servers a message passed, in a table.

use super::column::{padded, width};
use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::own::Own;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::message::safe;
use mailkit::reading::route::{self, Hop, span};
use schemars::JsonSchema;
use serde::Serialize;

/// Columns are made as wide as what stands in them, up to this.
const WIDTH_MAX: usize = 48;

/// Whether the way of a message is to be told.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Decode")]
pub(super) struct Route {
    /// Print the servers that the message passed, the first one first: delay, who took it, from whom, the protocol and
    /// TLS; clocks that run backwards are pointed out. What --own servers wrote is marked *; all else is what strangers
    /// say. Exit code 1 if none is told
    #[arg(long, groups = ["wish", "writers"])]
    route: bool,
}

/// What is printed as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Object {
    /// `mailkit.route/1`
    schema: &'static str,
    /// The message.
    source: Origin,
    #[serde(flatten)]
    route: route::Route,
}

impl Route {
    /// The action, if it was asked for.
    pub(super) fn action<'o>(&self, own: &'o Own) -> Option<Teller<'o>> {
        self.route.then_some(Teller(own))
    }
}

/// The action, with the servers that it believes.
pub(super) struct Teller<'o>(&'o Own);

impl Action for Teller<'_> {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let route = route::Route::read(&letter.message, &self.0.hosts);
        if route.hops.is_empty() {
            sheet.found_nothing();
        }
        if route.truncated {
            sheet.warn("the message passed more servers than are told".to_owned());
        }
        if sheet.is_json() {
            return sheet.value(&Object { schema: "mailkit.route/1", source: Origin::of(letter.source), route });
        }
        // Made safe before it is measured.
        let rows: Vec<[String; 5]> =
            route.hops.iter().map(|hop| row(hop).map(|cell| safe::terminal(&cell).into_owned())).collect();
        let widths: Vec<usize> =
            (0..5).map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0).min(WIDTH_MAX)).collect();
        for row in &rows {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
            sheet.line(cells.join("  ").trim_end());
        }
        if let Some(total) = route.total_seconds.filter(|_| !route.hops.is_empty()) {
            sheet.line(&format!("{} in all", span(total)));
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

/// Number, delay, who took it, from whom, how.
fn row(hop: &Hop) -> [String; 5] {
    let own = if hop.own { "*" } else { "" };
    let delay = hop.delay_seconds.map_or("?".to_owned(), span);
    let skew = if hop.clock_skew { " clock skew" } else { "" };
    let name = hop
        .name
        .as_deref()
        .or(hop.helo.as_deref())
        .filter(|name| !name.starts_with('[') && hop.ip.as_deref() != Some(*name));
    let from = match (name, &hop.ip) {
        (Some(name), Some(ip)) => format!("from {name} [{ip}]"),
        (Some(name), None) => format!("from {name}"),
        (None, Some(ip)) => format!("from [{ip}]"),
        (None, None) => String::new(),
    };
    let tls = hop.tls.as_ref().map(|tls| {
        let version = tls.version.as_ref().map(|version| format!("TLS {version}"));
        [version, tls.cipher.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let how = [hop.protocol.clone(), tls.filter(|tls| !tls.is_empty())];
    [
        format!("{}{own}", hop.hop),
        format!("{delay}{skew}"),
        hop.by.as_ref().map(|by| format!("by {by}")).unwrap_or_default(),
        from,
        how.into_iter().flatten().collect::<Vec<_>>().join(", "),
    ]
}
