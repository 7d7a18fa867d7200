//! What a domain asks of those who send to it: by TLSA records in signed DNS, or by a policy on its web server.
//!
//! Pure: records and texts come in, and for each exchanger a [`guard::Guard`] comes out, or why it gets nothing. Who asks
//! DNS and the web is `engine::guarding`. RFC 7672; RFC 8461.

pub mod guard;
pub mod level;
pub mod sts;
pub mod tlsa;
