//! Chinese public holidays, as data: the days off of each year and the weekends that are worked in exchange (调休).
//!
//! They are announced each November for the next year and cannot be computed, so the table ends with the last
//! announcement that this program knows. Of other years it knows only the days whose date stands in the law (New Year,
//! Labour Day, National Day); the festivals of the lunar calendar and every exchanged weekend are missing there. A rota that
//! asks for such a year is told so by `shouwang check`, and the village writes the days into `[calendar]` itself.

use jiff::civil::Date;

use super::DayKind;

/// Month and day.
type Day = (i8, i8);

/// What was announced for one year.
struct Year {
    number: i16,
    /// Days off, first and last.
    off: &'static [(Day, Day)],
    /// Weekends that are worked.
    worked: &'static [Day],
}

/// Source: the State Council's notice on the holidays of 2026, 4 November 2025.
const ANNOUNCED: &[Year] = &[Year {
    number: 2026,
    off: &[
        // 元旦
        ((1, 1), (1, 3)),
        // 春节
        ((2, 15), (2, 23)),
        // 清明节
        ((4, 4), (4, 6)),
        // 劳动节
        ((5, 1), (5, 5)),
        // 端午节
        ((6, 19), (6, 21)),
        // 中秋节
        ((9, 25), (9, 27)),
        // 国庆节
        ((10, 1), (10, 7)),
    ],
    worked: &[(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
}];

/// Source: 全国年节及纪念日放假办法, in force since 1 January 2025: 元旦, 劳动节 (two days), 国庆节 (three days).
const BY_LAW: &[Day] = &[(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)];

/// What the country says of a day.
#[must_use]
pub fn kind(date: Date) -> DayKind {
    let day = (date.month(), date.day());
    match ANNOUNCED.iter().find(|year| year.number == date.year()) {
        Some(year) if year.off.iter().any(|(first, last)| (*first..=*last).contains(&day)) => DayKind::Holiday,
        Some(year) if year.worked.contains(&day) => DayKind::Workday,
        None if BY_LAW.contains(&day) => DayKind::Holiday,
        _ => DayKind::Ordinary,
    }
}

/// Whether the holidays of a year are in the table.
#[must_use]
pub fn is_announced(year: i16) -> bool {
    ANNOUNCED.iter().any(|known| known.number == year)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};

    use super::*;

    fn days(year: i16, wanted: DayKind) -> Vec<Date> {
        let days = date(year, 1, 1).series(jiff::Span::new().days(1));
        days.take_while(|day| day.year() == year).filter(|day| kind(*day) == wanted).collect()
    }

    #[test]
    fn the_year_2026_has_33_days_off_and_six_weekend_days_that_are_worked() {
        let (off, worked) = (days(2026, DayKind::Holiday), days(2026, DayKind::Workday));
        assert_eq!((off.len(), worked.len()), (33, 6));
        for day in &worked {
            assert!(matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday), "{day} is no weekend");
        }
        assert!(off.contains(&date(2026, 2, 17)) && off.contains(&date(2026, 9, 25)));
    }

    #[test]
    fn of_a_year_that_nobody_announced_the_days_of_the_law_are_known() {
        assert!(!is_announced(2031));
        assert_eq!(days(2031, DayKind::Holiday).len(), 6);
        assert_eq!(days(2031, DayKind::Workday), []);
    }
}
