//! Words of a notice to somebody who is called: why it comes, since when, and how it is answered.

use super::{Both, Lang};
use crate::core::effect::Because;

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
pub fn how_to_reply(because: Because, code: u8, lang: Lang) -> String {
    match (because, lang) {
        (Because::HalfLease, Lang::Zh) => format!("到了请回{code}到,去不了回{code}忙"),
        (Because::HalfLease, Lang::En) => format!("There: reply {code} here. Cannot: {code} 2"),
        (Because::OnSiteLong, Lang::Zh) => format!("没事了请回{code}好,要救护回{code}要120"),
        (Because::OnSiteLong, Lang::En) => format!("Over: reply {code} done. Ambulance: {code} 120"),
        (_, Lang::Zh) => format!("去请回{code},去不了回{code}忙"),
        (_, Lang::En) => format!("Coming: reply {code}. Cannot: {code} 2"),
    }
}
