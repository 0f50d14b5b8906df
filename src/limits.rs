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

    /// Largest packet the county takes from its broker, in bytes. judgement: four messages, so that an oversize message
    /// can still be told its number in the refusal instead of vanishing in the broker.
    COUNTY_PACKET_BYTES_MAX: u32 = 4 * 64 * 1024,
        "the broker does not deliver it", "the gateway's oldest_unreceipted_s";

    /// Messages the county holds between the broker and its database, on each of its two connections.
    /// judgement: 128 full messages are 8 MiB; the broker queues the rest, and gateways send again.
    COUNTY_INTAKE_MAX: u16 = 128,
        "PUBACKs are withheld and the broker stops delivering", "county state online:false when the database is why";

    /// How long the county's connection holds back the network for want of room in the intake.
    /// judgement: many transactions, and a small part of the keep-alive.
    COUNTY_ROOM_WAIT: Duration = Duration::from_secs(1),
        "what finds no room is left to its gateway's resending", "one log line";

    /// Receipts and PUBACKs that wait for the county's connection. judgement: the most one transaction can cause.
    COUNTY_REPLIES_MAX: usize = 512,
        "the next transaction waits", "time to the receipt";

    /// Messages in one transaction of the county's database. judgement: a quarter of the intake, so that the broker
    /// refills it while the transaction runs.
    COUNTY_BATCH_MAX: usize = 32,
        "the rest waits for the next transaction", "nothing is lost";

    /// How long the county gathers messages for one transaction. judgement: a fraction of one fsync on a slow disk.
    COUNTY_BATCH_WAIT: Duration = Duration::from_millis(10),
        "the transaction begins", "time to the receipt";

    /// Ranges in one receipt. judgement: each is at most 44 bytes, so 1,000 fit into a message.
    COUNTY_RANGES_MAX: usize = 1000,
        "a further receipt follows", "nothing is lost";

    /// Refused numbers in one receipt. judgement: each is at most 300 bytes with its reason, so 200 fit into a message.
    COUNTY_REFUSED_MAX: usize = 200,
        "a further receipt follows", "nothing is lost";

    /// Numbers that one unreadable message may have refused. judgement: more than the readings that fit into a message.
    COUNTY_REFUSED_PER_MESSAGE_MAX: u64 = 2000,
        "the message is counted and its numbers stay without a receipt", "refusals at the county, by kind";

    /// Refused records kept with their payload at the county. judgement: 10,000 of 64 KiB are 640 MB at worst.
    COUNTY_REFUSED_KEPT_MAX: i64 = 10_000,
        "further ones are refused and counted without their payload", "refusals at the county, by kind";

    /// How long the county waits for a lock of its database before it says that the database fails.
    /// judgement: longer than any reader's query, shorter than a gateway's patience.
    COUNTY_DATABASE_WAIT: Duration = Duration::from_secs(2),
        "no receipts; the transaction is tried again", "county state online:false, one log line";

    /// Longest wait between two attempts of the county to reach its broker or its database.
    /// judgement: a restarted broker is found again within seconds.
    COUNTY_RETRY_MAX: Duration = Duration::from_secs(5),
        "the wait grows no further", "one log line a cause";

    // --- control ---
}
