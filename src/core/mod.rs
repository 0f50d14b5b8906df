//! The pure machine: no IO, no clock, no randomness, no async runtime, nothing of the rest of the crate.
//!
//! Everything here is a function of what it is given, time included, so the same code runs live, in replay,
//! in evaluation and in the simulated village, and two runs of the same inputs are equal to the last bit.

pub(crate) mod word;

pub mod id;

pub mod time;

pub mod unit;

pub mod reading;

pub mod condition;

pub mod consent;

pub mod roster;

pub mod rota;

pub mod plan;

pub mod register;

pub mod spoken;

pub mod errand;

pub mod power;

pub mod intake;

pub mod detector;

pub mod watch;

pub mod refusal;

pub mod audience;

pub mod alarm;

pub mod visit;

pub mod effect;

pub mod answer;

pub mod attempt;

pub mod stop;

pub mod month;

pub mod sequence;

pub mod log_head;

pub mod station;
