//! The county console, first form: takes what gateways send, commits it to its database, then gives receipts;
//! and shows what it knows.
//!
//! - A receipt means that the database has it durably: first the commit, then the receipt, and nothing in between.
//! - Everything may come twice, late, or in another order; what is stored is the same.
//! - The connection to the broker promises nothing: a record that was lost on the way, or was not taken because the
//!   database stood still, is sent again by its gateway until it has its receipt.
//! - An alarm may also come as a text message. It is the same alarm, and the text takes no part in numbers and receipts: the
//!   gateway goes on sending its record until that has its own.

mod settings;

pub use settings::{Clock, SILENT_AFTER_S, Settings, SettingsError};

pub mod ingest;

pub mod receipt;

pub mod sql;

pub mod book;

mod undurable;

mod revision;

mod write;

pub mod heads;

mod retry;

mod door;

mod writer;

pub mod way;

pub mod session;

pub mod board;

pub mod told;

pub mod sms;

pub mod texts;

pub mod plan;

pub mod case;

mod errands;

pub mod ladder;

pub mod causes;

pub mod cases;

pub mod duty;

pub mod order;

pub mod since;

pub mod show;

pub mod page;
