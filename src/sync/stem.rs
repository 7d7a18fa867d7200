//! How a message from the server is called here: by what it is called there.
//!
//! So the name is known before the message comes, and a file that a crash left unrecorded tells which message it is.

use crate::imap::number::{Uid, UidValidity};
use crate::message::fingerprint::Digest;

/// What the names of all messages begin with that come from one life of a mailbox. `account` is user and server.
pub(super) fn prefix(account: &str, mailbox: &str, validity: UidValidity) -> String {
    Digest::of(format!("{account}\0{mailbox}\0{validity}").as_bytes()).to_string()
}

/// The name of one message, without what is behind it.
pub(super) fn stem(prefix: &str, uid: Uid) -> String {
    format!("{prefix}-{uid}")
}

/// The UID in the name of a file, if it is one of these.
pub(super) fn uid(prefix: &str, base: &[u8]) -> Option<Uid> {
    let rest = base.strip_prefix(prefix.as_bytes())?.strip_prefix(b"-")?;
    let digits = rest.split(|octet| *octet == b',').next()?;
    Uid::new(std::str::from_utf8(digits).ok()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_message_and_no_other() {
        let number = |number| UidValidity::new(number).expect("not zero");
        let ours = prefix("bob@host", "INBOX", number(7));
        let uid_of = |name: &str| uid(&ours, name.as_bytes()).map(Uid::get);
        let name = stem(&ours, Uid::new(42).expect("not zero"));
        assert_eq!(uid_of(&name), Some(42));
        assert_eq!(uid_of(&format!("{name},S=1,W=2")), Some(42));
        for other in
            ["", "1234.host", &format!("{ours}-0"), &format!("{ours}-"), &format!("{ours}42"), &format!("{name}x")]
        {
            assert_eq!(uid_of(other), None, "{other}");
        }
        assert_ne!(ours, prefix("bob@host", "INBOX", number(8)));
        assert_ne!(ours, prefix("bob@host", "Sent", number(7)));
    }
}
