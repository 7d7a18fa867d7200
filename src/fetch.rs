//! POP3 retrieval to its targets.
