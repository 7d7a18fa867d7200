//! `[accounts.NAME.retrieve]`: how `mailkit pop` deals with the account's maildrop.
//!
//! The options of the command by the same names, for those who do not want to say them each time. What can be judged
//! without the command is checked while it is read. Retrieves nothing.

use super::schema::Text;
use crate::address::Address;
use crate::query::Query;
use crate::{duration, size};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The options of `mailkit pop` for an account.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retrieve {
    /// `--to`: where messages go, if not into the account's Maildir.
    pub to: Option<String>,
    /// `--keep`: which stay on the server: `all`, `none`, or a time such as `7d`.
    #[serde(deserialize_with = "keep")]
    pub keep: Option<String>,
    /// `--max-size`: larger messages stay there.
    #[serde(deserialize_with = "octets")]
    #[schemars(with = "Option<String>")]
    pub max_size: Option<u64>,
    /// `--limit-messages`: so many in one run.
    pub limit_messages: Option<usize>,
    /// `--limit-bytes`: so much in one run.
    #[serde(deserialize_with = "octets")]
    #[schemars(with = "Option<String>")]
    pub limit_bytes: Option<u64>,
    /// `--where`: the messages that are meant.
    #[serde(rename = "where", deserialize_with = "query")]
    pub meant: Option<String>,
    /// `--filter`: a shell command that is asked about each message.
    pub filter: Option<String>,
    /// `--recipient`: for whom messages are handed to another server.
    #[schemars(with = "Option<Text>")]
    pub recipient: Option<Address>,
}

fn keep<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_str() {
        "all" | "none" => Ok(Some(text)),
        time => match duration::parse(time) {
            Ok(_) => Ok(Some(text)),
            Err(_) => Err(Error::custom(format!("{text:?}: write all, none, or a time such as 7d"))),
        },
    }
}

fn octets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    size::parse(&text).map(Some).map_err(|error| Error::custom(format!("{text:?}: {error}")))
}

fn query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Query::parse(&text).map(|_| Some(text.clone())).map_err(|error| Error::custom(format!("{text:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_is_refused_where_it_is_written() {
        for (text, wanted) in [
            ("keep = '7d'", ""),
            ("keep = 'all'", ""),
            ("keep = 'some'", "write all, none, or a time"),
            ("max-size = '10M'", ""),
            ("max-size = 'big'", "write a whole number"),
            ("where = 'from:@crepes.example'", ""),
            ("where = 'from:('", "from"),
            ("delete-larger = true", "unknown field"),
        ] {
            match toml::from_str::<Retrieve>(text) {
                Ok(_) => assert_eq!(wanted, "", "{text}"),
                Err(error) => assert!(!wanted.is_empty() && error.message().contains(wanted), "{text}: {error}"),
            }
        }
    }
}
