//! Words about what a station lives on: mains, battery, the SIM's credit.

use std::fmt::Write as _;
use std::time::Duration;

use super::time::span;
use super::{Both, Lang, Say as _};
use crate::core::alarm::Left;
use crate::core::condition::Condition;
use crate::core::power::Power;

/// A station without mains, in a list of what it says of itself.
pub const NO_MAINS: Both = Both::new("停电", "no mains");

const ON_MAINS: Both = Both::new("市电供电", "On mains");
const ON_BATTERY: Both = Both::new("停电,靠电池在守", "No mains, watching on its battery");
const MAINS_UNKNOWN: Both = Both::new("是否停电:不明", "Mains: not known");

/// What the box runs on, as a sentence of its own.
#[must_use]
pub fn supply(power: &Power, lang: Lang) -> String {
    let said = match power.mains {
        Some(true) => ON_MAINS,
        Some(false) => ON_BATTERY,
        None => MAINS_UNKNOWN,
    };
    let left = power.minutes_left.map(|minutes| format!(" · {}", battery(minutes, lang)));
    said.say(lang).to_owned() + &left.unwrap_or_default()
}

/// How long a battery lasts.
#[must_use]
pub fn battery(minutes: u16, lang: Lang) -> String {
    let left = span(Duration::from_mins(u64::from(minutes)), lang);
    match lang {
        Lang::Zh => format!("电池可用 {left}"),
        Lang::En => format!("battery for {left}"),
    }
}

/// How much of what a fault is about there is left.
#[must_use]
pub fn left(left: Left, lang: Lang) -> String {
    match (left, lang) {
        (Left::Minutes(minutes), _) => battery(minutes, lang),
        (Left::Days(0), Lang::Zh) => "今天到期,或已经到期".to_owned(),
        (Left::Days(0), Lang::En) => "it ends today, or has ended".to_owned(),
        (Left::Days(days), Lang::Zh) => format!("还有 {days} 天"),
        (Left::Days(days), Lang::En) => format!("{days} days left"),
    }
}

const HOMES_BLIND: Both = Both::new("以下各户未守护", "not watched in");

/// How far a fault of the box reaches, beside its name in a list: what is left, and the homes in which somebody is not watched
/// because of it. None where there is no more to say.
#[must_use]
pub fn extent(left_of: Option<Left>, homes: &[String], lang: Lang) -> Option<String> {
    let homes = (!homes.is_empty()).then(|| format!("{}: {}", HOMES_BLIND.say(lang), homes.join(" · ")));
    let parts: Vec<String> = left_of.map(|of| left(of, lang)).into_iter().chain(homes).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// What is written of one fault beside the digest, where its number alone would not help: 停电,以下各户未守护:一组3号、一组5号.
/// `homes` are as the reader may know them, of `all`.
#[must_use]
pub fn detail(condition: Condition, left_of: Option<Left>, homes: &[&str], all: usize, lang: Lang) -> String {
    let (comma, colon, joint) = match lang {
        Lang::Zh => (",", ":", "、"),
        Lang::En => (", ", ": ", ", "),
    };
    let mut text = condition.say(lang).to_owned();
    if let Some(left_of) = left_of {
        _ = write!(text, "{comma}{}", left(left_of, lang));
    }
    if all > 0 {
        _ = write!(text, "{comma}{}{colon}{}", HOMES_BLIND.say(lang), homes.join(joint));
    }
    if all > homes.len() {
        _ = match lang {
            Lang::Zh => write!(text, "等{all}户"),
            Lang::En => write!(text, " and {} more", all - homes.len()),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said_to_be_not_known() {
        let power = |mains, minutes_left| Power { mains, minutes_left };
        assert_eq!(supply(&power(None, None), Lang::Zh), "是否停电:不明");
        assert_eq!(supply(&power(Some(true), None), Lang::Zh), "市电供电");
        assert_eq!(supply(&power(Some(false), Some(95)), Lang::Zh), "停电,靠电池在守 · 电池可用 1 小时 35 分钟");
        assert_eq!(
            supply(&power(Some(false), Some(95)), Lang::En),
            "No mains, watching on its battery · battery for 1 h 35 min"
        );
    }

    #[test]
    fn homes_without_mains_are_named_and_the_rest_counted() {
        let said = |homes: &[&str], all, lang| detail(Condition::MainsLost, Some(Left::Minutes(90)), homes, all, lang);
        assert_eq!(
            said(&["一组3号", "一组5号"], 2, Lang::Zh),
            "停电,电池可用 1 小时 30 分钟,以下各户未守护:一组3号、一组5号"
        );
        assert_eq!(said(&["h03"], 9, Lang::Zh), "停电,电池可用 1 小时 30 分钟,以下各户未守护:h03等9户");
        assert_eq!(said(&["h03"], 9, Lang::En), "mains lost, battery for 1 h 30 min, not watched in: h03 and 8 more");
        assert_eq!(said(&[], 0, Lang::Zh), "停电,电池可用 1 小时 30 分钟");
    }

    #[test]
    fn in_a_list_a_fault_says_how_far_it_reaches_where_it_reaches_anywhere() {
        let homes = ["h01".to_owned(), "h02".to_owned()];
        assert_eq!(
            extent(Some(Left::Minutes(29)), &homes, Lang::Zh).as_deref(),
            Some("电池可用 29 分钟 · 以下各户未守护: h01 · h02")
        );
        assert_eq!(extent(None, &homes, Lang::En).as_deref(), Some("not watched in: h01 · h02"));
        assert_eq!(extent(None, &[], Lang::Zh), None);
    }

    #[test]
    fn the_days_of_a_sim_are_said_and_its_last_day_is_not_counted_as_one() {
        let said = |days| detail(Condition::CreditEnding, Some(Left::Days(days)), &[], 0, Lang::Zh);
        assert_eq!(
            (said(12).as_str(), said(0).as_str()),
            ("SIM卡快到期,还有 12 天", "SIM卡快到期,今天到期,或已经到期")
        );
    }
}
