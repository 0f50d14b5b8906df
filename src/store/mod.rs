//! What must not be lost.

pub mod record;
