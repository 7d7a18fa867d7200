//! Aliases: whom the local names of a machine stand for, `root: alice@crepes.example, al`.
//!
//! The common part of what sendmail, Postfix, dma and msmtp read, so that `/etc/aliases` can be used as it is. A name may
//! lead to other names; one that leads to itself stays who it is, as those programs have it, and a circle of several is
//! an error, since nobody would get the message. What would run a program or write a file is never followed. Pure:
//! text in, addresses out. RFC 5321 §3.9.1.

use crate::address::{Address, Domain};
use crate::message::address_list;
use std::collections::{BTreeMap, BTreeSet};

/// Whom a name may stand for in the end; no server takes more at once.
const ADDRESSES_MAX: usize = 50_000;
/// Names on the way from one to an address.
const DEPTH_MAX: usize = 100;
/// The name whose line is for all that have none.
const DEFAULT: &str = "default";

/// What an aliases file says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Aliases(BTreeMap<String, Vec<Target>>);

/// Whom a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Address(Address),
    Local(String),
    /// A program, a file or a list in a file, as it is written.
    Unfollowed(String),
}

/// Why a name leads nowhere, or a file is none; the sentence is for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// A line that is none of an aliases file.
    #[error("line {0}: {1}")]
    Line(usize, &'static str),
    /// Names that stand for each other only.
    #[error("the aliases go in a circle: {0}")]
    Circle(String),
    /// Something that is not done here.
    #[error("{0} stands for {1}, and messages are sent to addresses only")]
    Unfollowed(String, String),
    /// More than anybody means.
    #[error("{0} stands for more than {ADDRESSES_MAX} addresses")]
    TooMany(String),
    /// A way longer than anybody makes.
    #[error("the way from {0} leads over more than {DEPTH_MAX} other names")]
    TooDeep(String),
    /// A name that no address can begin with.
    #[error("{0} cannot stand before an @")]
    Name(String),
}

impl Aliases {
    /// Reads the file's text. A line that begins with a blank continues the one before it; what follows `#` at the
    /// beginning of a line or behind a blank is a comment. Of two lines for a name the last one holds.
    pub fn parse(text: &str) -> Result<Self, AliasError> {
        // The mark that some editors put first.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines: Vec<(usize, String)> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let is_more = line.starts_with([' ', '\t']);
            let line = without_comment(line).trim();
            if line.is_empty() {
                continue;
            }
            match lines.last_mut().filter(|_| is_more) {
                Some((_, before)) => before.extend([" ", line]),
                None => lines.push((number, line.to_owned())),
            }
        }
        let one = |(number, line): (usize, String)| {
            let wrong = |why| AliasError::Line(number, why);
            let (name, targets) = split(&line).ok_or(wrong("expected NAME: ADDRESS, ADDRESS"))?;
            if name.is_empty() || name.contains('@') || name.chars().any(char::is_control) {
                return Err(wrong("an alias is a name without a domain"));
            }
            let targets = targets_of(targets).map_err(wrong)?;
            Ok((name.to_lowercase(), targets))
        };
        lines.into_iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Whom a local name stands for, each once; a name without alias has this domain behind it.
    pub fn expand(&self, name: &str, domain: &Domain) -> Result<Vec<Address>, AliasError> {
        let mut walk = Walk { aliases: self, domain, path: Vec::new(), done: BTreeSet::new(), found: Vec::new() };
        walk.name(name)?;
        let mut seen = BTreeSet::new();
        walk.found.retain(|address| seen.insert(address.clone()));
        Ok(walk.found)
    }
}

/// A name on the way to its addresses.
struct Walk<'a> {
    aliases: &'a Aliases,
    domain: &'a Domain,
    /// The names that led here.
    path: Vec<String>,
    /// Names that need not be looked at again.
    done: BTreeSet<String>,
    found: Vec<Address>,
}

impl Walk<'_> {
    fn name(&mut self, name: &str) -> Result<(), AliasError> {
        let (aliases, own) = (self.aliases, name.to_lowercase());
        // What the line for all others names is not looked for there once more.
        let is_general = self.path.iter().any(|known| known == DEFAULT);
        let keys = [Some(own.as_str()), (!is_general).then_some(DEFAULT)];
        let known = keys.into_iter().flatten().find_map(|key| aliases.0.get_key_value(key));
        let Some((key, targets)) = known.filter(|(key, _)| self.path.last() != Some(key)) else {
            return self.found(Address::new(name, self.domain.clone()).map_err(|_| AliasError::Name(name.to_owned()))?);
        };
        if let Some(at) = self.path.iter().position(|known| known == key) {
            let circle: Vec<&str> = self.path.iter().skip(at).chain([key]).map(String::as_str).collect();
            return Err(AliasError::Circle(circle.join(" > ")));
        }
        if !self.done.insert(key.clone()) {
            return Ok(());
        }
        if self.path.len() >= DEPTH_MAX {
            return Err(AliasError::TooDeep(self.path.first().cloned().unwrap_or_default()));
        }
        self.path.push(key.clone());
        for target in targets {
            match target {
                Target::Address(address) => self.found(address.clone())?,
                Target::Local(name) => self.name(name)?,
                Target::Unfollowed(text) => return Err(AliasError::Unfollowed(key.clone(), text.clone())),
            }
        }
        self.path.pop();
        Ok(())
    }

    fn found(&mut self, address: Address) -> Result<(), AliasError> {
        if self.found.len() >= ADDRESSES_MAX {
            return Err(AliasError::TooMany(self.path.first().cloned().unwrap_or_default()));
        }
        self.found.push(address);
        Ok(())
    }
}

/// A line up to its comment. In quotes nothing begins one.
fn without_comment(line: &str) -> &str {
    let (mut before, mut in_quotes) = (' ', false);
    for (at, c) in line.char_indices() {
        match c {
            '"' if before != '\\' => in_quotes = !in_quotes,
            '#' if !in_quotes && before.is_whitespace() => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}

/// A name, which may stand in quotes, and what stands behind its colon.
fn split(line: &str) -> Option<(&str, &str)> {
    match line.strip_prefix('"') {
        Some(rest) => {
            let (name, rest) = rest.split_once('"')?;
            Some((name, rest.trim_start().strip_prefix(':')?))
        }
        None => line.split_once(':').map(|(name, rest)| (name.trim_end(), rest)),
    }
}

fn targets_of(text: &str) -> Result<Vec<Target>, &'static str> {
    // Not for the reader of address lists: with their colons and bars these look like something else to it.
    let begins = |text: &str, with: &[char]| text.trim_start().trim_start_matches('"').starts_with(with);
    if begins(text, &['|']) || text.split(',').any(|one| begins(one, &[':'])) {
        return Ok(vec![Target::Unfollowed(text.trim().to_owned())]);
    }
    let entries = address_list::parse(text.as_bytes());
    if address_list::is_cut(&entries) {
        return Err("there are too many addresses");
    }
    let one = |mailbox: &address_list::NameAddr| match mailbox.address() {
        Ok(address) => Some(Target::Address(address)),
        Err(_) if begins(&mailbox.local_part, &['|', '/', '\\']) => Some(Target::Unfollowed(mailbox.spec())),
        Err(_) => mailbox.local_name().map(|name| Target::Local(name.to_owned())),
    };
    let targets: Option<Vec<Target>> = address_list::mailboxes(&entries).map(one).collect();
    targets.filter(|targets| !targets.is_empty()).ok_or("there is something that is no address")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expanded(aliases: &str, name: &str) -> String {
        let aliases = Aliases::parse(aliases).expect(aliases);
        match aliases.expand(name, &Domain::parse("h.example").expect("a domain")) {
            Ok(found) => found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    const FILE: &str = "# whom mail to this machine is for
root: alice@crepes.example,
  bob@hamburger.example   # both of them
Postmaster: root
www-data:root, postmaster
\"night shift\": Carol <carol@x.example>
staff: root, self
self: self, log@x.example
a: b
b: c, dave@x.example
c: a
prog: |/usr/bin/procmail
quoted: \"|prog arg\", x@y.example
file: /var/mail/archive
list: :include:/etc/list
mixed: x@y.example, :include:/etc/list

hash#tag: h@x.example
root: alice@crepes.example, bob@hamburger.example, alice@crepes.example
";

    #[test]
    fn a_name_stands_for_all_that_its_line_says() {
        for (name, wanted) in [
            ("root", "alice@crepes.example bob@hamburger.example"),
            ("ROOT", "alice@crepes.example bob@hamburger.example"),
            ("postmaster", "alice@crepes.example bob@hamburger.example"),
            ("www-data", "alice@crepes.example bob@hamburger.example"),
            ("night shift", "carol@x.example"),
            ("hash#tag", "h@x.example"),
            ("nobody", "nobody@h.example"),
            ("No Body", "\"No Body\"@h.example"),
            ("self", "self@h.example log@x.example"),
            ("staff", "alice@crepes.example bob@hamburger.example self@h.example log@x.example"),
            ("a", "the aliases go in a circle: a > b > c > a"),
            ("prog", "prog stands for |/usr/bin/procmail, and messages are sent to addresses only"),
            ("quoted", "quoted stands for \"|prog arg\", x@y.example, and messages are sent to addresses only"),
            ("file", "file stands for /var/mail/archive, and messages are sent to addresses only"),
            ("list", "list stands for :include:/etc/list, and messages are sent to addresses only"),
            ("mixed", "mixed stands for x@y.example, :include:/etc/list, and messages are sent to addresses only"),
        ] {
            assert_eq!(expanded(FILE, name), wanted, "{name}");
        }
    }

    #[test]
    fn who_has_no_line_of_their_own_has_the_general_one() {
        let file = "root: al\ndefault: admin@x.example, ops\n";
        for (name, wanted) in [
            ("nobody", "admin@x.example ops@h.example"),
            ("root", "admin@x.example ops@h.example"),
            ("ops", "admin@x.example ops@h.example"),
            ("default", "admin@x.example ops@h.example"),
        ] {
            assert_eq!(expanded(file, name), wanted, "{name}");
        }
        assert_eq!(expanded("default: root\nroot: nobody", "x"), "nobody@h.example");
        assert_eq!(expanded("default: default", "x"), "default@h.example");
    }

    #[test]
    fn what_is_no_aliases_file_is_told_with_its_line() {
        for (text, wanted) in [
            ("root", "line 1: expected NAME: ADDRESS, ADDRESS"),
            ("\n# x\nroot:\n", "line 3: there is something that is no address"),
            ("root: a b", "line 1: there is something that is no address"),
            ("root@x: a", "line 1: an alias is a name without a domain"),
            (": a", "line 1: an alias is a name without a domain"),
            ("\"root: a", "line 1: expected NAME: ADDRESS, ADDRESS"),
            ("root: a@-x", "line 1: there is something that is no address"),
            ("root: a@", "line 1: there is something that is no address"),
            (&format!("root: {}b@x", "a@x,".repeat(address_list::ENTRIES_MAX)), "line 1: there are too many addresses"),
        ] {
            assert_eq!(Aliases::parse(text).expect_err(text).to_string(), wanted);
        }
        assert_eq!(Aliases::parse("  # only a comment\n"), Ok(Aliases::default()));
        assert_eq!(Aliases::parse("\u{feff}root: a@x"), Aliases::parse("root: a@x"));
    }

    #[test]
    fn names_that_lead_to_each_other_manifold_cost_no_more_than_their_lines() {
        let file = |lines: usize| -> String {
            (0..lines).map(|n| format!("n{n}: n{0}, n{0}, x{n}@x.example\n", n + 1)).collect()
        };
        assert_eq!(expanded(&file(90), "n0").split(' ').count(), 91);
        assert_eq!(expanded(&file(100_000), "n0"), "the way from n0 leads over more than 100 other names");
    }

    proptest! {
        #[test]
        fn every_file_comes_to_an_end(lines in proptest::collection::vec("[abc]{1}: ([abcd]|x@y)(, ?([abcd]|x@y)){0,3}", 0..6)) {
            for name in ["a", "b", "c", "d"] {
                expanded(&lines.join("\n"), name);
            }
        }
    }
}
