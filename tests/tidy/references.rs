//! What the code refers to is in the tree: the rules of care by number, and documents by name.

use std::collections::BTreeSet;

use crate::Complaint;
use crate::tree::Tree;

/// How the code names a rule of care: this, and numbers.
const RULES: &str = "CARE-RULES";

/// Where the rules stand: one line of a table each, beginning with its number.
const RULE_TABLE: &str = "ARCHITECTURE.md";

/// The plan from which the house was built; the code refers to what was built. In pieces, so that this file passes.
const PLAN: &str = concat!("DES", "IGN");

/// Every reference from code that leads nowhere.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let rules: BTreeSet<u32> =
        tree.file(RULE_TABLE).map(|file| file.text.lines().filter_map(rule_of_row).collect()).unwrap_or_default();
    let mut complaints = Vec::new();
    for file in tree.rust("") {
        for (line, text) in file.lines() {
            for number in rules_named(text).into_iter().filter(|number| !rules.contains(number)) {
                let says = format!("{RULES} {number} is not in {RULE_TABLE}, add its line to the table of rules there");
                complaints.push(Complaint::new(&file.path, line, says));
            }
            for document in documents(text).filter(|document| !tree.has(document)) {
                let says = format!("{document} is not in the tree, use a document that is");
                complaints.push(Complaint::new(&file.path, line, says));
            }
            if text.contains(PLAN) {
                let says =
                    format!("the plan ({PLAN}) is not in the tree, use the section of {RULE_TABLE} that says it");
                complaints.push(Complaint::new(&file.path, line, says));
            }
        }
    }
    complaints
}

/// The number of a line such as `| 18 | A repeated … |`.
fn rule_of_row(line: &str) -> Option<u32> {
    line.strip_prefix("| ")?.split_once(" |")?.0.parse().ok()
}

/// The numbers behind the name: "RULES 13 and 14", "RULES 8, 15".
fn rules_named(line: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for after in line.split(RULES).skip(1) {
        let mut rest = after;
        while let Some(number) = [" and ", ", ", " "].iter().find_map(|joint| rest.strip_prefix(joint)) {
            let digits = number.len() - number.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
            let Ok(rule) = number[..digits].parse() else { break };
            numbers.push(rule);
            rest = &number[digits..];
        }
    }
    numbers
}

/// Documents named in capitals: `ARCHITECTURE.md`.
fn documents(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|sign: char| !(sign.is_ascii_alphanumeric() || "-_./".contains(sign)));
    let words = words.map(|word| word.trim_end_matches('.'));
    words.filter(|word| {
        word.strip_suffix(".md")
            .is_some_and(|name| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_not_in_the_table_is_found() {
        let table = "| rule | says |\n| 13 | a |\n| 18 | b |\n";
        let code =
            format!("// ({RULES} 13, 18).\n// {RULES} 13 and 14 say\n// {RULES} 18, \"after 2 rounds\"\n// {RULES} 7.");
        let tree = Tree::made_up(&[(RULE_TABLE, table), ("src/a.rs", &code)]);
        let found: Vec<(usize, String)> =
            check(&tree).into_iter().map(|complaint| (complaint.line, complaint.says)).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].0 == 2 && found[0].1.contains(" 14 "), "{found:?}");
        assert!(found[1].0 == 4 && found[1].1.contains(" 7 "), "{found:?}");
    }

    #[test]
    fn a_document_that_is_not_there_is_found() {
        let code = format!("// see {RULE_TABLE}.\n// see {}\n// see ({PLAN}, store)", concat!("MISSING", ".md"));
        let tree = Tree::made_up(&[(RULE_TABLE, ""), ("src/a.rs", &code)]);
        let lines: Vec<usize> = check(&tree).into_iter().map(|complaint| complaint.line).collect();
        assert_eq!(lines, [2, 3]);
    }
}
