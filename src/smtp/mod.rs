//! SMTP, without sockets.
