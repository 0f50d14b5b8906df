//! `[power]`: the files in which the kernel says what the box runs on.

use std::path::PathBuf;

use super::document::Section;
use super::key::Key;
use super::problem::What;

/// `[power]`: files of the kernel's power supply class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerFiles {
    /// `online` of the mains supply, or `status` of a battery.
    pub mains: PathBuf,
    /// How long the battery lasts; none where nothing says it.
    pub battery: Option<Gauge>,
}

/// What says how long the battery lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gauge {
    /// A file that has the seconds until it is empty.
    TimeToEmpty(PathBuf),
    /// A file that has its charge in per cent, and the minutes that a full one lasts.
    Charge {
        /// `capacity` of the battery.
        percent: PathBuf,
        /// Minutes that a full one lasts.
        runs_min: u16,
    },
}

/// Keys of `[power]`.
pub const KEYS: &[Key] = &[
    Key::required(
        "mains",
        "File that says whether there are mains: online of the mains' supply, or status of a battery, under /sys/class/power_supply.",
    ),
    Key::optional("battery_percent", "File with the battery's charge in per cent: its capacity; needs runs_min."),
    Key::optional("runs_min", "How long the box runs on a full battery, as it was tried out.").within(5, 10_080, "min"),
    Key::optional("time_to_empty", "File with the seconds until the battery is empty; in the place of the two above."),
];

/// Reads the table, if it stands in the file.
pub(super) fn read(top: &Section<'_>) -> Option<PowerFiles> {
    let power = top.table("power", KEYS);
    if !power.is_given() {
        return None;
    }
    let file = |name| power.text(name).map(|path| PathBuf::from(path.as_ref()));
    let (mains, percent, to_empty) = (file("mains"), file("battery_percent"), file("time_to_empty"));
    let runs_min = power.whole("runs_min").and_then(|minutes| u16::try_from(minutes).ok());
    if let (Some(found), Some(_)) = (power.find("time_to_empty"), power.find("battery_percent")) {
        let problem = power.wrong("time_to_empty", &found, What::Contradiction);
        power.report(problem.allowed("time_to_empty, or battery_percent with runs_min").fix("leave one of them out"));
    }
    match (power.find("battery_percent"), power.find("runs_min")) {
        (Some(_), None) => {
            let problem = power.whole_table(What::MissingKey).key("power.runs_min");
            power.report(problem.fix("add runs_min = …; a charge in per cent says no minutes by itself"));
        }
        (None, Some(found)) => {
            let problem = power.wrong("runs_min", &found, What::Contradiction);
            power.report(problem.fix("add battery_percent, or leave it out"));
        }
        _ => {}
    }
    let charge = percent.zip(runs_min).map(|(percent, runs_min)| Gauge::Charge { percent, runs_min });
    Some(PowerFiles { mains: mains?, battery: to_empty.map(Gauge::TimeToEmpty).or(charge) })
}
