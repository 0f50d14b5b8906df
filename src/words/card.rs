//! Words about the card: how full it is, and what is given up when it is full.

use super::{Both, Lang};

/// Less is free than readings leave alone.
pub const SHORT: Both = Both::new(
    "! 存储将满:读数暂停存盘,报警照常存盘",
    "! the disk is nearly full: readings are not written, alarms are",
);
/// The state index failed.
pub const INDEX_FAILED: Both = Both::new(
    "! 索引不可用:历史暂存于内存,下次启动时由日志重建",
    "! the index failed: the history is in memory until the next start rebuilds it from the log",
);

/// What both streams take, of what they may.
#[must_use]
pub fn streams(urgent: (u64, u64), routine: (u64, u64), lang: Lang) -> String {
    let of = |(used, budget): (u64, u64)| format!("{}/{} MiB", mib(used), budget >> 20);
    match lang {
        Lang::Zh => format!("报警日志 {},读数日志 {}", of(urgent), of(routine)),
        Lang::En => format!("urgent log {}, routine log {}", of(urgent), of(routine)),
    }
}

/// What is free, and what is held back for alarms.
#[must_use]
pub fn room(free: Option<u64>, reserve: u64, (held, wanted): (u64, u64), lang: Lang) -> String {
    let free = free.map_or_else(|| "?".to_owned(), mib);
    let reserve = reserve >> 20;
    let (held, wanted) = (mib(held), wanted >> 20);
    match lang {
        Lang::Zh => format!("可用 {free} MiB(低于 {reserve} MiB 读数暂停),备用空间 {held}/{wanted} MiB"),
        Lang::En => {
            format!("{free} MiB free (readings stop below {reserve}), {held}/{wanted} MiB held back for alarms")
        }
    }
}

/// Turns that were never written.
#[must_use]
pub fn turns_dropped(count: u64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("! {count} 次操作记录因长期无法存盘而丢失"),
        Lang::En => format!("! {count} turns were lost because the disk took nothing for too long"),
    }
}

/// MiB with a decimal.
fn mib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_mib_with_a_decimal() {
        assert_eq!(
            streams((1 << 20, 64 << 20), (1 << 19, 2 << 30), Lang::En),
            "urgent log 1.0/64 MiB, routine log 0.5/2048 MiB"
        );
        assert!(room(None, 32 << 20, (0, 8 << 20), Lang::Zh).contains("可用 ? MiB"));
    }
}
