//! Room on the disk: the last of it is not for messages.
//!
//! What makes room again has to be written, too: that a message was delivered, that another was expunged. So nobody's
//! message takes the last octets. New mail is refused first, then mail that was accepted has to wait.

use crate::world::Disk;
use std::path::Path;

/// Left by the acceptance of messages, for delivering those that were accepted.
const FOR_DELIVERY: u64 = 16 * 1024 * 1024;
/// Left by messages that go into mailboxes, for outcomes, flags and expunges.
const FOR_CHANGES: u64 = 4 * 1024 * 1024;

/// Whether the spool may take so many octets more where so many are free.
pub(super) fn has_room_to_accept(free: u64, octets: u64) -> bool {
    free >= octets.saturating_add(FOR_DELIVERY)
}

/// Whether a mailbox may take so many octets more. A disk that does not tell how full it is will say so in time.
pub fn has_room(disk: &dyn Disk, dir: &Path, octets: u64) -> bool {
    disk.free_space(dir).map_or(true, |free| free >= octets.saturating_add(FOR_CHANGES))
}
