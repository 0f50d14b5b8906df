//! To the county: what is sent, in which order, and how it is known to have arrived.
//!
//! The [`pump`] decides and is pure.

pub mod message;

pub mod ranges;

mod waiting;

mod ages;

pub mod lane;

pub mod retained;

pub mod window;

pub mod step;

pub mod pump;
