//! To the county.

pub mod message;
