//! From the spool to the next host.
