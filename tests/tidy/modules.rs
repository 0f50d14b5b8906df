//! Every file says what it is for, and is reached from the crate's root.

use crate::Complaint;
use crate::imports::module;
use crate::rust::tokens;
use crate::tree::{File, Tree};

/// Every file without its first comment, and every file that nobody declares.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.rust("") {
        if !file.text.starts_with("//! ") {
            let says = "a file without a module comment is banned, use `//! ` on its first line: what it is for, and its constraints";
            complaints.push(Complaint::new(&file.path, 1, says));
        }
    }
    for file in tree.rust("src/") {
        let path = module(file);
        let Some((name, parents)) = path.split_last() else { continue };
        if file.path == "src/main.rs" || declares(tree, parents, name) {
            continue;
        }
        complaints.push(Complaint::new(
            &file.path,
            1,
            format!("a dead file is banned, use `mod {name};` in its parent, or delete it"),
        ));
    }
    complaints
}

fn declares(tree: &Tree, parents: &[String], name: &str) -> bool {
    let folder = parents.join("/");
    let candidates = match parents {
        [] => vec!["src/lib.rs".to_owned(), "src/main.rs".to_owned()],
        _ => vec![format!("src/{folder}/mod.rs"), format!("src/{folder}.rs")],
    };
    let declared = |file: &File| tokens(&file.text).windows(2).any(|pair| pair[0].is("mod") && pair[1].is(name));
    candidates.iter().filter_map(|path| tree.file(path)).any(declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_word_about_itself_is_found() {
        let tree = Tree::made_up(&[
            ("src/lib.rs", "//! The map.\nmod a;"),
            ("src/a.rs", "fn f() {}"),
            ("tests/b.rs", "// B."),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|complaint| complaint.file).collect();
        assert_eq!(found, ["src/a.rs", "tests/b.rs"]);
    }

    #[test]
    fn a_dead_file_is_found() {
        let tree = Tree::made_up(&[
            ("src/lib.rs", "//! The map.\npub mod a;\n// mod dead;"),
            ("src/a/mod.rs", "//! A.\nmod b;"),
            ("src/a/b.rs", "//! B."),
            ("src/a/dead.rs", "//! Dead."),
            ("src/dead.rs", "//! Dead."),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|complaint| complaint.file).collect();
        assert_eq!(found, ["src/a/dead.rs", "src/dead.rs"]);
    }
}
