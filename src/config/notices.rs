//! `[notices]`: how people are written to.

use super::document::Section;
use super::key::Key;
use super::village::phone;
use crate::core::word::words;
use crate::private::Private;

words! {
    /// In which language people are written to.
    Language {
        /// Chinese.
        Zh = "zh",
        /// English.
        En = "en",
    }
}

/// `[notices]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notices {
    /// In which language.
    pub language: Language,
    /// What villagers call the station.
    pub station_name: Private<String>,
    /// The number that is called back.
    pub call_back: Option<Private<String>>,
    /// The county's number for what its link gave no receipt for.
    pub county_text: Option<Private<String>>,
}

/// Keys of `[notices]`.
pub const KEYS: &[Key] = &[
    Key::or("language", "\"zh\"", "In which language people are written to: zh or en."),
    Key::or("station_name", "\"守望\"", "What villagers call the station; it stands in texts.").private(),
    Key::optional("call_back", "The number that is called back: the desk's, or the modem's own.").private(),
    Key::optional("county_text", "The county's number for texts: the second path, when its link gives no receipt.")
        .private(),
];

/// Reads the table.
pub(super) fn read(top: &Section<'_>) -> Notices {
    let notices = top.table("notices", KEYS);
    Notices {
        language: notices.word("language", Language::ALL, Language::word).unwrap_or(Language::Zh),
        station_name: Private::new(notices.text("station_name").map(std::borrow::Cow::into_owned).unwrap_or_default()),
        call_back: notices.find("call_back").and_then(|_| phone(&notices, "call_back")),
        county_text: notices.find("county_text").and_then(|_| phone(&notices, "county_text")),
    }
}
