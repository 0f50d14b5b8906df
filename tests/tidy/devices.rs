//! Formats, registry and vectors are one set; `template` is there to be copied and is in none of the lists.

use std::collections::BTreeSet;

use crate::Complaint;
use crate::rust::{Kind, Token, tokens};
use crate::tree::{File, Tree};

const REGISTRY: &str = "src/device/mod.rs";
const TEMPLATE: &str = "template";
const VECTORS: &str = "tests/vectors/";

/// Every format that is not registered, has no vectors or another name, and every vector file without a format.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let registered = registry(tree);
    for name in registered.iter().map(|(name, _)| name) {
        match file_of(tree, name) {
            None => complaints.push(Complaint::new(
                REGISTRY,
                1,
                format!("`{name}` is registered and has no file, use src/device/{name}.rs"),
            )),
            Some(file) => complaints.extend(one(tree, name, file)),
        }
    }
    let known: BTreeSet<&str> = registered.iter().map(|(name, _)| name.as_str()).collect();
    for file in tree.rust("src/device/") {
        let name = module(file);
        if defines_format(file) && name != TEMPLATE && !known.contains(name) {
            let says = format!(
                "a format outside the registry is banned, use two lines in {REGISTRY}: `pub mod {name};` and `{name}::FORMAT,`"
            );
            complaints.push(Complaint::new(&file.path, 1, says));
        }
    }
    for file in tree.all().filter(|file| file.path.starts_with(VECTORS)) {
        let name = file.path[VECTORS.len()..].trim_end_matches(".jsonl");
        if !known.contains(name) {
            complaints.push(Complaint::new(
                &file.path,
                1,
                "vectors without a format are banned, use the name of a registered one",
            ));
        }
    }
    complaints
}

fn one(tree: &Tree, name: &str, file: &File) -> Option<Complaint> {
    let vectors = format!("{VECTORS}{name}.jsonl");
    let own = name_in(file);
    if own != name {
        return Some(Complaint::new(
            &file.path,
            1,
            format!("the name `{own}` in FORMAT is banned, use the file's: `{name}`"),
        ));
    }
    let empty = tree.file(&vectors).is_none_or(|file| file.text.trim().is_empty());
    empty.then(|| Complaint::new(&file.path, 1, format!("a format without vectors is banned, use {vectors}")))
}

/// The names in `FORMATS`, with their lines.
fn registry(tree: &Tree) -> Vec<(String, usize)> {
    let Some(file) = tree.file(REGISTRY) else { return Vec::new() };
    let tokens = tokens(&file.text);
    let list = tokens
        .iter()
        .skip_while(|token| !token.is("FORMATS"))
        .skip_while(|token| !token.is("="))
        .take_while(|token| !token.is(";"));
    let list: Vec<&Token<'_>> = list.collect();
    let entries = list.windows(3).filter(|window| window[1].is("::") && window[2].is("FORMAT"));
    entries.map(|window| (window[0].text.to_owned(), window[0].line)).collect()
}

fn file_of<'a>(tree: &'a Tree, name: &str) -> Option<&'a File> {
    tree.file(&format!("src/device/{name}.rs")).or_else(|| tree.file(&format!("src/device/{name}/mod.rs")))
}

fn module(file: &File) -> &str {
    let inside = file.path.trim_start_matches("src/device/").trim_end_matches(".rs");
    inside.strip_suffix("/mod").unwrap_or(inside)
}

fn defines_format(file: &File) -> bool {
    tokens(&file.text).windows(3).any(|window| window[0].is("const") && window[1].is("FORMAT") && window[2].is(":"))
}

/// The name by which vectors and configuration call the format.
fn name_in(file: &File) -> String {
    let tokens = tokens(&file.text);
    let body: Vec<&Token<'_>> = tokens.iter().skip_while(|token| !token.is("FORMAT")).collect();
    let mut fields = body.windows(3).filter(|window| window[0].is("name") && window[1].is(":"));
    fields.find(|window| window[2].kind == Kind::Text).map(|window| window[2].text.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RADAR: &str = r#"pub const FORMAT: Format = Format {
        name: "radar", about: "radars", transport: Transport::Serial { baud: 9 },
    };"#;
    const LISTED: &str = "pub mod radar;\npub const FORMATS: &[Format] = &[radar::FORMAT];";

    fn says(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::made_up(files)).into_iter().map(|complaint| complaint.says).collect()
    }

    #[test]
    fn a_format_with_its_line_and_its_vectors_passes() {
        let files = [
            (REGISTRY, LISTED),
            ("src/device/radar.rs", RADAR),
            ("src/device/template.rs", RADAR),
            ("tests/vectors/radar.jsonl", "{}\n"),
        ];
        assert_eq!(says(&files), [""; 0]);
    }

    #[test]
    fn a_missing_line_a_missing_file_and_missing_vectors_are_found() {
        assert!(
            says(&[(REGISTRY, ""), ("src/device/radar.rs", RADAR)])[0].starts_with("a format outside the registry")
        );
        assert!(says(&[(REGISTRY, LISTED)])[0].contains("has no file"));
        assert!(says(&[(REGISTRY, LISTED), ("src/device/radar.rs", RADAR)])[0].starts_with("a format without vectors"));
        assert!(
            says(&[(REGISTRY, ""), ("tests/vectors/radar.jsonl", "{}")])[0].starts_with("vectors without a format")
        );
        let other = RADAR.replace("\"radar\"", "\"other\"");
        let files =
            [(REGISTRY, LISTED), ("src/device/radar/mod.rs", other.as_str()), ("tests/vectors/radar.jsonl", "{}")];
        assert!(says(&files)[0].starts_with("the name `other` in FORMAT is banned"));
    }
}
