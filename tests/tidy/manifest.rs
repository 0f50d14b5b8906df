//! Every direct dependency says why it is here.

use crate::Complaint;
use crate::tree::Tree;

/// Every dependency without a comment on the line above it or behind it.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let Some(manifest) = tree.file("Cargo.toml") else { return Vec::new() };
    let (mut complaints, mut inside, mut commented) = (Vec::new(), false, false);
    for (line, text) in manifest.lines() {
        let text = text.trim();
        if text.starts_with('[') {
            inside = text.trim_end_matches(']').ends_with("dependencies");
        } else if inside && !text.is_empty() && !text.starts_with('#') && !commented && !has_comment_behind(text) {
            let name = text.split(['=', '.', ' ']).next().unwrap_or_default();
            let says = format!("a dependency without a reason is banned, use a comment above `{name}`: why it is here");
            complaints.push(Complaint::new(&manifest.path, line, says));
        }
        // A heading such as `# --- more ---` speaks for nobody.
        commented = text.starts_with('#') && !text.ends_with('-');
    }
    complaints
}

fn has_comment_behind(line: &str) -> bool {
    let unquoted: String = line.split('"').step_by(2).collect();
    unquoted.contains('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# --- some ---\na = \"1\"\n# Because.\nb = \"1\"\nc = \"1\"  # because\n\
                        d = \"#1\"\n[target.'cfg(unix)'.dependencies]\ne = \"1\"\n[profile.dev]\nf = 1\n";
        let lines: Vec<usize> =
            check(&Tree::made_up(&[("Cargo.toml", manifest)])).into_iter().map(|complaint| complaint.line).collect();
        assert_eq!(lines, [5, 9, 11]);
    }
}
