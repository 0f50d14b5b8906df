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
    // --- source and device ---

    /// Deepest nesting of a JSON payload, found by a scan before anything is parsed. judgement: the deepest list a bridge
    /// sends (composite features of a device) nests 10.
    JSON_DEPTH_MAX: usize = 32,
        "the frame is refused", "decode.refused: nested too deeply";

    /// Largest state payload of one device, in bytes. judgement: the longest known ones, with region tables, stay under 4 KiB.
    STATE_PAYLOAD_BYTES_MAX: usize = 64 * 1024,
        "the frame is refused", "decode.refused: longer than the format allows";

    /// Largest list of devices that a bridge may send, in bytes (DESIGN: the limit announced to the local broker).
    BRIDGE_LIST_BYTES_MAX: usize = 8 * 1024 * 1024,
        "the list is refused, the one before it stays", "decode.refused: longer than the format allows";

    /// Devices remembered of a bridge's list. judgement: the house is designed for 5,000.
    LISTED_DEVICES_MAX: usize = 8192,
        "devices beyond it are not listed and take the meaning of an unknown model", "decode.refused_keys: devices";

    /// Longest device address or radio name, in bytes. judgement: 85 Chinese characters.
    ADDRESS_BYTES_MAX: usize = 256,
        "the frame is refused", "decode.refused: longer than the format allows";

    /// Things said in one frame. judgement: three times the fullest known device.
    FRAME_SAID_MAX: usize = 64,
        "life-safety stays, the rest goes", "decode.refused_keys: readings";

    /// Longest line of the JSON Lines profile, in bytes (the profile's own limit).
    JSON_LINE_BYTES_MAX: usize = 1024,
        "the line is refused", "decode.refused: longer than the format allows";

    /// Longest line of a vector file, in bytes: a bridge's list, escaped twice.
    VECTOR_LINE_BYTES_MAX: usize = 4 * BRIDGE_LIST_BYTES_MAX,
        "`shouwang decode` stops and says so", "exit code 2";

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
