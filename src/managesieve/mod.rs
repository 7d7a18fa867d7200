//! ManageSieve, as far as somebody looks at a server of it: how it greets, what it offers, and TLS.
//!
//! Scripts are neither read nor put there. RFC 5804.

pub mod client;
pub mod follow;
pub mod response;
