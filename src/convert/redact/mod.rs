//! Names and texts replaced by fakes, for reports about broken mail.
