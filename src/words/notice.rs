//! Words of a notice to somebody who is called: why it comes, since when, and how it is answered.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Both, Lang, Say as _, time};
use crate::core::alarm::Position;
use crate::core::answer::Wish;
use crate::core::audience::Because;
use crate::core::condition::Condition;
use crate::core::refusal::Refusal;

/// In front of everything that is none.
pub const DRILL: Both = Both::new("【演练】", "DRILL ");

/// Why a notice comes, where it is not the alarm's first.
#[must_use]
pub const fn lead(because: Because) -> Option<Both> {
    Some(match because {
        Because::Raised => return None,
        Because::NotAccepted => Both::new("尚无人去:", "Nobody goes yet:"),
        Because::Unanswered => Both::new("无人响应:", "UNANSWERED:"),
        Because::Again => Both::new("又一次:", "Once more:"),
        Because::HalfLease => Both::new("到了吗?", "Are you there?"),
        Because::LeaseOver => Both::new("去的人未报到:", "Who went has not reported:"),
        Because::OnSiteLong => Both::new("现在怎样?", "How is it going?"),
        Because::Restart => Both::new("停机后再报:", "Told again after a stop:"),
        Because::BackUp => Both::new("请准备接替:", "Be ready to take over:"),
        Because::NotAnEnding => Both::new("仍需有人去:", "Somebody is still needed:"),
        Because::Withdrawn => Both::new("去的人退出:", "Who went has withdrawn:"),
        Because::Wants120 => Both::new("需要120:", "Ambulance needed:"),
        Because::KeyWanted => Both::new("进不了门,请带钥匙:", "Nobody gets in, bring the key:"),
        Because::Test => Both::new("测试:", "Test:"),
        Because::Fault => Both::new("请查看:", "Please look:"),
    })
}

/// Since when, or since when at least, where the station could not have known it sooner.
#[must_use]
pub fn since(clock: &str, at_least: bool, lang: Lang) -> String {
    match (lang, at_least) {
        (Lang::Zh, false) => format!("{clock}起"),
        (Lang::Zh, true) => format!("至少{clock}起"),
        (Lang::En, false) => format!("since {clock}"),
        (Lang::En, true) => format!("since {clock} at least"),
    }
}

/// What to reply, with the code in it.
#[must_use]
pub fn how_to_reply(condition: Condition, because: Because, code: u8, lang: Lang) -> String {
    match (because, lang) {
        (Because::Raised | Because::NotAccepted, Lang::Zh) if condition == Condition::NotBack => {
            format!("回来了请回{code} 1,再延7天回{code} 2,去看看回{code}去")
        }
        (Because::Raised | Because::NotAccepted, Lang::En) if condition == Condition::NotBack => {
            format!("Back: reply {code} 1. 7 days more: {code} 2. Going: {code} go")
        }
        (Because::HalfLease, Lang::Zh) => format!("到了请回{code}到,去不了回{code}忙"),
        (Because::HalfLease, Lang::En) => format!("There: reply {code} here. Cannot: {code} 2"),
        (Because::OnSiteLong, Lang::Zh) => format!("没事了请回{code}好,要救护回{code}要120"),
        (Because::OnSiteLong, Lang::En) => format!("Over: reply {code} done. Ambulance: {code} 120"),
        (_, Lang::Zh) => format!("去请回{code},去不了回{code}忙"),
        (_, Lang::En) => format!("Coming: reply {code}. Cannot: {code} 2"),
    }
}

/// Behind what a modem says to whoever picks up.
pub const KEYS: Both = Both::new("。去请按1,去不了请按2", ". Coming: press 1. Cannot: press 2");

/// The same behind a call about somebody whose time away is over.
pub const KEYS_NOT_BACK: Both = Both::new("。回来了请按1,再延7天请按2", ". Back: press 1. 7 days more: press 2");

/// Somebody else goes already.
pub const HELD: Both =
    Both::new("已有人去了,您可以不去。有变化会再通知您", "Somebody is going already. You will be told if that changes");
/// To somebody who is informed and not sent.
pub const INFORMED: Both = Both::new("已转告值班室,由他们处理", "The duty desk is told, and will see to it");
/// The answer may mean several notices, or none.
pub const ASK_FOR_CODE: Both = Both::new(
    "不清楚您回的是哪一条,请连同两位数字一起回",
    "It is not clear which one you mean: please reply with its two digits",
);
/// They were not given that code.
pub const UNKNOWN_CODE: Both = Both::new(
    "没有这个数字的通知,或已办结,请看清再回",
    "There is no notice of these digits, or it is over: please look again",
);
/// It is no answer that is known.
pub const NOT_UNDERSTOOD: Both = Both::new(
    "没看懂,已转值班室。去请回两位数字,去不了加忙",
    "Not understood; the desk has it. Coming: reply the two digits. Cannot: add 2",
);

/// The evening's question to somebody on duty (CARE-RULES 21).
#[must_use]
pub fn roll_call(station: &str, code: u8, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{station}:今晚值班点名。在请回{code}在,来不了回{code}忙,20点前回复"),
        Lang::En => {
            format!("{station}: tonight's roll-call. On duty: reply {code} present. Cannot: {code} 2. Before 20:00")
        }
    }
}

/// To the contact of somebody who is away, the day before the end (CARE-RULES 24).
#[must_use]
pub fn absence_ends(station: &str, who: Option<&str>, code: u8, lang: Lang) -> String {
    let who = who.unwrap_or(SOMEBODY_AWAY.say(lang));
    match lang {
        Lang::Zh => {
            format!("{station}:{who}外出快到期。已回来请回{code} 1,再延7天请回{code} 2。不回复,到期会打电话")
        }
        Lang::En => format!(
            "{station}: {who}, the time away ends soon. Back: reply {code} 1. 7 days more: {code} 2. No answer: we call"
        ),
    }
}

/// To the same, when somebody is about in the home.
#[must_use]
pub fn came_back(station: &str, who: Option<&str>, code: u8, lang: Lang) -> String {
    let who = who.unwrap_or(SOMEBODY_AWAY.say(lang));
    match lang {
        Lang::Zh => format!("{station}:{who}登记外出,家里却有人走动。回来了请回{code} 1,是别人请回{code} 2"),
        Lang::En => format!(
            "{station}: {who} is away, and somebody is about in the home. Back: reply {code} 1. Somebody else: {code} 2"
        ),
    }
}

/// Instead of the name, to a number that nobody has proven.
const SOMEBODY_AWAY: Both = Both::new("您联系的老人", "whom you look after");

/// Of somebody who is written down as away.
pub const AWAY: Both = Both::new("登记外出", "written down as away");

/// A position that is older than this is told with its age. judgement: nobody walks far in this time.
const POSITION_IS_FRESH: Duration = Duration::from_mins(10);

/// Where somebody is who is not at home, in degrees as a map takes them, and how long ago.
#[must_use]
pub fn position(at: Position, age: Duration, lang: Lang) -> String {
    let degrees = |micro: i32| f64::from(micro) / 1e6;
    let (lat, lon) = (degrees(at.lat_microdeg), degrees(at.lon_microdeg));
    let ago = if age < POSITION_IS_FRESH { None } else { Some(time::span(age, lang)) };
    match (lang, ago) {
        (Lang::Zh, None) => format!("位置{lat:.5},{lon:.5}"),
        (Lang::Zh, Some(ago)) => format!("{ago}前位置{lat:.5},{lon:.5}"),
        (Lang::En, None) => format!("at {lat:.5},{lon:.5}"),
        (Lang::En, Some(ago)) => format!("{ago} ago at {lat:.5},{lon:.5}"),
    }
}

/// What to do first, where something burns or leaks. Source: CARE-RULES D.
#[must_use]
pub const fn advice(condition: Condition) -> Option<Both> {
    Some(match condition {
        Condition::Smoke => Both::new("有火先打119,开窗通风", "Fire: call 119 first, open windows"),
        Condition::Gas => Both::new("开窗,勿动开关,屋外打119", "Open windows, touch no switch, call 119 from outside"),
        Condition::CarbonMonoxide => Both::new("开窗,把人扶到屋外,打119", "Open windows, bring them out, call 119"),
        _ => return None,
    })
}

/// All that an unproven number is told: the station, that an alarm is unanswered, and whom to call back.
#[must_use]
pub fn unproven(station: &str, call_back: Option<&str>, lang: Lang) -> String {
    match (lang, call_back) {
        (Lang::Zh, Some(number)) => format!("{station}:有一个报警无人应答,请回电{number}"),
        (Lang::Zh, None) => format!("{station}:有一个报警无人应答,请到站里"),
        (Lang::En, Some(number)) => format!("{station}: an alarm is unanswered, please call {number}"),
        (Lang::En, None) => format!("{station}: an alarm is unanswered, please come to the station"),
    }
}

/// An answer that was taken, in words: 已登记:您去王奶奶家.
#[must_use]
pub fn done(wish: Wish, who: &str, lang: Lang) -> String {
    let (home, of) = match lang {
        Lang::Zh if who.is_empty() => (String::new(), String::new()),
        Lang::Zh => (format!("{who}家"), who.to_owned()),
        Lang::En if who.is_empty() => (String::from("there"), String::from("this")),
        Lang::En => (format!("to {who}"), who.to_owned()),
    };
    match (lang, wish) {
        (Lang::Zh, Wish::One | Wish::Come) => format!("已登记:您去{home}。到了请回同样的数字加到"),
        (Lang::En, Wish::One | Wish::Come) => format!("Noted: you go {home}. There: reply the same digits and here"),
        (Lang::Zh, Wish::Two | Wish::Busy) => "已登记:您去不了,已转下一位".to_owned(),
        (Lang::En, Wish::Two | Wish::Busy) => "Noted: you cannot. The next one is called".to_owned(),
        (Lang::Zh, Wish::Present) => "已登记:您今晚在岗,谢谢您".to_owned(),
        (Lang::En, Wish::Present) => "Noted: you are on duty tonight. Thank you".to_owned(),
        (Lang::Zh, Wish::Arrived) => format!("已登记:您到了{home}。没事了请回同样的数字加好"),
        (Lang::En, Wish::Arrived) => format!("Noted: you are there ({of}). Over: reply the same digits and done"),
        (Lang::Zh, Wish::Helped) => format!("已办结:{of},谢谢您"),
        (Lang::En, Wish::Helped) => format!("Closed: {of}. Thank you"),
        (Lang::Zh, Wish::Mistaken) => format!("已办结:{of},误触,谢谢您"),
        (Lang::En, Wish::Mistaken) => format!("Closed: {of}, pressed by mistake. Thank you"),
        (Lang::Zh, Wish::WrongHome) => "已登记:不是这家。报警没有结束,继续找人".to_owned(),
        (Lang::En, Wish::WrongHome) => "Noted: not this home. The alarm stays open and others are called".to_owned(),
        (Lang::Zh, Wish::CouldNotEnter) => "已登记:进不了门。已叫有钥匙的人和下一位,危急请打110、119".to_owned(),
        (Lang::En, Wish::CouldNotEnter) => {
            "Noted: you cannot get in. Who has a key and others are called. In danger call 110, 119".to_owned()
        }
        (Lang::Zh, Wish::Wants120) => "120要由您拨打。拨后请回同样的数字加已拨120".to_owned(),
        (Lang::En, Wish::Wants120) => "Please dial 120 yourself. Then reply the same digits and called 120".to_owned(),
        (Lang::Zh, Wish::Returned) => "已收到:已回来,继续守护".to_owned(),
        (Lang::En, Wish::Returned) => "Noted: back at home, and watched over again".to_owned(),
        (Lang::Zh, Wish::Extend) => "已收到:外出再延7天,到期前一天再问您".to_owned(),
        (Lang::En, Wish::Extend) => "Noted: away for 7 days more. You are asked again the day before".to_owned(),
        (Lang::Zh, Wish::SomebodyElse) => "已收到:是别人,老人仍外出".to_owned(),
        (Lang::En, Wish::SomebodyElse) => "Noted: it is somebody else, and they are still away".to_owned(),
        (Lang::Zh, Wish::Dialled120) => "已登记:120已拨出".to_owned(),
        (Lang::En, Wish::Dialled120) => "Noted: 120 was dialled".to_owned(),
    }
}

/// An answer that could not be taken, and why.
#[must_use]
pub fn not_done(reason: Refusal, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("没有登记:{}", reason.say(lang)),
        Lang::En => format!("Not noted: {}", reason.say(lang)),
    }
}

/// Faults together: 设备故障3件:接收器中断1,设备无信号2。请看值班台.
#[must_use]
pub fn digest(all: usize, kinds: &[(Condition, usize)], lang: Lang) -> String {
    let mut text = match lang {
        Lang::Zh => format!("设备故障{all}件"),
        Lang::En => format!("{all} faults"),
    };
    for (at, (condition, count)) in kinds.iter().enumerate() {
        let colon = match (lang, at) {
            (Lang::Zh, 0) => ":",
            (Lang::Zh, _) => ",",
            (Lang::En, 0) => ": ",
            (Lang::En, _) => ", ",
        };
        _ = match lang {
            Lang::Zh => write!(text, "{colon}{}{count}", condition.say(lang)),
            Lang::En => write!(text, "{colon}{} {count}", condition.say(lang)),
        };
    }
    text.push_str(match lang {
        Lang::Zh => "。请看值班台",
        Lang::En => ". Please look at the desk",
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_24_the_questions_are_one_message_each() {
        let (station, english) = ("示例县示例镇示例村照料站", "Example village care station");
        for who in [None, Some("示例奶奶")] {
            for text in [absence_ends(station, who, 17, Lang::Zh), came_back(station, who, 17, Lang::Zh)] {
                assert!(text.encode_utf16().count() <= 70, "{} {text}", text.encode_utf16().count());
            }
        }
        for who in [None, Some("Granny Example")] {
            for text in [absence_ends(english, who, 17, Lang::En), came_back(english, who, 17, Lang::En)] {
                assert!(text.is_ascii() && text.len() <= 160, "{} {text}", text.len());
            }
        }
    }

    #[test]
    fn rule_21_the_question_is_one_message() {
        let text = roll_call("示例县示例镇示例村照料站", 17, Lang::Zh);
        assert!(text.encode_utf16().count() <= 70, "{text}");
        let text = roll_call("Example village care station", 17, Lang::En);
        assert!(text.is_ascii() && text.len() <= 160, "{text}");
    }
}
