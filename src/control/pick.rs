//! Which thing on the air an installer means who typed an address.

use super::protocol::HeardRow;
use crate::core::id::SourceId;

/// What an address was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked<'a> {
    /// Exactly one thing was heard under it.
    One(&'a HeardRow),
    /// Several were: in other formats, or through other sources.
    Several,
    /// None was.
    None,
}

/// Finds the thing of this address; `source` and `format` narrow it down where they are given.
///
/// A thing of another place has another address, so only the whole address fits. Capital letters count only where that
/// parts two of them: labels print a MAC as they like.
#[must_use]
pub fn pick<'a>(heard: &'a [HeardRow], address: &str, source: Option<SourceId>, format: Option<&str>) -> Picked<'a> {
    let wanted = |row: &&HeardRow| {
        source.is_none_or(|source| row.source == source) && format.is_none_or(|format| row.format == format)
    };
    let exact: Vec<&HeardRow> = heard.iter().filter(wanted).filter(|row| row.address == address).collect();
    let alike: Vec<&HeardRow> =
        heard.iter().filter(wanted).filter(|row| row.address.eq_ignore_ascii_case(address)).collect();
    match (exact.as_slice(), alike.as_slice()) {
        ([one], _) | ([], [one]) => Picked::One(one),
        ([], []) => Picked::None,
        _ => Picked::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(format: &str, source: &str, address: &str) -> HeardRow {
        HeardRow {
            format: format.to_owned(),
            source: source.parse().expect("id"),
            address: address.to_owned(),
            device: None,
            model: None,
            kinds: Vec::new(),
            link: None,
            count: 1,
            first_s_ago: None,
            heard_s_ago: None,
        }
    }

    #[test]
    fn an_address_means_one_thing_or_is_asked_about() {
        let heard = [
            row("a", "s1", "AA:01"),
            row("b", "s1", "x"),
            row("a", "s2", "x"),
            row("a", "s1", "y"),
            row("a", "s1", "Y"),
        ];
        let source = |id: &str| Some(id.parse().expect("id"));
        for (address, from, format, expected) in [
            ("AA:01", None, None, Picked::One(&heard[0])),
            ("aa:01", None, None, Picked::One(&heard[0])),
            ("AA:0", None, None, Picked::None),
            ("x", None, None, Picked::Several),
            ("x", source("s2"), None, Picked::One(&heard[2])),
            ("x", None, Some("b"), Picked::One(&heard[1])),
            ("x", source("s2"), Some("b"), Picked::None),
            ("y", None, None, Picked::One(&heard[3])),
            ("Y", None, None, Picked::One(&heard[4])),
        ] {
            assert_eq!(pick(&heard, address, from, format), expected, "{address} {from:?} {format:?}");
        }
    }
}
