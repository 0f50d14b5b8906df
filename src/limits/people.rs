//! Limits of what is told to people and answered by them.

use std::time::Duration;

use super::Limit;

limits! {
    /// People whom an alarm's record names as told. judgement: everybody of a village's list of responders, twice over.
    TOLD_MAX: usize = 64,
        "one from the middle is forgotten, and is told again if called again", "none needed";

    /// People who are called together when everybody is. judgement: a modem that dials needs half a minute for each, and
    /// whoever is not reached in ten minutes is called in the next five.
    EVERYONE_MAX: usize = 24,
        "the rest is called by the ladder only", "check: none, the list is as long as the village made it";

    /// How long the siren is silent for one alarm that was muted. Source: CARE-RULES 12.
    MUTE: Duration = Duration::from_mins(10),
        "it sounds again while nobody has accepted", "alarms: muted_until";

    /// The same for a high alarm. Source: CARE-RULES 12.
    MUTE_HIGH: Duration = Duration::from_mins(2),
        "it sounds again while nobody has accepted", "alarms: muted_until";

    /// How long a test window is open. Source: CARE-RULES 19.
    TEST_WINDOW: Duration = Duration::from_mins(10),
        "it closes, and the next press is a help call", "none needed";

    /// Test windows that are open at once. judgement: two installers do not test more homes in ten minutes.
    TEST_WINDOWS_MAX: usize = 8,
        "the tester is refused", "refusal: full";

    /// Faults that one digest names. judgement: what fits into one message is the number and the worst of them.
    DIGEST_MAX: usize = 100,
        "the rest is counted in the next one", "none needed";

    /// Jobs that wait for channels. judgement: sixty homes in alarm at once, three people each, letter and call, twice over.
    JOBS_MAX: usize = 1_024,
        "the one that matters least gives way, and its alarm's ladder climbs", "status: queue";

    /// Errands of which a word may still come. judgement: delivery reports come within a minute or not at all.
    HANDED_MAX: usize = 256,
        "a report of the oldest letter is not known any more", "none needed";

    /// Alarms that the county may have to be told of by text. judgement: sixty homes in alarm at once.
    UNRECEIPTED_MAX: usize = 64,
        "further ones wait for the link", "county: nothing of them until it is back";

    /// Events of the station that wait for the dispatcher. judgement: sixty homes in alarm at once, each with records and calls.
    EVENTS_WAITING_MAX: usize = 1_024,
        "further ones are dropped; a start tells open alarms, and a digest of the last half hour, again", "log: could not be handed on";

    /// Words of channels that wait for the dispatcher.
    SAID_WAITING_MAX: usize = 64,
        "a channel waits until there is room", "none needed";

    /// So far back it knows who was. judgement: what a clock that is put back by a day still finds.
    TIMES_BACK: Duration = Duration::from_hours(24),
        "before it nothing is known", "none needed";

    /// For so long ahead the station knows who is on duty. judgement: a week, and the day until it is made again.
    TIMES_AHEAD: Duration = Duration::from_hours(8 * 24),
        "beyond it nothing is known, and the careful answer is taken", "none needed";

    /// For so long ahead the desk shows who has nobody near. Source: ARCHITECTURE, the station's pages.
    GAPS_AHEAD: Duration = Duration::from_hours(24),
        "later ones are `rota forecast`'s", "none needed";

    /// How often it is made again, which also takes a clock that was set meanwhile into account. judgement: the desk shows who is
    /// on duty to the minute.
    TIMES_EVERY: Duration = Duration::from_mins(1),
        "made again", "none needed";
}
