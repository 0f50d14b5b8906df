//! Limits of what is written for whoever inspects the log, and of what a stop of the station leaves behind.

use std::time::Duration;

use super::Limit;

limits! {
    /// Attempts that are written one by one in a minute: wrong links, forged forms, log-ins. judgement: a few people who mistype; more
    /// would wear the card, and push the village's history out of the log.
    ATTEMPTS_PER_MIN: u32 = 6,
        "further ones are counted, and written together when the minute is over; a crash loses that minute's count", "the log";

    /// Kinds of attempts that are counted apart in a minute, each with who and of which alarm. judgement: more than this is a flood, in
    /// which single ones tell nothing.
    ATTEMPT_KINDS_MAX: usize = 16,
        "further ones are counted without who and of which alarm", "the log";

    /// A stop that was no longer than this is told to nobody. judgement: a button or a watch that is not answered repeats itself within
    /// this time, and a restart for an update takes seconds.
    STOP_SHORT: Duration = Duration::from_mins(1),
        "a longer one, and one of unknown length, is shown", "status; the desk";

    /// For so long the desk is told of a stop that nobody has seen to. judgement: each shift has read it once by then.
    STOP_SHOWN: Duration = Duration::from_hours(24),
        "it stands in the log only", "none needed";

    /// Stops that are known at once. judgement: a box that is cut off more often has another trouble, which the county sees.
    STOPS_MAX: usize = 8,
        "the oldest is forgotten, and stands in the log", "none needed";
}
