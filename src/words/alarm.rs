//! Words about alarms: what is wrong, how urgent, where it stands, how it ended, why.

use super::{Both, Lang, say};
use crate::core::alarm::{Disposition, NoteKind, Reason, State};
use crate::core::condition::{Condition, Priority};

say! { Condition {
    HelpCall: "求助", "help call";
    Smoke: "烟雾", "smoke";
    Gas: "燃气泄漏", "gas";
    CarbonMonoxide: "一氧化碳", "carbon monoxide";
    FallConfirmed: "跌倒", "fall";
    FallSuspected: "疑似跌倒", "suspected fall";
    OverStay: "停留过久", "stayed too long";
    BedExit: "离床未归", "out of bed and not back";
    WaterLeak: "漏水", "water leak";
    Silence: "久未活动", "no sign of activity";
    DoorAtNight: "夜间出门未归", "went out at night and is not back";
    VitalSigns: "体征超出范围", "vital signs out of bounds";
    ColdRoom: "室温过低", "cold room";
    Trend: "近期变化提醒", "change over weeks";
    NotBack: "外出未归", "not back from a time away";
    ResidentBlind: "老人未守护", "resident not being watched";
    DeviceSilent: "设备无信号", "device silent";
    BatteryLow: "设备电量低", "device battery low";
    Tamper: "设备外壳被打开", "device case opened";
    DeviceDoubted: "设备信号不可信", "device not to be believed";
    SourceDown: "接收器中断", "receiver down";
    StrangerCall: "未登记设备发出求助", "help call from a device that is not enrolled";
    DiskFault: "存储故障", "storage fault";
    ClockFault: "时钟故障", "clock fault";
    StateRebuilt: "索引已由日志重建", "index rebuilt from the log";
    ChannelDown: "通知渠道中断", "a way to people is down";
    MainsLost: "停电", "mains lost";
    MainsUnknown: "看不到是否停电", "mains not known";
    StationBatteryLow: "本站电池将尽", "the station's battery is nearly empty";
    CreditDoubtful: "SIM卡可能欠费", "the SIM may be out of credit";
    CreditEnding: "SIM卡快到期", "the SIM's credit ends soon";
    VillageFileRefused: "村名单有错,未采用", "the village file has a mistake and is not used";
    PagesDown: "本站网页打不开", "the station's pages cannot be opened";
} }

say! { Priority {
    Technical: "设备", "equipment";
    Low: "留意", "take note";
    Medium: "尽快", "soon";
    High: "紧急", "urgent";
} }

const PRE_ALARM: Both = Both::new("待确认", "asking first");
const RAISED: Both = Both::new("报警中", "raised");
const FAULT: Both = Both::new("故障中", "fault");
const UNANSWERED: Both = Both::new("未响应", "unanswered");
const ACCEPTED: Both = Both::new("已接单", "accepted");
const ON_SITE: Both = Both::new("已到场", "on site");
const CLOSED: Both = Both::new("已办结", "closed");
const CLOSED_UNVERIFIED: Both = Both::new("已办结(未核实)", "closed, unverified");

/// Beside an alarm that is none.
pub const DRILL: Both = Both::new("演练", "drill");
/// Beside an alarm that is not on disk.
pub const UNDURABLE: Both = Both::new("未能存盘", "not on disk");
/// Beside an alarm after which somebody has to go and see.
pub const VISIT_DUE: Both = Both::new("待探访", "visit due");

const ARRIVAL_PROVEN: Both = Both::new("到场:已核实", "on site: proven");
const ARRIVAL_SELF_REPORTED: Both = Both::new("到场:自报", "on site: self-reported");

/// Somebody's arrival, as it is known (CARE-RULES 30).
#[must_use]
pub const fn arrival(proven: bool) -> Both {
    if proven { ARRIVAL_PROVEN } else { ARRIVAL_SELF_REPORTED }
}

/// Where an alarm stands. 未响应 is a standing of its own: everybody was called and nobody came.
#[must_use]
pub fn state(state: &State, of: Condition, lang: Lang) -> &'static str {
    let both = match state {
        State::PreAlarm { .. } => PRE_ALARM,
        State::Raised { climb } if climb.unanswered.is_some() => UNANSWERED,
        State::Raised { .. } => raised(of),
        State::Accepted { .. } => ACCEPTED,
        State::OnSite { .. } => ON_SITE,
        State::Closed { unverified: true, .. } => CLOSED_UNVERIFIED,
        State::Closed { unverified: false, .. } => CLOSED,
    };
    both.say(lang)
}

/// Where an alarm stands, of an answer that has only the word of its state; a word that no state has stays as it is.
#[must_use]
pub fn state_of_word(word: &str, of: Condition, lang: Lang) -> &str {
    let both = match word {
        "pre_alarm" => PRE_ALARM,
        "raised" => raised(of),
        "unanswered" => UNANSWERED,
        "accepted" => ACCEPTED,
        "on_site" => ON_SITE,
        "closed" => CLOSED,
        other => return other,
    };
    both.say(lang)
}

/// 报警 is for people and 故障 for things.
fn raised(of: Condition) -> Both {
    if of.rule().about_person { RAISED } else { FAULT }
}

say! { Disposition {
    Helped: "已到场帮助", "helped on site";
    Medical: "已就医", "medical care";
    HazardRemoved: "险情已排除", "hazard removed";
    FalseAlarm: "虚惊", "nothing was wrong";
    MistakenPress: "误触", "pressed by mistake";
    NoHelpNeeded: "本人表示不需要帮助", "the resident says no help is needed";
    Test: "测试", "test";
    Drill: "演练", "drill";
    Repaired: "故障已修复", "fault repaired";
    Cancelled: "确认前已取消", "cancelled while asking first";
    SelfCleared: "故障自行恢复", "cleared by itself";
    CouldNotEnter: "进不了门", "could not enter";
    NotFound: "没有找到人", "person not found";
    NoAnswer: "敲门无人应", "no answer at the door";
    WrongHome: "不是这家", "wrong home";
} }

say! { Reason {
    Pressed: "按下求助按钮", "help button pressed";
    PressedWithoutRelease: "再次收到求助信号", "help signal repeated";
    Hazard: "探测器报险", "detector reports a hazard";
    HazardCleared: "探测器已安静,仍需核实", "detector quiet again, still to be looked into";
    FallConfirmed: "设备确认跌倒", "device is sure of a fall";
    FallSuspected: "设备怀疑跌倒", "device suspects a fall";
    WearerCleared: "本人在佩戴设备上取消", "wearer cancelled on the wearable";
    CancelPressed: "按下取消按钮", "cancel button pressed";
    FlagFellBack: "设备信号回落,不算取消", "device flag fell back, which is no cancel";
    Recovered: "佩戴设备报告已起身行走", "wearable reports walking again";
    Drill: "演练", "drill";
    Silent: "超过时限无信号", "silent beyond its limit";
    HomeQuiet: "全屋都没有信号,可能无人或停电", "nothing in the home speaks: nobody in, or no power";
    BridgeSaysOffline: "接收器报告设备离线", "its bridge says it is gone";
    PressDue: "到期需按一次验证", "a press is due to prove it";
    HeardAgain: "重新收到信号", "heard again";
    BatteryLow: "设备自报电量低", "device says its battery is low";
    ChargeLow: "电量低于下限", "charge below the limit";
    BatteryEnding: "电池预计两周内用完", "battery seems to last less than two weeks";
    StuckOn: "信号长时间不变", "stuck on";
    Chatter: "信号频繁跳变", "chatters";
    Impossible: "多次报出不可能的数值", "measures what cannot be";
    TwoSenders: "两个设备共用一个地址", "two senders share its address";
    CaseOpened: "外壳被打开", "case opened";
    Over: "情况已解除", "the condition is over";
    LinkDown: "线路中断", "link down";
    SourceQuiet: "线路接通,但收不到任何设备的信号", "the link is up, and nothing behind it speaks";
    LinkBack: "线路恢复", "link back";
    Blind: "没有设备在守护", "nothing watches this resident";
    RemovedDeviceCalled: "已停用的设备发出求助", "a removed device called";
    UnknownPressedThrice: "未登记的设备一分钟内按了三次", "an unknown device was pressed three times in a minute";
    LogFailed: "日志未能按时写入", "the log could not be written in time";
    LogBack: "日志恢复写入", "the log is written again";
    DiskShort: "存储将满:读数暂停存盘,报警照常存盘", "the disk is nearly full: readings are not written, alarms are";
    ClockUnset: "时钟未校准", "the clock is not trusted";
    ClockSet: "时钟已校准", "the clock is trusted";
    IndexDamaged: "索引损坏,已重建", "index damaged and rebuilt";
    NoWay: "这个渠道发不出通知", "nobody can be told on this way";
    AbsenceOver: "外出到期,没有人回复", "the time away is over, and nobody has answered";
    AboutAtHome: "家里两处有人走动", "somebody is about in two places of the home";
    MainsGone: "本站没有市电,靠电池在守", "the station has no mains and watches on its battery";
    MainsBack: "市电恢复", "mains are back";
    MainsUnreadable: "电源状态读不到", "the power supply cannot be read";
    BatteryMinutes: "电池剩不到半小时,之后无人守护", "half an hour of battery at most, then nobody watches";
    OwnTextLost: "发给本机的短信两次没有回来", "a text to the own number did not come back, twice";
    OwnTextBack: "发给本机的短信回来了", "the text to the own number came back";
    PaidUntilNear: "付费日期将到或已过", "the day until which it is paid is near or past";
    FileRefused: "村名单有错,仍按上一份可用的名单守护", "the village file has a mistake; the last sound list is in force";
    FileSound: "村名单已改好", "the village file is sound";
    PagesFailed: "网页端口被占用或不可用", "the port of the pages is taken or cannot be used";
    PagesBack: "网页恢复", "the pages are served again";
} }

say! { NoteKind {
    Remark: "备注", "remark";
    Conversation: "与本人通话记录", "conversation with the resident";
    CountyAcknowledged: "县平台已确认,村里继续处置", "acknowledged by the county; the village goes on";
    CountyCloseRefused: "县平台要求办结,未获准", "the county wanted to close; refused";
    SaysAllWell: "本人说没事,仍需核实", "says all is well, still to be verified";
    NotAnEnding: "尚未办结", "not an ending";
    Muted: "警号静音一段时间,呼叫继续", "the siren was muted for a while; the calls go on";
    Answered: "只告知、不派出的人回复", "answered by somebody who is informed and not sent";
    WrongDoorCode: "门内码不对,到场按自报计", "wrong door code; the arrival counts as self-reported";
} }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::alarm::life_cycle::Climb;
    use crate::core::time::Mono;

    #[test]
    fn an_unanswered_alarm_is_never_shown_as_merely_raised() {
        let raised = State::Raised { climb: Climb::default() };
        let unanswered = State::Raised { climb: Climb { unanswered: Some(Mono(1)), ..Climb::default() } };
        assert_eq!(state(&raised, Condition::HelpCall, Lang::Zh), "报警中");
        assert_eq!(state(&unanswered, Condition::HelpCall, Lang::Zh), "未响应");
        assert_eq!(state(&unanswered, Condition::HelpCall, Lang::En), "unanswered");
    }

    #[test]
    fn an_alarm_about_a_thing_is_a_fault() {
        let raised = State::Raised { climb: Climb::default() };
        for condition in Condition::ALL {
            let said = state(&raised, *condition, Lang::Zh);
            assert_eq!(said, if condition.rule().about_person { "报警中" } else { "故障中" }, "{condition}");
            assert_eq!(state_of_word(raised.word(), *condition, Lang::Zh), said);
        }
    }

    #[test]
    fn an_ending_that_nobody_saw_says_so() {
        let closed = |unverified| State::Closed { by: None, disposition: Disposition::NoHelpNeeded, unverified };
        assert_eq!(state(&closed(false), Condition::HelpCall, Lang::Zh), "已办结");
        assert_eq!(state(&closed(true), Condition::HelpCall, Lang::Zh), "已办结(未核实)");
    }
}
