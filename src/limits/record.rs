//! Limits of what is written for whoever inspects the log, and of what a stop of the station leaves behind.

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
}
