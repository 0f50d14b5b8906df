//! Words of the rota: days and shifts as a village says them, and who has nobody near.

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::{Both, Lang};

/// Heading of the printed rota.
pub const TITLE: Both = Both::new("值班表", "Who is on duty");
/// Heading of the forecast.
pub const FORECAST: Both = Both::new("无人可到预报", "Who has nobody near");
/// In the place of people.
pub const NOBODY: Both = Both::new("无人", "nobody");
/// The village file has no shift.
pub const NO_ROTA: Both = Both::new(
    "名册里没有写班次(shifts),所以谁也不算在值班。写法见 village.example.toml。",
    "No shift is written in the village file, so nobody counts as on duty. village.example.toml shows how to write one.",
);
/// Nobody is to be reached.
pub const NO_RESIDENT: Both =
    Both::new("名册里没有服务中的老人。", "Nobody in the village file is served, so nobody need be reached.");
/// The forecast found nothing.
pub const ALL_NEAR: Both = Both::new(
    "这段时间里,每位服务中的老人始终有值班的人 15 分钟内可到。",
    "At every moment of this time somebody on duty is within 15 minutes of everybody who is served.",
);
/// In front of a year of which the public holidays are not known.
pub const HOLIDAYS_UNKNOWN: Both = Both::new(
    "注意:不知道这一年的放假安排,请写进 [calendar]",
    "Note: the public holidays of this year are not known; write them into [calendar]",
);

/// Evening begins: what starts from here on is said to be tonight. judgement: dusk in a village.
const EVENING: i8 = 18;
/// Until this hour a night is not over. judgement.
const NIGHT_ENDS: i8 = 12;

/// A weekday.
#[must_use]
pub const fn weekday(day: Weekday, lang: Lang) -> &'static str {
    let both = match day {
        Weekday::Monday => Both::new("周一", "Mon"),
        Weekday::Tuesday => Both::new("周二", "Tue"),
        Weekday::Wednesday => Both::new("周三", "Wed"),
        Weekday::Thursday => Both::new("周四", "Thu"),
        Weekday::Friday => Both::new("周五", "Fri"),
        Weekday::Saturday => Both::new("周六", "Sat"),
        Weekday::Sunday => Both::new("周日", "Sun"),
    };
    both.say(lang)
}

/// What a day is beside its weekday, by the word of its kind; none when nothing need be said.
#[must_use]
pub fn day_kind(word: &str, lang: Lang) -> Option<&'static str> {
    let both = match word {
        "holiday" => Both::new("放假", "holiday"),
        "workday" => Both::new("调休上班", "worked weekend"),
        _ => return None,
    };
    Some(both.say(lang))
}

/// A day with its weekday.
#[must_use]
pub fn day(date: Date, lang: Lang) -> String {
    let weekday = weekday(date.weekday(), lang);
    match lang {
        Lang::Zh => format!("{}月{}日 {weekday}", date.month(), date.day()),
        Lang::En => format!("{weekday} {date}"),
    }
}

/// A span of a day by the clock on the wall, which may end on a later one.
#[must_use]
pub fn hours(from: DateTime, until: DateTime, lang: Lang) -> String {
    let (begin, end) = (clock(from.time()), clock(until.time()));
    let tomorrow = from.date().tomorrow().unwrap_or(from.date());
    if until.date() == from.date() {
        format!("{begin}–{end}")
    } else if until == tomorrow.to_datetime(Time::midnight()) {
        format!("{begin}–24:00")
    } else if until.date() == tomorrow {
        match lang {
            Lang::Zh => format!("{begin}–次日 {end}"),
            Lang::En => format!("{begin}–{end} the next day"),
        }
    } else {
        format!("{begin}–{} {end}", day(until.date(), lang))
    }
}

/// A gap as one says it today: 今夜 22:00–06:00.
#[must_use]
pub fn when(from: DateTime, until: DateTime, today: Date, lang: Lang) -> String {
    let hours = hours(from, until, lang);
    if from.date() != today {
        return format!("{} {hours}", day(from.date(), lang));
    }
    if from.hour() < EVENING {
        return format!("{} {hours}", Both::new("今天", "today").say(lang));
    }
    let morning = today.tomorrow().unwrap_or(today);
    let tonight = Both::new("今夜", "tonight").say(lang);
    if until.date() == morning && until.time() != Time::midnight() && until.hour() < NIGHT_ENDS {
        return format!("{tonight} {}–{}", clock(from.time()), clock(until.time()));
    }
    format!("{tonight} {hours}")
}

/// Some people have nobody near.
#[must_use]
pub fn far(when: &str, people: &[String], lang: Lang) -> String {
    let (count, list) = (people.len(), people.join(", "));
    match lang {
        Lang::Zh => format!("{when} 有 {count} 人 15 分钟内无人可到:{list}"),
        Lang::En if count == 1 => format!("{when}: 1 person has nobody within 15 minutes: {list}"),
        Lang::En => format!("{when}: {count} people have nobody within 15 minutes: {list}"),
    }
}

/// Nobody is on duty.
#[must_use]
pub fn nobody(when: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{when} 全村没有人值班"),
        Lang::En => format!("{when}: nobody in the village is on duty"),
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_gap_is_said_as_one_says_it_today() {
        let today = date(2026, 12, 3);
        let at = |day: i8, hour: i8| date(2026, 12, day).at(hour, 0, 0, 0);
        for (from, until, zh, en) in [
            (at(3, 22), at(4, 6), "今夜 22:00–06:00", "tonight 22:00–06:00"),
            (at(3, 22), at(4, 0), "今夜 22:00–24:00", "tonight 22:00–24:00"),
            (at(3, 22), at(4, 13), "今夜 22:00–次日 13:00", "tonight 22:00–13:00 the next day"),
            (at(3, 9), at(3, 11), "今天 09:00–11:00", "today 09:00–11:00"),
            (at(4, 22), at(5, 6), "12月4日 周五 22:00–次日 06:00", "Fri 2026-12-04 22:00–06:00 the next day"),
            (at(4, 22), at(7, 6), "12月4日 周五 22:00–12月7日 周一 06:00", "Fri 2026-12-04 22:00–Mon 2026-12-07 06:00"),
        ] {
            assert_eq!(
                (when(from, until, today, Lang::Zh), when(from, until, today, Lang::En)),
                (zh.into(), en.into())
            );
        }
    }

    #[test]
    fn nobody_near_is_one_line() {
        let people = ["r1".to_owned(), "r4".to_owned()];
        assert_eq!(far("今夜 22:00–06:00", &people, Lang::Zh), "今夜 22:00–06:00 有 2 人 15 分钟内无人可到:r1, r4");
        assert_eq!(far("tonight", &people[..1], Lang::En), "tonight: 1 person has nobody within 15 minutes: r1");
        assert_eq!(nobody("today", Lang::En), "today: nobody in the village is on duty");
    }
}
