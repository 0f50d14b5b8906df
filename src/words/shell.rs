//! What the shell says about the running station.

use super::alarm::state_of_word;
use super::{Both, Lang, Say as _};
use crate::core::effect::Answer;

/// No open alarm fits.
pub const NO_SUCH_ALARM: Both = Both::new("没有符合的未办结报警或故障。", "No open alarm or fault fits.");
/// Several open alarms fit.
pub const SEVERAL_ALARMS: Both =
    Both::new("有几个都符合,请把编号写得更完整。", "Several open alarms fit; write more of the id.");
/// Nothing is open.
pub const NOTHING_OPEN: Both = Both::new("没有未办结的报警或故障。", "No alarm or fault is open.");
/// No gateway runs, so the source is opened here.
pub const RECORDING_ALONE: Both = Both::new(
    "网关没有运行,直接打开来源录制;期间的呼叫不会被确认,也不会报警",
    "no gateway runs: the source is opened here; calls made meanwhile are not acknowledged and raise nothing",
);
/// How a recording ended.
#[must_use]
pub fn recorded(frames: u64, missed: u64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("已录 {frames} 帧,漏 {missed} 帧"),
        Lang::En => format!("{frames} frames recorded, {missed} missed"),
    }
}
/// The station.
pub const STATION: Both = Both::new("照料站", "Station");
/// In front of the number of residents who are away from home.
pub const AWAY: Both = Both::new("外出", "Away from home");
/// In front of the number of open alarms and faults.
pub const OPEN_ALARMS: Both = Both::new("未办结的报警和故障", "Open alarms and faults");
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
pub const COUNTY_DEAF: Both =
    Both::new("已连上消息服务器,县平台没有在收", "The broker is there, the county is not listening");
/// The county listens.
pub const COUNTY_LISTENS: Both = Both::new("县平台在收", "The county is listening");
/// The county has said nothing yet.
pub const COUNTY_UNKNOWN: Both =
    Both::new("已连上,尚未收到县平台的消息", "Connected; nothing heard from the county yet");
/// Above the lanes: how far the county has confirmed what was written.
pub const RECEIPTED: Both = Both::new("县里已入库/已记录", "In the county's database/recorded");
/// The broker is reached, and alarms have no receipt.
pub const RECEIPTS_WAITED_FOR: Both = Both::new(
    "有报警还没有入库回执;若一直如此,请查县里的 county.toml 是否列了本站",
    "Alarms wait for their receipt; if that stays so, is this station listed in the county's county.toml?",
);
/// A source is up.
pub const SOURCE_UP: Both = Both::new("通", "up");
/// A source is down.
pub const SOURCE_DOWN: Both = Both::new("断", "down");
const TEST_OPEN: Both =
    Both::new("测试开始,10 分钟内第一次按下算测试", "A test is open: for ten minutes the first press is one");

/// What became of an order.
#[must_use]
pub fn answer(answer: &Answer, lang: Lang) -> String {
    let done = Both::new("已执行", "Done");
    let noted = Both::new("未执行,已记为备注", "Not done, kept as a note");
    let refused = Both::new("未执行", "Not done");
    match answer {
        Answer::Done { alarm, state, .. } => {
            format!("{}: {alarm} · {}", done.say(lang), state_of_word(state, alarm.condition, lang))
        }
        Answer::Noted { alarm, reason } => format!("{}: {alarm} ({})", noted.say(lang), reason.say(lang)),
        Answer::Refused { reason } => format!("{}: {}", refused.say(lang), reason.say(lang)),
        Answer::TestOpen { home, .. } => format!("{}: {home}", TEST_OPEN.say(lang)),
        Answer::StopNoted { .. } => done.say(lang).to_owned(),
        Answer::VisitNoted { resident } => format!("{}: {resident}", super::visits::REMARKED.say(lang)),
        Answer::Visited { resident, proven } => super::visits::noted(resident.as_str(), *proven, lang),
        Answer::Open { alarms, more } => format!("{}: {}", OPEN_ALARMS.say(lang), alarms.len() + more),
    }
}
