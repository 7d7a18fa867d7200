//! The network and the clock, for real.

pub mod clock;
pub mod entropy;
pub mod resolve;
pub mod zone;
