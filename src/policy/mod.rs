//! What a domain asks of those who send to it, by TLSA records in signed DNS or by a policy on its web server; and what
//! it signs of what it sends.
//!
//! Pure but for the names it looks up: records and texts come in, and for each exchanger a [`guard::Guard`] comes out, or
//! why it gets nothing; a message comes in, and what its signatures are worth comes out. Who asks DNS and the web for
//! policies is `engine::guarding`. RFC 6376; RFC 7672; RFC 8461; RFC 8617.

pub mod arc;
pub mod dane;
pub mod dkim;
pub mod guard;
pub mod level;
pub mod sts;
pub mod tlsa;
