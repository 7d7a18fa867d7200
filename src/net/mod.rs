//! The network and the clock, for real.
