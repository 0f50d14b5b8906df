//! Limits of the second path to the county, alarms and standings as text messages, and of the county's own ladder.

use std::time::Duration;

use super::Limit;

limits! {
    /// Signs of a text to the county. Source: 140 octets of 3GPP TS 23.040 in the 7 bits of GSM's alphabet.
    COUNTY_TEXT_SIGNS_MAX: usize = 160,
        "the longest of all texts is shorter", "none needed";

    /// Pieces into which a text may have been broken on its way. judgement: a gateway that breaks lines at 20 signs.
    COUNTY_TEXT_PIECES_MAX: usize = 8,
        "what is further on is not a part of it, so it is refused as damaged", "county: texts refused";

    /// Longest line that `county sms` reads, in bytes. judgement: ten concatenated texts with a number and a time.
    COUNTY_TEXT_LINE_BYTES_MAX: usize = 4_096,
        "the line is refused and read over", "county: texts refused";

    /// How often a station proves its second path with a text about how it stands (CARE-RULES 27).
    STATUS_TEXT_EVERY: Duration = Duration::from_hours(5),
        "the next one is sent", "none needed";

    /// How much later than that a text may come. judgement: behind a village's alarms on one modem, and slow in the network.
    STATUS_TEXT_MARGIN: Duration = Duration::from_mins(30),
        "the county does not count the station as guarding any more", "county page: station silent";

    /// Errands of the county's ladder that wait for its channel. judgement: everybody of fifty stations with a text and a ring.
    DUTY_ERRANDS_MAX: usize = 512,
        "a further one counts as failed, and the ladder climbs", "county duty: calls that failed";

    /// How long the channel may take over one errand. judgement: a ring of 45 s, twice, and the network's answer.
    DUTY_ERRAND_TIME: Duration = Duration::from_mins(2),
        "it counts as failed, and the ladder climbs", "county duty: calls that failed";

    /// How often the county's ladder looks at the book. judgement: nobody calls back faster.
    DUTY_RHYTHM: Duration = Duration::from_secs(1),
        "changes in between are seen together", "none needed";

    /// Answers that wait for the county's ladder in its book. judgement: everybody answers twice.
    DUTY_INBOX_MAX: i64 = 1_000,
        "a further one is refused", "the answer";
}
