//! The modem channel against a simulated modem: in virtual time, and behind a real pty.

#[path = "../support/telephone.rs"]
mod telephone;

mod letters;

mod calls;

mod incoming;

mod trouble;
