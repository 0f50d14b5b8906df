//! The modem channel against a simulated modem: in virtual time, and behind a real pty.

#[path = "../support/mod.rs"]
mod support;

mod letters;

mod calls;

mod incoming;

mod trouble;

mod vectors;

mod port;
