//! Commands: from their text to what they ask for.
//!
//! The text is one whole command, literals in place, but for APPEND, whose message never is text:
//! there the head alone is read. Whether a command may come now is `verb`'s table.
//! RFC 9051 §6, §9; RFC 3501 §6; RFC 2971; RFC 4315; RFC 4959; RFC 6154; RFC 6851.

use super::date;
use super::fetch::{self, Item};
use super::flag::{Flags, SystemFlag};
use super::mailbox::FlagChange;
use super::name::{self, NameError};
use super::response::is_keyword;
use super::search::{self, Key, SearchError};
use super::set::SequenceSet;
use super::token::{Lexer, Syntax};
use super::verb::Verb;
use crate::sasl::Credentials;
use crate::secret::Secret;
use crate::wire::literal::{Announced, announced};
use crate::world::Timestamp;

/// Flags in one list.
const FLAGS_MAX: usize = 100;
/// What a keyword or an ID field may be long.
const WORD_MAX: usize = 200;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// A command that says it all with its name.
    Plain(Verb),
    /// AUTHENTICATE, with the mechanism's name and the answer that came along, still encoded.
    Authenticate(String, Option<Vec<u8>>),
    /// LOGIN
    Login(Credentials),
    /// SELECT, or EXAMINE: then nothing is to be changed.
    Select {
        /// Which mailbox.
        name: String,
        /// Whether it was EXAMINE.
        read_only: bool,
    },
    /// CREATE, DELETE, SUBSCRIBE, UNSUBSCRIBE: a verb and a name.
    Mailbox(Verb, String),
    /// RENAME
    Rename(String, String),
    /// LIST and LSUB
    List(Listing),
    /// STATUS
    Status(String, Vec<StatusItem>),
    /// FETCH, UID or not.
    Fetch(SequenceSet, Vec<Item>),
    /// STORE, UID or not.
    Store {
        /// Which messages.
        set: SequenceSet,
        /// What becomes of their flags.
        change: FlagChange,
        /// Whether the client wants to hear the outcome.
        silent: bool,
    },
    /// COPY or MOVE, UID or not: which messages, and where to.
    Transfer(SequenceSet, String),
    /// SEARCH, UID or not.
    Search(Key),
    /// UID EXPUNGE
    UidExpunge(SequenceSet),
}

/// What LIST or LSUB is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// LSUB, not LIST.
    pub subscribed: bool,
    /// Only mailboxes that are for something (RFC 6154 §3).
    pub special_use: bool,
    /// Reference and pattern put together, decoded; `None` to ask for the separator alone.
    pub pattern: Option<String>,
}

/// What STATUS tells (RFC 9051 §6.3.11, RFC 3501 §6.3.10, RFC 7889, RFC 8438).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusItem {
    /// `MESSAGES`
    Messages,
    /// `RECENT`
    Recent,
    /// `UIDNEXT`
    UidNext,
    /// `UIDVALIDITY`
    UidValidity,
    /// `UNSEEN`
    Unseen,
    /// `SIZE`
    Size,
    /// `APPENDLIMIT`
    AppendLimit,
}

/// What APPEND says before its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendHead {
    /// Where the message is to go.
    pub mailbox: String,
    /// With these flags.
    pub flags: Flags,
    /// INTERNALDATE, if it is not to be now.
    pub arrived: Option<Timestamp>,
    /// The literal that holds the message.
    pub message: Announced,
}

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not understood: BAD.
    Syntax(Syntax),
    /// Such a name is never a mailbox's: NO.
    Name(NameError),
    /// SEARCH in an unknown charset: NO.
    Charset,
}

impl From<Syntax> for Refusal {
    fn from(syntax: Syntax) -> Self {
        Self::Syntax(syntax)
    }
}

impl From<SearchError> for Refusal {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Syntax(syntax) => Self::Syntax(syntax),
            SearchError::Charset => Self::Charset,
        }
    }
}

impl StatusItem {
    /// The items and their names.
    pub const ALL: [(&'static str, Self); 7] = [
        ("MESSAGES", Self::Messages),
        ("RECENT", Self::Recent),
        ("UIDNEXT", Self::UidNext),
        ("UIDVALIDITY", Self::UidValidity),
        ("UNSEEN", Self::Unseen),
        ("SIZE", Self::Size),
        ("APPENDLIMIT", Self::AppendLimit),
    ];
}

/// The verb at the start of a command, its tag read before; `UID` and what follows count as one.
pub fn verb(lexer: &mut Lexer<'_>) -> Option<Verb> {
    let word = lexer.atom().ok()?;
    if word.eq_ignore_ascii_case("UID") {
        lexer.space().ok()?;
        return Verb::from_name(&format!("UID {}", lexer.atom().ok()?));
    }
    Verb::from_name(word)
}

/// The arguments of a command, to its end.
pub fn arguments(verb: Verb, lexer: &mut Lexer<'_>) -> Result<Command, Refusal> {
    use Verb::*;
    if !matches!(
        verb,
        Capability | Check | Close | Expunge | Idle | Logout | Namespace | Noop | StartTls | Unselect | Append
    ) {
        lexer.space()?;
    }
    let command = match verb {
        Authenticate => {
            let mechanism = lexer.atom()?.to_owned();
            let initial =
                if lexer.eat(b' ') { Some(lexer.run(|octet| octet.is_ascii_graphic()).to_vec()) } else { None };
            Command::Authenticate(mechanism, initial)
        }
        Login => {
            let user = text(lexer)?;
            lexer.space()?;
            Command::Login(Credentials::new(user, Secret::new(text(lexer)?)))
        }
        Select | Examine => Command::Select { name: mailbox(lexer)?, read_only: verb == Examine },
        Create | Delete | Subscribe | Unsubscribe => Command::Mailbox(verb, mailbox(lexer)?),
        Rename => {
            let from = mailbox(lexer)?;
            lexer.space()?;
            Command::Rename(from, mailbox(lexer)?)
        }
        List | Lsub => Command::List(listing(lexer, verb == Lsub)?),
        Status => {
            let name = mailbox(lexer)?;
            lexer.space()?;
            Command::Status(name, status_items(lexer)?)
        }
        Fetch | UidFetch => {
            let set = lexer.set()?;
            lexer.space()?;
            Command::Fetch(set, fetch::parse(lexer)?)
        }
        Store | UidStore => store(lexer)?,
        Copy | UidCopy | Move | UidMove => {
            let set = lexer.set()?;
            lexer.space()?;
            Command::Transfer(set, mailbox(lexer)?)
        }
        Search | UidSearch => Command::Search(search::parse(lexer)?),
        UidExpunge => Command::UidExpunge(lexer.set()?),
        Id => {
            id(lexer)?;
            Command::Plain(verb)
        }
        // Its head was read when its message began; without one it is incomplete.
        Append => return Err(Syntax("Missing message literal").into()),
        Capability | Check | Close | Expunge | Idle | Logout | Namespace | Noop | StartTls | Unselect => {
            Command::Plain(verb)
        }
    };
    lexer.end()?;
    Ok(command)
}

/// The head of APPEND, if the literal at the end of `lexer` is its message and not its mailbox's name.
pub fn append_head(lexer: &mut Lexer<'_>) -> Option<Result<AppendHead, Refusal>> {
    lexer.space().ok()?;
    let rest = lexer.rest();
    // The name may be the very literal that is announced here.
    if announced(rest.strip_suffix(b"\r\n")?).is_some() && rest.first() == Some(&b'{') && !has_more_lines(rest) {
        return None;
    }
    Some(append_arguments(lexer))
}

fn has_more_lines(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"\r\n").is_some_and(|end| end + 2 < text.len())
}

fn append_arguments(lexer: &mut Lexer<'_>) -> Result<AppendHead, Refusal> {
    // A bad name is refused with NO, but only once the rest is known to be well formed.
    let mailbox = name::parse(&lexer.astring()?);
    lexer.space()?;
    let mut flags = Flags::new();
    if lexer.peek() == Some(b'(') {
        flags = flag_list(lexer)?;
        lexer.space()?;
    }
    let mut arrived = None;
    if lexer.peek() == Some(b'"') {
        let text = lexer.string()?;
        let when = std::str::from_utf8(&text).ok().and_then(date::parse);
        arrived = Some(when.ok_or(Syntax("Malformed date-time"))?);
        lexer.space()?;
    }
    let literal = lexer.rest().strip_suffix(b"\r\n").filter(|line| line.first() == Some(&b'{'));
    let message = literal.and_then(announced).flatten().ok_or(Syntax("Missing message literal"))?;
    Ok(AppendHead { mailbox: mailbox.map_err(Refusal::Name)?, flags, arrived, message })
}

fn mailbox(lexer: &mut Lexer<'_>) -> Result<String, Refusal> {
    name::parse(&lexer.astring()?).map_err(Refusal::Name)
}

fn text(lexer: &mut Lexer<'_>) -> Result<String, Syntax> {
    String::from_utf8(lexer.astring()?.into_owned()).map_err(|_| Syntax("Text is not UTF-8"))
}

fn listing(lexer: &mut Lexer<'_>, subscribed: bool) -> Result<Listing, Refusal> {
    let mut special_use = false;
    // Of RFC 5258's options only those that RFC 6154 brings along.
    if !subscribed && lexer.peek() == Some(b'(') {
        special_use = option_list(lexer)?.iter().any(|word| word == "SPECIAL-USE");
        lexer.space()?;
    }
    let reference = name::decode(&lexer.astring()?).map_err(Refusal::Name)?;
    lexer.space()?;
    let pattern = name::decode(&lexer.list_mailbox()?).map_err(Refusal::Name)?;
    if !subscribed && lexer.eat(b' ') {
        if !lexer.atom()?.eq_ignore_ascii_case("RETURN") {
            return Err(Syntax("Unknown option").into());
        }
        lexer.space()?;
        option_list(lexer)?;
    }
    // RFC 9051 §6.3.9: an empty pattern asks for the separator.
    let pattern = if pattern.is_empty() { None } else { Some(name::with_inbox(reference + &pattern)) };
    Ok(Listing { subscribed, special_use, pattern })
}

/// `(SPECIAL-USE)`, `(CHILDREN)`, in capitals.
fn option_list(lexer: &mut Lexer<'_>) -> Result<Vec<String>, Syntax> {
    let mut words = Vec::new();
    lexer.expect(b'(', "Missing list of options")?;
    while !lexer.eat(b')') {
        if !words.is_empty() {
            lexer.space()?;
        }
        let word = lexer.atom()?.to_ascii_uppercase();
        if !matches!(word.as_str(), "SPECIAL-USE" | "CHILDREN") || words.len() > 10 {
            return Err(Syntax("Unknown option"));
        }
        words.push(word);
    }
    Ok(words)
}

fn status_items(lexer: &mut Lexer<'_>) -> Result<Vec<StatusItem>, Syntax> {
    lexer.expect(b'(', "Missing list of items")?;
    let mut items = Vec::new();
    loop {
        let word = lexer.atom()?;
        let item = StatusItem::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let item = item.ok_or(Syntax("Unknown STATUS item"))?.1;
        if !items.contains(&item) {
            items.push(item);
        }
        if lexer.eat(b')') {
            return Ok(items);
        }
        lexer.expect(b' ', "Missing closing parenthesis")?;
    }
}

fn store(lexer: &mut Lexer<'_>) -> Result<Command, Refusal> {
    let set = lexer.set()?;
    lexer.space()?;
    let sign = lexer.run(|octet| matches!(octet, b'+' | b'-'));
    let word = lexer.atom()?.to_ascii_uppercase();
    let silent = match word.as_str() {
        "FLAGS" => false,
        "FLAGS.SILENT" => true,
        _ => return Err(Syntax("Unknown STORE item").into()),
    };
    lexer.space()?;
    let flags = if lexer.peek() == Some(b'(') { flag_list(lexer)? } else { bare_flags(lexer)? };
    let change = match sign {
        b"" => FlagChange::Replace(flags),
        b"+" => FlagChange::Add(flags),
        b"-" => FlagChange::Remove(flags),
        _ => return Err(Syntax("Unknown STORE item").into()),
    };
    Ok(Command::Store { set, change, silent })
}

fn flag_list(lexer: &mut Lexer<'_>) -> Result<Flags, Syntax> {
    lexer.expect(b'(', "Missing list of flags")?;
    if lexer.eat(b')') {
        return Ok(Flags::new());
    }
    let flags = bare_flags(lexer)?;
    lexer.expect(b')', "Missing closing parenthesis")?;
    Ok(flags)
}

fn bare_flags(lexer: &mut Lexer<'_>) -> Result<Flags, Syntax> {
    let mut flags = Flags::new();
    for _ in 0..FLAGS_MAX {
        let is_system = lexer.eat(b'\\');
        let word = lexer.atom()?;
        if !is_system {
            if word.len() > WORD_MAX || !is_keyword(word) {
                return Err(Syntax("Malformed keyword"));
            }
            flags.set_keyword(word, true);
        } else if let Some(flag) = SystemFlag::ALL.into_iter().find(|flag| flag.name()[1..].eq_ignore_ascii_case(word))
        {
            flags.set(flag, true);
        } else if !word.eq_ignore_ascii_case("Recent") {
            // RFC 3501 §2.3.2: nobody can set \Recent; clients that copy flags send it, and mean no harm.
            return Err(Syntax("Unknown system flag"));
        }
        if !lexer.eat(b' ') {
            return Ok(flags);
        }
    }
    Err(Syntax("Too many flags"))
}

/// `NIL`, or pairs of strings (RFC 2971 §3.3). What the client calls itself is of no use here.
fn id(lexer: &mut Lexer<'_>) -> Result<(), Syntax> {
    if !lexer.eat(b'(') {
        return nil(lexer);
    }
    let mut strings = 0;
    while !lexer.eat(b')') {
        if strings > 0 {
            lexer.space()?;
        }
        if lexer.peek() == Some(b'"') || lexer.peek() == Some(b'{') {
            drop(lexer.string()?)
        } else {
            nil(lexer)?
        }
        strings += 1;
        // RFC 2971 §3.3: at most 30 pairs.
        if strings > 60 {
            return Err(Syntax("Too many fields"));
        }
    }
    Ok(())
}

fn nil(lexer: &mut Lexer<'_>) -> Result<(), Syntax> {
    if lexer.atom()?.eq_ignore_ascii_case("NIL") { Ok(()) } else { Err(Syntax("Missing string")) }
}

#[cfg(test)]
#[path = "command/tests.rs"]
mod tests;
