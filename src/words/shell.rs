//! What the shell says about the running station.

use super::{Both, Lang, Say as _};
use crate::core::effect::Answer;

/// No open alarm fits.
pub const NO_SUCH_ALARM: Both = Both::new("没有这样的未结报警。", "No open alarm fits.");
/// Several open alarms fit.
pub const SEVERAL_ALARMS: Both =
    Both::new("有几个报警都符合,请写得更完整。", "Several open alarms fit; write more of the id.");
/// Nothing is open.
pub const NOTHING_OPEN: Both = Both::new("没有未结的报警。", "No alarm is open.");
/// In front of a drill.
pub const DRILL: Both = Both::new("【演练】", "[drill] ");
/// Behind an alarm that is not on disk.
pub const UNDURABLE: Both = Both::new(" · 未能存盘", " · not on disk");
/// The station.
pub const STATION: Both = Both::new("照料站", "Station");
/// Number of open alarms.
pub const OPEN_ALARMS: Both = Both::new("未结报警", "Open alarms");
/// The log takes records.
pub const DISK_WELL: Both = Both::new("存盘可用", "The disk takes records");
/// The log takes none.
pub const DISK_FAILED: Both = Both::new(
    "存盘失败:报警照常通知,但断电会丢记录",
    "The disk takes no records: alarms are told, and a power cut would lose them",
);
/// No connection to the county.
pub const COUNTY_UNREACHABLE: Both =
    Both::new("县平台连不上,本地在守", "The county cannot be reached; watching goes on here");
/// The broker is there, the county is not.
pub const COUNTY_DEAF: Both = Both::new("消息服务器通,县平台不在", "The broker is there, the county is not listening");
/// The county listens.
pub const COUNTY_LISTENS: Both = Both::new("县平台在收", "The county is listening");
/// The county has said nothing yet.
pub const COUNTY_UNKNOWN: Both = Both::new("已连上,尚未听到县平台", "Connected; nothing heard from the county yet");
/// A source is up.
pub const SOURCE_UP: Both = Both::new("通", "up");
/// A source is down.
pub const SOURCE_DOWN: Both = Both::new("断", "down");
/// Never heard.
pub const NEVER_HEARD: Both = Both::new("从未听到", "never heard");
/// Taken out of service.
pub const REMOVED: Both = Both::new("已停用", "removed");
/// What it hangs on is down.
pub const UNREACHABLE: Both = Both::new("来源中断", "its source is down");
/// Not enrolled.
pub const NOT_ENROLLED: Both = Both::new("未登记", "not enrolled");

/// What became of an order.
#[must_use]
pub fn answer(answer: &Answer, lang: Lang) -> String {
    let done = Both::new("已登记", "Done");
    let noted = Both::new("已记下,未执行", "Kept as a note, not done");
    let refused = Both::new("未执行", "Not done");
    match answer {
        Answer::Done { alarm, state, .. } => format!("{}: {alarm} {state}", done.say(lang)),
        Answer::Noted { alarm, reason } => format!("{}: {alarm} ({})", noted.say(lang), reason.say(lang)),
        Answer::Refused { reason } => format!("{}: {}", refused.say(lang), reason.say(lang)),
        Answer::Open { alarms, more } => format!("{}: {}", OPEN_ALARMS.say(lang), alarms.len() + more),
    }
}
