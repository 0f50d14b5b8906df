//! Words about changes of the village: what was enrolled, replaced, removed or taken over, and why not.

use super::{Both, Lang};

/// Above the reasons for which nothing was changed.
pub const REFUSED: Both = Both::new("没有改动,原因:", "Nothing was changed:");
/// The station watches by the new list.
pub const IN_FORCE: Both = Both::new("已生效,无需重启。", "In force, without a restart.");
/// Nobody runs the station.
pub const FROM_NEXT_START: Both =
    Both::new("守望没有在运行;下次启动时生效。", "The station is not running; it counts from the next start on.");
/// The file is as it was.
pub const SAME: Both = Both::new("名册没有变化。", "The village file has not changed.");
/// In front of what works and is not good.
pub const WARNING: Both = Both::new("注意", "Note");
/// Enrolled.
pub const ENROLLED: Both = Both::new("已登记", "Enrolled");
/// Replaced.
pub const REPLACED: Both = Both::new("已更换", "Replaced");
/// Out of service.
pub const REMOVED: Both = Both::new("已停用", "Out of service");
/// A duty is somebody else's.
pub const SWAPPED: Both = Both::new("已换班", "Swapped");
/// A telephone is proven.
pub const PROVEN: Both = Both::new("电话已验证", "Telephone proven");
/// A resident is away.
pub const AWAY: Both = Both::new("已登记外出", "Away from home");
/// A resident is back.
pub const BACK: Both = Both::new("已登记回来", "Back at home");
/// In front of who is asked the day before the end.
pub const ASKED: Both = Both::new("到期前一天问", "asked the day before");
/// Where nobody is named.
pub const THE_DESK: Both = Both::new("值班台", "the desk");
/// Behind an absence that is over, and of which nobody has said so.
pub const AWAY_OVER: Both = Both::new("  已到期,没有人说回来", "  over, and nobody has said that they are back");
/// Nobody is.
pub const NOBODY_AWAY: Both = Both::new("没有人登记外出。", "Nobody is written down as away.");
/// A hand's changes were taken over.
pub const TAKEN_OVER: Both = Both::new("名册已重新读入", "The village file is taken over");
/// Under which id the old thing is still known.
pub const FORMER: Both = Both::new("换下的旧设备记为", "The thing that hung there before is known as");
/// What an installer does next.
pub const PRESS_NOW: Both = Both::new("请按一次,看是否收到报警。", "Press it once, and see that the alarm comes.");
/// The address was not heard.
pub const NOT_HEARD: Both = Both::new(
    "还没有收到这个地址的信号,看不出它来自哪里;请写 --source(必要时加 --format)。",
    "Nothing was heard under this address, so its source is not known; give --source (and --format, if need be).",
);
/// Several things have the address.
pub const SEVERAL: Both = Both::new(
    "有几个设备用这个地址,请用 --source 或 --format 选定:",
    "Several things have this address; choose with --source or --format:",
);
/// In front of the ready-made command below a stranger.
pub const TO_ENROL: Both = Both::new("登记", "to enrol");
/// Another version of the file was refused.
pub const FILE_REFUSED: Both = Both::new(
    "名册文件有误,未采用;仍按原来的名册守护:",
    "The village file was refused; the list before it stays in force:",
);
/// In front of the revision.
pub const REVISION: Both = Both::new("名册版本", "Village file");
/// A device that waits to be given to somebody else.
pub const FREE: Both = Both::new("空闲(已停止服务)", "free (its resident is no longer served)");

/// Why a change was refused, in Chinese; none for a word that no reason has.
#[must_use]
pub fn refused_zh(word: &str) -> Option<&'static str> {
    Some(match word {
        "unknown_device" => "名册里没有这个设备编号",
        "id_taken" => "这个编号已被占用,不写 --id 会自动编号",
        "removed_already" => "这个设备已经停用",
        "same_address" => "这个设备本来就是这个地址",
        "not_a_text" => "地址、型号或密钥里有不能写入的字符,或长度不对",
        "key_wanted" => "原设备有密钥,请用 --key-file 给出新设备的密钥",
        "unknown_shift" => "名册里没有这个班次",
        "unknown_responder" => "名册里没有这个响应人编号",
        "other_number" => "发出验证码以后电话号码改过,请重新验证",
        "not_on_shift" => "那天那一班没有排这个人,用 shouwang rota show 查看",
        "on_shift_already" => "这个人那天那一班已经在班",
        "shift_past" => "那一班已经过去",
        "unknown_resident" => "名册里没有这位服务中的老人",
        "absence_past" => "回来的日子要晚于第一天,也要晚于今天",
        "absence_too_long" => "外出最多登记半年,请看看年份",
        "away_already" => "这位老人已登记外出,先用 shouwang village back 销掉",
        "not_away" => "这位老人没有登记外出,用 shouwang village absences 查看",
        "too_many_absences" => "外出记录太多,请删去过期的,再执行 shouwang village reload",
        "too_many_swaps" => "换班记录太多,请删去过期的,再执行 shouwang village reload",
        "no_free_id" => "没有可用的编号,请用 --id 指定",
        "only_by_hand" => "名册这一段的写法只能手工改;改好后执行 shouwang village reload",
        "changed_meanwhile" => "名册刚被别人改过,请再试一次",
        "cannot_write" => "名册或快照写不进去,请检查目录权限和磁盘",
        other => return super::setting::mistake_zh(other),
    })
}

/// The command by which a stranger is enrolled, with what the installer has to fill in.
#[must_use]
pub fn enrol_command(address: &str, format: Option<&str>, role: Option<&str>, lang: Lang) -> String {
    let quoted = if address.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"-_.:/@%+".contains(&sign)) {
        address.to_owned()
    } else {
        format!("'{}'", address.replace('\'', "'\\''"))
    };
    let format = format.map_or_else(String::new, |format| format!(" --format {format}"));
    let role = role.map_or_else(|| Both::new("用途", "ROLE").say(lang).to_owned(), str::to_owned);
    let (resident, room) = (Both::new("老人编号", "RESIDENT").say(lang), Both::new("房间", "ROOM").say(lang));
    format!("shouwang devices enrol {quoted}{format} --resident {resident} --room {room} --role {role}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_made_command_survives_a_shell() {
        assert_eq!(
            enrol_command("0x00158d0001", None, Some("sos"), Lang::En),
            "shouwang devices enrol 0x00158d0001 --resident RESIDENT --room ROOM --role sos"
        );
        assert_eq!(
            enrol_command("it's; here", Some("f"), None, Lang::Zh),
            "shouwang devices enrol 'it'\\''s; here' --format f --resident 老人编号 --room 房间 --role 用途"
        );
    }
}
