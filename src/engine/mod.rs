//! Protocols over connections.
