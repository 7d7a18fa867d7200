//! What clients say: verbs and arguments, read and printed.
//!
//! Says what is wrong, not how to respond. RFC 1939 §3, §5 to §7; RFC 2449 §5; RFC 2595 §4; RFC 5034 §4.

use crate::secret::Secret;
use std::fmt;
use zeroize::Zeroizing;

/// The verbs this server knows: all of RFC 1939 but APOP, whose proof rests on MD5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Who logs in.
    User,
    /// With which password.
    Pass,
    /// Log in by SASL.
    Auth,
    /// Encrypt from here on.
    Stls,
    /// What can be said?
    Capa,
    /// How much is there?
    Stat,
    /// How large are they?
    List,
    /// What are their unique ids?
    Uidl,
    /// Give me a message.
    Retr,
    /// Give me its beginning.
    Top,
    /// Mark it for removal.
    Dele,
    /// Remove all marks.
    Rset,
    /// Nothing.
    Noop,
    /// Good bye; what is marked is removed.
    Quit,
}

/// A message's place in the maildrop, from 1 (RFC 1939 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub u32);

/// One command.
pub enum Command {
    /// `USER name`
    User(String),
    /// `PASS string`
    Pass(Secret),
    /// `AUTH mechanism [initial-response]`, the response still in base64.
    Auth {
        /// As the client wrote it.
        mechanism: String,
        /// `=` stands for an empty one.
        initial: Option<Zeroizing<String>>,
    },
    /// `STLS`
    Stls,
    /// `CAPA`
    Capa,
    /// `STAT`
    Stat,
    /// `LIST [msg]`
    List(Option<Number>),
    /// `UIDL [msg]`
    Uidl(Option<Number>),
    /// `RETR msg`
    Retr(Number),
    /// `TOP msg n`
    Top(Number, u64),
    /// `DELE msg`
    Dele(Number),
    /// `RSET`
    Rset,
    /// `NOOP`
    Noop,
    /// `QUIT`
    Quit,
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// No verb of this server.
    UnknownVerb,
    /// A web browser, or somebody who lets one talk to us.
    Http,
    /// Octets that are neither ASCII nor UTF-8.
    NotText,
    /// The verb is known, what follows is not as it should be; how it should be.
    Arguments(&'static str),
}

const VERBS: [(&str, Verb); 14] = [
    ("USER", Verb::User),
    ("PASS", Verb::Pass),
    ("AUTH", Verb::Auth),
    ("STLS", Verb::Stls),
    ("CAPA", Verb::Capa),
    ("STAT", Verb::Stat),
    ("LIST", Verb::List),
    ("UIDL", Verb::Uidl),
    ("RETR", Verb::Retr),
    ("TOP", Verb::Top),
    ("DELE", Verb::Dele),
    ("RSET", Verb::Rset),
    ("NOOP", Verb::Noop),
    ("QUIT", Verb::Quit),
];

/// The methods of RFC 9110 §9 and RFC 5789.
const HTTP_METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

impl Verb {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        VERBS.into_iter().map(|(_, verb)| verb)
    }

    /// As the RFCs write it.
    pub fn name(self) -> &'static str {
        VERBS.iter().find(|(_, verb)| *verb == self).map_or("", |(name, _)| name)
    }

    /// Splits a line into its verb and what follows, to the last octet: it may be a password.
    pub fn split(line: &[u8]) -> Result<(Self, &str), Mistake> {
        let line = std::str::from_utf8(line).map_err(|_| Mistake::NotText)?;
        let (word, arguments) = line.split_once(' ').unwrap_or((line, ""));
        if HTTP_METHODS.iter().any(|method| method.eq_ignore_ascii_case(word)) {
            return Err(Mistake::Http);
        }
        let (_, verb) = VERBS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).ok_or(Mistake::UnknownVerb)?;
        Ok((*verb, arguments))
    }
}

impl Command {
    /// Reads what follows the verb.
    pub fn parse(verb: Verb, arguments: &str) -> Result<Self, Mistake> {
        let words = || arguments.split(' ').filter(|word| !word.is_empty());
        let bare = |command, form| {
            if words().next().is_none() { Ok(command) } else { Err(Mistake::Arguments(form)) }
        };
        let message = |form| one(words()).and_then(number).ok_or(Mistake::Arguments(form));
        let maybe_message = |form| match words().next() {
            None => Ok(None),
            Some(_) => message(form).map(Some),
        };
        match verb {
            Verb::User => {
                let name = arguments.trim_matches(' ');
                // User names reach logs and file names.
                let is_name = !name.is_empty() && !name.chars().any(char::is_control);
                if is_name { Ok(Self::User(name.to_owned())) } else { Err(Mistake::Arguments("Syntax: USER name")) }
            }
            // RFC 1939 §7: one argument, so blanks may be part of it.
            Verb::Pass if arguments.is_empty() => Err(Mistake::Arguments("Syntax: PASS password")),
            Verb::Pass => Ok(Self::Pass(Secret::new(arguments.to_owned()))),
            Verb::Auth => auth(words()).ok_or(Mistake::Arguments("Syntax: AUTH mechanism [initial-response]")),
            Verb::Stls => bare(Self::Stls, "Syntax: STLS"),
            Verb::Capa => bare(Self::Capa, "Syntax: CAPA"),
            Verb::Stat => bare(Self::Stat, "Syntax: STAT"),
            Verb::List => maybe_message("Syntax: LIST [number]").map(Self::List),
            Verb::Uidl => maybe_message("Syntax: UIDL [number]").map(Self::Uidl),
            Verb::Retr => message("Syntax: RETR number").map(Self::Retr),
            Verb::Top => top(words()).ok_or(Mistake::Arguments("Syntax: TOP number lines")),
            Verb::Dele => message("Syntax: DELE number").map(Self::Dele),
            Verb::Rset => bare(Self::Rset, "Syntax: RSET"),
            Verb::Noop => bare(Self::Noop, "Syntax: NOOP"),
            Verb::Quit => bare(Self::Quit, "Syntax: QUIT"),
        }
    }
}

fn one<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = words.next()?;
    words.next().is_none().then_some(word)
}

fn number(word: &str) -> Option<Number> {
    digits(word).and_then(|number| u32::try_from(number).ok()).map(Number)
}

fn digits(word: &str) -> Option<u64> {
    word.bytes().all(|octet| octet.is_ascii_digit()).then(|| word.parse().ok())?
}

fn top<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Command> {
    let message = words.next().and_then(number)?;
    one(words).and_then(digits).map(|lines| Command::Top(message, lines))
}

fn auth<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Command> {
    let mechanism = words.next()?.to_owned();
    let initial = words.next().map(|word| Zeroizing::new(word.to_owned()));
    words.next().is_none().then_some(Command::Auth { mechanism, initial })
}

/// For the wire: passwords and all.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |verb: Verb| verb.name();
        match self {
            Self::User(name) => write!(f, "USER {name}"),
            Self::Pass(password) => write!(f, "PASS {}", password.expose()),
            Self::Auth { mechanism, initial: None } => write!(f, "AUTH {mechanism}"),
            Self::Auth { mechanism, initial: Some(initial) } => write!(f, "AUTH {mechanism} {}", initial.as_str()),
            Self::List(Some(message)) => write!(f, "LIST {message}"),
            Self::Uidl(Some(message)) => write!(f, "UIDL {message}"),
            Self::Retr(message) => write!(f, "RETR {message}"),
            Self::Top(message, lines) => write!(f, "TOP {message} {lines}"),
            Self::Dele(message) => write!(f, "DELE {message}"),
            Self::Stls => f.write_str(bare(Verb::Stls)),
            Self::Capa => f.write_str(bare(Verb::Capa)),
            Self::Stat => f.write_str(bare(Verb::Stat)),
            Self::List(None) => f.write_str(bare(Verb::List)),
            Self::Uidl(None) => f.write_str(bare(Verb::Uidl)),
            Self::Rset => f.write_str(bare(Verb::Rset)),
            Self::Noop => f.write_str(bare(Verb::Noop)),
            Self::Quit => f.write_str(bare(Verb::Quit)),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Result<String, Mistake> {
        let (verb, arguments) = Verb::split(line.as_bytes())?;
        Command::parse(verb, arguments).map(|command| command.to_string())
    }

    #[test]
    fn commands_are_read() {
        for (line, wanted) in [
            ("user bob", "USER bob"),
            ("USER  bob@hamburger.example ", "USER bob@hamburger.example"),
            ("PASS secret", "PASS secret"),
            ("PASS  with blanks ", "PASS  with blanks "),
            ("AUTH PLAIN", "AUTH PLAIN"),
            ("auth plain AGJv", "AUTH plain AGJv"),
            ("CAPA", "CAPA"),
            ("stls ", "STLS"),
            ("STAT", "STAT"),
            ("LIST", "LIST"),
            ("LIST 1", "LIST 1"),
            ("UIDL 4294967295", "UIDL 4294967295"),
            ("RETR  7 ", "RETR 7"),
            ("RETR 0", "RETR 0"),
            ("TOP 1 99999999999", "TOP 1 99999999999"),
            ("DELE 2", "DELE 2"),
            ("QUIT", "QUIT"),
        ] {
            assert_eq!(read(line), Ok(wanted.to_owned()), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_says_why() {
        for (line, wanted) in [
            ("", Mistake::UnknownVerb),
            (" STAT", Mistake::UnknownVerb),
            ("APOP bob c4c9334bac560ecc979e58001b3e22fb", Mistake::UnknownVerb),
            ("GET / HTTP/1.1", Mistake::Http),
            ("USER", Mistake::Arguments("Syntax: USER name")),
            ("USER a\u{85}b", Mistake::Arguments("Syntax: USER name")),
            ("PASS", Mistake::Arguments("Syntax: PASS password")),
            ("PASS ", Mistake::Arguments("Syntax: PASS password")),
            ("AUTH", Mistake::Arguments("Syntax: AUTH mechanism [initial-response]")),
            ("AUTH PLAIN a b", Mistake::Arguments("Syntax: AUTH mechanism [initial-response]")),
            ("STAT 1", Mistake::Arguments("Syntax: STAT")),
            ("LIST 1 2", Mistake::Arguments("Syntax: LIST [number]")),
            ("LIST -1", Mistake::Arguments("Syntax: LIST [number]")),
            ("UIDL x", Mistake::Arguments("Syntax: UIDL [number]")),
            ("RETR", Mistake::Arguments("Syntax: RETR number")),
            ("RETR +1", Mistake::Arguments("Syntax: RETR number")),
            ("RETR 4294967296", Mistake::Arguments("Syntax: RETR number")),
            ("TOP 1", Mistake::Arguments("Syntax: TOP number lines")),
            ("TOP 1 2 3", Mistake::Arguments("Syntax: TOP number lines")),
            ("TOP 1 -1", Mistake::Arguments("Syntax: TOP number lines")),
            ("TOP 1 18446744073709551616", Mistake::Arguments("Syntax: TOP number lines")),
            ("DELE", Mistake::Arguments("Syntax: DELE number")),
            ("QUIT now", Mistake::Arguments("Syntax: QUIT")),
        ] {
            assert_eq!(read(line), Err(wanted), "{line}");
        }
        assert_eq!(Verb::split(b"NOOP \xff"), Err(Mistake::NotText));
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(
            name in "[a-z@é]{1,10}", password in "[ -~é]{1,20}", number: u32, lines: u64,
        ) {
            for command in [
                Command::User(name),
                Command::Pass(Secret::new(password)),
                Command::Top(Number(number), lines),
                Command::List(Some(Number(number))),
            ] {
                prop_assert_eq!(read(&command.to_string()), Ok(command.to_string()));
            }
        }

        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..60), verb in 0_usize..14) {
            if let Ok((verb, arguments)) = Verb::split(&line) {
                let _ = Command::parse(verb, arguments);
            }
            let _ = Command::parse(VERBS[verb].1, &String::from_utf8_lossy(&line));
        }
    }
}
