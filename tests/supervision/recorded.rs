//! Homes as they were recorded: real people's days, which stay outside the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use shouwang::core::roster::Role;

use super::{Home, Sensor};

/// Where the recordings are: below `SHOUWANG_DATA`; none where that names no such folder.
pub fn folder() -> Option<PathBuf> {
    let data = PathBuf::from(std::env::var_os("SHOUWANG_DATA")?);
    Some(data.join("ambient")).filter(|folder| folder.is_dir())
}

/// Every home of the folder, by name.
pub fn homes(folder: &Path) -> Vec<Home> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().filter(|path| path.join("events.csv.zst").is_file()).map(|path| home(path)).collect()
}

/// Reads `time,sensor,kind,value`. What is not motion or pressure is a contact that people move.
fn home(path: &Path) -> Home {
    let unpacked = Command::new("zstd").arg("-dcq").arg(path.join("events.csv.zst")).output().expect("zstd runs");
    assert!(unpacked.status.success(), "zstd could not unpack a recording");
    let text = String::from_utf8(unpacked.stdout).expect("UTF-8");
    let mut sensors: BTreeMap<&str, Sensor> = BTreeMap::new();
    let (mut begin, mut lasts) = (None, 0);
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [time, sensor, kind, value] = fields.as_slice() else { panic!("four fields a line") };
        let time: jiff::civil::DateTime = time.parse().expect("a time");
        let ms = time.to_zoned(jiff::tz::TimeZone::UTC).expect("in range").timestamp().as_millisecond();
        let ms = u64::try_from(ms).expect("after 1970");
        let at = ms - *begin.get_or_insert(ms);
        lasts = lasts.max(at);
        let role = match *kind {
            "motion" => Role::Motion,
            "pressure" => Role::Bed,
            _ => Role::Door,
        };
        let on = matches!(*value, "ON" | "OPEN");
        sensors.entry(sensor).or_insert(Sensor { role, said: Vec::new() }).said.push((at, on));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Home { name, lasts: lasts + 1, sensors: sensors.into_values().collect() }
}
