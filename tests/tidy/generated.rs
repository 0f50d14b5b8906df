//! Tables that are made from the code, so that page and code cannot differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use shouwang::core::condition::{self, PreAlarm};
use shouwang::device::{self, Format, Transport};
use shouwang::limits;

use crate::Complaint;
use crate::imports::{LEAVES, SHELLS, TABLE, WIRING};
use crate::rust::tokens;
use crate::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";
const README: &str = "README.md";
const README_ZH: &str = "README.zh-CN.md";

type Maker = fn(&Tree) -> String;

/// Each generated table: its page, its name in the page's markers, and who makes it.
const TABLES: &[(&str, &str, Maker)] = &[
    (PAGE, "rooms", rooms),
    (PAGE, "conditions", conditions),
    (PAGE, "formats", formats),
    (PAGE, "limits", limits_table),
    (README, "devices", devices_en),
    (README_ZH, "devices", devices_zh),
];

/// Every table that is not what the code says. Rewrites them when `SHOUWANG_BLESS` is set.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    [PAGE, README, README_ZH].into_iter().flat_map(|page| check_page(tree, page)).collect()
}

fn check_page(tree: &Tree, path: &str) -> Vec<Complaint> {
    let page = tree.file(path).map(|file| file.text.as_str()).unwrap_or_default();
    let (mut made, mut complaints) = (page.to_owned(), Vec::new());
    for (_, name, table) in TABLES.iter().filter(|(on, ..)| *on == path) {
        match replaced(&made, name, &table(tree)) {
            Some(text) => made = text,
            None => complaints.push(Complaint::new(
                path,
                1,
                format!("the table `{name}` is missing, use the lines `{}` and `{END}`", begin(name)),
            )),
        }
    }
    if made != page {
        if std::env::var_os("SHOUWANG_BLESS").is_some() {
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), &made).expect("the page can be written");
        } else {
            let line = made.lines().zip(page.lines()).take_while(|(new, old)| new == old).count() + 1;
            let says = "a table that differs from the code is banned, use `just bless` and review the difference";
            complaints.push(Complaint::new(path, line, says));
        }
    }
    complaints
}

/// Every counter in the table of limits that the code does not have.
pub fn counters(tree: &Tree) -> Vec<Complaint> {
    counters_of(tree, limits::TABLES.iter().copied().flatten().map(|limit| (limit.name, limit.shows)))
}

fn counters_of<'a>(tree: &Tree, rows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Complaint> {
    const PAGE: &str = "src/limits/mod.rs";
    const PAGES: &str = "src/limits/";
    let counts = |word: &str| {
        let literal = format!("{word}\"");
        let is_page = |path: &str| path == PAGE || path.starts_with(PAGES);
        tree.rust("src/").any(|file| !is_page(&file.path) && file.text.contains(&literal))
    };
    let words = rows.flat_map(|(name, shows)| shows.split([' ', ',', ';']).map(move |word| (name, word)));
    words
        .filter_map(|(name, word)| Some((name, word, word.rsplit_once('.')?.1)))
        .filter(|(_, _, last)| !counts(last))
        .map(|(name, word, _)| {
            Complaint::new(PAGE, 1, format!("`{word}` is no counter, use one that exists in the row {name}"))
        })
        .collect()
}

const END: &str = "<!-- end -->";

fn begin(name: &str) -> String {
    format!("<!-- generated: {name} -->")
}

/// The page with this table between its markers; `None` when they are not there.
fn replaced(page: &str, name: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(&begin(name))?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{}\n{table}{END}{after}", begin(name)))
}

/// The rooms in the order of `lib.rs`, each with the first sentence of its own comment and its row of imports.
fn rooms(tree: &Tree) -> String {
    let mut table = "| room | what it is for | may import |\n| --- | --- | --- |\n".to_owned();
    let root = tree.file("src/lib.rs").map(|file| file.text.as_str()).unwrap_or_default();
    let tokens = tokens(root);
    for name in tokens.windows(3).filter(|window| window[0].is("mod") && window[2].is(";")).map(|window| window[1].text)
    {
        let file = tree.file(&format!("src/{name}/mod.rs")).or_else(|| tree.file(&format!("src/{name}.rs")));
        let sentence = file.map(|file| first_sentence(&file.text)).unwrap_or_default();
        let _ = writeln!(table, "| `{name}` | {} | {} |", cell(&sentence), may_import(tree, name));
    }
    table
}

/// What the room's row allows, as far as it is built.
fn may_import(tree: &Tree, room: &str) -> String {
    let listed = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if WIRING.contains(&room) {
        return "anything".to_owned();
    }
    if LEAVES.contains(&room) {
        return "nothing; anyone may import it".to_owned();
    }
    let is_built = |path: &&str| {
        let path = path.replace("::", "/");
        [format!("src/{path}/mod.rs"), format!("src/{path}.rs")].iter().any(|file| tree.file(file).is_some())
    };
    let row = TABLE.iter().find(|(own, _)| *own == room).map_or(&[] as &[&str], |(_, may)| *may);
    let may: Vec<&str> = row.iter().copied().filter(is_built).collect();
    let own = if may.is_empty() { "nothing".to_owned() } else { listed(&may) };
    let shells = SHELLS.iter().filter(|shell| shell.of == room);
    shells.fold(own, |text, shell| format!("{text}; in {} also {}", listed(shell.files), listed(shell.also)))
}

/// The first sentence of a file's `//!` comment, links shown as their text.
fn first_sentence(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let sentence = paragraph.split_once(". ").map_or(paragraph.trim_end_matches('.'), |(first, _)| first);
    let mut text = String::new();
    for (at, piece) in sentence.split("](").enumerate() {
        let piece = if at == 0 { piece } else { piece.split_once(')').map_or(piece, |(_, after)| after) };
        text.push_str(piece);
    }
    text.replace("[`", "`")
}

/// Table D of the rules of care, as the code has it.
fn conditions(_: &Tree) -> String {
    let mut table =
        "| condition | priority | asked first | latches | about a person | an acceptance is believed for |\n\
                     | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for rule in condition::TABLE {
        let asked = match rule.pre_alarm {
            PreAlarm::NeverFixed => "never, **fixed**".to_owned(),
            PreAlarm::None => "no".to_owned(),
            PreAlarm::Window { prompted_s, silent_s } if prompted_s == silent_s => span(prompted_s),
            PreAlarm::Window { prompted_s, silent_s } => {
                format!("{}, {} without a prompt in the home", span(prompted_s), span(silent_s))
            }
        };
        let lease = match (rule.about_person, rule.lease_min_s == rule.lease_max_s) {
            (false, _) => "–".to_owned(),
            (true, true) => span(rule.lease_min_s),
            (true, false) => format!("{} to {}", span(rule.lease_min_s), span(rule.lease_max_s)),
        };
        let word = |yes: bool| if yes { "yes" } else { "no" };
        let _ = writeln!(
            table,
            "| `{}` | {} | {asked} | {} | {} | {lease} |",
            rule.condition,
            rule.priority,
            word(rule.latches),
            word(rule.about_person)
        );
    }
    table
}

fn span(seconds: u16) -> String {
    let span = Duration::from_secs(seconds.into());
    if span.as_secs().is_multiple_of(60) {
        format!("{} min", span.as_secs() / 60)
    } else {
        format!("{} s", span.as_secs())
    }
}

/// The registry of formats, with what their vectors make them say and where the vectors come from.
fn formats(tree: &Tree) -> String {
    let mut table = "| format | devices | comes over | says | verified |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for format in device::FORMATS {
        let (says, verified) = vectors(tree, format.name);
        let mut words: BTreeMap<&str, usize> = BTreeMap::new();
        for (basis, count) in &verified {
            *words.entry(basis_en(basis)).or_default() += count;
        }
        let verified: Vec<String> = words.iter().map(|(word, count)| format!("{count} {word}")).collect();
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {} | {} |",
            format.name,
            cell(format.about),
            over(format, 0),
            says.join(", "),
            verified.join(", ")
        );
    }
    table
}

/// The kinds that a format's vectors make it say, and how many vectors there are by their basis.
fn vectors(tree: &Tree, format: &str) -> (Vec<String>, BTreeMap<String, usize>) {
    let file = tree.file(&format!("tests/vectors/{format}.jsonl")).map(|file| file.text.as_str()).unwrap_or_default();
    let (mut says, mut verified) = (BTreeSet::new(), BTreeMap::new());
    for line in file.lines() {
        let Ok(vector) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        for reading in vector["readings"].as_array().into_iter().flatten() {
            says.extend(reading["kind"].as_str().map(|kind| kind.replace('_', " ")));
        }
        *verified.entry(vector["basis"].as_str().unwrap_or("constructed").to_owned()).or_default() += 1;
    }
    (says.into_iter().collect(), verified)
}

/// How far a vector's expectation is to be trusted.
fn basis_en(basis: &str) -> &'static str {
    match basis {
        "captured" | "derived" | "assertion" => "captured",
        "upstream-run" => "answered by another decoder",
        "spec-example" => "vendor's example",
        _ => "constructed",
    }
}

/// What can be heard, for an English reader.
fn devices_en(tree: &Tree) -> String {
    devices_table(tree, 0, ["devices", "format", "comes over", "verified by"], |format| format.about)
}

/// What can be heard, for a Chinese reader.
fn devices_zh(tree: &Tree) -> String {
    devices_table(tree, 1, ["设备", "格式", "接入", "依据"], |format| format.about_zh)
}

/// How a format comes, in English and Chinese.
fn over(format: &Format, lang: usize) -> &'static str {
    let words = match format.transport {
        Transport::Mqtt { .. } => ["MQTT", "MQTT"],
        Transport::Serial { .. } => ["a serial port", "串口"],
        Transport::Tcp { .. } => ["TCP", "TCP"],
        Transport::Bus { .. } => ["an RS-485 bus", "RS-485 总线"],
        Transport::Inside => ["inside other formats", "由其他格式转送"],
        Transport::Modem => ["the modem", "调制解调器"],
    };
    words[lang]
}

fn devices_table(tree: &Tree, lang: usize, head: [&str; 4], about: fn(&Format) -> &'static str) -> String {
    let mut table = format!("| {} |\n| --- | --- | --- | --- |\n", head.join(" | "));
    for format in device::FORMATS {
        let (_, verified) = vectors(tree, format.name);
        let word = |basis: &String| match basis_en(basis) {
            "captured" => ["real captures", "实录"],
            "answered by another decoder" => ["another decoder's answers", "与另一解码器核对"],
            "vendor's example" => ["the maker's examples", "厂家示例"],
            _ => ["built from the description", "按说明构造"],
        };
        let words: BTreeSet<[&str; 2]> = verified.keys().map(word).collect();
        let words: Vec<&str> = words.iter().map(|word| word[lang]).collect();
        let words = words.join([", ", "、"][lang]);
        let _ = writeln!(table, "| {} | `{}` | {} | {words} |", cell(about(format)), format.name, over(format, lang));
    }
    table
}

/// Every limit of the house.
fn limits_table(_: &Tree) -> String {
    let mut table = "| limit | value | at the limit | shows in |\n| --- | --- | --- | --- |\n".to_owned();
    for limit in limits::TABLES.iter().copied().flatten() {
        let _ = writeln!(
            table,
            "| `{}` | `{}` | {} | {} |",
            limit.name,
            limit.value,
            cell(limit.at_limit),
            cell(limit.shows)
        );
    }
    table
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_goes_between_its_own_markers() {
        let page = "a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- generated: two -->\n<!-- end -->\n";
        let made = replaced(page, "two", "new\n").expect("the markers are there");
        assert_eq!(
            made,
            "a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- generated: two -->\nnew\n<!-- end -->\n"
        );
        assert_eq!(replaced(page, "three", ""), None);
    }

    #[test]
    fn a_counter_that_nobody_counts_is_found() {
        let tree = Tree::made_up(&[("src/relay/a.rs", "//! A.\nfn f() { count(\"relay.oversize\") }")]);
        let rows = [("A", "relay.oversize"), ("B", "none needed"), ("C", "disk_fault; relay.nothing")];
        let found: Vec<String> = counters_of(&tree, rows.into_iter()).into_iter().map(|found| found.says).collect();
        assert_eq!(found, ["`relay.nothing` is no counter, use one that exists in the row C"]);
    }

    #[test]
    fn a_page_without_its_tables_is_found() {
        let found = check(&Tree::made_up(&[("ARCHITECTURE.md", "# Nothing here")]));
        assert_eq!(found.len(), TABLES.len());
    }

    #[test]
    fn the_first_sentence_is_whole_and_without_links() {
        let source =
            "//! Bytes to [`Sample`](crate::core::Sample)s: one file a wire\n//! format, pure. More.\n//!\n//! Else.\n";
        assert_eq!(first_sentence(source), "Bytes to `Sample`s: one file a wire format, pure");
        assert_eq!(first_sentence("//! To the county.\n"), "To the county");
    }

    #[test]
    fn the_rooms_stand_in_the_order_of_the_root() {
        let tree = Tree::made_up(&[
            ("src/lib.rs", "//! Map.\npub mod store;\npub mod limits;"),
            ("src/store/mod.rs", "//! Keeps | it."),
            ("src/core/mod.rs", "//! Decides."),
        ]);
        let table = rooms(&tree);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(rows, ["| `store` | Keeps \\| it | `core` |", "| `limits` |  | nothing; anyone may import it |"]);
    }
}
