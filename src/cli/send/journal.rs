//! A line for each run of `send`, in a file that is kept: who, to whom, how large, what came of it.
//!
//! No bodies and no secrets; what strangers said is not in it, and no value can begin a line of its own. Each line is
//! one write to a file opened for appending, so that many runs share a file without mixing their lines.

use super::super::console::harmless_json;
use mailkit::account::{Log, LogFormat};
use mailkit::error::{Error, Result};
use mailkit::world::Timestamp;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

/// What a line says.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    pub(super) account: Option<String>,
    /// Empty for the null reverse-path; none if it was not come to.
    pub(super) from: Option<String>,
    pub(super) recipients: Vec<String>,
    pub(super) size: Option<u64>,
    /// The reply codes of the recipients, in their order.
    pub(super) codes: Vec<Option<u16>>,
    pub(super) message_id: Option<String>,
    pub(super) outcome: String,
    pub(super) exit: u8,
}

/// Adds the line to the file.
pub(super) fn write(log: &Log, entry: &Entry) -> Result<()> {
    let failed = |error| Error::file("cannot write to the log", &log.file, error);
    let line = format!("{}\n", line(log.format, entry));
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&log.file);
    file.and_then(|mut file| file.write_all(line.as_bytes())).map_err(failed)
}

fn line(format: LogFormat, entry: &Entry) -> String {
    let time = entry.time.to_string();
    let codes: Vec<String> = entry.codes.iter().map(|code| code.map_or("-".to_owned(), |c| c.to_string())).collect();
    if format == LogFormat::Json {
        let object = json!({
            "time": time,
            "account": entry.account,
            "from": entry.from,
            "rcpts": entry.recipients,
            "size": entry.size,
            "codes": entry.codes,
            "msgid": entry.message_id,
            "outcome": entry.outcome,
            "exit": entry.exit,
        });
        return harmless_json(&object.to_string());
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let pairs = [
        ("time", time),
        ("account", text(&entry.account)),
        ("from", text(&entry.from)),
        ("rcpts", entry.recipients.join(",")),
        ("size", entry.size.map_or("-".to_owned(), |size| size.to_string())),
        ("code", codes.join(",")),
        ("msgid", text(&entry.message_id)),
        ("outcome", entry.outcome.clone()),
        ("exit", entry.exit.to_string()),
    ];
    pairs.map(|(key, value)| format!("{key}={}", quoted(&value))).join(" ")
}

/// A value as it is, or between quotes and escaped as in JSON where it could be taken for something else.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.,:;@+/<>()[]!#$%&'*?^`{|}~".contains(c);
    match !value.is_empty() && value.chars().all(is_plain) {
        true => value.to_owned(),
        false => harmless_json(&Value::from(value).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn entry() -> Entry {
        Entry {
            time: Timestamp::UNIX_EPOCH,
            account: Some("my work".into()),
            from: Some(String::new()),
            recipients: vec!["bob@x".into(), "carol@x".into()],
            size: Some(17),
            codes: vec![Some(250), None],
            message_id: Some("a\r\nexit=0 \u{202e}\u{1b}b@x".into()),
            outcome: "partial".into(),
            exit: 1,
        }
    }

    #[test]
    fn no_value_can_be_taken_for_something_else() {
        assert_eq!(
            line(LogFormat::Logfmt, &entry()),
            "time=1970-01-01T00:00:00Z account=\"my work\" from=\"\" rcpts=bob@x,carol@x size=17 code=250,- \
             msgid=\"a\\r\\nexit=0 \\u202e\\u001bb@x\" outcome=partial exit=1"
        );
        let json: Value = serde_json::from_str(&line(LogFormat::Json, &entry())).expect("it is JSON");
        assert_eq!((&json["codes"], &json["from"], &json["exit"]), (&json!([250, null]), &json!(""), &json!(1)));
        assert!(line(LogFormat::Json, &entry()).is_ascii());
    }

    #[test]
    fn lines_are_added_to_a_file_of_one_s_own() {
        let dir = tempfile::tempdir().expect("a directory");
        let log = Log { file: dir.path().join("log"), format: LogFormat::Logfmt };
        write(&log, &entry()).expect("written");
        write(&log, &entry()).expect("written");
        assert_eq!(std::fs::read_to_string(&log.file).expect("a text").lines().count(), 2);
        let mode = std::fs::metadata(&log.file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(write(&Log { file: dir.path().join("a/b"), ..log }, &entry()).is_err());
    }
}
