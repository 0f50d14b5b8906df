//! `[modem]`: the station's telephone.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::document::Section;
use super::key::Key;
use super::problem::What;
use super::secret::Secret;
use super::source::{self, Link, Source};
use super::village::rota::read::day_of;
use crate::core::word::words;

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
    /// The SIM is paid until this day; kept only.
    pub paid_until: Option<Date>,
}

/// Keys of `[modem]`.
pub const KEYS: &[Key] = &[
    Key::required(
        "port",
        "The port that speaks AT; use the name under /dev/serial/by-id, which survives being plugged again.",
    ),
    Key::or("baud", "115200", "Speed; a module on USB takes any.").within(300, 4_000_000, "bit/s"),
    Key::optional(
        "pin_file",
        "File with the SIM's PIN, or a bare name of a systemd credential; for a SIM that has one.",
    ),
    Key::or("speak", "\"none\"", "Whether it can say a text into a call: none, simcom (AT+CTTS)."),
    Key::optional("paid_until", "The day until which the SIM is paid, as 2026-12-31; kept only."),
];

/// Reads the table, if it stands in the file. A port has one reader, so none of `sources` may have it.
pub(super) fn read(top: &Section<'_>, beside: &Path, sources: &[Source]) -> Option<Modem> {
    let modem = top.table("modem", KEYS);
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
    let baud = modem.whole("baud").and_then(|baud| u32::try_from(baud).ok())?;
    Some(Modem { port: port?, baud, pin, speak, paid_until })
}

fn port_of(link: &Link) -> Option<&PathBuf> {
    match link {
        Link::Serial(link) => Some(&link.path),
        Link::Modbus(link) => Some(&link.path),
        Link::Mqtt(_) | Link::Tcp(_) => None,
    }
}
