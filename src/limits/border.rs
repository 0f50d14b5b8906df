//! Limits of the county's door and of the clock.

use std::time::Duration;

use super::Limit;

limits! {
    /// How often a relay that waits for the time looks at the clock. judgement: an alarm leaves within a second of the time.
    RELAY_CLOCK_LOOK_EVERY: Duration = Duration::from_secs(1),
        "it is looked at again", "none needed";

    /// Gateways of one station at the county. judgement: one box, one beside it while it is replaced, and those that were taken away
    /// in ten years.
    COUNTY_GATEWAYS_MAX: i64 = 16,
        "of a further one alarms are stored and nothing else, and nothing else gets a receipt", "refusals at the county: gateways";

    /// Sequence spaces of one station that the county remembers. judgement: a new one comes with a new card.
    COUNTY_EPOCHS_MAX: i64 = 256,
        "whose a further one is, is not remembered", "none needed";

    /// Refused records of one station that are kept with their payload. judgement: a tenth of all, so that a station that sends
    /// nonsense leaves room for nine others.
    COUNTY_REFUSED_KEPT_OF_STATION_MAX: i64 = 1_000,
        "further ones are refused and counted without their payload", "refusals at the county, by kind";

    /// Rows in which refusals are counted: one a gateway and kind. judgement: 300 villages with a dozen kinds each.
    COUNTY_REFUSAL_ROWS_MAX: i64 = 4_000,
        "a further kind is refused and not counted", "one log line";

    /// Places in the county's intake that one gateway's alarms, or its other records, may take while others speak too.
    /// judgement: a quarter of them each, so that one gateway leaves half to the others.
    COUNTY_SHARE_MAX: u16 = 32,
        "what goes beyond is left, and sent again by its gateway", "refusals at the county: flood";

    /// Places of a gateway beyond those that are watched, and of all who may not speak here together. judgement: an alarm and its
    /// next revisions.
    COUNTY_SHARE_UNWATCHED_MAX: u16 = 4,
        "what goes beyond is left, and sent again by its gateway", "refusals at the county: flood, unlisted";

    /// For so long whoever was heard counts as speaking. judgement: four heartbeats of an honest box.
    COUNTY_SPEAKING: Duration = Duration::from_mins(2),
        "a gateway that speaks alone has all places", "none needed";

    /// Gateways whose share is watched at once. Source: the county of 1,000 stations for which the console is built.
    COUNTY_SPEAKERS_MAX: usize = 4_096,
        "a further one has a small share", "refusals at the county: flood";
}
