//! A complete message that a user hands over, made fit for the wire.
//!
//! Line ends become CRLF and blind copies vanish, whatever else is asked for; only then, and only where
//! wanted, what is missing is added. Nothing else changes by a single octet, so that signatures hold.
//! Its header section is held, its body is only read through: a message may be larger than the memory.
//! Knows no server. RFC 5322 §3.6, §2.1.1; RFC 6409 §8; RFC 5321 §2.3.8, §4.5.3.1.6.

use super::blind;
use super::build::Correspondent;
use super::field;
use super::header::{HEADER_MAX, Header, Whom};
use super::line_ends;
use super::qualify::qualify;
use super::rope::{self, Rope};
use super::{date, id};
use crate::address::{Address, Domain};
use crate::error::{Error, Kind, Result};
use crate::world::{Content, Entropy, Timestamp};
use std::io;
use std::sync::Arc;

/// RFC 5321 §4.5.3.1.6: octets of a line, without its CRLF, that every server must take.
const LINE_MAX: u64 = 998;

/// What is put in where it is missing.
#[derive(Clone, Copy)]
pub struct Fixups<'a> {
    /// Who the message is from if it does not say so.
    pub from: Option<&'a Correspondent>,
    /// Its date if it has none.
    pub now: Timestamp,
    /// For its Message-ID if it has none.
    pub entropy: &'a dyn Entropy,
    /// What stands behind names without a domain in its address fields, if anything does.
    pub domain: Option<&'a Domain>,
}

/// A message ready for the wire, and what its envelope can be made of.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The message: CRLF line ends, no Bcc.
    pub content: Rope<'static>,
    /// Whom the header section names, blind copies included, each once. Of a message that was sent again,
    /// whom it was sent to last (`Resent-To` and its like).
    pub recipients: Vec<Whom>,
    /// What stands among the recipients and is neither an address nor a name.
    pub unusable: Vec<String>,
    /// Who sends it: `Sender` or else the first of `From`, or their `Resent-` forms.
    pub from: Option<Address>,
    /// Whether there are octets above 127, so that it wants 8BITMIME.
    pub eight_bit: bool,
    /// Whether its header section is UTF-8 beyond ASCII, so that it wants SMTPUTF8 (RFC 6531 §3.4).
    pub needs_utf8: bool,
    /// Its Message-ID without brackets.
    pub message_id: Option<String>,
    /// Its longest line if that is longer than every server must take: the line's number, its octets.
    pub long_line: Option<(u64, u64)>,
}

/// Prepares a message. Without fixups it keeps its octets but for line ends and Bcc; text without a header
/// section stays what it is. Returns an error of kind `Data` where a sender is missing, and for a CR that ends no
/// line, unless `repair` makes a line end of it.
pub fn prepare(message: &Arc<dyn Content>, fixups: Option<Fixups<'_>>, repair: bool) -> Result<Prepared> {
    let survey = line_ends::survey(&**message).map_err(unreadable)?;
    if let Some(place) = survey.bare_cr.filter(|_| !repair) {
        // Some server behind us would take it for a line end.
        let place = format!("a bare CR in line {}, column {}", place.line, place.column);
        return Err(Error::new(Kind::Data, "prepare the message")
            .caused_by(place)
            .hint("lines must end with CRLF or LF; --fix makes line ends of such octets"));
    }
    if survey.has_nul {
        // RFC 5322 §4.1: nobody may make one. In UTF-16 they are everywhere, and no field would be found, not even Bcc.
        return Err(Error::new(Kind::Data, "prepare the message")
            .caused_by("a NUL in it cannot be sent")
            .hint("a text in UTF-16 has to be converted; other files can be attached"));
    }
    let eight_bit = survey.is_eight_bit;
    let long_line = Some(survey.longest).filter(|(_, octets)| *octets > LINE_MAX);
    let message = survey.with_crlf(message.clone());
    let head = rope::octets(&*message, 0..HEADER_MAX).map_err(unreadable)?;
    let is_whole = head.len() as u64 == message.size();
    let start = prefix(&head);
    let section = head
        .get(start..)
        .filter(|rest| field::has_header_section(rest))
        .map_or(start..start, |rest| start..start + section_length(rest));
    if section.end == head.len() && !is_whole {
        let size = format!("its header section is larger than {} MiB", HEADER_MAX / 1024 / 1024);
        return Err(Error::new(Kind::Data, "prepare the message").caused_by(size));
    }
    if section.is_empty() && blind::hides_in(&head[start..]) {
        return Err(Error::new(Kind::Data, "prepare the message")
            .caused_by("its first line is no header field, but a Bcc field follows, which all would see")
            .hint("a complete message begins with header fields"));
    }
    let written = &head[section.clone()];
    let qualified = fixups.and_then(|fixups| qualify(written, fixups.domain?));
    let section_octets = qualified.as_deref().unwrap_or(written);
    // A line that was short enough before its names had domains may not be any more.
    let first = 1 + head[..start].iter().filter(|octet| **octet == b'\n').count() as u64;
    let lines = (first..).zip(section_octets.split(|octet| *octet == b'\n'));
    let lines = lines.map(|(number, line)| (number, line.strip_suffix(b"\r").unwrap_or(line).len() as u64));
    let longer = lines.filter(|(_, octets)| *octets > long_line.map_or(LINE_MAX, |(_, octets)| octets));
    let long_line = longer.max_by_key(|(_, octets)| *octets).or(long_line);
    let header = Header::read(section_octets);
    let mut prepared = Prepared {
        content: Rope::new(),
        recipients: Vec::new(),
        unusable: Vec::new(),
        from: header.sender(),
        eight_bit,
        needs_utf8: false,
        message_id: header.message_id(),
        long_line,
    };
    // Whoever was named without a domain may be somebody else's alias.
    (prepared.recipients, prepared.unusable) = Header::read(written).recipients()?;
    let mut octets = Vec::with_capacity(section.len() + 512);
    match &fixups {
        None => octets.extend_from_slice(&head[..start]),
        Some(fixups) => {
            let body = section.end as u64..message.size();
            let undeclared_utf8 = eight_bit && !header.declares_body() && is_utf8_text(&*message, body)?;
            header.complete(fixups, undeclared_utf8, &mut prepared, &mut octets)?;
            if section.is_empty() && message.size() > start as u64 && !field::has_header_section(&head[start..]) {
                octets.extend_from_slice(b"\r\n");
            }
        }
    }
    let mut at = 0;
    for blind in blind::ranges(section_octets) {
        octets.extend_from_slice(&section_octets[at..blind.start]);
        at = blind.end;
    }
    octets.extend_from_slice(&section_octets[at..]);
    prepared.needs_utf8 = !octets.is_ascii() && std::str::from_utf8(&octets).is_ok();
    prepared.content.push_octets(octets);
    prepared.content.push_range(message.clone(), section.end as u64..message.size());
    Ok(prepared)
}

fn unreadable(error: io::Error) -> Error {
    Error::new(Kind::Io, "cannot read the message").caused_by(error)
}

/// Whether a part of a message is text in UTF-8 beyond ASCII.
fn is_utf8_text(message: &dyn Content, range: std::ops::Range<u64>) -> Result<bool> {
    let (mut carry, mut is_utf8, mut is_ascii) = (Vec::new(), true, true);
    rope::walk(message, range, |piece| {
        is_ascii &= piece.is_ascii();
        is_utf8 &= continues_utf8(&mut carry, piece);
        io::Result::Ok(())
    })
    .map_err(unreadable)?;
    Ok(is_utf8 && !is_ascii && carry.is_empty())
}

/// Whether UTF-8 that ends in an unfinished character goes on with a piece; keeps what is unfinished at its end.
pub(super) fn continues_utf8(carry: &mut Vec<u8>, mut piece: &[u8]) -> bool {
    while !carry.is_empty() {
        let [first, rest @ ..] = piece else { return true };
        carry.push(*first);
        piece = rest;
        match std::str::from_utf8(carry) {
            Ok(_) => carry.clear(),
            Err(error) if error.error_len().is_some() => return false,
            Err(_) => {}
        }
    }
    match std::str::from_utf8(piece) {
        Ok(_) => true,
        Err(error) if error.error_len().is_some() => false,
        Err(error) => {
            carry.extend_from_slice(&piece[error.valid_up_to()..]);
            true
        }
    }
}

/// The length of what stands before the message: the mark that some editors put first, and the `From alice Thu …`
/// line of an mbox, or of `git format-patch`.
fn prefix(octets: &[u8]) -> usize {
    let mark = if octets.starts_with(field::BYTE_ORDER_MARK) { field::BYTE_ORDER_MARK.len() } else { 0 };
    let line = field::first_line(&octets[mark..]);
    let length = if line.starts_with(b"From ") { mark + line.len() } else { mark };
    let rest = &octets[length..];
    match !rest.is_empty() && field::has_header_section(rest) {
        true => length,
        false => 0,
    }
}

/// Octets up to and without the empty line. Unlike readers, this does not stop at a line that is no field:
/// behind it there may be a Bcc that somebody else would see.
fn section_length(octets: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let line = field::first_line(&octets[length..]);
        if line.is_empty() || field::is_empty_line(line) {
            return length;
        }
        length += line.len();
    }
}

impl Header<'_> {
    /// Writes the fields that are missing, in front of those there are.
    fn complete(
        &self,
        fixups: &Fixups<'_>,
        undeclared_utf8: bool,
        prepared: &mut Prepared,
        octets: &mut Vec<u8>,
    ) -> Result<()> {
        let mut fields = String::new();
        if !self.has("Date") {
            fields += &format!("Date: {}\r\n", date::rfc5322(fixups.now));
        }
        if !self.has("From") {
            let from = fixups.from.ok_or_else(|| {
                Error::new(Kind::Data, "prepare the message")
                    .caused_by("it has no From field")
                    .hint("add one, or say who sends it")
            })?;
            fields += &super::build::from_field(from)?;
            if prepared.from.is_none() {
                prepared.from = Some(from.address.clone());
            }
        }
        if prepared.message_id.is_none() && !self.has("Message-ID") {
            let domain = prepared.from.as_ref().map(|from| from.domain().to_ascii().to_string()).unwrap_or_default();
            let id = id::message_id(fixups.entropy, fixups.now, &domain);
            fields += &format!("Message-ID: <{id}>\r\n");
            prepared.message_id = Some(id);
        }
        if !self.has("MIME-Version") && (self.declares_body() || undeclared_utf8) {
            fields += "MIME-Version: 1.0\r\n";
        }
        if undeclared_utf8 {
            fields += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
        }
        octets.extend_from_slice(fields.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::id::tests::Counting;
    use super::*;
    use proptest::prelude::*;

    fn fixed(message: &str) -> Prepared {
        fixed_at(message, None)
    }

    fn fixed_at(message: &str, host: Option<&str>) -> Prepared {
        let alice = Address::parse("alice@crepes.example").expect("an address");
        let from = Correspondent { name: None, address: alice };
        let domain = host.map(|host| Domain::parse(host).expect("a domain"));
        let entropy = &Counting::default();
        let fixups = Fixups { from: Some(&from), now: Timestamp::UNIX_EPOCH, entropy, domain: domain.as_ref() };
        prepare(&held(message.as_bytes()), Some(fixups), false).expect(message)
    }

    fn held(message: &[u8]) -> Arc<dyn Content> {
        Arc::new(message.to_vec())
    }

    fn plain(message: &[u8]) -> Prepared {
        prepare(&held(message), None, false).expect("a message without bare CR")
    }

    fn octets(prepared: &Prepared) -> Vec<u8> {
        prepared.content.to_vec().expect("it lies in memory")
    }

    fn text(prepared: &Prepared) -> String {
        String::from_utf8_lossy(&octets(prepared)).into_owned()
    }

    #[test]
    fn blind_copies_vanish_wherever_they_stand() {
        for (message, wanted) in [
            ("To: a@x\nBcc: b@x\n\ntext\n", "To: a@x\r\n\r\ntext\r\n"),
            ("bcc: b@x,\n c@x\nTo: a@x\n\nBcc: text\n", "To: a@x\r\n\r\nBcc: text\r\n"),
            ("To: a@x\nBCC\t: b@x", "To: a@x\r\n"),
            ("To: a@x\nnot a field\nResent-Bcc: b@x\n\n", "To: a@x\r\nnot a field\r\n\r\n"),
            ("From a Thu\nTo: a@x\nBcc: b@x\n\n", "From a Thu\r\nTo: a@x\r\n\r\n"),
            ("Bcc: a@x\nBcc: b@x\n\n", "\r\n"),
            ("\u{feff}Bcc: a@x\nTo: b@x\n\n", "\u{feff}To: b@x\r\n\r\n"),
            ("Subject: x\r\n\r\n", "Subject: x\r\n\r\n"),
        ] {
            assert_eq!(text(&plain(message.as_bytes())), wanted, "{message}");
        }
    }

    #[test]
    fn without_fixups_octets_stay() {
        for message in
            [&b"no header section\r\nat all\r\n"[..], b"", b"\r\nbody\r\n", b"X: \xff\r\n\r\n\xfe", b"To: no end"]
        {
            assert_eq!(octets(&plain(message)), message);
        }
    }

    #[test]
    fn a_bare_cr_is_refused_with_its_place() {
        for (message, place) in [
            (&b"To: a@x\r\n\r\nab\rc\r\n"[..], "line 3, column 3"),
            (b"\r", "line 1, column 1"),
            (b"a\r\r\n", "line 1, column 2"),
        ] {
            let error = prepare(&held(message), None, false).expect_err("a bare CR");
            assert_eq!(error.kind(), Kind::Data);
            assert!(error.to_string().contains(place), "{error}");
        }
    }

    #[test]
    fn a_bare_cr_becomes_a_line_end_where_that_is_wanted_and_hides_no_blind_copy() {
        for (message, wanted) in [
            (&b"To: a@x\rBcc: b@x\r\rtext\r"[..], "To: a@x\r\n\r\ntext\r\n"),
            (b"To: a@x\n\na\rb\n", "To: a@x\r\n\r\na\r\nb\r\n"),
        ] {
            assert_eq!(text(&prepare(&held(message), None, true).expect("repaired")), wanted);
        }
    }

    #[test]
    fn a_long_line_is_told_and_an_endless_header_section_refused() {
        let long = format!("To: a@x\n\nshort\n{}\n", "x".repeat(999));
        assert_eq!(plain(long.as_bytes()).long_line, Some((4, 999)));
        assert_eq!(plain(long.replace("xx", "x").as_bytes()).long_line, None);
        let names = format!("From: a@x\nTo: {}end\n\n{}", "root, ".repeat(100), "x".repeat(999));
        assert_eq!(fixed_at(&names, Some("host.example")).long_line, Some((2, 7 + 100 * 19 + 13)));
        assert_eq!(fixed(&names).long_line, Some((4, 999)));
        let endless = "X: y\n".repeat(300_000);
        assert_eq!(prepare(&held(endless.as_bytes()), None, false).expect_err("too long").kind(), Kind::Data);
        // A text is no header section, however long it is.
        let book = format!("A text\n{}", "x\n".repeat(700_000));
        assert_eq!(octets(&plain(book.as_bytes())).len(), book.len() + 700_001);
    }

    #[test]
    fn characters_that_are_cut_by_pieces_are_still_utf8() {
        for (text, wanted) in [("aé€😀".as_bytes(), true), (b"caf\xe9 x", false), (b"\xe2\x82", true)] {
            for size in 1..=text.len() {
                let mut carry = Vec::new();
                assert_eq!(text.chunks(size).all(|piece| continues_utf8(&mut carry, piece)), wanted, "{size}");
            }
        }
    }

    fn named(prepared: &Prepared) -> String {
        let one = |whom: &Whom| match whom {
            Whom::Address(address) => address.to_string(),
            Whom::Local(name) => name.clone(),
        };
        prepared.recipients.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn local_names_become_addresses_in_the_message_and_stay_names_for_the_envelope() {
        let cron =
            "From: root (Cron Daemon)\nTo: root\nBcc: al\nSubject: root\nDate: x\nMessage-ID: <1@x>\n\nTo: root\n";
        let prepared = fixed_at(cron, Some("h.example"));
        let wanted = "From: root@h.example (Cron Daemon)\r\nTo: root@h.example\r\nSubject: root\r\nDate: x\r\n\
                      Message-ID: <1@x>\r\n\r\nTo: root\r\n";
        assert_eq!((text(&prepared).as_str(), named(&prepared).as_str()), (wanted, "root al"));
        assert_eq!(prepared.from.map(|from| from.to_string()).as_deref(), Some("root@h.example"));
        assert!(text(&fixed(cron)).contains("To: root\r\n"), "nobody said what stands behind it");
    }

    #[test]
    fn recipients_come_from_the_header_section() {
        for (message, wanted) in [
            ("To: A <a@x>, b@y\nCc: a@x\nBcc: g: c@z, d@z;\n\n", "a@x b@y c@z d@z"),
            ("To: a@x\nResent-To: r@x\nResent-Bcc: s@x\nResent-From: t@x\nResent-To: old@x\n\n", "r@x s@x"),
            ("To: a@x\nResent-From: t@x\n\n", "a@x"),
            ("Subject: none\n\nTo: body@x\n", ""),
            ("text without fields\nTo: body@x\n", ""),
        ] {
            assert_eq!(named(&plain(message.as_bytes())), wanted, "{message}");
        }
        let prepared = plain(b"To: root, a@x, a b, root\r\n\r\n");
        assert_eq!((named(&prepared).as_str(), prepared.unusable), ("root a@x", vec!["a b".to_owned()]));
        assert_eq!(plain(b"Sender: s@x\r\nFrom: f@x\r\n\r\n").from.map(|a| a.to_string()).as_deref(), Some("s@x"));
    }

    #[test]
    fn what_is_missing_is_added_and_nothing_else_changes() {
        let whole = "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: a@x\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n";
        assert_eq!(text(&fixed(whole)), whole);
        let added = text(&fixed("Subject: x\n\ntext\n"));
        assert!(
            added.starts_with("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nFrom: <alice@crepes.example>\r\nMessage-ID: <")
        );
        assert!(added.ends_with("@crepes.example>\r\nSubject: x\r\n\r\ntext\r\n"), "{added}");
        let bare = text(&fixed("Do you like ketchup?\n"));
        assert!(bare.ends_with("@crepes.example>\r\n\r\nDo you like ketchup?\r\n"), "{bare}");
        let umlaut = text(&fixed("From: a@x\n\nGrüße\n"));
        assert!(umlaut.contains("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"), "{umlaut}");
        assert!(!text(&fixed("\u{feff}To: a@x\n\n")).contains('\u{feff}'));
        for hidden in ["junk\nTo: a@x\nBcc: b@x\n\ntext\n", "\nTo: a@x\nBcc: b@x\n\ntext\n", "\r\n\r\nBcc: b@x\n"] {
            assert!(prepare(&held(hidden.as_bytes()), None, false).is_err(), "{hidden}");
        }
        let wide: Vec<u8> = "To: a@x\nBcc: b@x\n\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(prepare(&held(&wide), None, true).is_err());
        assert!(!text(&fixed("From a Thu\nTo: a@x\n\n")).contains("From a Thu"));
        let fixups = Fixups { from: None, now: Timestamp::UNIX_EPOCH, entropy: &Counting::default(), domain: None };
        let error = prepare(&held(b"To: a@x\n\n"), Some(fixups), false).expect_err("no From");
        assert_eq!(error.kind(), Kind::Data);
    }

    #[test]
    fn what_the_wire_must_know_is_told() {
        for (message, eight_bit, utf8) in [
            (&b"To: a@x\n\ntext"[..], false, false),
            (b"To: a@x\n\ncaf\xe9", true, false),
            ("To: jürgen@x\n\ntext".as_bytes(), true, true),
            (b"Subject: caf\xe9\n\n", true, false),
            ("Bcc: jürgen@x\nTo: a@x\n\n".as_bytes(), true, false),
        ] {
            let prepared = plain(message);
            assert_eq!((prepared.eight_bit, prepared.needs_utf8), (eight_bit, utf8), "{}", message.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn no_blind_copy_ever_leaves(
            lines in proptest::collection::vec("(To|X|[Bb][Cc]{2}|Resent-BCC|From |)[ \t]{0,2}(:|) ?(secret|a@x)?\r?", 0..8),
            fix in any::<bool>(),
        ) {
            let mut message: String = lines.iter().map(|line| format!("{}\n", line.trim_end_matches('\r'))).collect();
            message.insert_str(0, "X-First: y\n");
            let (header, _) = message.split_once("\n\n").unwrap_or((&message, ""));
            let before = blind::ranges(header.as_bytes()).len();
            let prepared = if fix { fixed(&message) } else { plain(message.as_bytes()) };
            let after = text(&prepared);
            let (header, _) = after.split_once("\r\n\r\n").unwrap_or((&after, ""));
            prop_assert_eq!(blind::ranges(header.as_bytes()).len(), 0, "{} {}", before, after);
        }

        #[test]
        fn preparing_twice_changes_nothing_more(message in any::<Vec<u8>>()) {
            let message: Vec<u8> = message.into_iter().filter(|octet| !matches!(octet, b'\r' | 0)).collect();
            prop_assume!(prepare(&held(&message), None, false).is_ok());
            let once = plain(&message);
            prop_assert_eq!(octets(&plain(&octets(&once))), octets(&once));
        }
    }
}
