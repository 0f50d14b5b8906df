//! What the demonstration says.

use std::time::Duration;

use super::time::span;
use super::{Both, Lang};

/// Above everything.
pub const TITLE: Both = Both::new("守望 · 村里的一个早晨", "shouwang · a morning in the village");
/// What it is.
pub const ABOUT: Both = Both::new(
    "12 户独居老人,人都是虚构的,谁也不会真接到电话;设备、报警、存盘、上报走的都是真实程序。",
    "12 elders who live alone, all made up, and no telephone rings; devices, alarms, log and relay are the real program.",
);
/// In front of the page's address.
pub const PAGE: Both = Both::new("县平台网页", "County page");
/// How to end it.
pub const HOW_TO_END: Both = Both::new("按 Ctrl-C 随时结束。", "Ctrl-C ends it at any moment.");
/// Everybody is watched at the beginning.
pub const ALL_WATCHED: Both = Both::new("12 位老人都有设备守护。", "All 12 residents are watched by their devices.");
/// In front of those who are called.
pub const CALLS: Both = Both::new("呼叫", "calling");
/// In front of those who are called too.
pub const CALLS_TOO: Both = Both::new("无人接单,加叫", "nobody has accepted yet; calling too:");
/// Those after the last rung.
pub const EVERYONE: Both = Both::new("所有联系人", "everyone");
/// A person is asked before the village is.
pub const ASKED_FIRST: Both = Both::new("先问本人,等待取消", "the resident is asked first and may cancel");
/// The county's line ends.
pub const LINE_CUT: Both = Both::new(
    "到县里的网络断了。村里照常:报警先存盘、先叫人。",
    "The line to the county is cut. The village goes on: alarms are stored, neighbours are called.",
);
/// It is back.
pub const LINE_MENDED: Both = Both::new("网络恢复,补报积压。", "The line is back; what has waited is sent.");
/// Nothing waits any more.
pub const CAUGHT_UP: Both =
    Both::new("积压全部补报,县里都已入库", "everything that waited is in the county's database");
/// The county notices that a station says nothing.
pub const COUNTY_MISSES_STATION: Both = Both::new(
    "县平台:照料站失联,已不算守护。",
    "County: the station is silent, and its residents count as not watched.",
);
/// It hears it again.
pub const COUNTY_HEARS_STATION: Both = Both::new("县平台:照料站恢复心跳。", "County: the station is heard again.");
/// An alarm that the county cannot be told yet.
pub const KEPT_HERE: Both = Both::new("县里连不上,已存盘待补报", "the county cannot be reached; stored until it can");
/// In front of the times at the end.
pub const CLOCKS: Both = Both::new("每个报警的时刻(村里时间)", "The clocks of every alarm (village time)");
/// The resident's device is heard again, and other ends that nobody has to say.
pub const ENDED_EARLY: Both = Both::new("提前结束。", "Ended early.");
/// The morning is over, and the page stays.
pub const STAYS: Both =
    Both::new("早晨过完了,网页还开着;Ctrl-C 结束。", "The morning is over; the page stays. Ctrl-C ends it.");
/// What the numbers of the last line are.
pub const TALLY_MEANS: Both = Both::new(
    "末行依次是:站里发出的报警和故障、县数据库收到的、有回执的、丢失的。",
    "The last line counts alarms and faults: raised here, in the county's database, with a receipt, lost.",
);
/// Nothing was lost.
pub const NOTHING_LOST: Both = Both::new("没有丢失一个报警。", "Not one alarm was lost.");
/// Something was lost.
pub const LOST: Both = Both::new("有报警没有到县里!", "An alarm did not reach the county!");

/// The labels in front of a line.
pub mod label {
    use super::Both;

    /// An alarm about a person.
    pub const ALARM: Both = Both::new("报警", "ALARM");
    /// A window in which the person is asked.
    pub const ASKED: Both = Both::new("待确认", "asking");
    /// A fault of a thing.
    pub const FAULT: Both = Both::new("故障", "fault");
    /// More are called.
    pub const CALLING: Both = Both::new("加叫", "calling");
    /// Somebody goes.
    pub const ACCEPTED: Both = Both::new("已接单", "accepted");
    /// Somebody is there.
    pub const ON_SITE: Both = Both::new("已到场", "on site");
    /// It ended.
    pub const CLOSED: Both = Both::new("已办结", "closed");
    /// It ended by itself, or before it began.
    pub const OVER: Both = Both::new("解除", "over");
    /// How somebody is watched.
    pub const WATCH: Both = Both::new("守护", "watch");
    /// The line to the county.
    pub const LINE: Both = Both::new("网络", "line");
    /// The county.
    pub const COUNTY: Both = Both::new("县里", "county");
}

/// How fast village time passes.
#[must_use]
pub fn pace(village: Duration, real: Duration, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{}的事,{}演完。", span(village, lang), span(real, lang)),
        Lang::En => format!("{} of village time in {}.", span(village, lang), span(real, lang)),
    }
}

/// How long it took, by the kernel's time, from the device's word to the county and back.
#[must_use]
pub fn latency(to_county_ms: f64, receipt_ms: Option<f64>, lang: Lang) -> String {
    match (lang, receipt_ms) {
        (Lang::Zh, Some(receipt)) => format!("实际用时:{to_county_ms:.1} 毫秒到县里,{receipt:.1} 毫秒拿到入库回执"),
        (Lang::Zh, None) => format!("实际用时:{to_county_ms:.1} 毫秒到县里"),
        (Lang::En, Some(receipt)) => {
            format!("real time: {to_county_ms:.1} ms to the county, {receipt:.1} ms to its receipt")
        }
        (Lang::En, None) => format!("real time: {to_county_ms:.1} ms to the county"),
    }
}

/// How long a caught-up line took.
#[must_use]
pub fn within(ms: u128, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("实际用时 {ms} 毫秒"),
        Lang::En => format!("{ms} ms of real time"),
    }
}

/// The line at the bottom of a terminal.
#[must_use]
pub fn standing(watched: usize, weak: usize, blind: usize, open: usize, county: bool, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!(
            "守护中 {watched} · 减弱 {weak} · 未守护 {blind} · 未办结 {open} · 县里{}",
            if county { "连通" } else { "连不上" }
        ),
        Lang::En => format!(
            "watched {watched} · weakly {weak} · not {blind} · open {open} · county {}",
            if county { "reached" } else { "not reached" }
        ),
    }
}
