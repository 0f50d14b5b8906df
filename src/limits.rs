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

    /// Turns that wait in memory while the disk does not take them. judgement: 2,000 of about 2 kB are 4 MB, and more
    /// alarms than a village has in a year.
    PENDING_TURNS_MAX: usize = 2_000,
        "the oldest whose alarms the county has is forgotten first", "store.turns_dropped";

    /// Routine samples are written at the latest this long after the first of them came in; what a power cut can take.
    /// judgement: 10 s is the promise, and a sync costs about 12 kB of file system journal whatever it carries.
    ROUTINE_GATHER: Duration = Duration::from_secs(8),
        "the block is written", "store.blocks";

    /// Routine samples are written as soon as this many bytes of them have gathered.
    ROUTINE_BLOCK_BYTES: usize = 48 * 1024,
        "the block is written", "store.blocks";

    /// Routine samples that wait in memory while the disk does not take them, in bytes. judgement: about a minute of
    /// 5,000 devices.
    ROUTINE_WAITING_BYTES_MAX: usize = 1024 * 1024,
        "the oldest are dropped and their numbers named as a hole", "store.samples_dropped";

    /// Largest record of the log that is believed, in bytes. A snapshot with 10,000 open records is a tenth of it.
    RECORD_BYTES_MAX: usize = 32 * 1024 * 1024,
        "a longer length is read as damage", "store.missing";

    /// The urgent stream (alarms, commands, audit) keeps at most this many bytes.
    URGENT_BYTES_MAX: u64 = 512 * 1024 * 1024,
        "oldest segments are unlinked; records without a receipt are carried forward first", "store.urgent_bytes";

    /// The urgent stream is kept this long (DESIGN, store).
    URGENT_KEPT: Duration = Duration::from_hours(2 * 365 * 24),
        "oldest segments are unlinked; records without a receipt are carried forward first", "store.urgent_bytes";

    /// A segment of the urgent stream is ended at this size; it is what a start reads whole.
    URGENT_SEGMENT_BYTES: u64 = 1024 * 1024,
        "the next segment begins with a snapshot", "store.urgent_bytes";

    /// The routine stream keeps at most this many bytes. judgement: 30 days of 500 devices at one reading a minute.
    ROUTINE_BYTES_MAX: u64 = 3 * 1024 * 1024 * 1024,
        "oldest segments are unlinked; readings without a receipt become a named hole", "store.routine_bytes";

    /// The routine stream is kept this long (DESIGN, store).
    ROUTINE_KEPT: Duration = Duration::from_hours(30 * 24),
        "oldest segments are unlinked; readings without a receipt become a named hole", "store.routine_bytes";

    /// A segment of the routine stream is ended at this size.
    ROUTINE_SEGMENT_BYTES: u64 = 4 * 1024 * 1024,
        "the next segment begins", "store.routine_bytes";

    /// The ballast: bytes held on the disk to be let go when it is full.
    BALLAST_BYTES: u64 = 8 * 1024 * 1024,
        "released when the disk is full, so that alarms are still written", "store.ballast";

    /// Readings stop when less than this is free on the disk; alarms never do.
    ROUTINE_RESERVE_BYTES: u64 = 32 * 1024 * 1024,
        "readings wait, then become a named hole", "store.samples_dropped";

    /// Torn tails that are kept aside, and how much of each.
    TORN_KEPT: usize = 8,
        "the oldest is removed", "store.torn";

    /// Bytes of a torn tail that are kept aside.
    TORN_BYTES_MAX: usize = 1024 * 1024,
        "the rest of the tail is not copied", "store.torn";

    /// Closed alarms that the ledger remembers, so that a replay does not raise them again.
    CLOSED_ALARMS_MAX: usize = 256,
        "the oldest is forgotten", "store.closed_alarms";

    /// How long the ledger remembers a closed alarm. judgement: longer than the longest memory of a detector that is replayed.
    CLOSED_ALARMS_KEPT: Duration = Duration::from_hours(48),
        "forgotten", "store.closed_alarms";

    /// How long a command's answer is remembered (DESIGN, county contract).
    COMMAND_MEMORY: Duration = Duration::from_hours(7 * 24),
        "a repeat is run again", "store.answers";

    /// Commands whose answers are remembered.
    ANSWERS_MAX: usize = 1_000,
        "the oldest is forgotten", "store.answers";

    /// Records that the county refused, for the dead-letter list.
    REJECTS_MAX: usize = 200,
        "the oldest is forgotten", "store.rejects";

    /// Records of a lane without a receipt that are kept track of. judgement: 130 a day for the two years the log is kept.
    OUTBOX_MAX: usize = 100_000,
        "the oldest become a named hole; they stay in the log", "store.lanes";

    /// Ranges of receipts for readings that lie above a gap, and named holes that wait for a receipt.
    RANGES_MAX: usize = 1_024,
        "a receipt above is ignored and the readings are sent again; the newest holes are joined", "store.ranges";

    /// Alarms in the history, open and closed. judgement: a year of a large village.
    ALARM_HISTORY_MAX: usize = 5_000,
        "the oldest leaves the history; it stays in the log", "store.history";

    /// Memory that the state index may use as its cache, in bytes.
    INDEX_CACHE_BYTES: u64 = 8 * 1024 * 1024,
        "pages are read again", "rss";

    /// The state index is made durable at most this long after a change. judgement: it can be rebuilt, and every flush wears the card.
    INDEX_FLUSH: Duration = Duration::from_mins(1),
        "flushed and synced", "store.index";

    /// Bytes of the urgent stream that are read when the index is rebuilt. judgement: 40,000 records, under a second.
    REBUILD_BYTES_MAX: u64 = 64 * 1024 * 1024,
        "older alarms stay in the log and leave the history", "state_rebuilt";

    /// Devices' last words, one packed value, in bytes.
    WORDS_BYTES_MAX: usize = 4 * 1024 * 1024,
        "refused", "store.index";

    /// How long the check of the state index in a child process may take. judgement: 30 times what 5,000 alarms take on a slow card.
    STATE_CHECK_DEADLINE: Duration = Duration::from_secs(10),
        "the index is put aside and rebuilt", "state_rebuilt";

    /// Damaged state indexes that are kept.
    STATE_BAD_KEPT: usize = 2,
        "the oldest is removed", "state.bad-N";

    /// Unclean starts within [`UNCLEAN_WINDOW`] after which the state index is put aside without a look.
    UNCLEAN_STARTS_MAX: usize = 3,
        "the index is put aside and rebuilt", "state_rebuilt";

    /// The time in which unclean starts are counted together.
    UNCLEAN_WINDOW: Duration = Duration::from_mins(5),
        "older starts are not counted", "state_rebuilt";

    /// Requests that wait for the log's thread, and for the index's.
    STORE_QUEUE: usize = 64,
        "a wake-up is already waiting; a question is answered with nothing", "store.queue";

    // --- relay and county ---

    /// Largest message to or from the county, in bytes (DESIGN, county contract).
    MESSAGE_BYTES_MAX: usize = 64 * 1024,
        "batches are cut to fit; a larger incoming message is refused", "relay.oversize";

    // --- control ---
}
