//! What must not be lost.

pub mod files;

pub mod log;

pub mod record;
