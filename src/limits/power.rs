//! Limits of what the box lives on: its mains, its battery and its SIM.

use std::time::Duration;

use super::Limit;

limits! {
    /// Homes that the fault of lost mains names. Source: the village of 300 homes for which the house is built.
    MAINS_HOMES_MAX: usize = 300,
        "the rest is not named", "status: residents";

    /// How often the power supply is looked at. judgement: a change is told 15 s after it, and a file of the kernel costs nothing.
    POWER_LOOK_EVERY: Duration = Duration::from_secs(5),
        "it is looked at again", "none needed";

    /// How long a look may take. judgement: a gauge on a slow bus answers in tenths of a second.
    POWER_LOOK_WAIT: Duration = Duration::from_secs(3),
        "nobody looks again before it has ended, and after a minute the mains are not known", "mains_unknown";

    /// Longest file of a power supply that is read, in bytes: the kernel gives one number or word.
    POWER_FILE_BYTES_MAX: u64 = 64,
        "the rest is not read", "none needed";

    /// How long the SIM's text to its own number may be under way. judgement: a text takes seconds, and a minute when a cell is full.
    OWN_TEXT_BACK_WITHIN: Duration = Duration::from_mins(10),
        "it counts as lost", "credit_doubtful, at the second in a row";
}
