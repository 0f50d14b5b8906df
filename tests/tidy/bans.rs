//! What is banned, where, and what to use in its place.

use crate::Complaint;
use crate::imports::is_shell;
use crate::rust::{Token, paths, tokens};
use crate::tree::{File, Tree};

/// Where a ban holds.
struct Area {
    within: &'static [&'static str],
    /// Also in the files of a pure room that talk to the world.
    shells: bool,
}

/// Rooms that decide and do nothing else.
const PURE: Area = Area {
    within: &[
        "src/core/",
        "src/device/",
        "src/waveform/",
        "src/relay/",
        "src/words/",
        "src/words.rs",
        "src/backoff.rs",
    ],
    shells: false,
};

/// Rooms whose arithmetic must be equal to the last bit on every machine.
const CORE: Area = Area { within: &["src/core/"], shells: true };

const LIBRARY: Area = Area { within: &["src/"], shells: true };

const EVERYWHERE: Area = Area { within: &["src/", "tests/", "benches/"], shells: true };

/// What is looked for.
enum What {
    /// A path that begins like this.
    Path(&'static str),
    /// These tokens in a row, parted by blanks.
    Tokens(&'static str),
}

struct Ban {
    what: What,
    area: Area,
    instead: &'static str,
    /// Files that may, each with its reason.
    except: &'static [(&'static str, &'static str)],
}

const fn ban(what: What, area: Area, instead: &'static str) -> Ban {
    Ban { what, area, instead, except: &[] }
}

const FLOATS: &[(&str, &str)] = &[
    ("src/core/unit.rs", "the edge: decimals from the wire become thousandths here"),
    ("src/core/reading/measure.rs", "the edge: decoders give decimals, and leave with whole numbers"),
    ("src/core/reading/parts.rs", "the edge: a sender's decimals as they were written"),
    ("src/core/reading/said.rs", "the edge: decimals in the log's JSON"),
    ("src/core/reading/mod.rs", "tests name NaN"),
];

const BANS: &[Ban] = &[
    ban(What::Path("tokio"), PURE, "a plain function of its inputs; the shell awaits"),
    ban(What::Path("std::fs"), PURE, "an argument; `store`, `config` and `cli` read files"),
    ban(What::Path("std::net"), PURE, "an argument; `source` and the relay's shell own the sockets"),
    ban(What::Path("std::thread"), PURE, "a plain function; `daemon` owns the threads"),
    ban(What::Path("std::env"), PURE, "an argument; `cli` reads the environment"),
    ban(What::Path("rand"), PURE, "a number given as an argument: same seed, same trace"),
    ban(What::Path("getrandom"), PURE, "a number given as an argument: same seed, same trace"),
    ban(What::Path("tracing"), PURE, "a returned value; the shell logs it"),
    ban(What::Path("rumqttc"), PURE, "a value of one's own; `source` and the relay's shell speak MQTT"),
    ban(What::Path("sled"), PURE, "`store`, which alone knows it"),
    ban(What::Tokens("now ("), PURE, "`now: Moment` as an argument"),
    ban(What::Tokens("Instant"), PURE, "`core::time::Mono`"),
    ban(What::Tokens("SystemTime"), PURE, "`core::time::Wall`"),
    Ban { except: FLOATS, ..ban(What::Tokens("f64"), CORE, "`core::unit::Milli`: whole numbers are equal everywhere") },
    ban(What::Tokens("f32"), CORE, "`core::unit::Milli`: whole numbers are equal everywhere"),
    ban(What::Tokens("HashMap"), EVERYWHERE, "`BTreeMap`: same seed, same trace"),
    ban(What::Tokens("HashSet"), EVERYWHERE, "`BTreeSet`: same seed, same trace"),
    ban(What::Tokens("println !"), PURE, "a returned value"),
    ban(What::Tokens("eprintln !"), PURE, "a returned value"),
    ban(What::Tokens("dbg !"), EVERYWHERE, "`tracing::debug!`, or nothing"),
    ban(What::Tokens("todo !"), EVERYWHERE, "the code, or an entry in the tracker"),
    ban(What::Tokens("unimplemented !"), EVERYWHERE, "the code, or a refusal as a value"),
    ban(What::Tokens("unbounded_channel"), EVERYWHERE, "`mpsc::channel` with a row in `limits`"),
    ban(What::Tokens("mpsc :: channel ( )"), EVERYWHERE, "`sync_channel` with a row in `limits`: this one has no end"),
    Ban {
        except: &[(
            "src/store/state/check.rs",
            "waits for a child until a deadline, which the standard library cannot",
        )],
        ..ban(
            What::Tokens("thread :: sleep"),
            EVERYWHERE,
            "a condition polled with a deadline, or `tokio::time::pause`",
        )
    },
    ban(
        What::Path("std::process::exit"),
        LIBRARY,
        "an `ExitCode` returned to `main`, so that everything is dropped in order",
    ),
];

/// Words that mark something unfinished; in pieces, so that this file may be read by its own check.
const UNFINISHED: &[&str] = &[concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];

/// Names that say the role of a file and not its thing.
const NAMELESS: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "types", "misc"];

/// Every ban that is broken, and every exception that nobody needs.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.rust("") {
        let tokens = tokens(&file.text);
        for ban in BANS.iter().filter(|ban| ban.area.holds(file)) {
            let lines = ban.what.lines(&tokens);
            match ban.except.iter().find(|(path, _)| *path == file.path) {
                Some((_, reason)) if lines.is_empty() => {
                    let says = format!(
                        "the exception for {} (\"{reason}\") is not needed, remove it from tests/tidy/bans.rs",
                        ban.what.name()
                    );
                    complaints.push(Complaint::new(&file.path, 1, says));
                }
                Some(_) => {}
                None => complaints.extend(lines.into_iter().map(|line| {
                    Complaint::new(&file.path, line, format!("`{}` is banned, use {}", ban.what.name(), ban.instead))
                })),
            }
        }
    }
    complaints.extend(unfinished(tree));
    complaints.extend(nameless(tree));
    complaints
}

fn unfinished(tree: &Tree) -> Vec<Complaint> {
    let is_whole = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let near = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
            !near(line[..at].chars().next_back()) && !near(line[at + word.len()..].chars().next())
        })
    };
    let mut complaints = Vec::new();
    for file in tree.all().filter(|file| file.path != "Cargo.lock") {
        for (line, text) in file.lines() {
            for word in UNFINISHED.iter().filter(|word| is_whole(text, word)) {
                let says = format!("{word} is banned, use the tracker: the code says what is, not what will be");
                complaints.push(Complaint::new(&file.path, line, says));
            }
        }
    }
    complaints
}

fn nameless(tree: &Tree) -> Vec<Complaint> {
    let files = tree.rust("").filter_map(|file| {
        let parts = file.path.trim_end_matches(".rs").split('/');
        let name = parts.into_iter().find(|part| NAMELESS.contains(part))?;
        let says = format!("the name `{name}` is banned, use the name of the thing in it");
        Some(Complaint::new(&file.path, 1, says))
    });
    files.collect()
}

impl Area {
    fn holds(&self, file: &File) -> bool {
        self.within.iter().any(|with| file.path.starts_with(with)) && (self.shells || !is_shell(file))
    }
}

impl What {
    fn name(&self) -> String {
        match self {
            What::Path(path) => (*path).to_owned(),
            What::Tokens(tokens) => tokens.replace(' ', ""),
        }
    }

    fn lines(&self, tokens: &[Token<'_>]) -> Vec<usize> {
        match self {
            What::Path(banned) => {
                let banned: Vec<&str> = banned.split("::").collect();
                let paths = paths(tokens);
                paths.iter().filter(|path| path.segments.starts_with(&banned)).map(|path| path.line).collect()
            }
            What::Tokens(banned) => {
                let banned: Vec<&str> = banned.split(' ').collect();
                let matches = |window: &&[Token<'_>]| window.iter().zip(&banned).all(|(token, want)| token.is(want));
                tokens.windows(banned.len()).filter(matches).map(|window| window[0].line).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(path: &str, text: &str) -> Vec<String> {
        check(&Tree::made_up(&[(path, text)])).into_iter().map(|complaint| complaint.says).collect()
    }

    #[test]
    fn every_ban_can_fail() {
        let bad = [
            ("src/core/a.rs", "use tokio::sync::mpsc;"),
            ("src/core/a.rs", "#[tokio::test] async fn f() {}"),
            ("src/device/a.rs", "use std::{fmt, fs};"),
            ("src/relay/pump.rs", "std::thread::spawn(f);"),
            ("src/core/a.rs", "let now = Wall::now();"),
            ("src/core/a.rs", "let x: f64 = 0.0;"),
            ("src/core/a.rs", "tracing::info!(\"x\");"),
            ("src/daemon/a.rs", "let map: HashMap<u8, u8>;"),
            ("src/daemon/a.rs", "dbg!(x);"),
            ("tests/a.rs", "std::thread::sleep(TICK);"),
            ("src/store/a.rs", "let (tx, rx) = mpsc::channel();"),
            ("src/cli/a.rs", "std::process::exit(1);"),
        ];
        for (path, text) in bad {
            let found = says(path, text);
            assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
            assert!(found[0].contains(" is banned, use "), "{}", found[0]);
        }
    }

    #[test]
    fn a_ban_holds_only_in_its_area_and_not_in_words() {
        assert_eq!(
            says("src/daemon/a.rs", "use tokio::sync::mpsc; let (a, b) = (mpsc::channel(64), oneshot::channel());"),
            [""; 0]
        );
        assert_eq!(says("src/relay/session.rs", "use tokio::net::TcpStream;"), [""; 0]);
        assert_eq!(says("src/core/a.rs", "// tokio::spawn\nlet s = \"f64\"; fn known() {}"), [""; 0]);
    }

    #[test]
    fn an_exception_that_nobody_needs_is_found() {
        assert_eq!(says("src/core/unit.rs", "pub struct Milli(i64);").len(), 1);
        assert_eq!(says("src/core/unit.rs", "fn a(b: f64) {}"), [""; 0]);
    }

    #[test]
    fn what_is_unfinished_or_nameless_is_found() {
        let marked = format!("a = 1 # {}: b", UNFINISHED[0]);
        assert_eq!(says("config/a.toml", &marked).len(), 1);
        assert_eq!(says("config/a.toml", "a = 1 # FIXMEUP"), [""; 0]);
        assert_eq!(says("src/store/utils.rs", "").len(), 1);
        assert_eq!(says("tests/common/mod.rs", "").len(), 1);
    }
}
