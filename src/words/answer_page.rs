//! What the answer page says: to somebody who was woken at three and holds a telephone in one hand.

use super::{Both, Lang};
use crate::core::refusal::Refusal;

const fn both(zh: &'static str, en: &'static str) -> Both {
    Both::new(zh, en)
}

/// The page's own name.
pub const TITLE: Both = both("守望 · 有人需要帮助", "shouwang · somebody needs help");
/// The same where a thing is wrong.
pub const TITLE_FAULT: Both = both("守望 · 设备故障", "shouwang · a fault");
/// The link to the other language, in that language.
pub const OTHER_LANGUAGE: Both = both("English", "中文");

/// 我去.
pub const COME: Both = both("我去", "I am going");
/// 正忙.
pub const BUSY: Both = both("正忙,去不了", "I cannot go");
/// Who had accepted cannot go after all.
pub const WITHDRAW: Both = both("去不了了,请叫别人", "I cannot go after all, call somebody else");
/// 到了.
pub const ARRIVED: Both = both("我到了", "I am there");
/// 没事了.
pub const HELPED: Both = both("没事了,已帮助", "It is over, I helped");
/// 误触.
pub const MISTAKEN: Both = both("是误触,人没事", "Pressed by mistake, all is well");
/// 不是这家.
pub const WRONG_HOME: Both = both("不是这家", "It is not this home");
/// 进不了门.
pub const COULD_NOT_ENTER: Both = both("进不了门", "I cannot get in");
/// 没人应.
pub const NO_ANSWER: Both = both("敲门没人应", "Nobody answers the door");
/// 没找到.
pub const NOT_FOUND: Both = both("没找到人", "I cannot find the person");
/// 需要 120.
pub const WANT_120: Both = both("需要 120", "An ambulance is needed");
/// 已拨 120.
pub const DIALLED_120: Both = both("我已拨通 120", "I have called 120");
/// The tester's ok.
pub const TESTED: Both = both("测试收到,结束测试", "Test received, end it");
/// A drill is over.
pub const DRILLED: Both = both("演练完成", "The drill is done");
/// Takes care of a fault.
pub const ACKNOWLEDGE: Both = both("我来处理", "I take care of it");
/// A fault was repaired.
pub const REPAIRED: Both = both("已修好", "It is repaired");
/// The field for the code on the card (CARE-RULES 30).
pub const DOOR_CODE: Both =
    both("门内码:写在门里的卡片上(选填)", "The code on the card inside of the door (if you see it)");
/// The button of whoever is there and has not told it yet.
pub const PROVE_ARRIVAL: Both = both("核实到场", "Prove that I am there");
/// Heading of what is folded away.
pub const OTHERS: Both = both("其他情况", "Something else");

/// Before anything else of a drill.
pub const DRILL: Both = both("演练,不是真的", "A drill, not the real thing");
/// Before anything else of a test.
pub const TEST: Both = both("这是安装测试", "This is an installer's test");
/// Nobody goes yet.
pub const NOBODY_GOES: Both = both("还没有人去", "Nobody is going yet");
/// This person is called because somebody may be needed.
pub const YOU_SAID_BUSY: Both =
    both("您说了去不了。已转下一位。", "You said that you cannot go. The next one is called.");
/// This person goes.
pub const YOU_GO: Both = both("已登记:您去", "Noted: you are going to");
/// This person is there.
pub const YOU_ARE_THERE: Both = both("已登记:您已到", "Noted: you are with");
/// Behind the name of whoever goes.
pub const GOES: Both = both("正在去", "is going");
/// Behind the name of whoever is there.
pub const IS_THERE: Both = both("已到场", "is there");
/// Somebody whose name is not known here.
pub const SOMEBODY: Both = both("有人", "somebody");
/// It is over.
pub const OVER: Both = both("已办结", "It is over");
/// Nothing is to be done any more.
pub const OVER_MEANS: Both = both("不用再去了。谢谢您。", "Nobody has to go any more. Thank you.");
/// Whoever is only told.
pub const INFORMED: Both = both(
    "您是被告知的人,不需要出动;有人去时这里会显示。",
    "You are being told, and need not go; who goes is shown here.",
);
/// A fault that somebody looks after.
pub const YOU_CARE: Both = both("已登记:您来处理", "Noted: you take care of it");

/// In front of the place.
pub const WHERE: Both = both("地点", "Where");
/// In front of where a device is that they carry.
pub const POSITION: Both = both("人在", "Where they are");
/// In front of the landmark.
pub const LANDMARK: Both = both("怎么找", "How to find it");
/// In front of what is to be known at the door.
pub const DOOR_NOTE: Both = both("进门提示", "At the door");
/// In front of the time.
pub const SINCE: Both = both("时间", "Since");
/// In front of what is known.
pub const KNOWN: Both = both("已知", "Known");
/// The time is not known better.
pub const AT_LEAST: Both = both("至少从", "at least since ");

/// Heading of the part about an ambulance.
pub const RED_120: Both = both("需要 120 · 尚未确认拨出", "Ambulance needed · nobody has confirmed the call");
/// The same when it was called.
pub const GREEN_120: Both = both("已拨 120", "120 was called");
/// The button that dials.
pub const DIAL_120: Both = both("拨打 120", "Dial 120");
/// The button that dials.
pub const DIAL_119: Both = both("拨打 119(火警、燃气)", "Dial 119 (fire, gas)");
/// The button that dials.
pub const DIAL_110: Both = both("拨打 110(报警、开门)", "Dial 110 (police)");
/// Heading of what is to be said.
pub const SCRIPT: Both = both("电话里照着说", "Say on the telephone");
/// What is to be said last.
pub const SCRIPT_AGE: Both =
    both("说明年龄和现在的情况。不要先挂电话。", "Tell the age and how the person is. Do not hang up first.");
/// Heading of the buttons that dial.
pub const EMERGENCY: Both = both("紧急电话", "Emergency numbers");

/// An ending that is none.
pub const GOES_ON: Both = both("还没有办结:继续叫人", "It is not over: more people are being called");
/// In front of the names of those who are called.
pub const CALLED_NOW: Both = both("正在叫", "Being called");
/// Somebody with a key is called.
pub const KEY_CALLED: Both = both("已通知保管钥匙的人。", "Whoever holds the key has been told.");
/// Heading of homes that it may be.
pub const CANDIDATES: Both = both("可能是这几家(最近有信号)", "It may be one of these (heard lately)");
/// No home is known that it may be.
pub const NO_CANDIDATES: Both = both("没有别的候选。请回拨站里。", "No other home is known. Call the station.");

/// The button that calls the station.
pub const CALL_BACK: Both = both("打电话给照料站", "Call the care station");

/// No such link.
pub const NO_SUCH_LINK: Both =
    both("这个链接打不开:不完整,或不是发给您的。", "This link does not open: it is incomplete, or not yours.");
/// The link's time is over.
pub const LINK_OVER: Both =
    both("这次报警早已办结,链接已失效。", "This alarm was closed long ago, and the link is no longer valid.");
/// A form from elsewhere.
pub const FOREIGN_FORM: Both = both(
    "没有登记:请从短信里的链接重新打开,再点一次。",
    "Nothing was noted: open the link of the message again, and tap again.",
);
/// A form that could not be read.
pub const BAD_FORM: Both = both("没有登记:这一页没有读懂,请重新打开链接。", "Nothing was noted: open the link again.");
/// A way of asking that this address does not have.
pub const NOT_HERE: Both = both("没有登记。", "Nothing was noted.");
/// Too many wrong links.
pub const TOO_MANY: Both =
    both("打不开的链接太多,请过一分钟再试。", "Too many links that do not open; try again in a minute.");
/// The station does not answer.
pub const DEAF: Both = both(
    "没有登记:照料站现在没有回答。请马上打电话。",
    "Nothing was noted: the station does not answer. Telephone at once.",
);
/// In front of why something was not done.
pub const NOT_DONE: Both = both("没有登记", "Not noted");
/// Reload.
pub const RELOAD: Both = both("看看现在怎样", "See how it stands now");

/// Why it was not done, to the person who tapped.
#[must_use]
pub const fn refused(why: Refusal) -> Both {
    match why {
        Refusal::HeldByAnother => both("已经有人去了。", "Somebody else is going already."),
        Refusal::AlreadyClosed => both("已经办结了。", "It is over already."),
        Refusal::InformOnly => both(
            "您是被告知的人,不用去;您的回复值班室看得到。",
            "You are only told, and need not go; the desk sees your answer.",
        ),
        Refusal::NeedsAcceptance => both("要先有人去,才能办结。", "Somebody has to go before it can be closed."),
        Refusal::NotWanted => both("还没有人说需要 120。", "Nobody has said that 120 is needed."),
        Refusal::UnknownResponder => {
            both("名册里没有您,请打电话给照料站。", "You are not on the list; call the station.")
        }
        _ => both("现在这一步做不了,请看上面的情况。", "This is not possible now; see above how it stands."),
    }
}

/// From when on.
#[must_use]
pub fn since(clock: &str, age: &str, at_least: bool, lang: Lang) -> String {
    let from = if at_least { AT_LEAST.say(lang) } else { "" };
    match lang {
        Lang::Zh => format!("{from}{clock}起,已 {age}"),
        Lang::En => format!("{from}{clock}, for {age}"),
    }
}

/// Until when somebody who goes is believed.
#[must_use]
pub fn report_by(clock: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("请在 {clock} 前报到;没有消息就再叫下一位。"),
        Lang::En => format!("Report by {clock}; without a word the next one is called too."),
    }
}

/// What to say on the telephone, from the place on.
#[must_use]
pub fn script(place: &str, landmark: Option<&str>, what: &str, lang: Lang) -> String {
    match (lang, landmark) {
        (Lang::Zh, Some(landmark)) => format!("“{place}({landmark}),有老人{what}。”"),
        (Lang::Zh, None) => format!("“{place},有老人{what}。”"),
        (Lang::En, Some(landmark)) => format!("\"{place} ({landmark}): an elderly person, {what}.\""),
        (Lang::En, None) => format!("\"{place}: an elderly person, {what}.\""),
    }
}

/// The number on which they are to call back.
#[must_use]
pub fn call_back_on(number: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("“回拨电话 {number}。”"),
        Lang::En => format!("\"Call back on {number}.\""),
    }
}
