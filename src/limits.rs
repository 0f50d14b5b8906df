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

    /// Urgent inputs that wait for the station (DESIGN section 7).
    URGENT_LANE_MAX: usize = 64,
        "the source waits and leaves the rest at its sender; nothing is dropped", "none needed";
    /// Routine samples that wait for the station. judgement: a reading a minute of 5,000 devices for three minutes.
    ROUTINE_LANE_MAX: usize = 16 * 1024,
        "the oldest is dropped", "routine_lane.dropped";
    /// Largest packet announced to the local broker, in bytes: `bridge/devices` of a large Zigbee network (DESIGN section 5).
    MQTT_PACKET_BYTES_MAX: u32 = 8 * 1024 * 1024,
        "the broker does not deliver it", "the broker's log";
    /// Largest payload from the local broker, `bridge/devices` apart, in bytes. judgement: 50 times a device's usual state.
    MQTT_PAYLOAD_BYTES_MAX: usize = 64 * 1024,
        "refused before it is parsed", "FORMAT.refused.too_long, FORMAT.ignored.long_bridge_topic";
    /// Longest topic, in bytes. judgement: base topic, 255 bytes of friendly name, `/availability`.
    TOPIC_BYTES_MAX: usize = 320,
        "refused before it is parsed", "FORMAT.refused.topic_too_long";
    /// Longest address of a device, in bytes. judgement: a file name's length, which zigbee2mqtt's names stay below.
    ADDRESS_BYTES_MAX: usize = 255,
        "refused", "FORMAT.refused.address_too_long";
    /// Publishes that were read from the broker and not yet decoded; at most one of them exceeds `MQTT_PAYLOAD_BYTES_MAX`.
    MQTT_PENDING_MAX: usize = 256,
        "the connection is not read further; TCP makes the broker keep the rest", "none needed";
    /// QoS 1 publishes without a PUBACK, announced as receive maximum. judgement: twice the urgent lane.
    MQTT_RECEIVE_MAX: u16 = 128,
        "the broker keeps the rest (mosquitto 2.0.11 was measured to send more after an absence)", "none needed";
    /// PUBACKs that are owed. Source: a packet id is in use until its PUBACK, and MQTT has 65,535.
    PUBACK_OWED_MAX: usize = 65_535,
        "the broker uses a packet id twice: it gets no PUBACK for the second", "SOURCE.puback_overflow";
    /// How long a PUBACK waits for the disk before those behind it go first. judgement: `COMMIT_DEADLINE` and a little.
    PUBACK_PATIENCE: Duration = Duration::from_secs(3),
        "it is withheld: the broker delivers the message again at the next connection", "SOURCE.puback_withheld";
    /// Withheld PUBACKs of a connection; below mosquitto's usual 20 in flight, or help calls could no longer come in.
    PUBACK_WITHHELD_MAX: usize = 8,
        "the oldest is given after all: people were told of it already", "SOURCE.puback_given_up";
    /// Oldest part of a serial line that is kept. Source: 1,024 bytes at 9,600 baud take 1.07 s; twice that.
    SERIAL_LINE_AGE_MAX: Duration = Duration::from_secs(2),
        "the part is dropped", "SOURCE.serial.line_unfinished";
    /// Devices heard that are not enrolled. judgement: every radio device of a village.
    HEARD_STRANGERS_MAX: usize = 2048,
        "the eighth least recently heard is forgotten", "heard.forgotten";
    /// Kinds shown of a device's last words.
    HEARD_KINDS_MAX: usize = 12,
        "the rest is not shown", "none needed";
    /// Longest model name kept of a listed device, in bytes. judgement: longer than any in zigbee2mqtt's list.
    HEARD_MODEL_BYTES_MAX: usize = 64,
        "the model is not shown", "none needed";

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
