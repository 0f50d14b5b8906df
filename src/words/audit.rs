//! Words of the audit: what a stream of the log holds, what is damaged, and whether it is the one that the county knows.

use super::{Both, Lang};
use crate::core::log_head::LogStream;

/// The chain leads through every record.
pub const WHOLE: Both = Both::new(
    "日志完整:每条记录都在,且前后相接",
    "the log is whole: every record is there and continues the one before",
);
/// It does not.
pub const NOT_WHOLE: Both = Both::new("日志不完整,见上文", "the log is not whole: see above");
/// There is no log.
pub const NO_LOG: Both = Both::new("此目录中没有日志", "there is no log in this folder");
/// The heads are of more than one gateway.
pub const HEADS_OF_MANY: Both =
    Both::new("链头来自不止一台网关:每次只核对一台", "the heads are of more than one gateway: compare one at a time");
/// The county keeps no head of that station.
pub const NO_HEADS: Both = Both::new("县里没有该站的链头", "the county has no head of this station's log");

/// No configuration was read.
pub const BY_DEFAULT: Both = Both::new(
    "未读配置:保留期和容量按默认值判断",
    "no configuration was read: how much is to be kept is judged by the defaults",
);

const fn name(stream: LogStream) -> Both {
    match stream {
        LogStream::Urgent => Both::new("报警日志", "urgent log"),
        LogStream::Routine => Both::new("读数日志", "routine log"),
    }
}

/// What a stream holds.
#[must_use]
pub fn stream(stream: LogStream, records: u64, (first, last): (u64, u64), files: usize, lang: Lang) -> String {
    let name = name(stream).say(lang);
    match lang {
        Lang::Zh => format!("{name}:{records} 条记录(第 {first} 至 {last} 条),{files} 个文件"),
        Lang::En => format!("{name}: {records} records (number {first} to {last}) in {files} files"),
    }
}

/// Since when a stream has its records, by the station's clock.
#[must_use]
pub fn since(at: &str, is_unset: bool, lang: Lang) -> String {
    match (lang, is_unset) {
        (Lang::Zh, false) => format!("  自 {at} 起"),
        (Lang::En, false) => format!("  since {at}"),
        (Lang::Zh, true) => format!("  自 {at} 起(当时时钟未校准)"),
        (Lang::En, true) => format!("  since {at} (by a clock that was not set)"),
    }
}

/// The oldest records are gone, and no budget asked for it.
#[must_use]
pub fn begins_late(first: u64, kept_days: u64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!(
            "  ! 第 {first} 条以前的记录不在:应保留 {kept_days} 天,既未满期也未满容量。有人删了旧文件,或保留期后来才调长"
        ),
        Lang::En => format!(
            "  ! records before {first} are not there: {kept_days} days are to be kept, and neither that time nor the space is used \
             up. Somebody removed old files, or the time was made longer since"
        ),
    }
}

/// The newest link of a stream's chain.
#[must_use]
pub fn head(chain: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("  链头 {chain}"),
        Lang::En => format!("  head {chain}"),
    }
}

/// A range that cannot be read, and which records are missing with it. `until` is the first that is well again.
#[must_use]
pub fn missing(file: &str, offset: u64, bytes: u64, (from, until): (Option<u64>, Option<u64>), lang: Lang) -> String {
    let what = match (from, until, lang) {
        (Some(from), Some(until), Lang::Zh) if from < until => format!("缺第 {from} 至 {} 条", until - 1),
        (Some(from), Some(until), Lang::En) if from < until => format!("records {from} to {} are missing", until - 1),
        (Some(_), Some(_), Lang::Zh) => "没有缺记录".to_owned(),
        (Some(_), Some(_), Lang::En) => "no record is missing".to_owned(),
        (None, Some(until), Lang::Zh) => format!("缺第 {until} 条以前的记录"),
        (None, Some(until), Lang::En) => format!("records before {until} are missing"),
        (Some(from), None, Lang::Zh) => format!("缺第 {from} 条起的记录"),
        (Some(from), None, Lang::En) => format!("records from {from} on are missing"),
        (None, None, Lang::Zh) => "缺哪些记录不明".to_owned(),
        (None, None, Lang::En) => "which records are missing is not known".to_owned(),
    };
    match lang {
        Lang::Zh => format!("  ! {file} 第 {offset} 字节起损坏 {bytes} 字节:{what}"),
        Lang::En => format!("  ! {file}: {bytes} damaged bytes at {offset}: {what}"),
    }
}

/// A record that does not continue the one before.
#[must_use]
pub fn altered(file: &str, offset: u64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("  ! {file} 第 {offset} 字节:记录与前一条不相接,前面有记录被改动或调换"),
        Lang::En => {
            format!(
                "  ! {file} at {offset}: the record does not continue the one before: a record was changed or exchanged"
            )
        }
    }
}

/// How the heads that the county kept compare, when nobody has to answer for one.
#[must_use]
pub fn heads(same: usize, retired: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("与县里的链头核对:{same} 个一致,{retired} 个早于保留期"),
        Lang::En => format!("compared with the county's heads: {same} agree, {retired} are older than what is kept"),
    }
}

/// The county knows a record that had to be kept and was taken away at the log's beginning.
#[must_use]
pub fn removed(stream: LogStream, index: u64, at: &str, lang: Lang) -> String {
    let name = name(stream).say(lang);
    match lang {
        Lang::Zh => format!("  ! {name}没有县里 {at} 记下的第 {index} 条:尚在保留期内,旧文件被删去"),
        Lang::En => {
            format!(
                "  ! {name}: record {index}, which the county noted at {at}, had to be kept: old files were removed"
            )
        }
    }
}

/// The county has heads of a log that is not this one, from before it began.
#[must_use]
pub fn former(epoch: &str, count: usize, first: &str, last: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!(
            "  ? 县里有 {count} 个链头属于另一份日志(序号纪元 {epoch},{first} 至 {last}),早于本日志:如换过卡,请核对旧卡"
        ),
        Lang::En => format!(
            "  ? {count} of the county's heads are of another log (sequence {epoch}, {first} to {last}), before this one began: \
             if the card was replaced, check the former card"
        ),
    }
}

/// Another record stands where the county knows one.
#[must_use]
pub fn other(stream: LogStream, index: u64, at: &str, lang: Lang) -> String {
    let name = name(stream).say(lang);
    match lang {
        Lang::Zh => format!("  ! {name}第 {index} 条不是县里 {at} 记下的那一条:日志在事后被改写"),
        Lang::En => {
            format!("  ! {name}: record {index} is not the one that the county noted at {at}: the log was written anew")
        }
    }
}

/// The log ends before a record that the county knows.
#[must_use]
pub fn beyond(stream: LogStream, index: u64, at: &str, lang: Lang) -> String {
    let name = name(stream).say(lang);
    match lang {
        Lang::Zh => format!("  ! {name}没有县里 {at} 记下的第 {index} 条:日志被截短、放回旧的或已丢失"),
        Lang::En => {
            format!("  ! {name}: record {index}, which the county noted at {at}, is not there: cut, put back or lost")
        }
    }
}

/// A head as the county lists it.
#[must_use]
pub fn kept(gateway: &str, stream: LogStream, index: u64, at: &str, chain: &str, lang: Lang) -> String {
    let name = name(stream).say(lang);
    match lang {
        Lang::Zh => format!("{at} · {gateway} · {name}第 {index} 条 · {chain}"),
        Lang::En => format!("{at} · {gateway} · {name} record {index} · {chain}"),
    }
}
