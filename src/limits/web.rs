//! Limits of the pages that people look at: the station's own, and the doors of all.

use std::time::Duration;

use super::Limit;

limits! {
    /// Connections to the station's page that stand open at once. judgement: everybody of a ladder taps within a minute, on
    /// telephones that open four connections each, beside a desk and a wall.
    CONNECTIONS_MAX: usize = 128,
        "a further one waits until another ends", "the browser waits";

    /// How long a connection to a page may stand open in silence. A live page is sent something every 15 s.
    SILENCE_MAX: Duration = Duration::from_mins(1),
        "it is cut, and its place is free", "none needed";

    /// How long a browser takes to agree on TLS. judgement: ten times what a bad mobile line takes.
    GREETING_TIME: Duration = Duration::from_secs(10),
        "the connection is cut", "none needed";

    /// Largest form, in bytes. judgement: a note of the longest kind, percent-encoded.
    FORM_BYTES_MAX: usize = 8 * 1024,
        "it is refused", "413";

    /// How long the station may take to answer the page. judgement: a turn takes milliseconds; a disk that hangs is said.
    STATION_WAIT: Duration = Duration::from_secs(5),
        "the page says that the station does not answer", "the page";

    /// For so long the page shows what it was told before. judgement: nobody sees the difference.
    PICTURE_KEPT: Duration = Duration::from_secs(1),
        "the station is asked again", "none needed";

    /// Links that nobody has, in one minute, for the whole page. judgement: a few people mistype; whoever guesses 128 bits
    /// does not get them, and is only to cost nothing.
    WRONG_LINKS_PER_MIN: u32 = 60,
        "further ones are refused without asking the station; links that somebody has go on", "status: web.link_unknown, web.link_flood";

    /// How long a link can be opened after its alarm was closed. Source: CARE-RULES 3.
    LINK_KEPT: Duration = Duration::from_hours(24),
        "the page says that it is over", "status: web.link_over";

    /// Homes that are named when somebody stands before the wrong one. judgement: a page that can be read in the dark.
    CANDIDATES_MAX: usize = 12,
        "the rest is left out", "none needed";

    /// A device that was heard so lately may be the one that called. judgement: a button that is pressed again is heard at once.
    CANDIDATE_HEARD: Duration = Duration::from_mins(5),
        "its home is not named", "none needed";

    /// Who is logged in at once. judgement: three desks, a wall, and browsers that were closed without logging out.
    SESSIONS_MAX: usize = 64,
        "whoever was quiet longest is logged out", "the log";

    /// A session ends when its browser was not heard for so long. A live page is heard all the time, so a wall stays logged in.
    SESSION_IDLE: Duration = Duration::from_hours(12),
        "the browser is asked to log in again", "none needed";

    /// Wrong passwords in one minute, for the whole page. judgement: two people at two desks who have forgotten theirs.
    WRONG_PASSWORDS_PER_MIN: u32 = 10,
        "log-ins are refused until the minute is over; whoever is logged in stays so", "status: web.login_flood";

    /// Passwords that are looked at once: each takes 19 MiB and a part of a second. The next one waits.
    PASSWORDS_AT_ONCE: usize = 1,
        "the next one waits", "none needed";

    /// Longest password, in bytes. judgement: a sentence.
    PASSWORD_BYTES_MAX: usize = 256,
        "it is refused", "the page";

    /// Memory that a password's hash may ask for, in KiB. judgement: three times what this program asks for.
    PASSWORD_MEMORY_KIB_MAX: u32 = 64 * 1024,
        "the user is refused when the page starts", "the log";

    /// Live pages of the station at once.
    LISTENERS_MAX: usize = 32,
        "a further one is refused with a sentence, and says that it is not live", "the page";

    /// How often the station is asked while somebody looks on.
    RHYTHM: Duration = Duration::from_secs(1),
        "changes in between are shown together", "none needed";

    /// How often a live page is told that it is live.
    PING: Duration = Duration::from_secs(15),
        "after 40 s without one the page says in red that it stands still", "the page";

    /// How long open connections are given when the station stops.
    STOP_WAIT: Duration = Duration::from_secs(2),
        "they are cut", "none needed";

    /// Rows of one list of the desk.
    ROWS_MAX: usize = 200,
        "the rest is counted at the end of the list", "the page";
}
