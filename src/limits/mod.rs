//! Every limit of the house, in one place: its value, what happens there, and which counter shows it.
//!
//! The table in `ARCHITECTURE.md` is generated from [`TABLES`], and a test holds the two together.

use std::time::Duration;

pub use second::*;
pub use source::*;

/// One row of the table of limits.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Name of the constant.
    pub name: &'static str,
    /// Its value as written in the source.
    pub value: &'static str,
    /// What happens at the limit.
    pub at_limit: &'static str,
    /// Where it shows: a counter of the heartbeat (with a dot; FORMAT and SOURCE stand for a name, and `status` has those too),
    /// a condition, an answer, or the log.
    pub shows: &'static str,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr, $at_limit:literal, $shows:literal;)+) => {
        $($(#[$doc])* pub const $name: $type = $value;)+

        /// All limits of this page, in the order of the flow.
        pub const TABLE: &[Limit] = &[
            $(Limit { name: stringify!($name), value: stringify!($value), at_limit: $at_limit, shows: $shows },)+
        ];
    };
}

pub mod border;

pub mod source;

pub mod tcp;

pub mod rota;

pub mod people;

pub mod duty;

pub mod visits;

pub mod web;

pub mod paper;

pub mod channels;

pub mod modem;

pub mod second;

pub mod power;

pub mod record;

/// Every page of limits.
pub const TABLES: &[&[Limit]] = &[
    TABLE,
    border::TABLE,
    source::TABLE,
    tcp::TABLE,
    rota::TABLE,
    people::TABLE,
    duty::TABLE,
    visits::TABLE,
    channels::TABLE,
    modem::TABLE,
    second::TABLE,
    power::TABLE,
    web::TABLE,
    paper::TABLE,
    record::TABLE,
];

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

    /// Numbered snapshots of the village file that are kept. judgement: a year of a village in which something is enrolled
    /// every week, at some 100 kB each.
    VILLAGE_SNAPSHOTS_MAX: usize = 64,
        "the oldest is removed, with its line of history", "none needed";

    /// Longest history of the village file, in bytes; a line of it has some 300.
    VILLAGE_HISTORY_BYTES_MAX: u64 = 1024 * 1024,
        "a longer one is not ours, and begun anew", "none needed";

    // --- core ---

    /// Inputs taken in one turn and one sync (ARCHITECTURE, contract).
    TURN_INPUTS_MAX: usize = 64,
        "the rest waits for the next turn", "none needed";

    /// Deadlines carried out before an input is handled. judgement: sixty homes in alarm with every device silent.
    TIMERS_PER_TURN_MAX: usize = 10_000,
        "the rest is due at the next turn, which follows at once", "none needed";

    /// Closed alarms kept in memory; the log keeps all. judgement: a day of the worst village.
    CLOSED_ALARMS_MAX: usize = 256,
        "the oldest leaves memory and stays in the log", "alarms --all";

    /// Pieces of evidence kept with an alarm: the first half and the newest half.
    EVIDENCE_MAX: usize = 16,
        "the oldest of the second half is dropped; `onsets` goes on counting", "alarm: onsets";

    /// Notes kept with an alarm.
    NOTES_MAX: usize = 32,
        "one of less weight makes room: the county's before remarks, both before conversations; else it is refused",
        "refusal: full";

    /// Devices named behind one fault. Half a message's worth of ids.
    BEHIND_MAX: usize = 1_000,
        "the rest is not named", "none needed";

    /// Devices that are not enrolled and whose presses are being counted (CARE-RULES 17).
    STRANGERS_MAX: usize = 256,
        "the one heard longest ago is forgotten", "none: the heard list has them";

    /// Days of which a device's longest gap is remembered, a small number each: each weekday twice.
    RHYTHM_DAYS: usize = 14,
        "the oldest is forgotten", "none needed";

    /// Points of a battery's way down that are remembered.
    BATTERY_POINTS_MAX: usize = 8,
        "every other one is forgotten, and further ones come half as often", "none needed";

    /// Open alarms named in the answer to "what is open?". An entry has at most 190 bytes, so they fit into one message.
    OPEN_LISTED_MAX: usize = 300,
        "people first; the rest is told as a number", "answer: more";

    /// Open calls of strangers, one each. judgement: more than a village's neighbours have buttons, fewer than noise makes up.
    STRANGER_CALLS_OPEN_MAX: usize = 64,
        "further strangers share one call of the station", "alarms: stranger_call of the station";

    /// Answers to commands remembered, so that a repeat is answered and not run again.
    COMMANDS_REMEMBERED_MAX: usize = 1_000,
        "the oldest is forgotten", "none needed";

    /// Words of a note on an alarm, in bytes of UTF-8. judgement: two SMS.
    NOTE_BYTES_MAX: usize = 420,
        "cut at a sign", "the note ends in …";

    // --- daemon ---

    /// Acknowledgements of inputs that are told and not on disk yet.
    WITHHELD_MAX: usize = 1_000,
        "the oldest is let go unacknowledged: its sender keeps the message and delivers it again", "disk_fault";

    // --- store ---

    /// How long the log may take to answer a commit before people are told without it (ARCHITECTURE, contract).
    COMMIT_DEADLINE: Duration = Duration::from_secs(2),
        "Degraded: people are told at once, the record is marked undurable", "disk_fault";

    /// The same while the disk is known to be in trouble. judgement: a disk that is back answers well within it, and a
    /// press that follows another does not wait for a disk that hangs.
    COMMIT_DEADLINE_IN_TROUBLE: Duration = Duration::from_millis(200),
        "Degraded: people are told at once, the record is marked undurable", "disk_fault";

    /// Turns kept in memory after they are in the log. judgement: what the relay asks for at once; a turn is about 2 KB.
    FRESH_TURNS_MAX: usize = 64,
        "the relay reads the rest back from the log", "none needed";

    /// Turns that wait in memory while the disk does not take them. judgement: 2,000 of about 2 kB are 4 MB, and more
    /// alarms than a village has in a year.
    PENDING_TURNS_MAX: usize = 2_000,
        "the oldest whose alarms the county has is forgotten first", "disk_fault";

    /// Routine samples are written at the latest this long after the first of them came in; what a power cut can take.
    /// judgement: 10 s is the promise, and a sync costs about 12 kB of file system journal whatever it carries.
    ROUTINE_GATHER: Duration = Duration::from_secs(8),
        "the block is written", "none needed";

    /// Routine samples are written as soon as this many bytes of them have gathered.
    ROUTINE_BLOCK_BYTES: usize = 48 * 1024,
        "the block is written", "none needed";

    /// Routine samples that wait in memory while the disk does not take them, in bytes. judgement: about a minute of
    /// 5,000 devices.
    ROUTINE_WAITING_BYTES_MAX: usize = 1024 * 1024,
        "the oldest are dropped and their numbers named as a hole", "the named hole, at the county";

    /// Largest record of the log that is believed, in bytes. A snapshot with 10,000 open records is a tenth of it.
    RECORD_BYTES_MAX: usize = 32 * 1024 * 1024,
        "a longer length is read as damage", "log at the start: what is missing";

    /// The urgent stream (alarms, commands, audit) keeps at most this many bytes.
    URGENT_BYTES_MAX: u64 = 512 * 1024 * 1024,
        "oldest segments are unlinked; records without a receipt are carried forward first", "heartbeat: disk_free_bytes";

    /// The urgent stream is kept this long (ARCHITECTURE, store).
    URGENT_KEPT: Duration = Duration::from_hours(2 * 365 * 24),
        "oldest segments are unlinked; records without a receipt are carried forward first", "none needed";

    /// A segment of the urgent stream is ended at this size; it is what a start reads whole.
    URGENT_SEGMENT_BYTES: u64 = 1024 * 1024,
        "the next segment begins with a snapshot", "none needed";

    /// The routine stream keeps at most this many bytes. judgement: 30 days of 500 devices at one reading a minute.
    ROUTINE_BYTES_MAX: u64 = 3 * 1024 * 1024 * 1024,
        "oldest segments are unlinked; readings without a receipt become a named hole",
        "heartbeat: disk_free_bytes; the named hole, at the county";

    /// The routine stream is kept this long (ARCHITECTURE, store).
    ROUTINE_KEPT: Duration = Duration::from_hours(30 * 24),
        "oldest segments are unlinked; readings without a receipt become a named hole", "the named hole, at the county";

    /// A segment of the routine stream is ended at this size.
    ROUTINE_SEGMENT_BYTES: u64 = 4 * 1024 * 1024,
        "the next segment begins", "none needed";

    /// The ballast: bytes held on the disk to be let go when it is full.
    BALLAST_BYTES: u64 = 8 * 1024 * 1024,
        "released when the disk is full, so that alarms are still written", "heartbeat: disk_free_bytes";

    /// Readings stop when less than this is free on the disk; alarms never do.
    ROUTINE_RESERVE_BYTES: u64 = 32 * 1024 * 1024,
        "readings wait, then become a named hole", "heartbeat: disk_free_bytes; the named hole, at the county";

    /// Torn tails that are kept aside, and how much of each.
    TORN_KEPT: usize = 8,
        "the oldest is removed", "log at the start: the torn tail and its file";

    /// Bytes of a torn tail that are kept aside.
    TORN_BYTES_MAX: usize = 1024 * 1024,
        "the rest of the tail is not copied", "log at the start: the torn tail and its file";

    /// How long the ledger remembers a closed alarm. judgement: longer than the longest memory of a detector that is replayed.
    CLOSED_ALARMS_KEPT: Duration = Duration::from_hours(48),
        "forgotten", "none needed";

    /// How long a command's answer is remembered (ARCHITECTURE, county contract).
    COMMAND_MEMORY: Duration = Duration::from_hours(7 * 24),
        "a repeat is run again", "none needed";

    /// Records that the county refused, for the dead-letter list.
    REJECTS_MAX: usize = 200,
        "the oldest is forgotten", "relay.rejected";

    /// Records of a lane without a receipt that are kept track of. judgement: 130 a day for the two years the log is kept.
    OUTBOX_MAX: usize = 100_000,
        "the oldest become a named hole; they stay in the log", "the named hole, at the county";

    /// Ranges of receipts for readings that lie above a gap, and named holes that wait for a receipt.
    RANGES_MAX: usize = 1_024,
        "a receipt above is ignored and the readings are sent again; the newest holes are joined", "relay.sent_again";

    /// Alarms in the history, open and closed. judgement: a year of a large village.
    ALARM_HISTORY_MAX: usize = 5_000,
        "the oldest leaves the history; it stays in the log", "none: the log has them";

    /// Memory that the state index may use as its cache, in bytes.
    INDEX_CACHE_BYTES: u64 = 8 * 1024 * 1024,
        "pages are read again", "none needed";

    /// The state index is made durable at most this long after a change. judgement: it can be rebuilt, and every flush wears the card.
    INDEX_FLUSH: Duration = Duration::from_mins(1),
        "flushed and synced", "none needed";

    /// Bytes of the urgent stream that are read when the index is rebuilt. judgement: 40,000 records, under a second.
    REBUILD_BYTES_MAX: u64 = 64 * 1024 * 1024,
        "older alarms stay in the log and leave the history", "state_rebuilt";

    /// Devices' last words, one packed value, in bytes.
    WORDS_BYTES_MAX: usize = 4 * 1024 * 1024,
        "refused", "log: last words are too large";

    /// How long the check of the state index in a child process may take. judgement: 30 times what 5,000 alarms take on a slow card.
    STATE_CHECK_DEADLINE: Duration = Duration::from_secs(10),
        "the index is put aside and rebuilt", "state_rebuilt";

    /// Damaged state indexes that are kept.
    STATE_BAD_KEPT: usize = 2,
        "the oldest is removed", "the folders beside the index";

    /// Unclean starts within [`UNCLEAN_WINDOW`] after which the state index is put aside without a look.
    UNCLEAN_STARTS_MAX: usize = 3,
        "the index is put aside and rebuilt", "state_rebuilt";

    /// The time in which unclean starts are counted together.
    UNCLEAN_WINDOW: Duration = Duration::from_mins(5),
        "older starts are not counted", "state_rebuilt";

    /// Requests that wait for the log's thread, and for the index's.
    STORE_QUEUE: usize = 64,
        "a wake-up is already waiting; a question is answered with nothing", "none needed";

    // --- relay and county ---

    /// Largest message to or from the county, in bytes (ARCHITECTURE, county contract).
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

    /// How long a receipt may take before its record is sent again for the first time (ARCHITECTURE, county contract).
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

    /// Longest wait between two attempts to connect.
    RECONNECT_CAP: Duration = Duration::from_mins(1),
        "tries for ever, with full jitter", "log: county connection";

    /// Longest wait between two attempts to connect while an alarm waits (ARCHITECTURE, county contract).
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
    ANSWERS_WAITING_MAX: usize = 64,
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

    /// Receipts and PUBACKs that wait for the county's connection. judgement: rumqttc sends about one for every ten packets
    /// that it reads while packets keep coming, so the queue holds a burst of 65,000.
    COUNTY_REPLIES_MAX: usize = 8_192,
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

    /// Connections to the county page at a time. judgement: every civil-affairs desk of a county with three tabs each.
    COUNTY_PAGE_CONNECTIONS_MAX: usize = 256,
        "a further one waits until another ends", "the browser waits";

    /// Pages of the county that are kept live at a time. judgement: half of the connections, so that looking at the page
    /// is always possible.
    COUNTY_PAGE_LISTENERS_MAX: usize = 128,
        "a further one is refused with a sentence, and its page says that it is not live", "the page";

    /// How often the county's database is read for the live pages, while any is open. judgement: nobody reads faster.
    COUNTY_PAGE_RHYTHM: Duration = Duration::from_secs(1),
        "changes in between are shown together", "none needed";

    /// How often a live page is told that its connection stands. judgement: proxies cut what is silent for a minute.
    COUNTY_PAGE_PING: Duration = Duration::from_secs(15),
        "after 40 s without one the page says in red that it stands still", "the page";

    /// How long the county page waits for the database.
    COUNTY_PAGE_READ_WAIT: Duration = Duration::from_secs(5),
        "the page says that the database does not answer", "the page";

    /// Rows of one list on the county page; what matters most comes first. judgement: nobody reads further, and a page
    /// that is sent again with every change stays small.
    COUNTY_PAGE_ROWS_MAX: usize = 300,
        "the rest is counted at the end of the list", "the page";

    /// Signs of a gateway's own words on the county page.
    COUNTY_PAGE_WORD_MAX: usize = 60,
        "cut there", "the page";

    /// How long open connections to the county page may take to end when the console stops.
    COUNTY_PAGE_STOP_WAIT: Duration = Duration::from_secs(2),
        "they are cut", "none needed";

    // --- control ---

    /// Connections to the local socket at a time.
    CONTROL_CONNECTIONS_MAX: usize = 16,
        "a further one is turned away", "debug log";

    /// Longest request over the local socket, in bytes.
    CONTROL_REQUEST_BYTES_MAX: u64 = 64 * 1024,
        "cut there, and refused as unreadable", "the answer";

    /// How long a conversation over the local socket may take.
    CONTROL_CONNECTION_TIME: Duration = Duration::from_secs(10),
        "ended", "the asker is told";

    /// Pause after the local socket failed to take a connection (out of descriptors).
    CONTROL_ACCEPT_PAUSE: Duration = Duration::from_millis(200),
        "tried again", "warning in the log";

    /// Changes of the village that wait for their turn. judgement: one installer stands at one shell; each takes a blink.
    VILLAGE_CHANGES_WAITING_MAX: usize = 4,
        "the asker is told to try again", "the answer";

    /// Errands from the shell that wait to be sent.
    ERRANDS_WAITING_MAX: usize = 8,
        "the asker waits", "none needed";

    /// Questions about pairing that wait for their turn. judgement: as for the changes of the village.
    PAIRING_WAITING_MAX: usize = 4,
        "the asker is told to try again", "the answer";

    /// Requests over the local socket that wait for the station (ARCHITECTURE).
    COMMANDS_WAITING_MAX: usize = 32,
        "the asker waits", "none";
}
