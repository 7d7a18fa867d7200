//! Whom the arguments name, and whom that means: addresses as they are, local names by domain and aliases.
//!
//! Arguments are read before an account is chosen, since they say which one; only then is it known what a name
//! without a domain stands for. The header section shows it with its domain, the envelope goes to whom it is an alias of
//! (RFC 5321 §3.9.1). The rest of the message is `compose`'s.

use super::super::input;
use super::content::ContentArgs;
use mailkit::account::{Account, Aliases};
use mailkit::address::{Address, AddressError, Domain};
use mailkit::envelope::{ForwardPath, ReversePath};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::address_list;
use mailkit::message::build::Correspondent;
use mailkit::message::header::Whom;
use mailkit::world::Content;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Those whom the arguments name, as they name them.
pub(super) struct Named(People<Person>);

/// People of the arguments, each as a `P`.
pub(super) struct People<P = Correspondent> {
    pub(super) from: Option<P>,
    pub(super) to: Vec<P>,
    pub(super) cc: Vec<P>,
    pub(super) bcc: Vec<P>,
    pub(super) reply_to: Vec<P>,
    /// Where bounces go, if somewhere else.
    bounces: Bounces<P>,
    /// What names without a domain stand for.
    names: LocalNames,
    /// Those of to, cc and bcc, as they were given.
    recipients: Vec<Whom>,
    /// The complete message, if it was read to see from whom it is.
    pub(super) message: Option<Arc<dyn Content>>,
}

/// What was said about bounces.
enum Bounces<P> {
    Unsaid,
    Nowhere,
    To(P),
}

/// One of them.
#[derive(Debug, Clone)]
struct Person {
    name: Option<String>,
    whom: Whom,
    /// The option and its text, for whoever has to mend it.
    said: String,
}

/// What names without a domain stand for.
#[derive(Debug, Default)]
pub(super) struct LocalNames {
    domain: Option<Domain>,
    file: Option<PathBuf>,
    /// What the file says, once a name had to be looked up.
    aliases: OnceCell<Aliases>,
}

/// Who gets a message.
pub(super) struct Recipients {
    /// The envelope's.
    pub(super) paths: Vec<ForwardPath>,
    /// Those among them who were named otherwise, and how, completed.
    pub(super) originals: HashMap<ForwardPath, Address>,
}

impl Named {
    /// Reads the addresses among the arguments, so that a wrong one is told before anybody has typed a message.
    pub(super) fn new(args: &ContentArgs) -> Result<Self> {
        let mut to = many("recipient", &listed(&args.recipients)?)?;
        to.extend(many("--to", &listed(&args.to)?)?);
        let mut people = People {
            from: args.from.as_deref().map(|text| one("--from", text)).transpose()?,
            to,
            cc: many("--cc", &listed(&args.cc)?)?,
            bcc: many("--bcc", &listed(&args.bcc)?)?,
            reply_to: many("--reply-to", &args.reply_to)?,
            bounces: match args.envelope_from.as_deref() {
                None => Bounces::Unsaid,
                Some("<>" | "") => Bounces::Nowhere,
                Some(text) => Bounces::To(one("--envelope-from", text)?),
            },
            names: LocalNames::default(),
            recipients: Vec::new(),
            message: None,
        };
        let all = people.to.iter().chain(&people.cc).chain(&people.bcc);
        people.recipients = all.map(|person| person.whom.clone()).collect();
        if args.undisclosed {
            let named = std::mem::take(&mut people.to);
            people.bcc.splice(0..0, named);
        }
        if people.recipients.is_empty() && !args.read_recipients {
            return Err(nobody());
        }
        Ok(Self(people))
    }

    /// From whom it is, as far as the arguments tell.
    pub(super) fn sender(&self) -> Option<&Address> {
        let bounces = match &self.0.bounces {
            Bounces::To(person) => person.address(),
            _ => None,
        };
        self.0.from.as_ref().and_then(Person::address).or(bounces)
    }

    /// Those who are named by an address.
    pub(super) fn recipients(&self) -> impl Iterator<Item = &Address> {
        self.0.recipients.iter().filter_map(address)
    }

    /// Keeps a message that was read already.
    pub(super) fn with(mut self, message: Option<Arc<dyn Content>>) -> Self {
        self.0.message = message;
        self
    }

    /// The same, now that it is known what a name without a domain is.
    pub(super) fn complete(self, names: LocalNames) -> Result<People> {
        let complete = |person: Person| person.complete(&names);
        let all = |people: Vec<Person>| people.into_iter().map(complete).collect::<Result<Vec<_>>>();
        let People { from, to, cc, bcc, reply_to, bounces, recipients, message, .. } = self.0;
        Ok(People {
            from: from.map(complete).transpose()?,
            to: all(to)?,
            cc: all(cc)?,
            bcc: all(bcc)?,
            reply_to: all(reply_to)?,
            bounces: match bounces {
                Bounces::Unsaid => Bounces::Unsaid,
                Bounces::Nowhere => Bounces::Nowhere,
                Bounces::To(person) => Bounces::To(complete(person)?),
            },
            names,
            recipients,
            message,
        })
    }
}

impl People {
    /// What stands behind names without a domain.
    pub(super) fn domain(&self) -> Option<&Domain> {
        self.names.domain.as_ref()
    }

    /// Whom the envelope names: those of the arguments, then those of the message, each once.
    pub(super) fn envelope(&self, named: &[Whom]) -> Result<Recipients> {
        let mut seen = HashSet::new();
        let mut found = Recipients { paths: Vec::new(), originals: HashMap::new() };
        for whom in self.recipients.iter().chain(named) {
            let (addresses, original) = match whom {
                Whom::Address(address) => (vec![address.clone()], None),
                Whom::Local(name) => (self.names.expand(name)?, Some(self.names.complete(name)?)),
            };
            for address in addresses.into_iter().filter(|address| seen.insert(address.clone())) {
                let path = ForwardPath::Mailbox(address.clone());
                found.originals.extend(original.clone().filter(|old| *old != address).map(|old| (path.clone(), old)));
                found.paths.push(path);
            }
        }
        if found.paths.is_empty() { Err(nobody()) } else { Ok(found) }
    }

    /// Where bounces go: as told, else to whoever the message is from.
    pub(super) fn reverse_path(self, written: Option<Address>, sender: Option<Correspondent>) -> Result<ReversePath> {
        let from = self.from.map(|person| person.address);
        match self.bounces {
            Bounces::Nowhere => Ok(ReversePath::Null),
            Bounces::To(person) => Ok(ReversePath::Mailbox(person.address)),
            Bounces::Unsaid => {
                let address = from.or(written).or(sender.map(|person| person.address));
                address.map(ReversePath::Mailbox).ok_or_else(|| {
                    Error::new(Kind::Usage, "nobody to send bounces to").hint("name an address with -r, or -r '<>'")
                })
            }
        }
    }
}

impl LocalNames {
    /// What the arguments say, else the account.
    pub(super) fn new(args: &ContentArgs, account: Option<&Account>) -> Self {
        let domain = args.qualify.clone().or_else(|| account.and_then(|account| account.qualify.clone()));
        let file = args.alias_file.clone().or_else(|| account.and_then(|account| account.alias_file.clone()));
        Self { domain, file, aliases: OnceCell::new() }
    }

    /// A name with its domain.
    fn complete(&self, name: &str) -> Result<Address> {
        let unusable = || {
            Error::new(Kind::Data, format!("the message names a recipient that is no address: {name}")).hint(
                "an address is name@domain, a name with blanks needs quotes; --qualify DOMAIN, or qualify in the \
                 account, completes the names of this machine",
            )
        };
        let domain = self.domain.clone().ok_or_else(unusable)?;
        Address::new(name, domain).map_err(|_| unusable())
    }

    /// Whom a name stands for.
    fn expand(&self, name: &str) -> Result<Vec<Address>> {
        let (Some(path), Some(domain)) = (&self.file, &self.domain) else {
            return self.complete(name).map(|address| vec![address]);
        };
        let wrong = |error| Error::new(Kind::Config, format!("{}: {error}", path.display())).hint("nothing was sent");
        let aliases = match self.aliases.get() {
            Some(aliases) => aliases,
            None => {
                let read = Aliases::parse(&input::text(path)?).map_err(wrong)?;
                self.aliases.get_or_init(|| read)
            }
        };
        aliases.expand(name, domain).map_err(wrong)
    }
}

impl Person {
    fn address(&self) -> Option<&Address> {
        address(&self.whom)
    }

    fn complete(self, names: &LocalNames) -> Result<Correspondent> {
        let address = match self.whom {
            Whom::Address(address) => Ok(address),
            Whom::Local(name) => match &names.domain {
                Some(domain) => Address::new(&name, domain.clone()),
                None => Err(AddressError::NoAt),
            },
        };
        let address = address.map_err(|error| no_address(&self.said, &error))?;
        Ok(Correspondent { name: self.name, address })
    }
}

fn address(whom: &Whom) -> Option<&Address> {
    match whom {
        Whom::Address(address) => Some(address),
        Whom::Local(_) => None,
    }
}

fn nobody() -> Error {
    Error::new(Kind::Usage, "nobody to send to")
        .hint("give recipients as arguments, or -t to take them from the message")
}

fn no_address(said: &str, why: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::Usage, format!("{said}: {why}")).hint("write name@domain or 'Name <name@domain>'")
}

fn one(what: &str, text: &str) -> Result<Person> {
    let mut people = many(what, std::slice::from_ref(&text.to_owned()))?;
    match (people.pop(), people.is_empty()) {
        (Some(person), true) => Ok(person),
        _ => Err(Error::new(Kind::Usage, format!("{what} {text}: expected one address"))),
    }
}

/// Reads address lists as header fields have them: `Bob <bob@x.example>, carol@y.example`.
fn many(what: &str, texts: &[String]) -> Result<Vec<Person>> {
    let mut people = Vec::new();
    for text in texts {
        let said = format!("{what} {text}");
        if text.chars().any(char::is_control) {
            return Err(no_address(&said, &"control characters are not allowed"));
        }
        let entries = address_list::parse(text.as_bytes());
        if address_list::is_cut(&entries) {
            return Err(Error::new(Kind::Usage, format!("{what}: too many addresses in one line")));
        }
        let before = people.len();
        for mailbox in address_list::mailboxes(&entries) {
            let whom = match (mailbox.address(), mailbox.local_name()) {
                (Ok(address), _) => Whom::Address(address),
                (Err(AddressError::NoAt), Some(name)) => Whom::Local(name.to_owned()),
                (Err(error), _) => return Err(no_address(&said, &error)),
            };
            people.push(Person { name: mailbox.display_name(), whom, said: said.clone() });
        }
        if people.len() == before {
            return Err(no_address(&said, &"there is no address"));
        }
    }
    Ok(people)
}

/// Texts, with those in the place of each `@FILE`: one to a line, but for empty lines and those that begin with `#`.
fn listed(texts: &[String]) -> Result<Vec<String>> {
    let mut list = Vec::new();
    for text in texts {
        match text.strip_prefix('@') {
            None => list.push(text.clone()),
            Some(path) => {
                let lines = input::text(Path::new(path))?;
                let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                list.extend(lines.map(str::to_owned));
            }
        }
    }
    Ok(list)
}
