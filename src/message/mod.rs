//! RFC 5322 and MIME.
