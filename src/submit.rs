//! One message to one server.
