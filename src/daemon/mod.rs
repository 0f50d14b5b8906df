//! The only place that spawns, wires, supervises and ends tasks.
//!
//! ```text
//!  sources ──urgent, routine──▶ station task ──letterbox──▶ relay ──▶ county
//!  socket ───asked────────────▶  (the house)  ◀──receipts, commands──┘
//!                                    │ commit, and wait
//!                                    ▼
//!                               the log's thread
//! ```
//!
//! One thread runs the house and everything that waits for the network; one thread writes the log, so that a slow card
//! stops nobody but the turn that must wait for it. Essential parts (the house, the log) end the process when they panic;
//! sources, relay and socket restart by themselves and tell the station how they are.

pub mod clock;

mod machine;

mod sources;

mod listen;

mod start;

mod exercise;

mod power;

mod house;

mod disk;

mod list;

mod county_order;

mod receipts;

mod board;

mod answers;

mod resolve;

mod directory;

mod doors;

mod dispatch;

mod pages;

mod front;

mod keeper;

mod proofs;

mod pairing;

mod errands;

mod tasks;

pub use listen::listen;
pub use start::{StartError, check_state, store_options};
pub use tasks::{Signals, run};
