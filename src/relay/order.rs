//! What a running relay can be told through the control socket.
//!
//! `flush`, `flush id ID`, `flush domain NAME` ask; `ok 3` or `error why` answers. Parsing and
//! printing are each other's inverse. Knows no sockets.

use super::Relay;
use crate::address::Domain;
use crate::store::spool::Wake;
use std::fmt;
use std::str::FromStr;

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Try these at once.
    Flush(Wake),
}

/// The text is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown order")]
pub struct NoOrder;

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is being done, for so many recipients.
    Done(usize),
    /// It is not.
    Refused(String),
}

impl Relay {
    /// Carries out an order in its text form; returns the answer in its own.
    pub async fn obey(&self, text: &str) -> String {
        let reply = match text.parse() {
            Ok(Order::Flush(wake)) => match self.flush(wake).await {
                Ok(count) => Reply::Done(count),
                Err(error) => Reply::Refused(error.to_string()),
            },
            Err(NoOrder) => Reply::Refused(NoOrder.to_string()),
        };
        reply.to_string()
    }
}

impl FromStr for Order {
    type Err = NoOrder;

    fn from_str(text: &str) -> Result<Self, NoOrder> {
        let words: Vec<&str> = text.split(' ').collect();
        Ok(Self::Flush(match words.as_slice() {
            ["flush"] => Wake::All,
            ["flush", "id", id] => Wake::Message(id.parse().map_err(|_| NoOrder)?),
            ["flush", "domain", name] => Wake::Domain(Domain::parse(name).map_err(|_| NoOrder)?),
            _ => return Err(NoOrder),
        }))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flush(Wake::All) => f.write_str("flush"),
            Self::Flush(Wake::Message(id)) => write!(f, "flush id {id}"),
            Self::Flush(Wake::Domain(name)) => write!(f, "flush domain {name}"),
        }
    }
}

impl FromStr for Reply {
    type Err = NoOrder;

    fn from_str(text: &str) -> Result<Self, NoOrder> {
        match text.split_once(' ') {
            Some(("ok", count)) => count.parse().map(Self::Done).map_err(|_| NoOrder),
            Some(("error", why)) => Ok(Self::Refused(why.to_owned())),
            _ => Err(NoOrder),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(count) => write!(f, "ok {count}"),
            Self::Refused(why) => write!(f, "error {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_replies_are_read_as_they_are_printed() {
        for (text, good) in [
            ("flush", true),
            ("flush id 01ARZ3NDEKTSV4RRFFQ69G5FAV", true),
            ("flush domain hamburger.example", true),
            ("flush domain [192.0.2.1]", true),
            ("", false),
            ("FLUSH", false),
            ("flush ", false),
            ("flush id x", false),
            ("flush domain", false),
            ("flush domain a b", false),
            ("stop", false),
        ] {
            assert_eq!(text.parse::<Order>().ok().map(|order| order.to_string()).as_deref(), good.then_some(text));
        }
        for (text, good) in [("ok 3", true), ("error no room", true), ("ok", false), ("ok x", false), ("", false)] {
            assert_eq!(text.parse::<Reply>().ok().map(|reply| reply.to_string()).as_deref(), good.then_some(text));
        }
    }
}
