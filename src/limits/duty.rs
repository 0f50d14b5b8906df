//! Limits of proving telephones and of the evening's roll-call.

use std::time::Duration;

use super::Limit;

limits! {
    /// How long a code that proves a telephone counts. judgement: the owner stands beside the installer, and a text takes minutes
    /// in a bad network.
    PROOF_TIME: Duration = Duration::from_mins(10),
        "it ends, and a new one is sent on request", "people prove: no_code";

    /// Wrong tries that end a code. judgement: whoever guesses four digits five times is right once in two thousand.
    PROOF_TRIES: u8 = 5,
        "it ends, and a new one is sent on request", "people prove: no_code";

    /// Coded answers that a restart reads from the log for the roll-call. judgement: everybody of a village answers two alarms and the
    /// question in two hours.
    ROLL_CALL_HEARD_MAX: usize = 256,
        "further ones are forgotten, and those people are asked once more", "none needed";

    /// Codes that are out at once. judgement: more people than two installers prove in ten minutes.
    PROOFS_MAX: usize = 32,
        "the oldest ends", "people prove: no_code";
}
