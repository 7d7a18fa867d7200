//! Lists of tags: `v=1; d=crepes.example; …`, in signatures and in the records of their keys.
//!
//! RFC 6376 §3.2.

use crate::message::words;

/// The tags of a list, each there once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::policy) struct Tags(Vec<(String, String)>);

impl Tags {
    /// Reads a list, or says what is wrong with it.
    pub(in crate::policy) fn parse(list: &[u8]) -> Result<Self, String> {
        let unfolded = words::unfold(list);
        let (text, _) = words::undeclared(&unfolded);
        let mut tags = Self::default();
        for tag in text.split(';').map(str::trim).filter(|tag| !tag.is_empty()) {
            let (name, value) = tag.split_once('=').ok_or("a tag has no value")?;
            let name = name.trim_end();
            let is_sign = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.bytes().all(is_sign) {
                return Err("a tag has no proper name".to_owned());
            }
            // RFC 6376 §3.2: whoever could write a tag twice could show two readers two things.
            if tags.get(name).is_some() {
                return Err(format!("the tag {name}= stands there twice"));
            }
            // No list has more than a dozen; a search through many would cost their square.
            if tags.0.len() >= 100 {
                return Err("there are more tags than anybody writes".to_owned());
            }
            tags.0.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(tags)
    }

    /// The name of the first tag.
    pub(super) fn first(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_str())
    }

    /// A value, without the blanks around it. Names of tags have a case.
    pub(in crate::policy) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A value without any blanks.
    pub(super) fn packed(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.split_whitespace().collect())
    }

    /// The elements of a value that is a list by itself, in lower case.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let value = self.packed(name)?.to_ascii_lowercase();
        Some(value.split(':').filter(|element| !element.is_empty()).map(str::to_owned).collect())
    }

    /// A number; one that is none is an error, and one that is too large is as good as without end.
    pub(in crate::policy) fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let is_number = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| Some(value.parse().unwrap_or(u64::MAX))).ok_or(format!("{name}= is not a number"))
    }

    /// What a value in base64 stands for; none if it is not base64 throughout.
    pub(in crate::policy) fn octets(&self, name: &str) -> Option<Vec<u8>> {
        use base64::Engine;
        use base64::alphabet::STANDARD;
        use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
        let lenient = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        GeneralPurpose::new(&STANDARD, lenient).decode(self.packed(name)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_with_their_blanks_and_wrong_ones_are_none() {
        let tags =
            Tags::parse(b" v=1; a = rsa-sha256 ;\r\n\tb=ab cd;\r\n d=;h= From : To;; D=x; l=99999999999999999999;")
                .expect("a list");
        for (name, wanted) in [("v", Some("1")), ("a", Some("rsa-sha256")), ("D", Some("x")), ("x", None)] {
            assert_eq!(tags.get(name), wanted, "{name}");
        }
        assert_eq!(tags.octets("b"), Some(vec![0x69, 0xb7, 0x1d]));
        assert_eq!(tags.list("h").expect("a list"), ["from", "to"]);
        assert_eq!((tags.number("l"), tags.number("x")), (Ok(Some(u64::MAX)), Ok(None)));
        assert!(tags.number("d").is_err() && tags.number("a").is_err());
        for list in ["v=1; v=1", "v", "=1", "a b=c", "v=1; x"] {
            assert!(Tags::parse(list.as_bytes()).is_err(), "{list}");
        }
        assert!(Tags::parse((0..200).map(|n| format!("t{n}=x;")).collect::<String>().as_bytes()).is_err());
    }
}
