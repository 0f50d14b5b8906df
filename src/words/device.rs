//! Words about devices: what they are for, where they are, how they stand.

use super::{Both, Lang, say};
use crate::core::detector::device_health::Outlook;
use crate::core::effect::DeviceChange;
use crate::core::id::RoomId;
use crate::core::roster::Role;

say! { Role {
    Sos: "求助按钮", "help button";
    Cancel: "取消按钮", "cancel button";
    Fall: "跌倒佩戴设备", "fall wearable";
    Smoke: "烟雾探测", "smoke detector";
    Gas: "燃气探测", "gas detector";
    Co: "一氧化碳探测", "carbon monoxide detector";
    Leak: "漏水探测", "leak detector";
    Motion: "活动感应", "motion sensor";
    Presence: "在场雷达", "presence radar";
    Door: "门磁", "door contact";
    Bed: "床垫感应", "bed mat";
    Vital: "体征监测", "vital signs";
    Climate: "温湿度", "climate";
    Other: "其他设备", "other device";
} }

say! { DeviceChange {
    Joined: "首次上线", "heard for the first time";
    Lost: "失去信号", "signal lost";
    Back: "恢复信号", "signal back";
    BatteryLow: "电量低", "battery low";
    BatteryOk: "电量已恢复", "battery well again";
    Doubted: "信号不可信", "not to be believed";
    Believed: "信号恢复可信", "to be believed again";
    Tamper: "外壳被打开", "case opened";
    SourceDown: "接收器中断", "receiver down";
    SourceBack: "接收器恢复", "receiver back";
} }

/// Before the first word of a device.
pub const NEVER_HEARD: Both = Both::new("从未收到信号", "never heard");
/// In front of the age of its last word.
pub const LAST_HEARD: Both = Both::new("最后收到信号", "last heard");
/// In front of what its battery holds.
pub const BATTERY: Both = Both::new("电量", "battery");
/// In front of what is wrong with it.
pub const FAULT: Both = Both::new("故障", "fault");
/// Taken out of service.
pub const REMOVED: Both = Both::new("已停用", "removed");
/// What it hangs on is down.
pub const UNREACHABLE: Both = Both::new("来源中断", "its source is down");
/// In front of its link quality.
pub const LINK: Both = Both::new("信号", "signal");
/// Nothing was heard on the air since the start.
pub const NOTHING_HEARD: Both =
    Both::new("启动以来还没有收到任何信号。", "Nothing has been heard on the air since the station started.");
/// An errand is on its way.
pub const ERRAND_SENT: Both = Both::new(
    "已发给设备;它照不照做,看它接下来的上报",
    "Sent to the device; what it does with it shows in what it says next",
);
/// A device keeps no connection.
pub const NOT_CONNECTED: Both =
    Both::new("设备没有连着,现在发不到", "The device is not connected and cannot be told now");
/// A device's format has no such errand.
pub const NO_SUCH_ERRAND: Both = Both::new("这种设备不支持这个操作", "This kind of device cannot be told this");
/// No device of that id.
pub const NO_SUCH_DEVICE: Both = Both::new("没有登记这个编号的设备", "No device of this id is enrolled");
/// Heard, and not enrolled.
pub const NOT_ENROLLED: Both = Both::new("未登记", "not enrolled");

/// How long a battery lasts, as it seems.
#[must_use]
pub fn days_left(days: u32, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("约剩 {days} 天"),
        Lang::En => format!("about {days} days left"),
    }
}

/// How long a battery lasts, with how sure that is.
#[must_use]
pub fn outlook(outlook: Outlook, lang: Lang) -> String {
    let Outlook { days, at_least, at_most } = outlook;
    match lang {
        Lang::Zh => format!("约剩 {days} 天({at_least}–{at_most})"),
        Lang::En => format!("about {days} days left ({at_least}–{at_most})"),
    }
}

/// A room by its usual id; another id is its own word.
#[must_use]
pub fn room(id: &RoomId, lang: Lang) -> &str {
    let both = match id.as_str() {
        "bedroom" => Both::new("卧室", "bedroom"),
        "bathroom" => Both::new("浴室", "bathroom"),
        "toilet" => Both::new("厕所", "toilet"),
        "kitchen" => Both::new("厨房", "kitchen"),
        "hall" => Both::new("堂屋", "hall"),
        "living" => Both::new("客厅", "living room"),
        "yard" => Both::new("院子", "yard"),
        "gate" => Both::new("院门", "gate"),
        other => return other,
    };
    both.say(lang)
}
