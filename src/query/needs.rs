//! What has to be known of a message before a filter can judge it: so that nobody fetches what nobody asks for.

use super::Query;
use super::field::{Has, Is, Test};
use std::ops::BitOr;

/// Kinds of knowledge. What a message weighs or which flags it has is often known without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Its size.
    pub size: bool,
    /// Its flags and keywords.
    pub flags: bool,
    /// When it arrived.
    pub arrival: bool,
    /// Its header section.
    pub header: bool,
    /// The types and names of its parts.
    pub parts: bool,
    /// Its text.
    pub text: bool,
}

impl Needs {
    const NOTHING: Self = Self { size: false, flags: false, arrival: false, header: false, parts: false, text: false };

    /// Whether more of it must be read than its header section. IMAP can tell the parts without their contents.
    pub fn reads_body(self) -> bool {
        self.parts || self.text
    }

    /// Whether it must be opened at all.
    pub fn reads(self) -> bool {
        self.header || self.reads_body()
    }
}

impl BitOr for Needs {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self {
            size: self.size | other.size,
            flags: self.flags | other.flags,
            arrival: self.arrival | other.arrival,
            header: self.header | other.header,
            parts: self.parts | other.parts,
            text: self.text | other.text,
        }
    }
}

impl Query {
    /// What it may ask about a message.
    pub fn needs(&self) -> Needs {
        match self {
            Self::All(queries) | Self::Any(queries) => {
                queries.iter().fold(Needs::NOTHING, |needs, query| needs | query.needs())
            }
            Self::Not(query) => query.needs(),
            Self::Term(test) => test.needs(),
        }
    }
}

impl Test {
    fn needs(&self) -> Needs {
        let nothing = Needs::NOTHING;
        match self {
            Self::Word(_) => Needs { header: true, text: true, ..nothing },
            Self::Body(_) => Needs { text: true, ..nothing },
            Self::Name(_) | Self::Type(_) | Self::Has(Has::Attachment | Has::Html | Has::Text | Has::Calendar) => {
                Needs { parts: true, ..nothing }
            }
            Self::Size(..) => Needs { size: true, ..nothing },
            Self::Received(..) => Needs { arrival: true, ..nothing },
            // Where the Date field says nothing, the arrival does.
            Self::Date(..) | Self::Age(..) => Needs { header: true, arrival: true, ..nothing },
            Self::Flag(_) | Self::Tag(_) => Needs { flags: true, ..nothing },
            Self::Is(Is::Signed | Is::Encrypted) => Needs { parts: true, ..nothing },
            Self::Is(is) if is.flag().is_some() => Needs { flags: true, ..nothing },
            Self::Is(_)
            | Self::People(..)
            | Self::Subject(_)
            | Self::List(_)
            | Self::Id(_)
            | Self::Reference(_)
            | Self::Header(..) => Needs { header: true, ..nothing },
        }
    }
}
