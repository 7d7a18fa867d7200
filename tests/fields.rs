//! Header fields as the mail of forty years has them, against what another library's tests expect of each.
//!
//! `tests/messages/fields` holds its tables; what is read otherwise here is listed with the reason, and
//! docs/parse-differences.md says more.

use mailkit::message::address_list::{self, Entry, NameAddr};
use mailkit::message::view::Message;
use mailkit::message::{date, id};
use serde_json::{Value, json};

/// Each entry of a table: the field's body, and what is expected.
fn table(text: &str) -> Vec<(String, Value)> {
    let entries: Vec<Value> = serde_json::from_str(text).expect("JSON");
    let one = |entry: Value| (entry["header"].as_str().expect("a text").to_owned(), entry["expected"].clone());
    entries.into_iter().map(one).collect()
}

/// Compares what `read` finds in the first field of each entry with what is expected, but for `known` differences.
fn compare(
    name: &str,
    text: &str,
    known: &[(&str, &str)],
    read: impl Fn(&Message<'_>, &[u8]) -> Value,
    wanted: impl Fn(&Value) -> Value,
) {
    let mut different = Vec::new();
    for (body, expected) in table(text) {
        let source = format!("{name}: {body}");
        let message = Message::parse(source.as_bytes());
        let found = message.field(message.root(), name).map_or(Value::Null, |body| read(&message, body));
        if found != wanted(&expected) && !known.iter().any(|(start, _)| body.trim_start().starts_with(start)) {
            different.push(format!("{body:?}\n  they read {}\n  we read   {found}", wanted(&expected)));
        }
    }
    assert!(different.is_empty(), "{} differences\n{}", different.len(), different.join("\n"));
}

#[test]
fn dates_mean_the_same_to_others() {
    compare(
        "Date",
        include_str!("messages/fields/date.json"),
        &[
            ("20 11 (some", "a month is named, or the number cannot be told from a day"),
            ("4 8 15 16", "these are numbers and no date"),
            ("Tue, 1 Jul 2003 ((invalid)", "the field ends with its line, and the day stands in it"),
            ("by 2002:", "a field of another kind"),
            ("Thu, 10 Jul 1997 14:53:31 EST5EDT", "nobody has that zone; RFC 5322 §4.3 lets it mean nothing"),
        ],
        |_, body| date::parse(body).map(|when| when.to_string()).into(),
        |wanted| {
            let number = |key: &str| wanted[key].as_i64().unwrap_or(0);
            let date = jiff::civil::datetime(
                number("year") as i16,
                number("month").max(1) as i8,
                number("day").max(1) as i8,
                number("hour") as i8,
                number("minute") as i8,
                number("second") as i8,
                0,
            );
            let east = if wanted["tz_before_gmt"] == true { -1 } else { 1 };
            let offset = (number("tz_hour") * 3600 + number("tz_minute") * 60) as i32 * east;
            let when = jiff::tz::Offset::from_seconds(offset).and_then(|zone| zone.to_timestamp(date));
            if wanted.is_null() { Value::Null } else { when.ok().map(|when| when.to_string()).into() }
        },
    );
}

fn people(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(people).collect(),
        Value::Object(object) if object.contains_key("List") => people(&object["List"]),
        Value::Object(object) if object.contains_key("Group") => people(&object["Group"]),
        Value::Object(object) if object.contains_key("addresses") => people(&object["addresses"]),
        Value::Object(object) if object["address"].is_null() => Vec::new(),
        Value::Object(object) => vec![json!([object["name"], object["address"]])],
        _ => Vec::new(),
    }
}

#[test]
fn addresses_mean_the_same_to_others() {
    compare(
        "To",
        include_str!("messages/fields/address.json"),
        &[
            ("Pete(A nice", "a comment is no part of a name that stands there"),
            ("A Group(Some people)", "the same"),
            ("Mary Smith <@node.test", "the route is passed over, blanks at a dot too (RFC 5322 §4.4)"),
            ("John Doe <jdoe@machine(comment)", "the same"),
            ("Nathaniel Borenstein", "a name stands there already"),
            ("\"  James Smythe\"", "blanks at the ends of a name are none of it"),
            ("(Use this command", "a comment in front of an address is no name"),
            ("phil@example.com <phil", "an address written twice is no name"),
            ("Name (comment)", "a comment is no part of a name"),
        ],
        |_, body| {
            let entries: Vec<Entry> = address_list::parse(body);
            let people = address_list::mailboxes(&entries).filter_map(NameAddr::person);
            people.map(|(name, address)| json!([name, address])).collect()
        },
        |wanted| Value::Array(people(wanted)),
    );
}

#[test]
fn unstructured_text_means_the_same_to_others() {
    compare(
        "Subject",
        include_str!("messages/fields/unstructured.json"),
        &[
            ("[SUSPECTED SPAM]", "no blank stands there, so none is shown"),
            ("Some text =?utf-8?Q??=here", "the same"),
            ("=?utf-8?Q?Hello", "the fold stands in the word, and so does the underscore"),
        ],
        |message, _| message.text_field(message.root(), "Subject").into(),
        Value::clone,
    );
}

#[test]
fn ids_mean_the_same_to_others() {
    compare(
        "References",
        include_str!("messages/fields/id.json"),
        &[("<1234   @", "blanks in an id come from folding")],
        |_, body| id::parse_list(body).into(),
        |wanted| if wanted.is_null() { json!([]) } else { wanted.clone() },
    );
}
