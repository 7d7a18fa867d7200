//! Accounts and providers of tokens with values that stand elsewhere: left out when the files are read, got at first use.
//!
//! Where such a value may stand and how it is got is in `indirect`; here is when. A command for one account runs no
//! program for another, and none twice.

use super::config::Config;
use super::indirect;
use super::oauth_config::OAuth;
use super::problem::Problem;
use super::profile::Account;
use super::tree::{self, Node, Table, Value};
use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Those with values that stand elsewhere, by name, and how they look with them.
#[derive(Default)]
pub(super) struct Waiting {
    accounts: Cells<Account>,
    oauth: Cells<OAuth>,
}

type Cells<T> = BTreeMap<String, OnceLock<T>>;

impl Waiting {
    /// Takes out of the sections what stands elsewhere.
    pub(super) fn take_out(root: &mut Table) -> Self {
        Self { accounts: cells(root, "accounts"), oauth: cells(root, "oauth") }
    }
}

fn cells<T>(root: &mut Table, section: &str) -> Cells<T> {
    let mut cells = Cells::new();
    if let Some((_, Node { value: Value::Table(tables), .. })) = root.get_mut(section) {
        for (name, (_, node)) in tables {
            let Value::Table(table) = &mut node.value else { continue };
            if !indirect::take_out(table).is_empty() {
                cells.insert(name.clone(), OnceLock::new());
            }
        }
    }
    cells
}

impl Config {
    /// The account with the values that stand elsewhere.
    pub(super) fn settled<'a>(&'a self, name: &str, account: &'a Account) -> Result<&'a Account> {
        self.got("accounts", name, account, &self.origin.waiting.accounts, "account")
    }

    /// `[oauth.NAME]` with the values that stand elsewhere, if there is such a section.
    pub fn token_provider(&self, name: &str) -> Result<Option<&OAuth>> {
        let known = self.oauth.get(name);
        known
            .map(|oauth| self.got("oauth", name, oauth, &self.origin.waiting.oauth, "the provider of tokens"))
            .transpose()
    }

    fn got<'a, T: DeserializeOwned>(
        &'a self,
        section: &str,
        name: &str,
        known: &'a T,
        waiting: &'a Cells<T>,
        what: &str,
    ) -> Result<&'a T> {
        let Some(cell) = waiting.get(name) else { return Ok(known) };
        if let Some(got) = cell.get() {
            return Ok(got);
        }
        let tables = self.origin.tree.get(section).and_then(|(_, node)| node.table());
        let Some((place, node)) = tables.and_then(|tables| tables.get(name)) else { return Ok(known) };
        let mut table = node.table().cloned().unwrap_or_default();
        indirect::put_in(&mut table, &self.hidden())
            .map_err(|error| error.hint(format!("it is wanted by {what} {name}")))?;
        let value = toml::de::ValueDeserializer::from(tree::to_toml(&table, place.clone()));
        let got = T::deserialize(value).map_err(|error| {
            let place = error.span().and_then(|span| self.origin.place(span.start));
            Error::from(Problem::explain(place, &error))
        })?;
        Ok(cell.get_or_init(|| got))
    }
}
