//! Local delivery.
