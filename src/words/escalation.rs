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

/// How much of the station's name and of the age there is room for, the most first.
const ROOM: &[Room] = &[
    Room { name: NAME_SIGNS_MAX, units: 2 },
    Room { name: NAME_SIGNS_MAX, units: 1 },
    Room { name: 6, units: 1 },
    Room { name: 3, units: 1 },
    Room { name: 0, units: 1 },
];

#[derive(Clone, Copy)]
struct Room {
    name: usize,
    units: u8,
}

/// A call to somebody who acknowledges it under this code. The name of the station gives way where it would not be one message.
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
    let mut text = String::new();
    for room in ROOM {
        text = format!("{lead}{}{reply}", said(what, *room, lang));
        if is_one_message(&text) {
            break;
        }
    }
    text
}

/// Source: 140 octets of 3GPP TS 23.040 in 7 bits a sign, or in 16 as soon as one of them is not of the plain ones.
fn is_one_message(text: &str) -> bool {
    if text.is_ascii() { text.len() <= 160 } else { text.encode_utf16().count() <= 70 }
}

fn said(what: &What, room: Room, lang: Lang) -> String {
    let name = |station: &str| station.chars().take(room.name).collect::<String>();
    let length = |age: Duration| {
        let said = length(age, lang);
        if room.units == 1 { largest_unit(&said, lang).to_owned() } else { said }
    };
    match (what, lang) {
        (What::Silent { station, age, residents, guards }, Lang::Zh) => {
            let means = if *guards { "人靠本地守护" } else { "人未守护" };
            format!("{}失联{},{residents}{means}", name(station), length(*age))
        }
        (What::Silent { station, age, residents, guards }, Lang::En) => {
            let means = if *guards { "watched locally only" } else { "not watched" };
            format!("{} silent for {}, {residents} {means}", name(station), length(*age))
        }
        (What::Unanswered { station, about, condition, age, at_least }, Lang::Zh) => {
            let least = if *at_least { "至少" } else { "已" };
            let condition = condition.say(lang);
            format!("{}{about}{condition},{least}{}无人响应", name(station), length(*age))
        }
        (What::Unanswered { station, about, condition, age, at_least }, Lang::En) => {
            let least = if *at_least { "at least " } else { "" };
            let condition = condition.say(lang);
            format!("{} {about} {condition}, for {least}{} nobody came", name(station), length(*age))
        }
    }
}

/// The first of the two units of a span.
fn largest_unit(said: &str, lang: Lang) -> &str {
    let end = match lang {
        Lang::Zh => said.find(|sign: char| !sign.is_ascii_digit()).and_then(|unit| {
            let rest = said.get(unit..)?;
            Some(unit + rest.find(|sign: char| sign.is_ascii_digit())?)
        }),
        Lang::En => said.match_indices(' ').nth(1).map(|(at, _)| at),
    };
    end.and_then(|end| said.get(..end)).unwrap_or(said)
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

/// How far a climb has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Climb {
    /// No number is known that could be called.
    NobodyToCall,
    /// So many are being called, and so many of the calls have failed.
    Calling {
        /// Telephones that were called.
        called: usize,
        /// Those of them that could not be reached.
        failed: usize,
    },
    /// Somebody has it.
    Acknowledged {
        /// Who, as a pseudonym.
        by: String,
        /// Since when.
        since: Duration,
    },
}

/// How far the county's own ladder has come.
#[must_use]
pub fn climb(climb: &Climb, lang: Lang) -> String {
    match (climb, lang) {
        (Climb::NobodyToCall, Lang::Zh) => "县里无人可呼叫".to_owned(),
        (Climb::NobodyToCall, Lang::En) => "the county has nobody to call".to_owned(),
        (Climb::Calling { called, failed: 0 }, Lang::Zh) => format!("县里已呼叫 {called} 个电话,无人确认"),
        (Climb::Calling { called, failed: 0 }, Lang::En) => {
            format!("the county has called {called}, nobody acknowledged")
        }
        (Climb::Calling { called, failed }, Lang::Zh) => {
            format!("县里已呼叫 {called} 个电话,其中 {failed} 个没有打通,无人确认")
        }
        (Climb::Calling { called, failed }, Lang::En) => {
            format!("the county has called {called}, {failed} in vain, nobody acknowledged")
        }
        (Climb::Acknowledged { by, since }, Lang::Zh) => {
            format!("县里 {by} 已确认({})", super::time::ago(*since, lang))
        }
        (Climb::Acknowledged { by, since }, Lang::En) => {
            format!("{by} at the county has acknowledged, {}", super::time::ago(*since, lang))
        }
    }
}

/// Nothing is being called for.
pub const NO_CASES: super::Both = super::Both::new("县里没有在呼叫", "the county calls nobody");
/// There is no such case.
pub const NO_SUCH_CASE: super::Both = super::Both::new(
    "县里没有为它呼叫:编号见 shouwang county duty",
    "the county does not call for it; see shouwang county duty",
);
/// Somebody who is not known.
pub const NOT_IN_PEOPLE: super::Both =
    super::Both::new("county.toml 的 [people] 里没有这个编号", "[people] of county.toml has no such id");
/// An acknowledgement was left for the service.
pub const LEFT: super::Both = super::Both::new(
    "已交给县平台服务:县里的呼叫暂停,村里继续",
    "left for the county's service: the county's calls pause, the village's go on",
);
/// Too many answers wait.
pub const NOT_LEFT: super::Both = super::Both::new(
    "等待处理的答复太多:县平台服务在运行吗?",
    "too many answers wait: is the county's service running?",
);

/// A span to the minute.
fn length(age: Duration, lang: Lang) -> String {
    let said = span(Duration::from_mins((age.as_secs() / 60).max(1)), lang);
    if lang == Lang::Zh { said.replace(' ', "") } else { said }
}

fn name(station: &str) -> String {
    station.chars().take(NAME_SIGNS_MAX).collect()
}
