//! What a domain asks of those who send to it, by TLSA records in signed DNS or by a policy on its web server; what it
//! signs of what it sends; and what it says of mail in its name: who may send it, and what becomes of the rest.
//!
//! Pure but for the names it looks up: records and texts come in, and for each exchanger a [`guard::Guard`] comes out, or
//! why it gets nothing; a message comes in, and what its signatures are worth comes out; a client comes in, and whether
//! it may send. Who asks DNS and the web for policies is `engine::guarding`.
//! RFC 6376; RFC 7208; RFC 7672; RFC 8460; RFC 8461; RFC 8617; RFC 9989.

pub mod arc;
pub mod bimi;
pub mod blocklist;
pub mod dane;
pub mod dkim;
pub mod dmarc;
pub mod guard;
pub mod level;
pub mod reverse;
pub mod spf;
pub mod sts;
pub mod tlsa;
pub mod tlsrpt;
