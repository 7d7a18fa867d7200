//! The configuration's JSON Schema, for editors that complete and check while one types.
//!
//! It is made from the types that read the configuration, so it knows each key and no other; types that are written
//! in several ways say here which. It is not strict about texts: what a URL or an address must look like is told
//! when the file is read.

use super::config::Config;
use super::pattern::Pattern;
use super::profile::{Auth, Log};
use super::sent::Copies;
use super::source::SecretSource;
use crate::provider::Provider;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A text of an account, which may stand elsewhere.
pub(super) struct Text;

/// The name of a provider that is known here.
pub(super) struct Name;

impl JsonSchema for Name {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": Provider::names().collect::<Vec<_>>()})
    }
}

/// The schema of a configuration file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Config).to_value()
}

/// Types that are read by hand, and how they are written.
macro_rules! written_as {
    ($($name:ident $schema:tt)*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

written_as! {
    Text {"anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"env": {"type": "string"}}, "required": ["env"],
            "additionalProperties": false},
        {"type": "object", "properties": {"cmd": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
            "required": ["cmd"], "additionalProperties": false}
    ]}
    Pattern {"type": "string"}
    Auth {"anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1}
    ]}
    Copies {"type": "string", "minLength": 1}
    Log {"anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"file": {"type": "string"}, "format": {"enum": ["logfmt", "json"]}},
            "required": ["file"], "additionalProperties": false}
    ]}
    SecretSource {"anyOf": [
        {"const": "prompt"},
        {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": {
            "keyring": {"const": true},
            "cmd": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "env": {"type": "string"},
            "file": {"type": "string"},
            "systemd": {"type": "string"},
            "netrc": {"anyOf": [{"const": true}, {"type": "string"}]},
            "plain": {"type": "string"}
        }}
    ]}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_the_keys_of_every_section() {
        let schema = schema();
        let keys = |section: &str| {
            let section = &schema["$defs"][section];
            assert_eq!(section["additionalProperties"], false, "{section}");
            section["properties"].as_object().map(|keys| keys.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
        };
        assert!(keys("Account").contains(&"allow-recipients".to_owned()) && keys("Account").len() >= 20);
        let providers = schema["$defs"]["Account"]["properties"]["provider"].to_string();
        assert!(providers.contains("\"gmail\""), "{providers}");
        assert!(keys("Tls").contains(&"pin".to_owned()) && keys("OAuth").contains(&"redirect-port".to_owned()));
        assert!(keys("Serve").contains(&"tls-cert".to_owned()) && keys("Relay").contains(&"smarthost-ca".to_owned()));
        assert!(schema["properties"].get("origin").is_none() && schema["properties"].get("route").is_some());
    }
}
