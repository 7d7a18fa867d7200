//! What is remembered of a maildrop, made anew from the messages in a Maildir.
//!
//! Each file becomes a row under a name that no server gives; the retrieval then finds the messages of the server that
//! are the same, as it does when a server calls all of them otherwise. So a Maildir that another program filled is
//! gone on with. Talks to no server.

use super::digest::HeaderDigest;
use crate::error::Result;
use crate::store::maildir::Maildir;
use crate::store::maildrop::{Register, Row, State};
use crate::world::{DiskFile, Timestamp};
use std::io;

/// Rows written in one commit.
const ROWS_MAX: usize = 1000;
/// Octets read at once.
const PIECE: usize = 64 * 1024;

/// Forgets what was remembered, and remembers what is in the Maildir.
pub fn rebuild(maildir: &Maildir, register: &mut dyn Register, now: Timestamp) -> Result<()> {
    register.clear()?;
    let mut rows = Vec::new();
    maildir.each(|name, file| {
        if let Ok((size, digest)) = read(file) {
            // No server may write a blank into an id.
            let uid = format!("file {}", String::from_utf8_lossy(name));
            let state = State::Delivered;
            rows.push(Row { uid, size, digest: Some(digest), first_seen: now, state, changed: now });
        }
        match rows.len() {
            ROWS_MAX.. => register.commit(&std::mem::take(&mut rows)),
            _ => Ok(()),
        }
    })?;
    register.commit(&rows)
}

/// The size of a message with CRLF line ends, and its digest.
fn read(file: &dyn DiskFile) -> io::Result<(u64, [u8; 16])> {
    let (mut buffer, mut at, mut size) = (vec![0; PIECE], 0, 0);
    let (mut digest, mut last) = (HeaderDigest::default(), 0);
    loop {
        let count = file.read_at(at, &mut buffer)?;
        let octets = buffer.get(..count).unwrap_or_default();
        if octets.is_empty() {
            return Ok((size, digest.finish()));
        }
        digest.push(octets);
        for octet in octets {
            size += 1 + u64::from(*octet == b'\n' && last != b'\r');
            last = *octet;
        }
        at += count as u64;
    }
}
