//! What DNS and servers say about a domain's mail.
