//! DNS without a socket: what is asked, what is answered, and what an answer is worth.

pub mod dnssec;
