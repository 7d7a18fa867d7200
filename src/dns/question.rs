//! A question, and the query that asks it.
//!
//! A query is encoded once and sent as often as need be: only its id changes from one attempt to the next. The extension
//! is asked for with a size that no path has to fragment; a server that chokes on it is asked without.
//! RFC 1035 §4.1; RFC 6891 §6.1, §7; RFC 4035 §3.2; RFC 6840 §5.7; RFC 9715 §3.

use super::cookie::{Cookie, OPTION, option};
use hickory_proto::rr::{Name, RecordType};

/// Octets of a header.
pub const HEADER: usize = 12;
/// The longest query: header, name, type and class, extension with a cookie.
pub const QUERY_MAX: usize = HEADER + 255 + 4 + EXTENSION + OPTION;
/// Octets of an extension without options.
const EXTENSION: usize = 11;
/// Octets of a datagram that come through whole nearly everywhere (RFC 9715 §3.1 and the DNS flag day of 2020).
pub const PAYLOAD: u16 = 1232;

/// What is asked: the records of a type that a name has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// An absolute name.
    pub name: Name,
    /// The type of the records.
    pub kind: RecordType,
}

impl Question {
    /// Who answers for the root: a name that everybody knows, and that is signed.
    pub fn root_servers() -> Self {
        Self { name: Name::root(), kind: RecordType::NS }
    }
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wishes {
    /// RD: the server is to ask others for us.
    pub recursion: bool,
    /// DO: signatures are to come along (RFC 4035 §3.2.1).
    pub signatures: bool,
    /// AD: we understand the server's word about signatures (RFC 6840 §5.7).
    pub authentic: bool,
    /// CD: the server is to hand out what it would not believe itself (RFC 4035 §3.2.2).
    pub unchecked: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { recursion: true, signatures: false, authentic: false, unchecked: false }
    }
}

impl Wishes {
    /// Whether the server vouches for its answer, by its one bit.
    pub const AUTHENTIC: Self = Self { recursion: true, signatures: true, authentic: true, unchecked: false };
    /// All that is needed to check signatures oneself.
    pub const VALIDATION: Self = Self { recursion: true, signatures: true, authentic: false, unchecked: true };

    fn flags(self) -> u8 {
        u8::from(self.recursion)
            | u8::from(self.signatures) << 1
            | u8::from(self.authentic) << 2
            | u8::from(self.unchecked) << 3
    }
}

/// A query, complete but for its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    octets: Vec<u8>,
    /// Where its question section ends.
    end: usize,
    flags: u8,
}

/// What makes two queries the same: the question, in lower case, and the wishes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(Box<[u8]>);

impl Query {
    /// Encodes a question.
    pub fn new(question: &Question, wishes: Wishes) -> Self {
        let mut octets = Vec::with_capacity(QUERY_MAX);
        // The id comes last; one question, and the extension as the one additional record.
        let first = u8::from(wishes.recursion);
        let second = u8::from(wishes.authentic) << 5 | u8::from(wishes.unchecked) << 4;
        octets.extend([0, 0, first, second, 0, 1, 0, 0, 0, 0, 0, 1]);
        for label in question.name.iter() {
            // A label of a name has 63 octets at most (RFC 1035 §2.3.4); the type upholds it.
            octets.push(label.len() as u8);
            octets.extend_from_slice(label);
        }
        octets.push(0);
        octets.extend(u16::from(question.kind).to_be_bytes());
        octets.extend([0, 1]);
        let end = octets.len();
        // RFC 6891 §6.1.2: the root, OPT, our size, no extended code, version 0, DO, no options.
        octets.extend([0, 0, 41]);
        octets.extend(PAYLOAD.to_be_bytes());
        octets.extend([0, 0, u8::from(wishes.signatures) << 7, 0, 0, 0]);
        Self { octets, end, flags: wishes.flags() }
    }

    /// Reads a query: one question, and perhaps an extension; anything else is none.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let head = octets.get(..HEADER).filter(|_| octets.len() <= QUERY_MAX)?;
        // QR and the opcode are zero; there is one question, and no answer.
        if head[2] & 0xf8 != 0 || head[4..10] != [0, 1, 0, 0, 0, 0] {
            return None;
        }
        let mut end = HEADER;
        // RFC 1035 §4.1.4: nothing stands before the first name, so nothing can point there.
        while let length @ 1..=63 = *octets.get(end)? {
            end += 1 + usize::from(length);
        }
        if octets[end] != 0 || end - HEADER > 254 {
            return None;
        }
        end += 1 + 4;
        let class = octets.get(end - 2..end)?;
        // RFC 6891 §6.1.2: the root, the type of OPT; DO is the highest of the flags.
        let extension = octets.get(end..).filter(|rest| rest.starts_with(&[0, 0, 41]));
        let has_signatures = extension.and_then(|rest| rest.get(7)).is_some_and(|flags| flags & 0x80 != 0);
        let wishes = Wishes {
            recursion: head[2] & 1 != 0,
            signatures: has_signatures,
            authentic: head[3] & 0x20 != 0,
            unchecked: head[3] & 0x10 != 0,
        };
        let mut octets = octets.to_vec();
        octets[..2].fill(0);
        (class == [0, 1]).then_some(Self { octets, end, flags: wishes.flags() })
    }

    /// The same without the extension, for a server that does not know it (RFC 6891 §7).
    #[must_use]
    pub fn plain(&self) -> Self {
        let mut octets = self.octets[..self.end].to_vec();
        octets[11] = 0;
        Self { octets, ..*self }
    }

    /// Its octets, with an id of zero.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Writes its octets with an id at the beginning of a buffer.
    pub fn write<'b>(&self, id: u16, buffer: &'b mut [u8; QUERY_MAX]) -> &'b [u8] {
        let place = &mut buffer[..self.octets.len()];
        place.copy_from_slice(&self.octets);
        place[..2].copy_from_slice(&id.to_be_bytes());
        place
    }

    /// Whether a cookie can be sent with it: its extension has no options yet.
    pub fn takes_cookie(&self) -> bool {
        self.octets.len() == self.end + EXTENSION && self.octets.ends_with(&[0, 0])
    }

    /// The same as [`Self::write`], with a cookie if it takes one.
    pub fn write_with<'b>(&self, id: u16, cookie: Cookie, buffer: &'b mut [u8; QUERY_MAX]) -> &'b [u8] {
        self.write(id, buffer);
        let end = self.octets.len();
        if !self.takes_cookie() {
            return &buffer[..end];
        }
        // The length of the options stands right before them.
        buffer[end - 1] = OPTION as u8;
        buffer[end..end + OPTION].copy_from_slice(&option(cookie));
        &buffer[..end + OPTION]
    }

    /// Its question section.
    pub fn question(&self) -> &[u8] {
        &self.octets[HEADER..self.end]
    }

    /// What it is remembered by.
    pub fn key(&self) -> Key {
        let mut key = self.question().to_vec();
        // Lengths of labels are below every letter; type and class are numbers.
        let name = key.len() - 4;
        key[..name].make_ascii_lowercase();
        key.push(self.flags);
        Key(key.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Message;
    use proptest::prelude::*;

    fn question(name: &str, kind: RecordType) -> Question {
        Question { name: Name::from_ascii(name).expect(name), kind }
    }

    #[test]
    fn a_query_says_what_was_wished_for() {
        for (wishes, wanted) in [
            (Wishes::default(), (true, false, false, false)),
            (Wishes::AUTHENTIC, (true, true, true, false)),
            (Wishes::VALIDATION, (true, true, false, true)),
            (Wishes { recursion: false, ..Wishes::default() }, (false, false, false, false)),
        ] {
            let query = Query::new(&question("MX.Example.", RecordType::TLSA), wishes);
            let mut buffer = [0; QUERY_MAX];
            let read = Message::from_vec(query.write(0xbeef, &mut buffer)).expect("a message");
            let edns = read.edns.as_ref().expect("the extension");
            let head = read.metadata;
            let said = (head.recursion_desired, edns.flags().dnssec_ok, head.authentic_data, head.checking_disabled);
            assert_eq!((head.id, said, edns.max_payload(), edns.version()), (0xbeef, wanted, 1232, 0), "{wishes:?}");
            assert_eq!(read.queries[0].name().to_string(), "MX.Example.");
            assert_eq!((read.queries[0].query_type(), read.queries.len()), (RecordType::TLSA, 1));
            assert_eq!(Query::read(query.octets()).as_ref(), Some(&query));
            assert_eq!(Query::read(query.plain().octets()).map(|read| read.end), Some(query.end));
            let plain = Message::from_vec(query.plain().octets()).expect("a message");
            assert_eq!((plain.edns, &plain.queries), (None, &read.queries));
        }
    }

    #[test]
    fn a_cookie_goes_along_where_there_is_room() {
        let long = ["x".repeat(63), "y".repeat(63), "z".repeat(63), "w".repeat(61)].join(".") + ".";
        for name in [".", "a.example.", &long] {
            let query = Query::new(&question(name, RecordType::MX), Wishes::AUTHENTIC);
            let mut buffer = [0; QUERY_MAX];
            let octets = query.write_with(0xbeef, *b"01234567", &mut buffer).to_vec();
            let read = Message::from_vec(&octets).expect("a message");
            let edns = read.edns.expect("the extension");
            let options: Vec<_> = edns.options().as_ref().iter().map(|(code, _)| u16::from(*code)).collect();
            assert_eq!((read.metadata.id, options, edns.flags().dnssec_ok), (0xbeef, vec![10], true), "{name}");
            assert!(octets.ends_with(b"\0\x0a\0\x0801234567"));
            // Who has options already, or no extension, gets none; and nothing of it stays.
            let read = Query::read(&octets).expect("a query");
            assert!(!read.takes_cookie() && !query.plain().takes_cookie() && query.takes_cookie());
            for other in [read, query.plain()] {
                assert_eq!(other.write_with(0, *b"01234567", &mut [0; QUERY_MAX]), other.octets());
            }
        }
    }

    #[test]
    fn the_same_is_remembered_by_the_same() {
        let key = |name, kind, wishes| Query::new(&question(name, kind), wishes).key();
        let one = key("a.example.", RecordType::A, Wishes::default());
        assert_eq!(one, key("A.EXAMPLE.", RecordType::A, Wishes::default()));
        assert_eq!(one, Query::new(&question("a.example.", RecordType::A), Wishes::default()).plain().key());
        for other in [
            key("b.example.", RecordType::A, Wishes::default()),
            key("a.example.", RecordType::AAAA, Wishes::default()),
            key("a.example.", RecordType::from(1 | 0x20), Wishes::default()),
            key("a.example.", RecordType::A, Wishes::AUTHENTIC),
            key("a.example.", RecordType::A, Wishes::VALIDATION),
        ] {
            assert_ne!(one, other);
        }
    }

    proptest! {
        #[test]
        fn any_name_comes_through(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=63), 0..4)) {
            let name = Name::from_labels(labels.iter().map(Vec::as_slice)).expect("a name");
            let query = Query::new(&Question { name: name.clone(), kind: RecordType::MX }, Wishes::default());
            prop_assert!(query.octets().len() <= QUERY_MAX);
            let read = Message::from_vec(query.octets()).expect("a message");
            prop_assert!(read.queries[0].name().eq_case(&name));
        }
    }
}
