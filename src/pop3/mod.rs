//! POP3, without sockets.
