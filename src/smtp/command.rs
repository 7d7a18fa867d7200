//! What clients say: verbs, paths and parameters, read and printed.
//!
//! Tolerant where people are: letters of any case, a space behind the colon of `MAIL FROM:`, blanks at
//! the end of a line. Strict elsewhere, since two readers who guess differently are how mail goes astray.
//! Says what is wrong, not what to reply. RFC 5321 §4.1.1, §4.1.2; RFC 1870; RFC 4954; RFC 6152; RFC 6531.

use crate::address::AddressError;
use crate::envelope::{BodyType, ForwardPath, ReversePath};
use std::fmt;

/// The verbs this server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Hello, with extensions wanted.
    Ehlo,
    /// Hello, as in 1982.
    Helo,
    /// A transaction begins.
    Mail,
    /// One more recipient.
    Rcpt,
    /// The message comes.
    Data,
    /// Forget the transaction.
    Rset,
    /// Nothing.
    Noop,
    /// Does this mailbox exist?
    Vrfy,
    /// Who is on this list?
    Expn,
    /// What can be said?
    Help,
    /// Good bye.
    Quit,
    /// Log in.
    Auth,
    /// Encrypt from here on.
    StartTls,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `EHLO name`
    Ehlo(String),
    /// `HELO name`
    Helo(String),
    /// `MAIL FROM:<reverse-path> parameters`
    Mail(ReversePath, MailParameters),
    /// `RCPT TO:<forward-path>`
    Rcpt(ForwardPath),
    /// `DATA`
    Data,
    /// `RSET`
    Rset,
    /// `NOOP`, its argument ignored (RFC 5321 §4.1.1.9).
    Noop,
    /// `VRFY name`
    Vrfy(String),
    /// `EXPN list`
    Expn(String),
    /// `HELP`, its argument ignored.
    Help,
    /// `QUIT`
    Quit,
    /// `AUTH mechanism [initial-response]`, the response still in base64.
    Auth {
        /// As the client wrote it.
        mechanism: String,
        /// `=` stands for an empty one.
        initial: Option<String>,
    },
    /// `STARTTLS`
    StartTls,
}

/// What MAIL may say beside the reverse-path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailParameters {
    /// `SIZE=`: an estimate in octets (RFC 1870 §6).
    pub size: Option<u64>,
    /// `BODY=` (RFC 6152 §3)
    pub body: Option<BodyType>,
    /// `SMTPUTF8` (RFC 6531 §3.4)
    pub smtputf8: bool,
}

impl MailParameters {
    /// Whether there are none, as in a conversation that began with HELO.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// No verb of this server.
    UnknownVerb,
    /// A web browser, or somebody who lets one talk to us (the ALPACA attack).
    Http,
    /// Octets that are neither ASCII nor UTF-8.
    NotText,
    /// The verb is known, what follows is not as it should be; how it should be.
    Arguments(&'static str),
    /// The reverse-path.
    Sender(AddressError),
    /// The forward-path.
    Recipient(AddressError),
    /// A parameter that nobody offered.
    UnknownParameter,
    /// A parameter whose value makes no sense, or that comes twice.
    BadParameter,
}

const VERBS: [(&str, Verb); 13] = [
    ("EHLO", Verb::Ehlo),
    ("HELO", Verb::Helo),
    ("MAIL", Verb::Mail),
    ("RCPT", Verb::Rcpt),
    ("DATA", Verb::Data),
    ("RSET", Verb::Rset),
    ("NOOP", Verb::Noop),
    ("VRFY", Verb::Vrfy),
    ("EXPN", Verb::Expn),
    ("HELP", Verb::Help),
    ("QUIT", Verb::Quit),
    ("AUTH", Verb::Auth),
    ("STARTTLS", Verb::StartTls),
];

/// The methods of RFC 9110 §9 and RFC 5789.
const HTTP_METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

const MAIL_FORM: &str = "Syntax: MAIL FROM:<address>";
const RCPT_FORM: &str = "Syntax: RCPT TO:<address>";

impl Verb {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        VERBS.into_iter().map(|(_, verb)| verb)
    }

    /// As the RFCs write it.
    pub fn name(self) -> &'static str {
        VERBS.iter().find(|(_, verb)| *verb == self).map_or("", |(name, _)| name)
    }

    /// Splits a line into its verb and what follows. Whether the verb may be used now is asked before the rest is read.
    pub fn split(line: &[u8]) -> Result<(Self, &str), Mistake> {
        let line = std::str::from_utf8(line).map_err(|_| Mistake::NotText)?.trim_end_matches([' ', '\t']);
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
        let bare = |command, form| if arguments.is_empty() { Ok(command) } else { Err(Mistake::Arguments(form)) };
        match verb {
            Verb::Ehlo => host_name(arguments).map(Self::Ehlo).ok_or(Mistake::Arguments("Syntax: EHLO hostname")),
            Verb::Helo => host_name(arguments).map(Self::Helo).ok_or(Mistake::Arguments("Syntax: HELO hostname")),
            Verb::Mail => {
                let (path, parameters) = path_argument(arguments, "FROM:").ok_or(Mistake::Arguments(MAIL_FORM))?;
                let path = ReversePath::parse(path).map_err(Mistake::Sender)?;
                Ok(Self::Mail(path, mail_parameters(parameters)?))
            }
            Verb::Rcpt => {
                let (path, parameters) = path_argument(arguments, "TO:").ok_or(Mistake::Arguments(RCPT_FORM))?;
                let path = ForwardPath::parse(path).map_err(Mistake::Recipient)?;
                if parameters.trim().is_empty() { Ok(Self::Rcpt(path)) } else { Err(Mistake::UnknownParameter) }
            }
            Verb::Data => bare(Self::Data, "Syntax: DATA"),
            Verb::Rset => bare(Self::Rset, "Syntax: RSET"),
            Verb::Quit => bare(Self::Quit, "Syntax: QUIT"),
            Verb::StartTls => bare(Self::StartTls, "Syntax: STARTTLS"),
            Verb::Noop => Ok(Self::Noop),
            Verb::Help => Ok(Self::Help),
            Verb::Vrfy if arguments.is_empty() => Err(Mistake::Arguments("Syntax: VRFY address")),
            Verb::Vrfy => Ok(Self::Vrfy(arguments.to_owned())),
            Verb::Expn => Ok(Self::Expn(arguments.to_owned())),
            Verb::Auth => auth(arguments).ok_or(Mistake::Arguments("Syntax: AUTH mechanism [initial-response]")),
        }
    }
}

/// A name or an address in brackets. What is in there is a claim and not checked further (RFC 5321 §4.1.4),
/// but it will stand in trace fields, so only what can stand there passes.
fn host_name(text: &str) -> Option<String> {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._:[]".contains(&octet);
    ((1..=255).contains(&text.len()) && text.bytes().all(is_plain)).then(|| text.to_owned())
}

/// `FROM:<path> parameters`: gives the path with its brackets, and the parameters.
fn path_argument<'a>(arguments: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (word, rest) = arguments.split_at_checked(keyword.len())?;
    if !word.eq_ignore_ascii_case(keyword) {
        return None;
    }
    // RFC 5321 §3.3 forbids a space here; people typing, and not only they, put one all the same.
    let rest = rest.trim_start_matches(' ');
    let end = path_end(rest)?;
    let (path, parameters) = rest.split_at_checked(end)?;
    (parameters.is_empty() || parameters.starts_with(' ')).then_some((path, parameters))
}

/// Where the path's closing bracket ends; brackets within a quoted local part do not count.
fn path_end(text: &str) -> Option<usize> {
    let mut octets = text.bytes().enumerate();
    octets.next().filter(|(_, octet)| *octet == b'<')?;
    let mut is_quoted = false;
    while let Some((at, octet)) = octets.next() {
        match octet {
            b'\\' if is_quoted => drop(octets.next()),
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn mail_parameters(text: &str) -> Result<MailParameters, Mistake> {
    let mut found = MailParameters::default();
    let mut has_auth = false;
    for parameter in text.split(' ').filter(|parameter| !parameter.is_empty()) {
        let (keyword, value) = match parameter.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (parameter, None),
        };
        let is_new = match keyword.to_ascii_uppercase().as_str() {
            "SIZE" => found.size.replace(value.and_then(number).ok_or(Mistake::BadParameter)?).is_none(),
            "BODY" => found.body.replace(value.and_then(body_type).ok_or(Mistake::BadParameter)?).is_none(),
            "SMTPUTF8" if value.is_none() => !std::mem::replace(&mut found.smtputf8, true),
            "SMTPUTF8" => false,
            // RFC 4954 §5 has every server that offers AUTH read this. We trust nobody's word about who else
            // has logged in where, so it is then forgotten.
            "AUTH" if value.is_some_and(|value| !value.is_empty()) => !std::mem::replace(&mut has_auth, true),
            "AUTH" => false,
            _ => return Err(Mistake::UnknownParameter),
        };
        if !is_new {
            return Err(Mistake::BadParameter);
        }
    }
    Ok(found)
}

/// `1*20DIGIT` (RFC 1870 §6); what 64 bits cannot hold is no size.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok())?
}

fn body_type(text: &str) -> Option<BodyType> {
    match text.to_ascii_uppercase().as_str() {
        "7BIT" => Some(BodyType::SevenBit),
        "8BITMIME" => Some(BodyType::EightBitMime),
        _ => None,
    }
}

fn auth(arguments: &str) -> Option<Command> {
    let mut words = arguments.split(' ').filter(|word| !word.is_empty());
    let mechanism = words.next()?.to_owned();
    let initial = words.next().map(str::to_owned);
    words.next().is_none().then_some(Command::Auth { mechanism, initial })
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ehlo(name) => write!(f, "EHLO {name}"),
            Self::Helo(name) => write!(f, "HELO {name}"),
            Self::Mail(path, parameters) => write!(f, "MAIL FROM:<{path}>{parameters}"),
            Self::Rcpt(path) => write!(f, "RCPT TO:<{path}>"),
            Self::Data => f.write_str("DATA"),
            Self::Rset => f.write_str("RSET"),
            Self::Noop => f.write_str("NOOP"),
            Self::Vrfy(name) => write!(f, "VRFY {name}"),
            Self::Expn(list) => write!(f, "EXPN {list}"),
            Self::Help => f.write_str("HELP"),
            Self::Quit => f.write_str("QUIT"),
            Self::Auth { mechanism, initial: None } => write!(f, "AUTH {mechanism}"),
            Self::Auth { mechanism, initial: Some(initial) } => write!(f, "AUTH {mechanism} {initial}"),
            Self::StartTls => f.write_str("STARTTLS"),
        }
    }
}

/// With a space in front of each.
impl fmt::Display for MailParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(size) = self.size {
            write!(f, " SIZE={size}")?;
        }
        match self.body {
            Some(BodyType::SevenBit) => f.write_str(" BODY=7BIT")?,
            Some(BodyType::EightBitMime) => f.write_str(" BODY=8BITMIME")?,
            None => {}
        }
        f.write_str(if self.smtputf8 { " SMTPUTF8" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Result<Command, Mistake> {
        let (verb, arguments) = Verb::split(line.as_bytes())?;
        Command::parse(verb, arguments)
    }

    #[test]
    fn what_people_write_is_understood() {
        for (line, wanted) in [
            ("HELO crepes.fr", "HELO crepes.fr"),
            ("ehlo [192.0.2.1]", "EHLO [192.0.2.1]"),
            ("EHLO [IPv6:2001:db8::1]", "EHLO [IPv6:2001:db8::1]"),
            ("EHLO my_laptop", "EHLO my_laptop"),
            ("MAIL FROM: <alice@crepes.fr>", "MAIL FROM:<alice@crepes.fr>"),
            ("MAIL FROM:<alice@crepes.fr>", "MAIL FROM:<alice@crepes.fr>"),
            ("mail from:<>", "MAIL FROM:<>"),
            ("MAIL FROM:<a@b> ", "MAIL FROM:<a@b>"),
            ("MAIL FROM:<a@b>  SIZE=10  BODY=8bitmime ", "MAIL FROM:<a@b> SIZE=10 BODY=8BITMIME"),
            ("MAIL FROM:<a@b> body=7BIT smtputf8 AUTH=<>", "MAIL FROM:<a@b> BODY=7BIT SMTPUTF8"),
            ("MAIL FROM:<a@b> SIZE=18446744073709551615", "MAIL FROM:<a@b> SIZE=18446744073709551615"),
            ("MAIL FROM:<\"a> b\"@c> SIZE=1", "MAIL FROM:<\"a> b\"@c> SIZE=1"),
            ("RCPT TO: <bob@hamburger.edu>", "RCPT TO:<bob@hamburger.edu>"),
            ("RCPT TO:<@relay.example:bob@hamburger.edu>", "RCPT TO:<bob@hamburger.edu>"),
            ("RCPT TO:<Postmaster>", "RCPT TO:<postmaster>"),
            ("noop whatever", "NOOP"),
            ("help mail", "HELP"),
            ("VRFY bob", "VRFY bob"),
            ("AUTH plain  AGI=", "AUTH plain AGI="),
            ("AUTH LOGIN", "AUTH LOGIN"),
            ("quit", "QUIT"),
            ("starttls", "STARTTLS"),
        ] {
            assert_eq!(read(line).map(|command| command.to_string()), Ok(wanted.to_owned()), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_says_why() {
        let mail = Mistake::Arguments(MAIL_FORM);
        let rcpt = Mistake::Arguments(RCPT_FORM);
        for (line, wanted) in [
            ("", Mistake::UnknownVerb),
            (" NOOP", Mistake::UnknownVerb),
            ("NOOPE", Mistake::UnknownVerb),
            ("BDAT 10 LAST", Mistake::UnknownVerb),
            ("GET / HTTP/1.1", Mistake::Http),
            ("connect x:25 HTTP/1.1", Mistake::Http),
            ("EHLO", Mistake::Arguments("Syntax: EHLO hostname")),
            ("EHLO two names", Mistake::Arguments("Syntax: EHLO hostname")),
            ("HELO a\u{85}b", Mistake::Arguments("Syntax: HELO hostname")),
            ("HELO x(y)", Mistake::Arguments("Syntax: HELO hostname")),
            ("MAIL", mail),
            ("MAIL FROM", mail),
            ("MAIL FROM:", mail),
            ("MAIL FROM:alice@crepes.fr", mail),
            ("MAIL FROM:<a@b", mail),
            ("MAIL FROM:<a@b>SIZE=1", mail),
            ("MAIL FROM:<\"a>", mail),
            ("MAIL TO:<a@b>", mail),
            ("RCPT FROM:<a@b>", rcpt),
            ("MAIL FROM:<a>", Mistake::Sender(AddressError::NoAt)),
            ("MAIL FROM:<a@b@c>", Mistake::Sender(AddressError::Domain)),
            ("RCPT TO:<>", Mistake::Recipient(AddressError::NoAt)),
            ("RCPT TO:<a..b@c>", Mistake::Recipient(AddressError::LocalPart)),
            ("RCPT TO:<a\tb@c>", Mistake::Recipient(AddressError::Control)),
            ("MAIL FROM:<a@b> SIZE=18446744073709551616", Mistake::BadParameter),
            ("MAIL FROM:<a@b> SIZE=-1", Mistake::BadParameter),
            ("MAIL FROM:<a@b> SIZE=+1", Mistake::BadParameter),
            ("MAIL FROM:<a@b> SIZE=", Mistake::BadParameter),
            ("MAIL FROM:<a@b> SIZE", Mistake::BadParameter),
            ("MAIL FROM:<a@b> SIZE=1 SIZE=1", Mistake::BadParameter),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", Mistake::BadParameter),
            ("MAIL FROM:<a@b> SMTPUTF8=1", Mistake::BadParameter),
            ("MAIL FROM:<a@b> AUTH", Mistake::BadParameter),
            ("MAIL FROM:<a@b> X", Mistake::UnknownParameter),
            ("RCPT TO:<a@b> NOTIFY=NEVER", Mistake::UnknownParameter),
            ("DATA now", Mistake::Arguments("Syntax: DATA")),
            ("QUIT now", Mistake::Arguments("Syntax: QUIT")),
            ("VRFY", Mistake::Arguments("Syntax: VRFY address")),
            ("AUTH", Mistake::Arguments("Syntax: AUTH mechanism [initial-response]")),
            ("AUTH PLAIN a b", Mistake::Arguments("Syntax: AUTH mechanism [initial-response]")),
        ] {
            assert_eq!(read(line), Err(wanted), "{line}");
        }
        assert_eq!(Verb::split(b"NOOP \xff"), Err(Mistake::NotText));
    }

    #[test]
    fn every_verb_has_a_name() {
        for verb in Verb::all() {
            assert_eq!(Verb::split(verb.name().as_bytes()), Ok((verb, "")));
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(local in "[a-z\"\\\\ <>@é]{1,12}", size in proptest::option::of(any::<u64>()), smtputf8: bool) {
            let domain = crate::address::Domain::Name("hamburger.edu".to_owned());
            let path = ReversePath::Mailbox(crate::address::Address::new(&local, domain).expect("an address"));
            let command = Command::Mail(path, MailParameters { size, body: None, smtputf8 });
            prop_assert_eq!(read(&command.to_string()), Ok(command));
        }

        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..60), verb in 0_usize..13) {
            if let Ok((verb, arguments)) = Verb::split(&line) {
                let _ = Command::parse(verb, arguments);
            }
            let _ = Command::parse(VERBS[verb].1, &String::from_utf8_lossy(&line));
        }
    }
}
