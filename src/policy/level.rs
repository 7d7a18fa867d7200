//! How much the way to a mail exchanger has to be protected, as users say it in a word.
//!
//! Each level is the least that will do. `opportunistic` takes the best there is: what a domain publishes in signed DNS
//! is kept to there too, since whoever publishes it can be reached no other way (RFC 7672 §1.3, §2.2; RFC 7435 §3).

use std::fmt;
use std::str::FromStr;

/// The least that will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Level {
    /// No encryption, for tests and closed networks.
    None,
    /// Encryption where it is offered, and the certificate that signed DNS names where it names one.
    #[default]
    Opportunistic,
    /// Encryption, with any certificate.
    Require,
    /// Encryption, with a certificate that an authority vouches for.
    Verify,
    /// Encryption, with the certificate that signed DNS names (RFC 7672).
    Dane,
    /// What the domain's policy says (RFC 8461).
    MtaSts,
}

/// Why a word is no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is one of none, opportunistic, require, verify, dane, mta-sts")]
pub struct NoLevel;

impl Level {
    /// All of them, by their words.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::None, "none"),
        (Self::Opportunistic, "opportunistic"),
        (Self::Require, "require"),
        (Self::Verify, "verify"),
        (Self::Dane, "dane"),
        (Self::MtaSts, "mta-sts"),
    ];
}

impl FromStr for Level {
    type Err = NoLevel;

    fn from_str(word: &str) -> Result<Self, NoLevel> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(level, _)| *level).ok_or(NoLevel)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(level, _)| level == self).map_or("", |(_, word)| *word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_as_they_are_printed() {
        for (level, word) in Level::ALL {
            assert_eq!((word.parse(), level.to_string().as_str()), (Ok(level), word));
        }
        for word in ["", "DANE", "mta_sts", "pkix"] {
            assert_eq!(word.parse::<Level>(), Err(NoLevel), "{word}");
        }
    }
}
