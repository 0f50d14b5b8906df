//! 守望 shouwang: the gateway of a village care station. It hears buttons, wearables and home sensors of elders who live
//! alone, finds help calls, falls, hazards and silence, and relays alarms to the county: none lost, none silent, none late.
//!
//! # The map
//!
//! ```text
//!  Frame ──▶ Sample ──▶ Reading ──▶ Finding ──▶ Alarm ──▶ Record ──▶ Message / Notice
//!  bytes,    decoded    whose,      a detector   a life-   durable    to the county /
//!  from a    by one     where,      claims       cycle     in the     to a person
//!  source    decoder    when                     step      log
//!  source/   device/    core/       core/        core/     store/     relay/
//!                       intake      detector/    alarm/
//! ```
//!
//! Each arrow is one function, each noun one type, each stage one folder, and the modules below stand in the order of that
//! flow. Decisions are made in [`core`], which is pure; [`core::station`] begins with the contract that holds everything
//! together. `ARCHITECTURE.md` tells the invariants, the formats and the reasons; `tests/tidy` holds who may import whom.

pub mod limits;

pub mod private;

pub mod backoff;

pub mod broker;

pub mod core;

pub mod config;

pub mod words;

pub mod device;

pub mod source;

pub mod store;

pub mod relay;

pub mod notify;

pub mod paper;

pub mod http;

pub mod sim;

pub mod county;

pub mod control;

pub mod web;

pub mod daemon;

#[cfg(feature = "demo")]
pub mod demo;

pub mod cli;
