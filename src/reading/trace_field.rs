//! `Received` fields as servers write them: clauses in any order, the interesting half in comments.
//!
//! The grammar of RFC 5321 §4.4 is what few follow, so a clause begins with its word, wherever that stands, and TLS is
//! looked for wherever somebody put it. Nothing here is a fact: only the fields of one's own servers can be believed.
//! RFC 5321 §4.4, §4.4.1; RFC 3848 and RFC 8314 §7.4 for protocols and TLS.

use crate::address::is_within;
use crate::message::{date, received, words};
use crate::world::Timestamp;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Octets of one field that are read.
const FIELD_MAX: usize = 16 * 1024;

/// What one `Received` field says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TraceField {
    /// What the client called itself.
    pub(super) helo: Option<String>,
    /// What its address is called in DNS, as the server says.
    pub(super) name: Option<String>,
    /// Its address.
    pub(super) ip: Option<IpAddr>,
    /// Who took it.
    pub(super) by: Option<String>,
    /// `ESMTPS` …
    pub(super) protocol: Option<String>,
    /// `1.3`
    pub(super) tls_version: Option<String>,
    /// `TLS_AES_256_GCM_SHA384`
    pub(super) tls_cipher: Option<String>,
    /// What the server calls the message.
    pub(super) id: Option<String>,
    /// For whom it was.
    pub(super) recipient: Option<String>,
    /// When.
    pub(super) when: Option<Timestamp>,
}

/// A word of the field, or a comment.
enum Token<'t> {
    Word(&'t str),
    Comment(&'t str),
}

/// How many fields, counted from the top, servers of one's own wrote, and whether the last of them took the message from
/// outside. A name covers what stands below it. Whoever hands over by LMTP is of the house (RFC 2033 §5); from the first
/// other client on, a field may be made up, whosever name it bears.
pub(super) fn own<'h>(
    hops: impl IntoIterator<Item = (Option<&'h str>, Option<&'h str>)>,
    names: &[String],
) -> (usize, bool) {
    let mut count = 0;
    for (by, protocol) in hops {
        if !by.is_some_and(|by| names.iter().any(|name| is_within(by, name))) {
            break;
        }
        count += 1;
        if !protocol.and_then(|name| name.get(..4)).is_some_and(|start| start.eq_ignore_ascii_case("LMTP")) {
            return (count, true);
        }
    }
    (count, false)
}

/// The words that begin a clause.
const CLAUSES: [&str; 6] = ["from", "by", "via", "with", "id", "for"];

impl TraceField {
    /// Reads a field body.
    pub(super) fn parse(body: &[u8]) -> Self {
        let text = words::decode(body.get(..FIELD_MAX).unwrap_or(body));
        let (clauses, stamp) = match received::date_at(text.as_bytes()) {
            Some(at) => (&text[..at - 1], &text[at..]),
            None => (&*text, ""),
        };
        let mut field = Self { when: date::parse(stamp.as_bytes()), ..Self::default() };
        let mut clause = "";
        // How many words the clause has had.
        let mut nth = 0;
        for token in tokens(clauses) {
            match token {
                Token::Word(word) => {
                    let begins = CLAUSES.into_iter().find(|known| known.eq_ignore_ascii_case(word));
                    // `from` itself may be what somebody is called: a clause with no word yet takes any.
                    if let Some(begins) = begins.filter(|_| nth > 0 || clause.is_empty()) {
                        (clause, nth) = (begins, 0);
                        continue;
                    }
                    field.word(clause, nth, word);
                    nth += 1;
                }
                Token::Comment(comment) => field.comment(clause, comment),
            }
        }
        field
    }

    fn word(&mut self, clause: &str, nth: usize, word: &str) {
        let text = || Some(word.trim_matches(['<', '>']).to_owned());
        match (clause, nth) {
            ("from", 0) => {
                self.helo = text();
                self.ip = ip_of(word);
            }
            // `from x [192.0.2.1]` without parentheses.
            ("from", _) => self.ip = ip_of(word).or(self.ip),
            ("by", 0) => self.by = text(),
            ("with" | "via", 0) if self.protocol.is_none() || clause == "with" => self.protocol = text(),
            // Microsoft's protocol has blanks in it: `Microsoft SMTP Server`.
            // Exim: `with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384`.
            ("with", _) if word.get(..3).is_some_and(|tls| tls.eq_ignore_ascii_case("tls")) => self.tls_in(word),
            ("with", _) => self.protocol.iter_mut().for_each(|protocol| *protocol = format!("{protocol} {word}")),
            ("id", 0) => self.id = text(),
            ("for", 0) => self.recipient = text(),
            _ => self.tls_in(word),
        }
    }

    fn comment(&mut self, clause: &str, comment: &str) {
        // Comments that name TLS stand behind any clause.
        if comment.split(separates).any(|word| is_tls_word(word) || key_is(word, "cipher")) {
            return self.tls_in(comment);
        }
        if clause == "from" {
            let mut words = comment.split_whitespace().peekable();
            let found = comment.split([' ', '\t', ',']).find_map(ip_of);
            self.ip = found.or(self.ip);
            // Exim and qmail put the name of DNS in front and what the client said in the comment: `helo=x`, `HELO x`.
            let says_helo = |word: &&str| word.eq_ignore_ascii_case("HELO") || word.eq_ignore_ascii_case("EHLO");
            let helo = match words.next_if(says_helo) {
                Some(_) => words.next(),
                None => comment.split(separates).find_map(|word| word.get(5..).filter(|_| key_is(word, "helo"))),
            };
            if let Some(helo) = helo {
                let is_name = |name: &String| ip_of(name).is_none() && !name.eq_ignore_ascii_case("unknown");
                self.name = self.name.take().or(self.helo.take().filter(is_name));
                self.helo = Some(helo.to_owned());
                return;
            }
            // Elsewhere than in front or beside an address, what has dots is the version of a program.
            let mut near = words.take(if found.is_some() { usize::MAX } else { 1 });
            let name = near.find(|word| ip_of(word).is_none() && word.contains('.') && !word.contains(['=', '@']));
            self.name = self.name.take().or_else(|| name.map(|name| name.trim_end_matches('.').to_owned()));
        }
    }

    /// `using TLSv1.3 with cipher X`, `version=TLS1_3, cipher=X`, `TLS1.2) tls X`: three ways, and more.
    fn tls_in(&mut self, text: &str) {
        let mut words = text.split(separates).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            let value = word.split_once('=').map_or(word, |(_, value)| value);
            let begin = value.get(..3).unwrap_or_default();
            if let Some(version) = version_of(value) {
                self.tls_version = self.tls_version.take().or(Some(version));
                // Exim before 4.96: `TLS1.2:ECDHE_RSA_AES_256:256`.
                if let Some(cipher) = value.split(':').nth(1) {
                    self.tls_cipher = self.tls_cipher.take().or(Some(cipher.to_owned()));
                }
            } else if key_is(word, "cipher") || begin == "TLS" && value.contains('_') || is_suite(value) {
                self.tls_cipher = self.tls_cipher.take().or(Some(value.to_owned()));
            } else if word.eq_ignore_ascii_case("cipher") {
                let suite = words.next_if(|suite| is_suite(suite) || suite.contains('_'));
                self.tls_cipher = self.tls_cipher.take().or(suite.map(str::to_owned));
            }
        }
    }
}

/// What stands between words of a comment.
fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')')
}

fn key_is(word: &str, key: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.eq_ignore_ascii_case(key))
}

fn is_tls_word(word: &str) -> bool {
    version_of(word.split_once('=').map_or(word, |(_, value)| value)).is_some()
}

/// `TLSv1.3`, `TLS1_3`, `TLS1.2`, `TLSv1`, `SSLv3` as a number.
fn version_of(word: &str) -> Option<String> {
    let word = word.split(':').next().unwrap_or_default();
    let (family, rest) = (word.get(..3)?, word.get(3..)?);
    let number = rest.trim_start_matches(['v', 'V']).replace('_', ".");
    let is_number = !number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match family.to_ascii_uppercase().as_str() {
        "TLS" if is_number => Some(number),
        "SSL" if is_number => Some(format!("SSL {number}")),
        _ => None,
    }
}

/// OpenSSL's names of cipher suites: `ECDHE-RSA-AES256-GCM-SHA384`.
fn is_suite(word: &str) -> bool {
    ["ECDHE-", "DHE-", "AES128-", "AES256-", "ADH-", "AECDH-"].iter().any(|begin| word.starts_with(begin))
}

/// An address as trace fields write it: `[192.0.2.1]`, `[IPv6:2001:db8::1]`, with a port behind it, or bare.
fn ip_of(word: &str) -> Option<IpAddr> {
    let word = word.trim_matches(['(', ')', ',', ';']);
    let (inner, behind) = match word.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => (word, ""),
    };
    let inner = inner.get(..5).filter(|begin| begin.eq_ignore_ascii_case("IPv6:")).map_or(inner, |_| &inner[5..]);
    if !behind.is_empty() && !behind.starts_with([':', '.']) {
        return None;
    }
    let ip: Option<IpAddr> =
        inner.parse::<Ipv4Addr>().map(IpAddr::V4).or(inner.parse::<Ipv6Addr>().map(IpAddr::V6)).ok();
    ip.map(|ip| ip.to_canonical())
}

/// Words and comments, nested ones whole.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        if first != '(' {
            let end = rest.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after;
            return Some(Token::Word(word));
        }
        let (mut depth, mut escaped) = (0usize, false);
        let end = rest.char_indices().find_map(|(at, c)| {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at)
        });
        let end = end.unwrap_or(rest.len());
        let comment = &rest[1..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(Token::Comment(comment))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(body: &str) -> String {
        let field = TraceField::parse(body.as_bytes());
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let ip = field.ip.map_or("-".to_owned(), |ip| ip.to_string());
        let when = field.when.map_or("-".to_owned(), |when| when.to_string());
        let tls = format!("{}/{}", or(&field.tls_version), or(&field.tls_cipher));
        let words = [&field.helo, &field.name, &field.by, &field.protocol, &field.id, &field.recipient].map(or);
        format!("{} {ip} {tls} {when}", words.join(" "))
    }

    #[test]
    fn fields_of_many_servers_are_read() {
        for (body, wanted) in [
            // Postfix.
            (
                "from mail.crepes.example (out.crepes.example [192.0.2.1])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 \
                 (256/256 bits)\r\n\t key-exchange X25519)\r\n\t(No client certificate requested)\r\n\tby mx.hamburger.example \
                 (Postfix) with ESMTPS id 4Abc\r\n\tfor <bob@hamburger.example>; Fri, 20 Nov 2026 12:00:00 +0100 (CET)",
                "mail.crepes.example out.crepes.example mx.hamburger.example ESMTPS 4Abc bob@hamburger.example 192.0.2.1 \
                 1.3/TLS_AES_256_GCM_SHA384 2026-11-20T11:00:00Z",
            ),
            // Exim, old and new.
            (
                "from out.crepes.example ([192.0.2.1] helo=mail) by mx with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384 \
                 (Exim 4.96) (envelope-from <alice@crepes.example>) id 1abc-00 for bob@x; Fri, 20 Nov 2026 12:00:00 +0000",
                "mail out.crepes.example mx esmtps 1abc-00 bob@x 192.0.2.1 1.3/TLS_AES_256_GCM_SHA384 2026-11-20T12:00:00Z",
            ),
            (
                "from [192.0.2.1] (port=4711 helo=mail) by mx with esmtpsa (TLS1.2:ECDHE_RSA_AES_256_GCM_SHA384:256) id 1a; \
                 20 Nov 2026 12:00:00 +0000",
                "mail - mx esmtpsa 1a - 192.0.2.1 1.2/ECDHE_RSA_AES_256_GCM_SHA384 2026-11-20T12:00:00Z",
            ),
            // Google, Microsoft, sendmail, qmail.
            (
                "from mail-x.google.com (mail-x.google.com. [2001:db8::1]) by mx.google.com with ESMTPS id a1 for <b@c> \
                 (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256 bits=128/128); Fri, 20 Nov 2026 04:00:00 -0800 (PST)",
                "mail-x.google.com mail-x.google.com mx.google.com ESMTPS a1 b@c 2001:db8::1 1.3/TLS_AES_128_GCM_SHA256 \
                 2026-11-20T12:00:00Z",
            ),
            (
                "from A.example (2001:db8::2) by B.example (2001:db8::3) with Microsoft SMTP Server (version=TLS1_2, \
                 cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.1; Fri, 20 Nov 2026 12:00:00 +0000",
                "A.example - B.example Microsoft SMTP Server 15.20.1 - 2001:db8::2 \
                 1.2/TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 2026-11-20T12:00:00Z",
            ),
            (
                "from x (y.example [192.0.2.1]) by z (8.14/8.14) with ESMTP id q (version=TLSv1/SSLv3 \
                 cipher=DHE-RSA-AES256-SHA bits=256 verify=NO); Fri, 20 Nov 2026 12:00:00 GMT",
                "x y.example z ESMTP q - 192.0.2.1 -/DHE-RSA-AES256-SHA 2026-11-20T12:00:00Z",
            ),
            ("(qmail 123 invoked from network); 20 Nov 2026 12:00:00 -0000", "- - - - - - - -/- 2026-11-20T12:00:00Z"),
            (
                "from unknown (HELO mail.crepes.example) (192.0.2.1)\n  by mx with SMTP; 20 Nov 2026 12:00:00 -0000",
                "mail.crepes.example - mx SMTP - - 192.0.2.1 -/- 2026-11-20T12:00:00Z",
            ),
            (
                "from out.crepes.example (HELO mail.crepes.example) (bob@192.0.2.1)\n  by mx (\\) by evil) with SMTP; 20 Nov \
                 2026 12:00:00 -0000",
                "mail.crepes.example out.crepes.example mx SMTP - - - -/- 2026-11-20T12:00:00Z",
            ),
            (
                "from cougar.example (Sun Internet Mail Server sims.3.5.p10) id <a@x>; 20 Nov 2026 12:00:00 +0000",
                "cougar.example - - - a@x - - -/- 2026-11-20T12:00:00Z",
            ),
            // Nonsense.
            ("by mx (a; b; Fri, 20 Nov 2026 12:00:00 +0000", "- - mx - - - - -/- 2026-11-20T12:00:00Z"),
            ("from from by by", "from - by - - - - -/- -"),
            ("", "- - - - - - - -/- -"),
        ] {
            assert_eq!(shown(body), wanted, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), text in "[a-z \\[\\]():;=.TLS1_é]{0,60}") {
            TraceField::parse(&octets);
            for clause in ["", "from ", "with ", "by x (tls "] {
                TraceField::parse(format!("{clause}{text}").as_bytes());
            }
        }
    }
}
