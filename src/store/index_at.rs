//! Where an index lives. It can always be made again from what it indexes, so both places are right.

/// In memory or in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexAt {
    /// In this process only: with a disk in memory, or for a single run.
    Memory,
    /// A file on the real file system, beside the data.
    File,
}
