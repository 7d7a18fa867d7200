//! XCLIENT: asking a server to take us for another client, which servers allow to their own proxies and testers.
//!
//! Postfix invented it; others follow it. What is not offered, word by word, is not said: a server that passes an
//! attribute over would judge the wrong client without a word. Pure.
//! Postfix's XCLIENT_README; xtext of RFC 3461 §4.

use super::client::Request;
use super::extension::Extensions;
use crate::notify::encode_xtext;
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// What can be said of a client.
const NAMES: [&str; 9] = ["NAME", "REVERSE_NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"];
/// Octets of a command with its CRLF: XCLIENT_README has the limit of SMTP itself (RFC 5321 §4.5.3.1.4).
const LINE_MAX: usize = 512;
const VERB: &str = "XCLIENT";

/// One thing said of the client: `ADDR=192.0.2.7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    name: &'static str,
    value: String,
}

/// Why a text is no attribute; the sentence is for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAttribute {
    /// No `=`, or nothing on one of its sides.
    #[error("an attribute is given as NAME=VALUE, as in ADDR=192.0.2.7; [UNAVAILABLE] is a value")]
    Form,
    /// A name that XCLIENT does not have.
    #[error("{0} is no attribute of XCLIENT: these are {list}", list = NAMES.join(", "))]
    Name(String),
    /// No command has room for it.
    #[error("the value of {0} is too long for a command")]
    Long(&'static str),
}

/// What the server cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// Anything.
    #[error("the server does not offer XCLIENT; it does so to those only whom it is configured to trust")]
    Command,
    /// This attribute.
    #[error("the server offers XCLIENT, but not for {0}")]
    Attribute(&'static str),
}

impl FromStr for Attribute {
    type Err = NoAttribute;

    fn from_str(text: &str) -> Result<Self, NoAttribute> {
        let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or(NoAttribute::Form)?;
        if value.is_empty() {
            return Err(NoAttribute::Form);
        }
        let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
        let name = *known.ok_or_else(|| NoAttribute::Name(name.to_owned()))?;
        // An address of version 6 is said with a tag, which people leave out.
        let is_bare = name.ends_with("ADDR") && value.parse::<Ipv6Addr>().is_ok();
        let value = if is_bare { format!("IPV6:{value}") } else { value.to_owned() };
        let attribute = Self { name, value };
        match VERB.len() + 1 + attribute.to_string().len() + 2 <= LINE_MAX {
            true => Ok(attribute),
            false => Err(NoAttribute::Long(name)),
        }
    }
}

/// As it is said.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, encode_xtext(&self.value))
    }
}

/// The commands that say all of this to a server with these extensions: one, or more where one would be too long.
pub fn plan(attributes: &[Attribute], extensions: &Extensions) -> Result<Vec<Request>, NotOffered> {
    Ok(lines(attributes, extensions)?.iter().map(Request::xclient).collect())
}

/// The same, as lines without their ends.
pub fn lines(attributes: &[Attribute], extensions: &Extensions) -> Result<Vec<String>, NotOffered> {
    let offered = extensions.parameters(VERB).ok_or(NotOffered::Command)?;
    let is_offered = |attribute: &&Attribute| offered.iter().any(|name| name.eq_ignore_ascii_case(attribute.name));
    if let Some(missing) = attributes.iter().find(|attribute| !is_offered(attribute)) {
        return Err(NotOffered::Attribute(missing.name));
    }
    let mut lines: Vec<String> = Vec::new();
    for attribute in attributes.iter().map(ToString::to_string) {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + attribute.len() + 2 <= LINE_MAX => *line = format!("{line} {attribute}"),
            _ => lines.push(format!("{VERB} {attribute}")),
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::reply::Reply;
    use crate::status::ReplyCode;
    use crate::wire::exchange::Exchange;
    use crate::wire::session::Output;

    fn offering(line: &str) -> Extensions {
        let lines = vec!["mx.example".to_owned(), line.to_owned()];
        Extensions::parse(&Reply { code: ReplyCode::new(250).expect("a code"), enhanced: None, lines })
    }

    fn said(attributes: &[&str], offer: &str) -> Result<Vec<String>, NotOffered> {
        let attributes: Vec<Attribute> = attributes.iter().map(|text| text.parse().expect(text)).collect();
        let requests = plan(&attributes, &offering(offer))?;
        let said = requests.iter().map(|request| {
            let mut out = Output::new();
            request.encode(&mut out);
            String::from_utf8(out.as_slice().to_vec()).expect("ASCII")
        });
        Ok(said.collect())
    }

    #[test]
    fn attributes_are_said_as_xtext() {
        const ALL: &str = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT REVERSE_NAME";
        for (attributes, wanted) in [
            (
                &["NAME=mail.crepes.example", "ADDR=192.0.2.7"][..],
                "XCLIENT NAME=mail.crepes.example ADDR=192.0.2.7\r\n",
            ),
            (&["addr=2001:db8::7", "destaddr=IPV6:::1"], "XCLIENT ADDR=IPV6:2001:db8::7 DESTADDR=IPV6:::1\r\n"),
            (
                &["NAME=[UNAVAILABLE]", "reverse_name=[TEMPUNAVAIL]"],
                "XCLIENT NAME=[UNAVAILABLE] REVERSE_NAME=[TEMPUNAVAIL]\r\n",
            ),
            (&["LOGIN=a b+c=d\u{e9}"], "XCLIENT LOGIN=a+20b+2Bc+3Dd+C3+A9\r\n"),
            (&["HELO=x\r\nMAIL FROM:<y>"], "XCLIENT HELO=x+0D+0AMAIL+20FROM:<y>\r\n"),
            (&["PORT=49152", "PROTO=ESMTP", "DESTPORT=25"], "XCLIENT PORT=49152 PROTO=ESMTP DESTPORT=25\r\n"),
        ] {
            assert_eq!(said(attributes, ALL), Ok(vec![wanted.to_owned()]));
        }
    }

    #[test]
    fn what_does_not_fit_into_a_line_takes_two() {
        let (name, helo) = (format!("NAME={}", "a".repeat(250)), format!("HELO={}", "b".repeat(250)));
        let lines = said(&[&name, &helo, "PORT=1"], "xclient name helo port").expect("it is offered");
        assert_eq!(lines, [format!("XCLIENT {name}\r\n"), format!("XCLIENT {helo} PORT=1\r\n")]);
        assert!(lines.iter().all(|line| line.len() <= LINE_MAX));
        let long = |octets| format!("NAME={}", "a".repeat(octets)).parse::<Attribute>().map(|one| one.value.len());
        assert_eq!((long(497), long(498)), (Ok(497), Err(NoAttribute::Long("NAME"))));
    }

    #[test]
    fn what_is_not_offered_is_not_said() {
        for (attribute, offer, wanted) in [
            ("ADDR=192.0.2.7", "XCLIENT", NotOffered::Attribute("ADDR")),
            ("LOGIN=bob", "XCLIENT NAME ADDR", NotOffered::Attribute("LOGIN")),
            ("ADDR=192.0.2.7", "XFORWARD NAME ADDR", NotOffered::Command),
        ] {
            assert_eq!(said(&["NAME=x", attribute], &offer.replace("XCLIENT", "XCLIENT NAME")), Err(wanted), "{offer}");
        }
    }

    #[test]
    fn what_is_no_attribute_is_refused_in_a_sentence() {
        for (text, wanted) in [
            ("", NoAttribute::Form),
            ("ADDR", NoAttribute::Form),
            ("=x", NoAttribute::Form),
            ("ADDR=", NoAttribute::Form),
            ("IP=192.0.2.7", NoAttribute::Name("IP".to_owned())),
            (" ADDR=x", NoAttribute::Name(" ADDR".to_owned())),
        ] {
            assert_eq!(text.parse::<Attribute>(), Err(wanted), "{text:?}");
        }
    }
}
