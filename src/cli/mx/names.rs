//! The names that a lookup is about: arguments, and lines of standard input.
//!
//! Lines are read by a thread of its own and never collected: a million of them take no more room than a few. One that
//! is no name is told with its number, and the next one is read.

use futures_util::{Stream, StreamExt};
use mailkit::address::{Address, Domain};
use mailkit::endpoint::masked;
use mailkit::error::{Error, Kind, Result};
use std::collections::HashSet;
use std::future::ready;
use std::io::{self, BufRead, BufReader, Read};
use std::net::IpAddr;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Octets of a line. No name is longer, and no URL that somebody means.
const LINE_MAX: u64 = 4096;
/// Lines that are handed over at once.
const BATCH: usize = 256;
/// Batches that wait.
const WAITING_MAX: usize = 8;
/// Octets of a bad line that are repeated.
const SHOWN_MAX: usize = 80;

/// What a bare address of a host is.
const IS_IP: &str = "the address of a host, and no domain";

/// Something that was named.
#[derive(Debug)]
pub(super) enum Named {
    /// A domain.
    Domain(Target),
    /// A line that names none.
    Bad(BadLine),
    /// The rest cannot be read.
    End(Error),
}

/// What was named: a domain, or somebody there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The domain.
    pub(super) domain: Domain,
    /// Who, if it was an address.
    pub(super) local_part: Option<String>,
    /// The line of the input that it stood in.
    pub(super) line: Option<u64>,
}

impl From<Domain> for Target {
    fn from(domain: Domain) -> Self {
        Self { domain, local_part: None, line: None }
    }
}

/// A line of the input that names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadLine {
    /// Its number, from 1.
    pub(super) line: u64,
    /// What stands there, without passwords.
    pub(super) text: String,
    /// What is wrong with it.
    pub(super) why: String,
}

/// `example.org`, `example.org.`, `alice@example.org`, `[192.0.2.1]`, `https://example.org/`.
pub(super) fn parse_target(text: &str) -> Result<Target> {
    let wrong = |what: &str| Error::new(Kind::Usage, format!("{} is {what}", masked(text)));
    if let Some((_, rest)) = text.split_once("://") {
        return of_url(rest).map(Target::from).ok_or_else(|| wrong("neither a domain nor an address"));
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.contains('@') {
        let address = Address::parse(name).map_err(|error| wrong("not an address").caused_by(error))?;
        let local_part = Some(address.local_part().to_owned());
        return Ok(Target { local_part, ..Target::from(address.domain().clone()) });
    }
    // A name of digits only is none that anybody has: DNS would be asked for 192.0.2.1 as for a domain.
    if let Ok(ip) = name.parse::<IpAddr>() {
        let literal = Domain::Literal(ip);
        let hint = format!("mailkit mx probe {ip} looks at a server there, mailkit mx lookup {literal} at mail to it");
        return Err(wrong(IS_IP).hint(hint));
    }
    Domain::parse(name).map(Target::from).map_err(|_| wrong("neither a domain nor an address"))
}

/// The host of a URL, whatever else stands there (RFC 3986 §3.2).
fn of_url(rest: &str) -> Option<Domain> {
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && port.bytes().all(|sign| sign.is_ascii_digit()) => host,
        _ => host,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    // Mail writes the literals of IPv6 in another way than the web (RFC 5321 §4.1.3).
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    // IPv4 stands there without brackets.
    let literal = literal.unwrap_or(host).parse().ok().map(Domain::Literal);
    literal.or_else(|| Domain::parse(host).ok())
}

/// Those that were given, and in the place of `-` the lines of standard input.
pub(super) fn names(before: Vec<Target>, is_input_meant: bool) -> impl Stream<Item = Named> + Unpin {
    let lines = is_input_meant.then(|| {
        let (sender, receiver) = channel(WAITING_MAX);
        // Ends with the input, or when nobody wants to know more; else with the program.
        std::thread::spawn(move || read(BufReader::with_capacity(64 * 1024, io::stdin()), &sender));
        Box::pin(futures_util::stream::unfold(receiver, next_batch).flat_map(futures_util::stream::iter))
    });
    let given = futures_util::stream::iter(before.into_iter().map(Named::Domain));
    given.chain(futures_util::stream::iter(lines).flatten())
}

/// Each domain once, where somebody compares and counts: what has changed about a domain has not changed twice.
pub(super) fn once(names: impl Stream<Item = Named> + Unpin) -> impl Stream<Item = Named> + Unpin {
    let mut seen = HashSet::new();
    names.filter(move |named| {
        ready(match named {
            Named::Domain(target) => seen.insert(target.domain.to_ascii().to_string()),
            Named::Bad(_) | Named::End(_) => true,
        })
    })
}

async fn next_batch(mut receiver: Receiver<Vec<Named>>) -> Option<(Vec<Named>, Receiver<Vec<Named>>)> {
    receiver.recv().await.map(|batch| (batch, receiver))
}

/// Reads lines until there are no more, or nobody wants them.
fn read(mut input: BufReader<impl Read>, sender: &Sender<Vec<Named>>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let next = match input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {
                let is_whole = line.last() == Some(&b'\n') || (line.len() as u64) < LINE_MAX;
                let skipped = if is_whole { Ok(()) } else { skip_line(&mut input) };
                skipped.map(|()| of_line(&line, number, is_whole))
            }
            Err(error) => Err(error),
        };
        match next {
            Ok(named) => batch.extend(named),
            Err(error) => {
                batch.push(Named::End(Error::new(Kind::NoInput, "cannot read standard input").caused_by(error)));
                break;
            }
        }
        // Whoever writes slowly is answered at once.
        if (batch.len() >= BATCH || input.buffer().is_empty())
            && !batch.is_empty()
            && sender.blocking_send(std::mem::take(&mut batch)).is_err()
        {
            return;
        }
    }
    let _ = sender.blocking_send(batch);
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let octets = input.fill_buf()?;
        let (count, is_end) = match octets.iter().position(|octet| *octet == b'\n') {
            Some(at) => (at + 1, true),
            None => (octets.len(), octets.is_empty()),
        };
        input.consume(count);
        if is_end {
            return Ok(());
        }
    }
}

/// What a line names; nothing if it is empty or a comment.
fn of_line(line: &[u8], number: u64, is_whole: bool) -> Option<Named> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    let bad = |why: &str| {
        let shown = masked(text);
        let end = shown.floor_char_boundary(SHOWN_MAX);
        let more = if end < shown.len() { " [...]" } else { "" };
        Named::Bad(BadLine { line: number, text: format!("{}{more}", &shown[..end]), why: why.to_owned() })
    };
    Some(match parse_target(text) {
        _ if !is_whole => bad("the line is too long"),
        Ok(target) => Named::Domain(Target { line: Some(number), ..target }),
        Err(_) if text.parse::<IpAddr>().is_ok() => bad(IS_IP),
        Err(_) if text.contains('@') => bad("not an address"),
        Err(_) => bad("neither a domain nor an address"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_named_by_itself_an_address_or_a_url() {
        for (text, wanted) in [
            ("example.org", Some("example.org")),
            ("example.org.", Some("example.org")),
            ("alice@example.org", Some("example.org")),
            ("[192.0.2.1]", Some("[192.0.2.1]")),
            ("https://www.example.org/a?b=c@d#e", Some("www.example.org")),
            ("smtp://bob@mx.example.org:25", Some("mx.example.org")),
            ("https://user:secret@example.org./", Some("example.org")),
            ("https://[2001:db8::1]:8080/", Some("[IPv6:2001:db8::1]")),
            ("http://192.0.2.1:8080/", Some("[192.0.2.1]")),
            ("192.0.2.1", None),
            ("192.0.2.1.", None),
            ("2001:db8::1", None),
            ("https:///", None),
            ("a b", None),
            ("", None),
            ("a@b@c", None),
        ] {
            let read = parse_target(text);
            assert_eq!(read.ok().map(|target| target.domain.to_string()).as_deref(), wanted, "{text}");
        }
    }

    #[tokio::test]
    async fn who_compares_asks_about_each_domain_once() {
        let given = ["b.test", "a.test", "B.TEST.", "bob@a.test", "c.test"].map(|text| parse_target(text).expect(text));
        let told: Vec<Named> = once(names(given.to_vec(), false)).collect().await;
        let domain = |named: &Named| match named {
            Named::Domain(target) => target.domain.to_ascii().to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(told.iter().map(domain).collect::<Vec<_>>(), ["b.test", "a.test", "c.test"]);
    }

    fn lines(text: &[u8]) -> Vec<String> {
        let (sender, mut receiver) = channel(100);
        read(BufReader::with_capacity(16, text), &sender);
        drop(sender);
        let mut said = Vec::new();
        while let Ok(batch) = receiver.try_recv() {
            said.extend(batch.into_iter().map(|named| match named {
                Named::Domain(target) => target.domain.to_string(),
                Named::Bad(BadLine { line, text, why }) => format!("{line} {} {why}", text.len()),
                Named::End(error) => error.to_string(),
            }));
        }
        said
    }

    #[test]
    fn lines_are_names_and_bad_ones_are_told_by_their_number() {
        let text = b"a.test\r\n\n  # comment\nb c\nbob@b.test\n\xff\xfe\nx@y@z\n192.0.2.1\nlast.test";
        let wanted = [
            "a.test",
            "4 3 neither a domain nor an address",
            "b.test",
            "6 6 neither a domain nor an address",
            "7 5 not an address",
            "8 9 the address of a host, and no domain",
            "last.test",
        ];
        assert_eq!(lines(text), wanted);
        for length in [4095, 4096, 4097, 100_000] {
            let text = [vec![b'a'; length], b"\nb.test\n".to_vec()].concat();
            let said = lines(&text);
            assert_eq!(said.len(), 2, "{length}: {said:?}");
            assert!(said[0].starts_with("1 86 ") && said[1] == "b.test", "{length}: {said:?}");
        }
        let named = parse_target("alice@example.org").expect("a target");
        assert_eq!((named.domain.to_string().as_str(), named.local_part.as_deref()), ("example.org", Some("alice")));
        assert!(lines(b"").is_empty() && lines(b"\n\n").is_empty());
    }
}
