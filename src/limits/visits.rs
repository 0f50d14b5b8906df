//! Limits of visits and door codes.

use super::Limit;

limits! {
    /// Open visits of one resident. judgement: one for each reason that there is, and room for some more.
    OPEN_VISITS_MAX: usize = 8,
        "a further reason waits until one of them is done", "visits list";

    /// Residents whose visits the log's snapshot remembers. judgement: three times the largest village, because who has left is
    /// taken out.
    VISITED_RESIDENTS_MAX: usize = 1_000,
        "the one whose visit was counted longest ago is forgotten, and is counted from the next start on", "visits list";

    /// Wrong door codes of one person for one alarm, or for one resident's visits within a day. judgement: whoever reads a card
    /// in the dark needs two, and whoever guesses four digits five times is right once in two thousand.
    DOOR_TRIES_MAX: u8 = 5,
        "it is compared no more, and the arrival counts as self-reported", "alarms: the note on a wrong code";

    /// People whose wrong door codes an alarm counts. judgement: more than come to one home.
    DOOR_PEOPLE_MAX: usize = 16,
        "the codes of further people are not compared", "alarms: the note on a wrong code";
}
