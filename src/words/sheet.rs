//! Words of the volunteer's sheet: how an alarm reaches them, what to reply, and what a closed door means.

use super::{Both, Lang};
use crate::core::answer::Wish;

const fn both(zh: &'static str, en: &'static str) -> Both {
    Both::new(zh, en)
}

/// The sheet's own name.
pub const TITLE: Both = both("有报警时怎么做", "When an alarm calls you");
/// Heading of their duties.
pub const DUTIES: Both = both("您的班(四周)", "Your duties, four weeks");
/// They have none.
pub const NO_DUTIES: Both = both(
    "这四周没有排您的班;有报警时仍可能叫到您。",
    "No duty in these four weeks; an alarm may reach you all the same.",
);
/// Heading of the homes for which they are called first.
pub const HOMES: Both = both("先叫您的几家", "You are called first for");
/// There are none.
pub const NO_HOMES: Both =
    both("没有哪家先叫您:前面的人去不了时才叫您。", "No home: you are called when those before you cannot go.");
/// They are informed and not sent.
pub const INFORMED: Both = both(
    "您是被告知的人:收到消息不用出动,回复会转给值班室。",
    "You are told and not sent: you need not go, and your replies reach the desk.",
);
/// Above the residents.
pub const WHO: Both = both("谁", "Who");
/// Above the minutes.
pub const ON_THE_WAY: Both = both("路上", "On the way");
/// Behind a home for which they are called first only when they are on duty.
pub const WHEN_ON_DUTY: Both = both("当班时", "on duty");
/// Heading of how they are told.
pub const HOW_IT_COMES: Both = both("报警怎么来", "How it comes");
/// When the telephone rings. Source: CARE-RULES 1.
pub const RINGS: Both = both(
    "一条短信,紧急的还打电话;晚上 21 点到早上 7 点,凡是人的报警都打电话。",
    "A text; if urgent a call too, and from 21:00 to 07:00 a call whenever it is about a person.",
);
/// In front of the number that calls.
pub const CALLS_FROM: Both = both("来电和短信的号码(请存好)", "Calls and texts come from (please save)");
/// What picking up is. Source: CARE-RULES 1.
pub const PICKED_UP: Both = both(
    "接起来只算知道了,不算接单;按 1 我去,按 2 去不了。",
    "Picking up is not accepting: press 1 to go, 2 if you cannot.",
);
/// In front of a made-up message.
pub const EXAMPLE: Both = both("短信的样子(举例)", "What a text looks like (an example)");
/// Heading of what can be replied.
pub const REPLIES: Both =
    both("怎么回(数字看短信里的,这里以 17 为例)", "What to reply (with the digits of your text; 17 is an example)");
/// Heading of what to do before a door that stays closed.
pub const DOOR: Both = both("门不开怎么办", "A door that stays closed");
/// What to do there, in order. Source: CARE-RULES 15.
pub const DOOR_STEPS: &[Both] = &[
    both("敲门、喊人,看看窗户和院子,听听里面有没有声音。", "Knock, call out, look through the windows, listen."),
    both(
        "没人应或进不去:回“17 进不了门”。保管钥匙的人和下一位马上被叫来,报警不会结束,请在门口等。",
        "No answer, or no way in: reply 17 locked. Whoever has a key and the next one are called; the alarm goes on. Wait there.",
    ),
    both(
        "听到呼救、闻到燃气、看到烟:不要等,打 119、120,要开门打 110。有燃气味时不按门铃、不碰开关。",
        "Cries, gas or smoke: do not wait. Dial 119 or 120; 110 to open a door. With gas touch no bell and no switch.",
    ),
    both(
        "没找到人、敲门没人应,都不算办结:等接替的人来,或值班室告诉您可以走。",
        "Nobody found, nobody answering: that is no ending. Stay until you are relieved, or the desk lets you go.",
    ),
];
/// Heading of what to say to an ambulance.
pub const AMBULANCE: Both = both("打 120 时说清", "Say to 120");
/// What to say. Source: CARE-RULES 9.
pub const AMBULANCE_SAY: Both = both(
    "短信里的地点和标志,老人多大年纪、现在怎样,回拨电话。不要先挂。系统不会替您打 120。",
    "Place and landmark as in your text, the age, how they are, a number to call back. Do not hang up first. Nothing dials 120 for you.",
);
/// Heading of what is no alarm.
pub const TESTS: Both = both("测试和演练", "Tests and drills");
/// The station's own number.
pub const STATION_NUMBER: Both = both("照料站电话", "The care station");

/// Minutes on the way.
#[must_use]
pub fn minutes(count: u16, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{count} 分钟"),
        Lang::En => format!("{count} min"),
    }
}

/// What is said of tests and drills, by the words with which their messages begin.
#[must_use]
pub fn tests(test: &str, drill: &str, lang: Lang) -> String {
    let (test, drill) = (test.trim(), drill.trim());
    match lang {
        Lang::Zh => format!("开头写“{test}”的是安装测试,写“{drill}”的是演练:不用赶去,照样回数字。"),
        Lang::En => {
            format!(
                "A text that begins with \"{test}\" is a test, one with \"{drill}\" a drill: do not hurry, but reply its digits."
            )
        }
    }
}

/// What is replied to say something, and what it does; none for questions about an absence, which say themselves what to reply and
/// come to few.
#[must_use]
pub const fn reply(wish: Wish) -> Option<(Both, Both)> {
    let reply = match wish {
        Wish::Come => (
            both("17", "17"),
            both("我去。到时间没有报到,会再叫下一位", "I am going. Without a word in time the next one is called too"),
        ),
        Wish::Busy => {
            (both("17 忙", "17 busy"), both("去不了。马上叫下一位", "I cannot. The next one is called at once"))
        }
        Wish::Arrived => (both("17 到了", "17 here"), both("我到了", "I am there")),
        Wish::Helped => (both("17 没事了", "17 done"), both("人没事了,这件事办结", "It is over, and closed")),
        Wish::Mistaken => (both("17 误触", "17 mistake"), both("是误触,办结", "Pressed by mistake, and closed")),
        Wish::Wants120 => (
            both("17 需要120", "17 need 120"),
            both("要救护车:请您自己拨 120", "An ambulance is needed: dial 120 yourself"),
        ),
        Wish::Dialled120 => (both("17 已拨120", "17 called 120"), both("120 已拨通", "120 was called")),
        Wish::WrongHome => (
            both("17 不是这家", "17 wrong home"),
            both("不是这家。报警不结束,继续找人", "Not this home. The alarm goes on, and others are called"),
        ),
        Wish::CouldNotEnter => (
            both("17 进不了门", "17 locked"),
            both("进不了门。叫有钥匙的人和下一位", "I cannot get in. A key and the next one are called"),
        ),
        Wish::Present => (
            both("17 在", "17 present"),
            both("晚上 19 点点名:今晚我在", "To the roll-call of 19:00: I am there tonight"),
        ),
        Wish::One | Wish::Two | Wish::Returned | Wish::Extend | Wish::SomebodyElse => return None,
    };
    Some(reply)
}
