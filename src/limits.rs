//! Every limit of the house, in one place: its value, what happens there, and which counter shows it.
//!
//! The table in `ARCHITECTURE.md` is generated from [`TABLE`], and a test holds the two together.

use std::time::Duration;

/// One row of the table of limits.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Name of the constant.
    pub name: &'static str,
    /// Its value as written in the source.
    pub value: &'static str,
    /// What happens at the limit.
    pub at_limit: &'static str,
    /// Where it shows.
    pub shows: &'static str,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr, $at_limit:literal, $shows:literal;)+) => {
        $($(#[$doc])* pub const $name: $type = $value;)+

        /// All limits, in the order of the flow.
        pub const TABLE: &[Limit] = &[
            $(Limit { name: stringify!($name), value: stringify!($value), at_limit: $at_limit, shows: $shows },)+
        ];
    };
}

limits! {
    // --- config ---

    /// Largest configuration file, in bytes. judgement: 5,000 devices with long comments take 2 MiB.
    CONFIG_BYTES_MAX: u64 = 8 * 1024 * 1024,
        "the file is refused whole", "check: too_large";
    /// Most problems gathered from one file. judgement: nobody reads further before mending the first.
    CONFIG_PROBLEMS_MAX: usize = 200,
        "further ones are counted only", "the last line of check says how many";
    /// Largest file with a password, in bytes. judgement: the longest keys handed out as passwords have 512 signs.
    SECRET_BYTES_MAX: u64 = 4096,
        "the secret is refused", "check: secret_unreadable";

    // --- source and device ---

    // --- core ---

    /// Words of a note on an alarm, in bytes of UTF-8. judgement: two SMS.
    NOTE_BYTES_MAX: usize = 420,
        "cut at a sign", "the note ends in …";

    // --- store ---

    /// How long the log may take to answer a commit before people are told without it (DESIGN, contract).
    COMMIT_DEADLINE: Duration = Duration::from_secs(2),
        "Degraded: people are told at once, the record is marked undurable", "disk_fault";

    // --- relay and county ---

    /// Largest message to or from the county, in bytes (DESIGN, county contract).
    MESSAGE_BYTES_MAX: usize = 64 * 1024,
        "batches are cut to fit; a larger incoming message is refused", "relay.oversize";

    // --- control ---
}
