//! Certificate associations: which certificates, or which keys, a domain names for its server.
//!
//! As DNS says it in TLSA records, reduced to what mail can use. What a record must look like is `policy`'s business,
//! whether a certificate is the named one `net`'s; both mean the same by these words.
//! RFC 6698 §2.1; RFC 7671 §4, §5; RFC 7672 §3.1.

/// One certificate or key that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// Which certificate of a chain is meant.
    pub usage: Usage,
    /// Which part of it.
    pub selector: Selector,
    /// How that part is written down.
    pub matching: Matching,
    /// What is written down.
    pub data: Vec<u8>,
}

/// Which certificate of a chain is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// DANE-TA(2): one that vouches for the server's, directly or not.
    Anchor,
    /// DANE-EE(3): the server's own.
    Server,
}

/// Which part of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// Cert(0): all of it.
    Certificate,
    /// SPKI(1): its SubjectPublicKeyInfo.
    Key,
}

/// How a part is written down; the strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matching {
    /// Full(0): as it is.
    Full,
    /// SHA2-256(1): its hash.
    Sha256,
    /// SHA2-512(2): its hash.
    Sha512,
}
