//! Door codes: four to six digits on a card inside of a door. Whoever can tell them was in the home (CARE-RULES 30).
//!
//! Constraint: a code is compared here and goes no further; what leaves is the home that it belongs to.

use super::super::document::Section;
use super::super::problem::What;
use super::People;
use crate::core::id::HomeId;
use crate::core::visit::DoorCode;
use crate::private::Private;

/// The code of a home, as it stands in the file.
pub(super) fn read(section: &Section<'_>) -> Option<Private<String>> {
    let found = section.find("door_code")?;
    let text = section.text_of("door_code", &found)?;
    if is_code(&text) {
        return Some(Private::new(text.into_owned()));
    }
    let problem = section.wrong("door_code", &found, What::NotADoorCode);
    section.report(problem.allowed("4 to 6 digits").fix("write digits only, between quotes, as \"0471\""));
    None
}

fn is_code(text: &str) -> bool {
    (4..=6).contains(&text.len()) && text.bytes().all(|sign| sign.is_ascii_digit())
}

impl People {
    /// What a code is that somebody gave who may be in one of these homes; nothing where none of them has a code, or where it
    /// can be none.
    #[must_use]
    pub fn door_code(&self, code: &Private<String>, homes: impl IntoIterator<Item = HomeId>) -> Option<DoorCode> {
        let given: String = code.reveal().chars().filter(|sign| !sign.is_whitespace()).collect();
        let of = |home: HomeId| Some((home, self.homes.get(&home)?.door_code.as_ref()?));
        let mut with_code = homes.into_iter().filter_map(of).peekable();
        if given.is_empty() || with_code.peek().is_none() {
            return None;
        }
        let home = with_code.find(|(_, own)| *own.reveal() == given);
        Some(home.map_or(DoorCode::Wrong, |(home, _)| DoorCode::Of(home)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::HomeCard;
    use super::*;

    #[test]
    fn rule_30_a_code_is_that_of_a_home_or_wrong_and_nothing_where_there_is_no_card() {
        let home = |name: &str| -> HomeId { name.parse().expect("id") };
        let card = |code: Option<&str>| HomeCard {
            door_code: code.map(|code| Private::new(code.to_owned())),
            ..HomeCard::default()
        };
        let mut people = People::default();
        people.homes.insert(home("h1"), card(Some("0471")));
        people.homes.insert(home("h2"), card(Some("4711")));
        people.homes.insert(home("h3"), card(None));
        let says = |code: &str, homes: &[&str]| {
            people.door_code(&Private::new(code.to_owned()), homes.iter().map(|name| home(name)))
        };
        assert_eq!(says(" 0471 ", &["h1"]), Some(DoorCode::Of(home("h1"))));
        assert_eq!(says("4711", &["h1"]), Some(DoorCode::Wrong), "another home's");
        assert_eq!(says("4711", &["h3", "h1", "h2"]), Some(DoorCode::Of(home("h2"))));
        assert_eq!(says("4711", &["h3"]), None);
        assert_eq!((says("", &["h1"]), says("0471", &[])), (None, None));
    }
}
