//! From the spool to the next host.

pub mod route;
pub mod schedule;
