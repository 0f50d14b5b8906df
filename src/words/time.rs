//! Times and spans as people read them, in the station's zone, with what they are worth.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Both, Lang};
use crate::core::time::{Moment, Trust};

/// Said beside a time when the clock could not be confirmed.
const UNCONFIRMED: Both = Both::new("时钟未校准", "clock not confirmed");
/// Said in the place of a time that is known to be wrong.
const UNKNOWN: Both = Both::new("时间不明(时钟未校准)", "time unknown (clock not set)");

/// A moment to the minute. A clock that is not confirmed is said beside it, one that is known to be wrong instead of it.
#[must_use]
pub fn when(moment: Moment, zone: &TimeZone, lang: Lang) -> String {
    let at = Timestamp::from_millisecond(moment.wall.0).ok().filter(|_| moment.trust != Trust::Unset);
    let Some(at) = at else { return UNKNOWN.say(lang).to_owned() };
    let local = at.to_zoned(zone.clone());
    let (year, month, day) = (local.year(), local.month(), local.day());
    let clock = format!("{:02}:{:02}", local.hour(), local.minute());
    let said = match lang {
        Lang::Zh => format!("{year}年{month}月{day}日 {clock}"),
        Lang::En => format!("{year}-{month:02}-{day:02} {clock}"),
    };
    match (moment.trust, lang) {
        (Trust::Synced, _) => said,
        (_, Lang::Zh) => format!("{said}({})", UNCONFIRMED.zh),
        (_, Lang::En) => format!("{said} ({})", UNCONFIRMED.en),
    }
}

/// The clock on the wall, with the day in front where it is not the day of `now`. What was taken before the clock was set is said
/// as it is known `now`; a clock that is not trusted is said to be so.
#[must_use]
pub fn clock(moment: Moment, now: Moment, zone: &TimeZone, lang: Lang) -> String {
    let moment = moment.as_known(now);
    let local = |moment: Moment| Timestamp::from_millisecond(moment.wall.0).ok().map(|at| at.to_zoned(zone.clone()));
    match (local(moment), local(now)) {
        (Some(at), Some(today)) if at.date() == today.date() && moment.trust != Trust::Unset => {
            let clock = format!("{:02}:{:02}", at.hour(), at.minute());
            match (moment.trust, lang) {
                (Trust::Synced, _) => clock,
                (_, Lang::Zh) => format!("{clock}({})", UNCONFIRMED.zh),
                (_, Lang::En) => format!("{clock} ({})", UNCONFIRMED.en),
            }
        }
        _ => when(moment, zone, lang),
    }
}

/// A span in its two largest units: 45 秒, 4 分钟, 2 小时 30 分钟, 3 天.
#[must_use]
pub fn span(span: Duration, lang: Lang) -> String {
    const UNITS: [(u64, Both); 4] = [
        (86_400, Both::new("天", "d")),
        (3_600, Both::new("小时", "h")),
        (60, Both::new("分钟", "min")),
        (1, Both::new("秒", "s")),
    ];
    let mut left = span.as_secs();
    let mut said: Vec<String> = Vec::new();
    for (length, unit) in UNITS {
        let count = left / length;
        left %= length;
        if count > 0 && said.len() < 2 {
            said.push(format!("{count} {}", unit.say(lang)));
        } else if !said.is_empty() {
            // The second unit follows the first directly or is left out: never "1 day 5 s".
            break;
        }
    }
    if said.is_empty() { format!("0 {}", UNITS[3].1.say(lang)) } else { said.join(" ") }
}

/// How long ago something was.
#[must_use]
pub fn ago(age: Duration, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{}前", span(age, lang)),
        Lang::En => format!("{} ago", span(age, lang)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Mono, Wall};

    fn moment(trust: Trust) -> Moment {
        // 2026-03-02 23:05:09 UTC
        Moment { boot: Boot(1), mono: Mono(0), wall: Wall(1_772_492_709_000), trust }
    }

    #[test]
    fn a_time_is_read_in_the_stations_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(when(moment(Trust::Synced), &zone, Lang::Zh), "2026年3月3日 07:05");
        assert_eq!(when(moment(Trust::Synced), &zone, Lang::En), "2026-03-03 07:05");
    }

    #[test]
    fn a_clock_that_is_not_trusted_is_said_to_be_so() {
        let zone = TimeZone::UTC;
        assert_eq!(when(moment(Trust::Holdover), &zone, Lang::Zh), "2026年3月2日 23:05(时钟未校准)");
        assert_eq!(when(moment(Trust::Holdover), &zone, Lang::En), "2026-03-02 23:05 (clock not confirmed)");
        assert_eq!(when(moment(Trust::Unset), &zone, Lang::Zh), "时间不明(时钟未校准)");
        let far = Moment { wall: Wall(i64::MAX), ..moment(Trust::Synced) };
        assert_eq!(when(far, &zone, Lang::En), "time unknown (clock not set)");
    }

    #[test]
    fn a_span_has_at_most_two_units() {
        for (seconds, zh, en) in [
            (0, "0 秒", "0 s"),
            (45, "45 秒", "45 s"),
            (240, "4 分钟", "4 min"),
            (9_000, "2 小时 30 分钟", "2 h 30 min"),
            (90_061, "1 天 1 小时", "1 d 1 h"),
            (86_405, "1 天", "1 d"),
        ] {
            let length = Duration::from_secs(seconds);
            assert_eq!((span(length, Lang::Zh).as_str(), span(length, Lang::En).as_str()), (zh, en));
            assert_eq!(ago(length, Lang::Zh), format!("{zh}前"));
            assert_eq!(ago(length, Lang::En), format!("{en} ago"));
        }
    }
}
