//! The only place that spawns, wires, supervises and ends tasks.

pub mod clock;
