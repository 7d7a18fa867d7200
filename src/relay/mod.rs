//! From the spool to the next host.

pub mod attempt;
pub mod board;
pub mod route;
pub mod schedule;
