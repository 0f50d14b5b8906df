//! Words of the resolved plan: how `check` shows who is watched by what and who is called when.

use super::{Both, Lang};

/// A heading or phrase of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase {
    /// Heading of the plan.
    Plan,
    /// How many residents are watched, weakly, not.
    AtBest,
    /// Heading of devices.
    WatchedBy,
    /// No device.
    NoDevice,
    /// Heading of rungs.
    Called,
    /// At once.
    AtOnce,
    /// Everybody.
    Everybody,
    /// Whoever is on duty.
    OnDuty,
    /// Heading of what somebody has consented to.
    Consent,
    /// Heading of gaps.
    NotCovered,
    /// Heading of devices that are nobody's own.
    Shared,
    /// Heading of devices whose residents are no longer served.
    Free,
    /// Heading of devices out of service.
    Removed,
    /// Reports every.
    Every,
    /// A fault after a silence of.
    FaultAfter,
    /// Heading of problems.
    Problems,
    /// All is well with the files.
    Sound,
    /// It cannot run like this.
    Unsound,
}

/// A role of which whoever is on duty is called.
#[must_use]
pub fn on_duty(role: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{role}(当班)"),
        Lang::En => format!("{role} (on duty)"),
    }
}

impl Phrase {
    /// In this language.
    #[must_use]
    pub const fn say(self, lang: Lang) -> &'static str {
        let both = match self {
            Phrase::Plan => Both::new("守护安排", "the plan"),
            Phrase::AtBest => Both::new("设备都在线时", "with every device well"),
            Phrase::WatchedBy => Both::new("守护设备", "watched by"),
            Phrase::NoDevice => Both::new("没有设备", "no device"),
            Phrase::Called => Both::new("呼叫顺序", "called"),
            Phrase::AtOnce => Both::new("立即", "at once"),
            Phrase::OnDuty => Both::new("当班的人", "whoever is on duty"),
            Phrase::Everybody => Both::new("所有人", "everybody"),
            Phrase::Consent => Both::new("已同意", "consent on file"),
            Phrase::NotCovered => Both::new("未覆盖", "not covered"),
            Phrase::Shared => Both::new("共用设备", "shared devices"),
            Phrase::Free => Both::new("空闲设备(已停止服务)", "free devices (no longer serving anybody)"),
            Phrase::Removed => Both::new("已停用设备", "removed devices"),
            Phrase::Every => Both::new("上报间隔", "every"),
            Phrase::FaultAfter => Both::new("无信号时限", "a fault after"),
            Phrase::Problems => Both::new("问题", "problems"),
            Phrase::Sound => Both::new("配置可用", "the configuration is sound"),
            Phrase::Unsound => {
                Both::new("配置不可用,先改以上错误", "the configuration cannot be used: mend the errors above")
            }
        };
        both.say(lang)
    }
}

/// What is not covered, by the word of the gap; none for a word that no gap has.
#[must_use]
pub fn gap(word: &str, lang: Lang) -> Option<&'static str> {
    let both = match word {
        "no_help_call" => Both::new("没有求助设备", "no device to call for help with"),
        "help_call_unproven" => {
            Both::new("求助设备上报太慢或不上报,最多守护减弱", "the help-call device is slow or mute: weak at best")
        }
        "no_life_sign" => Both::new("没有能看到活动的设备", "no device that shows signs of life"),
        "life_sign_unproven" => {
            Both::new("活动设备上报太慢或不上报,最多守护减弱", "the witnesses are slow or mute: weak at best")
        }
        "no_ladder" => Both::new("没有呼叫顺序,同时呼叫所有人", "no ladder: everybody is called at once"),
        "few_contacts" => Both::new("能联系到的人不足三位", "fewer than three contacts can be reached"),
        "first_rung_far" => Both::new("首先呼叫的人都在 15 分钟路程以外", "nobody called first is within 15 minutes"),
        _ => return None,
    };
    Some(both.say(lang))
}

/// What a device's silence is worth, by the word of the pace; none when nothing need be said.
#[must_use]
pub fn pace(word: &str, lang: Lang) -> Option<&'static str> {
    let both = match word {
        "slow" => Both::new("慢速", "slow"),
        "mute" => Both::new("不自报,每 7 天按一次", "mute, a press every 7 days"),
        _ => return None,
    };
    Some(both.say(lang))
}
