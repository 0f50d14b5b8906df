//! What is printed: the rota for a wall, and a sheet for everybody who is called. Pure.
//!
//! Constraints:
//! - **Paper is read by whoever passes, and cannot be taken back** (CARE-RULES 28): no health, no absence of a resident, no telephone
//!   unless it was asked for. Of a home the rota has its number, and a sheet who, where and how to find it, for whoever is called there.
//! - A page is one file without any other: it is opened where there is no network, and printed black on white.
//! - What a message says stands here as the message has it, made by the same code.

pub mod rota;

pub mod sheet;

mod names;

mod frame;

use jiff::tz::TimeZone;

use crate::config::Village;
use crate::core::time::Wall;
use crate::private::Private;
use crate::words::Lang;

/// What every page is made from.
#[derive(Debug, Clone, Copy)]
pub struct Press<'a> {
    /// The village.
    pub village: &'a Village,
    /// In which people read times.
    pub zone: &'a TimeZone,
    /// What villagers call the station.
    pub station: &'a Private<String>,
    /// The station's number, where it has one.
    pub call_back: Option<&'a Private<String>>,
    /// When it is printed.
    pub now: Wall,
    /// In which language.
    pub lang: Lang,
}
