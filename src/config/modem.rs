//! `[modem]`: the station's telephone.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::document::Section;
use super::key::Key;
use super::problem::{Problem, Problems, What};
use super::secret::Secret;
use super::source::{self, Link, Source};
use super::village::phone;
use super::village::rota::expand::first_at;
use super::village::rota::read::day_of;
use crate::core::station::CREDIT_NOTICE_DAYS;
use crate::core::time::Wall;
use crate::core::word::words;
use crate::private::Private;

words! {
    /// Whether a modem can say a text into a call.
    Speak {
        /// It cannot.
        None = "none",
        /// As SIMCom's modules do it: `AT+CTTS`.
        Simcom = "simcom",
    }
}

/// `[modem]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modem {
    /// The port that speaks AT.
    pub port: PathBuf,
    /// Baud; 8N1, no flow control.
    pub baud: u32,
    /// The SIM's PIN.
    pub pin: Option<Secret>,
    /// Whether it can say a text into a call.
    pub speak: Speak,
    /// The SIM is paid until the end of this day.
    pub paid_until: Option<Date>,
    /// The SIM's own number, to which it writes to see whether it still can.
    pub number: Option<Private<String>>,
}

impl Modem {
    /// The instant at which the last paid day ends where the station stands.
    #[must_use]
    pub fn paid_until_end(&self, zone: &TimeZone) -> Option<Wall> {
        let day_after = self.paid_until?.tomorrow().ok()?;
        Some(first_at(day_after.at(0, 0, 0, 0), zone))
    }

    /// What is to be said of the SIM's credit at a moment: its end is past, or near.
    #[must_use]
    pub fn lapsing(&self, file: &str, now: Wall, zone: &TimeZone) -> Problems {
        let (Some(day), Some(end)) = (self.paid_until, self.paid_until_end(zone)) else { return Problems::default() };
        let notice_ms = i64::from(CREDIT_NOTICE_DAYS + 1) * 86_400_000;
        let what = match end.0.saturating_sub(now.0) {
            ..=0 => What::Lapsed,
            left if left < notice_ms => What::CreditEnding,
            _ => return Problems::default(),
        };
        let problem = Problem::file(file, what).key("modem.paid_until").value(day.to_string());
        problem.fix("pay for the SIM, then write the new day").into()
    }
}

const PORT: Key = Key::required(
    "port",
    "The port that speaks AT; use the name under /dev/serial/by-id, which survives being plugged again.",
);
const BAUD: Key = Key::or("baud", "115200", "Speed; a module on USB takes any.").within(300, 4_000_000, "bit/s");
const PIN: Key = Key::optional(
    "pin_file",
    "File with the SIM's PIN, or a bare name of a systemd credential; for a SIM that has one.",
);
const SPEAK: Key = Key::or("speak", "\"none\"", "Whether it can say a text into a call: none, simcom (AT+CTTS).");

/// Keys of the station's `[modem]`.
pub const KEYS: &[Key] = &[
    PORT,
    BAUD,
    PIN,
    SPEAK,
    Key::optional("paid_until", "The day until which the SIM is paid, as 2026-12-31; warned of 14 days ahead."),
    Key::optional("number", "The SIM's own number: it writes to it every 5 h, to see whether its credit lasts.")
        .private(),
];

/// Keys of the county's `[modem]`.
pub const COUNTY_KEYS: &[Key] = &[
    PORT,
    BAUD,
    PIN,
    SPEAK,
    Key::optional("paid_until", "The day until which the SIM is paid, as 2026-12-31; kept only."),
];

/// Reads the table, if it stands in the file. A port has one reader, so none of `sources` may have it. `keys` are those of
/// whoever has the modem.
pub(super) fn read(top: &Section<'_>, beside: &Path, sources: &[Source], keys: &'static [Key]) -> Option<Modem> {
    let modem = top.table("modem", keys);
    if !modem.is_given() {
        return None;
    }
    let port = source::read_path(&modem, "port");
    if let (Some(port), Some(found)) = (&port, modem.find("port"))
        && sources.iter().any(|source| port_of(&source.link) == Some(port))
    {
        modem.report(modem.wrong("port", &found, What::Shared).fix("give the modem a port that no source reads"));
    }
    let pin = modem.text("pin_file").map(|written| Secret::new(&written, beside));
    let speak = modem.word("speak", Speak::ALL, Speak::word).unwrap_or(Speak::None);
    let paid_until = modem.find("paid_until").and_then(|found| day_of(&modem, "paid_until", &found));
    let has_number = keys.iter().any(|key| key.name == "number");
    let number = if has_number { phone(&modem, "number") } else { None };
    let baud = modem.whole("baud").and_then(|baud| u32::try_from(baud).ok())?;
    Some(Modem { port: port?, baud, pin, speak, paid_until, number })
}

fn port_of(link: &Link) -> Option<&PathBuf> {
    match link {
        Link::Serial(link) => Some(&link.path),
        Link::Modbus(link) => Some(&link.path),
        Link::Mqtt(_) | Link::Tcp(_) => None,
    }
}
