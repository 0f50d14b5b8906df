//! What the county console says to people: Chinese first, English equal, in one table.
//!
//! Words as the rules of care want them: 报警 for people, 故障 for things, 守护中 / 守护减弱 / 未守护, and never "normal"
//! without an age.

use crate::core::alarm::Disposition;
use crate::core::condition::{Condition, Priority};
use crate::core::watch::Watch;
use crate::core::word::words;

words! {
    /// A language of the console.
    Lang {
        /// Chinese.
        Zh = "zh",
        /// English.
        En = "en",
    }
}

impl Lang {
    /// The text in this language.
    #[must_use]
    pub const fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// A condition for people.
#[must_use]
pub const fn condition(what: Condition, lang: Lang) -> &'static str {
    match what {
        Condition::HelpCall => lang.pick("求助", "help call"),
        Condition::Smoke => lang.pick("烟雾", "smoke"),
        Condition::Gas => lang.pick("燃气泄漏", "gas leak"),
        Condition::CarbonMonoxide => lang.pick("一氧化碳", "carbon monoxide"),
        Condition::FallConfirmed => lang.pick("跌倒", "fall"),
        Condition::FallSuspected => lang.pick("疑似跌倒", "suspected fall"),
        Condition::OverStay => lang.pick("滞留过久", "over-stay"),
        Condition::BedExit => lang.pick("离床未归", "out of bed, not back"),
        Condition::WaterLeak => lang.pick("漏水", "water leak"),
        Condition::Silence => lang.pick("久未活动", "no activity for long"),
        Condition::DoorAtNight => lang.pick("夜间出门未归", "door at night, not back"),
        Condition::VitalSigns => lang.pick("体征超限", "vital signs out of bounds"),
        Condition::ColdRoom => lang.pick("室温过低", "cold room"),
        Condition::Trend => lang.pick("变化提醒", "trend"),
        Condition::ResidentBlind => lang.pick("老人未守护", "resident not watched"),
        Condition::DeviceSilent => lang.pick("设备失联", "device silent"),
        Condition::BatteryLow => lang.pick("电量低", "battery low"),
        Condition::Tamper => lang.pick("外壳被打开", "case opened"),
        Condition::SourceDown => lang.pick("接入中断", "source down"),
        Condition::StrangerCall => lang.pick("未登记设备呼叫", "call from a device not enrolled"),
        Condition::DiskFault => lang.pick("磁盘故障", "disk fault"),
        Condition::ClockFault => lang.pick("时钟故障", "clock fault"),
        Condition::StateRebuilt => lang.pick("索引已重建", "index rebuilt"),
    }
}

/// A priority for people.
#[must_use]
pub const fn priority(how: Priority, lang: Lang) -> &'static str {
    match how {
        Priority::High => lang.pick("紧急", "high"),
        Priority::Medium => lang.pick("尽快", "medium"),
        Priority::Low => lang.pick("留意", "low"),
        Priority::Technical => lang.pick("设备", "technical"),
    }
}

/// A state's word for people.
#[must_use]
pub fn state(word: &str, lang: Lang) -> &str {
    match word {
        "pre_alarm" => lang.pick("待确认", "pre-alarm"),
        "raised" => lang.pick("无人接单", "nobody has accepted"),
        "accepted" => lang.pick("已接单", "accepted"),
        "on_site" => lang.pick("已到场", "on site"),
        "closed" => lang.pick("已办结", "closed"),
        other => other,
    }
}

/// A disposition for people.
#[must_use]
pub const fn disposition(how: Disposition, lang: Lang) -> &'static str {
    match how {
        Disposition::Helped => lang.pick("已帮助", "helped"),
        Disposition::Medical => lang.pick("已就医", "medical help"),
        Disposition::HazardRemoved => lang.pick("险情已排除", "hazard removed"),
        Disposition::FalseAlarm => lang.pick("虚惊", "all was well"),
        Disposition::MistakenPress => lang.pick("误触", "pressed by mistake"),
        Disposition::NoHelpNeeded => lang.pick("本人表示不需要帮助", "says no help is needed"),
        Disposition::Test => lang.pick("测试", "test"),
        Disposition::Drill => lang.pick("演练", "drill"),
        Disposition::Repaired => lang.pick("已修复", "repaired"),
        Disposition::Cancelled => lang.pick("本人已取消", "cancelled by the wearer"),
        Disposition::SelfCleared => lang.pick("已自行恢复", "went away by itself"),
        Disposition::CouldNotEnter => lang.pick("无法入户", "could not enter"),
        Disposition::NotFound => lang.pick("未找到人", "not found"),
        Disposition::NoAnswer => lang.pick("敲门无应答", "no answer at the door"),
        Disposition::WrongHome => lang.pick("不是这家", "wrong home"),
    }
}

/// A watch state for people.
#[must_use]
pub const fn watch(how: Watch, lang: Lang) -> &'static str {
    match how {
        Watch::Watched => lang.pick("守护中", "watched"),
        Watch::Weak => lang.pick("守护减弱", "weakly watched"),
        Watch::Blind => lang.pick("未守护", "not watched"),
    }
}

/// A span of time for people, in its two largest units.
#[must_use]
pub fn span(ms: i64, lang: Lang) -> String {
    let s = ms.max(0) / 1000;
    let (days, hours, minutes, seconds) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
    match (lang, days, hours, minutes) {
        (Lang::Zh, 0, 0, 0) => format!("{seconds} 秒"),
        (Lang::Zh, 0, 0, _) => format!("{minutes} 分 {seconds} 秒"),
        (Lang::Zh, 0, _, _) => format!("{hours} 小时 {minutes} 分"),
        (Lang::Zh, _, _, _) => format!("{days} 天 {hours} 小时"),
        (Lang::En, 0, 0, 0) => format!("{seconds} s"),
        (Lang::En, 0, 0, _) => format!("{minutes} min {seconds} s"),
        (Lang::En, 0, _, _) => format!("{hours} h {minutes} min"),
        (Lang::En, _, _, _) => format!("{days} d {hours} h"),
    }
}

/// How long ago something was.
#[must_use]
pub fn ago(ms: i64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{}前", span(ms, lang)),
        Lang::En => format!("{} ago", span(ms, lang)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_two_largest_units() {
        assert_eq!(span(59_999, Lang::Zh), "59 秒");
        assert_eq!(ago(192_000, Lang::Zh), "3 分 12 秒前");
        assert_eq!(ago(7_380_000, Lang::En), "2 h 3 min ago");
        assert_eq!(span(90_000_000, Lang::En), "1 d 1 h");
        assert_eq!(span(-5, Lang::En), "0 s");
    }
}
