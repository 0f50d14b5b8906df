//! What people are told of a time in which the station was not running (CARE-RULES 23).

use jiff::tz::TimeZone;

use super::{Both, Lang, time};
use crate::core::stop::{End, Stop};
use crate::core::time::Moment;

/// The button of whoever has seen to it: those who may have called were asked.
pub const NOTE: Both = Both::new("已逐户问过", "Every home was asked");

/// A stop in one line: from when until when, as far as that is known, and what it means.
#[must_use]
pub fn line(stop: &Stop, now: Moment, zone: &TimeZone, lang: Lang) -> String {
    let clock = |at: Moment| time::clock(at, now, zone, lang);
    let from = clock(stop.from);
    match (stop.end(now), lang) {
        (End::Known(end), Lang::Zh) => format!("停机 {from}–{},期间呼叫可能未收到", clock(end)),
        (End::Known(end), Lang::En) => {
            format!("Down {from}–{}: calls in that time may not have been heard", clock(end))
        }
        (End::AtLeast(end), Lang::Zh) => format!("停机 {from}–至少 {},期间呼叫可能未收到", clock(end)),
        (End::AtLeast(end), Lang::En) => {
            format!("Down {from}–at least {}: calls in that time may not have been heard", clock(end))
        }
        (End::Unknown, Lang::Zh) => format!("停机从 {from} 起,到何时不明,期间呼叫可能未收到"),
        (End::Unknown, Lang::En) => {
            format!("Down from {from} on, until when is not known: calls in that time may not have been heard")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::{Boot, Gap, Mono, Trust, Wall};

    /// 2026-11-22 03:12 in China, and so many minutes later.
    fn at(boot: u32, minutes: i64, trust: Trust) -> Moment {
        let ms = minutes * 60_000;
        let mono = Mono(1_000_000_000 + ms.unsigned_abs());
        Moment { boot: Boot(boot), mono, wall: Wall(1_795_288_320_000 + ms), trust }
    }

    #[test]
    fn rule_23_a_stop_is_told_with_what_is_known_of_its_length() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let from = at(1, 0, Trust::Synced);
        let stop = |until, gap| Stop { from, until, gap, noted: None };
        let holdover = at(2, 8, Trust::Holdover);
        let unset = Moment { wall: Wall(0), ..at(2, 8, Trust::Unset) };
        for (stop, zh, en) in [
            (
                stop(at(1, 8, Trust::Synced), Gap::SameBoot),
                "停机 03:12–03:20,期间呼叫可能未收到",
                "Down 03:12–03:20: calls in that time may not have been heard",
            ),
            (
                stop(holdover, Gap::Unknown),
                "停机 03:12–至少 03:20(时钟未校准),期间呼叫可能未收到",
                "Down 03:12–at least 03:20 (clock not confirmed): calls in that time may not have been heard",
            ),
            (
                stop(unset, Gap::Unknown),
                "停机从 03:12 起,到何时不明,期间呼叫可能未收到",
                "Down from 03:12 on, until when is not known: calls in that time may not have been heard",
            ),
        ] {
            let says = |lang| line(&stop, at(3, 9, Trust::Synced), &zone, lang);
            assert_eq!((says(Lang::Zh).as_str(), says(Lang::En).as_str()), (zh, en));
        }
        let set = line(&stop(holdover, Gap::Unknown), at(2, 20, Trust::Synced), &zone, Lang::Zh);
        assert_eq!(set, "停机 03:12–03:20,期间呼叫可能未收到", "a clock that was set since tells when it started");
    }
}
