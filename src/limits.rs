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

    /// Publishes without a PUBACK on the county connection; the broker may ask for fewer.
    /// judgement: 32 of 1.5 kB fill a rural uplink for a fraction of a second, and mosquitto allows 20 by default.
    RELAY_WINDOW: u16 = 32,
        "the rest waits; a quarter is kept free for alarms", "heartbeat: heads and receipts";

    /// Messages of readings without a PUBACK. judgement: what is already in the socket stands in front of the next
    /// alarm; four of 16 KiB are half a second at 1 Mbit/s.
    READING_MESSAGES_IN_FLIGHT_MAX: usize = 4,
        "the next batch waits", "heartbeat: heads and receipts";

    /// Largest message of readings that the relay makes. judgement: as the row above.
    READING_MESSAGE_BYTES_MAX: usize = 16 * 1024,
        "the batch is cut to fit", "heartbeat: heads and receipts";

    /// Readings in one message. judgement: about 60 bytes each fill 16 KiB with 270.
    READINGS_PER_MESSAGE_MAX: u64 = 400,
        "the batch is cut to fit", "heartbeat: heads and receipts";

    /// Readings sent and not yet receipted, so that a deaf county is not filled with what it does not keep.
    READINGS_OUT_MAX: u64 = 2_000,
        "the next batch waits for receipts", "heartbeat: oldest_unreceipted_s";

    /// Device events sent and not yet receipted.
    DEVICE_EVENTS_OUT_MAX: u64 = 256,
        "the next event waits for receipts", "heartbeat: oldest_unreceipted_s";

    /// Alarm records sent and not yet receipted before further ones are paced. judgement: more than a village raises
    /// in a week, so only a backlog or a deaf county comes here.
    ALARMS_OUT_MAX: u64 = 256,
        "further ones leave at ALARM_PACE_PER_S", "heartbeat: oldest_unreceipted_s";

    /// Alarm records a second to a county that receipts nothing. judgement: 12 kB/s is 43 MB an hour on a SIM card.
    ALARM_PACE_PER_S: u32 = 8,
        "the longest waiting goes first, new and old by turns", "heartbeat: oldest_unreceipted_s";

    /// A county that was sent something and has receipted nothing for so long is deaf.
    DEAF_AFTER: Duration = Duration::from_secs(10),
        "alarms are sent again at ALARM_PACE_PER_S", "heartbeat: oldest_unreceipted_s";

    /// Ranges in which the receipts of one lane may lie scattered; twice as many numbers at least.
    RECEIPT_RANGES_MAX: usize = 8_192,
        "a receipt that would open another hole is ignored, its records are sent again", "relay.receipts_too_scattered";

    /// How long a receipt may take before its record is sent again for the first time (DESIGN, county contract).
    RESEND_FIRST: Duration = Duration::from_secs(1),
        "sent again; alarms every second, others doubling", "heartbeat: oldest_unreceipted_s";

    /// Longest wait before a reading or device event is sent again.
    RESEND_CAP: Duration = Duration::from_secs(30),
        "sent again at this rhythm", "heartbeat: oldest_unreceipted_s";

    /// Wait before an alarm is sent again to a county that says it is offline. judgement: its word may be a stale
    /// will, so alarms keep trying.
    RESEND_COUNTY_OFFLINE: Duration = Duration::from_secs(10),
        "sent again at this rhythm; readings pause", "heartbeat: oldest_unreceipted_s";

    /// Connected, something in flight and no PUBACK for so long: the connection is rebuilt. judgement: a full window
    /// of readings on a 20 kbit/s link is acknowledged message by message well within it.
    PUBACK_SILENCE: Duration = Duration::from_secs(30),
        "the connection is built anew", "relay.stalled";

    /// Heartbeat to the county (DESIGN, county contract).
    RELAY_HEARTBEAT: Duration = Duration::from_secs(30),
        "sent", "the county raises 'station silent' at 180 s";

    /// Longest wait between two attempts to connect.
    RECONNECT_CAP: Duration = Duration::from_mins(1),
        "tries for ever, with full jitter", "log: county connection";

    /// Longest wait between two attempts to connect while an alarm waits (DESIGN, county contract).
    RECONNECT_CAP_ALARM: Duration = Duration::from_secs(1),
        "tries for ever, with full jitter", "log: county connection";

    /// How long the store may take to hand over a record that is to be sent.
    RELAY_FETCH_DEADLINE: Duration = Duration::from_secs(5),
        "the record is tried again later", "relay.not_fetched";

    /// Events of the county connection that the session has not looked at yet.
    LINK_EVENTS_MAX: usize = 64,
        "the socket is not read further", "none: it waits";

    /// Words from the county that the station has not taken yet, beside its own channel.
    FROM_COUNTY_MAX: usize = 64,
        "the socket is not read further", "none: it waits";

    /// Answers to county commands that are not yet acknowledged by the broker.
    ANSWERS_MAX: usize = 64,
        "a further answer is dropped; the county asks again", "relay.answers_dropped";

    /// Devices and residents with a retained standing.
    RETAINED_KEYS_MAX: usize = 10_000,
        "a further key is not kept", "relay.retained_dropped";

    /// Signs of a reason given by the county or the broker, in bytes.
    REASON_BYTES_MAX: usize = 200,
        "cut", "the reason ends in …";

    /// Keep-alive of the county connection; a dead link shows after at most twice this.
    RELAY_KEEP_ALIVE: Duration = Duration::from_secs(20),
        "the connection is built anew", "log: county connection";

    /// How long the broker keeps our subscriptions and waiting receipts while we are away (receipts expire after 1 d).
    RELAY_SESSION_EXPIRY: Duration = Duration::from_hours(24),
        "the broker forgets; everything without a receipt is sent again", "none: harmless";

    /// How long the farewell may take at the end.
    FAREWELL_DEADLINE: Duration = Duration::from_secs(2),
        "the connection is dropped and the broker publishes the will", "the same message";

    /// Marks that remember when records became known, for the age of the oldest.
    AGE_MARKS_MAX: usize = 64,
        "marks are thinned out; the age is then told too high, never too low", "none: an estimate";

    // --- control ---
}
