//! The examples of the record formats are what the code reads and writes, key for key.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use shouwang::relay::message::{Ack, DeviceMessage};
use shouwang::store::record::{Block, Decision, Turn};

use crate::Complaint;
use crate::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";

type Rewrite = fn(&str) -> Result<Value, serde_json::Error>;

/// Types with an example on the page, and how each is read and written again.
const TYPES: &[(&str, Rewrite)] = &[
    ("Turn", rewrite::<Turn>),
    ("Decision", rewrite::<Decision>),
    ("Block", rewrite::<Block>),
    ("Ack", rewrite::<Ack>),
    ("DeviceMessage", rewrite::<DeviceMessage>),
];

fn rewrite<T: Serialize + DeserializeOwned>(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_str::<T>(text)?)
}

/// Every example that is missing, cannot be read, or is not written as it stands.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let page = tree.file(PAGE).map(|file| file.text.as_str()).unwrap_or_default();
    let mut complaints = Vec::new();
    for (name, rewrite) in TYPES {
        let Some((line, text)) = example(page, name) else {
            complaints.push(Complaint::new(
                PAGE,
                1,
                format!("a format without an example is banned, use `{}`", mark(name)),
            ));
            continue;
        };
        match (serde_json::from_str::<Value>(text), rewrite(text)) {
            (Ok(shown), Ok(written)) if shown == written => {}
            (Ok(_), Ok(written)) => {
                complaints.push(Complaint::new(
                    PAGE,
                    line,
                    format!("the example of `{name}` is not as it is written, use {written}"),
                ));
            }
            (Err(why), _) | (_, Err(why)) => {
                complaints.push(Complaint::new(
                    PAGE,
                    line,
                    format!("the example of `{name}` cannot be read, use a true one: {why}"),
                ));
            }
        }
    }
    complaints
}

fn mark(name: &str) -> String {
    format!("<!-- example: {name} -->")
}

/// The line of an example's mark and the JSON behind it.
fn example<'a>(page: &'a str, name: &str) -> Option<(usize, &'a str)> {
    let (before, rest) = page.split_once(&mark(name))?;
    let (_, rest) = rest.split_once("```json\n")?;
    let (text, _) = rest.split_once("\n```")?;
    Some((before.lines().count() + 1, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(ack: &str) -> Vec<String> {
        let page = format!("{}\n```json\n{ack}\n```\n", mark("Ack"));
        let complaints = check(&Tree::made_up(&[(PAGE, &page)]));
        complaints
            .into_iter()
            .filter(|complaint| complaint.line > 1 || complaint.says.contains("`Ack`"))
            .map(|complaint| complaint.says)
            .collect()
    }

    #[test]
    fn an_example_is_read_and_written_as_it_stands() {
        assert_eq!(says(r#"{ "epoch": "00000000000000ff", "lane": "alarm", "ranges": [[1, 2]] }"#), [""; 0]);
        assert!(says(r#"{ "epoch": "00000000000000ff", "lane": "alarm" }"#)[0].contains("is not as it is written"));
        assert!(says(r#"{ "lane": "alarm" }"#)[0].contains("cannot be read"));
    }

    #[test]
    fn a_missing_example_is_found() {
        assert_eq!(check(&Tree::made_up(&[(PAGE, "")])).len(), TYPES.len());
    }
}
