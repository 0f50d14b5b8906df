//! What the county page says: headings, the sentence on top, and what a standing means for whoever has to act.

use std::time::Duration;

use super::time::span;
use super::{Both, Lang};

/// The page's own name.
pub const TITLE: Both = Both::new("守望 · 县平台", "shouwang · county");
/// The link that leads to the other language, in that language.
pub const OTHER_LANGUAGE: Both = Both::new("English", "中文");
/// In front of the time at which the page was made.
pub const AS_OF: Both = Both::new("截至", "as of");
/// Said in red when nothing comes any more.
pub const LOST: Both = Both::new(
    "已收不到更新:以下是断开前的情况,正在重新连接",
    "No updates are coming: this is how things stood before, trying to connect again",
);
/// Heading of the sentence on top.
pub const NOW: Both = Both::new("现在的情况", "How things stand");
/// Heading of the residents who are not fully watched.
pub const UNWATCHED: Both = Both::new("谁没有被守护", "Who is not being watched");
/// Heading of open alarms about people.
pub const ALARMS: Both = Both::new("未办结的报警", "Open alarms");
/// Heading of open alarms about things.
pub const FAULTS: Both = Both::new("未办结的故障", "Open faults");
/// Heading of the stations.
pub const STATIONS: Both = Both::new("照料站", "Stations");
/// Heading of the devices.
pub const DEVICES: Both = Both::new("设备", "Devices");

/// Said where the page is empty.
pub const ALL_WATCHED: Both = Both::new("没有。", "Nobody.");
/// No resident is known, so nothing is known.
pub const NO_RESIDENTS: Both = Both::new("还没有任何老人的守护状态。", "The watch state of no resident is known yet.");
/// No open alarm.
pub const NO_ALARMS: Both = Both::new("没有。", "None.");
/// No device that wants somebody.
pub const NO_FAULTY: Both = Both::new("没有报告故障的设备。", "No device reports a fault.");

/// Nobody has said that they go.
pub const NOBODY_GOES: Both = Both::new("无人接单", "nobody has accepted");
/// Beside an alarm of a silent station.
pub const STALE: Both = Both::new("站失联前的情况", "before the station fell silent");
/// In front of the age of a last heartbeat.
pub const LAST_HEARTBEAT: Both = Both::new("最后心跳", "last heartbeat");
/// How many of a station's residents are watched, in front of the figures.
pub const WATCHED_OF: Both = Both::new("守护中", "watched");
/// The quality of a device's radio link.
pub const LINK: Both = Both::new("链路", "link");

/// A station that is silent, and what follows from it.
pub const SILENT_MEANS: Both = Both::new(
    "失联:它的报警到不了县里,它的老人按未守护对待",
    "silent: its alarms do not reach the county, and its residents count as not watched",
);
/// A listed station that was never heard.
pub const NEVER_MEANS: Both =
    Both::new("从未收到它的任何消息:不知道它在守护谁", "never heard: it is not known whom it watches");
/// A station whose log takes nothing.
pub const UNDURABLE_MEANS: Both = Both::new("存盘失败:断电会丢记录", "its disk fails: a power cut loses records");

/// Why a resident of a silent station is not watched.
pub const WHY_STATION: Both =
    Both::new("照料站失联,听不到求助", "the station is silent, a call for help would not be heard");
/// Why nobody would notice.
pub const WHY_NO_WITNESS: Both = Both::new(
    "没有一件设备在时限内有信号,听不到求助",
    "no device was heard in time, a call for help would not be heard",
);
/// What the station says cannot be read.
pub const WHY_UNREADABLE: Both =
    Both::new("站里报来的守护状态读不懂", "what the station says of this resident cannot be read");

/// There is no database.
pub const TROUBLE_MISSING: Both = Both::new(
    "县平台还没有数据:接收服务还没有运行过。不知道谁在被守护。",
    "The county has no data yet: the service that listens has not run. It is not known who is being watched.",
);
/// A database of another version.
pub const TROUBLE_VERSION: Both = Both::new(
    "县平台的数据是另一个版本的程序建立的,请管理员更新程序。现在看不到报警。",
    "The county's data belong to another version of the program, which has to be updated. Alarms cannot be seen here.",
);
/// A database that fails.
pub const TROUBLE_UNREADABLE: Both = Both::new(
    "县平台的数据读不出来,请告诉管理员。现在看不到报警。",
    "The county's data cannot be read; tell the administrator. Alarms cannot be seen here.",
);
/// A database that stands still.
pub const TROUBLE_SLOW: Both = Both::new(
    "县平台的数据库没有回答,正在再试。现在看不到报警。",
    "The county's database does not answer, trying again. Alarms cannot be seen here.",
);

/// No such address.
pub const NO_SUCH_PAGE: Both = Both::new("没有这个页面。", "There is no such page.");
/// A name by which this page does not go.
pub const WRONG_HOST: Both = Both::new(
    "只接受以本机地址访问;代理请转发为 Host: 127.0.0.1。",
    "Only asked for by an address of this machine; a proxy has to send Host: 127.0.0.1.",
);
/// Too many live pages.
pub const FULL: Both =
    Both::new("同时打开的页面太多,这一页不会自动更新。", "Too many pages are open; this one does not stay live.");

/// A number with its noun.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    zh: &'static str,
    one: &'static str,
    many: &'static str,
}

const fn counted(zh: &'static str, one: &'static str, many: &'static str) -> Counted {
    Counted { zh, one, many }
}

/// Residents who are not watched.
pub const COUNT_BLIND: Counted = counted("人未守护", "person not watched", "people not watched");
/// Residents who are weakly watched.
pub const COUNT_WEAK: Counted = counted("人守护减弱", "person weakly watched", "people weakly watched");
/// Residents who are watched.
pub const COUNT_WATCHED: Counted = counted("人守护中", "person watched", "people watched");
/// Alarms to which nobody goes.
pub const COUNT_UNANSWERED: Counted =
    counted("个报警无人接单", "alarm nobody has accepted", "alarms nobody has accepted");
/// Alarms to which somebody goes.
pub const COUNT_ANSWERED: Counted = counted("个报警有人在处理", "alarm being dealt with", "alarms being dealt with");
/// Silent stations.
pub const COUNT_SILENT: Counted = counted("站失联", "station silent", "stations silent");
/// Stations that are heard.
pub const COUNT_HEARD: Counted = counted("站有心跳", "station heard", "stations heard");
/// Alarms that were refused.
pub const COUNT_REFUSED: Counted =
    counted("条报警消息被拒收,请告诉管理员", "alarm message was refused", "alarm messages were refused");
/// Rows beyond the limit of a list.
pub const COUNT_MORE: Counted = counted("条没有列出", "more is not listed", "more are not listed");
/// Devices that are left in peace.
pub const COUNT_WELL: Counted = counted("件设备没有报告故障", "device without a fault", "devices without a fault");
/// Devices of silent stations.
pub const COUNT_UNKNOWN: Counted = counted(
    "件设备在失联的站里,情况不明",
    "device of a silent station, unknown",
    "devices of silent stations, unknown",
);

impl Counted {
    /// The number and its noun.
    #[must_use]
    pub fn say(self, count: usize, lang: Lang) -> String {
        let noun = match (lang, count) {
            (Lang::Zh, _) => self.zh,
            (Lang::En, 1) => self.one,
            (Lang::En, _) => self.many,
        };
        format!("{count} {noun}")
    }
}

/// An age to the minute, so that a page that nobody touches changes once a minute.
#[must_use]
pub fn age(age: Duration, at_least: bool, lang: Lang) -> String {
    let minutes = age.as_secs() / 60;
    let said = match (minutes, lang) {
        (0, Lang::Zh) => "不到 1 分钟".to_owned(),
        (0, Lang::En) => "under 1 min".to_owned(),
        (minutes, lang) => span(Duration::from_mins(minutes), lang),
    };
    if at_least { format!("{} {said}", super::console::AT_LEAST.say(lang)) } else { said }
}

/// The devices that hold somebody up, which are too few.
#[must_use]
pub fn why_only(witnesses: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("只靠 {witnesses}:求助和活动两样不齐,或只有迟缓的设备"),
        Lang::En => format!("only by {witnesses}: help calls or signs of life are missing, or found missing late"),
    }
}

/// A source that is down.
#[must_use]
pub fn source_down(source: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("接收器中断: {source}"),
        Lang::En => format!("receiver down: {source}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_changes_once_a_minute() {
        for (seconds, zh, en) in [
            (0, "不到 1 分钟", "under 1 min"),
            (59, "不到 1 分钟", "under 1 min"),
            (119, "1 分钟", "1 min"),
            (9_059, "2 小时 30 分钟", "2 h 30 min"),
        ] {
            let length = Duration::from_secs(seconds);
            assert_eq!((age(length, false, Lang::Zh).as_str(), age(length, false, Lang::En).as_str()), (zh, en));
        }
        assert_eq!(age(Duration::from_mins(3), true, Lang::Zh), "至少 3 分钟");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(COUNT_SILENT.say(1, Lang::En), "1 station silent");
        assert_eq!(COUNT_SILENT.say(2, Lang::En), "2 stations silent");
        assert_eq!(COUNT_SILENT.say(1, Lang::Zh), "1 站失联");
    }
}
