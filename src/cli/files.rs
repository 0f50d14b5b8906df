//! The two files that a verb reads by itself, because it is about what is written, and is wanted before anything runs.

use std::process::ExitCode;

use jiff::Timestamp;
use jiff::civil::Date;

use super::argument::EX_CONFIG;
use super::socket::Socket;
use crate::config::village::rota::expand::local;
use crate::config::{Station, Village};
use crate::core::time::Wall;
use crate::words::Lang;

/// What stands in them, and when they were read.
pub struct Written {
    pub station: Station,
    pub village: Village,
    pub now: Wall,
    pub lang: Lang,
}

impl Written {
    /// Reads them; on failure says what is wrong and gives the exit code.
    pub fn open(socket: &Socket) -> Result<Self, ExitCode> {
        let station = socket.station()?;
        let village = Village::load(&station.village_file, &station).map_err(|problems| {
            eprint!("{problems}");
            ExitCode::from(EX_CONFIG)
        })?;
        let now = Wall(Timestamp::now().as_millisecond());
        Ok(Self { station, village: village.value, now, lang: socket.lang() })
    }

    /// The day that it is at the station.
    pub fn today(&self) -> Date {
        local(self.now, &self.station.zone).date()
    }
}
