//! Words about visits: why somebody is to go, by when, and how many were done.

use std::time::Duration;

use super::{Both, Lang, say};
use crate::core::month::{Arrivals, Group, Visits};
use crate::core::visit::Reason;

say! { Reason {
    Routine: "按期探访", "regular visit";
    Unverified: "报警办结时无人到场", "an alarm was closed and nobody had been there";
    NothingHeard: "停机后一小时没有任何信号", "nothing heard for an hour after a stop";
    MainsLost: "停电,设备不在守护", "mains lost, and nothing watches";
    AbsenceUnanswered: "外出到期没有答复", "an absence is over, and nobody has answered";
} }

say! { Group {
    Volunteers: "志愿者(邻居、网格员、家属)", "volunteers (neighbours, grid workers, family)";
    Staffed: "站点人员(值班员、村医)", "staffed centre (duty desk, doctor)";
    Unlisted: "已不在名册的人", "people no longer on the list";
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

/// A remark is in the record.
pub const REMARKED: Both = Both::new("已加备注", "Remark noted");

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

/// Heading of the month's report.
#[must_use]
pub fn report_title(month: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{month} 探访和到场"),
        Lang::En => format!("Visits and arrivals of {month}"),
    }
}

/// Above the visits.
pub const BY_TIER: Both = Both::new("探访,按风险分级", "Visits, by risk tier");
/// Above the arrivals.
pub const BY_GROUP: Both = Both::new(
    "到场,按人员和是否核实(自接警到首位到场)",
    "Arrivals, by who and whether it is proven (from the alarm to the first on site)",
);
/// The month is not over.
pub const NOT_OVER: Both =
    Both::new("本月还没有结束,数字还会变。", "The month is not over; these figures will change.");
/// Nothing of this month is in the log.
pub const NO_LOG: Both = Both::new("日志里没有这个月的探访。", "The log has nothing of visits in this month.");

/// Visits of one risk tier.
#[must_use]
pub fn visits_line(of: &Visits, lang: Lang) -> String {
    let Visits { residents, visited, made, due, done, missed, late, waiting } = *of;
    let rate = of.rate_percent().map_or("–".to_owned(), |rate| format!("{rate} %"));
    match lang {
        Lang::Zh => format!(
            "老人 {residents},走到 {visited},探访 {made} 次;应探访 {due},按时 {done},未按时 {missed}(补 {late}),未到期 {waiting};按时率 {rate}"
        ),
        Lang::En => format!(
            "{residents} residents, {visited} of them visited, {made} visits; due {due}, done {done}, missed {missed} ({late} done late), \
             waiting {waiting}; rate {rate}"
        ),
    }
}

/// Arrivals of one group.
#[must_use]
pub fn arrivals_line(of: &Arrivals, lang: Lang) -> String {
    let span = |seconds: Option<u64>| {
        seconds.map_or("–".to_owned(), |seconds| super::time::span(Duration::from_secs(seconds), lang))
    };
    let (median, p90) = (span(of.median_s), span(of.p90_s));
    match lang {
        Lang::Zh => format!("报警到场 {} 次,半数在 {median} 内,九成在 {p90} 内;探访 {} 次", of.alarms, of.visits),
        Lang::En => {
            format!("{} alarms, half within {median}, nine of ten within {p90}; {} visits", of.alarms, of.visits)
        }
    }
}
