//! Proofs over a disk that breaks: what was answered with success is there afterwards, once.

mod spool;
mod spool_crash;
mod spool_index;
mod spool_lease;
mod spool_space;
