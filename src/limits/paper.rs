//! Limits of what is printed: how much stands on one sheet.

use super::Limit;

limits! {
    /// Weeks that are printed at once, a sheet each. judgement: a village plans a month ahead, and a festival further.
    WEEKS_PRINTED_MAX: u8 = 9,
        "the command is refused", "the answer";

    /// Gaps that are written out below one week. judgement: more push the week off its sheet, and a week with so many wants a new plan.
    GAPS_PRINTED_MAX: usize = 5,
        "the sheet says how many more there are", "the sheet";

    /// Homes that are written out for one gap. judgement: one line of the sheet.
    GAP_HOMES_PRINTED_MAX: usize = 4,
        "the sheet says how many there are in all", "the sheet";
}
