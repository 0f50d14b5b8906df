//! Words of the rota that hangs on a wall: its week, its marks, its gaps, and what to do when somebody cannot.

use jiff::civil::{Date, DateTime};

use super::{Both, Lang};

const fn both(zh: &'static str, en: &'static str) -> Both {
    Both::new(zh, en)
}

/// Above the names of the shifts.
pub const SHIFT: Both = both("班次", "Shift");
/// A row of fields for whoever was there.
pub const SIGNED: Both = both("签名", "Signed");
/// Behind somebody who is away on that day.
pub const ON_LEAVE: Both = both("请假", "on leave");
/// Heading of what is not covered.
pub const GAPS: Both = both("缺口", "Gaps");
/// Nothing is uncovered.
pub const NO_GAPS: Both = both(
    "没有:一直有人值班,每户 15 分钟内都有值班的人可到。",
    "None: somebody is always on duty, and within 15 minutes of every home.",
);
/// Heading of what to do when somebody cannot come.
pub const CANNOT: Both = both("来不了怎么办", "If you cannot");
/// What to do then.
pub const CANNOT_MEANS: Both = both(
    "尽早告诉值班室,找人换班。晚上 19 点点名短信:在,回两位数字加“在”;来不了,回两位数字加“忙”。",
    "Tell the desk early, and swap. At 19:00 a text asks: reply its two digits and present, or its two digits and 2.",
);
/// Whoever is told, where the village has no desk of its own.
pub const TELL: Both = both("找谁", "Tell");
/// Nobody is there who could be told.
pub const TELL_NOBODY: Both = both("名册里没有值班室", "the village file has no duty desk");
/// In front of a signature of whoever answers for the rota.
pub const RESPONSIBLE: Both = both("负责人签名", "Signature of whoever is responsible");
/// In front of the day of that signature.
pub const DATE: Both = both("日期", "Date");

/// A shift by the name that the village file gives it; the usual ones as people say them.
#[must_use]
pub fn shift(name: &str, lang: Lang) -> &str {
    let both = match name {
        "day" => both("白班", "day"),
        "night" => both("夜班", "night"),
        "morning" => both("早班", "morning"),
        "noon" => both("午班", "noon"),
        "afternoon" => both("下午班", "afternoon"),
        "evening" => both("晚班", "evening"),
        other => return other,
    };
    both.say(lang)
}

/// From which day to which.
#[must_use]
pub fn week(first: Date, last: Date, lang: Lang) -> String {
    match lang {
        Lang::Zh if first.year() == last.year() => {
            let (year, month, day) = (first.year(), first.month(), first.day());
            format!("{year}年{month}月{day}日 – {}月{}日", last.month(), last.day())
        }
        Lang::Zh => {
            let whole = |day: Date| format!("{}年{}月{}日", day.year(), day.month(), day.day());
            format!("{} – {}", whole(first), whole(last))
        }
        Lang::En => format!("{first} – {last}"),
    }
}

/// Somebody takes this duty for somebody else.
#[must_use]
pub fn stands_in(name: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("替{name}"),
        Lang::En => format!("for {name}"),
    }
}

/// At some homes nobody on duty is within fifteen minutes; so many in all.
#[must_use]
pub fn far(when: &str, homes: &[String], all: usize, lang: Lang) -> String {
    let more = all > homes.len();
    match lang {
        Lang::Zh => {
            let rest = if more { format!(" 等 {all} 户") } else { String::new() };
            format!("{when} 15 分钟内无人可到:{}{rest}", homes.join("、"))
        }
        Lang::En => {
            let rest = if more { format!(", … ({all} in all)") } else { String::new() };
            format!("{when}: nobody within 15 minutes of {}{rest}", homes.join(", "))
        }
    }
}

/// More gaps than are written out.
#[must_use]
pub fn more_gaps(count: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("还有 {count} 处,请问值班室(shouwang rota forecast)。"),
        Lang::En => format!("{count} more: ask the desk (shouwang rota forecast)."),
    }
}

/// From which list it was made, and when.
#[must_use]
pub fn printed(revision: &str, at: DateTime, lang: Lang) -> String {
    let clock = format!("{:02}:{:02}", at.hour(), at.minute());
    let (year, month, day) = (at.year(), at.month(), at.day());
    match lang {
        Lang::Zh => format!("名册版本 {revision} · {year}年{month}月{day}日 {clock} 打印"),
        Lang::En => format!("village file {revision} · printed {year}-{month:02}-{day:02} {clock}"),
    }
}
