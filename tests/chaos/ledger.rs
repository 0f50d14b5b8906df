//! The ledger: what was pressed, and what became of it everywhere it went.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use shouwang::core::alarm::{Alarm, AlarmId};
use shouwang::core::sequence::Lane;
use shouwang::store::files::{Disk, Files};
use shouwang::store::log::{Item, Reader, Stream};
use shouwang::store::record::{Decision, Entry};
use shouwang::store::{Journal, Options};

use crate::people::{Letter, is_help_call, resident};
use crate::presses::{By, Press};
use crate::support::wire::Accepted;

/// A message that was not acknowledged is brought again within this time of a start. judgement: a start, and a few tries to connect.
const COMES_AGAIN_MS: u64 = 30_000;

/// A record's identity: alarm and revision.
type Revision = (String, u64);

/// What the station's log says.
#[derive(Debug, Default)]
pub struct Logged {
    /// Every alarm that somebody pressed for.
    pub raised: BTreeSet<AlarmId>,
    closed: BTreeSet<AlarmId>,
    /// What stands under each number of the alarm lane, by epoch.
    numbers: BTreeMap<(String, u64), Revision>,
    /// One number or one revision with two contents.
    pub contradictions: Vec<String>,
    pub damage: usize,
    /// By lane: the newest number, and up to where everything has its receipt.
    pub lanes: BTreeMap<Lane, (u64, u64)>,
}

/// Reads the log of a gateway that has ended, with the store's own reader.
pub fn read_log(folder: &Path) -> Logged {
    let files: Arc<dyn Files> = Arc::new(Disk::visit(folder));
    let mut logged = Logged::default();
    let mut epoch = String::new();
    let mut contents: BTreeMap<Revision, Alarm> = BTreeMap::new();
    for item in Reader::open(Arc::clone(&files), Stream::Urgent, None).expect("the log can be listed") {
        let Item::Record(record) = item else {
            logged.damage += 1;
            continue;
        };
        let Ok(Entry::Turn(turn)) = Entry::read(record.kind, record.payload()) else { continue };
        for decision in turn.decisions {
            match decision {
                Decision::Start(start) => epoch = start.epoch.to_string(),
                Decision::Alarm { seq, alarm } => logged.take(&epoch, seq, &alarm, &mut contents),
                _ => {}
            }
        }
    }
    let (journal, _) = Journal::open(files, Options::default()).expect("the log opens");
    logged.lanes = journal.books().ledger.lanes().iter().map(|(lane, at)| (*lane, (at.head, at.receipted))).collect();
    logged
}

impl Logged {
    fn take(&mut self, epoch: &str, seq: u64, alarm: &Alarm, contents: &mut BTreeMap<Revision, Alarm>) {
        if is_help_call(alarm) {
            self.raised.insert(alarm.id);
            if alarm.clocks.closed.is_some() {
                self.closed.insert(alarm.id);
            }
        }
        let revision = (alarm.id.to_string(), u64::from(alarm.rev));
        let number = (epoch.to_owned(), seq);
        if let Some(other) = self.numbers.insert(number, revision.clone())
            && other != revision
        {
            self.contradictions.push(format!("number {seq} of {epoch}: {other:?} and {revision:?}"));
        }
        if let Some(other) = contents.insert(revision.clone(), alarm.clone())
            && other != *alarm
        {
            self.contradictions.push(format!("{revision:?} has two contents"));
        }
    }
}

/// What the county's database says.
#[derive(Debug, Default)]
pub struct AtCounty {
    revisions: BTreeMap<Revision, String>,
    /// Those of which the gateway said that its log does not have them.
    undurable: BTreeSet<Revision>,
    numbers: BTreeMap<(String, u64), Revision>,
    pub rejects: i64,
    pub readings: i64,
}

/// Reads the county's database.
pub async fn read_county(database: &Path) -> AtCounty {
    let mut connection = SqliteConnectOptions::new().filename(database).connect().await.expect("the database opens");
    let mut at = AtCounty::default();
    let number = |row: &sqlx::sqlite::SqliteRow, name: &str| u64::try_from(row.get::<i64, _>(name)).expect("counts");
    for row in sqlx::query("SELECT alarm_id, rev, state, body FROM alarm_records")
        .fetch_all(&mut connection)
        .await
        .expect("rows")
    {
        let revision: Revision = (row.get("alarm_id"), number(&row, "rev"));
        let body: serde_json::Value = serde_json::from_str(row.get("body")).expect("JSON");
        if body["durable"] == false {
            at.undurable.insert(revision.clone());
        }
        at.revisions.insert(revision, row.get("state"));
    }
    for row in sqlx::query("SELECT epoch, seq, alarm_id, rev FROM alarm_numbers")
        .fetch_all(&mut connection)
        .await
        .expect("rows")
    {
        at.numbers.insert((row.get("epoch"), number(&row, "seq")), (row.get("alarm_id"), number(&row, "rev")));
    }
    let mut count =
        async |sql: &'static str| sqlx::query(sql).fetch_one(&mut connection).await.expect("a row").get::<i64, _>(0);
    at.rejects = count("SELECT COUNT(*) FROM rejects").await;
    at.readings = count("SELECT COUNT(*) FROM readings").await;
    at
}

impl AtCounty {
    /// The alarms of people who have pressed.
    fn help_calls(&self) -> BTreeSet<AlarmId> {
        let ids = self.revisions.keys().filter_map(|(id, _)| id.parse::<AlarmId>().ok());
        ids.filter(|id| id.condition == shouwang::core::condition::Condition::HelpCall).collect()
    }
}

/// Everything that is compared.
pub struct Evidence<'a> {
    pub presses: &'a [Press],
    pub pubacks: &'a Accepted,
    /// Every time that the local broker brought a message: one whose acknowledgement was withheld comes again.
    pub brought: &'a Accepted,
    /// Times in which the disk took nothing and the box was started anew.
    pub undurable: &'a [(u64, u64)],
    pub letters: &'a [Letter],
    pub logged: &'a Logged,
    pub county: &'a AtCounty,
    pub closed: (usize, usize),
}

/// The table, and what is wrong.
#[derive(Debug, Default)]
pub struct Ledger {
    pub rows: Vec<(&'static str, usize)>,
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    pub untold: Vec<String>,
}

impl Ledger {
    /// Adds it all up.
    pub fn of(evidence: &Evidence<'_>) -> Ledger {
        let mut ledger = Ledger::default();
        let at_county = evidence.county.help_calls();
        let known: BTreeSet<AlarmId> = at_county.union(&evidence.logged.raised).copied().collect();
        let accepted: Vec<(&Press, u64)> = evidence
            .presses
            .iter()
            .enumerate()
            .filter_map(|(nth, press)| Some((press, evidence.accepted(nth)?)))
            .collect();
        for (press, accepted_ms) in &accepted {
            // The turn that took it lies between the press and its acceptance.
            let of = |ids: &BTreeSet<AlarmId>| ids.iter().any(|id| is_between(id, press, *accepted_ms));
            let is_told =
                || evidence.letters.iter().any(|letter| letter.is_of(&press.resident) && letter.at_ms >= press.at_ms);
            let promised = evidence.undurable.iter().all(|(from, to)| *accepted_ms < *from || press.at_ms > *to);
            if promised && !(of(&at_county) && of(&evidence.logged.raised)) || !of(&known) && !is_told() {
                let (log, county) = (of(&evidence.logged.raised), of(&at_county));
                ledger
                    .lost
                    .push(format!("{press:?} accepted at {accepted_ms}; in the log: {log}, at the county: {county}"));
            }
        }
        for (number, revision) in &evidence.logged.numbers {
            if number.1 <= evidence.logged.lanes.get(&Lane::Alarm).map_or(0, |lane| lane.1)
                && !evidence.county.revisions.contains_key(revision)
            {
                ledger.lost.push(format!("{revision:?} has a receipt and is not at the county"));
            }
        }
        ledger.doubled = evidence.doubled(&at_county);
        ledger.untold = evidence.untold(&known);
        let count = |by: By| evidence.presses.iter().filter(|press| press.by == by).count();
        let lane = |lane: Lane| evidence.logged.lanes.get(&lane).copied().unwrap_or_default();
        let figure = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        ledger.rows = vec![
            ("pressed", evidence.presses.len()),
            ("  over MQTT, QoS 1", count(By::Acknowledged)),
            ("  over MQTT, QoS 0", count(By::AtMostOnce)),
            ("  over the serial port", count(By::Serial)),
            ("accepted", accepted.len()),
            ("raised: alarms in the log", evidence.logged.raised.len()),
            ("told: alarms with a letter in the network", known.len() - ledger.untold.len()),
            ("letters that the network took", evidence.letters.len()),
            ("at county: alarms", at_county.len()),
            ("at county: revisions", evidence.county.revisions.len()),
            ("at county: readings", usize::try_from(evidence.county.readings).unwrap_or(0)),
            ("at county: rejected", usize::try_from(evidence.county.rejects).unwrap_or(0)),
            ("logged: records of the alarm lane", figure(lane(Lane::Alarm).0)),
            ("receipts: of these", figure(lane(Lane::Alarm).1)),
            ("closed in the log", evidence.logged.closed.len()),
            ("  at the desk", evidence.closed.0),
            ("  by text", evidence.closed.1),
            ("duplicates", ledger.doubled.len()),
            ("lost", ledger.lost.len()),
            ("untold", ledger.untold.len()),
        ];
        ledger
    }
}

/// Whether an alarm of that resident began between the press and its acceptance.
fn is_between(id: &AlarmId, press: &Press, accepted_ms: u64) -> bool {
    resident(id).as_deref() == Some(&press.resident) && (press.at_ms..=accepted_ms).contains(&id.onset.0)
}

impl Evidence<'_> {
    /// When a press was accepted, if it was.
    fn accepted(&self, nth: usize) -> Option<u64> {
        let press = &self.presses[nth];
        if press.by == By::Serial {
            return press.accepted_ms;
        }
        // The button's next press ends the time in which an acknowledgement can be of this one.
        let next = self.presses[nth + 1..]
            .iter()
            .find(|next| next.address == press.address)
            .map_or(u64::MAX, |next| next.at_ms);
        let pubacks = self.pubacks.get(&press.topic())?;
        pubacks.iter().rev().copied().find(|at| (press.at_ms..next).contains(at))
    }

    /// One press that became two alarms, a record that stands under two contents, a number that does. What was told without the log
    /// before a box was started anew is no record: its number is given again, and its press comes again.
    fn doubled(&self, at_county: &BTreeSet<AlarmId>) -> Vec<String> {
        let mut doubled = self.logged.contradictions.clone();
        let mut alarms: BTreeMap<String, usize> = BTreeMap::new();
        for id in self.logged.raised.iter().filter_map(resident) {
            *alarms.entry(id).or_default() += 1;
        }
        for (who, count) in alarms {
            let of = self.presses.iter().filter(|press| press.resident == who);
            let (pressed, topic) = of.fold((0, String::new()), |(count, _), press| (count + 1, press.topic()));
            let brought = self.brought.get(&topic).map_or(0, Vec::len);
            if count > brought.max(pressed) {
                doubled.push(format!(
                    "{who} has pressed {pressed} times, was heard {brought} times and has {count} alarms"
                ));
            }
        }
        let was_undurable = |id: &AlarmId| self.undurable.iter().any(|(from, to)| (*from..=*to).contains(&id.onset.0));
        let strange = at_county.iter().filter(|id| !self.logged.raised.contains(id) && !was_undurable(id));
        doubled.extend(strange.map(|id| format!("{id} is at the county and not in the log")));
        for (number, revision) in &self.county.numbers {
            let other = self.logged.numbers.get(number).filter(|other| *other != revision);
            if let Some(other) = other.filter(|_| !self.given_again(revision)) {
                doubled.push(format!("{number:?} is {revision:?} at the county and {other:?} in the log"));
            }
        }
        doubled
    }

    /// Whether the county knows a record only as one that its gateway told without the log, or has told anew.
    fn given_again(&self, revision: &Revision) -> bool {
        let is_of_the_log = self.logged.numbers.values().any(|known| known == revision);
        !self.undurable.is_empty() && (self.county.undurable.contains(revision) || is_of_the_log)
    }

    /// Alarms of which no letter reached the network.
    fn untold(&self, known: &BTreeSet<AlarmId>) -> Vec<String> {
        let is_told = |id: &AlarmId| {
            let who = resident(id).unwrap_or_default();
            let next = known
                .iter()
                .filter(|other| other.subject == id.subject && other.onset > id.onset)
                .map(|other| other.onset.0)
                .min();
            let until = next.unwrap_or(u64::MAX);
            // A press that was told without the log comes again behind the start, and those who were told of it may answer before a
            // second letter has left.
            let again = self.undurable.iter().find(|(from, to)| (*from..to + COMES_AGAIN_MS).contains(&id.onset.0));
            let since = again.map_or(id.onset.0, |(from, _)| *from);
            self.letters.iter().any(|letter| letter.is_of(&who) && (since..until).contains(&letter.at_ms))
        };
        known.iter().filter(|id| !is_told(id)).map(ToString::to_string).collect()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.rows {
            writeln!(f, "{name:44} {count:>8}")?;
        }
        let wrongs = [("lost", &self.lost), ("doubled", &self.doubled), ("untold", &self.untold)];
        for (what, all) in wrongs {
            for one in all.iter().take(20) {
                writeln!(f, "{what}: {one}")?;
            }
        }
        Ok(())
    }
}
