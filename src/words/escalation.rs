//! Words of the county's own ladder: why it calls, what an answer did, and that it is over. One text message each.

use std::time::Duration;

use super::time::span;
use super::{Lang, Say as _};
use crate::core::condition::Condition;

/// Signs of a station's name in a message; a longer one is cut there.
const NAME_SIGNS_MAX: usize = 12;

/// Which call this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// The first.
    First,
    /// It still stands.
    Again,
    /// Nobody has acknowledged, so everybody is called.
    Everybody,
}

/// What it is about. No name and no address: the county has pseudonyms only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A station is silent.
    Silent {
        /// What people call it.
        station: String,
        /// For how long.
        age: Duration,
        /// How many residents it has.
        residents: usize,
        /// It watches by itself, as its text says.
        guards: bool,
    },
    /// An alarm about a person is 未响应.
    Unanswered {
        /// What people call its station.
        station: String,
        /// The resident's pseudonym.
        about: String,
        /// What is wrong.
        condition: Condition,
        /// For how long.
        age: Duration,
        /// Or longer.
        at_least: bool,
    },
}

/// A call to somebody who acknowledges it under this code.
#[must_use]
pub fn call(lead: Lead, what: &What, code: u8, lang: Lang) -> String {
    let lead = match (lead, lang) {
        (Lead::First, Lang::Zh) => "县平台:",
        (Lead::First, Lang::En) => "County: ",
        (Lead::Again, Lang::Zh) => "县平台再报:",
        (Lead::Again, Lang::En) => "County, again: ",
        (Lead::Everybody, Lang::Zh) => "县平台,无人确认:",
        (Lead::Everybody, Lang::En) => "County, nobody answers: ",
    };
    let reply = match lang {
        Lang::Zh => format!("。收到请回{code},去不了回{code}忙"),
        Lang::En => format!(". Received: reply {code}. Cannot: {code} 2"),
    };
    format!("{lead}{}{reply}", said(what, lang))
}

fn said(what: &What, lang: Lang) -> String {
    match (what, lang) {
        (What::Silent { station, age, residents, guards }, Lang::Zh) => {
            let means = if *guards { "人靠本地守护" } else { "人未守护" };
            format!("{}失联{},{residents}{means}", name(station), length(*age, lang))
        }
        (What::Silent { station, age, residents, guards }, Lang::En) => {
            let means = if *guards { "watched locally only" } else { "not watched" };
            format!("{} silent for {}, {residents} {means}", name(station), length(*age, lang))
        }
        (What::Unanswered { station, about, condition, age, at_least }, Lang::Zh) => {
            let least = if *at_least { "至少" } else { "已" };
            let condition = condition.say(lang);
            format!("{}{about}{condition},{least}{}无人响应", name(station), length(*age, lang))
        }
        (What::Unanswered { station, about, condition, age, at_least }, Lang::En) => {
            let least = if *at_least { "at least " } else { "" };
            let condition = condition.say(lang);
            format!("{} {about} {condition}, for {least}{} nobody came", name(station), length(*age, lang))
        }
    }
}

/// What an acknowledgement did, to whoever gave it (CARE-RULES 4, 10).
#[must_use]
pub fn acknowledged(what: &What, pause: Duration, lang: Lang) -> String {
    let pause = length(pause, lang);
    match (what, lang) {
        (What::Silent { station, .. }, Lang::Zh) => {
            format!("已登记:您在处理{}失联。{pause}后仍未恢复会再找您", name(station))
        }
        (What::Silent { station, .. }, Lang::En) => {
            format!(
                "Noted: you look after {} being silent. If it still is in {pause}, you are called again",
                name(station)
            )
        }
        (What::Unanswered { station, about, .. }, Lang::Zh) => {
            format!("已登记:您在处理{}{about}。村里仍在呼叫,{pause}后仍无人会再找您", name(station))
        }
        (What::Unanswered { station, about, .. }, Lang::En) => format!(
            "Noted: you look after {} {about}. The village still calls; in {pause} you are called again if nobody came",
            name(station)
        ),
    }
}

/// It is over, after so long a climb.
#[must_use]
pub fn over(what: &What, after: Duration, lang: Lang) -> String {
    let after = length(after, lang);
    match (what, lang) {
        (What::Silent { station, .. }, Lang::Zh) => format!("县平台:{}已恢复联系,历时{after}", name(station)),
        (What::Silent { station, .. }, Lang::En) => format!("County: {} is heard again, after {after}", name(station)),
        (What::Unanswered { station, about, .. }, Lang::Zh) => {
            format!("县平台:{}{about}已有人处理,历时{after}", name(station))
        }
        (What::Unanswered { station, about, .. }, Lang::En) => {
            format!("County: {} {about} is being dealt with, after {after}", name(station))
        }
    }
}

/// An answer that may mean several things, or none.
#[must_use]
pub fn ask_for_code(lang: Lang) -> String {
    match lang {
        Lang::Zh => "未登记:请回复短信里的两位数编号".to_owned(),
        Lang::En => "Not noted: reply the two digits of the message".to_owned(),
    }
}

/// An acknowledgement of what somebody has acknowledged before.
#[must_use]
pub fn somebody_else(lang: Lang) -> String {
    match lang {
        Lang::Zh => "谢谢,已有人在处理,您不用再管".to_owned(),
        Lang::En => "Thank you, somebody else looks after it already".to_owned(),
    }
}

/// An answer that the next one is called for.
#[must_use]
pub fn passed_on(lang: Lang) -> String {
    match lang {
        Lang::Zh => "已登记:您去不了,已转下一位".to_owned(),
        Lang::En => "Noted: you cannot, the next one is called".to_owned(),
    }
}

/// An answer that belongs to the village.
#[must_use]
pub fn only_received(lang: Lang) -> String {
    match lang {
        Lang::Zh => "未登记:县里只登记收到或去不了,处置请由村里登记".to_owned(),
        Lang::En => "Not noted: the county takes received or cannot; how it ended is noted in the village".to_owned(),
    }
}

/// A span to the minute.
fn length(age: Duration, lang: Lang) -> String {
    let said = span(Duration::from_mins((age.as_secs() / 60).max(1)), lang);
    if lang == Lang::Zh { said.replace(' ', "") } else { said }
}

fn name(station: &str) -> String {
    station.chars().take(NAME_SIGNS_MAX).collect()
}
