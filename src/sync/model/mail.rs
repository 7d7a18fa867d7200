//! Messages of the model: each a number, from which follow its octets and what it looks like.

use crate::message::fingerprint::Digest;
use crate::sync::row::Likeness;
use crate::world::Content;
use std::sync::Arc;

/// Names a content. Two messages may have the same.
pub(super) type Mail = u32;

/// As on the wire.
pub(super) fn content(mail: Mail) -> Arc<dyn Content> {
    let mut octets = mail.to_be_bytes().to_vec();
    octets.resize(size(mail), b'x');
    Arc::new(octets)
}

/// Which one this is.
pub(super) fn named(content: &dyn Content) -> Mail {
    let mut octets = [0; 4];
    assert_eq!(content.read_at(0, &mut octets).expect("it is in memory"), 4);
    Mail::from_be_bytes(octets)
}

/// Many are of one size.
fn size(mail: Mail) -> usize {
    100 + mail as usize % 2
}

/// All that can be known of it but the object. Of eight one has no Message-ID, and the next one neither, and the same
/// header and size (drafts); of the two after that the later has the Message-ID and the size of the former.
pub(super) fn likeness(mail: Mail) -> Likeness {
    let (like, message_id) = match mail % 8 {
        3 => (mail, 0),
        5 => (mail - 2, 0),
        6 => (mail, u64::from(mail) - 2 + 1000),
        _ => (mail, u64::from(mail) + 1000),
    };
    let digest = |first: u8, of: Mail| {
        let mut digest = [first; 16];
        digest[1..5].copy_from_slice(&of.to_be_bytes());
        Digest(digest)
    };
    Likeness {
        size: Some(size(mail) as u64),
        message_id: Some(message_id),
        object: None,
        header: Some(digest(b'h', like)),
        whole: Some(digest(b'w', mail)),
    }
}
