//! What the program prints as JSON, held against the schema that it prints of it.
//!
//! As much of JSON Schema 2020-12 as those schemas use; a word that is not known here fails, so that nothing passes
//! because it was not looked at.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// Words that describe and demand nothing.
const WORDS: [&str; 7] = ["$schema", "$defs", "title", "description", "format", "default", "examples"];

/// Checks the objects among these lines that say, or are known for, what they are.
pub(crate) fn check(stdout: &str, stderr: &str) -> Result<(), String> {
    for line in stdout.lines().chain(stderr.lines()) {
        let Ok(object @ Value::Object(_)) = serde_json::from_str::<Value>(line) else { continue };
        let name = match object.get("schema").and_then(Value::as_str) {
            Some("mailkit.send/1") => "send",
            Some("mailkit.queue/1") => "queue",
            Some("mailkit.probe/1") => "probe",
            Some("mailkit.mx/1") => "mx",
            Some("mailkit.mx-line/1") => "mx-line",
            Some("mailkit.mx-diff/1") => "mx-diff",
            Some("mailkit.check/1") => "check",
            Some("mailkit.message/1") => "message",
            Some("mailkit.scan/1") => "scan",
            Some("mailkit.report/1") => "report",
            Some("mailkit.calendar/1") => "calendar",
            Some("mailkit.links/1") => "links",
            Some("mailkit.route/1") => "route",
            Some("mailkit.fields/1") => "fields",
            Some("mailkit.addresses/1") => "addresses",
            Some("mailkit.dates/1") => "dates",
            Some("mailkit.attachments/1") => "attachments",
            Some("mailkit.files/1") => "files",
            Some("mailkit.unsubscribe/1") => "unsubscribe",
            Some("mailkit.unsubscribed/1") => "unsubscribed",
            None if object.get("error").is_some() => "error",
            _ => continue,
        };
        let schema = schema(name);
        holds(&schema, &schema, &object, "").map_err(|why| format!("against its schema {name}: {why}"))?;
    }
    Ok(())
}

/// As the program prints it, asked once.
fn schema(name: &'static str) -> Value {
    static KNOWN: OnceLock<Mutex<BTreeMap<&'static str, Value>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().expect("not poisoned");
    let ask = || {
        let run = Command::new(env!("CARGO_BIN_EXE_mailkit")).args(["schema", name]).output().expect("it runs");
        serde_json::from_slice(&run.stdout).expect("a schema is JSON")
    };
    known.entry(name).or_insert_with(ask).clone()
}

fn holds(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Value::Object(rules) = schema else {
        return if *schema == Value::Bool(true) { Ok(()) } else { Err(format!("{at} may not be there")) };
    };
    for (word, rule) in rules {
        let is_good = match (word.as_str(), rule) {
            ("$ref", Value::String(path)) => {
                let target = path.strip_prefix('#').and_then(|path| root.pointer(path)).ok_or("a dead reference")?;
                holds(root, target, value, at)?;
                true
            }
            ("type", Value::String(name)) => is(name, value),
            ("type", Value::Array(names)) => names.iter().filter_map(Value::as_str).any(|name| is(name, value)),
            ("const", rule) => rule == value,
            ("enum", Value::Array(values)) => values.contains(value),
            ("anyOf" | "oneOf", Value::Array(ways)) => ways.iter().any(|way| holds(root, way, value, at).is_ok()),
            ("minimum", rule) => value.as_f64().is_none_or(|number| rule.as_f64().is_some_and(|least| number >= least)),
            ("maximum", rule) => value.as_f64().is_none_or(|number| rule.as_f64().is_some_and(|most| number <= most)),
            ("required", Value::Array(names)) => {
                let missing = names.iter().filter_map(Value::as_str).find(|name| value.get(name).is_none());
                match missing {
                    Some(name) => return Err(format!("{at}/{name} is missing")),
                    None => true,
                }
            }
            ("properties", Value::Object(members)) => {
                for (name, member) in members {
                    if let Some(found) = value.get(name) {
                        holds(root, member, found, &format!("{at}/{name}"))?;
                    }
                }
                true
            }
            ("additionalProperties", Value::Bool(false)) => {
                let known = rules.get("properties").and_then(Value::as_object);
                let names = value.as_object().into_iter().flat_map(|members| members.keys());
                let unknown = names.into_iter().find(|name| !known.is_some_and(|known| known.contains_key(*name)));
                match unknown {
                    Some(name) => return Err(format!("{at}/{name} is not in it")),
                    None => true,
                }
            }
            ("items", rule) => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    holds(root, rule, item, &format!("{at}/{index}"))?;
                }
                true
            }
            (word, _) if WORDS.contains(&word) => true,
            (word, rule) => return Err(format!("{at}: nobody knows what {word}: {rule} demands")),
        };
        if !is_good {
            return Err(format!("{at} is {value}, which {word} {rule} does not allow"));
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[test]
fn what_is_too_much_missing_or_of_another_kind_is_seen() {
    let schema = serde_json::json!({
        "type": "object",
        "properties": {"a": {"type": ["string", "null"]}, "b": {"$ref": "#/$defs/b"}},
        "required": ["a"],
        "additionalProperties": false,
        "$defs": {"b": {"type": "array", "items": {"enum": ["x", "y"]}}},
    });
    for (text, good) in [
        (r#"{"a": "x"}"#, true),
        (r#"{"a": null, "b": ["x", "y"]}"#, true),
        (r#"{"a": null, "b": ["z"]}"#, false),
        (r#"{"a": 1}"#, false),
        (r#"{}"#, false),
        (r#"{"a": "x", "c": 1}"#, false),
    ] {
        let value = serde_json::from_str(text).expect(text);
        assert_eq!(holds(&schema, &schema, &value, "").is_ok(), good, "{text}");
    }
    assert!(holds(&schema, &serde_json::json!({"pattern": "x"}), &Value::Null, "").is_err());
}
