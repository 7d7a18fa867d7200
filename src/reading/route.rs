//! The way of a message: who handed it to whom, when, and how long it lay with each.
//!
//! Every server writes its field on top, so the lowest is the oldest, and below the one that took the message from a
//! stranger all may be made up. Clocks differ; where one runs backwards, that is said rather than hidden.
//! RFC 5321 §4.4; RFC 3848 for what the protocol's name tells.

use super::trace_field::{self, TraceField};
use crate::message::date;
use crate::message::view::Message;
use crate::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Servers that are told; a message that saw more of them went in circles.
const HOPS_MAX: usize = 1000;

/// The way of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Route {
    /// When it was written, as its Date says, in RFC 3339.
    pub written: Option<String>,
    /// The servers it passed, the first one first.
    pub hops: Vec<Hop>,
    /// Seconds from the first time that is told to the last.
    pub total_seconds: Option<i64>,
    /// There were more hops than these.
    pub truncated: bool,
}

/// What one server wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Hop {
    /// Its place, counted from the sender.
    pub hop: usize,
    /// What the client called itself.
    pub helo: Option<String>,
    /// What its address is called in DNS, as the server says.
    pub name: Option<String>,
    /// The client's address.
    pub ip: Option<String>,
    /// The server.
    pub by: Option<String>,
    /// `ESMTPS` …
    pub protocol: Option<String>,
    /// How it was encrypted, if it was; none if nothing is said about that.
    pub tls: Option<Tls>,
    /// What the server calls the message.
    pub id: Option<String>,
    /// For whom it was.
    #[serde(rename = "for")]
    pub recipient: Option<String>,
    /// When, in RFC 3339.
    pub time: Option<String>,
    /// Seconds since the hop before it, or since the message was written.
    pub delay_seconds: Option<i64>,
    /// The time is earlier than that of the hop before: a clock is wrong.
    pub clock_skew: bool,
    /// One of one's own servers wrote this, so it can be believed.
    pub own: bool,
}

/// How a hop was encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tls {
    /// `1.3`; none if the protocol's name is all that tells.
    pub version: Option<String>,
    /// The cipher suite.
    pub cipher: Option<String>,
}

impl Route {
    /// Reads the way of a message. `own` are one's own servers: a name covers what stands below it.
    pub fn read(message: &Message<'_>, own: &[String]) -> Self {
        let root = message.root();
        let mut fields: Vec<TraceField> = message
            .fields(root)
            .filter(|field| field.is("Received"))
            .take(HOPS_MAX + 1)
            .map(|field| TraceField::parse(field.body))
            .collect();
        let truncated = fields.len() > HOPS_MAX;
        fields.truncate(HOPS_MAX);
        let (believed, _) =
            trace_field::own(fields.iter().map(|field| (field.by.as_deref(), field.protocol.as_deref())), own);
        let written = message.field(root, "Date").and_then(date::parse);
        let (mut before, mut first, mut last) = (written, written, None);
        let mut hops = Vec::with_capacity(fields.len());
        for (at, field) in fields.into_iter().enumerate().rev() {
            let delay =
                field.when.zip(before).map(|(when, before)| when.as_second().saturating_sub(before.as_second()));
            first = first.or(field.when);
            last = field.when.or(last);
            before = field.when.or(before);
            hops.push(Hop::new(hops.len() + 1, field, delay, at < believed));
        }
        let seconds = |first: Timestamp, last: Timestamp| last.as_second().saturating_sub(first.as_second());
        Self {
            written: written.map(|when| when.to_string()),
            hops,
            total_seconds: first.zip(last).map(|(first, last)| seconds(first, last)),
            truncated,
        }
    }
}

impl Hop {
    fn new(hop: usize, field: TraceField, delay: Option<i64>, own: bool) -> Self {
        let is_known = field.tls_version.is_some() || field.tls_cipher.is_some();
        let says_so = field.protocol.as_deref().is_some_and(is_encrypted);
        Self {
            hop,
            helo: field.helo,
            name: field.name,
            ip: field.ip.map(|ip| ip.to_string()),
            by: field.by,
            protocol: field.protocol,
            tls: (is_known || says_so).then_some(Tls { version: field.tls_version, cipher: field.tls_cipher }),
            id: field.id,
            recipient: field.recipient,
            time: field.when.map(|when| when.to_string()),
            delay_seconds: delay,
            clock_skew: delay.is_some_and(|delay| delay < 0),
            own,
        }
    }
}

/// Whether a protocol's name says TLS: `ESMTPS`, `esmtpsa`, `UTF8SMTPS`, `LMTPS`, `HTTPS` (RFC 3848, RFC 6531 §4.3).
fn is_encrypted(protocol: &str) -> bool {
    let name = protocol.to_ascii_uppercase();
    ["SMTPS", "SMTPSA", "LMTPS", "LMTPSA", "HTTPS"].iter().any(|end| name.ends_with(end))
}

/// A span of time for people: `3 s`, `2 min 5 s`, `1 h 3 min`, `2 d 4 h`, with its sign.
pub fn span(seconds: i64) -> String {
    let (sign, n) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    let two = |large: u64, unit: &str, small: u64, other: &str| match small {
        0 => format!("{sign}{large} {unit}"),
        _ => format!("{sign}{large} {unit} {small} {other}"),
    };
    match n {
        0..60 => format!("{sign}{n} s"),
        60..3_600 => two(n / 60, "min", n % 60, "s"),
        3_600..86_400 => two(n / 3_600, "h", n % 3_600 / 60, "min"),
        _ => two(n / 86_400, "d", n % 86_400 / 3_600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Received: from mx by store.hamburger.example with LMTPS; Fri, 20 Nov 2026 12:05:00 +0000\r\n\
        Received: from out.crepes.example ([192.0.2.1]) by mx.hamburger.example with ESMTPS; Fri, 20 Nov 2026 12:04:00 +0000\r\n\
        Received: from claimed.example by mx.hamburger.example with SMTP; Fri, 20 Nov 2026 12:06:00 +0000\r\n\
        Received: nonsense\r\n\
        Received: from laptop by out.crepes.example with ESMTPSA; Fri, 20 Nov 2026 12:00:05 +0000\r\n\
        Date: Fri, 20 Nov 2026 13:00:00 +0100\r\n\r\n";

    #[test]
    fn hops_stand_in_order_with_their_delays() {
        let message = Message::parse(MESSAGE.as_bytes());
        let route = Route::read(&message, &["hamburger.example".to_owned()]);
        let hops: Vec<_> = route
            .hops
            .iter()
            .map(|hop| {
                let skew = if hop.clock_skew { " skew" } else { "" };
                let own = if hop.own { " own" } else { "" };
                let tls = if hop.tls.is_some() { " tls" } else { "" };
                format!("{} {}{tls}{skew}{own}", hop.hop, hop.delay_seconds.map_or("-".to_owned(), span))
            })
            .collect();
        assert_eq!(hops, ["1 5 s tls", "2 -", "3 5 min 55 s", "4 -2 min tls skew own", "5 1 min tls own"]);
        assert_eq!((route.total_seconds, route.truncated), (Some(300), false));
        assert!(Route::read(&message, &[]).hops.iter().all(|hop| !hop.own));
    }

    #[test]
    fn below_a_stranger_nothing_is_believed() {
        // The lowest is what a stranger would write to look like the house.
        let message = "Received: by mx.hamburger.example with LMTP; 20 Nov 2026 12:00:00 +0000\n\
            Received: from relay.example by mx.hamburger.example; 20 Nov 2026 12:00:00 +0000\n\
            Received: by mx.hamburger.example; 20 Nov 2026 12:00:00 +0000\n\n";
        let message = Message::parse(message.as_bytes());
        let own = |name: &str| {
            let route = Route::read(&message, &[name.to_owned()]);
            route.hops.iter().map(|hop| hop.own).collect::<Vec<_>>()
        };
        assert_eq!(own("mx.hamburger.example"), [false, true, true]);
        assert_eq!(own("HAMBURGER.example."), [false, true, true]);
        assert_eq!(own("relay.example"), [false, false, false]);
        assert_eq!(own("burger.example"), [false, false, false]);
        assert_eq!(own(""), [false, false, false]);
    }

    #[test]
    fn spans_are_short() {
        for (seconds, wanted) in
            [(0, "0 s"), (-61, "-1 min 1 s"), (3600, "1 h"), (90_000, "1 d 1 h"), (i64::MIN, "-106751991167300 d 15 h")]
        {
            assert_eq!(span(seconds), wanted);
        }
    }

    #[test]
    fn thousands_of_hops_are_cut() {
        let message = "Received: by x\n".repeat(3000) + "\n";
        let route = Route::read(&Message::parse(message.as_bytes()), &[]);
        assert_eq!((route.hops.len(), route.truncated, route.total_seconds), (HOPS_MAX, true, None));
    }
}
