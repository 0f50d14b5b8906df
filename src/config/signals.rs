//! `[siren.NAME]`, `[prompts]` and `[player.HOME]`: what is heard in the station and in homes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;

use super::document::Section;
use super::key::Key;
use super::problem::What;
use super::source;
use crate::core::id::{HomeId, Slug};
use crate::core::word::words;
use crate::limits::channels::SIRENS_MAX;

words! {
    /// What switches the siren.
    SirenKind {
        /// A line of the box itself.
        Gpio = "gpio",
        /// A relay board on a serial port, as LCUS-1.
        Relay = "relay",
        /// The RTS line of a serial port.
        Rts = "rts",
        /// The DTR line of a serial port.
        Dtr = "dtr",
        /// Two programs.
        Command = "command",
    }
}

/// A siren.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Siren {
    /// A GPIO line.
    Gpio {
        /// The chip's device file.
        chip: PathBuf,
        /// Number of the line on the chip.
        line: u32,
        /// It sounds while the line is low.
        active_low: bool,
    },
    /// A relay of a serial board.
    Relay {
        /// Device file.
        path: PathBuf,
        /// Which of the board's relays, from 1.
        number: u8,
    },
    /// The RTS line of a serial port.
    Rts {
        /// Device file.
        path: PathBuf,
    },
    /// The DTR line of a serial port.
    Dtr {
        /// Device file.
        path: PathBuf,
    },
    /// Two programs.
    Command {
        /// Program and arguments that switch it on.
        on: Vec<String>,
        /// Program and arguments that switch it off.
        off: Vec<String>,
    },
}

/// Recorded sentences, and who plays them where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompts {
    /// One folder a dialect, with a file a sentence.
    pub folder: PathBuf,
    /// The dialect of players that name none, and of sentences that another dialect lacks.
    pub dialect: Slug,
    /// A player is ended after this.
    pub limit: Duration,
    /// The station's own player.
    pub station: Option<Player>,
    /// Players of homes.
    pub homes: BTreeMap<HomeId, Player>,
}

/// What plays a sentence in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Player {
    /// Program and arguments, in which `{clip}` and `{home}` are replaced; no shell reads them.
    pub command: Vec<String>,
    /// The dialect that is understood there.
    pub dialect: Option<Slug>,
}

const KIND: Key = Key::required("kind", "gpio, relay, rts, dtr or command.");
const KIND_KEYS: &[Key] = &[KIND];

/// Keys of a siren with `kind = "gpio"`.
pub const GPIO_KEYS: &[Key] = &[
    KIND,
    Key::or("chip", "\"/dev/gpiochip0\"", "The chip's device file; the daemon's group must be allowed to open it."),
    Key::required("line", "Number of the line on the chip, which on a Raspberry Pi is the BCM number.")
        .within(0, 511, "number"),
    Key::or("active_low", "false", "The siren sounds while the line is low, as many relay boards want it."),
];

/// Keys of a siren with `kind = "relay"`.
pub const RELAY_KEYS: &[Key] =
    &[KIND, source::PATH, Key::or("number", "1", "Which relay of the board.").within(1, 8, "number")];

/// Keys of a siren with `kind = "rts"` or `"dtr"`.
pub const WIRE_KEYS: &[Key] = &[KIND, source::PATH];

/// Keys of a siren with `kind = "command"`.
pub const COMMAND_KEYS: &[Key] = &[
    KIND,
    Key::required("on", "Program and arguments that switch it on; no shell reads them."),
    Key::required("off", "Program and arguments that switch it off, run at every start and stop too."),
];

/// Keys of `[prompts]`.
pub const PROMPTS_KEYS: &[Key] = &[
    Key::or(
        "folder",
        "\"/var/lib/shouwang/prompts\"",
        "One folder a dialect in it, and in that a file a sentence, as standard/heard.wav; a relative path lies beside this file.",
    ),
    Key::or("dialect", "\"standard\"", "Folder of whoever names none, and of sentences that another dialect lacks."),
    Key::or("limit_s", "20", "A player that runs longer is ended.").within(3, 120, "s"),
];

/// Keys of a player.
pub const PLAYER_KEYS: &[Key] = &[
    Key::required(
        "command",
        "Program and arguments; {clip} is the file and {home} the home's id; no shell reads them.",
    ),
    Key::optional("dialect", "Folder of the dialect that is understood there; left out, that of [prompts]."),
];

/// The player of this name is the station's own.
const STATION: &str = "station";

/// Reads the sirens, by name.
pub(super) fn read_sirens(top: &Section<'_>) -> BTreeMap<Slug, Siren> {
    let sections = top.by_id_unjudged("siren", false);
    if let Some((_, section)) = sections.get(SIRENS_MAX) {
        let problem = section.whole_table(What::TooMany).allowed(format!("at most {SIRENS_MAX} sirens"));
        section.report(problem.fix("switch several by one relay"));
    }
    sections.into_iter().filter_map(|(name, section)| Some((name, read_siren(section)?))).collect()
}

fn read_siren(section: Section<'_>) -> Option<Siren> {
    let kind = section.glance(KIND_KEYS).word("kind", SirenKind::ALL, SirenKind::word)?;
    let section = section.holding(match kind {
        SirenKind::Gpio => GPIO_KEYS,
        SirenKind::Relay => RELAY_KEYS,
        SirenKind::Rts | SirenKind::Dtr => WIRE_KEYS,
        SirenKind::Command => COMMAND_KEYS,
    });
    Some(match kind {
        SirenKind::Gpio => {
            let line = section.whole("line").and_then(|line| u32::try_from(line).ok());
            let chip = PathBuf::from(section.text("chip")?.as_ref());
            Siren::Gpio { chip, active_low: section.flag("active_low"), line: line? }
        }
        SirenKind::Relay => {
            let number = section.whole("number").and_then(|number| u8::try_from(number).ok());
            Siren::Relay { path: source::read_path(&section, "path")?, number: number? }
        }
        SirenKind::Rts => Siren::Rts { path: source::read_path(&section, "path")? },
        SirenKind::Dtr => Siren::Dtr { path: source::read_path(&section, "path")? },
        SirenKind::Command => {
            let (on, off) = (read_command(&section, "on"), read_command(&section, "off"));
            Siren::Command { on: on?, off: off? }
        }
    })
}

/// Reads players and sentences; none where nobody plays.
pub(super) fn read_prompts(top: &Section<'_>, beside: &Path) -> Option<Prompts> {
    let section = top.table("prompts", PROMPTS_KEYS);
    let (mut station, mut homes) = (None, BTreeMap::new());
    for (place, section) in top.by_id("player", PLAYER_KEYS) {
        let Some(player) = read_player(&section) else { continue };
        if place.as_str() == STATION {
            station = Some(player);
        } else {
            homes.insert(HomeId(place), player);
        }
    }
    let folder = section.text("folder").map(|folder| beside.join(folder.as_ref()));
    let dialect = match section.find("dialect") {
        Some(_) => section.id("dialect"),
        None => section.text("dialect").and_then(|usual| usual.parse().ok()),
    };
    let limit = section.whole("limit_s").map(Duration::from_secs);
    let somebody_plays = station.is_some() || !homes.is_empty();
    let prompts = Prompts { folder: folder?, dialect: dialect?, limit: limit?, station, homes };
    somebody_plays.then_some(prompts)
}

fn read_player(section: &Section<'_>) -> Option<Player> {
    let dialect = section.find("dialect").and_then(|_| section.id("dialect"));
    let command = read_command(section, "command")?;
    if let (false, Some(found)) = (command.iter().any(|part| part.contains("{clip}")), section.find("command")) {
        let problem = section.wrong("command", &found, What::Contradiction);
        section.report(problem.fix("write {clip} where the player wants the name of the file"));
    }
    Some(Player { command, dialect })
}

/// A program with its arguments.
fn read_command(section: &Section<'_>, name: &'static str) -> Option<Vec<String>> {
    let found = section.demand(name)?;
    let parts: Vec<String> = section.texts(name).into_iter().map(|(part, _)| part.into_owned()).collect();
    if parts.first().is_none_or(|program| program.trim().is_empty()) {
        // What is not even a list has been reported.
        if matches!(found.value, DeValue::Array(_)) {
            let problem = section.wrong(name, &found, What::Empty);
            section.report(problem.fix("write the program and its arguments, as [\"/usr/bin/program\", \"argument\"]"));
        }
        return None;
    }
    Some(parts)
}
