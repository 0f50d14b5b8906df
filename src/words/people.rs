//! Words about the people who are called: their telephones, and how these are proven.

use super::{Both, Lang};

/// Their telephone is proven.
pub const PROVEN: Both = Both::new("电话已验证", "telephone proven");
/// Nobody has read a code back.
pub const UNPROVEN: Both = Both::new("电话未验证", "telephone not proven");
/// They are reached at the desk only.
pub const NO_PHONE: Both = Both::new("没有电话", "no telephone");
/// They can be reached and sent.
pub const REACHABLE: Both = Both::new("可联系", "reachable");
/// They are told, and not sent.
pub const INFORMED: Both = Both::new("只告知", "informed only");
/// Before the names of ladders.
pub const LADDERS: Both = Both::new("呼叫顺序", "ladders");
/// They stand on no ladder.
pub const NO_LADDER: Both = Both::new("不在任何呼叫顺序里", "on no ladder");
/// Nobody stands in the file.
pub const NOBODY: Both = Both::new("名册里还没有响应人。", "There is nobody in the village file who could be called.");

/// The text that brings a code: the station's name, what it is for, and the code, and nothing that is personal (CARE-RULES 20). People
/// are taught to tell nobody a code, so it says that no money hangs on it, and whom to ask.
#[must_use]
pub fn proof(station: &str, call_back: Option<&str>, code: &str, minutes: u64, lang: Lang) -> String {
    let ask = match (lang, call_back) {
        (Lang::Zh, Some(number)) => format!("。不放心请拨{number}"),
        (Lang::En, Some(number)) => format!(". In doubt call {number}"),
        (_, None) => String::new(),
    };
    match lang {
        Lang::Zh => format!("{station}登记值守电话,与钱无关:请把{code}念给站里的人,{minutes}分钟内有效{ask}"),
        Lang::En => format!(
            "{station} registers your number for its alarms, no money involved: read {code} to our staff within {minutes} minutes{ask}"
        ),
    }
}

/// Nobody can be asked at 19:00 by a clock that shows anything.
pub const ROLL_CALL_NO_CLOCK: Both = Both::new(
    "时钟没有校准,晚上不会点名(规则 21)",
    "The clock is not set, so nobody is asked at the evening's roll-call",
);

/// The evening's roll-call in one line.
#[must_use]
pub fn roll_call(present: usize, waiting: usize, gaps: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("今晚点名:已应答 {present},等待 {waiting},缺 {gaps}"),
        Lang::En => format!("Tonight's roll-call: {present} answered, {waiting} waited for, {gaps} missing"),
    }
}

/// Somebody who is missing, and who was asked in their place.
#[must_use]
pub fn roll_call_gap(who: &str, next: Option<&str>, lang: Lang) -> String {
    match (lang, next) {
        (Lang::Zh, Some(next)) => format!("{who} 未应答,已另问 {next}"),
        (Lang::Zh, None) => format!("{who} 未应答,没有别人可问"),
        (Lang::En, Some(next)) => format!("{who} has not answered; {next} was asked instead"),
        (Lang::En, None) => format!("{who} has not answered, and nobody else could be asked"),
    }
}

/// A code was handed to the modem.
#[must_use]
pub fn sent(who: &str, minutes: u64, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!(
            "正在给 {who} 的电话发验证码短信,{minutes} 分钟内有效。对方念出后执行:shouwang people prove {who} 验证码"
        ),
        Lang::En => {
            format!(
                "A code is on its way to the telephone of {who}, for {minutes} minutes. Read out: shouwang people prove {who} CODE"
            )
        }
    }
}

/// It was another code.
#[must_use]
pub fn wrong(left: u8, lang: Lang) -> String {
    match (lang, left) {
        (Lang::Zh, 0) => "验证码不对,已作废,请重新发送".to_owned(),
        (Lang::En, 0) => "That is not the code, and it counts no more: send a new one".to_owned(),
        (Lang::Zh, _) => format!("验证码不对,还可以试 {left} 次"),
        (Lang::En, 1) => "That is not the code; 1 try is left".to_owned(),
        (Lang::En, _) => format!("That is not the code; {left} tries are left"),
    }
}

/// Why no code was sent or checked, by its word.
#[must_use]
pub fn refusal(word: &str, lang: Lang) -> Option<&'static str> {
    let both = match word {
        "unknown_responder" => Both::new("名册里没有这个响应人编号", "There is nobody of that id in the village file"),
        "no_phone" => Both::new("这个人在名册里没有电话", "No telephone of theirs stands in the village file"),
        "no_modem" => Both::new(
            "没有配置短信模块([modem]),发不出验证码",
            "No modem is configured ([modem]), so no code can be sent",
        ),
        "no_code" => Both::new(
            "没有有效的验证码:没有发过、已过期、试错太多次,或者电话改过。请重新发送",
            "No code counts: none was sent, it is over, was guessed at too often, or the number was changed. Send a new one",
        ),
        "no_randomness" => Both::new("系统给不出随机数,请稍后再试", "The kernel gives no randomness; try again"),
        _ => return None,
    };
    Some(both.say(lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_with_a_code_is_one_message_and_has_nothing_but_the_station_and_the_code() {
        let text = proof("示例县示例镇示例村照料站", Some("13800000099"), "0042", 10, Lang::Zh);
        assert_eq!(
            text,
            "示例县示例镇示例村照料站登记值守电话,与钱无关:请把0042念给站里的人,10分钟内有效。不放心请拨13800000099"
        );
        assert!(text.encode_utf16().count() <= 70, "{text}");
        let text = proof("Example village care station", Some("13800000099"), "0042", 10, Lang::En);
        assert!(text.is_ascii() && text.len() <= 160, "{text}");
    }
}
