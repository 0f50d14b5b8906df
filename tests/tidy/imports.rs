//! Who may import whom: one table, and nothing points back.

use std::collections::{BTreeMap, BTreeSet};

use crate::Complaint;
use crate::rust::{Path, paths, tokens};
use crate::tree::{File, Tree};

/// They import nothing, and anyone may import them.
pub const LEAVES: &[&str] = &["limits", "private", "backoff", "broker"];

/// They wire the house together, so they may import anything.
pub const WIRING: &[&str] = &["main", "cli", "daemon", "demo"];

/// Each room and what it may import beside itself and the leaves, in the order of the flow.
pub const TABLE: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("words", &["core"]),
    ("config", &["core"]),
    ("device", &["core"]),
    ("waveform", &["core"]),
    ("source", &["core", "device", "waveform", "config"]),
    ("store", &["core"]),
    ("relay", &["core", "words"]),
    ("notify", &["core", "device::gsm_at", "device::sms_pdu", "device::hex", "words"]),
    ("paper", &["core", "config", "words", "notify::message"]),
    ("http", &["words"]),
    ("control", &["core", "store", "config", "words"]),
    ("web", &["core", "store", "config", "words", "control", "http"]),
    ("county", &["core", "relay::message", "relay::heads", "relay::text", "notify", "http", "config", "words"]),
    ("sim", &["core", "device", "waveform", "store", "relay", "notify", "config", "words"]),
    ("evaluate", &["core", "device", "waveform", "store"]),
];

/// The files of an otherwise pure room that talk to the world.
pub struct Shell {
    /// The room.
    pub of: &'static str,
    /// Its files that do.
    pub files: &'static [&'static str],
    /// What they may import beside what their room may. Nobody but themselves and the wiring may import them.
    pub also: &'static [&'static str],
}

/// Every shell.
pub const SHELLS: &[Shell] = &[
    Shell {
        of: "relay",
        files: &["session", "carry", "link", "letterbox", "records", "trouble", "told", "pause"],
        also: &["store", "config"],
    },
    Shell {
        of: "notify",
        files: &[
            "letters",
            "post",
            "ready",
            "program",
            "webhook",
            "wecom",
            "ntfy",
            "mqtt",
            "prompt",
            "siren",
            "configured",
            "modem::shell",
        ],
        also: &["config"],
    },
];

/// Every import that the table does not allow, and every room that it does not know.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.rust("src/") {
        let own = module(file);
        let Some(room) = room_of(&own) else {
            if !own.is_empty() {
                complaints.push(Complaint::new(&file.path, 1, no_row(&own)));
            }
            continue;
        };
        for (target, line) in imports(file, &own) {
            match room_of(&target) {
                None if !target.is_empty() => complaints.push(Complaint::new(&file.path, line, no_row(&target))),
                Some(other) if !allows(room, other, &target) => {
                    complaints.push(Complaint::new(&file.path, line, banned(room, &target)));
                }
                _ => {}
            }
        }
    }
    complaints
}

/// Whether a file talks to the world although its room is pure.
pub fn is_shell(file: &File) -> bool {
    room_of(&module(file)).is_some_and(|room| room.shell.is_some())
}

/// Every circle of imports between top-level modules, whatever the table says.
pub fn cycles(tree: &Tree) -> Vec<Complaint> {
    let mut edges: BTreeMap<String, BTreeMap<String, (String, usize)>> = BTreeMap::new();
    for file in tree.rust("src/") {
        let own = module(file);
        let Some(from) = own.first() else { continue };
        for (target, line) in imports(file, &own) {
            if let Some(to) = target.first().filter(|to| *to != from) {
                let place = (file.path.clone(), line);
                edges.entry(from.clone()).or_default().entry(to.clone()).or_insert(place);
            }
        }
    }
    let reaches = |from: &String, to: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(room) = next.pop() {
            if seen.insert(room) {
                next.extend(edges.get(room).into_iter().flat_map(BTreeMap::keys));
            }
        }
        seen.contains(to)
    };
    let all = edges.iter().flat_map(|(from, targets)| targets.iter().map(move |(to, place)| (from, to, place)));
    all.filter(|(from, to, _)| reaches(to, from))
        .map(|(from, to, (file, line))| {
            let says = format!(
                "a circle of imports is banned: `{from}` imports `{to}`, and `{to}` leads back; use a type of `core`"
            );
            Complaint::new(file, *line, says)
        })
        .collect()
}

/// A file's module path below the crate; `main` for the binary.
pub fn module(file: &File) -> Vec<String> {
    let inside = file.path.trim_start_matches("src/").trim_end_matches(".rs");
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    if inside == "lib" { Vec::new() } else { inside.split('/').map(str::to_owned).collect() }
}

/// What a file imports of this crate, as paths below the crate's root.
fn imports(file: &File, own: &[String]) -> Vec<(Vec<String>, usize)> {
    let tokens = tokens(&file.text);
    paths(&tokens).iter().filter_map(|path| Some((resolve(path, own)?, path.line))).collect()
}

/// `None` for paths that do not begin at the crate's root.
fn resolve(path: &Path<'_>, own: &[String]) -> Option<Vec<String>> {
    let named = |segments: &[&str]| segments.iter().map(|each| (*each).to_owned()).collect::<Vec<_>>();
    match path.segments.split_first()? {
        (&"crate", rest) => Some(named(rest)),
        (&"shouwang", rest) if own == ["main"] => Some(named(rest)),
        (&"super", _) => {
            let up = path.segments.iter().take_while(|segment| **segment == "super").count();
            // Inline modules lie between the path and its file.
            let kept = (own.len() + path.depth).saturating_sub(up);
            (kept < own.len()).then(|| [&own[..kept], &named(&path.segments[up..])].concat())
        }
        _ => None,
    }
}

/// Where a module path lies.
#[derive(Clone, Copy)]
struct Room {
    name: &'static str,
    shell: Option<&'static Shell>,
}

fn room_of(path: &[String]) -> Option<Room> {
    let (first, below) = path.split_first()?;
    let rows = TABLE.iter().map(|(room, _)| *room);
    let name = rows.chain(LEAVES.iter().copied()).chain(WIRING.iter().copied()).find(|room| room == first)?;
    let is_in = |shell: &&Shell| shell.of == name && shell.files.iter().any(|file| begins(below, file));
    Some(Room { name, shell: SHELLS.iter().find(is_in) })
}

fn begins(path: &[String], with: &str) -> bool {
    let mut segments = path.iter();
    with.split("::").all(|want| segments.next().is_some_and(|segment| segment == want))
}

fn row(room: &str) -> &'static [&'static str] {
    TABLE.iter().find(|(name, _)| *name == room).map_or(&[], |(_, may)| *may)
}

fn allows(room: Room, other: Room, target: &[String]) -> bool {
    let same = room.name == other.name;
    if WIRING.contains(&room.name) || LEAVES.contains(&other.name) {
        true
    } else if other.shell.is_some() {
        same && room.shell.is_some()
    } else {
        same || row(room.name)
            .iter()
            .chain(room.shell.map_or(&[] as &[&str], |shell| shell.also))
            .any(|may| begins(target, may))
    }
}

fn banned(room: Room, target: &[String]) -> String {
    let mut may = row(room.name).to_vec();
    may.extend(room.shell.map_or(&[] as &[&str], |shell| shell.also));
    let may = if may.is_empty() { "nothing but itself and the leaves".to_owned() } else { may.join(", ") };
    let target = target.iter().take(2).map(String::as_str).collect::<Vec<_>>().join("::");
    format!("importing `{target}` is banned in `{}`, use what its row allows: {may} (tests/tidy/imports.rs)", room.name)
}

fn no_row(path: &[String]) -> String {
    format!("`{}` has no row in the table of imports, add one in tests/tidy/imports.rs", path.join("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(files: &[(&str, &str)]) -> Vec<(usize, String)> {
        check(&Tree::made_up(files)).into_iter().map(|complaint| (complaint.line, complaint.says)).collect()
    }

    #[test]
    fn an_import_beyond_the_row_is_found_however_it_is_written() {
        for text in [
            "use crate::store::log;",
            "use crate::{core::id, store};",
            "fn f() -> crate::store::Log { todo() }",
            "use super::super::store::log;",
            "mod tests { use super::super::super::store::log; }",
        ] {
            let found = says(&[("src/device/template.rs", text)]);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(
                found[0].1.starts_with("importing `store") && found[0].1.contains(" is banned in `device`, use "),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_the_row_allows_passes() {
        let fine = "use crate::core::id; use crate::limits; use super::Format; // use crate::store;\nmod tests { use super::super::json; }";
        assert_eq!(says(&[("src/device/template.rs", fine)]), []);
        assert_eq!(says(&[("src/daemon/mod.rs", "use crate::{store, relay::session, sim};")]), []);
    }

    #[test]
    fn a_shell_is_imported_by_itself_and_the_wiring_only() {
        assert_eq!(says(&[("src/sim/mod.rs", "use crate::relay::pump;")]), []);
        assert_eq!(says(&[("src/sim/mod.rs", "use crate::relay::session;")]).len(), 1);
        assert_eq!(says(&[("src/relay/pump.rs", "use super::session;")]).len(), 1);
        assert_eq!(says(&[("src/relay/session.rs", "use super::{link, pump}; use crate::store::log;")]), []);
        assert_eq!(says(&[("src/county/mod.rs", "use crate::relay::message; use crate::relay::pump;")]).len(), 1);
        assert_eq!(says(&[("src/notify/modem/shell.rs", "use super::Dialogue; use crate::config;")]), []);
        assert_eq!(says(&[("src/notify/modem/mod.rs", "use crate::config; use super::shell;")]).len(), 1);
        assert_eq!(says(&[("src/sim/mod.rs", "use crate::notify::modem::shell;")]).len(), 1);
    }

    #[test]
    fn a_room_without_a_row_is_found() {
        assert_eq!(
            says(&[("src/helpers.rs", "")])[0].1,
            "`helpers` has no row in the table of imports, add one in tests/tidy/imports.rs"
        );
        assert_eq!(says(&[("src/core/mod.rs", "use crate::helpers;")]).len(), 1);
    }

    #[test]
    fn a_circle_is_found() {
        let tree = Tree::made_up(&[
            ("src/cli/mod.rs", "use crate::daemon;"),
            ("src/daemon/mod.rs", "use crate::store;\nuse crate::core;"),
            ("src/store/mod.rs", "use crate::cli;\nuse crate::core;"),
            ("src/core/mod.rs", ""),
        ]);
        let found: Vec<String> =
            cycles(&tree).into_iter().map(|complaint| format!("{}:{}", complaint.file, complaint.line)).collect();
        assert_eq!(found, ["src/cli/mod.rs:1", "src/daemon/mod.rs:1", "src/store/mod.rs:1"]);
    }

    #[test]
    fn the_table_itself_has_no_circle() {
        let files: Vec<(String, String)> = TABLE
            .iter()
            .map(|(room, may)| {
                let uses: String = may.iter().flat_map(|other| ["use crate::", other, ";\n"]).collect();
                (format!("src/{}.rs", room.replace("::", "/")), uses)
            })
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert_eq!(cycles(&Tree::made_up(&files)), []);
    }
}
