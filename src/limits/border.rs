//! Limits of the county's door and of the clock.

use std::time::Duration;

use super::Limit;

limits! {
    /// How often a relay that waits for the time looks at the clock. judgement: an alarm leaves within a second of the time.
    RELAY_CLOCK_LOOK_EVERY: Duration = Duration::from_secs(1),
        "it is looked at again", "none needed";
}
