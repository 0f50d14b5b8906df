//! Words about visits: why somebody is to go, by when, and how many were done.

use super::{Both, Lang, say};
use crate::core::visit::Reason;

say! { Reason {
    Routine: "按期探访", "regular visit";
    Unverified: "报警办结时无人到场", "an alarm was closed and nobody had been there";
    NothingHeard: "停机后一小时没有任何信号", "nothing heard for an hour after a stop";
    MainsLost: "停电,设备不在守护", "mains lost, and nothing watches";
    AbsenceUnanswered: "外出到期没有答复", "an absence is over, and nobody has answered";
} }

/// Heading of those to whom somebody is to go.
pub const DUE: Both = Both::new("待探访", "Visits due");
/// Leads to the page of one visit.
pub const NOTE: Both = Both::new("登记探访", "Note a visit");
/// That page.
pub const NOTE_TITLE: Both = Both::new("登记探访", "A visit");
/// The button.
pub const DONE_BY_ME: Both = Both::new("我去看过了", "I have been there");
/// Nobody of that id is visited.
pub const NO_SUCH_RESIDENT: Both = Both::new("没有这位老人的探访记录。", "Nobody of that id is visited.");
/// Nobody is to be visited.
pub const NOTHING_DUE: Both = Both::new("没有待探访的老人。", "No visit is due.");
/// Its time is over.
pub const OVERDUE: Both = Both::new("已逾期", "overdue");
/// There has been no visit yet.
pub const NEVER: Both = Both::new("还没有探访记录", "never visited");
/// Before the time of the last visit.
pub const LAST: Both = Both::new("上次探访", "last visit");
/// Before the date of the next one.
pub const NEXT: Both = Both::new("下次应在", "next due on");
/// Nobody knows what day it is.
pub const NO_CLOCK: Both =
    Both::new("时钟没有校准,到期和逾期暂不判断", "The clock is not set, so nothing is judged due or overdue");

/// By the code of the door, or by the visitor's own word (CARE-RULES 30).
#[must_use]
pub const fn proof(proven: bool, lang: Lang) -> &'static str {
    let both = if proven { Both::new("已核实", "proven") } else { Both::new("自报", "self-reported") };
    both.say(lang)
}

/// A visit is in the record.
#[must_use]
pub fn noted(resident: &str, proven: bool, lang: Lang) -> String {
    let proof = proof(proven, lang);
    match lang {
        Lang::Zh => format!("已登记探访:{resident}({proof})"),
        Lang::En => format!("Visit noted: {resident} ({proof})"),
    }
}

/// Since when and by when.
#[must_use]
pub fn due(since: &str, by: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{since} 起,{by} 前"),
        Lang::En => format!("since {since}, by {by}"),
    }
}
