//! Words about the second path: what the county knows by text message alone.

use std::fmt::Write as _;
use std::time::Duration;

use super::power::{NO_MAINS, battery};
use super::time::{ago, span};
use super::{Both, Lang, Say as _};
use crate::core::watch::Watch;

/// Beside an alarm of which only the text came.
pub const BY_TEXT: Both = Both::new("短信告知", "told by text message");
/// What follows from a station's text: both, that it is silent and that it watches.
pub const GUARDED_MEANS: Both = Both::new(
    "失联:它的报警只有短信能到县里,它的老人按未守护对待",
    "silent: only text messages bring its alarms to the county, and its residents count as not watched",
);
/// Why a resident of a station without link is not watched, as far as the county can tell.
pub const WHY_GUARDED: Both = Both::new(
    "照料站断网,本地在守,县里只收得到短信",
    "the station has no link and watches locally; the county gets text messages only",
);
/// In front of the refused texts, by kind.
pub const REFUSED_TEXTS: Both = Both::new("拒收短信", "text messages refused");

const GUARDS: Both = Both::new("断网,本地在守", "no link, watching locally");

/// 断网,本地在守(自 …), with how long it has been so, where that is known.
#[must_use]
pub fn guards(since: Option<Duration>, lang: Lang) -> String {
    let guards = GUARDS.say(lang);
    match (since, lang) {
        (None, _) => guards.to_owned(),
        (Some(age), Lang::Zh) => format!("{guards}(自 {})", ago(age, lang)),
        (Some(age), Lang::En) => format!("{guards} (for {})", span(age, lang)),
    }
}

/// How long ago a telephone of the county's confirmed a text.
#[must_use]
pub fn proven(age: Option<Duration>, lang: Lang) -> String {
    match (age, lang) {
        (Some(age), Lang::Zh) => format!("短信通路:{}县里的号码收到过", ago(age, lang)),
        (Some(age), Lang::En) => format!("Second path: a text reached the county {}", ago(age, lang)),
        (None, Lang::Zh) => "短信通路:还没有送达回执".to_owned(),
        (None, Lang::En) => "Second path: no text was confirmed yet".to_owned(),
    }
}

/// How a station stands, by its own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Open alarms about people.
    pub people: u16,
    /// Open alarms about things.
    pub things: u16,
    /// Residents who are watched, weakly watched, not watched.
    pub residents: [u16; 3],
    /// Whether its log takes records.
    pub durable: Option<bool>,
    /// Whether it is on mains.
    pub mains: Option<bool>,
    /// How long its battery lasts, in minutes.
    pub battery_min: Option<u16>,
}

/// What a station's text says, and how old it is.
#[must_use]
pub fn standing(of: &Standing, age: Duration, lang: Lang) -> String {
    let residents = [Watch::Watched, Watch::Weak, Watch::Blind].into_iter().zip(of.residents);
    let residents: Vec<String> = residents.map(|(watch, count)| format!("{} {count}", watch.say(lang))).collect();
    let residents = residents.join(" · ");
    let text = match (age.as_secs() / 60, lang) {
        (0, Lang::Zh) => "刚来的短信".to_owned(),
        (0, Lang::En) => "text just now".to_owned(),
        (_, Lang::Zh) => format!("{}的短信", ago(age, lang)),
        (_, Lang::En) => format!("text of {}", ago(age, lang)),
    };
    let mut said = match lang {
        Lang::Zh => format!("{text}: 报警 {} · 故障 {} · {residents}", of.people, of.things),
        Lang::En => format!("{text}: alarms {} · faults {} · {residents}", of.people, of.things),
    };
    if of.durable == Some(false) {
        said.push_str(Both::new(" · 存盘失败", " · its disk fails").say(lang));
    }
    if of.mains == Some(false) {
        _ = write!(said, " · {}", NO_MAINS.say(lang));
        if let Some(minutes) = of.battery_min {
            _ = write!(said, " · {}", battery(minutes, lang));
        }
    }
    said
}

/// Why texts are refused, by the word of the kind; a word of a later version stays as it is.
#[must_use]
pub fn refused(why: &str, lang: Lang) -> &str {
    let both = match why {
        "line" => Both::new("行格式不对", "lines that cannot be read"),
        "not_ours" => Both::new("与守望无关", "not of a station"),
        "damaged" => Both::new("传输损坏", "damaged on the way"),
        "newer" => Both::new("版本不识", "of a newer program"),
        "number" => Both::new("号码未列入", "from an unlisted number"),
        "other_station" => Both::new("号码属于别的站", "from another station's number"),
        "no_answer" => Both::new("答复对不上", "answers to nothing"),
        other => return other,
    };
    both.say(lang)
}
