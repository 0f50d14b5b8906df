//! The words of a notice as one text message: who, where, what, since when, what is known, what to reply (CARE-RULES 2).
//!
//! ```text
//! 紧急:示例奶奶求助(卧室),03:12起。示例一组1号,大槐树旁。按下求助按钮。去请回17,去不了回17忙
//! URGENT: Granny Example, help call (bedroom), since 03:12. Group 1 No. 1. Coming: reply 17. Cannot: 17 2
//! ```

use std::fmt::Write as _;

use crate::core::alarm::told::Code;
use crate::core::audience::Because;
use crate::core::condition::Condition;
use crate::private::Private;
use crate::words::notice::{self, lead};
use crate::words::{Lang, Say as _};

/// Longest single text with Chinese in it, in units of UCS-2. Source: 140 octets of 3GPP TS 23.040.
pub const UCS2_UNITS_MAX: usize = 70;

/// Longest single text in the letters of GSM. Source: the same, 7 bits each.
pub const GSM7_UNITS_MAX: usize = 160;

/// What there is to be said of an alarm, in the reader's language and the station's local time.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What is wrong.
    pub condition: Condition,
    /// Why this notice is sent.
    pub because: Because,
    /// How the resident is called; none for a fault.
    pub who: Option<&'a Private<String>>,
    /// Group and number of the house, as villagers say it.
    pub place: Option<&'a Private<String>>,
    /// How a stranger finds it in the dark.
    pub landmark: Option<&'a Private<String>>,
    /// In which room.
    pub room: Option<&'a str>,
    /// Since when, as a clock shows it.
    pub since: &'a str,
    /// What is known: the reason of the newest evidence.
    pub known: Option<&'a str>,
    /// A drill, and said to be one before anything else.
    pub drill: bool,
    /// By which code it is answered, where it is.
    pub code: Option<Code>,
}

/// The text. It fits into one message unless what may not be left out is longer than that.
#[must_use]
pub fn text(facts: &Facts<'_>, lang: Lang) -> Private<String> {
    let landmark = facts.landmark.map(|landmark| landmark.reveal().as_str());
    let mut text = String::new();
    for besides in [[landmark, facts.known], [landmark, None], [None, None]] {
        text = compose(facts, besides, lang);
        if is_one_message(&text) {
            break;
        }
    }
    Private::new(text)
}

/// Whether a text is sent as one message.
#[must_use]
pub fn is_one_message(text: &str) -> bool {
    if text.is_ascii() && !text.contains(['`', '[', ']', '{', '}', '\\', '^', '~', '|']) {
        text.len() <= GSM7_UNITS_MAX
    } else {
        text.encode_utf16().count() <= UCS2_UNITS_MAX
    }
}

fn compose(facts: &Facts<'_>, besides: [Option<&str>; 2], lang: Lang) -> String {
    let (comma, stop) = match lang {
        Lang::Zh => (",", "。"),
        Lang::En => (", ", ". "),
    };
    let mut text = String::new();
    if facts.drill {
        text.push_str(notice::DRILL.say(lang));
    }
    match lead(facts.because) {
        Some(lead) => text.push_str(lead.say(lang)),
        None => _ = write!(text, "{}:", facts.condition.rule().priority.say(lang)),
    }
    if lang == Lang::En && !text.ends_with(' ') {
        text.push(' ');
    }
    if let Some(who) = facts.who {
        text.push_str(who.reveal());
        text.push_str(if lang == Lang::En { comma } else { "" });
    }
    text.push_str(facts.condition.say(lang));
    if let Some(room) = facts.room {
        _ = write!(text, "{}{room})", if lang == Lang::En { " (" } else { "(" });
    }
    _ = write!(text, "{comma}{}", notice::since(facts.since, facts.because == Because::Restart, lang));
    let place = facts.place.map(|place| place.reveal().as_str());
    let places: Vec<&str> = place.into_iter().chain(besides[0]).collect();
    let places = Some(places.join(comma)).filter(|places| !places.is_empty());
    for sentence in places.as_deref().into_iter().chain(besides[1]) {
        _ = write!(text, "{stop}{sentence}");
    }
    if let Some(code) = facts.code {
        _ = write!(text, "{stop}{}", notice::how_to_reply(facts.condition, facts.because, code.number(), lang));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASONS: [Because; 15] = [
        Because::Raised,
        Because::NotAccepted,
        Because::Unanswered,
        Because::Again,
        Because::HalfLease,
        Because::LeaseOver,
        Because::OnSiteLong,
        Because::Restart,
        Because::BackUp,
        Because::NotAnEnding,
        Because::Withdrawn,
        Because::Wants120,
        Because::KeyWanted,
        Because::Test,
        Because::Fault,
    ];

    struct Card {
        who: Private<String>,
        place: Private<String>,
        landmark: Private<String>,
    }

    fn card(who: &str, place: &str, landmark: &str) -> Card {
        let private = |text: &str| Private::new(text.to_owned());
        Card { who: private(who), place: private(place), landmark: private(landmark) }
    }

    fn facts(card: &Card) -> Facts<'_> {
        Facts {
            condition: Condition::HelpCall,
            because: Because::Raised,
            who: Some(&card.who),
            place: Some(&card.place),
            landmark: Some(&card.landmark),
            room: Some("卧室"),
            since: "03:12",
            known: Some("按下求助按钮"),
            drill: false,
            code: Code::new(17),
        }
    }

    #[test]
    fn rule_2_the_message_is_complete_without_a_link() {
        let card = card("示例奶奶", "示例一组1号", "大槐树旁");
        assert_eq!(
            text(&facts(&card), Lang::Zh).reveal(),
            "紧急:示例奶奶求助(卧室),03:12起。示例一组1号,大槐树旁。按下求助按钮。去请回17,去不了回17忙"
        );
        let card = self::card("Granny Example", "Group 1 No. 1", "by the old tree");
        let english = Facts { room: Some("bedroom"), known: Some("help button pressed"), ..facts(&card) };
        assert_eq!(
            text(&english, Lang::En).reveal(),
            "urgent: Granny Example, help call (bedroom), since 03:12. Group 1 No. 1, by the old tree. \
             help button pressed. Coming: reply 17. Cannot: 17 2"
        );
    }

    #[test]
    fn every_notice_about_a_usual_home_is_one_message() {
        let card = card("示例奶奶", "示例一组12号", "大槐树旁");
        for condition in Condition::ALL {
            for because in REASONS {
                for drill in [false, true] {
                    let text = text(&Facts { condition: *condition, because, drill, ..facts(&card) }, Lang::Zh);
                    let text = text.reveal();
                    assert!(is_one_message(text), "{} {text}", text.encode_utf16().count());
                    assert!(
                        text.contains("示例奶奶") && text.contains("示例一组12号") && text.contains("17"),
                        "{text}"
                    );
                    assert!(text.contains(condition.say(Lang::Zh)) && text.contains("03:12"), "{text}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_end_and_the_reply_never() {
        let card = card("示例奶奶", "示例县示例镇示例村民委员会第一村民小组112号", "村口大槐树往北第三家蓝色大门");
        let text = text(&facts(&card), Lang::Zh);
        let text = text.reveal();
        assert!(is_one_message(text) && text.ends_with("去请回17,去不了回17忙"), "{text}");
        assert!(!text.contains("按下求助按钮"), "{text}");
    }

    #[test]
    fn rule_23_a_time_that_is_not_known_is_said_to_be_the_least() {
        let card = card("示例奶奶", "示例一组1号", "");
        let said = text(&Facts { because: Because::Restart, ..facts(&card) }, Lang::Zh);
        assert!(said.reveal().contains("至少03:12起"), "{}", said.reveal());
    }
}
