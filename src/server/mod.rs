//! Which session on which port with which store.
