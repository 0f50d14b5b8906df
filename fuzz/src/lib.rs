//! The pure rooms on the way from bytes to samples, compiled alone, and what is asked of them.

#![allow(dead_code, reason = "rooms that are compiled alone have doors that nobody uses here")]

#[path = "../../src/limits/mod.rs"]
pub mod limits;

#[path = "../../src/private.rs"]
pub mod private;

#[path = "../../src/core/mod.rs"]
pub mod core;

#[path = "../../src/device/mod.rs"]
pub mod device;

pub mod look;
