//! Which account is meant: never guessed, and the same for everybody who asks.
//!
//! The one that was named; else the one whose address the sender is; else the one that `[route]` says writes to these
//! recipients; else the default. Where two are meant equally, nobody is chosen: a message from the wrong account cannot
//! be taken back. Pure: names and addresses in, a name out. RFC 5233 §3 (`+detail`).

use super::pattern::Pattern;
use super::problem::nearest;
use super::profile::Account;
use crate::address::Address;
use crate::endpoint::masked;
use crate::error::{Error, Kind, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What is known when an account is chosen.
#[derive(Debug, Default, Clone, Copy)]
pub struct Asked<'a> {
    /// The name that the user gave.
    pub name: Option<&'a str>,
    /// From whom a message is.
    pub sender: Option<&'a Address>,
    /// To whom it goes.
    pub recipients: &'a [&'a Address],
}

/// Why an account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was named.
    Named,
    /// The sender's address is one of its own.
    Sender,
    /// `[route]` says so for the recipients.
    Route,
    /// It is the default, or the only one.
    Default,
}

impl Reason {
    /// One word, as in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Sender => "sender",
            Self::Route => "route",
            Self::Default => "default",
        }
    }

    /// The same for people, behind the account's name.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Named => "as it was named",
            Self::Sender => "whose address the sender is",
            Self::Route => "which [route] names for the recipients",
            Self::Default => "by default",
        }
    }
}

/// The name of the account that is meant, and why.
pub(super) fn choose<'a>(
    accounts: &[(&'a str, &'a Account)],
    route: &'a BTreeMap<Pattern, String>,
    asked: &Asked<'_>,
) -> Result<(&'a str, Reason)> {
    let names: Vec<&str> = accounts.iter().map(|(name, _)| *name).collect();
    if let Some(name) = asked.name {
        return Ok((known(name, &names)?, Reason::Named));
    }
    if let Some(sender) = asked.sender {
        let mine = accounts.iter().filter_map(|(name, account)| Some((belongs(sender, account)?, *name)));
        if let Some(name) = best(mine, || format!("{sender} belongs to more than one account"))? {
            return Ok((name, Reason::Sender));
        }
    }
    let mut routes = BTreeSet::new();
    for recipient in asked.recipients {
        let rules = route.iter().filter(|(pattern, _)| pattern.matches(recipient));
        let rules = rules.map(|(pattern, name)| (pattern.openness(), name.as_str()));
        routes.extend(best(rules, || format!("[route] names more than one account for {recipient}"))?);
    }
    match (routes.pop_first(), routes.is_empty()) {
        (Some(name), true) => Ok((known(name, &names)?, Reason::Route)),
        (Some(name), false) => {
            let all: Vec<&str> = [name].into_iter().chain(routes).collect();
            Err(several("[route] names different accounts for these recipients".into(), &all))
        }
        (None, _) => Ok((default(accounts, &names)?, Reason::Default)),
    }
}

/// How exactly an address is one of an account's: the less, the more.
fn belongs(address: &Address, account: &Account) -> Option<usize> {
    let email = account.email.as_ref();
    let is_same = |email: &Address, local_part: &str| {
        email.local_part().eq_ignore_ascii_case(local_part) && email.domain().to_ascii() == address.domain().to_ascii()
    };
    if email.is_some_and(|email| is_same(email, address.local_part())) {
        return Some(0);
    }
    let detail = address.local_part().split_once('+').map(|(local_part, _)| local_part);
    let by_detail = email.zip(detail).is_some_and(|(email, local_part)| is_same(email, local_part)).then_some(1);
    let aliases = account.aliases.iter().filter(|alias| alias.matches(address));
    by_detail.into_iter().chain(aliases.map(Pattern::openness)).min()
}

/// The one that leaves the least open, if it is one.
fn best<'a>(found: impl Iterator<Item = (usize, &'a str)>, why: impl Fn() -> String) -> Result<Option<&'a str>> {
    let found: Vec<_> = found.collect();
    let least = found.iter().map(|(openness, _)| *openness).min();
    let equal = found.iter().filter(|(openness, _)| Some(*openness) == least).map(|(_, name)| *name);
    let equal: BTreeSet<&str> = equal.collect();
    match equal.len() {
        0 | 1 => Ok(equal.into_iter().next()),
        _ => Err(several(why(), &equal.into_iter().collect::<Vec<_>>())),
    }
}

fn default<'a>(accounts: &[(&'a str, &'a Account)], names: &[&str]) -> Result<&'a str> {
    let mut defaults = accounts.iter().filter(|(_, account)| account.default || accounts.len() == 1);
    match (defaults.next(), defaults.next()) {
        (Some((name, _)), None) => Ok(name),
        (Some(_), Some(_)) => Err(several("more than one account says default = true".into(), names)),
        (None, _) if names.is_empty() => Err(problem("no account is configured".into())
            .hint("name the server by URL, or add [accounts.NAME] to the configuration")),
        (None, _) => {
            Err(problem("no account is the default".into()).hint(format!("choose one with -A: {}", names.join(", "))))
        }
    }
}

fn known<'a>(name: &str, names: &[&'a str]) -> Result<&'a str> {
    names.iter().find(|known| **known == name).copied().ok_or_else(|| {
        // A URL that went wrong is taken for a name.
        let error = problem(format!("there is no account {:?} in the configuration", masked(name)));
        match nearest(name, names.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None if names.is_empty() => error.hint("no account is configured"),
            None => error.hint(format!("there is {}", names.join(", "))),
        }
    })
}

fn several(why: String, names: &[&str]) -> Error {
    problem(why).hint(format!("choose one with -A: {}", names.join(", ")))
}

fn problem(what: String) -> Error {
    Error::new(Kind::Config, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: &str = "
        [home]
        email = 'al@home.example'
        [work]
        default = true
        email = 'Alice@crepes.example'
        aliases = ['sales@crepes.example', '*@bücher.example', 'post+*@shared.example']
        [shop]
        email = 'shop@crepes.example'
        aliases = ['sales@crepes.example', '*@crepes.example', 'post@shared.example']
        [shop-too]
        email = 'shop@crepes.example'";

    const ROUTE: &str = "
        '*@hamburger.example' = 'home'
        'bob@hamburger.example' = 'shop'
        '*@*.example' = 'work'
        '*@a.test' = 'home'
        'x*@a.test' = 'shop'
        'y@a.test' = 'nobody'
        '*b@c.test' = 'home'
        'a*@c.test' = 'shop'";

    #[test]
    fn the_most_exact_reason_wins_and_equal_ones_are_told() {
        let accounts: BTreeMap<String, Account> = toml::from_str(ACCOUNTS).expect("accounts");
        let route: BTreeMap<Pattern, String> = toml::from_str(ROUTE).expect("rules");
        let accounts: Vec<_> = accounts.iter().map(|(name, account)| (name.as_str(), account)).collect();
        for (name, sender, recipients, wanted) in [
            // The name that was given goes before everything.
            (Some("home"), "alice@crepes.example", &["bob@hamburger.example"][..], "home"),
            (Some("hoem"), "", &[], "there is no account \"hoem\" in the configuration (did you mean home?)"),
            // Then the sender: its own address, with a detail, by an alias, by a pattern.
            (None, "alice@crepes.example", &["bob@hamburger.example"], "work"),
            (None, "ALICE@Crepes.Example", &[], "work"),
            (None, "alice+lists@crepes.example", &[], "work"),
            (None, "anybody@bücher.example", &[], "work"),
            (None, "anybody@xn--bcher-kva.example", &[], "work"),
            (None, "anybody@crepes.example", &[], "shop"),
            (None, "post@shared.example", &[], "shop"),
            (None, "post+x@shared.example", &[], "work"),
            (None, "al+x+y@home.example", &[], "home"),
            (None, "sales@crepes.example", &[], "sales@crepes.example belongs to more than one account (shop, work)"),
            (None, "shop@crepes.example", &[], "shop@crepes.example belongs to more than one account (shop, shop-too)"),
            // Then the recipients.
            (None, "stranger@elsewhere.test", &["ann@hamburger.example"], "home"),
            (None, "", &["bob@hamburger.example"], "shop"),
            (None, "", &["BOB@hamburger.example"], "shop"),
            (None, "", &["carol@bakery.example", "dan@nowhere.test"], "work"),
            (None, "", &["x1@a.test"], "shop"),
            (None, "", &["y@a.test"], "there is no account \"nobody\" in the configuration (there is home,"),
            (None, "", &["ab@c.test"], "[route] names more than one account for ab@c.test (home, shop)"),
            (
                None,
                "",
                &["ann@hamburger.example", "bob@hamburger.example"],
                "[route] names different accounts for these recipients (home, shop)",
            ),
            // Then the default.
            (None, "", &["dan@nowhere.test"], "work"),
            (None, "", &[], "work"),
        ] {
            let sender = Address::parse(sender).ok();
            let recipients: Vec<Address> = recipients.iter().map(|text| Address::parse(text).expect(text)).collect();
            let recipients: Vec<&Address> = recipients.iter().collect();
            let asked = Asked { name, sender: sender.as_ref(), recipients: &recipients };
            let said = match choose(&accounts, &route, &asked) {
                Ok((name, _)) => name.to_owned(),
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Config);
                    let hint = error.advice().unwrap_or_default().trim_start_matches("choose one with -A: ");
                    format!("{error} ({hint})")
                }
            };
            assert!(said.starts_with(wanted), "{said}, not {wanted}");
        }
    }
}
