//! A card that is full, turns read-only or is slow, under the real program: a help call still reaches a person in time, is said to be
//! undurable exactly where it is, the fault reaches the county, and when the card is well again nobody has to lend a hand.

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use shouwang::config::village::proof;
use shouwang::core::id::ResponderId;
use shouwang::private::Private;
use shouwang::sim::modem::{Fate, Modem, Mood, Network, Person};
use shouwang::store::files::{Disk, Files};
use shouwang::store::log::{Item, Reader, Stream};
use shouwang::store::record::{Decision, Entry};
use support::card::{Card, can_mount};
use support::house::{House, buttons};
use support::moods::Moods;
use support::pty::PluggedModem;
use support::{installed, until, until_found, until_within};
use tokio::time::Instant;

/// The people of the house, as `support::house` writes them.
const PHONES: [&str; 3] = ["00000000001", "00000000002", "00000000003"];

/// From a press to the command with which its letter goes out, on a disk that does not answer: the deadline of a commit and what the modem
/// may be busy with. Source: `COMMIT_DEADLINE`, and a letter of three parts at half a second.
const TOLD_WITHIN: Duration = Duration::from_secs(8);

/// The county knows that a station's disk is in trouble. Source: the acceptance, 180 s.
const COUNTY_KNOWS_WITHIN: Duration = Duration::from_secs(180);

/// Free blocks of the test's card in MiB: the ballast, what readings leave alone, and some.
const CARD_MIB: u64 = 160;

/// The ballast of the house's configuration, of which half a MiB is laid in a second.
const BALLAST_MIB: u64 = 8;

/// So long that takes at most.
const BALLAST_WITHIN: Duration = Duration::from_secs(90);

/// A house with a modem and a county, and a card that can be in trouble.
struct Bench {
    house: House,
    plugged: PluggedModem,
    pressed: usize,
}

impl Bench {
    async fn build() -> Bench {
        let house = House::build(&buttons(24)).await;
        let modem = format!("\n[modem]\nport = \"{}\"\n", house.path("modem").display());
        change(house.path("shouwang.toml"), |text| format!("{text}{modem}"));
        change(house.path("village.toml"), proven);
        // They pick up and hang up, so that the one modem is soon free for the next letter.
        let person = Person {
            answers_after_s: Some(1),
            hangs_up_after_s: Some(1),
            fate: Fate::Delivered(100),
            ..Person::silent()
        };
        let network = Network::with(PHONES.map(|phone| (phone, person.clone())));
        let mood = Mood { answers_ms: (1, 5), sends_ms: (20, 40), registers_after_s: Some(0), ..Mood::calm() };
        let plugged = PluggedModem::plug(&house.path("modem"), Modem::new(1, mood, network));
        Bench { house, plugged, pressed: 0 }
    }

    async fn begin(&mut self, environment: &[String]) {
        self.house.start_console();
        self.house.start_gateway_with(environment).await;
        self.until_connected().await;
    }

    async fn until_connected(&self) {
        until("the county is there", || {
            self.house.try_shell(&["status", "--json"]).is_some_and(|status| status["relay_connected"] == true)
        })
        .await;
    }

    /// The next button is pressed; a letter about it is on its way to a neighbour in time. What the county was told of it.
    async fn press(&mut self) -> Value {
        self.pressed += 1;
        let number = self.pressed;
        self.house.press(&format!("button_{number:04}")).await;
        let at = Instant::now();
        until("a letter about it goes to the neighbour", || self.is_written_to(number)).await;
        let took = at.elapsed();
        println!("  press {number}: a person is told after {} ms", took.as_millis());
        assert!(took < TOLD_WITHIN, "{took:?}\n{}", self.house.log_tail());
        until_found("the call is at the county", async || {
            self.at_county("help_call").into_iter().find(|alarm| alarm["resident"] == format!("r{number:04}"))
        })
        .await
    }

    /// Whether the neighbour was written to about that resident's call for help.
    fn is_written_to(&self, number: usize) -> bool {
        let home = format!("示例 r{number:04}");
        let modem = self.plugged.modem();
        modem.network().texts_to(PHONES[0]).iter().any(|text| text.contains("求助") && text.contains(&home))
    }

    fn at_county(&self, condition: &str) -> Vec<Value> {
        let mut alarms = self.house.at_county("alarms");
        alarms.retain(|alarm| alarm["condition"] == condition);
        alarms
    }

    async fn until_county_knows(&self, is_open: bool) {
        let at = Instant::now();
        let what = if is_open { "the county knows of the disk" } else { "the county knows that the disk is well" };
        until_within(COUNTY_KNOWS_WITHIN, what, || {
            let faults = self.at_county("disk_fault");
            is_open == faults.iter().any(|fault| fault["state"] != "closed") && !faults.is_empty()
        })
        .await;
        println!("  {what} after {} ms", at.elapsed().as_millis());
    }

    /// Whether the log on the card holds a record of a resident's call.
    fn is_in_log(&self, alarm: &Value) -> bool {
        logged(&self.house.path("data/log")).contains(alarm["id"].as_str().expect("an id"))
    }

    /// At the end: everything has its receipt, is in the log and stands once at the county, and outlives the process.
    async fn until_nothing_is_lost(&mut self) {
        until("everything has its receipt", || {
            let status = self.house.shell(&["status", "--json"]);
            ["alarm", "device"].iter().all(|lane| {
                let lane = &status["lanes"][lane];
                lane.is_null() || lane[0] == lane[1]
            })
        })
        .await;
        let calls = self.at_county("help_call");
        let ids: BTreeSet<&str> = calls.iter().filter_map(|call| call["id"].as_str()).collect();
        assert_eq!((calls.len(), ids.len()), (self.pressed, self.pressed), "every press once: {calls:?}");
        for call in &calls {
            assert!(self.is_in_log(call), "{call} is in the log");
            assert_eq!(call["onsets"], 1, "{call}");
        }
        self.house.kill_gateway();
        self.house.start_gateway_and_wait().await;
        let open = self.house.shell(&["alarms", "--json"]);
        let open: BTreeSet<&str> =
            open.as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect();
        assert!(ids.is_subset(&open), "{open:?} of {ids:?}");
        let log = std::fs::read_to_string(self.house.path("gateway.log")).expect("there");
        assert!(!log.contains("panicked"), "nothing ends what stands in a panic's way:\n{log}");
    }
}

/// The alarms that stand in a log.
fn logged(log: &std::path::Path) -> BTreeSet<String> {
    let files: Arc<dyn Files> = Arc::new(Disk::visit(log));
    let mut ids = BTreeSet::new();
    for item in Reader::open(files, Stream::Urgent, None).expect("listed") {
        let Item::Record(record) = item else { continue };
        let Ok(Entry::Turn(turn)) = Entry::read(record.kind, record.payload()) else { continue };
        ids.extend(turn.decisions.iter().filter_map(|decision| match decision {
            Decision::Alarm { alarm, .. } => Some(alarm.id.to_string()),
            _ => None,
        }));
    }
    ids
}

fn change(path: PathBuf, change: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(&path).expect("the house wrote it");
    std::fs::write(path, change(&text)).expect("the folder can be written");
}

/// The village with the telephones of its people proven, so that they get whole messages.
fn proven(village: &str) -> String {
    let mut village = village.to_owned();
    for (who, phone) in ["n-1", "g-1", "desk"].into_iter().zip(PHONES) {
        let id: ResponderId = who.parse().expect("an id");
        let day = "2026-11-22".parse().expect("a day");
        let proof = proof::write(id, &Private::new(phone.to_owned()), day);
        let line = format!("phone = \"{phone}\"\n");
        village = village.replace(&line, &format!("{line}proven = \"{proof}\"\n"));
    }
    village
}

fn ballast_bytes(house: &House) -> u64 {
    std::fs::metadata(house.path("data/log/ballast")).map_or(0, |file| file.len())
}

#[tokio::test]
async fn a_full_card_delays_no_call_and_is_said_and_mends_itself() {
    if !installed("mosquitto") || !can_mount() {
        return;
    }
    let mut bench = Bench::build().await;
    let card = Card::insert(&bench.house.path("card.img"), &bench.house.path("data"), CARD_MIB);
    bench.begin(&[]).await;
    assert_eq!(bench.press().await["durable"], true);
    until_within(BALLAST_WITHIN, "the ballast is taken up", || ballast_bytes(&bench.house) == BALLAST_MIB << 20).await;

    // Full: readings stop and the county is told so, and the ballast gives room to alarms.
    card.fill();
    assert_eq!(bench.press().await["durable"], true);
    bench.until_county_knows(true).await;

    // Full, the ballast's room too: the last block of the log may still take a record or two.
    let mut undurable = Vec::new();
    while undurable.len() < 2 {
        card.fill();
        let call = bench.press().await;
        assert_eq!(call["durable"], bench.is_in_log(&call), "what is said of it is so");
        if call["durable"] == false {
            undurable.push(call);
        }
    }
    assert_eq!(bench.house.shell(&["status", "--json"])["durable"], false);

    card.empty();
    until("what waited is written", || undurable.iter().all(|call| bench.is_in_log(call))).await;
    bench.until_county_knows(false).await;
    assert_eq!(bench.press().await["durable"], true);
    until_within(BALLAST_WITHIN, "the ballast is taken up again", || ballast_bytes(&bench.house) == BALLAST_MIB << 20)
        .await;
    bench.until_nothing_is_lost().await;
    bench.house.stop_gateway();
}

#[tokio::test]
async fn a_card_that_turns_read_only_delays_no_call_and_is_said_and_mends_itself() {
    if !installed("mosquitto") {
        return;
    }
    let mut bench = Bench::build().await;
    let data = bench.house.path("data");
    let Some(moods) = Moods::make(&bench.house.path(""), &data) else { return };
    bench.begin(&moods.environment()).await;
    assert_eq!(bench.press().await["durable"], true);

    moods.is("read-only");
    let calls = [bench.press().await, bench.press().await];
    for call in &calls {
        assert_eq!(call["durable"], false);
        assert!(!bench.is_in_log(call), "what is said of it is so");
    }
    bench.until_county_knows(true).await;

    moods.is("well");
    until("what waited is written", || calls.iter().all(|call| bench.is_in_log(call))).await;
    bench.until_county_knows(false).await;
    assert_eq!(bench.press().await["durable"], true);
    bench.until_nothing_is_lost().await;
    bench.house.stop_gateway();
}

#[tokio::test]
async fn a_card_whose_file_system_breaks_is_said_and_a_reboot_goes_on_from_what_it_holds() {
    if !installed("mosquitto") || !can_mount() {
        return;
    }
    let mut bench = Bench::build().await;
    let mut card = Card::insert(&bench.house.path("card.img"), &bench.house.path("data"), CARD_MIB);
    bench.begin(&[]).await;
    let written = bench.press().await;
    assert_eq!(written["durable"], true);

    card.go_read_only();
    let told = bench.press().await;
    assert_eq!(told["durable"], false);
    bench.until_county_knows(true).await;

    // As after a reboot, which checks the file system.
    bench.house.stop_gateway();
    card.repair();
    bench.house.start_gateway_and_wait().await;
    bench.until_connected().await;
    assert!(bench.is_in_log(&written), "what was said to be durable is there");
    // A loaded machine may be slow at first, and then says so.
    let after = bench.press().await;
    until("what comes after the reboot is written", || bench.is_in_log(&after)).await;
    let calls = bench.at_county("help_call");
    assert!(calls.iter().any(|call| call["id"] == told["id"]), "the county keeps what only it was told");
    // Its press had no acknowledgement, so the broker brought it again, and it is in the log after all.
    let again = |call: &&Value| call["resident"] == told["resident"] && call["id"] != told["id"];
    let again = calls.iter().find(again).expect("the press that was not acknowledged comes again");
    until("the press that came again is written", || bench.is_in_log(again)).await;
    bench.house.stop_gateway();
}

#[tokio::test]
async fn a_slow_card_delays_no_call_beyond_the_deadline_and_is_said_and_mends_itself() {
    if !installed("mosquitto") {
        return;
    }
    let mut bench = Bench::build().await;
    let data = bench.house.path("data");
    let Some(moods) = Moods::make(&bench.house.path(""), &data) else { return };
    bench.begin(&moods.environment()).await;
    assert_eq!(bench.press().await["durable"], true);

    // A second for every sync: slow, and in time.
    moods.is("slow 1000");
    for _ in 0..3 {
        let call = bench.press().await;
        assert!(call["durable"] == false || bench.is_in_log(&call), "what is said of it is so");
    }
    // Longer than anybody waits for it.
    moods.is("slow 4000");
    let call = bench.press().await;
    assert_eq!(call["durable"], false);
    bench.until_county_knows(true).await;

    moods.is("well");
    until("what waited is written", || bench.is_in_log(&call)).await;
    bench.until_county_knows(false).await;
    assert_eq!(bench.press().await["durable"], true);
    bench.until_nothing_is_lost().await;
    bench.house.stop_gateway();
}
