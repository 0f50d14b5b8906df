//! Every statement of the county's database, and its schema by version.
//!
//! The database is SQLite, and the statements run on PostgreSQL as they stand: `$1` parameters, `BIGINT`, `TEXT`,
//! `BOOLEAN`, `ON CONFLICT … DO NOTHING | DO UPDATE`, and no function of either. Times are Unix milliseconds: `…_ms`
//! columns named `received_ms`, `heard_ms` and the like are by the county's clock, `at_ms` and `occurred_ms` by the
//! gateway's. Numbers of records are unique a (station, gateway), because two villages may both call their box `gw1`.

/// How the writer begins a transaction: with the write lock, so that it cannot fail half-way for want of it.
/// (The one line that PostgreSQL writes differently: `BEGIN`.)
pub const BEGIN: &str = "BEGIN IMMEDIATE";

/// The schema, one list of statements a version, applied in order. A list that has been released never changes.
pub const MIGRATIONS: &[&[&str]] = &[
    &[
        "CREATE TABLE gateways (
        station TEXT NOT NULL, gateway TEXT NOT NULL,
        first_heard_ms BIGINT NOT NULL, heard_ms BIGINT,
        online BOOLEAN, online_since_ms BIGINT, epoch TEXT, boot BIGINT, conn BIGINT, birth TEXT,
        heartbeat_ms BIGINT, heartbeat TEXT,
        PRIMARY KEY (station, gateway))",
        // Every revision of every alarm, once, however often and under whatever number it came.
        "CREATE TABLE alarm_records (
        station TEXT NOT NULL, gateway TEXT NOT NULL, alarm_id TEXT NOT NULL, rev BIGINT NOT NULL,
        state TEXT NOT NULL, priority TEXT NOT NULL, disposition TEXT, received_ms BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (station, gateway, alarm_id, rev))",
        // Which record stands under which number: a rebuilt gateway sends the same record under a new one.
        "CREATE TABLE alarm_numbers (
        station TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq BIGINT NOT NULL,
        alarm_id TEXT NOT NULL, rev BIGINT NOT NULL, received_ms BIGINT NOT NULL,
        PRIMARY KEY (station, gateway, epoch, seq))",
        // The board: the newest revision of every alarm.
        "CREATE TABLE alarms (
        station TEXT NOT NULL, gateway TEXT NOT NULL, alarm_id TEXT NOT NULL, rev BIGINT NOT NULL,
        is_open BOOLEAN NOT NULL, state TEXT NOT NULL, condition TEXT NOT NULL, priority TEXT NOT NULL,
        resident TEXT, device TEXT, drill BOOLEAN NOT NULL, occurred_ms BIGINT, occurred_trust TEXT,
        first_received_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL,
        PRIMARY KEY (station, gateway, alarm_id))",
        "CREATE INDEX alarms_open ON alarms (is_open, first_received_ms)",
        "CREATE TABLE device_events (
        station TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq BIGINT NOT NULL,
        device TEXT, source TEXT NOT NULL, what TEXT NOT NULL, at_ms BIGINT NOT NULL, at_trust TEXT NOT NULL,
        received_ms BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (station, gateway, epoch, seq))",
        "CREATE TABLE readings (
        station TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq BIGINT NOT NULL,
        device TEXT NOT NULL, at_ms BIGINT NOT NULL, at_trust TEXT NOT NULL, hist BOOLEAN NOT NULL,
        said TEXT NOT NULL, received_ms BIGINT NOT NULL,
        PRIMARY KEY (station, gateway, epoch, seq))",
        "CREATE TABLE skipped (
        station TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL,
        from_seq BIGINT NOT NULL, to_seq BIGINT NOT NULL, reason TEXT NOT NULL, received_ms BIGINT NOT NULL,
        PRIMARY KEY (station, gateway, epoch, lane, from_seq, to_seq))",
        "CREATE TABLE devices (
        station TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL,
        received_ms BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (station, gateway, device))",
        "CREATE TABLE residents (
        station TEXT NOT NULL, gateway TEXT NOT NULL, resident TEXT NOT NULL,
        watch TEXT NOT NULL, received_ms BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (station, gateway, resident))",
        // The dead-letter list: refused, with the message as it came.
        "CREATE TABLE rejects (
        station TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL,
        from_seq BIGINT NOT NULL, to_seq BIGINT NOT NULL, reason TEXT NOT NULL, received_ms BIGINT NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (station, gateway, epoch, lane, from_seq, to_seq))",
        "CREATE TABLE refusals (
        station TEXT NOT NULL, gateway TEXT NOT NULL, why TEXT NOT NULL, times BIGINT NOT NULL, last_ms BIGINT NOT NULL,
        PRIMARY KEY (station, gateway, why))",
        "CREATE TABLE commands (
        id TEXT NOT NULL PRIMARY KEY, station TEXT NOT NULL, gateway TEXT NOT NULL,
        sent_ms BIGINT NOT NULL, not_after_ms BIGINT, body TEXT NOT NULL)",
        "CREATE TABLE command_results (
        station TEXT NOT NULL, gateway TEXT NOT NULL, id TEXT NOT NULL, received_ms BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (station, gateway, id))",
        // When the service began to listen, and when it last did: without it, silence says nothing about a station.
        "CREATE TABLE service (name TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL)",
    ],
    &[
        // The second path: an alarm may be known by its text alone, until the copy over MQTT completes it.
        "ALTER TABLE alarm_records ADD COLUMN by_text BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE alarms ADD COLUMN by_text BOOLEAN NOT NULL DEFAULT FALSE",
        // The newest text of a gateway about how it stands.
        "CREATE TABLE status_texts (
        station TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, sent_s BIGINT NOT NULL,
        as_of_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (station, gateway))",
        // Refused texts, by kind alone: who sends such a text is not known.
        "CREATE TABLE refused_texts (why TEXT NOT NULL PRIMARY KEY, times BIGINT NOT NULL, last_ms BIGINT NOT NULL)",
        // The county's own ladder, and what was said to it by others than its channel.
        "CREATE TABLE cases (cause TEXT NOT NULL PRIMARY KEY, saved_ms BIGINT NOT NULL, body TEXT NOT NULL)",
        "CREATE TABLE answers (
            at_ms BIGINT NOT NULL, who TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (at_ms, who, said))",
    ],
    &[
        // How far every station's log had come, once a day: what an inspector compares it with.
        "CREATE TABLE log_heads (
        station TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq BIGINT NOT NULL, stream TEXT NOT NULL,
        log_index BIGINT NOT NULL, chain TEXT NOT NULL, at_ms BIGINT NOT NULL, at_trust TEXT NOT NULL,
        received_ms BIGINT NOT NULL,
        PRIMARY KEY (station, gateway, epoch, seq, stream))",
    ],
    &[
        // Whose a sequence space is: the first station that spoke in it. Those that were there before are known by their records;
        // one in which two stations spoke (a copied card, an id that was corrected) is nobody's until somebody speaks.
        "CREATE TABLE epochs (epoch TEXT NOT NULL PRIMARY KEY, station TEXT NOT NULL, first_heard_ms BIGINT NOT NULL)",
        "INSERT INTO epochs (epoch, station, first_heard_ms)
        SELECT epoch, MIN(station), MIN(received_ms) FROM alarm_numbers GROUP BY epoch
        HAVING COUNT(DISTINCT station) = 1",
        "CREATE INDEX epochs_station ON epochs (station)",
    ],
];

/// The table of applied versions, which the first migration itself needs.
pub const CREATE_VERSIONS: &str =
    "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_ms BIGINT NOT NULL)";
/// The version in force.
pub const READ_VERSION: &str = "SELECT MAX(version) FROM schema_version";
/// Marks a version as applied.
pub const WRITE_VERSION: &str = "INSERT INTO schema_version (version, applied_ms) VALUES ($1, $2)";

/// Whose a sequence space is.
pub const EPOCH_OF: &str = "SELECT station FROM epochs WHERE epoch = $1";
/// How many a station has had.
pub const EPOCHS_COUNT: &str = "SELECT COUNT(*) FROM epochs WHERE station = $1";
/// A sequence space that is heard of for the first time.
pub const EPOCH: &str =
    "INSERT INTO epochs (epoch, station, first_heard_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
/// Whether a gateway is known.
pub const GATEWAY_KNOWN: &str = "SELECT COUNT(*) FROM gateways WHERE station = $1 AND gateway = $2";
/// How many gateways a station has.
pub const GATEWAYS_COUNT: &str = "SELECT COUNT(*) FROM gateways WHERE station = $1";
/// A gateway that is heard of for the first time.
pub const MEET_GATEWAY: &str = "INSERT INTO gateways (station, gateway, first_heard_ms) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING";
/// A sign of life.
pub const HEAR_GATEWAY: &str = "UPDATE gateways SET heard_ms = $3 WHERE station = $1 AND gateway = $2";
/// A birth that is not the current one already (the broker repeats the retained one at every connection).
pub const BIRTH: &str = "UPDATE gateways
    SET online = TRUE, online_since_ms = $6, epoch = $3, boot = $4, conn = $5, birth = $7
    WHERE station = $1 AND gateway = $2
    AND (online IS NULL OR online = FALSE OR epoch <> $3 OR boot <> $4 OR conn <> $5)";
/// A will counts for the birth it belongs to, or when no birth is known at all.
pub const WILL: &str = "UPDATE gateways
    SET online = FALSE, online_since_ms = $6, epoch = $3, boot = $4, conn = $5, birth = $7
    WHERE station = $1 AND gateway = $2
    AND (online IS NULL OR (online = TRUE AND epoch = $3 AND boot = $4 AND conn = $5))";
/// A heartbeat.
pub const HEARTBEAT: &str = "UPDATE gateways SET heartbeat_ms = $3, heartbeat = $4 WHERE station = $1 AND gateway = $2";

/// One revision of an alarm: it completes one that came as a text, and changes no other.
pub const ALARM_RECORD: &str = "INSERT INTO alarm_records
    (station, gateway, alarm_id, rev, state, priority, disposition, received_ms, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (station, gateway, alarm_id, rev) DO UPDATE SET
     state = excluded.state, priority = excluded.priority, disposition = excluded.disposition, body = excluded.body,
     by_text = FALSE
    WHERE alarm_records.by_text = TRUE";
/// The same as a text: it changes nothing that is there.
pub const ALARM_RECORD_BY_TEXT: &str = "INSERT INTO alarm_records
    (station, gateway, alarm_id, rev, state, priority, received_ms, body, by_text)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE) ON CONFLICT DO NOTHING";
/// What stands where a revision could not be inserted.
pub const ALARM_RECORD_THERE: &str = "SELECT state, priority, disposition FROM alarm_records
    WHERE station = $1 AND gateway = $2 AND alarm_id = $3 AND rev = $4";
/// What it says in full.
pub const ALARM_RECORD_BODY: &str = "SELECT body FROM alarm_records
    WHERE station = $1 AND gateway = $2 AND alarm_id = $3 AND rev = $4";
/// The revisions of an alarm from one on.
pub const ALARM_RECORDS_FROM: &str = "SELECT rev, body FROM alarm_records
    WHERE station = $1 AND gateway = $2 AND alarm_id = $3 AND rev >= $4 ORDER BY rev";
/// A revision that was told without the log, told anew.
pub const ALARM_RECORD_AGAIN: &str = "UPDATE alarm_records
    SET state = $5, priority = $6, disposition = $7, received_ms = $8, body = $9
    WHERE station = $1 AND gateway = $2 AND alarm_id = $3 AND rev = $4";
/// The board goes back behind such a revision.
pub const ALARM_BEFORE: &str = "UPDATE alarms SET rev = $4
    WHERE station = $1 AND gateway = $2 AND alarm_id = $3 AND rev > $4";
/// The number under which it came.
pub const ALARM_NUMBER: &str = "INSERT INTO alarm_numbers
    (station, gateway, epoch, seq, alarm_id, rev, received_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT DO NOTHING";
/// What stands under that number.
pub const ALARM_NUMBER_THERE: &str = "SELECT alarm_id, rev FROM alarm_numbers
    WHERE station = $1 AND gateway = $2 AND epoch = $3 AND seq = $4";
/// It stands for another record.
pub const ALARM_NUMBER_AGAIN: &str = "UPDATE alarm_numbers SET alarm_id = $5, rev = $6, received_ms = $7
    WHERE station = $1 AND gateway = $2 AND epoch = $3 AND seq = $4";
/// The board's row: only a newer revision replaces an older one, whatever the order of arrival, and the copy over MQTT a text
/// of the same revision.
pub const ALARM: &str = "INSERT INTO alarms
    (station, gateway, alarm_id, rev, is_open, state, condition, priority, resident, device, drill,
     occurred_ms, occurred_trust, first_received_ms, received_ms, by_text)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15)
    ON CONFLICT (station, gateway, alarm_id) DO UPDATE SET
     rev = excluded.rev, is_open = excluded.is_open, state = excluded.state, priority = excluded.priority,
     device = excluded.device, occurred_ms = excluded.occurred_ms, occurred_trust = excluded.occurred_trust,
     received_ms = excluded.received_ms, by_text = excluded.by_text
    WHERE excluded.rev > alarms.rev
     OR (excluded.rev = alarms.rev AND alarms.by_text = TRUE AND excluded.by_text = FALSE)";

/// One event of a device or source.
pub const DEVICE_EVENT: &str = "INSERT INTO device_events
    (station, gateway, epoch, seq, device, source, what, at_ms, at_trust, received_ms, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
/// What stands under that number.
pub const DEVICE_EVENT_THERE: &str = "SELECT body FROM device_events
    WHERE station = $1 AND gateway = $2 AND epoch = $3 AND seq = $4";
/// How far a stream of a station's log had come.
pub const LOG_HEAD: &str = "INSERT INTO log_heads
    (station, gateway, epoch, seq, stream, log_index, chain, at_ms, at_trust, received_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
/// What stands under that number.
pub const LOG_HEAD_THERE: &str = "SELECT log_index, chain FROM log_heads
    WHERE station = $1 AND gateway = $2 AND epoch = $3 AND seq = $4 AND stream = $5";
/// The heads of a station's log, in the order in which they came.
pub const LIST_LOG_HEADS: &str =
    "SELECT station, gateway, epoch, stream, log_index, chain, at_ms, at_trust, received_ms FROM log_heads
    WHERE station = $1 ORDER BY gateway, received_ms, stream, log_index";
/// What stands under these numbers.
pub const READINGS_THERE: &str = "SELECT seq, device, said FROM readings
    WHERE station = $1 AND gateway = $2 AND epoch = $3 AND seq BETWEEN $4 AND $5";
/// Head of a statement for many readings; the rows follow.
pub const READINGS: &str = "INSERT INTO readings
    (station, gateway, epoch, seq, device, at_ms, at_trust, hist, said, received_ms) ";
/// Its end: a reading that is there already stays as it is.
pub const READINGS_END: &str = " ON CONFLICT DO NOTHING";
/// Readings in one statement: ten parameters each, and the smaller of the databases takes 32,766 in a statement.
pub const READINGS_A_STATEMENT: usize = 500;
/// A hole.
pub const SKIPPED: &str = "INSERT INTO skipped
    (station, gateway, epoch, lane, from_seq, to_seq, reason, received_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT DO NOTHING";

/// A device's standing.
pub const DEVICE: &str = "INSERT INTO devices (station, gateway, device, received_ms, body) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (station, gateway, device) DO UPDATE SET received_ms = excluded.received_ms, body = excluded.body";
/// A device that was removed.
pub const DEVICE_GONE: &str = "DELETE FROM devices WHERE station = $1 AND gateway = $2 AND device = $3";
/// A resident's watch state.
pub const RESIDENT: &str = "INSERT INTO residents (station, gateway, resident, watch, received_ms, body)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (station, gateway, resident) DO UPDATE SET
     watch = excluded.watch, received_ms = excluded.received_ms, body = excluded.body";
/// A resident of whom the gateway says nothing any more.
pub const RESIDENT_GONE: &str = "DELETE FROM residents WHERE station = $1 AND gateway = $2 AND resident = $3";

/// How many dead letters there are of a station.
pub const REJECTS_COUNT: &str = "SELECT COUNT(*) FROM rejects WHERE station = $1";
/// How many dead letters there are in all.
pub const REJECTS_COUNT_ALL: &str = "SELECT COUNT(*) FROM rejects";
/// How many kinds of refusals are counted.
pub const REFUSALS_COUNT: &str = "SELECT COUNT(*) FROM refusals";
/// Whether a kind of refusal is counted already.
pub const REFUSAL_KNOWN: &str = "SELECT COUNT(*) FROM refusals WHERE station = $1 AND gateway = $2 AND why = $3";
/// A dead letter.
pub const REJECT: &str = "INSERT INTO rejects
    (station, gateway, epoch, lane, from_seq, to_seq, reason, received_ms, payload)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
/// Counts refusals by kind.
pub const REFUSAL: &str = "INSERT INTO refusals (station, gateway, why, times, last_ms) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (station, gateway, why) DO UPDATE SET
     times = refusals.times + excluded.times, last_ms = excluded.last_ms";

/// How a station stands, by text. Station time tells which of two is newer, within one sequence space.
pub const STATUS_TEXT: &str = "INSERT INTO status_texts (station, gateway, epoch, sent_s, as_of_ms, received_ms, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (station, gateway) DO UPDATE SET
     epoch = excluded.epoch, sent_s = excluded.sent_s, as_of_ms = excluded.as_of_ms,
     received_ms = excluded.received_ms, body = excluded.body
    WHERE (excluded.epoch = status_texts.epoch AND excluded.sent_s > status_texts.sent_s)
     OR (excluded.epoch <> status_texts.epoch AND excluded.as_of_ms > status_texts.as_of_ms)";
/// Counts refused texts by kind.
pub const REFUSED_TEXT: &str = "INSERT INTO refused_texts (why, times, last_ms) VALUES ($1, 1, $2)
    ON CONFLICT (why) DO UPDATE SET times = refused_texts.times + 1, last_ms = excluded.last_ms";

/// A command, before it is sent.
pub const COMMAND: &str = "INSERT INTO commands (id, station, gateway, sent_ms, not_after_ms, body)
    VALUES ($1, $2, $3, $4, $5, $6)";
/// The answer to a command; only the first counts, later ones repeat it.
pub const COMMAND_RESULT: &str = "INSERT INTO command_results (station, gateway, id, received_ms, body)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

/// Sets one of the service's times.
pub const SERVICE: &str = "INSERT INTO service (name, at_ms) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms";
/// Reads one of them.
pub const SERVICE_AT: &str = "SELECT at_ms FROM service WHERE name = $1";

/// The board, oldest first; `$1` true: only what is open.
pub const LIST_ALARMS: &str =
    "SELECT a.station, a.gateway, a.first_received_ms, a.received_ms, r.by_text, r.body, g.heartbeat
    FROM alarms a JOIN alarm_records r
     ON r.station = a.station AND r.gateway = a.gateway AND r.alarm_id = a.alarm_id AND r.rev = a.rev
    LEFT JOIN gateways g ON g.station = a.station AND g.gateway = a.gateway
    WHERE a.is_open = TRUE OR $1 = FALSE
    ORDER BY a.first_received_ms, a.alarm_id";
/// How many messages of the alarm lane were refused and are kept.
pub const REFUSED_ALARMS: &str = "SELECT COUNT(*) FROM rejects WHERE lane = 'alarm'";
/// All devices.
pub const LIST_DEVICES: &str = "SELECT station, gateway, device, received_ms, body FROM devices
    ORDER BY station, gateway, device";
/// All gateways.
pub const LIST_GATEWAYS: &str = "SELECT station, gateway, first_heard_ms, heard_ms, online, online_since_ms, birth,
     heartbeat_ms, heartbeat
    FROM gateways ORDER BY station, gateway";
/// All residents.
pub const LIST_RESIDENTS: &str = "SELECT station, gateway, resident, received_ms, body FROM residents
    ORDER BY station, gateway, resident";
/// Refusals by gateway.
pub const LIST_REFUSALS: &str = "SELECT station, gateway, why, times FROM refusals ORDER BY station, gateway, why";
/// The newest text of every gateway about how it stands.
pub const LIST_STATUS_TEXTS: &str = "SELECT station, gateway, as_of_ms, received_ms, body FROM status_texts
    ORDER BY station, gateway";
/// Refused texts by kind.
pub const LIST_REFUSED_TEXTS: &str = "SELECT why, times FROM refused_texts ORDER BY why";

/// How a case of the county's ladder stands.
pub const CASE: &str = "INSERT INTO cases (cause, saved_ms, body) VALUES ($1, $2, $3)
    ON CONFLICT (cause) DO UPDATE SET saved_ms = excluded.saved_ms, body = excluded.body";
/// A case that is over.
pub const CASE_OVER: &str = "DELETE FROM cases WHERE cause = $1";
/// All cases.
pub const LIST_CASES: &str = "SELECT cause, body FROM cases ORDER BY cause";
/// An answer for the county's ladder.
pub const ANSWER: &str = "INSERT INTO answers (at_ms, who, said) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
/// How many wait.
pub const COUNT_ANSWERS: &str = "SELECT COUNT(*) FROM answers";
/// Those that wait.
pub const LIST_ANSWERS: &str = "SELECT at_ms, who, said FROM answers ORDER BY at_ms, who, said";
/// One that has had its effect.
pub const ANSWER_TAKEN: &str = "DELETE FROM answers WHERE at_ms = $1 AND who = $2 AND said = $3";
