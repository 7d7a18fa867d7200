//! `parse --route`: the servers a message passed, in a table.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::Result;
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
    /// TLS; clocks that run backwards are pointed out. Exit code 1 if none is told
    #[arg(long, group = "wish")]
    route: bool,

    /// With --route, a server of one's own, by the name it writes or by the domain it stands in: what it wrote is true,
    /// and is marked *; all below is what strangers say. Can be given several times
    #[arg(long, value_name = "HOST", requires = "route")]
    own: Vec<String>,
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
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.route.then_some(self as &dyn Action)
    }
}

impl Action for Route {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let route = route::Route::read(&letter.message, &self.own);
        if route.hops.is_empty() {
            sheet.found_nothing();
        }
        if route.truncated {
            sheet.warn("the message passed more servers than are told".to_owned());
        }
        if sheet.is_json() {
            return sheet.value(&Object { schema: "mailkit.route/1", source: Origin::of(letter.source), route });
        }
        let rows: Vec<[String; 5]> = route.hops.iter().map(row).collect();
        let widths: Vec<usize> = (0..5)
            .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).min(WIDTH_MAX))
            .collect();
        for row in &rows {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
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
    let name = hop.name.as_deref().or(hop.helo.as_deref()).filter(|name| !name.starts_with('['));
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
