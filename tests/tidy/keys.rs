//! Every key that the configuration reads stands in a shipped file, where an installer will look for it.

use crate::Complaint;
use crate::rust::{Kind, tokens};
use crate::tree::Tree;

/// Which shipped file documents the keys declared below a path; the first that fits.
const FILES: &[(&str, &str)] = &[
    ("src/config/village", "config/village.example.toml"),
    ("src/config/county", "config/county.toml"),
    ("src/config/", "config/shouwang.toml"),
];

/// Ways to declare a key: `Key::required("name", …)`.
const DECLARATIONS: &[&str] = &["required", "optional", "or"];

/// Every key that its shipped file does not show, as a value or commented out.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.rust("src/config/") {
        let Some((_, shipped)) = FILES.iter().find(|(below, _)| file.path.starts_with(below)) else { continue };
        let documented = tree.file(shipped).map(|file| file.text.as_str()).unwrap_or_default();
        let tokens = tokens(&file.text);
        let declared = tokens.windows(5).filter(|window| {
            let [key, path, how, open, name] = window else { return false };
            let declares = key.is("Key") || key.is("Self");
            declares && path.is("::") && DECLARATIONS.contains(&how.text) && open.is("(") && name.kind == Kind::Text
        });
        for (line, name) in declared.map(|window| (window[4].line, window[4].text)) {
            if !shows(documented, name) {
                let says = format!(
                    "a hidden key is banned, use a line `{name} = …` in {shipped} with its default, unit and why"
                );
                complaints.push(Complaint::new(&file.path, line, says));
            }
        }
    }
    complaints
}

fn shows(documented: &str, name: &str) -> bool {
    documented.match_indices(name).any(|(at, _)| {
        let before = documented[..at].chars().next_back();
        let after = documented[at + name.len()..].trim_start_matches(' ');
        before.is_none_or(|sign| !(sign.is_alphanumeric() || sign == '_' || sign == '-')) && after.starts_with('=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_as_a_value_commented_out_or_inline() {
        let shipped = "port = 1883\n# user = \"x\"\nbroker = { host = \"x\", keep_alive_s = 5 }\n";
        for name in ["port", "user", "host", "keep_alive_s"] {
            assert!(shows(shipped, name), "{name}");
        }
        assert!(!shows(shipped, "alive_s") && !shows(shipped, "x"));
    }

    #[test]
    fn a_hidden_key_is_found_in_the_file_it_belongs_to() {
        let tree = Tree::made_up(&[
            (
                "src/config/source.rs",
                "const K: &[Key] = &[Key::or(\"port\", \"1883\", \"why\"),\nKey::required(\"host\", \"why\")];",
            ),
            ("src/config/village/read.rs", "const K: &[Key] = &[Key::optional(\"port\", \"why\")];"),
            ("config/shouwang.toml", "port = 1883\n"),
            ("config/village.example.toml", "sport = 1\n"),
        ]);
        let found: Vec<(String, usize)> =
            check(&tree).into_iter().map(|complaint| (complaint.file, complaint.line)).collect();
        assert_eq!(found, [("src/config/source.rs".to_owned(), 2), ("src/config/village/read.rs".to_owned(), 1)]);
    }
}
