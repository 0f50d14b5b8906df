//! What the county's console says about stations, and about itself.

use std::time::Duration;

use super::time::{ago, span};
use super::{Both, Lang};

/// Nothing was ever raised.
pub const NO_ALARMS: Both = Both::new("没有报警或故障记录", "no alarm or fault on record");
/// Nothing is enrolled.
pub const NO_DEVICES: Both = Both::new("没有设备记录", "no device on record");
/// Nobody was ever heard.
pub const NO_STATIONS: Both = Both::new("没有照料站记录", "no station on record");
/// A record of a version that this program does not know.
pub const UNREADABLE: Both = Both::new("本程序读不懂,请看 --json", "this program cannot read it, see --json");
/// In front of an age whose beginning no trusted clock has seen.
pub const AT_LEAST: Both = Both::new("至少", "at least");
/// In front of the age of a standing.
pub const SINCE: Both = Both::new("自", "since");
/// In front of the age of a heartbeat.
pub const HEARTBEAT: Both = Both::new("心跳", "heartbeat");
/// A station that has only just been heard.
pub const NO_HEARTBEAT: Both = Both::new("尚无心跳", "no heartbeat yet");
/// A station that stands in no list of this county.
pub const UNLISTED: Both = Both::new("未列入名单,不予接收", "not listed here, nothing is taken");
/// A station without a heartbeat for too long.
pub const STATION_SILENT: Both = Both::new("照料站失联", "station silent");
/// A station whose connection ended.
pub const DISCONNECTED: Both = Both::new("连接断开", "disconnected");
/// In front of the age of what waits at a station.
pub const OLDEST_WITHOUT_RECEIPT: Both = Both::new("最早未回执", "oldest without receipt");
/// The gateway did not take up a command.
pub const NOT_RUN: Both = Both::new("未执行", "Not done");

/// Said above a list when the service that fills it does not listen, with how long ago it did.
#[must_use]
pub fn deaf(listened_ago: Option<Duration>, lang: Lang) -> String {
    match (listened_ago, lang) {
        (None, Lang::Zh) => "! 县平台从未接收:以下内容不可作为现状".to_owned(),
        (None, Lang::En) => "! the county has never listened: this is not how things stand".to_owned(),
        (Some(age), Lang::Zh) => format!("! 县平台已 {} 未接收:以下是当时的情况", span(age, lang)),
        (Some(age), Lang::En) => {
            format!("! the county listened {} for the last time: this is how things stood then", ago(age, lang))
        }
    }
}

/// Alarms that are not in the list because they were refused.
#[must_use]
pub fn refused_alarms(count: i64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("! 另有 {count} 条报警消息读不懂或有冲突,已拒收并留存(数据库 rejects 表)"),
        Lang::En => format!("! {count} more alarm messages were refused and are kept in the table rejects"),
    }
}

/// Numbers of a station that stand for two records.
#[must_use]
pub fn renumbered(count: i64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("! {count} 个编号各有两条不同记录(均已留存):可能有两台机器在用同一份数据"),
        Lang::En => {
            format!("! {count} numbers stand for two records each (all kept): two machines may run on the same data")
        }
    }
}

/// Messages of a station that were refused.
#[must_use]
pub fn refused(count: i64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("拒收 {count} 条"),
        Lang::En => format!("{count} refused"),
    }
}
