//! Limits of the rota: how much a village may write into it, and how much of it is held as instants.

use super::Limit;

limits! {
    /// Shifts of a village. judgement: three a day, and others for weekends, festivals and the harvest.
    SHIFTS_MAX: usize = 16,
        "the file is refused", "check: too_many";

    /// People of one list of a shift. judgement: twice as many as a village has volunteers for a night.
    ON_SHIFT_MAX: usize = 24,
        "the file is refused", "check: too_many";

    /// Swaps in a village file, the past ones too. judgement: three a week for six years.
    SWAPS_MAX: usize = 1_000,
        "the file is refused, and `rota swap` writes no more before past ones are taken out", "check: too_many";

    /// Leaves in a village file, the past ones too. judgement: as for the swaps.
    LEAVES_MAX: usize = 1_000,
        "the file is refused", "check: too_many";

    /// Absences of residents in a village file, the past ones too. judgement: as for the swaps.
    ABSENCES_MAX: usize = 1_000,
        "the file is refused, and `village away` writes no more before past ones are taken out", "check: too_many";

    /// Days of an absence that is written by a program. judgement: a winter with the children; beyond that the year was mistyped, and
    /// somebody's silence would be expected for as long.
    ABSENCE_DAYS_MAX: i64 = 183,
        "`village away` refuses it; by hand it may be longer", "none needed";

    /// Days that a village adds to a list of its calendar. judgement: thirty a year for ten years.
    CALENDAR_DAYS_MAX: usize = 300,
        "the file is refused", "check: too_many";

    /// Days for which a rota is made into instants at once. judgement: a month ahead is printed, and a week is forecast.
    ROTA_DAYS_MAX: u16 = 62,
        "the plan ends there, and says so: it claims nothing about later", "none needed";

    /// Duties of one plan. judgement: two months, three shifts a day, twenty people each.
    DUTIES_MAX: usize = 4_096,
        "the plan ends where the first one is missing, and says so", "none needed";

    /// Gaps of one home in a forecast. judgement: eight a day for a month.
    HOME_GAPS_MAX: usize = 256,
        "the last one runs on to the end: rather too much is said than too little", "none needed";
}
