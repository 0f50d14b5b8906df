//! What the duty desk and the wall screen say.

use super::{Both, Lang};
use crate::core::alarm::told::Reached;

const fn both(zh: &'static str, en: &'static str) -> Both {
    Both::new(zh, en)
}

/// The desk's own name.
pub const TITLE: Both = both("守望 · 值班台", "shouwang · duty desk");
/// The wall's own name.
pub const WALL: Both = both("守望 · 大屏", "shouwang · wall");
/// The login page.
pub const LOGIN: Both = both("登录值班台", "Log in to the duty desk");
/// The field for the name.
pub const USER: Both = both("用户名", "Name");
/// The field for the password.
pub const PASSWORD: Both = both("密码", "Password");
/// The button.
pub const LOGIN_DO: Both = both("登录", "Log in");
/// The button.
pub const LOGOUT: Both = both("退出登录", "Log out");
/// A wrong name or password, and no word of which.
pub const LOGIN_WRONG: Both = both("用户名或密码不对。", "The name or the password is wrong.");
/// Too many wrong passwords.
pub const LOGIN_FLOOD: Both = both("输错太多次,请过一分钟再试。", "Too many wrong passwords; try again in a minute.");
/// Nobody may log in.
pub const NO_USERS: Both = both(
    "还没有人可以登录:在 shouwang.toml 里写 [web.users.名字]。",
    "Nobody may log in yet: write [web.users.NAME] into shouwang.toml.",
);
/// Whoever may only look.
pub const VIEW_ONLY: Both = both("您的账号只能查看,没有登记。", "You may look only; nothing was noted.");
/// No alarm of that id.
pub const NO_SUCH_ALARM: Both = both("没有这个报警,或早已办结。", "There is no such alarm, or it was closed long ago.");
/// Nobody was chosen.
pub const NO_SUCH_PERSON: Both = both("没有登记:请选一个人。", "Nothing was noted: choose a person.");
/// Behind the name of whoever is logged in and may only look.
pub const VIEWS: Both = both("只能查看", "looks only");
/// Back to the desk.
pub const BACK: Both = both("回值班台", "Back to the desk");
/// To the wall.
pub const TO_WALL: Both = both("大屏", "Wall");

/// Heading of alarms about people.
pub const ALARMS: Both = both("报警", "Alarms");
/// No alarm.
pub const NO_ALARMS: Both = both("没有未办结的报警。", "No alarm is open.");
/// Heading of residents.
pub const WATCH: Both = both("守护状态", "Who is watched");
/// Everybody is watched.
pub const ALL_WATCHED: Both = both("大家都在守护中。", "Everybody is watched.");
/// Nobody is known.
pub const NO_RESIDENTS: Both = both("还没有任何老人的守护状态。", "The watch state of no resident is known yet.");
/// Heading of the rota.
pub const DUTY: Both = both("谁在值班", "Who is on duty");
/// Nobody is on duty.
pub const NOBODY_ON_DUTY: Both = both("现在没有人值班。", "Nobody is on duty.");
/// The rota is not known.
pub const DUTY_UNKNOWN: Both =
    both("不知道现在谁值班:时钟或值班表不可用。", "It is not known who is on duty: no clock, or no rota.");
/// In front of who comes next.
pub const NEXT_DUTY: Both = both("下一班", "Next");
/// Nobody.
pub const NOBODY: Both = both("没有人", "nobody");
/// Heading of the gaps.
pub const GAPS: Both = both("24 小时内 15 分钟到不了的", "Nobody within 15 minutes, next 24 h");
/// No gap.
pub const NO_GAPS: Both = both("没有空档。", "No gap.");
/// Behind the name of whoever did not answer the roll-call.
pub const ROLL_CALL_MISSED: Both = both("点名未应", "did not answer the roll-call");
/// Heading of those who are away from home.
pub const AWAY: Both = both("外出", "Away from home");
/// Heading of faults.
pub const FAULTS: Both = both("故障", "Faults");
/// No fault.
pub const NO_FAULTS: Both = both("没有未办结的故障。", "No fault is open.");
/// A fault that nobody looks after.
pub const NO_OWNER: Both = both("无人处理", "nobody sees to it");
/// In front of who looks after it.
pub const OWNER: Both = both("处理人", "seen to by");
/// In front of the time by which it is to be done.
pub const CLOCK: Both = both("期限", "due");

/// Nobody goes.
pub const NOBODY_GOES: Both = both("无人接单", "nobody has accepted");
/// In front of the name of whoever goes.
pub const GOES: Both = both("去的人", "who goes");
/// In front of the seconds.
pub const UNANSWERED_FOR: Both = both("未响应", "unanswered");
/// In front of the seconds since it was raised.
pub const WAITS_FOR: Both = both("无人接单", "nobody has accepted");
/// In front of the people who were told.
pub const TOLD: Both = both("通知到", "told");
/// Nobody was told yet.
pub const TOLD_NOBODY: Both = both("还没有通知任何人", "nobody was told yet");
/// Beside somebody who cannot come.
pub const BUSY: Both = both("正忙", "cannot come");
/// The siren is silent until.
pub const MUTED_UNTIL: Both = both("警号静音到", "siren muted until");
/// The button.
pub const MUTE: Both = both("警号静音", "Mute the siren");
/// The link to the page of one alarm.
pub const HANDLE: Both = both("处理", "Respond");
/// The button.
pub const ACKNOWLEDGE: Both = both("我来处理", "I see to it");
/// Not on disk.
pub const UNDURABLE: Both = both("本站存盘失败:断电会丢记录", "The station's disk fails: a power cut loses records");
/// The county does not hear.
pub const COUNTY_DEAF: Both =
    both("与县平台的线路断开,本地照常守护", "The county does not hear; the village is watched all the same");

/// What follows: raised.
pub const NEXT_RAISED: Both = both("报警", "it is raised");
/// What follows: the next rung.
pub const NEXT_RUNG: Both = both("呼叫下一位", "the next one is called");
/// What follows: everybody again.
pub const NEXT_EVERYBODY: Both = both("再次呼叫所有人", "everybody is called again");
/// What follows: are you there?
pub const NEXT_ASK: Both = both("问到了没有", "they are asked whether they are there");
/// What follows: the lease is over.
pub const NEXT_LEASE: Both = both("没到就再叫下一位", "the next one is called too");
/// What follows: a press that was not answered.
pub const NEXT_PRESS: Both = both("没回应就再叫下一位", "without a reply the next one is called too");
/// What follows: how is it going?
pub const NEXT_HOW: Both = both("问现场情况", "they are asked how it is going");
/// What follows: the ladder opens again.
pub const NEXT_REOPEN: Both = both("没有消息就重新叫人", "without a word people are called again");

/// They go.
pub const DO_COME: Both = both("接单:去", "Accepts: goes");
/// They cannot go.
pub const DO_BUSY: Both = both("正忙", "Cannot come");
/// They cannot go after all.
pub const DO_WITHDRAW: Both = both("退单", "Withdraws");
/// They are there.
pub const DO_ARRIVED: Both = both("到场", "Is there");
/// An ambulance is needed.
pub const DO_WANT_120: Both = both("需要 120", "Ambulance needed");
/// It was called.
pub const DO_DIALLED_120: Both = both("已拨 120", "120 was called");
/// Takes care of a fault.
pub const DO_ACKNOWLEDGE: Both = both("处理这个故障", "Sees to this fault");
/// A remark.
pub const DO_NOTE: Both = both("只加备注", "Only a remark");
/// Heading of what somebody does.
pub const STEPS: Both = both("怎样了", "What they do");
/// Heading of endings that are none.
pub const NOT_ENDINGS: Both = both("还没完:继续叫人", "Not over: more people are called");
/// Heading of endings.
pub const ENDINGS: Both = both("办结为", "Close as");

/// Heading of what can be done.
pub const ON_BEHALF: Both = both("替谁登记", "On behalf of");
/// The field for what was said.
pub const CONVERSATION: Both =
    both("与本人通话记了什么(几个字,不写姓名)", "What the resident said (a few words, no names)");
/// Why there is such a field.
pub const CONVERSATION_WHY: Both = both(
    "没有人到场时,只有与本人通过话才能办结。",
    "While nobody is there, it is closed only after a conversation with the resident.",
);
/// Heading of what happened.
pub const HISTORY: Both = both("经过", "What happened");

/// Said in red when nothing comes any more.
pub const LOST: Both = both(
    "已收不到更新:以下是断开前的情况,正在重新连接",
    "No updates are coming: this is how things stood before, trying to connect again",
);
/// The station does not answer.
pub const DEAF: Both = both(
    "本站程序没有回答:看不到报警。请检查 systemctl status shouwang。",
    "The station does not answer: alarms cannot be seen. Look at systemctl status shouwang.",
);
/// In front of the time.
pub const AS_OF: Both = both("截至", "as of");
/// Heading of the sentence on top.
pub const NOW: Both = both("现在的情况", "How things stand");
/// A call on the wall whose kind is nobody's business there.
pub const WALL_ALARM: Both = both("报警", "alarm");
/// The wall while nothing waits.
pub const WALL_CALM: Both = both("现在没有报警", "No alarm");

/// From when on, and for how long.
#[must_use]
pub fn since(clock: &str, age: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{clock} 起 · {age}"),
        Lang::En => format!("since {clock} · {age}"),
    }
}

/// How far a notice has come.
#[must_use]
pub const fn reached(reached: Reached) -> Both {
    match reached {
        Reached::Asked => both("待发", "to be told"),
        Reached::Sent => both("已发出", "sent"),
        Reached::Nobody => both("没送到", "not reached"),
        Reached::Delivered => both("已送达", "delivered"),
        Reached::Seen => both("已看到", "seen"),
    }
}

/// How many more.
#[must_use]
pub fn more(count: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("还有 {count} 条没有列出"),
        Lang::En => format!("{count} more are not listed"),
    }
}

/// Residents who share a gap.
#[must_use]
pub fn people(count: usize, lang: Lang) -> String {
    match (lang, count) {
        (Lang::Zh, _) => format!("{count} 人"),
        (Lang::En, 1) => "1 person".to_owned(),
        (Lang::En, _) => format!("{count} people"),
    }
}

/// Until when somebody is on duty.
#[must_use]
pub fn until(clock: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("到 {clock}"),
        Lang::En => format!("until {clock}"),
    }
}
