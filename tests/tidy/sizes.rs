//! What does not fit on a few screens is not read: limits of files and functions.

use crate::Complaint;
use crate::rust::{functions, tokens};
use crate::tree::Tree;

/// Lines of a file, tests included.
const FILE_LINES_MAX: usize = 600;

/// Lines of a function, from its `fn` to its last brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Characters of a line. rustfmt holds code to its own; comments and strings are held here.
const LINE_CHARACTERS_MAX: usize = 140;

/// Everything that is too long.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.rust("") {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            let says = format!(
                "a file of {lines} lines is banned, use two of at most {FILE_LINES_MAX}, parted by what they are about"
            );
            complaints.push(Complaint::new(&file.path, 1, says));
        }
        for function in functions(&tokens(&file.text)).iter().filter(|each| each.lines > FUNCTION_LINES_MAX) {
            let (name, lines) = (function.name, function.lines);
            let says = format!("a function of {lines} lines is banned, use at most {FUNCTION_LINES_MAX} for `{name}`");
            complaints.push(Complaint::new(&file.path, function.line, says));
        }
        for (line, text) in file.lines().filter(|(_, text)| text.chars().count() > LINE_CHARACTERS_MAX) {
            let says = format!("a line of {} characters is banned, use {LINE_CHARACTERS_MAX}", text.chars().count());
            complaints.push(Complaint::new(&file.path, line, says));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> usize {
        check(&Tree::made_up(&[("src/core/a.rs", text)])).len()
    }

    #[test]
    fn the_longest_that_fits_passes_and_one_more_does_not() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "x();\n".repeat(lines - 2));
        assert_eq!(complaints(&function(FUNCTION_LINES_MAX)), 0);
        assert_eq!(complaints(&function(FUNCTION_LINES_MAX + 1)), 1);
        assert_eq!(complaints(&"//\n".repeat(FILE_LINES_MAX)), 0);
        assert_eq!(complaints(&"//\n".repeat(FILE_LINES_MAX + 1)), 1);
        assert_eq!(complaints(&"望".repeat(LINE_CHARACTERS_MAX)), 0);
        assert_eq!(complaints(&"望".repeat(LINE_CHARACTERS_MAX + 1)), 1);
    }
}
