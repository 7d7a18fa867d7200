//! The statements a filter is made of, and the words that stand for them.
//!
//! One table from words to fields serves reading, printing and the sentences about mistakes.

use super::pattern::Pattern;
use super::people::{Person, Role};
use super::scan::Operator;
use super::when::Point;
use std::time::Duration;

/// A statement about a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `word`: people, subject or text say it.
    Word(Pattern),
    /// `from:alice`
    People(Role, Person),
    /// `subject:invoice`
    Subject(Pattern),
    /// `body:invoice`
    Body(Pattern),
    /// `list:rust`
    List(Pattern),
    /// `name:*.pdf`
    Name(Pattern),
    /// `type:image/*`
    Type(Pattern),
    /// `id:a@b`
    Id(Pattern),
    /// `reference:a@b`
    Reference(Pattern),
    /// `header:X-Foo~bar`, or that the field is there.
    Header(String, Option<Pattern>),
    /// `size>1M`
    Size(Order, u64),
    /// `date>=2026-01`
    Date(Order, Point),
    /// `received<7d`
    Received(Order, Point),
    /// `age<2w`
    Age(Order, Duration),
    /// `is:unread`
    Is(Is),
    /// `has:attachment`
    Has(Has),
    /// `flag:\Seen`
    Flag(String),
    /// `tag:work`
    Tag(String),
}

/// How a value lies to the one that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `=`
    Same,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// States of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// `\Seen` is set.
    Read,
    /// `\Flagged` is set.
    Flagged,
    /// `\Answered` is set.
    Answered,
    /// `\Draft` is set.
    Draft,
    /// `\Deleted` is set.
    Deleted,
    /// It answers another message.
    Reply,
    /// It came from a mailing list.
    List,
    /// A program wrote it (RFC 3834 §5).
    Automatic,
    /// Somebody signed it.
    Signed,
    /// Only some can read it.
    Encrypted,
}

/// Things in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// Something to be saved.
    Attachment,
    /// A text in HTML.
    Html,
    /// A text without markup.
    Text,
    /// An appointment.
    Calendar,
}

/// What may be said about a field, and so how its value is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sort {
    People(Role),
    Text(fn(Pattern) -> Test),
    Id(fn(Pattern) -> Test),
    Type,
    Header,
    Size,
    Time(fn(Order, Point) -> Test),
    Age,
    Is,
    Has,
    Flag,
    Tag,
}

/// The words for fields. The first of a sort is the one that is printed.
const WORDS: [(&str, Sort); 28] = [
    ("from", Sort::People(Role::From)),
    ("to", Sort::People(Role::To)),
    ("cc", Sort::People(Role::Cc)),
    ("bcc", Sort::People(Role::Bcc)),
    ("sender", Sort::People(Role::Sender)),
    ("reply-to", Sort::People(Role::ReplyTo)),
    ("recipient", Sort::People(Role::Recipient)),
    ("with", Sort::People(Role::Anybody)),
    ("subject", Sort::Text(Test::Subject)),
    ("body", Sort::Text(Test::Body)),
    ("text", Sort::Text(Test::Word)),
    ("list", Sort::Text(Test::List)),
    ("name", Sort::Text(Test::Name)),
    ("filename", Sort::Text(Test::Name)),
    ("type", Sort::Type),
    ("id", Sort::Id(Test::Id)),
    ("message-id", Sort::Id(Test::Id)),
    ("reference", Sort::Id(Test::Reference)),
    ("references", Sort::Id(Test::Reference)),
    ("header", Sort::Header),
    ("size", Sort::Size),
    ("date", Sort::Time(Test::Date)),
    ("received", Sort::Time(Test::Received)),
    ("age", Sort::Age),
    ("is", Sort::Is),
    ("has", Sort::Has),
    ("flag", Sort::Flag),
    ("tag", Sort::Tag),
];

/// The words for states, and whether they deny it. The first of each is the one that is printed.
const STATES: [(&str, Is, bool); 17] = [
    ("read", Is::Read, false),
    ("unread", Is::Read, true),
    ("seen", Is::Read, false),
    ("unseen", Is::Read, true),
    ("flagged", Is::Flagged, false),
    ("unflagged", Is::Flagged, true),
    ("starred", Is::Flagged, false),
    ("answered", Is::Answered, false),
    ("unanswered", Is::Answered, true),
    ("replied", Is::Answered, false),
    ("draft", Is::Draft, false),
    ("deleted", Is::Deleted, false),
    ("reply", Is::Reply, false),
    ("list", Is::List, false),
    ("automatic", Is::Automatic, false),
    ("signed", Is::Signed, false),
    ("encrypted", Is::Encrypted, false),
];

const THINGS: [(&str, Has); 4] =
    [("attachment", Has::Attachment), ("html", Has::Html), ("text", Has::Text), ("calendar", Has::Calendar)];

impl Sort {
    /// The sort of a field; names know no case.
    pub(super) fn of(word: &str) -> Option<Self> {
        WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, sort)| *sort)
    }

    /// All words for fields, for a sentence.
    pub(super) fn words() -> String {
        let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        words.join(", ")
    }

    /// Whether an operator makes sense, or its denial.
    pub(super) fn takes(self, operator: Operator, is_denied: bool) -> bool {
        use Operator::{Colon, Is, IsNot, Like, NotLike};
        let is_equality = matches!(operator, Colon | Is | IsNot);
        let is_order = !matches!(operator, Colon | Is | IsNot | Like | NotLike);
        match self {
            Self::People(_) | Self::Text(_) | Self::Type | Self::Id(_) | Self::Header => !is_order,
            Self::Size | Self::Time(_) => is_equality || is_order,
            Self::Age => is_order && !is_denied,
            Self::Is | Self::Has | Self::Flag | Self::Tag => is_equality,
        }
    }

    /// The operators that make sense, for a sentence.
    pub(super) fn operators(self) -> &'static str {
        match self {
            Self::People(_) | Self::Text(_) | Self::Type | Self::Id(_) | Self::Header => ": = != ~ !~",
            Self::Size | Self::Time(_) => ": = != < <= > >=",
            Self::Age => "< <= > >=",
            Self::Is | Self::Has | Self::Flag | Self::Tag => ": = !=",
        }
    }
}

impl Order {
    /// Whether `value` lies so to what reaches from `first` to `last`.
    pub(super) fn holds<T: PartialOrd>(self, value: &T, first: &T, last: &T) -> bool {
        match self {
            Self::Same => value >= first && value <= last,
            Self::Less => value < first,
            Self::AtMost => value <= last,
            Self::More => value > last,
            Self::AtLeast => value >= first,
        }
    }

    /// As it is written.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Same => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Is {
    /// The state that a word stands for, and whether the word denies it.
    pub(super) fn of(word: &str) -> Option<(Self, bool)> {
        STATES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(word)).map(|(_, is, denied)| (*is, *denied))
    }

    /// As it is written.
    pub(super) fn word(self) -> &'static str {
        STATES.iter().find(|(_, is, denied)| *is == self && !denied).map_or("", |(word, ..)| word)
    }

    /// All words, for a sentence.
    pub(super) fn words() -> String {
        STATES.map(|(word, ..)| word).join(", ")
    }

    /// The flag that says so, for the states that are flags.
    pub(super) fn flag(self) -> Option<&'static str> {
        match self {
            Self::Read => Some("\\Seen"),
            Self::Flagged => Some("\\Flagged"),
            Self::Answered => Some("\\Answered"),
            Self::Draft => Some("\\Draft"),
            Self::Deleted => Some("\\Deleted"),
            _ => None,
        }
    }
}

impl Has {
    /// The thing that a word stands for.
    pub(super) fn of(word: &str) -> Option<Self> {
        THINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, has)| *has)
    }

    /// As it is written.
    pub(super) fn word(self) -> &'static str {
        THINGS.iter().find(|(_, has)| *has == self).map_or("", |(word, _)| word)
    }

    /// All words, for a sentence.
    pub(super) fn words() -> String {
        THINGS.map(|(word, _)| word).join(", ")
    }
}
