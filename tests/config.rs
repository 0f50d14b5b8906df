//! The configuration's contract with the people who write it: shipped files load, every key stands in them, and every
//! mistake in `tests/config/` is said exactly as its `.expected` file shows. `SHOUWANG_BLESS=1` rewrites those files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shouwang::config::key::{Fallback, Table};
use shouwang::config::{County, Problems, Severity, Station, Village, What, county, station, village};
use shouwang::core::spoken::Spoken;

const FORMATS: &[Spoken<'_>] = &[
    Spoken::over("mqtt", "zigbee2mqtt").with_bridge(),
    Spoken::over("mqtt", "rtl_433").with_bridge(),
    Spoken::over("mqtt", "tasmota"),
    Spoken::over("serial", "json_lines"),
    Spoken::over("tcp", "watch_setracker"),
];

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn shipped_station() -> Station {
    let station = Station::parse("shouwang.toml", &shipped("shouwang.toml"), Path::new("/etc/shouwang"), FORMATS);
    station.unwrap_or_else(|problems| panic!("{problems}")).value
}

#[test]
fn the_shipped_files_are_sound_and_have_nothing_to_warn_of() {
    let station = Station::parse("shouwang.toml", &shipped("shouwang.toml"), Path::new("/etc/shouwang"), FORMATS);
    let station = station.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(station.warnings.is_empty(), "{}", station.warnings);
    let village = Village::parse("village.example.toml", &shipped("village.example.toml"), Some(&station.value));
    let village = village.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(village.warnings.is_empty(), "{}", village.warnings);
    let county = County::parse("county.toml", &shipped("county.toml"), Path::new("/etc/shouwang"));
    let county = county.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(county.warnings.is_empty(), "{}", county.warnings);
}

/// A key of a shipped file, live or commented out, with the comment above it.
struct Line {
    value: String,
    comment: String,
}

/// Every key of a shipped file by table path as [`Table::path`] writes it.
fn keys_of(text: &str) -> BTreeMap<(String, String), Line> {
    let mut all = BTreeMap::new();
    let (mut table, mut comment) = (String::new(), String::new());
    for line in text.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let key =
            bare.split_once(" = ").filter(|(key, _)| key.bytes().all(|sign| sign.is_ascii_lowercase() || sign == b'_'));
        if bare.starts_with('[') {
            let name = bare.trim_matches(['[', ']']);
            table = if bare.starts_with("[[") {
                format!("{name}[]")
            } else {
                name.rsplit_once('.').map_or_else(|| name.to_owned(), |(of, _)| format!("{of}.*"))
            };
            comment.clear();
        } else if let Some((key, value)) = key {
            let line = Line { value: value.to_owned(), comment: std::mem::take(&mut comment) };
            // The first time a key stands in a file is the one that is explained.
            all.entry((table.clone(), key.to_owned())).or_insert(line);
        } else if line.starts_with('#') {
            comment.push_str(line);
        } else {
            comment.clear();
        }
    }
    all
}

/// Whether its keys stand inside a list that is a value: rungs of a ladder, devices of a bus, values of a profile.
fn stands_in_a_list(table: &Table) -> bool {
    table.path.contains('.') && table.path.ends_with("[]")
}

/// The shipped file with the example of a source and all profiles in force, as somebody makes them who takes the `# ` away.
fn with_examples_in_force(text: &str) -> String {
    let (mut lines, mut within) = (Vec::new(), false);
    for line in text.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        // A commented-out table goes on to the next empty line.
        within = if line.is_empty() { false } else { within || (line.starts_with("# [")) };
        let is_toml =
            bare.starts_with(['[', ' ', ']']) || bare.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        lines.push(if within && is_toml { bare } else { line });
    }
    lines.join("\n")
}

#[test]
fn the_shipped_file_names_the_formats_that_take_a_source_of_their_own() {
    let text = shipped("shouwang.toml");
    let comment = &keys_of(&text)[&("source[]".to_owned(), "formats".to_owned())].comment;
    for spoken in shouwang::device::spoken() {
        assert_eq!(comment.contains(spoken.format), spoken.bridged, "{}", spoken.format);
    }
}

#[test]
fn the_examples_that_are_commented_out_are_sound_too() {
    let text = with_examples_in_force(&shipped("shouwang.toml"));
    let station = Station::parse("shouwang.toml", &text, Path::new("/etc/shouwang"), &shouwang::device::spoken());
    let station = station.unwrap_or_else(|problems| panic!("{problems}")).value;
    assert_eq!(station.sources.len(), 4);
    let points: Vec<usize> = station.profiles.values().map(|profile| profile.points.len()).collect();
    assert_eq!(points, [8, 1, 2]);
    let channels: Vec<(&str, bool)> =
        station.channels.iter().map(|channel| (channel.name.as_str(), channel.group)).collect();
    assert_eq!(channels, [("phones", false), ("push", true), ("township", true), ("village-group", true)]);
    let prompts = station.prompts.expect("players");
    assert_eq!((station.sirens.len(), prompts.homes.len(), prompts.station.is_some()), (3, 1, true));
    let text = with_examples_in_force(&shipped("village.example.toml"));
    let village = Village::parse("village.example.toml", &text, Some(&shipped_station()));
    let village = village.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(village.warnings.is_empty(), "{}", village.warnings);
    let rota = village.value.rota;
    assert_eq!((rota.shifts.len(), rota.swaps.len(), rota.leaves.len()), (2, 1, 1));
}

#[test]
fn every_key_stands_in_the_shipped_file_with_its_default_unit_and_reason_and_no_other_key_does() {
    for (file, tables) in
        [("shouwang.toml", station::TABLES), ("village.example.toml", village::TABLES), ("county.toml", county::TABLES)]
    {
        let text = shipped(file);
        let mut shown = keys_of(&text);
        let mut seen = BTreeSet::new();
        for Table { path, keys, .. } in tables.iter().filter(|table| !stands_in_a_list(table)) {
            for key in *keys {
                let at = format!("{file}: {path}: {}", key.name);
                assert!(!key.about.is_empty() && key.about.ends_with(['.', '…']), "{at}: say what it is for");
                let place = ((*path).to_owned(), key.name.to_owned());
                let Some(line) = shown.get(&place) else {
                    panic!("{at} is not in the shipped file; add it with a comment")
                };
                seen.insert(place);
                assert!(!line.comment.is_empty() || path.contains('*'), "{at}: write a comment above it");
                // An example shows its own values; the other files show the defaults.
                if let (Fallback::Is(default), false) = (key.default, path.contains('*')) {
                    assert_eq!(line.value, default, "{at}: the file shows another default");
                }
                if let Some((min, max)) = key.range {
                    let range = format!("{min}–{max}");
                    assert!(
                        line.comment.contains(&range),
                        "{at}: the comment must give the range {range}: {}",
                        line.comment
                    );
                    assert!(!key.unit.is_empty(), "{at}: a number needs a unit");
                }
            }
        }
        for Table { path, keys, .. } in tables.iter().filter(|table| stands_in_a_list(table)) {
            for key in *keys {
                assert!(text.contains(&format!("{} = ", key.name)), "{file}: no {path} shows {}", key.name);
            }
        }
        shown.retain(|place, _| !seen.contains(place));
        assert!(shown.is_empty(), "{file}: nothing reads {:?}", shown.keys().collect::<Vec<_>>());
    }
}

/// What is printed for a mistake: `bad.station.*`, `bad.village.*` or `bad.county.*` by file name.
fn problems_of(name: &str, text: &str) -> Problems {
    let beside = Path::new("/etc/shouwang");
    let outcome = match name.split('.').nth(1) {
        Some("station") => Station::parse("shouwang.toml", text, beside, FORMATS).map(|sound| sound.warnings),
        Some("county") => County::parse("county.toml", text, beside).map(|sound| sound.warnings),
        Some("village") => Village::parse("village.toml", text, Some(&shipped_station())).map(|sound| sound.warnings),
        _ => panic!("{name}: name it bad.station.WHAT.toml, bad.village.WHAT.toml or bad.county.WHAT.toml"),
    };
    outcome.unwrap_or_else(|problems| problems)
}

#[test]
fn every_mistake_is_said_as_its_expected_file_shows() {
    let bless = std::env::var_os("SHOUWANG_BLESS").is_some();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let mut caught = BTreeSet::new();
    for entry in std::fs::read_dir(&directory).expect("tests/config is there") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let problems = problems_of(&name, &std::fs::read_to_string(&path).expect("UTF-8"));
        assert!(!problems.is_empty(), "{name}: nothing is wrong with it");
        caught.extend(problems.list().iter().map(|problem| problem.what));
        let said = problems.to_string();
        for private in ["示例", "13800000000", "秘密"] {
            assert!(!said.contains(private), "{name}: prints a private value: {said}");
        }
        let expected = path.with_extension("expected");
        if bless {
            std::fs::write(&expected, &said).expect("writes");
        } else {
            let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
            assert_eq!(said, wanted, "{name}: look at it, then SHOUWANG_BLESS=1 cargo test --test config");
        }
    }
    // The rest depends on the machine or on both files together, and is tested beside `config::machine`, in `tests/check.rs` and below.
    let elsewhere = [
        What::CannotRead,
        What::TooLarge,
        What::CertificateEnding,
        What::CertificateOver,
        What::CertificateNotYet,
        What::CertificateUnusable,
        What::FileMissing,
        What::SecretUnreadable,
        What::SecretOpen,
        What::BrokerForgets,
        What::BrokerUnseen,
        What::Lapsed,
        What::HolidaysUnknown,
        What::Unproven,
        What::NobodyTold,
        What::NoSecondPath,
        What::RungDeserted,
        What::NoLandmark,
        What::CreditEnding,
        What::DeskUserUnknown,
    ];
    let uncaught: Vec<_> =
        What::ALL.iter().filter(|what| !caught.contains(what) && !elsewhere.contains(what)).collect();
    assert!(uncaught.is_empty(), "no file in tests/config shows {uncaught:?}");
}

#[test]
fn a_file_that_is_absent_or_endless_is_one_problem() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("county.toml");
    let whats = |problems: Problems| problems.list().iter().map(|problem| problem.what).collect::<Vec<_>>();
    assert_eq!(whats(County::load(&path).expect_err("absent")), [What::CannotRead]);
    std::fs::write(&path, [0xFF, 0xFE]).expect("writes");
    assert_eq!(whats(County::load(&path).expect_err("not UTF-8")), [What::CannotRead]);
    let long = "#".repeat(usize::try_from(shouwang::limits::CONFIG_BYTES_MAX).expect("fits") + 1);
    std::fs::write(&path, long).expect("writes");
    assert_eq!(whats(County::load(&path).expect_err("endless")), [What::TooLarge]);
}

#[test]
fn every_problem_has_a_place_a_sentence_and_a_fix() {
    let text = "[station]\nid = 5\nzone = \"Mars\"\nlog = 1\n[[source]]\nkind = \"mqt\"\n[count]\n";
    let problems = Station::parse("shouwang.toml", text, Path::new(""), FORMATS).expect_err("wrong");
    let errors = problems.list().iter().filter(|problem| problem.severity == Severity::Error);
    assert_eq!(errors.count(), 6, "{problems}");
    for problem in problems.list() {
        assert!(!problem.fix.is_empty() && problem.line > 0, "{problem}");
    }
}

mod damaged {
    use proptest::prelude::*;

    use super::*;

    /// A shipped file with a stretch of it replaced by signs that mean something in TOML.
    fn damaged(name: &str) -> impl Strategy<Value = String> + use<> {
        let text = shipped(name);
        let signs: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        (0..signs.len(), 0..40_usize, r#"[\[\]{}="'#.,\n a-z0-9奶]{0,6}"#).prop_map(move |(from, length, insert)| {
            let end = signs.get(from + length).copied().unwrap_or(text.len());
            let mut text = text.clone();
            text.replace_range(signs[from]..end, &insert);
            text
        })
    }

    proptest! {
        #[test]
        fn no_damage_to_a_village_prints_a_person_or_panics(text in damaged("village.example.toml")) {
            let outcome = Village::parse("village.toml", &text, Some(&shipped_station()));
            let said = outcome.map_or_else(|problems| problems.to_string(), |sound| sound.warnings.to_string());
            for private in ["示", "例", "奶", "0000000"] {
                prop_assert!(!said.contains(private), "{said}");
            }
        }

        #[test]
        fn no_damage_to_the_other_files_panics(station in damaged("shouwang.toml"), county in damaged("county.toml")) {
            _ = Station::parse("shouwang.toml", &station, Path::new(""), FORMATS);
            _ = County::parse("county.toml", &county, Path::new(""));
        }
    }
}
