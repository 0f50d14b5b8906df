//! Text messages of stations at the county: who may send one, that it and the copy over MQTT are one alarm in both orders, and
//! what is shown of it.

mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::tz::TimeZone;
use shouwang::core::alarm::{Alarm, State};
use shouwang::core::id::Epoch;
use shouwang::core::time::{Trust, Wall};
use shouwang::county::board::{AlarmRow, StationRow};
use shouwang::county::book::Book;
use shouwang::county::ingest::take;
use shouwang::county::plan::{Plan, Shifts};
use shouwang::county::receipt::{Batch, Committed};
use shouwang::county::show;
use shouwang::county::sms::{Arrival, Senders, Why};
use shouwang::county::sql;
use shouwang::county::texts::{Desk, Kept, Receipt};
use shouwang::private::Private;
use shouwang::relay::text::{AlarmText, Stamp, Stands, StatusText, Text};
use shouwang::words::Lang;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use support::county_messages::{EPOCH, alarm, alarm_message, gateway_state, heartbeat, moment};

const NUMBER: &str = "13800000001";
const OTHER: &str = "13800000002";
const CALLED: &str = "13800000003";
const NOW_MS: i64 = 1_700_000_000_000 + 600_000;
const HOUR_MS: i64 = 3_600_000;

fn private(text: &str) -> Private<String> {
    Private::new(text.to_owned())
}

fn senders() -> Senders {
    let st1 = ("st1".parse().expect("a slug"), vec![private("+86 138-0000-0001")]);
    let st2 = ("st2".parse().expect("a slug"), vec![private(OTHER)]);
    Senders::new([st1, st2])
}

/// Whom the county calls: one person of its own.
fn plan() -> Plan {
    Plan {
        stations: BTreeMap::new(),
        townships: BTreeMap::new(),
        people: BTreeMap::from([("zhao".parse().expect("a slug"), private(CALLED))]),
        shifts: Shifts {
            day: Vec::new(),
            night: Vec::new(),
            day_begins: jiff::civil::time(8, 0, 0, 0),
            night_begins: jiff::civil::time(20, 0, 0, 0),
        },
        zone: TimeZone::UTC,
        lang: Lang::Zh,
    }
}

fn text_of(alarm: &Alarm) -> Text {
    Text::Alarm(AlarmText::of("gw1".parse().expect("a slug"), alarm, moment(700_000)))
}

fn status(sent_s: u64, without_link_s: Option<u32>) -> StatusText {
    StatusText {
        station: "st1".parse().expect("a slug"),
        gateway: "gw1".parse().expect("a slug"),
        epoch: EPOCH,
        sent_s,
        at: Stamp::new(Wall(0), Trust::Unset),
        people: 1,
        things: 2,
        residents: [8, 1, 0],
        without_link_s,
        durable: Some(true),
        disk_free_mib: Some(900),
        mains: Some(false),
        battery_min: Some(150),
    }
}

/// A county's book with the desk that takes in texts for it.
struct County {
    book: Book,
    desk: Desk,
    _dir: tempfile::TempDir,
}

impl County {
    async fn new() -> County {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let book = Book::open(&dir.path().join("county.sqlite"), NOW_MS).await.expect("a database can be made");
        book.listening(NOW_MS).await.expect("it can be written");
        County { desk: Desk::new(book.clone(), senders(), plan()), book, _dir: dir }
    }

    async fn by_mqtt(&self, below: &str, payload: &[u8], now_ms: i64) -> (Batch, Committed) {
        let mut batch = Batch::default();
        batch.add(take(&format!("sw/1/st1/gw1/{below}"), payload, false), payload);
        let committed = self.book.commit(&batch, now_ms).await.expect("it is committed");
        (batch, committed)
    }

    async fn record(&self, seq: u64, alarm: Alarm) -> usize {
        let (batch, committed) = self.by_mqtt("ev/alarm", &alarm_message(EPOCH, seq, alarm), NOW_MS).await;
        batch.receipts(&committed).iter().map(|(_, ack)| ack.ranges.len()).sum()
    }

    async fn by_text_at(&self, text: &Text, sent_ms: i64, now_ms: i64) -> Receipt {
        let arrival = Arrival { from: private(NUMBER), sent_ms: Some(sent_ms), text: private(&text.write()) };
        self.desk.take(Ok(&arrival), now_ms).await.expect("the database takes it")
    }

    async fn by_text(&self, text: &Text) -> Receipt {
        self.by_text_at(text, NOW_MS, NOW_MS).await
    }

    async fn only_alarm(&self) -> AlarmRow {
        let mut rows = self.book.alarms(false).await.expect("it can be read");
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    async fn station(&self, now_ms: i64) -> StationRow {
        let mut rows = self.book.stations(now_ms, 180).await.expect("it can be read");
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    async fn station_line(&self, now_ms: i64) -> String {
        show::stations(&[self.station(now_ms).await], now_ms, Lang::Zh).remove(0)
    }
}

#[tokio::test]
async fn a_text_that_comes_first_is_completed_by_the_record() {
    let county = County::new().await;
    let mut complete = alarm(1, 1);
    complete.room = Some("bathroom".parse().expect("a slug"));
    assert_eq!(county.by_text(&text_of(&complete)).await, Receipt::Kept(Kept::Stored, text_of(&complete)));
    let row = county.only_alarm().await;
    assert!(row.by_text && row.body().is_none());
    let line = show::alarms(&[row], NOW_MS, Lang::Zh).remove(0);
    assert!(line.contains("紧急 · 求助 · r01 · st1/gw1") && line.contains("[短信告知]"), "{line}");

    assert_eq!(county.record(7, complete.clone()).await, 1, "the record has its receipt as if no text had come");
    let row = county.only_alarm().await;
    assert!(!row.by_text);
    assert_eq!(row.body().expect("a whole record").room, complete.room);
    assert_eq!(county.by_text(&text_of(&complete)).await, Receipt::Kept(Kept::Known, text_of(&complete)));
    assert!(!county.only_alarm().await.by_text);
}

#[tokio::test]
async fn a_text_that_comes_second_changes_nothing_and_gives_no_receipt() {
    let county = County::new().await;
    county.record(7, alarm(1, 1)).await;
    let before = county.only_alarm().await;
    let mut other = alarm(1, 1);
    other.state = State::Raised { climb: shouwang::core::alarm::ladder::Climb::default() };
    assert_eq!(county.by_text(&text_of(&other)).await, Receipt::Kept(Kept::Known, text_of(&other)));
    assert_eq!(county.only_alarm().await, before);
    assert_eq!(county.record(7, alarm(1, 1)).await, 1, "and a repeated record is what it was before");
}

#[tokio::test]
async fn a_text_that_says_something_else_than_its_record_does_not_dispute_it() {
    let county = County::new().await;
    let forged = AlarmText {
        stands: Stands::Accepted,
        ..AlarmText::of("gw1".parse().expect("a slug"), &alarm(1, 1), moment(1))
    };
    county.by_text(&Text::Alarm(forged)).await;
    assert_eq!(county.record(7, alarm(1, 1)).await, 1);
    let row = county.only_alarm().await;
    assert_eq!(row.body().map(|body| body.state), Some("raised".to_owned()));
}

#[tokio::test]
async fn the_newest_revision_wins_whichever_way_it_came() {
    let county = County::new().await;
    county.record(7, alarm(1, 1)).await;
    county.by_text(&text_of(&alarm(1, 2))).await;
    assert!(county.only_alarm().await.by_text);
    county.by_text(&text_of(&alarm(1, 1))).await;
    assert!(county.only_alarm().await.by_text, "an older text does not come back");
    county.record(9, alarm(1, 3)).await;
    let row = county.only_alarm().await;
    assert_eq!((row.by_text, row.body().map(|body| body.rev)), (false, Some(3)));
    county.record(8, alarm(1, 2)).await;
    assert_eq!(county.only_alarm().await.body().map(|body| body.rev), Some(3));
}

/// Every order of these.
fn orders(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let first = |at: usize| {
        let rest: Vec<usize> = of.iter().copied().filter(|other| *other != of[at]).collect();
        orders(&rest).into_iter().map(move |order| [vec![of[at]], order].concat())
    };
    (0..of.len()).flat_map(first).collect()
}

#[tokio::test]
async fn in_whatever_order_three_records_and_their_texts_come_the_end_is_the_same() {
    let county = County::new().await;
    // One in five of the 720: each is six commits to the disk.
    let orders: Vec<Vec<usize>> = orders(&[0, 1, 2, 3, 4, 5]).into_iter().step_by(5).collect();
    assert_eq!(orders.len(), 144);
    for (nth, order) in (1_u32..).zip(&orders) {
        let mut receipts = 0;
        for what in order {
            let rev = u32::try_from(what % 3).expect("small") + 1;
            if *what < 3 {
                county.by_text(&text_of(&alarm(nth, rev))).await;
            } else {
                receipts += county.record(u64::from(nth * 3 + rev), alarm(nth, rev)).await;
            }
        }
        assert_eq!(receipts, 3, "{order:?}");
    }
    let rows = county.book.alarms(false).await.expect("it can be read");
    assert_eq!(rows.len(), orders.len());
    for row in rows {
        let body = row.body().expect("a whole record");
        assert_eq!((row.by_text, body.rev, body.state.as_str()), (false, 3, "closed"), "{}", body.id);
    }
    assert_eq!(county.book.alarms(true).await.expect("it can be read"), []);
}

#[tokio::test]
async fn what_a_text_says_has_ended_stays_on_the_board_until_its_record_comes() {
    let county = County::new().await;
    county.by_text(&text_of(&alarm(1, 3))).await;
    let open = county.book.alarms(true).await.expect("it can be read");
    assert_eq!(open.len(), 1);
    assert!(show::alarms(&open, NOW_MS, Lang::Zh)[0].contains("已办结 · [短信告知]"));
    county.record(7, alarm(1, 3)).await;
    assert_eq!(county.book.alarms(true).await.expect("it can be read"), []);
}

#[tokio::test]
async fn only_a_listed_number_may_speak_and_only_for_its_own_station() {
    let county = County::new().await;
    let sent = text_of(&alarm(1, 1)).write();
    let cut = &sent[..40];
    let newer = "SW1A/ST1/";
    let lines = [
        (format!("13800000009\t\t{sent}"), Why::Number),
        (format!("{OTHER}\t\t{sent}"), Why::OtherStation),
        (format!("\t\t{sent}"), Why::Number),
        (format!("{NUMBER}\t\t{cut}"), Why::Damaged),
        (format!("{NUMBER}\t\t{newer}"), Why::Damaged),
        (format!("{NUMBER}\t\t17 我去"), Why::NotOurs),
        (format!("{NUMBER}\t{sent}"), Why::Line),
        (format!("{NUMBER}\t\t{}", "x".repeat(5_000)), Why::Line),
    ];
    for (line, why) in &lines {
        let arrival = Arrival::of_line(line, &TimeZone::UTC);
        let receipt = county.desk.take(arrival.as_ref().map_err(|why| *why), NOW_MS).await.expect("it is counted");
        assert_eq!(receipt, Receipt::Refused(*why), "{line}");
        let said = receipt.line(Lang::Zh);
        assert!(said.starts_with("refused\t") && !said.contains("1380000"), "{said}");
    }
    assert_eq!(county.book.alarms(false).await.expect("it can be read"), []);
    let counted: BTreeMap<String, i64> =
        [("damaged", 2), ("line", 2), ("not_ours", 1), ("number", 2), ("other_station", 1)]
            .map(|(why, times)| (why.to_owned(), times))
            .into();
    let refused = county.book.refused_texts().await.expect("it can be read");
    assert_eq!(refused, counted);
    let shown = show::refused_texts(&refused, Lang::Zh).expect("a line");
    assert!(shown.contains("号码未列入 2") && shown.contains("号码属于别的站 1"), "{shown}");
}

#[tokio::test]
async fn an_answer_of_somebody_whom_the_county_calls_waits_for_its_ladder_and_no_other_text_does() {
    let county = County::new().await;
    let take = async |line: String| {
        let arrival = Arrival::of_line(&line, &TimeZone::UTC);
        county.desk.take(arrival.as_ref().map_err(|why| *why), NOW_MS).await.expect("it is counted")
    };
    let who = "person-zhao".parse().expect("somebody");
    assert_eq!(take(format!("+86{CALLED}\t1700000500\t 回复17 我去\r\n")).await, Receipt::Passed(who));
    assert_eq!(take(format!("{CALLED}\t1700000500\t今天天气不错")).await, Receipt::Refused(Why::NotOurs));
    assert_eq!(take(format!("{NUMBER}\t1700000500\t17")).await, Receipt::Refused(Why::NotOurs));
    let waiting = county.book.answers().await.expect("it can be read");
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].who, waiting[0].at_ms), (who, 1_700_000_500_000));
    county.book.answer_taken(&waiting[0]).await.expect("it can be written");
    assert_eq!(county.book.answers().await.expect("it can be read"), []);
}

#[tokio::test]
async fn a_database_from_before_texts_is_taken_over_with_its_alarms() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("county.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut old = options.connect().await.expect("a database can be made");
    for statement in std::iter::once(&sql::CREATE_VERSIONS).chain(sql::MIGRATIONS[0]) {
        sqlx::query(*statement).execute(&mut old).await.expect("the old schema");
    }
    sqlx::query(sql::WRITE_VERSION).bind(1).bind(NOW_MS).execute(&mut old).await.expect("its version");
    let id = alarm(1, 1).id.to_string();
    let body = String::from_utf8(alarm_message(EPOCH, 1, alarm(1, 1))).expect("UTF-8");
    sqlx::query(
        "INSERT INTO alarm_records (station, gateway, alarm_id, rev, state, priority, received_ms, body)
         VALUES ('st1', 'gw1', $1, 1, 'raised', 'high', 0, $2)",
    )
    .bind(&id)
    .bind(body)
    .execute(&mut old)
    .await
    .expect("a record");
    sqlx::query(
        "INSERT INTO alarms (station, gateway, alarm_id, rev, is_open, state, condition, priority, drill,
         first_received_ms, received_ms) VALUES ('st1', 'gw1', $1, 1, TRUE, 'raised', 'help_call', 'high', FALSE, 0, 0)",
    )
    .bind(&id)
    .execute(&mut old)
    .await
    .expect("its row");
    old.close().await.expect("it can be closed");

    let book = Book::open(&path, NOW_MS).await.expect("it is taken over");
    let rows = book.alarms(true).await.expect("it can be read");
    assert!(rows.len() == 1 && !rows[0].by_text && rows[0].body().is_some());
    assert_eq!(book.text(&text_of(&alarm(1, 1)), NOW_MS, NOW_MS).await.expect("it can be written"), Kept::Known);
}

#[test]
fn a_number_is_the_same_however_its_country_is_written() {
    let st1 = "st1".parse().expect("a slug");
    for from in ["13800000001", "+8613800000001", "008613800000001", "8613800000001", "138 0000 0001"] {
        assert_eq!(senders().admit(&private(from), st1), Ok(()), "{from}");
    }
    for from in ["", "+", "3800000001", "+113800000001", "138000000010"] {
        assert_eq!(senders().admit(&private(from), st1), Err(Why::Number), "{from}");
    }
}

#[test]
fn times_are_read_as_gateways_write_them_and_never_lie_ahead() {
    let text = text_of(&alarm(1, 1));
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    for (time, sent_ms) in [
        ("1700000000", Some(1_700_000_000_000)),
        ("1700000000000", Some(1_700_000_000_000)),
        ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
        ("2023-11-15 06:13:20", Some(1_700_000_000_000)),
        ("yesterday", None),
        ("", None),
    ] {
        let arrival = Arrival::of_line(&format!("{NUMBER}\t{time}\t{}\r\n", text.write()), &zone).expect("a line");
        assert_eq!(arrival.sent_ms, sent_ms, "{time}");
        assert_eq!(arrival.as_of_ms(&text, NOW_MS), sent_ms.unwrap_or(NOW_MS));
        assert_eq!(arrival.as_of_ms(&text, 1_000), 1_000, "{time}");
    }
    let stamped = StatusText { at: Stamp::new(Wall(1_699_990_000_000), Trust::Synced), ..status(1, None) };
    let arrival = Arrival { from: private(NUMBER), sent_ms: Some(NOW_MS), text: private("") };
    assert_eq!(arrival.as_of_ms(&Text::Status(stamped), NOW_MS), 1_699_990_000_000, "held up by the network");
}

#[tokio::test]
async fn a_station_without_link_whose_text_comes_in_time_is_silent_and_watches_locally() {
    let county = County::new().await;
    county.by_mqtt("state", &gateway_state(true, 1), NOW_MS).await;
    county.by_mqtt("hb", &heartbeat(), NOW_MS).await;
    let dark = NOW_MS + HOUR_MS;
    assert!(!county.station_line(dark).await.contains("本地在守"));

    county.by_text_at(&Text::Status(status(9_000, Some(3_600))), dark, dark + 5_000).await;
    let station = county.station(dark + 60_000).await;
    assert!(station.silent, "a text never hides that the station is silent");
    let by_text = station.by_text.expect("its text");
    assert_eq!((by_text.guards, by_text.without_link_since_ms), (true, Some(NOW_MS)));
    let line = county.station_line(dark + 60_000).await;
    assert!(line.contains("!照料站失联 · 断网,本地在守(自 1 小时 1 分钟前)"), "{line}");
    assert!(
        line.contains("报警 1 · 故障 2 · 守护中 8 · 守护减弱 1 · 未守护 0 · 停电 · 电池可用 2 小时 30 分钟"),
        "{line}"
    );

    let in_time = dark + 5 * HOUR_MS + HOUR_MS / 2;
    assert!(county.station_line(in_time).await.contains("本地在守"));
    assert!(!county.station_line(in_time + 1).await.contains("本地在守"), "one that does not come ends it");
    county.by_mqtt("hb", &heartbeat(), in_time).await;
    assert!(!county.station_line(in_time).await.contains("本地在守"), "and so does the link");
}

#[tokio::test]
async fn a_text_from_before_the_silence_does_not_speak_for_it() {
    let county = County::new().await;
    county.by_text_at(&Text::Status(status(9_000, None)), NOW_MS, NOW_MS).await;
    county.by_mqtt("hb", &heartbeat(), NOW_MS + 1_000).await;
    let station = county.station(NOW_MS + HOUR_MS).await;
    assert!(station.silent && !station.by_text.expect("its text").guards);
}

#[tokio::test]
async fn an_older_standing_does_not_replace_a_newer_one() {
    let county = County::new().await;
    let newer = Text::Status(status(9_000, Some(60)));
    let older = Text::Status(StatusText { people: 7, ..status(8_000, Some(60)) });
    assert_eq!(county.by_text(&newer).await, Receipt::Kept(Kept::Stored, newer));
    assert_eq!(county.by_text(&newer).await, Receipt::Kept(Kept::Known, newer));
    assert_eq!(county.by_text(&older).await, Receipt::Kept(Kept::Known, older));
    assert_eq!(county.station(NOW_MS).await.by_text.map(|text| text.people), Some(1));
    let begun_anew = Text::Status(StatusText { epoch: Epoch(2), people: 3, ..status(5, Some(60)) });
    county.by_text_at(&begun_anew, NOW_MS + 1_000, NOW_MS + 2_000).await;
    assert_eq!(county.station(NOW_MS).await.by_text.map(|text| text.people), Some(3));
}

#[tokio::test]
async fn a_station_of_which_only_texts_came_is_silent_and_on_the_list() {
    let county = County::new().await;
    county.by_text(&Text::Status(status(9_000, None))).await;
    let station = county.station(NOW_MS).await;
    assert!(station.silent && station.by_text.is_some_and(|text| text.guards));
    let line = county.station_line(NOW_MS).await;
    assert!(line.contains("照料站失联") && line.contains("断网,本地在守") && !line.contains("未列入"), "{line}");
}

#[test]
fn the_verb_reads_lines_and_says_of_each_what_became_of_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = dir.path().join("county.toml");
    let written = format!(
        "[broker]\nurl = \"mqtt://127.0.0.1:1883\"\n[console]\ndatabase = \"county.sqlite\"\n\
         [stations.st1]\nname = \"示例照料站\"\ntext_numbers = [\"{NUMBER}\"]\n"
    );
    std::fs::write(&config, written).expect("it can be written");
    let run = |verb: &[&str], lines: &[u8]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
        command.arg("county").args(verb).arg("--config").arg(&config).args(["--lang", "zh"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("piped").write_all(lines).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let (sent, long) = (text_of(&alarm(1, 1)).write(), "x".repeat(9_000));
    let lines = format!("{NUMBER}\t1700000600\t{sent}\r\n\n{long}\n+86{NUMBER}\t\t{}\nhello\n", sent.to_lowercase());
    let id = alarm(1, 1).id;
    let mut bytes = lines.into_bytes();
    bytes.extend(format!("{NUMBER}\t\t").bytes());
    bytes.extend([0xff, 0xfe, b'\n']);
    assert_eq!(
        run(&["sms"], &bytes).lines().collect::<Vec<_>>(),
        [
            format!("stored\talarm\t{id}\t1").as_str(),
            "refused\tline\t行格式不对",
            format!("known\talarm\t{id}\t1").as_str(),
            "refused\tline\t行格式不对",
            "refused\tnot_ours\t与守望无关",
        ]
    );
    assert!(run(&["alarms"], b"").contains("[短信告知]"));
    assert!(run(&["stations"], b"").contains("拒收短信: 行格式不对 2, 与守望无关 1"));
}
