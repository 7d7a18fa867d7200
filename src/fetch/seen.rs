//! The note that earlier versions kept beside the messages of a Maildir, taken over into a register.
//!
//! Text, one unique id a line, with the time the server last listed it. It says nothing of sizes, so an id stands for
//! the message that the server lists under it when it is taken over. Knows no server. RFC 1939 §7.

use crate::error::{Error, Kind, Result};
use crate::store::maildir::Maildir;
use crate::store::maildrop::{Register, Row, State};
use crate::world::Timestamp;
use std::collections::HashMap;

/// The first line, before the server's name.
const FORM: &str = "mailkit-pop3 1 ";
/// Rows written in one commit.
const ROWS_MAX: usize = 1000;

/// Takes over what the note in a Maildir says about the mail of `source`, if there is one.
pub fn take_over(maildir: &Maildir, source: &str, register: &mut dyn Register) -> Result<()> {
    let Some(text) = maildir.note(&format!("mailkit-pop3.{}", super::file_name(source)))? else { return Ok(()) };
    let rows: Vec<Row> = parse(&text, source)?
        .into_iter()
        .map(|(uid, time)| {
            let (size, state) = (Row::SIZE_UNKNOWN, State::Delivered);
            Row { uid, size, digest: None, first_seen: time, state, changed: time }
        })
        .collect();
    rows.chunks(ROWS_MAX).try_for_each(|rows| register.commit(rows))
}

/// The ids, and when each was listed last.
fn parse(text: &str, source: &str) -> Result<HashMap<String, Timestamp>> {
    let broken = |what: &str| {
        Error::new(Kind::Data, format!("the note of what was retrieved from {source} {what}"))
            .hint("remove it to retrieve everything again")
    };
    let mut lines = text.lines();
    match lines.next().and_then(|line| line.strip_prefix(FORM)) {
        Some(name) if name == source => {}
        Some(_) => return Err(broken("belongs to another server")),
        None => return Err(broken("is not of a form this version reads")),
    }
    let entry = |line: &str| {
        let (time, id) = line.split_once(' ')?;
        Some((id.to_owned(), Timestamp::from_second(time.parse().ok()?).ok()?))
    };
    lines.map(entry).collect::<Option<_>>().ok_or_else(|| broken("is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_note_of_this_server_is_refused() {
        for (text, wanted) in [
            ("", "is not of a form"),
            ("mailkit-pop3 2 bob@x:110\n", "is not of a form"),
            ("mailkit-pop3 1 eve@x:110\n", "belongs to another server"),
            ("mailkit-pop3 1 bob@x:110\nx", "is damaged"),
            ("mailkit-pop3 1 bob@x:110\nx y\n", "is damaged"),
        ] {
            let error = parse(text, "bob@x:110").expect_err(wanted);
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }

    #[test]
    fn each_line_is_an_id() {
        let found = parse("mailkit-pop3 1 bob@x:110\n60 uid/1\n0 b\n", "bob@x:110").expect("read");
        let wanted = [("uid/1".to_owned(), 60), ("b".to_owned(), 0)];
        let wanted = wanted.map(|(id, second)| (id, Timestamp::from_second(second).expect("a time")));
        assert_eq!(found, HashMap::from(wanted));
    }
}
